/* The floating-point mode of a thread. */
#ifndef CM_ENGINE_BASE_FLOAT_MODE_H
#define CM_ENGINE_BASE_FLOAT_MODE_H

#include <stdbool.h>

/* Sets the calling thread to what the definitions of all numbers take for granted: IEEE 754, rounding to
 * nearest, subnormal numbers kept. A library linked with -ffast-math switches the last off in the thread that
 * loads it, and threads inherit the mode of the one that starts them. So the program calls this at its start
 * and after MPI has loaded its plug-ins, and every thread of a pool when it starts. True: the mode was
 * another. Thread-safe. */
bool cm_float_mode_restore(void);

#endif

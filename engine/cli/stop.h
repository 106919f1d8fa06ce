/* The stop flag: the one thing a signal handler can write to. */
#ifndef CM_ENGINE_CLI_STOP_H
#define CM_ENGINE_CLI_STOP_H

#include <stdatomic.h>

/* From now on SIGINT and SIGTERM set the flag that is returned; a second one of either ends the program at
 * once. Main thread only, before other threads start. */
const atomic_int *cm_stop_on_signals(void);

#endif

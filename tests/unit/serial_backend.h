/* The CPU backend in the calling thread, for tests of what takes a backend and is not about threads. */
#ifndef CM_TESTS_UNIT_SERIAL_BACKEND_H
#define CM_TESTS_UNIT_SERIAL_BACKEND_H

#include <stdlib.h>

#include "kernels/backend.h"

/* Made at the first call, for the whole program. */
static inline cm_backend *serial_backend(void)
{
    static cm_backend *be;
    if (!be && cm_backend_cpu_create(NULL, -1, &be, NULL)) abort();
    return be;
}

#endif

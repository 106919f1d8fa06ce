/* The stop flag: the one thing a signal handler can write to. */
#ifndef CM_ENGINE_CLI_STOP_H
#define CM_ENGINE_CLI_STOP_H

#include <stdatomic.h>

/* From now on SIGINT, SIGTERM and SIGUSR1 set the flag that is returned. A second SIGINT (Ctrl-C) ends the
 * program at once; the others may come again without harm, as batch systems send them. Main thread only,
 * before other threads start. */
const atomic_int *cm_stop_on_signals(void);

#endif

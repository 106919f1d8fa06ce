/* The one mutable global of the program: a signal handler has nowhere else to write. */
#include "engine/cli/stop.h"

#include <signal.h>
#include <string.h>

static atomic_int stop_requested;

static void ask_to_stop(int number)
{
    if (atomic_fetch_add(&stop_requested, 1) > 0 && number == SIGINT) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

const atomic_int *cm_stop_on_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ask_to_stop;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    return &stop_requested;
}

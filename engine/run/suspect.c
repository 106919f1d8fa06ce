/* Trying an item that was in flight when a job died, in a child process of its own. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/run/worker_internal.h"

extern char **environ;

/* The child is no rank: what a launcher told us is not for it. */
static bool launcher_variable(const char *entry)
{
    static const char *const prefixes[] = {"OMPI_", "PMIX_", "PMI_", "SLURM_", "PRTE_", "HYDRA_", "MPI_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

static char **own_environment(void)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **kept = calloc(n + 1, sizeof *kept);
    for (size_t i = 0, k = 0; kept && i < n; i++)
        if (!launcher_variable(environ[i])) kept[k++] = environ[i];
    return kept;
}

static bool start_child(const char *program, const char *run_folder, const cm_work *work, pid_t *child)
{
    cm_str which = cm_strf("%d:%lld", work->tool, (long long)work->case_number);
    char *const argv[] = {(char *)program,    (char *)"run", (char *)"--probe", which.s, (char *)"-o",
                          (char *)run_folder, NULL};
    char **env = own_environment();
    if (!env) return false;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP); /* so that it can be ended with all it starts */
    posix_spawnattr_setpgroup(&attributes, 0);
    int rc = posix_spawn(child, program, NULL, &attributes, argv, env);
    posix_spawnattr_destroy(&attributes);
    free(env);
    return rc == 0;
}

cm_probe cm_suspect_probe(const char *program, const char *run_folder, const cm_work *work,
                          const cm_stop *stop, int *signal_number)
{
    pid_t child;
    int status = 0;
    if (!start_child(program, run_folder, work, &child)) return CM_PROBE_PASSED; /* no child, no verdict */
    for (;;) {
        pid_t got = waitpid(child, &status, WNOHANG);
        if (got == child) break;
        if (got < 0 && errno != EINTR) return CM_PROBE_PASSED;
        if (atomic_load(&stop->requested)) {
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            return CM_PROBE_STOPPED;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    if (!WIFSIGNALED(status)) return CM_PROBE_PASSED;
    *signal_number = WTERMSIG(status);
    return CM_PROBE_CRASHED;
}

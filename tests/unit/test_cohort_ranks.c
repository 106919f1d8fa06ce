/* Ingest by several ranks. A rank is a forked process here (HDF5 allows one thread per process), and the team
 * works through shared memory and a barrier; no MPI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cohort_source.h"
#include "engine/base/files.h"

enum { MAX_RANKS = 4, ROOM = 1 << 20 };

/* ---- a team of processes ---- */

struct shared {
    pthread_barrier_t barrier;
    cm_status status[MAX_RANKS];
    int64_t bytes[MAX_RANKS];
    char data[MAX_RANKS][ROOM];
    /* what each rank ended with */
    cm_status result[MAX_RANKS];
    cm_error error[MAX_RANKS];
};

static cm_status team_agree(cm_team *team, cm_status mine)
{
    struct shared *s = team->context;
    cm_status worst = CM_OK;
    s->status[team->rank] = mine;
    pthread_barrier_wait(&s->barrier);
    for (int r = 0; r < team->size; r++)
        worst = s->status[r] > worst ? s->status[r] : worst;
    pthread_barrier_wait(&s->barrier);
    return worst;
}

static cm_status team_gather(cm_team *team, const void *mine, int64_t bytes, char **all, int64_t *counts,
                             cm_error *err)
{
    struct shared *s = team->context;
    (void)err;
    if (bytes > ROOM) abort();
    s->bytes[team->rank] = bytes;
    if (bytes > 0) memcpy(s->data[team->rank], mine, (size_t)bytes);
    pthread_barrier_wait(&s->barrier);
    *all = NULL;
    if (team->rank == 0) {
        int64_t at = 0;
        *all = malloc(MAX_RANKS * (size_t)ROOM);
        for (int r = 0; r < team->size; r++) {
            counts[r] = s->bytes[r];
            memcpy(*all + at, s->data[r], (size_t)s->bytes[r]);
            at += s->bytes[r];
        }
    }
    pthread_barrier_wait(&s->barrier);
    return CM_OK;
}

static cm_status team_broadcast(cm_team *team, void *data, int64_t bytes, cm_error *err)
{
    struct shared *s = team->context;
    (void)err;
    if (bytes > ROOM) abort();
    if (team->rank == 0) memcpy(s->data[0], data, (size_t)bytes);
    pthread_barrier_wait(&s->barrier);
    memcpy(data, s->data[0], (size_t)bytes);
    pthread_barrier_wait(&s->barrier);
    return CM_OK;
}

static void one_rank(struct shared *s, int rank, int size, const cm_ingest_options *options)
{
    cm_team team = {.rank = rank,
                    .size = size,
                    .context = s,
                    .agree = team_agree,
                    .gather = team_gather,
                    .broadcast = team_broadcast};
    s->result[rank] = cm_cohort_ingest(options, &team, NULL, &s->error[rank]);
    _exit(0);
}

static struct shared *ingest_with(int size, const char *source, const char *out)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(s != MAP_FAILED);
    pthread_barrierattr_t shared;
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    assert_int_equal(pthread_barrier_init(&s->barrier, &shared, (unsigned)size), 0);
    const cm_ingest_options options = {.source = source, .out = out, .threads = 1, .quiet = true};
    pid_t child[MAX_RANKS];
    for (int r = 0; r < size; r++) {
        s->result[r] = CM_ERR_INTERNAL;
        child[r] = fork();
        assert_true(child[r] >= 0);
        if (child[r] == 0) one_rank(s, r, size, &options);
    }
    for (int r = 0; r < size; r++) {
        int status;
        waitpid(child[r], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return s;
}

/* ---- tests ---- */

static char *folder, *source;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_create();
    source = cm_path_join(folder, "source");
    return cm_folder_create(source, true, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    free(source);
    return 0;
}

static void count_findings(void *context, const cm_finding *f)
{
    *(int *)context += f->is_error;
}

/* Same digest and same content for 1, 2, 3 and 4 ranks, also when a rank gets no case. */
static void make_the_same_cohort(void **state)
{
    (void)state;
    make_segmentation(source, 3);
    char hex[65] = "";
    for (int size = 1; size <= 4; size++) {
        char name[32];
        snprintf(name, sizeof name, "cohort%d", size);
        char *out = cm_path_join(folder, name);
        struct shared *s = ingest_with(size, source, out);
        for (int r = 0; r < size; r++)
            if (s->result[r]) fail_msg("rank %d of %d: %s: %s", r, size, s->error[r].where, s->error[r].what);
        munmap(s, sizeof *s);
        cm_cohort *cohort = NULL;
        char found[65];
        assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_OK);
        cm_digest_hex(&cm_cohort_get_info(cohort)->digest, found);
        if (size > 1) assert_string_equal(found, hex);
        memcpy(hex, found, sizeof hex);
        cm_cohort_close(cohort);
        int errors = 0;
        cm_error err = {0};
        /* a patient of this source is in one split only, and images differ: nothing to find */
        if (cm_cohort_check(out, 1, count_findings, &errors, &err)) fail_msg("%s: %s", err.what, err.why);
        char **names = NULL;
        int64_t n = 0;
        assert_int_equal(cm_folder_list(out, &names, &n, NULL), CM_OK);
        assert_int_equal(n, 1 + 2 * size);
        cm_names_free(names, n);
        free(out);
    }
}

/* Two bad cases: whatever the number of ranks, all ranks report the first, and nothing is left behind. */
static void report_the_same_refusal(void **state)
{
    (void)state;
    make_segmentation(source, 7);
    char *bad4 = cm_path_join(source, "a004.nii.gz"), *bad5 = cm_path_join(source, "m005.nii.gz");
    unlink(bad4);
    unlink(bad5);
    free(bad4);
    free(bad5);
    char first[sizeof((cm_error *)0)->where] = "";
    for (int size = 1; size <= 4; size++) {
        char *out = cm_path_join(folder, "cohort"), **names = NULL;
        int64_t n = 0;
        struct shared *s = ingest_with(size, source, out);
        for (int r = 0; r < size; r++) {
            assert_int_equal(s->result[r], CM_ERR_NOT_FOUND);
            assert_non_null(strstr(s->error[r].where, "case case-004"));
            if (size > 1 || r > 0) assert_string_equal(s->error[r].where, first);
            memcpy(first, s->error[r].where, sizeof first);
        }
        munmap(s, sizeof *s);
        assert_int_equal(cm_folder_list(folder, &names, &n, NULL), CM_OK);
        assert_int_equal(n, 1); /* the source */
        cm_names_free(names, n);
        free(out);
    }
}

/* Killed at some moment, ingest leaves no folder of that name; or it was done. */
static void leave_nothing_half_written(void **state)
{
    (void)state;
    make_segmentation(source, 40);
    char *out = cm_path_join(folder, "cohort");
    int killed = 0;
    for (int k = 0; k < 8; k++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(ingest(source, out, NULL));
        const struct timespec pause = {0, 2000000L + 4000000L * k};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        if (!cm_path_exists(out)) {
            killed++;
            continue;
        }
        assert_int_equal(cm_cohort_check(out, 1, NULL, NULL, NULL), CM_OK);
        assert_int_equal(cm_folder_remove(out, NULL), CM_OK);
    }
    assert_true(killed > 0);
    assert_int_equal(ingest(source, out, NULL), CM_OK); /* leftovers do not stand in the way */
    free(out);
}

/* A full disk, played by a limit on the size of files: an error, no cohort, nothing left. */
static void stop_when_the_disk_is_full(void **state)
{
    (void)state;
    make_segmentation(source, 6);
    char *out = cm_path_join(folder, "cohort"), **names = NULL;
    int64_t n = 0;
    for (rlim_t most = 500; most < 40000; most = most * 3 / 2) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            const struct rlimit limit = {most, most};
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &limit);
            _exit(ingest(source, out, NULL));
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == CM_OK) {
            assert_int_equal(cm_cohort_check(out, 1, NULL, NULL, NULL), CM_OK);
            assert_int_equal(cm_folder_remove(out, NULL), CM_OK);
            continue;
        }
        assert_int_equal(WEXITSTATUS(status), CM_ERR_IO);
        assert_int_equal(cm_folder_list(folder, &names, &n, NULL), CM_OK);
        assert_int_equal(n, 1); /* the source */
        cm_names_free(names, n);
    }
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(make_the_same_cohort, set_up, tear_down),
        cmocka_unit_test_setup_teardown(report_the_same_refusal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leave_nothing_half_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stop_when_the_disk_is_full, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

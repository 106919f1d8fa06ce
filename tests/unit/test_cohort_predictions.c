/* Stored predictions: what comes back, what is refused, and what a kill leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cohort_source.h"
#include "engine/base/files.h"
#include "engine/image/geometry.h"

static char *folder, *path;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_create();
    path = cm_path_join(folder, "predictions.0000.h5");
    return path ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    free(path);
    return 0;
}

static cm_geometry grid(int64_t nz)
{
    return (cm_geometry){.shape = {nz, 41, 37},
                         .spacing_known = true,
                         .orientation_known = true,
                         .spacing_mm = {2.5, 1, 0.75},
                         .affine = {{{-0.75, 0, 0, 4}, {0, 1, 0, 5}, {0, 0, 2.5, 6}}}};
}

/* Labels that differ from case to case. */
static uint16_t *labels(int64_t nz, int64_t seed)
{
    uint16_t *v = malloc((size_t)(nz * 41 * 37) * 2);
    for (int64_t i = 0; i < nz * 41 * 37; i++)
        v[i] = (uint16_t)((i * (seed + 3)) % 601);
    return v;
}

static void append(cm_predictions *file, int tool, int64_t case_index, int64_t nz, cm_digest *digest)
{
    const cm_geometry g = grid(nz);
    uint16_t *v = labels(nz, tool * 100 + case_index);
    cm_error err = {0};
    if (cm_predictions_append(file, tool, case_index, v, &g, digest, &err))
        fail_msg("%s: %s: %s", err.where, err.what, err.why);
    free(v);
}

static void come_back_as_they_were(void **state)
{
    (void)state;
    cm_predictions *file = NULL;
    cm_digest digest[4];
    assert_int_equal(cm_predictions_create(path, &file, NULL), CM_OK);
    for (int i = 0; i < 4; i++)
        append(file, i % 2, 7 * i, i == 3 ? 1 : 5 + i, &digest[i]);
    assert_int_equal(cm_predictions_close(file, NULL), CM_OK);
    assert_int_equal(cm_predictions_open(path, &file, NULL), CM_OK);
    for (int i = 0; i < 4; i++) {
        cm_geometry g, want = grid(i == 3 ? 1 : 5 + i);
        uint16_t *v = NULL, *expected = labels(want.shape.nz, i % 2 * 100 + 7 * i);
        assert_int_equal(cm_predictions_load(file, i % 2, 7 * i, &digest[i], &v, &g, NULL), CM_OK);
        assert_memory_equal(v, expected, (size_t)(want.shape.nz * 41 * 37) * 2);
        assert_int_equal(cm_geometry_equal(&g, &want, NULL), CM_OK);
        assert_true(g.spacing_mm.x == 0.75 && g.affine.m[0][0] == -0.75);
        free(v);
        free(expected);
    }
    assert_int_equal(cm_predictions_close(file, NULL), CM_OK);
}

static void are_refused_when_wrong(void **state)
{
    (void)state;
    cm_predictions *file = NULL;
    cm_digest digest, other = {{1, 2, 3}};
    cm_geometry g = grid(2);
    uint16_t *v = labels(2, 0), *got = NULL;
    assert_int_equal(cm_predictions_create(path, &file, NULL), CM_OK);
    append(file, 0, 0, 2, &digest);
    assert_int_equal(cm_predictions_append(file, 0, 0, v, &g, &digest, NULL), CM_ERR_EXISTS);
    assert_int_equal(cm_predictions_load(file, 0, 0, &other, &got, &g, NULL), CM_ERR_DAMAGED);
    assert_int_equal(cm_predictions_load(file, 0, 1, NULL, &got, &g, NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_predictions_load(file, 1, 0, NULL, &got, &g, NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_predictions_load(file, 0, 0, NULL, &got, &g, NULL), CM_OK);
    free(got);
    assert_int_equal(cm_predictions_close(file, NULL), CM_OK);
    assert_int_equal(cm_predictions_create(path, &file, NULL), CM_ERR_EXISTS);
    assert_int_equal(cm_predictions_open(path, &file, NULL), CM_OK);
    assert_int_equal(cm_predictions_append(file, 0, 5, v, &g, &digest, NULL), CM_ERR_ARG);
    assert_int_equal(cm_predictions_close(file, NULL), CM_OK);
    free(v);
    char *missing = cm_path_join(folder, "none.h5");
    assert_int_equal(cm_predictions_open(missing, &file, NULL), CM_ERR_NOT_FOUND);
    free(missing);
    write_text(folder, "text.h5", "this is no HDF5 file, whatever its name says");
    char *text = cm_path_join(folder, "text.h5");
    assert_int_equal(cm_predictions_open(text, &file, NULL), CM_ERR_FORMAT);
    free(text);
}

/* A child appends until it is killed, telling after each append. Everything it told of is there, or the file
 * says clearly that it is damaged; the second only if the kill fell into a flush. */
static int appended_before_kill(int microseconds)
{
    int pipe_end[2];
    assert_int_equal(pipe(pipe_end), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cm_predictions *file = NULL;
        cm_digest digest;
        const cm_geometry g = grid(3);
        if (cm_predictions_create(path, &file, NULL)) _exit(1);
        for (int i = 0;; i++) {
            uint16_t *v = labels(3, i);
            if (cm_predictions_append(file, 0, i, v, &g, &digest, NULL)) _exit(1);
            if (write(pipe_end[1], "x", 1) != 1) _exit(1);
            free(v);
        }
    }
    close(pipe_end[1]);
    char told[4096];
    int n = (int)read(pipe_end[0], told, 1); /* at least one */
    const struct timespec pause = {0, microseconds * 1000L};
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (ssize_t got; (got = read(pipe_end[0], told, sizeof told)) > 0;)
        n += (int)got;
    close(pipe_end[0]);
    return n;
}

static void survive_a_kill(void **state)
{
    (void)state;
    int readable = 0;
    const int kills = 12;
    for (int k = 0; k < kills; k++) {
        int told = appended_before_kill(500 + 3700 * k);
        cm_predictions *file = NULL;
        cm_error err = {0};
        bool whole = cm_predictions_open(path, &file, &err) == CM_OK;
        for (int i = 0; whole && i < told; i++) {
            uint16_t *v = NULL, *expected = labels(3, i);
            cm_geometry g;
            cm_status st = cm_predictions_load(file, 0, i, NULL, &v, &g, &err);
            whole = st == CM_OK;
            if (whole) assert_memory_equal(v, expected, 3 * 41 * 37 * 2);
            free(v);
            free(expected);
        }
        if (!whole) assert_true(err.status != CM_OK && err.status != CM_ERR_INTERNAL);
        readable += whole;
        if (file) assert_int_equal(cm_predictions_close(file, NULL), CM_OK);
        unlink(path);
    }
    print_message("%d of %d killed files were whole\n", readable, kills);
    assert_true(readable >= kills / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(come_back_as_they_were, set_up, tear_down),
        cmocka_unit_test_setup_teardown(are_refused_when_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survive_a_kill, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

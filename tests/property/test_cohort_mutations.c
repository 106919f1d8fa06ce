/* Seeded damage: bytes of a cohort's files, and of predictions, are changed, removed or repeated; whatever is
 * then opened and loaded either is what was stored or is refused. Each batch runs in a child with a memory
 * limit, so that neither a crash nor a wild allocation passes unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/random.h"
#include "tests/unit/cohort_source.h"

enum { BATCHES = 10, TRIALS = 20 };
static const cm_random randomness = {20260102, CM_PURPOSE_TEST};

static char *folder, *out, *predictions;
static cm_digest stored[3], predicted; /* hashes of what is really in the files */

static int64_t draw(uint64_t r, uint64_t i, int64_t n)
{
    return (int64_t)cm_random_below(randomness, r, i, (uint64_t)n);
}

static int set_up(void **state)
{
    (void)state;
    folder = scratch_create();
    out = cm_path_join(folder, "cohort");
    predictions = cm_path_join(folder, "predictions.h5");
    char *source = cm_path_join(folder, "source");
    int bad = cm_folder_create(source, true, NULL);
    make_segmentation(source, 3);
    bad = bad || ingest(source, out, NULL);
    free(source);
    cm_cohort *cohort = NULL;
    bad = bad || cm_cohort_open(out, &cohort, NULL);
    for (int i = 0; !bad && i < 3; i++)
        stored[i] = cm_cohort_get_case(cohort, i)->image_digest;
    cm_predictions *file = NULL;
    uint16_t labels[8 * 10 * 12];
    for (int i = 0; i < 8 * 10 * 12; i++)
        labels[i] = (uint16_t)(i * 37 % 301);
    bad = bad || cm_predictions_create(predictions, &file, NULL) ||
          cm_predictions_append(file, 0, 0, labels, &cm_cohort_get_case(cohort, 0)->geometry, &predicted,
                                NULL) ||
          cm_predictions_close(file, NULL);
    cm_cohort_close(cohort);
    return bad;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    free(out);
    free(predictions);
    return 0;
}

/* Changes up to 4 places of the buffer; returns the new length. */
static int64_t mutate(uint8_t *data, int64_t n, uint64_t r)
{
    const int64_t places = 1 + draw(r, 0, 4);
    for (int64_t p = 0; p < places; p++) {
        const uint64_t i = 10 * (uint64_t)(p + 1);
        const int64_t at = draw(r, i, n), length = 1 + draw(r, i + 1, n - at < 16 ? n - at : 16);
        switch (draw(r, i + 2, 5)) {
        case 0:
            data[at] ^= (uint8_t)(1 << draw(r, i + 3, 8));
            break;
        case 1:
            memset(data + at, draw(r, i + 3, 2) ? 0xFF : 0, (size_t)length);
            break;
        case 2: /* another place of the file */
            memmove(data + at, data + draw(r, i + 3, n - length + 1), (size_t)length);
            break;
        case 3:
            data[at] = (uint8_t)draw(r, i + 3, 256);
            break;
        default:
            if (places == 1) n = at + 1;
        }
    }
    return n;
}

static void use_cohort(void)
{
    cm_cohort *cohort = NULL;
    cm_images *images = NULL;
    cm_references *references = NULL;
    if (cm_cohort_open(out, &cohort, NULL)) return;
    if (cm_images_open(cohort, &images, NULL) || cm_references_open(cohort, &references, NULL)) _exit(3);
    for (int64_t i = 0; i < cm_cohort_count(cohort); i++) {
        cm_volume *v = NULL;
        if (cm_images_load(images, i, NULL, &v, NULL) == CM_OK) {
            cm_digest found;
            if (i > 2 || cm_sha256_of(v->data, v->bytes, &found)) _exit(4);
            if (memcmp(&found, &stored[i], sizeof found) != 0) _exit(5);
        }
        cm_volume_destroy(v);
        v = NULL;
        cm_references_load(references, i, NULL, &v, NULL);
        cm_volume_destroy(v);
    }
    cm_images_close(images);
    cm_references_close(references);
    cm_cohort_close(cohort);
}

static void use_predictions(void)
{
    cm_predictions *file = NULL;
    uint16_t *v = NULL;
    cm_geometry g;
    if (cm_predictions_open(predictions, &file, NULL)) return;
    if (cm_predictions_load(file, 0, 0, &predicted, &v, &g, NULL) == CM_OK) {
        cm_digest found;
        if (cm_sha256_of(v, 8 * 10 * 12 * 2, &found) || memcmp(&found, &predicted, sizeof found) != 0)
            _exit(6);
    }
    free(v);
    cm_predictions_close(file, NULL);
}

static void one_batch(const char *path, bool is_cohort, uint64_t first)
{
    char *whole = NULL;
    int64_t n = 0;
    if (cm_file_read(path, 1 << 24, &whole, &n, NULL)) _exit(2);
    uint8_t *data = malloc((size_t)n);
    for (uint64_t r = first; r < first + TRIALS; r++) {
        memcpy(data, whole, (size_t)n);
        const int64_t length = mutate(data, n, r);
        remove(path); /* ext4 writes a file to disk when it replaces one by truncation: thousands of waits */
        FILE *f = fopen(path, "wb");
        if (!f || fwrite(data, 1, (size_t)length, f) != (size_t)length || fclose(f)) _exit(2);
        if (is_cohort)
            use_cohort();
        else
            use_predictions();
    }
    free(data);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(whole, 1, (size_t)n, f) != (size_t)n || fclose(f)) _exit(2);
    free(whole);
    _exit(0);
}

/* Address space of a child; sanitizers need more of it than any limit allows. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__)
    const struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    setrlimit(RLIMIT_AS, &limit);
#endif
    alarm(60); /* a loop that never ends is a finding, too */
}

static void survive(const char *path, bool is_cohort, uint64_t seed)
{
    for (int b = 0; b < BATCHES; b++) {
        const uint64_t first = seed + (uint64_t)b * TRIALS;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            limit_memory();
            one_batch(path, is_cohort, first);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: mutations %llu to %llu: exit %d, signal %d", path, (unsigned long long)first,
                     (unsigned long long)first + TRIALS - 1, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                     WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
}

static void index_survives(void **state)
{
    (void)state;
    char *path = cm_path_join(out, "index.h5");
    survive(path, true, 1000000);
    free(path);
}

static void images_survive(void **state)
{
    (void)state;
    char *path = cm_path_join(out, "images.0000.h5");
    survive(path, true, 2000000);
    free(path);
}

static void references_survive(void **state)
{
    (void)state;
    char *path = cm_path_join(out, "references.0000.h5");
    survive(path, true, 3000000);
    free(path);
}

static void predictions_survive(void **state)
{
    (void)state;
    survive(predictions, false, 4000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(index_survives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_survive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(references_survive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(predictions_survive, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

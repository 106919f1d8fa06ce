/* Metrics of slices on random masks: the mean of what the same metric says of every slice cut out and scored
 * as an image of its own. A failure prints the number of the pair, which makes it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "metrics/segmentation.h"
#include "tests/unit/serial_backend.h"

enum { PAIRS = 200, MAX_AXIS = 7, MAX_VOXELS = MAX_AXIS * MAX_AXIS * MAX_AXIS };

static const cm_random source = {.seed = 2026, .purpose = CM_PURPOSE_TEST};
static const uint16_t label_one[1] = {1};
static const cm_target one = {.name = "one", .n_values = 1, .values = label_one};

/* %c: the axis */
static const char *const rows[][2] = {{"DSC.slices-%c", "DSC"},
                                      {"IOU.slices-%c", "IOU"},
                                      {"HD.vox.slices-%c", "HD.vox"},
                                      {"HD95.vox.maxdir.slices-%c", "HD95.vox.maxdir"},
                                      {"ASSD.vox.slices-%c", "ASSD.vox"},
                                      {"MASD.vox.slices-%c", "MASD.vox"},
                                      {"NSD.vox.slices-%c@1.5mm", "NSD.vox@1.5mm"},
                                      {"NSD.vox.slices-%c@1vox", "NSD.vox@1vox"}};
enum { ROWS = sizeof rows / sizeof *rows };

typedef struct mask_pair {
    cm_grid grid;
    uint16_t map[2][MAX_VOXELS];
} mask_pair;

static void pair_make(uint64_t number, mask_pair *p)
{
    uint64_t draw = 0;
    int64_t n = 1;
    for (int i = 0; i < 3; i++) {
        p->grid.n[i] = 1 + (int64_t)cm_random_below(source, number, draw++, MAX_AXIS);
        p->grid.spacing[i] = 0.25 + (double)cm_random_below(source, number, draw++, 12) / 4;
        n *= p->grid.n[i];
    }
    for (int m = 0; m < 2; m++) {
        const double share = 0.6 * cm_random_uniform(source, number, draw++);
        for (int64_t v = 0; v < n; v++) /* rare enough that slices are empty now and then */
            p->map[m][v] = cm_random_uniform(source, number, draw++) < share * share;
    }
}

static cm_metric metric_of(const char *pattern, char axis)
{
    char id[64];
    cm_metric m;
    const char *at = strchr(pattern, '%');
    strcpy(id, pattern);
    if (at) {
        id[at - pattern] = axis;
        strcpy(id + (at - pattern) + 1, at + 2);
    }
    assert_int_equal(cm_metric_parse(id, &m, NULL), CM_OK);
    return m;
}

static cm_metric_value score(const cm_metric *metric, const mask_pair *p)
{
    const cm_pair pair = {
        .reference = p->map[0], .prediction = p->map[1], .grid = p->grid, .spacing_known = true};
    cm_metric_value value;
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, metric, 1, &value, NULL, NULL),
                     CM_OK);
    return value;
}

/* Slice k along an axis as an image with one slice. */
static void cut(const mask_pair *p, int axis, int64_t k, mask_pair *out)
{
    const int rest[2] = {axis == 0 ? 1 : 0, axis == 2 ? 1 : 2};
    int64_t to = 0;
    out->grid = (cm_grid){{1, p->grid.n[rest[0]], p->grid.n[rest[1]]},
                          {1e-9, p->grid.spacing[rest[0]], p->grid.spacing[rest[1]]}};
    for (int64_t i = 0; i < out->grid.n[1]; i++)
        for (int64_t j = 0; j < out->grid.n[2]; j++, to++) {
            int64_t at[3];
            at[axis] = k;
            at[rest[0]] = i;
            at[rest[1]] = j;
            for (int m = 0; m < 2; m++)
                out->map[m][to] = p->map[m][(at[0] * p->grid.n[1] + at[1]) * p->grid.n[2] + at[2]];
        }
}

/* A slice counts by the policies that are the default: worst where one mask is empty, left out where both
 * are. */
static bool mean_of_slices(const cm_metric *metric, const mask_pair *p, int axis, double *mean)
{
    static mask_pair slice;
    const cm_policies policies = {CM_POLICY_WORST, CM_POLICY_EXCLUDE, CM_POLICY_WORST};
    double sum = 0;
    int64_t n = 0;
    if (p->grid.n[0] == 1) axis = 0;
    for (int64_t k = 0; k < p->grid.n[axis]; k++) {
        double number;
        bool substituted;
        cut(p, axis, k, &slice);
        const cm_metric_value v = score(metric, &slice);
        if (!cm_policy_apply(metric, &v, cm_grid_diagonal(&slice.grid), &policies, &number, &substituted))
            continue;
        sum += number;
        n++;
    }
    *mean = n ? sum / (double)n : 0;
    return n > 0;
}

static void slices_are_images_of_their_own(void **state)
{
    static mask_pair p;
    int64_t checked = 0;
    (void)state;
    for (uint64_t number = 0; number < PAIRS; number++) {
        pair_make(number, &p);
        for (int axis = 0; axis < 3; axis++)
            for (int r = 0; r < ROWS; r++) {
                const cm_metric whole = metric_of(rows[r][0], "zyx"[axis]), flat = metric_of(rows[r][1], 'z');
                const cm_metric_value got = score(&whole, &p);
                double expected;
                bool defined = mean_of_slices(&flat, &p, axis, &expected);
                if (r >= 2 && got.empty != CM_NONE_EMPTY) defined = false; /* no surface at all */
                if (defined != (got.state == CM_VALUE_OK) ||
                    (defined && !(fabs(got.value - expected) <= 1e-12 * fabs(expected))))
                    fail_msg("pair %d, %s: %s %.17g, expected %.17g", (int)number, whole.id,
                             cm_value_state_name(got.state), got.value, defined ? expected : NAN);
                checked += defined;
            }
    }
    assert_true(checked > PAIRS * ROWS);
}

static void worked_out_on_paper(void **state)
{
    /* Three slices of 1 x 4 voxels: one right, one missed, one without anything. */
    mask_pair p = {.grid = {{3, 1, 4}, {5, 3, 1}}, .map = {{1, 1, 0, 0, 0, 0, 1, 0}, {1, 1, 0, 0}}};
    const cm_metric dsc = metric_of("DSC.slices-%c", 'z'), hd = metric_of("HD.vox.slices-%c", 'z');
    (void)state;
    assert_true(score(&dsc, &p).value == 0.5);
    assert_true(score(&hd, &p).value == (0 + 5.0) / 2); /* the diagonal of a slice: sqrt(3^2 + 4^2) */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices_are_images_of_their_own),
                                       cmocka_unit_test(worked_out_on_paper)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

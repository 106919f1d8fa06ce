/* Every segmentation metric of the catalogue on awkward masks: empty, full, one voxel, all ignored, 2-D. And
 * values of ignored labels, label averages and surface elements by hand or carried over from an oracle. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "metrics/segmentation.h"
#include "tests/unit/serial_backend.h"

enum { MAX_METRICS = 200, NZ = 5, NY = 6, NX = 7, N = NZ * NY * NX };

static const uint16_t label_one[1] = {1};
static const cm_target one = {.name = "one", .n_values = 1, .values = label_one};
static cm_metric all[MAX_METRICS];
static int n_all;

static void value_of(const char *id, const cm_pair *pair, const cm_target *target, double expected)
{
    cm_metric metric;
    cm_metric_value v;
    cm_error err = {0};
    if (cm_metric_parse(id, &metric, &err)) fail_msg("%s: %s", id, err.what);
    if (cm_score_segmentation(serial_backend(), pair, target, 1, &metric, 1, &v, NULL, &err))
        fail_msg("%s: %s", id, err.what);
    const bool good = isnan(expected)
                          ? v.state == CM_VALUE_UNDEFINED
                          : v.state == CM_VALUE_OK && fabs(v.value - expected) <= 1e-14 * (1 + expected);
    if (!good) fail_msg("%s: %s %.17g, expected %.17g", id, cm_value_state_name(v.state), v.value, expected);
}

/* Neither NaN nor infinity, 0 beside "undefined", best value for equal masks where there is a value. */
static void check_all(const cm_pair *pair, bool equal)
{
    static cm_metric_value v[MAX_METRICS];
    cm_error err = {0};
    if (cm_score_segmentation(serial_backend(), pair, &one, 1, all, n_all, v, NULL, &err))
        fail_msg("%s", err.what);
    for (int m = 0; m < n_all; m++) {
        const cm_metric_definition *d = all[m].definition;
        if (!isfinite(v[m].value) || (v[m].state == CM_VALUE_UNDEFINED && v[m].value != 0) ||
            (v[m].state != CM_VALUE_OK && v[m].state != CM_VALUE_UNDEFINED))
            fail_msg("%s: state %d, %.17g", all[m].id, (int)v[m].state, v[m].value);
        if (equal && v[m].state == CM_VALUE_OK && strncmp(d->pattern, "VOL.", 4) &&
            !(fabs(v[m].value - d->best) <= 1e-15))
            fail_msg("%s of equal masks: %.17g", all[m].id, v[m].value);
    }
}

static void awkward_masks_give_a_value_or_a_status(void **state)
{
    static uint16_t none[N], full[N], single[N], other[N], frame[N];
    static const cm_grid grids[] = {{{NZ, NY, NX}, {5, 0.7, 0.7}},
                                    {{1, NY, NX}, {1, 2, 3}},
                                    {{NZ, 1, 1}, {1, 1, 1}},
                                    {{1, 1, 1}, {1, 1, 1}}};
    const uint16_t *const maps[] = {none, full, single, other, frame};
    enum { N_MAPS = sizeof maps / sizeof *maps };
    (void)state;
    for (int i = 0; i < N; i++) {
        full[i] = 1;
        const int z = i / NX / NY, y = i / NX % NY, x = i % NX;
        frame[i] =
            z == 0 || z == NZ - 1 || y == 0 || y == NY - 1 || x == 0 || x == NX - 1; /* hollow, at the edge */
    }
    single[0] = other[N - 1] = 1;
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++)
        for (int r = 0; r < N_MAPS; r++)
            for (int p = 0; p < N_MAPS; p++) {
                cm_pair pair = {
                    .reference = maps[r], .prediction = maps[p], .grid = grids[g], .spacing_known = true};
                check_all(&pair, maps[r] == maps[p]);
                pair.has_ignored = true; /* nothing is left where the reference is set */
                pair.ignored = 1;
                const cm_target two = {.name = "two", .n_values = 1, .values = (const uint16_t[]){2}};
                static cm_metric_value v[MAX_METRICS];
                assert_int_equal(
                    cm_score_segmentation(serial_backend(), &pair, &two, 1, all, n_all, v, NULL, NULL),
                    CM_OK);
                for (int m = 0; m < n_all; m++)
                    assert_int_equal(v[m].empty, CM_BOTH_EMPTY);
                pair.ignored = 0;
                check_all(&pair, false);
            }
}

/* Reference 1 1 0 9 9 9 1 0, prediction 1 0 1 1 1 9 1 1; 9 is ignored: TP 2, FN 1, FP 2, TN 0. */
static void ignored_voxels_are_in_no_count(void **state)
{
    const uint16_t reference[8] = {1, 1, 0, 9, 9, 9, 1, 0}, prediction[8] = {1, 0, 1, 1, 1, 9, 1, 1};
    const cm_pair pair = {.reference = reference,
                          .prediction = prediction,
                          .grid = {{1, 1, 8}, {1, 1, 1}},
                          .spacing_known = true,
                          .has_ignored = true,
                          .ignored = 9};
    const cm_target bad = {.name = "bad", .n_values = 1, .values = (const uint16_t[]){9}};
    cm_metric dsc;
    cm_metric_value v;
    (void)state;
    value_of("DSC", &pair, &one, 4.0 / 7);
    value_of("SENS.vox", &pair, &one, 2.0 / 3);
    value_of("PPV.vox", &pair, &one, 0.5);
    value_of("SPEC.vox", &pair, &one, 0);
    value_of("VOL.prediction", &pair, &one, 4);
    value_of("LESION-COUNT.c6", &pair, &one, 1); /* 2 in the reference, 3 in the prediction: 0, 2, 6-7 */
    value_of("HD.vox", &pair, &one, 1);
    assert_int_equal(cm_metric_parse("DSC", &dsc, NULL), CM_OK);
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &bad, 1, &dsc, 1, &v, NULL, NULL),
                     CM_ERR_ARG);
}

/* Figures of the oracle for plates one thick slice apart (surface-distance on its case thin_plate_aniso). */
static void surface_elements_of_plates(void **state)
{
    enum { PZ = 9, PY = 28, PX = 30, P = PZ * PY * PX };
    static uint16_t reference[P], prediction[P];
    const cm_pair pair = {.reference = reference,
                          .prediction = prediction,
                          .grid = {{PZ, PY, PX}, {5.0, 0.7, 0.7}},
                          .spacing_known = true};
    (void)state;
    for (int y = 4; y < 24; y++)
        for (int x = 5; x < 25; x++)
            reference[(4 * PY + y) * PX + x] = prediction[(5 * PY + y) * PX + x] = 1;
    value_of("HD.surfel", &pair, &one, 5);
    value_of("HD95.surfel", &pair, &one, 5);
    value_of("MASD.surfel", &pair, &one, 2.5);
    value_of("NSD.surfel@1mm", &pair, &one, 0.5);
    value_of("NSD.surfel@5mm", &pair, &one, 1);
    value_of("NSD.surfel@1vox", &pair, &one, 1);
    value_of("BIOU@1mm", &pair, &one, 0);
    value_of("KAPPA.vox", &pair, &one, 2 * (0 - 400.0 * 400) / (400.0 * 7160 + 400.0 * 7160));
}

/* Labels 1 and 2 of a region: label 1 TP 2 FP 0 FN 1, label 2 TP 1 FP 1 FN 0; as a region all is right but
 * one. */
static void averages_over_labels(void **state)
{
    const uint16_t reference[6] = {1, 1, 1, 2, 0, 0}, prediction[6] = {1, 1, 2, 2, 0, 0};
    const cm_target both = {.name = "both", .n_values = 2, .values = (const uint16_t[]){1, 2}};
    const cm_pair pair = {.reference = reference,
                          .prediction = prediction,
                          .grid = {{1, 1, 6}, {1, 1, 1}},
                          .spacing_known = true};
    (void)state;
    value_of("DSC", &pair, &both, 1);
    value_of("DSC.macro", &pair, &both, (4.0 / 5 + 2.0 / 3) / 2);
    value_of("DSC.micro", &pair, &both, 6.0 / 8);
    value_of("DSC.weighted", &pair, &both, (3 * 0.8 + 2.0 / 3) / 4);
    value_of("GDSC", &pair, &both, (4.0 / 9 + 2) / (5.0 / 9 + 3));
}

static void unknown_spacing_counts_voxels(void **state)
{
    const uint16_t reference[4] = {1, 1, 0, 0}, prediction[4] = {0, 1, 1, 1};
    const cm_pair pair = {.reference = reference, .prediction = prediction, .grid = {{1, 1, 4}, {1, 1, 1}}};
    (void)state;
    value_of("VOL.reference", &pair, &one, 2);
    value_of("HD.vox", &pair, &one, 2);
    value_of("HD95.surfel", &pair, &one, 2);
    value_of("BIOU@1vox", &pair, &one, 0.25);
    for (int m = 0; m < n_all; m++) {
        cm_metric_value v;
        const cm_status st =
            cm_score_segmentation(serial_backend(), &pair, &one, 1, &all[m], 1, &v, NULL, NULL);
        assert_int_equal(st, all[m].definition->needs_spacing ? CM_ERR_ARG : CM_OK);
        const char *unit = cm_metric_unit(&all[m], false);
        assert_true(!strcmp(unit, "1") || !strcmp(unit, "voxel") || all[m].definition->needs_spacing);
    }
}

/* The same bits of every metric for any number of threads. */
static void threads_do_not_matter(void **state)
{
    enum { TZ = 19, TY = 33, TX = 35, T = TZ * TY * TX };
    static uint16_t map[2][T];
    static cm_metric_value first[MAX_METRICS], other[MAX_METRICS];
    const cm_random source = {.seed = 42, .purpose = CM_PURPOSE_TEST};
    const cm_pair pair = {.reference = map[0],
                          .prediction = map[1],
                          .grid = {{TZ, TY, TX}, {2.7, 0.83, 0.71}},
                          .spacing_known = true};
    (void)state;
    for (int m = 0; m < 2; m++)
        for (int v = 0; v < T; v++) {
            const double z = v / TX / TY - 9.0, y = v / TX % TY - 15.0 - m, x = v % TX - 17.0;
            map[m][v] =
                sqrt(z * z * 4 + y * y + x * x) + 6 * cm_random_uniform(source, (uint64_t)m, (uint64_t)v) <
                15;
        }
    for (int n = 1; n <= 3; n++) {
        cm_threads *pool = NULL;
        cm_backend *be = NULL;
        memset(other, 0, sizeof other);
        assert_int_equal(cm_threads_create(n, &pool, NULL), CM_OK);
        assert_int_equal(cm_backend_cpu_create(pool, -1, &be, NULL), CM_OK);
        assert_int_equal(cm_score_segmentation(be, &pair, &one, 1, all, n_all, other, NULL, NULL), CM_OK);
        cm_backend_destroy(be);
        cm_threads_destroy(pool);
        if (n == 1) memcpy(first, other, sizeof first);
        for (int m = 0; m < n_all; m++)
            if (first[m].state != other[m].state || memcmp(&first[m].value, &other[m].value, sizeof(double)))
                fail_msg("%s: %.17g on one thread, %.17g on %d", all[m].id, first[m].value, other[m].value,
                         n);
    }
}

static int prepare(void **state)
{
    (void)state;
    for (int i = 0; i < cm_metric_catalogue_count; i++) {
        if (cm_metric_catalogue[i].kind != CM_METRIC_SEGMENTATION) continue;
        if (cm_metric_catalogue[i].needs == CM_NEEDS_PROBABILITIES) continue; /* test_metrics_every_row.c */
        if (n_all == MAX_METRICS || cm_metric_parse(cm_metric_catalogue[i].example, &all[n_all++], NULL))
            return -1;
    }
    return 0;
}

/* 100 voxels of 0.7 x 0.1 x 1 mm are 7 mm3, though their product in binary is 6.999999999999999: a bound of 7
 * takes them in, and a lesion of that volume is not larger than 7. */
static void volumes_of_lesions_are_decimals(void **state)
{
    uint16_t map[100];
    const cm_pair pair = {
        .reference = map, .prediction = map, .grid = {{1, 10, 10}, {1, 0.1, 0.7}}, .spacing_known = true};
    (void)state;
    for (int i = 0; i < 100; i++)
        map[i] = 1;
    value_of("LESION-SENS.c26.any-overlap.size7mm3-up", &pair, &one, 1);
    value_of("LESION-SENS.c26.any-overlap.size1-7mm3", &pair, &one, NAN);
    value_of("LESION-PPV.c26.any-overlap.size7-8mm3", &pair, &one, 1);
    value_of("BRATS23-DSC.dil1.vol7mm3", &pair, &one, NAN);
    value_of("BRATS23-DSC.dil1.vol6.999999mm3", &pair, &one, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_masks_give_a_value_or_a_status),
        cmocka_unit_test(ignored_voxels_are_in_no_count),
        cmocka_unit_test(surface_elements_of_plates),
        cmocka_unit_test(averages_over_labels),
        cmocka_unit_test(unknown_spacing_counts_voxels),
        cmocka_unit_test(volumes_of_lesions_are_decimals),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}

/* Every allocation of the metrics and the volume kernels fails once: the call says CM_ERR_NOMEM, and under
 * the address sanitizer nothing leaks. malloc and calloc are wrapped by the linker (--wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/classification.h"
#include "metrics/gathered.h"
#include "metrics/segmentation.h"
#include "metrics/statistics/summary.h"
#include "tests/unit/serial_backend.h"

static int64_t until_failure = -1; /* allocations that still succeed; < 0: all do */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fails_now(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

/* Calls with the 1st, 2nd, 3rd ... allocation failing until a call passes untouched. */
static void attack(cm_status (*call)(cm_error *err), int64_t least_allocations)
{
    serial_backend(); /* made before anything fails */
    for (int64_t k = 0; k < 1000; k++) {
        cm_error err = {0};
        until_failure = k;
        const cm_status st = call(&err);
        const int untouched = until_failure >= 0;
        until_failure = -1;
        if (untouched) {
            assert_int_equal(st, CM_OK);
            assert_true(k >= least_allocations);
            return;
        }
        assert_int_equal(st, CM_ERR_NOMEM);
        assert_int_equal(err.status, CM_ERR_NOMEM);
        assert_true(err.what[0]);
    }
    fail_msg("still failing after 1000 allocations");
}

static const uint16_t reference[24] = {0, 1, 1, 0, 0, 2, 2, 0}, prediction[24] = {1, 1, 0, 0, 0, 0, 2, 2};

static cm_status score(cm_error *err)
{
    static const uint16_t labels[2] = {1, 2};
    static const char *const ids[] = {"DSC", "HD95.vox.maxdir", "NSD.vox@2vox"};
    const cm_target targets[2] = {{"1", 1, labels}, {"both", 2, labels}};
    const cm_pair pair = {reference, prediction, {{2, 3, 4}, {1, 2, 3}}, true};
    cm_metric metrics[3];
    cm_metric_value values[6];
    for (int i = 0; i < 3; i++)
        cm_metric_parse(ids[i], &metrics[i], NULL);
    return cm_score_segmentation(serial_backend(), &pair, targets, 2, metrics, 3, values, NULL, err);
}

static cm_status kernels(cm_error *err)
{
    const uint8_t mask[8] = {1, 0, 0, 1, 0, 0, 0, 1};
    const cm_grid grid = {{2, 2, 2}, {1, 1, 1}};
    double distance2[8];
    int32_t labels[8];
    int64_t count;
    cm_backend *be = serial_backend();
    cm_status st = be->ops->distance_squared(be, mask, &grid, distance2, err);
    return st ? st : be->ops->components(be, mask, grid.n, 26, labels, &count, err);
}

/* One metric of every kind of measurement. */
static cm_status score_everything(cm_error *err)
{
    static const uint16_t labels[2] = {1, 2};
    static const char *const ids[] = {"HD95.surfel",
                                      "NSD.surfel@1vox",
                                      "BIOU@1vox",
                                      "AHD.volume",
                                      "GDSC",
                                      "CLDICE",
                                      "BETTI1-ERROR",
                                      "PQ.c26.iou-hungarian@0.1",
                                      "PQ.c6.iou-greedy@0.1",
                                      "BRATS23-HD95.dil1.vol0mm3",
                                      "FROC.c26.any-overlap.by-volume"};
    enum { N = sizeof ids / sizeof *ids };
    const cm_target target = {"both", 2, labels};
    const cm_pair pair = {reference, prediction, {{2, 3, 4}, {1, 2, 3}}, true};
    cm_metric metrics[N];
    cm_metric_value values[N];
    cm_evidence evidence[N];
    memset(evidence, 0, sizeof evidence);
    for (int i = 0; i < N; i++)
        cm_metric_parse(ids[i], &metrics[i], NULL);
    const cm_status st =
        cm_score_with_evidence(serial_backend(), &pair, &target, 1, metrics, N, values, evidence, NULL, err);
    for (int i = 0; i < N; i++)
        free(evidence[i].x);
    return st;
}

static const int32_t truth[4] = {0, 1, 2, 1};
static const double scores[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0};
static const cm_classified cases = {.n = 4, .k = 3, .truth = truth, .decided = truth, .score = scores};

static cm_status classify(cm_error *err)
{
    cm_metric auroc, mcc;
    cm_metric_parse("AUROC", &auroc, NULL);
    cm_metric_parse("MCC", &mcc, NULL);
    cm_classify_macro(&auroc, &cases, err);
    if (!err->status) cm_classify_macro(&mcc, &cases, err);
    if (!err->status) cm_classify_one(&mcc, &cases, 1, err);
    return err->status;
}

static cm_status intervals(cm_error *err)
{
    const cm_random source = {.seed = 1, .purpose = CM_PURPOSE_BOOTSTRAP};
    cm_metric acc;
    cm_interval interval;
    cm_summary summary;
    int64_t undefined;
    cm_metric_parse("ACC", &acc, NULL);
    cm_status st = cm_summarise(scores, 12, &summary, err);
    if (!st) st = cm_bootstrap_mean(NULL, scores, 12, NULL, 0.9, 20, source, &interval, err);
    if (!st)
        st = cm_bootstrap_classification(NULL, &acc, &cases, -1, NULL, 0.9, 20, source, &interval, &undefined,
                                         err);
    if (!st)
        st = cm_bootstrap_classification(NULL, &acc, &cases, 1, NULL, 0.9, 20, source, &interval, &undefined,
                                         err);
    return st;
}

static void scoring_survives(void **state)
{
    (void)state;
    attack(score, 30);
    attack(score_everything, 80);
}

static void kernels_survive(void **state)
{
    (void)state;
    attack(kernels, 5);
}

static void classification_survives(void **state)
{
    (void)state;
    attack(classify, 15);
}

static void statistics_survive(void **state)
{
    (void)state;
    attack(intervals, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scoring_survives),
        cmocka_unit_test(kernels_survive),
        cmocka_unit_test(classification_survives),
        cmocka_unit_test(statistics_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

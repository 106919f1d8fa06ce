/* Classification and statistics on random cohorts with many ties: against brute force over all pairs of
 * cases, and by the laws that hold for every cohort. A failure prints the number of the cohort, which makes
 * it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "metrics/classification.h"
#include "metrics/statistics/quantile.h"
#include "metrics/statistics/summary.h"

enum { COHORTS = 2000, MAX_CASES = 60, CLASSES = 3 };

static const cm_random source = {.seed = 1950, .purpose = CM_PURPOSE_TEST};

typedef struct cohort {
    int64_t n;
    int32_t truth[MAX_CASES], decided[MAX_CASES], weight[MAX_CASES];
    double score[MAX_CASES * CLASSES];
} cohort;

/* Scores are eighths, so that ties are common and 1 - p is exact. */
static cm_classified cohort_make(uint64_t number, cohort *c)
{
    uint64_t draw = 0;
    c->n = 1 + (int64_t)cm_random_below(source, number, draw++, MAX_CASES);
    for (int64_t i = 0; i < c->n; i++) {
        c->truth[i] = (int32_t)cm_random_below(source, number, draw++, CLASSES);
        c->decided[i] = (int32_t)cm_random_below(source, number, draw++, CLASSES);
        c->weight[i] = (int32_t)cm_random_below(source, number, draw++, 4);
        for (int k = 0; k < CLASSES; k++)
            c->score[i * CLASSES + k] = (double)cm_random_below(source, number, draw++, 9) / 8;
    }
    return (cm_classified){.n = c->n,
                           .k = CLASSES,
                           .truth = c->truth,
                           .decided = c->decided,
                           .score = c->score,
                           .weight = c->weight};
}

static cm_metric metric_of(const char *id)
{
    cm_metric m;
    assert_int_equal(cm_metric_parse(id, &m, NULL), CM_OK);
    return m;
}

static void expect(uint64_t number, const char *id, cm_metric_value got, bool defined, double expected)
{
    if (got.state != (defined ? CM_VALUE_OK : CM_VALUE_UNDEFINED) ||
        (defined && !(fabs(got.value - expected) <= 1e-13)))
        fail_msg("cohort %d, %s: %s %.17g, expected %.17g", (int)number, id, cm_value_state_name(got.state),
                 got.value, defined ? expected : NAN);
}

static double brute_auroc(const cohort *c, int k, bool *defined)
{
    double won = 0, pairs = 0;
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t j = 0; j < c->n; j++) {
            if (c->truth[i] != k || c->truth[j] == k) continue;
            const double weight = (double)c->weight[i] * c->weight[j];
            const double a = c->score[i * CLASSES + k], b = c->score[j * CLASSES + k];
            won += weight * (a > b ? 1 : a == b ? 0.5 : 0);
            pairs += weight;
        }
    *defined = pairs > 0;
    return won / pairs;
}

/* By thresholds: all cases with score >= t are called positive. */
static double brute_average_precision(const cohort *c, int k, bool *defined)
{
    double ap = 0, recall_before = 0, positives = 0;
    for (int64_t i = 0; i < c->n; i++)
        positives += c->truth[i] == k ? c->weight[i] : 0;
    for (int eighth = 8; eighth >= 0; eighth--) {
        double tp = 0, called = 0;
        for (int64_t i = 0; i < c->n; i++) {
            if (c->score[i * CLASSES + k] < eighth / 8.0) continue;
            called += c->weight[i];
            tp += c->truth[i] == k ? c->weight[i] : 0;
        }
        if (called > 0) ap += (tp / positives - recall_before) * tp / called;
        recall_before = tp / positives;
    }
    *defined = positives > 0;
    return ap;
}

static double brute_brier(const cohort *c, int k, bool *defined)
{
    double sum = 0, cases = 0;
    for (int64_t i = 0; i < c->n; i++) {
        const double miss = c->score[i * CLASSES + k] - (c->truth[i] == k);
        sum += c->weight[i] * miss * miss;
        cases += c->weight[i];
    }
    *defined = cases > 0;
    return sum / cases;
}

static void ranked_metrics_equal_brute_force(void **state)
{
    static cohort c;
    const cm_metric auroc = metric_of("AUROC"), ap = metric_of("AP.step"), brier = metric_of("BRIER.binary");
    int64_t checked = 0;
    (void)state;
    for (uint64_t number = 0; number < COHORTS; number++) {
        const cm_classified data = cohort_make(number, &c);
        for (int k = 0; k < CLASSES; k++) {
            bool defined;
            double expected = brute_auroc(&c, k, &defined);
            checked += defined;
            expect(number, "AUROC", cm_classify_one(&auroc, &data, k, NULL), defined, expected);
            expected = brute_average_precision(&c, k, &defined);
            expect(number, "AP.step", cm_classify_one(&ap, &data, k, NULL), defined, expected);
            expected = brute_brier(&c, k, &defined);
            expect(number, "BRIER.binary", cm_classify_one(&brier, &data, k, NULL), defined, expected);
        }
    }
    assert_true(checked > COHORTS);
}

/* The density at z of the beta distribution with parameters p/k + 1 and (1 - p)/k + 1. */
static double beta_kernel(double z, double p, double k)
{
    const double a = p / k, b = (1 - p) / k;
    return exp(lgamma(a + b + 2) - lgamma(a + 1) - lgamma(b + 1)) * pow(z, a) * pow(1 - z, b);
}

/* Case by case, every copy of a case by itself. */
static double brute_kernel_calibration(const cohort *c, int class, double bandwidth, bool *defined)
{
    double sum = 0, cases = 0;
    for (int64_t j = 0; j < c->n; j++) {
        const double p = c->score[j * CLASSES + class];
        double above = 0, below = 0;
        for (int64_t i = 0; i < c->n && c->weight[j]; i++) {
            const double others = c->weight[i] - (i == j);
            const double kernel = others * beta_kernel(p, c->score[i * CLASSES + class], bandwidth);
            above += c->truth[i] == class ? kernel : 0;
            below += kernel;
        }
        if (below == 0) continue;
        sum += c->weight[j] * fabs(above / below - p);
        cases += c->weight[j];
    }
    *defined = cases > 0;
    return sum / cases;
}

static void kernel_calibration_is_the_double_sum(void **state)
{
    static cohort c;
    const cm_metric wide = metric_of("ECE.kde@0.25"), narrow = metric_of("ECE.kde@0.05");
    int64_t checked = 0;
    (void)state;
    for (uint64_t number = 0; number < COHORTS / 4; number++) {
        const cm_classified data = cohort_make(number, &c);
        for (int k = 0; k < CLASSES; k++) {
            bool defined;
            double expected = brute_kernel_calibration(&c, k, 0.25, &defined);
            expect(number, "ECE.kde@0.25", cm_classify_one(&wide, &data, k, NULL), defined, expected);
            expected = brute_kernel_calibration(&c, k, 0.05, &defined);
            expect(number, "ECE.kde@0.05", cm_classify_one(&narrow, &data, k, NULL), defined, expected);
            checked += defined;
        }
    }
    assert_true(checked > COHORTS / 4);
}

/* Sorting once for all metrics gives what sorting for each gives, for a class and for all. */
static void together_as_one_by_one(void **state)
{
    static const char *const ids[] = {"AUROC",          "ACC",          "AP.step", "MCC",
                                      "AUROC.weighted", "BRIER.binary", "F1"};
    enum { N = sizeof ids / sizeof *ids };
    static cohort c;
    cm_metric metrics[N];
    int64_t checked = 0;
    (void)state;
    for (int m = 0; m < N; m++)
        metrics[m] = metric_of(ids[m]);
    for (uint64_t number = 0; number < COHORTS; number++) {
        cm_classified data = cohort_make(number, &c);
        if (number % 2) data.weight = NULL;
        for (int k = -1; k < CLASSES; k++) {
            cm_metric_value values[N];
            assert_int_equal(cm_classify(metrics, N, &data, k, values, NULL), CM_OK);
            for (int m = 0; m < N; m++) {
                const cm_metric_value one = k < 0 ? cm_classify_macro(&metrics[m], &data, NULL)
                                                  : cm_classify_one(&metrics[m], &data, k, NULL);
                assert_int_equal(one.state, values[m].state);
                assert_memory_equal(&one.value, &values[m].value, sizeof one.value);
                checked += one.state == CM_VALUE_OK;
            }
        }
    }
    assert_true(checked > COHORTS);
}

static void turning_scores_round_turns_auroc_round(void **state)
{
    static cohort c;
    const cm_metric auroc = metric_of("AUROC");
    (void)state;
    for (uint64_t number = 0; number < COHORTS; number++) {
        const cm_classified data = cohort_make(number, &c);
        const cm_metric_value before = cm_classify_one(&auroc, &data, 1, NULL);
        for (int64_t i = 0; i < c.n * CLASSES; i++)
            c.score[i] = 1 - c.score[i];
        expect(number, "AUROC of 1 - p", cm_classify_one(&auroc, &data, 1, NULL), before.state == CM_VALUE_OK,
               1 - before.value);
    }
}

/* The order of cases does not move a bit of a metric that is made of counts; sums of rounded terms may move
 * by their last bits. ECE over bins of equal size divides equal scores by case number, and says so. */
static void order_of_cases_does_not_matter(void **state)
{
    static cohort c, turned;
    (void)state;
    for (uint64_t number = 0; number < 200; number++) {
        const cm_classified data = cohort_make(number, &c);
        turned.n = c.n;
        for (int64_t i = 0; i < c.n; i++) {
            const int64_t j = c.n - 1 - i;
            turned.truth[i] = c.truth[j];
            turned.decided[i] = c.decided[j];
            turned.weight[i] = c.weight[j];
            memcpy(turned.score + i * CLASSES, c.score + j * CLASSES, CLASSES * sizeof *c.score);
        }
        cm_classified other = data;
        other.truth = turned.truth;
        other.decided = turned.decided;
        other.weight = turned.weight;
        other.score = turned.score;
        for (int row = 0; row < cm_metric_catalogue_count; row++) {
            if (cm_metric_catalogue[row].kind != CM_METRIC_CLASSIFICATION) continue;
            const cm_metric m = metric_of(cm_metric_catalogue[row].example);
            for (int k = 0; k < CLASSES; k++) {
                const cm_metric_value a = cm_classify_one(&m, &data, k, NULL);
                const cm_metric_value b = cm_classify_one(&m, &other, k, NULL);
                assert_int_equal(a.state, b.state);
                if (m.definition->all_class || !strcmp(m.id, "AUROC") || !strcmp(m.id, "F1"))
                    assert_memory_equal(&a.value, &b.value, sizeof a.value);
                if (strstr(m.id, ".mass")) continue;
                if (!(fabs(a.value - b.value) <= 1e-13 * (1 + fabs(a.value))))
                    fail_msg("cohort %d, class %d, %s: %.17g and %.17g", (int)number, k, m.id, a.value,
                             b.value);
            }
        }
    }
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void selected_quantiles_equal_sorted_ones(void **state)
{
    enum { MAX = 700 };
    static double values[MAX], sorted[MAX];
    (void)state;
    for (uint64_t number = 0; number < 1000; number++) {
        const int64_t n = 1 + (int64_t)cm_random_below(source, number, 0, MAX);
        const uint64_t distinct = 1 + cm_random_below(source, number, 1, number % 2 ? 4 : 100000);
        for (int64_t i = 0; i < n; i++) {
            values[i] = (double)cm_random_below(source, number, (uint64_t)i + 2, distinct);
            if (number % 5 == 0) values[i] = (double)(i < n / 2 ? i : n - i); /* an organ pipe */
        }
        memcpy(sorted, values, (size_t)n * sizeof *sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, rising);
        for (int q = 0; q <= 20; q++) {
            const double p = q / 20.0, h = (double)(n - 1) * p;
            const int64_t k = (int64_t)h;
            const double expected =
                k + 1 < n ? sorted[k] + (h - (double)k) * (sorted[k + 1] - sorted[k]) : sorted[n - 1];
            const double got = cm_quantile7_permuting(values, n, p);
            if (memcmp(&got, &expected, sizeof got))
                fail_msg("array %d, n %d, p %g: %.17g, expected %.17g", (int)number, (int)n, p, got,
                         expected);
        }
    }
}

static void threads_do_not_move_an_interval(void **state)
{
    static cohort c;
    cm_classified data = cohort_make(3, &c);
    const cm_metric auroc = metric_of("AUROC"), mcc = metric_of("MCC");
    cm_interval first[4], other[4];
    int64_t undefined[4] = {0};
    (void)state;
    data.weight = NULL;
    for (int n = 0; n <= 3; n++) {
        cm_threads *pool = NULL;
        if (n > 0) assert_int_equal(cm_threads_create(n, &pool, NULL), CM_OK);
        memset(other, 0, sizeof other);
        assert_int_equal(cm_bootstrap_mean(pool, c.score, c.n, NULL, 0.95, 999, source, &other[0], NULL),
                         CM_OK);
        assert_int_equal(cm_bootstrap_classification(pool, &auroc, &data, 1, NULL, 0.9, 333, source,
                                                     &other[1], &undefined[1], NULL),
                         CM_OK);
        assert_int_equal(cm_bootstrap_classification(pool, &auroc, &data, -1, NULL, 0.9, 333, source,
                                                     &other[2], &undefined[2], NULL),
                         CM_OK);
        assert_int_equal(cm_bootstrap_classification(pool, &mcc, &data, -1, NULL, 0.9, 333, source, &other[3],
                                                     &undefined[3], NULL),
                         CM_OK);
        cm_threads_destroy(pool);
        if (n == 0) memcpy(first, other, sizeof first);
        assert_memory_equal(first, other, sizeof first);
        for (int i = 0; i < 4; i++)
            assert_true(other[i].low < other[i].high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranked_metrics_equal_brute_force),
        cmocka_unit_test(kernel_calibration_is_the_double_sum),
        cmocka_unit_test(together_as_one_by_one),
        cmocka_unit_test(turning_scores_round_turns_auroc_round),
        cmocka_unit_test(order_of_cases_does_not_matter),
        cmocka_unit_test(selected_quantiles_equal_sorted_ones),
        cmocka_unit_test(threads_do_not_move_an_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

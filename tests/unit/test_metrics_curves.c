/* Curves against the metrics that are numbers of them, on seeded scores with ties. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "metrics/curve.h"

enum { N = 300, SETS = 60 };
static const cm_curve_rules everything = {.most_points = 100000, .least_cases = 0, .bins = 15};

typedef struct set {
    int32_t truth[N], decided[N];
    double score[2 * N];
    cm_classified data;
} set;

/* Scores of class 1 in steps of 1/levels, so that few levels tie often. */
static void make_set(set *s, uint64_t seed)
{
    static const uint64_t levels[] = {3, 10, 40, 1000, 100000};
    const cm_random random = {seed, 77};
    const uint64_t steps = levels[seed % 5];
    const int64_t n = 2 + (int64_t)cm_random_below(random, 0, 0, N - 1);
    for (int64_t i = 0; i < n; i++) {
        const double p = (double)cm_random_below(random, 1, (uint64_t)i, steps + 1) / (double)steps;
        s->truth[i] = (double)cm_random_below(random, 2, (uint64_t)i, 1000) < 1000 * (p * 0.7 + 0.1);
        s->decided[i] = p > 0.5;
        s->score[2 * i] = 1 - p;
        s->score[2 * i + 1] = p;
    }
    s->truth[0] = 1; /* both classes are there */
    s->truth[1] = 0;
    s->data = (cm_classified){.n = n, .k = 2, .truth = s->truth, .decided = s->decided, .score = s->score};
}

static double value_of(const set *s, const char *id)
{
    cm_metric m;
    assert_int_equal(cm_metric_parse(id, &m, NULL), CM_OK);
    const cm_metric_value v = cm_classify_one(&m, &s->data, 1, NULL);
    assert_int_equal(v.state, CM_VALUE_OK);
    return v.value;
}

static cm_curve curve_of(const set *s, cm_curve_kind kind, const cm_curve_rules *rules)
{
    cm_curve c;
    assert_int_equal(cm_curve_of_class(kind, &s->data, 1, rules, &c, NULL), CM_OK);
    assert_int_equal(c.cases, s->data.n);
    return c;
}

static void near(uint64_t seed, const char *what, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-12))
        fail_msg("set %llu, %s: %.17g, expected %.17g", (unsigned long long)seed, what, got, expected);
}

static void areas_are_the_metrics(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SETS; seed++) {
        set s;
        make_set(&s, seed);
        cm_curve c = curve_of(&s, CM_CURVE_ROC, &everything);
        double area = 0;
        for (int64_t i = 1; i < c.n; i++)
            area += (c.points[i].x - c.points[i - 1].x) * (c.points[i].y + c.points[i - 1].y) / 2;
        near(seed, "AUROC", area, value_of(&s, "AUROC"));
        near(seed, "the last point", c.points[c.n - 1].x + c.points[c.n - 1].y, 2);
        assert_false(c.points[0].has_threshold);
        free(c.points);

        c = curve_of(&s, CM_CURVE_PRECISION_RECALL, &everything);
        double recall = 0;
        area = 0;
        for (int64_t i = 0; i < c.n; i++) {
            area += (c.points[i].x - recall) * c.points[i].y;
            recall = c.points[i].x;
        }
        near(seed, "AP.step", area, value_of(&s, "AP.step"));
        free(c.points);
    }
}

static void bins_and_thresholds_are_the_metrics(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SETS; seed++) {
        set s;
        make_set(&s, seed);
        cm_curve c = curve_of(&s, CM_CURVE_RELIABILITY, &everything);
        double error = 0;
        int64_t cases = 0;
        for (int64_t i = 0; i < c.n; i++) {
            error += (double)c.points[i].cases / (double)s.data.n * fabs(c.points[i].x - c.points[i].y);
            cases += c.points[i].cases;
        }
        near(seed, "ECE", error, value_of(&s, "ECE.15.width"));
        assert_int_equal(cases, s.data.n);
        free(c.points);

        c = curve_of(&s, CM_CURVE_DECISION, &everything);
        assert_int_equal(c.n, 99);
        near(seed, "the threshold", c.points[29].x, 0.3);
        near(seed, "NB", c.points[29].y, value_of(&s, "NB@0.3"));
        near(seed, "NB-ALL", c.points[29].other, value_of(&s, "NB-ALL@0.3"));
        free(c.points);
    }
}

/* No step between neighbours, nor before the first or after the last point, is of 1 to least - 1 cases. */
static void few_cases_are_never_told_apart(void **state)
{
    (void)state;
    const cm_curve_rules rules = {.most_points = 100000, .least_cases = 7, .bins = 15};
    int drawn = 0;
    for (uint64_t seed = 0; seed < SETS; seed++) {
        set s;
        make_set(&s, seed);
        int64_t positives = 0;
        for (int64_t i = 0; i < s.data.n; i++)
            positives += s.truth[i];
        for (int kind = CM_CURVE_ROC; kind <= CM_CURVE_DECISION; kind++) {
            cm_curve c = curve_of(&s, (cm_curve_kind)kind, &rules);
            const bool is_small = positives < 7 || s.data.n - positives < 7;
            assert_true(is_small ? c.n == 0 : c.n > 0 || kind == CM_CURVE_DECISION);
            int64_t before = 0, total = 0;
            for (int64_t i = 0; i < c.n; i++) {
                const int64_t at = kind == CM_CURVE_DECISION ? c.n - 1 - i : i; /* by falling threshold */
                const int64_t step =
                    kind == CM_CURVE_RELIABILITY ? c.points[at].cases : c.points[at].cases - before;
                assert_true(step == 0 || step >= 7);
                before = c.points[at].cases;
                total += c.points[at].cases;
            }
            const int64_t rest = s.data.n - (kind == CM_CURVE_RELIABILITY ? total : before);
            assert_true(c.n == 0 || rest == 0 || rest >= 7);
            drawn += c.n > 0;
            free(c.points);
        }
    }
    assert_true(drawn > SETS);
}

static void long_curves_are_thinned(void **state)
{
    (void)state;
    const cm_curve_rules rules = {.most_points = 20, .least_cases = 0, .bins = 15};
    for (uint64_t seed = 3; seed < SETS; seed += 5)
        for (int kind = CM_CURVE_ROC; kind <= CM_CURVE_PRECISION_RECALL; kind++) {
            set s;
            make_set(&s, seed);
            cm_curve all = curve_of(&s, (cm_curve_kind)kind, &everything),
                     few = curve_of(&s, (cm_curve_kind)kind, &rules);
            assert_true(few.n <= 22 && few.n + few.left_out == all.n);
            near(seed, "the last x", few.points[few.n - 1].x, all.points[all.n - 1].x);
            for (int64_t i = 1; i < few.n; i++)
                assert_true(few.points[i].x >= few.points[i - 1].x);
            free(all.points);
            free(few.points);
        }
}

static void what_is_not_defined_is_empty(void **state)
{
    (void)state;
    const int32_t one[2] = {1, 1}, both[2] = {0, 1};
    const double score[4] = {0, 1, 0, 1}, outside[4] = {-1, 2, -1, 2};
    const cm_classified same = {.n = 2, .k = 2, .truth = one, .decided = one, .score = score};
    const cm_classified far = {.n = 2, .k = 2, .truth = both, .decided = both, .score = outside};
    const cm_classified none = {.n = 0, .k = 2, .truth = one, .decided = one, .score = score};
    cm_curve c;
    for (int kind = CM_CURVE_ROC; kind <= CM_CURVE_DECISION; kind++) {
        const bool of_probabilities = kind >= CM_CURVE_RELIABILITY;
        assert_int_equal(cm_curve_of_class((cm_curve_kind)kind, &none, 1, &everything, &c, NULL), CM_OK);
        assert_int_equal(c.n, 0);
        assert_int_equal(cm_curve_of_class((cm_curve_kind)kind, &same, 1, &everything, &c, NULL), CM_OK);
        assert_int_equal(c.n > 0, kind == CM_CURVE_PRECISION_RECALL || kind == CM_CURVE_RELIABILITY);
        free(c.points);
        assert_int_equal(cm_curve_of_class((cm_curve_kind)kind, &far, 1, &everything, &c, NULL), CM_OK);
        assert_int_equal(c.n > 0, !of_probabilities);
        free(c.points);
    }
    assert_int_equal(cm_curve_of_class(CM_CURVE_FREE_RESPONSE, &far, 1, &everything, &c, NULL), CM_ERR_ARG);
    const cm_curve_rules bad = {.most_points = 1, .bins = 15};
    assert_int_equal(cm_curve_of_class(CM_CURVE_ROC, &far, 1, &bad, &c, NULL), CM_ERR_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_the_metrics),
        cmocka_unit_test(bins_and_thresholds_are_the_metrics),
        cmocka_unit_test(few_cases_are_never_told_apart),
        cmocka_unit_test(long_curves_are_thinned),
        cmocka_unit_test(what_is_not_defined_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Rankings, tests, bootstrap and OpenEBench classes against the reference set in $CM_SHARED/reference: ranks,
 * 0/1 matrices and classes exact, p-values to 1e-9 relative, DeLong to 1e-12. Oracles: challengeR 1.0.5 and R
 * (rank/), pROC 1.18 and SciPy (classification.json), OpenEBench's own programs (openebench/). Skipped when
 * the folder is absent. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/base/csv.h"
#include "engine/base/files.h"
#include "metrics/statistics/classes.h"
#include "metrics/statistics/confidence.h"
#include "metrics/statistics/effect.h"
#include "metrics/statistics/groups.h"
#include "metrics/statistics/sum.h"

enum { SKIPPED = 77, TOOLS = 10, CASES = 50 };

static char *reference_folder; /* set by main before any test */

static char *path_of(const char *folder, const char *name)
{
    char *middle = cm_path_join(reference_folder, folder);
    char *path = cm_path_join(middle, name);
    assert_non_null(path);
    free(middle);
    return path;
}

static json_t *load_json(const char *folder, const char *name)
{
    char *path = path_of(folder, name);
    json_error_t why;
    json_t *doc = json_load_file(path, 0, &why);
    if (!doc) fail_msg("%s: %s", path, why.text);
    free(path);
    return doc;
}

static bool near(double got, double expected, double relative)
{
    return fabs(got - expected) <= relative * fabs(expected) || got == expected;
}

/* A number, or NAN for "NA" and null. */
static double number(const json_t *j)
{
    return json_is_number(j) ? json_number_value(j) : NAN;
}

static double member(const json_t *j, const char *key)
{
    return number(json_object_get(j, key));
}

static double *numbers(const json_t *list, int64_t *n)
{
    *n = (int64_t)json_array_size(list);
    double *out = malloc(((size_t)*n + 1) * sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < *n; i++)
        out[i] = number(json_array_get(list, (size_t)i));
    return out;
}

/* -- rank/single_task.csv: lines "A01","c001",0.827 or NA -- */

typedef struct challenge {
    double value[TOOLS * CASES];
    uint8_t has[TOOLS * CASES];
} challenge;

static challenge load_challenge(void)
{
    challenge c = {{0}, {0}};
    char *path = path_of("rank", "single_task.csv"), line[200];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        int tool = 0, number_of_case = 0;
        char value[40];
        if (sscanf(line, "\"A%d\",\"c%d\",%39s", &tool, &number_of_case, value) != 3) continue;
        if (!strcmp(value, "NA")) continue;
        c.value[(tool - 1) * CASES + number_of_case - 1] = strtod(value, NULL);
        c.has[(tool - 1) * CASES + number_of_case - 1] = 1;
    }
    fclose(f);
    free(path);
    return c;
}

/* Missing values as 0 (challengeR's na.treat = 0), or left out. */
static cm_rank_table table_of(const challenge *c, bool missing_is_zero)
{
    return (cm_rank_table){TOOLS, CASES, c->value, missing_is_zero ? NULL : c->has, CM_HIGHER_IS_BETTER};
}

static void rankings_are_challenger_s(void **state)
{
    static const struct {
        const char *name;
        bool zero;
        cm_rank_rule rule;
    } rules[] = {
        {"meanThenRank_na0_min", true, {CM_MEAN_THEN_RANK, CM_TIES_MIN, 1, 0, 1}},
        {"medianThenRank_na0_min", true, {CM_MEDIAN_THEN_RANK, CM_TIES_MIN, 1, 0, 1}},
        {"rankThenMean_na0_min", true, {CM_RANK_THEN_MEAN, CM_TIES_MIN, 1, 0, 1}},
        {"rankThenMedian_na0_min", true, {CM_RANK_THEN_MEDIAN, CM_TIES_MIN, 1, 0, 1}},
        {"testBased_na0_none_min", true, {CM_TEST_BASED, CM_TIES_MIN, 1, 0.05, CM_ADJUST_NONE}},
        {"testBased_na0_holm_min", true, {CM_TEST_BASED, CM_TIES_MIN, 1, 0.05, CM_ADJUST_HOLM}},
        {"meanThenRank_na0_average", true, {CM_MEAN_THEN_RANK, CM_TIES_AVERAGE, 1, 0, 1}},
        {"medianThenRank_na0_average", true, {CM_MEDIAN_THEN_RANK, CM_TIES_AVERAGE, 1, 0, 1}},
        {"rankThenMean_na0_average", true, {CM_RANK_THEN_MEAN, CM_TIES_AVERAGE, 1, 0, 1}},
        {"rankThenMedian_na0_average", true, {CM_RANK_THEN_MEDIAN, CM_TIES_AVERAGE, 1, 0, 1}},
        {"testBased_na0_none_average", true, {CM_TEST_BASED, CM_TIES_AVERAGE, 1, 0.05, CM_ADJUST_NONE}},
        {"testBased_na0_holm_average", true, {CM_TEST_BASED, CM_TIES_AVERAGE, 1, 0.05, CM_ADJUST_HOLM}},
        {"meanThenRank_narm_min", false, {CM_MEAN_THEN_RANK, CM_TIES_MIN, 1, 0, 1}},
        {"rankThenMean_NAimplicit_min", false, {CM_RANK_THEN_MEAN, CM_TIES_MIN, CM_MISSING_LAST, 0, 1}},
        {"rankThenMean_NAimplicit_average",
         false,
         {CM_RANK_THEN_MEAN, CM_TIES_AVERAGE, CM_MISSING_LAST, 0, 1}},
    };
    const challenge c = load_challenge();
    json_t *doc = load_json("rank", "single_task.json");
    const json_t *all = json_object_get(doc, "rankings");
    (void)state;
    assert_int_equal(json_object_size(all), sizeof rules / sizeof *rules);
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        const cm_rank_table table = table_of(&c, rules[k].zero);
        double score[TOOLS], place[TOOLS];
        bool has[TOOLS];
        assert_int_equal(cm_rank(NULL, &table, &rules[k].rule, NULL, score, has, place, NULL), CM_OK);
        const json_t *rows = json_object_get(all, rules[k].name);
        assert_int_equal(json_array_size(rows), TOOLS);
        for (size_t r = 0; r < TOOLS; r++) {
            const json_t *row = json_array_get(rows, r);
            const int tool = atoi(json_string_value(json_object_get(row, "algorithm")) + 1) - 1;
            if (place[tool] != member(row, "rank"))
                fail_msg("%s: tool %d has place %g, expected %g", rules[k].name, tool + 1, place[tool],
                         member(row, "rank"));
            static const char *const scores[] = {"value_mean", "value_median", "rank_mean", "rank_median",
                                                 "prop_significance"};
            int seen = 0;
            for (int s = 0; s < 5; s++) {
                const double expected = member(row, scores[s]);
                seen += !isnan(expected);
                assert_true(isnan(expected) || near(score[tool], expected, 1e-14));
            }
            assert_int_equal(seen, 1);
        }
    }
    json_decref(doc);
}

static void check_matrix(const json_t *rows, const double *got, double relative)
{
    for (int i = 0; i < TOOLS; i++)
        for (int j = 0; j < TOOLS; j++) {
            const double expected = number(json_array_get(json_array_get(rows, (size_t)i), (size_t)j));
            if (i != j && !isnan(expected) && !near(got[i * TOOLS + j], expected, relative))
                fail_msg("%d %d: %.17g, expected %.17g", i, j, got[i * TOOLS + j], expected);
        }
}

static void pairwise_tests_are_r_s(void **state)
{
    static const struct {
        const char *name;
        cm_adjustment method;
    } methods[] = {{"holm", CM_ADJUST_HOLM},
                   {"hochberg", CM_ADJUST_HOCHBERG},
                   {"BH", CM_ADJUST_BH},
                   {"BY", CM_ADJUST_BY},
                   {"bonferroni", CM_ADJUST_BONFERRONI}};
    const challenge c = load_challenge();
    const cm_rank_table table = table_of(&c, true);
    json_t *doc = load_json("rank", "single_task.json");
    const json_t *pairwise = json_object_get(doc, "pairwise");
    double v[TOOLS * TOOLS], p[TOOLS * TOOLS];
    (void)state;
    assert_int_equal(cm_rank_all_pairs(NULL, &table, NULL, v, p, NULL, NULL), CM_OK);
    check_matrix(json_object_get(pairwise, "wilcox_V"), v, 0);
    check_matrix(json_object_get(pairwise, "p_one_sided"), p, 1e-9);
    for (int i = 0; i < TOOLS; i++)
        for (int j = 0; j < TOOLS; j++) {
            cm_test t;
            const json_t *row = json_array_get(json_object_get(pairwise, "p_two_sided"), (size_t)i);
            const double expected = number(json_array_get(row, (size_t)j));
            assert_int_equal(cm_test_wilcoxon(c.value + i * CASES, c.value + j * CASES, CASES, CM_TWO_SIDED,
                                              CM_WILCOXON_NORMAL, &t, NULL),
                             CM_OK);
            assert_true(isnan(expected) ? !t.defined || i == j : near(t.p, expected, 1e-9));
        }
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        double adjusted[TOOLS * TOOLS], list[TOOLS * TOOLS];
        int n = 0;
        for (int i = 0; i < TOOLS * TOOLS; i++)
            if (i / TOOLS != i % TOOLS) list[n++] = p[i];
        assert_int_equal(cm_adjust(methods[m].method, list, n, NULL), CM_OK);
        n = 0;
        for (int i = 0; i < TOOLS * TOOLS; i++)
            adjusted[i] = i / TOOLS != i % TOOLS ? list[n++] : 1;
        check_matrix(json_object_get(json_object_get(pairwise, "adjusted_one_sided"), methods[m].name),
                     adjusted, 1e-9);
        if (methods[m].method != CM_ADJUST_HOLM) continue;
        double beats[TOOLS * TOOLS];
        for (int i = 0; i < TOOLS * TOOLS; i++)
            beats[i] = adjusted[i] <= 0.05;
        check_matrix(json_object_get(json_object_get(doc, "significance_row_beats_col"), "holm"), beats, 0);
    }
    json_decref(doc);
}

static void small_tests_are_r_s(void **state)
{
    json_t *doc = load_json("rank", "single_task.json");
    const json_t *misc = json_object_get(doc, "misc");
    int64_t n = 0;
    double *x = numbers(json_object_get(misc, "x"), &n), *y = numbers(json_object_get(misc, "y"), &n);
    cm_test t;
    cm_shift shift;
    (void)state;
    assert_int_equal(cm_test_wilcoxon(x, y, n, CM_TWO_SIDED, CM_WILCOXON_AUTO, &t, NULL), CM_OK);
    assert_true(t.exact && t.p == member(misc, "wilcox_exact_two") &&
                t.statistic == member(misc, "wilcox_V"));
    assert_int_equal(cm_test_wilcoxon(x, y, n, CM_TWO_SIDED, CM_WILCOXON_NORMAL, &t, NULL), CM_OK);
    assert_true(near(t.p, member(misc, "wilcox_norm_cc_two"), 1e-12));
    /* R's "greater" was asked of y - x */
    assert_int_equal(cm_test_wilcoxon(y, x, n, CM_GREATER, CM_WILCOXON_EXACT, &t, NULL), CM_OK);
    assert_true(near(t.p, member(misc, "wilcox_exact_greater"), 1e-15));
    assert_int_equal(cm_hodges_lehmann(x, y, n, 0.95, &shift, NULL), CM_OK);
    assert_true(near(shift.estimate, member(misc, "hodges_lehmann"), 1e-13));
    const json_t *ci = json_object_get(misc, "hl_ci");
    assert_true(shift.has_interval && near(shift.interval.low, number(json_array_get(ci, 0)), 1e-13));
    assert_true(near(shift.interval.high, number(json_array_get(ci, 1)), 1e-13));

    const challenge c = load_challenge();
    const cm_rank_table table = table_of(&c, true);
    cm_friedman f;
    assert_int_equal(cm_test_friedman(NULL, &table, &f, NULL), CM_OK);
    assert_true(near(f.statistic, member(misc, "friedman_stat"), 1e-12));
    assert_true(near(f.p, member(misc, "friedman_p"), 1e-9));
    free(x);
    free(y);
    json_decref(doc);
}

static void resampled_rankings_are_exact(void **state)
{
    static const struct {
        const char *name;
        cm_ranking_method method;
    } methods[] = {{"meanThenRank", CM_MEAN_THEN_RANK},
                   {"medianThenRank", CM_MEDIAN_THEN_RANK},
                   {"rankThenMean", CM_RANK_THEN_MEAN}};
    const challenge c = load_challenge();
    const cm_rank_table table = table_of(&c, true);
    json_t *doc = load_json("rank", "bootstrap.json");
    const json_t *draws = json_object_get(doc, "index_1based");
    (void)state;
    assert_int_equal(json_array_size(draws), 200);
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        const cm_rank_rule rule = {methods[m].method, CM_TIES_MIN, CM_MISSING_LEFT_OUT, 0, CM_ADJUST_NONE};
        const json_t *ranks = json_object_get(json_object_get(doc, "ranks"), methods[m].name);
        const json_t *taus = json_object_get(json_object_get(doc, "kendall_to_full"), methods[m].name);
        double score[TOOLS], full[TOOLS], place[TOOLS];
        bool has[TOOLS];
        assert_int_equal(cm_rank(NULL, &table, &rule, NULL, score, has, full, NULL), CM_OK);
        for (size_t b = 0; b < 200; b++) {
            int32_t times[CASES] = {0};
            const json_t *draw = json_array_get(draws, b);
            for (size_t j = 0; j < CASES; j++)
                times[json_integer_value(json_array_get(draw, j)) - 1]++;
            assert_int_equal(cm_rank(NULL, &table, &rule, times, score, has, place, NULL), CM_OK);
            for (size_t t = 0; t < TOOLS; t++)
                if (place[t] != number(json_array_get(json_array_get(ranks, b), t)))
                    fail_msg("%s, replicate %zu, tool %zu: place %g", methods[m].name, b, t, place[t]);
            assert_true(near(cm_kendall_tau(full, place, TOOLS), number(json_array_get(taus, b)), 1e-13));
        }
    }
    json_decref(doc);
}

/* -- intervals and tests of classification.json -- */

static void delong_is_proc_s(void **state)
{
    static const char *const names[] = {"binary_200_ties", "binary_200_heavy_ties_0_1", "binary_rare_2of40"};
    json_t *doc = load_json("", "classification.json"), *proc = load_json("", "pROC_delong.json");
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const json_t *c = json_object_get(doc, names[k]), *r = json_object_get(proc, names[k]);
        const json_t *own = json_object_get(c, "delong");
        int64_t n = 0;
        double *y = numbers(json_object_get(c, "y"), &n), *a = numbers(json_object_get(c, "p1"), &n);
        double *b = numbers(json_object_get(c, "p2"), &n);
        uint8_t truth[200];
        cm_delong d;
        for (int64_t i = 0; i < n; i++)
            truth[i] = y[i] != 0;
        assert_int_equal(cm_test_delong(truth, a, b, n, &d, NULL), CM_OK);
        assert_true(near(d.auc[0], member(own, "auc1"), 1e-12) && near(d.auc[1], member(own, "auc2"), 1e-12));
        assert_true(near(d.variance[0], member(own, "var1"), 1e-12));
        assert_true(near(d.variance[1], member(own, "var2"), 1e-12));
        assert_true(near(d.covariance, member(own, "cov"), 1e-12));
        assert_true(near(d.z, member(r, "z"), 1e-12) && near(d.p, member(r, "p"), 1e-12));
        const cm_interval i = cm_delong_interval(d.auc[0], d.variance[0], 0.95);
        assert_true(near(i.low, number(json_array_get(json_object_get(r, "ci"), 0)), 1e-12));
        assert_true(near(i.high, number(json_array_get(json_object_get(r, "ci"), 2)), 1e-12));
        free(y);
        free(a);
        free(b);
    }
    json_decref(doc);
    json_decref(proc);
}

static bool is_pair(const json_t *pair, cm_interval i, double relative)
{
    return near(i.low, number(json_array_get(pair, 0)), relative) &&
           near(i.high, number(json_array_get(pair, 1)), relative);
}

static void proportions_are_scipy_s(void **state)
{
    json_t *doc = load_json("", "classification.json");
    const json_t *c = json_object_get(doc, "binary_200_ties");
    cm_interval i;
    (void)state;
    /* accuracy at threshold 0.5: 164 of 200 */
    assert_int_equal(cm_interval_wilson(164, 200, 0.95, &i, NULL), CM_OK);
    assert_true(is_pair(json_object_get(c, "wilson_ci_accuracy"), i, 1e-12));
    assert_int_equal(cm_interval_clopper_pearson(164, 200, 0.95, &i, NULL), CM_OK);
    assert_true(is_pair(json_object_get(c, "clopper_pearson_accuracy"), i, 1e-12));
    json_decref(doc);
}

static void permutations_are_exact(void **state)
{
    json_t *doc = load_json("", "classification.json");
    const json_t *c = json_object_get(doc, "paired_permutation_exact");
    int64_t n = 0;
    double *a = numbers(json_object_get(c, "a"), &n), *b = numbers(json_object_get(c, "b"), &n);
    const cm_random r = {1, CM_PURPOSE_TEST};
    cm_test t;
    (void)state;
    assert_int_equal(cm_test_sign_flip(NULL, a, b, n, CM_TWO_SIDED, 0, r, &t, NULL), CM_OK);
    assert_true(t.exact && t.p == member(c, "p_two_sided_exact"));
    assert_true(near(t.statistic, member(c, "mean_diff"), 1e-13));
    assert_int_equal(cm_test_sign_flip(NULL, a, b, n, CM_GREATER, 0, r, &t, NULL), CM_OK);
    assert_true(t.p == member(c, "p_one_sided_greater"));
    assert_int_equal(cm_test_mcnemar(5, 1, CM_TWO_SIDED, &t, NULL), CM_OK);
    assert_true(near(t.p, member(c, "mcnemar_exact_b5_c1"), 1e-14));
    free(a);
    free(b);
    json_decref(doc);
}

static void bootstrap_intervals_from_stored_draws(void **state)
{
    enum { N = 60, B = 2000 };
    json_t *doc = load_json("", "classification.json");
    const json_t *c = json_object_get(doc, "bootstrap_mean");
    int64_t n = 0;
    double *x = numbers(json_object_get(c, "x"), &n), *replicate = malloc(B * sizeof *replicate);
    double jackknife[N], total = 0, copy[B];
    char *path = path_of("", "bootstrap_indices.csv");
    FILE *f = fopen(path, "r");
    (void)state;
    assert_true(f && replicate && n == N);
    for (int b = 0; b < B; b++) {
        cm_sum sum = {0, 0};
        for (int j = 0; j < N; j++) {
            int at = 0;
            assert_int_equal(fscanf(f, j ? ",%d" : " %d", &at), 1);
            cm_sum_add(&sum, x[at]);
        }
        replicate[b] = cm_sum_value(&sum) / N;
    }
    fclose(f);
    for (int i = 0; i < N; i++)
        total += x[i];
    for (int i = 0; i < N; i++)
        jackknife[i] = (total - x[i]) / (N - 1);
    static const struct {
        const char *key;
        cm_interval_method method;
    } kinds[] = {
        {"percentile_type7", CM_INTERVAL_PERCENTILE}, {"basic", CM_INTERVAL_BASIC}, {"bca", CM_INTERVAL_BCA}};
    for (int k = 0; k < 3; k++) {
        cm_interval i;
        cm_interval_method used;
        memcpy(copy, replicate, sizeof copy);
        assert_int_equal(cm_interval_bootstrap(kinds[k].method, copy, B, member(c, "mean"), jackknife, N,
                                               0.95, &i, &used, NULL),
                         CM_OK);
        const json_t *expected = json_object_get(c, kinds[k].key);
        assert_int_equal(used, kinds[k].method);
        assert_true(is_pair(k == 2 ? json_object_get(expected, "ci") : expected, i, 1e-10));
    }
    cm_interval i;
    assert_int_equal(cm_interval_t(x, N, 0.95, &i, NULL), CM_OK);
    /* stored with a t quantile that is off by 5e-10 */
    assert_true(is_pair(json_object_get(c, "t_ci"), i, 1e-10));
    free(x);
    free(replicate);
    free(path);
    json_decref(doc);
}

/* -- OpenEBench -- */

/* classes by tool name; absent entries are not compared. Returns how many were. */
static int check_classes(const char *what, const json_t *expected, const json_t *tools, const int *got)
{
    int compared = 0;
    for (size_t t = 0; t < json_array_size(tools); t++) {
        const char *name = json_string_value(json_object_get(json_array_get(tools, t), "tool_id"));
        const json_t *class = json_object_get(expected, name);
        if (!json_is_integer(class)) continue;
        compared++;
        if (json_integer_value(class) != got[t])
            fail_msg("%s of %s: %d, expected %lld", what, name, got[t], (long long)json_integer_value(class));
    }
    return compared;
}

static int check_direction(const char *direction, const json_t *tools, const json_t *expected)
{
    double value[2 * 64];
    const bool flat = !json_object_get(json_array_get(tools, 0), "metric_x");
    cm_class_points p = {(int)json_array_size(tools), flat ? 1 : 2, value, {true, true}};
    p.higher[0] = flat ? !strcmp(direction, "maximize") : strstr(direction, "right") != NULL;
    p.higher[1] = strstr(direction, "top") != NULL;
    for (int t = 0; t < p.n; t++) {
        const json_t *tool = json_array_get(tools, (size_t)t);
        value[t * p.dimensions] = member(tool, flat ? "metric_value" : "metric_x");
        if (!flat) value[t * 2 + 1] = member(tool, "metric_y");
    }
    cm_oeb_classes *c = NULL;
    assert_int_equal(cm_oeb_classify(&p, &c, NULL), CM_OK);
    int compared = check_classes("square", json_object_get(expected, "squares"), tools, c->square) +
                   check_classes("diagonal", json_object_get(expected, "diagonals"), tools, c->diagonal);
    const json_t *old = json_object_get(json_object_get(expected, "widgets"), "old_visualizer");
    /* The old widget has no rule for bottom-left: it leaves the squares out and numbers clusters by their
     * seeds. Ours has 1 = best there too, which is what the API gives where its clusters are unique. */
    const bool has_rule = strcmp(direction, "bottom-left") != 0;
    if (has_rule) compared += check_classes("cluster", json_object_get(old, "clusters"), tools, c->cluster);
    if (!has_rule && p.n == 4)
        compared += check_classes("cluster", json_object_get(expected, "clusters"), tools, c->cluster);
    const json_t *pareto = json_object_get(expected, "pareto_nondominated_set");
    const json_t *bars = json_object_get(expected, "bar_plot_js");
    for (int t = 0; t < p.n; t++) {
        const char *name = json_string_value(json_object_get(json_array_get(tools, (size_t)t), "tool_id"));
        const json_t *flag = json_object_get(pareto, name);
        if (json_is_boolean(flag)) assert_int_equal(json_is_true(flag), c->pareto[t]);
    }
    if (bars && p.higher[0])
        compared += check_classes("quartile", json_object_get(bars, "quartile"), tools, c->quartile);
    cm_oeb_classes_destroy(c);
    return compared;
}

static void classes_are_openebench_s(void **state)
{
    static const char *const files[] = {
        "case1_3tools_topright.json", "case2_4tools_ties.json",          "case3_7tools_dice_hd95.json",
        "case4_12tools_mixed.json",   "case6_5tools_all_identical.json", "case7_2tools.json",
        "case8_1tool.json",           "case10_5tools_1d_ties.json"};
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        json_t *doc = load_json("openebench/classification", files[f]);
        const char *direction;
        json_t *expected;
        json_object_foreach(json_object_get(doc, "expected"), direction, expected)
        {
            const json_t *tools = json_object_get(doc, "participants");
            assert_true(check_direction(direction, tools, expected) >= 2 * (int)json_array_size(tools));
        }
        json_decref(doc);
    }
}

/* What the public tools answer where a value is missing, all are negative, or no direction is given: ours
 * refuses the first with the tool's number, and agrees on the others. */
static void edge_cases_are_refused_or_openebench_s(void **state)
{
    (void)state;
    json_t *doc = load_json("openebench/classification", "case11_edge_cases.json"), *c;
    size_t k;
    int compared = 0, refused = 0;
    json_array_foreach(doc, k, c)
    {
        json_t *participants = json_object_get(c, "participants"), *tools = json_array(), *values;
        const char *name;
        double value[2 * 8] = {0};
        cm_class_points p = {0, 0, value, {true, true}}; /* top-right, which the API takes for no direction */
        json_object_foreach(participants, name, values)
        {
            p.dimensions = (int)json_array_size(values);
            for (int d = 0; d < p.dimensions; d++) {
                const json_t *v = json_array_get(values, (size_t)d);
                value[p.n * p.dimensions + d] = json_is_number(v) ? json_number_value(v) : (double)NAN;
            }
            json_array_append_new(tools, json_pack("{s:s}", "tool_id", name));
            p.n++;
        }
        cm_oeb_classes *classes = NULL;
        cm_error err = {0};
        const cm_status st = cm_oeb_classify(&p, &classes, &err);
        if (strcmp(json_string_value(json_object_get(c, "name")), "nan_x") == 0) {
            assert_int_equal(st, CM_ERR_ARG);
            assert_string_equal(err.why, "tool 1, metric 1");
            refused++;
        } else {
            assert_int_equal(st, CM_OK);
            compared += check_classes("square", json_object_get(c, "squares"), tools, classes->square);
            compared += check_classes("diagonal", json_object_get(c, "diagonals"), tools, classes->diagonal);
            assert_int_equal(classes->all_negative[0], value[0] < 0);
        }
        cm_oeb_classes_destroy(classes);
        json_decref(tools);
    }
    assert_int_equal(refused, 1);
    assert_int_equal(compared, 12);
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rankings_are_challenger_s), cmocka_unit_test(pairwise_tests_are_r_s),
        cmocka_unit_test(small_tests_are_r_s),       cmocka_unit_test(resampled_rankings_are_exact),
        cmocka_unit_test(delong_is_proc_s),          cmocka_unit_test(proportions_are_scipy_s),
        cmocka_unit_test(permutations_are_exact),    cmocka_unit_test(bootstrap_intervals_from_stored_draws),
        cmocka_unit_test(classes_are_openebench_s),  cmocka_unit_test(edge_cases_are_refused_or_openebench_s),
    };
    const char *shared = getenv("CM_SHARED");
    reference_folder = shared ? cm_path_join(shared, "reference") : NULL;
    if (!reference_folder || !cm_path_is_folder(reference_folder)) {
        puts("skipped: CM_SHARED names no folder with reference/");
        free(reference_folder);
        return SKIPPED;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(reference_folder);
    return failed;
}

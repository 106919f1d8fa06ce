/* Numbers of metrics, statistics and preparation: they too must not depend on threads or on the processor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/elementary.h"
#include "engine/base/random.h"
#include "engine/model/statistic.h"
#include "metrics/classification.h"
#include "metrics/segmentation.h"
#include "metrics/statistics/confidence.h"
#include "metrics/statistics/distribution.h"
#include "metrics/statistics/effect.h"
#include "metrics/statistics/ranking.h"
#include "metrics/statistics/significance.h"
#include "tests/bits/cases.h"

static const cm_random draws = {20261122, CM_PURPOSE_TEST};

/* Ends the program: a case that does not run shows nothing. */
static void must(cm_status st, const cm_error *err)
{
    char text[1500] = "";
    if (!st) return;
    cm_error_format(err, text, sizeof text);
    fprintf(stderr, "a routine fails: %s\n", text);
    exit(1);
}

static double uniform(uint64_t stream, int64_t i)
{
    return cm_random_uniform(draws, stream, (uint64_t)i);
}

static void elementary(cm_threads *pool, bits_sink *sink)
{
    bits_begin(sink, "metrics.elementary");
    (void)pool;
    for (int64_t i = 0; i < 3000; i++) {
        bits_put(sink, cm_exp(1500 * uniform(0, i) - 750));
        bits_put(sink, cm_ln(1e4 * uniform(1, i)));
        bits_put(sink, cm_erfc(34 * uniform(2, i) - 7));
        bits_put(sink, cm_random_normal(draws, 3, (uint64_t)i));
    }
}

static void distributions(cm_threads *pool, bits_sink *sink)
{
    bits_begin(sink, "metrics.distributions");
    (void)pool;
    for (int64_t i = 0; i < 60; i++) {
        const double u = uniform(4, i), a = 0.2 + 40 * uniform(5, i), b = 0.2 + 40 * uniform(6, i);
        bits_put(sink, cm_normal_below(16 * u - 8));
        bits_put(sink, cm_normal_quantile(u));
        bits_put(sink, cm_student_above(8 * u - 4, a));
        bits_put(sink, cm_student_quantile(u, a));
        bits_put(sink, cm_beta_below(u, a, b));
        bits_put(sink, cm_beta_quantile(u, a, b));
        bits_put(sink, cm_chi_squared_above(60 * u, a));
        bits_put(sink, cm_f_above(4 * u, a, b));
        bits_put(sink, cm_log_gamma(a * b));
        bits_put(sink, cm_coin_below((int64_t)(60 * u), 60));
    }
}

static void put_interval(bits_sink *sink, const cm_interval *i)
{
    bits_put(sink, i->low);
    bits_put(sink, i->high);
}

enum { PAIRS = 67 };

/* Two tools on the same cases, with ties. */
static void make_pairs(double a[PAIRS], double b[PAIRS])
{
    for (int64_t i = 0; i < PAIRS; i++) {
        a[i] = uniform(7, i);
        b[i] = i % 9 == 0 ? a[i] : 0.9 * a[i] + 0.15 * uniform(8, i);
    }
}

static void paired_tests(cm_threads *pool, bits_sink *sink)
{
    bits_begin(sink, "metrics.tests");
    double a[PAIRS], b[PAIRS], difference = 0;
    cm_error err = {0};
    cm_test test;
    cm_shift shift;
    cm_equivalence equivalence;
    cm_delong delong;
    uint8_t truth[PAIRS];
    make_pairs(a, b);
    for (int64_t i = 0; i < PAIRS; i++)
        truth[i] = a[i] + uniform(9, i) > 1;
    must(cm_test_wilcoxon(a, b, PAIRS, CM_TWO_SIDED, CM_WILCOXON_AUTO, &test, &err), &err);
    bits_put(sink, test.p);
    must(cm_test_wilcoxon(a, b, 40, CM_GREATER, CM_WILCOXON_EXACT, &test, &err), &err);
    bits_put(sink, test.p);
    must(cm_test_sign_flip(pool, a, b, PAIRS, CM_TWO_SIDED, 3000, draws, &test, &err), &err);
    bits_put(sink, test.p);
    must(cm_hodges_lehmann(a, b, PAIRS, 0.95, &shift, &err), &err);
    bits_put(sink, shift.estimate);
    put_interval(sink, &shift.interval);
    must(cm_equivalence_test(a, b, PAIRS, 0.1, 0.05, &equivalence, &err), &err);
    bits_put(sink, equivalence.p);
    put_interval(sink, &equivalence.interval);
    must(cm_detectable_difference(a, b, PAIRS, 0.95, 0.8, &difference, &err), &err);
    bits_put(sink, difference);
    must(cm_test_delong(truth, a, b, PAIRS, &delong, &err), &err);
    bits_put(sink, delong.auc[0]);
    bits_put(sink, delong.se);
    bits_put(sink, delong.p);
}

static void intervals(cm_threads *pool, bits_sink *sink)
{
    bits_begin(sink, "metrics.intervals");
    double a[PAIRS], b[PAIRS], replicates[501];
    cm_error err = {0};
    cm_interval interval;
    cm_interval_method used;
    make_pairs(a, b);
    must(cm_bootstrap_mean(pool, a, PAIRS, NULL, 0.95, 2000, draws, &interval, &err), &err);
    put_interval(sink, &interval);
    must(cm_interval_t(b, PAIRS, 0.95, &interval, &err), &err);
    put_interval(sink, &interval);
    must(cm_interval_wilson(17, PAIRS, 0.9, &interval, &err), &err);
    put_interval(sink, &interval);
    must(cm_interval_clopper_pearson(17, PAIRS, 0.99, &interval, &err), &err);
    put_interval(sink, &interval);
    for (int64_t i = 0; i < 501; i++)
        replicates[i] = uniform(10, i) * uniform(11, i);
    must(cm_interval_bootstrap(CM_INTERVAL_BCA, replicates, 501, 0.2, a, PAIRS, 0.95, &interval, &used, &err),
         &err);
    bits_put(sink, (double)used);
    put_interval(sink, &interval);
}

/* Every ranking method on tools with ties and gaps, and over resampled cohorts. */
static void rankings(cm_threads *pool, bits_sink *sink)
{
    enum { TOOLS = 5, CASES = 700, REPLICATES = 150 };
    bits_begin(sink, "metrics.rankings");
    static double value[TOOLS * CASES];
    static uint8_t has[TOOLS * CASES];
    cm_error err = {0};
    cm_sampling *sampling = NULL;
    for (int i = 0; i < TOOLS * CASES; i++) {
        value[i] = floor(uniform(30 + i / CASES, i % CASES) * 4000) / 3000;
        has[i] = i % 13 != 5;
    }
    const cm_rank_table table = {TOOLS, CASES, value, has, CM_HIGHER_IS_BETTER};
    must(cm_sampling_create(CASES, NULL, NULL, CM_DRAW_CASES, false, &sampling, &err), &err);
    for (int m = CM_MEAN_THEN_RANK; m <= CM_TEST_BASED; m++) {
        const cm_rank_rule rule = {(cm_ranking_method)m, CM_TIES_AVERAGE, CM_MISSING_LAST, 0.05,
                                   CM_ADJUST_HOLM};
        double score[TOOLS], place[TOOLS];
        bool scored[TOOLS];
        cm_stability *s = NULL;
        must(cm_rank(pool, &table, &rule, NULL, score, scored, place, &err), &err);
        must(cm_rank_stability(pool, &table, &rule, sampling, REPLICATES, draws, 0.95, place, &s, &err),
             &err);
        bits_put(sink, s->mean_tau);
        for (int t = 0; t < TOOLS; t++) {
            bits_put(sink, score[t]);
            bits_put(sink, s->winner[t]);
            bits_put(sink, s->mean[t]);
            bits_put(sink, s->low[t]);
        }
        cm_stability_destroy(s);
    }
    cm_sampling_destroy(sampling);
}

/* The example of each row of the catalogue, of one kind. At most `most`. */
static int list_metrics(cm_metric_kind kind, cm_metric *out, int most)
{
    int n = 0;
    for (int i = 0; i < cm_metric_catalogue_count && n < most; i++) {
        cm_error err = {0};
        if (cm_metric_catalogue[i].kind != kind) continue;
        if (cm_metric_catalogue[i].needs == CM_NEEDS_PROBABILITIES) continue; /* probabilities() */
        must(cm_metric_parse(cm_metric_catalogue[i].example, &out[n++], &err), &err);
    }
    return n;
}

enum { MOST_METRICS = 300, SIDE = 22, VOXELS = 18 * SIDE * SIDE };

/* Balls of label 1 and 2, shifted a little in the prediction. */
static void make_maps(uint16_t *reference, uint16_t *prediction)
{
    static const double centre[5][4] = {
        {5, 6, 6, 4}, {12, 15, 14, 5}, {4, 16, 5, 2.2}, {14, 4, 17, 3}, {9, 19, 19, 2}};
    for (int i = 0; i < VOXELS; i++) {
        const int z = i / SIDE / SIDE, y = i / SIDE % SIDE, x = i % SIDE;
        reference[i] = prediction[i] = 0;
        for (int k = 0; k < 5; k++) {
            const double dz = z - centre[k][0], dy = y - centre[k][1], dx = x - centre[k][2],
                         r = centre[k][3];
            if (dz * dz + dy * dy + dx * dx <= r * r) reference[i] = (uint16_t)(1 + k % 2);
            const double px = dx - (k == 4 ? 5 : 1), pr = 0.9 * r;
            if (dz * dz + dy * dy + px * px <= pr * pr) prediction[i] = (uint16_t)(1 + (k + (k == 3)) % 2);
        }
    }
}

static void segmentation(cm_threads *pool, bits_sink *sink)
{
    static const uint16_t one[] = {1}, both[] = {1, 2};
    const cm_target targets[2] = {{"one", 1, one}, {"both", 2, both}};
    cm_metric *metrics = calloc(MOST_METRICS, sizeof *metrics);
    cm_metric_value *values = calloc(2 * MOST_METRICS, sizeof *values);
    uint16_t *maps = calloc(2 * VOXELS, sizeof *maps);
    if (!metrics || !values || !maps) abort();
    make_maps(maps, maps + VOXELS);
    const cm_pair pair = {.reference = maps,
                          .prediction = maps + VOXELS,
                          .grid = {{18, SIDE, SIDE}, {2.5, 0.7, 0.9}},
                          .spacing_known = true};
    const int n = list_metrics(CM_METRIC_SEGMENTATION, metrics, MOST_METRICS);
    cm_error err = {0};
    cm_backend *be = NULL;
    must(cm_backend_cpu_create(pool, -1, &be, &err), &err);
    must(cm_score_segmentation(be, &pair, targets, 2, metrics, n, values, NULL, &err), &err);
    for (int m = 0; m < n; m++) {
        bits_begin(sink, cm_strf("metrics.%s", metrics[m].id).s);
        for (int t = 0; t < 2; t++) {
            bits_put(sink, (double)values[t * n + m].state);
            bits_put(sink, values[t * n + m].value);
        }
    }
    cm_backend_destroy(be);
    free(maps);
    free(values);
    free(metrics);
}

static void probabilities(cm_threads *pool, bits_sink *sink)
{
    static const uint16_t one[] = {1};
    const cm_target target = {"one", 1, one};
    uint16_t *maps = calloc(2 * VOXELS, sizeof *maps);
    float *probability = calloc(VOXELS, sizeof *probability);
    cm_metric metric;
    cm_metric_value value;
    cm_error err = {0};
    if (!maps || !probability) abort();
    make_maps(maps, maps + VOXELS);
    for (int i = 0; i < VOXELS; i++) {
        if (maps[VOXELS + i] == 1 || i % 3 == 0) probability[i] = (float)(1 - uniform(40, i));
        maps[VOXELS + i] = probability[i] > 0;
    }
    const cm_pair pair = {.reference = maps,
                          .prediction = maps + VOXELS,
                          .probability = probability,
                          .grid = {{18, SIDE, SIDE}, {2.5, 0.7, 0.9}},
                          .spacing_known = true};
    must(cm_metric_parse("SDSC", &metric, &err), &err);
    cm_backend *be = NULL;
    must(cm_backend_cpu_create(pool, -1, &be, &err), &err);
    must(cm_score_segmentation(be, &pair, &target, 1, &metric, 1, &value, NULL, &err), &err);
    bits_begin(sink, "metrics.SDSC");
    bits_put(sink, (double)value.state);
    bits_put(sink, value.value);
    cm_backend_destroy(be);
    free(probability);
    free(maps);
}

enum { CASES = 401, CLASSES = 3 };

static void classification(cm_threads *pool, bits_sink *sink)
{
    int32_t truth[CASES], decided[CASES];
    double score[CASES * CLASSES];
    (void)pool;
    for (int i = 0; i < CASES; i++) {
        double sum = 0;
        truth[i] = (int32_t)(CLASSES * uniform(12, i));
        decided[i] = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += score[i * CLASSES + c] =
                floor(50 * uniform(13 + (uint64_t)c, i)) / 64 + (c == truth[i] ? 0.4 : 0.05);
        for (int c = 0; c < CLASSES; c++) {
            score[i * CLASSES + c] /= sum;
            if (score[i * CLASSES + c] > score[i * CLASSES + decided[i]]) decided[i] = c;
        }
    }
    cm_metric *metrics = calloc(MOST_METRICS, sizeof *metrics);
    if (!metrics) abort();
    const cm_classified data = {CASES, CLASSES, truth, decided, score, NULL};
    const int n = list_metrics(CM_METRIC_CLASSIFICATION, metrics, MOST_METRICS);
    for (int i = 0; i < n; i++) {
        const cm_metric_value one = cm_classify_one(&metrics[i], &data, 1, NULL);
        const cm_metric_value all = cm_classify_macro(&metrics[i], &data, NULL);
        bits_begin(sink, cm_strf("metrics.%s", metrics[i].id).s);
        bits_put(sink, (double)one.state);
        bits_put(sink, one.value);
        bits_put(sink, (double)all.state);
        bits_put(sink, all.value);
    }
    free(metrics);
}

enum { NZ = 7, NY = 9, NX = 33, IMAGE = NZ * NY * NX };

/* The slabs of NY x NX, on a plane of 14 x 50. */
static void sample(cm_backend *be, const float *image, bits_sink *sink)
{
    enum { H = 14, W = 50, CHANNELS = 3 };
    int64_t at[2][2][W];
    float weight[2][W], values[CHANNELS * H * W];
    uint8_t inside[2][W];
    uint16_t labels[H * W] = {0};
    cm_error err = {0};
    for (int axis = 0; axis < 2; axis++)
        for (int i = 0; i < (axis ? W : H); i++) {
            const double c = axis ? i * 0.65 : i * 0.6;
            at[axis][0][i] = (int64_t)c;
            at[axis][1][i] = (int64_t)c + (c > floor(c));
            weight[axis][i] = (float)(c - floor(c));
            inside[axis][i] = i % 7 != 5;
        }
    const cm_taps h = {H, at[0][0], at[0][1], weight[0], inside[0]};
    const cm_taps w = {W, at[1][0], at[1][1], weight[1], inside[1]};
    const cm_slab_pair slabs = {image, image + (NZ - 1) / 2 * NY * NX, 0.3f, CHANNELS, NY * NX, NY, NX};
    void *scratch = malloc((size_t)(cm_sample_scratch_bytes(W, NX) * cm_threads_count(be->pool)));
    if (!scratch) abort();
    must(be->ops->sample_rows(be, &slabs, &h, &w, 0, H, values, scratch, &err), &err);
    must(be->ops->sample_argmax(be, &slabs, &h, &w, NULL, labels, W, 1, scratch, &err), &err);
    for (int i = 0; i < CHANNELS * H * W; i++)
        bits_put(sink, (double)values[i]);
    for (int i = 0; i < H * W; i++)
        bits_put(sink, labels[i]);
    free(scratch);
}

static void preparation(cm_threads *pool, bits_sink *sink)
{
    static const cm_interpolation rules[] = {CM_INTERPOLATION_NEAREST, CM_INTERPOLATION_LINEAR,
                                             CM_INTERPOLATION_CUBIC};
    static const double percent[2] = {0.5, 99.5};
    float image[IMAGE], out[NZ * 14 * NX];
    double a = 0, b = 0, at[2];
    cm_error err = {0};
    for (int i = 0; i < IMAGE; i++)
        image[i] = i % 11 ? (float)(1000 * uniform(20, i) - 300) : -0.0f;
    for (int positive = 0; positive < 2; positive++) {
        const cm_selection s = {image, {NX, NY, NZ}, 0, 1, {{1, 0, 0}, {NX, NY, NZ - 1}}, positive != 0};
        bits_begin(sink, positive ? "prepare.statistics-positive" : "prepare.statistics");
        must(cm_statistic_moments(pool, &s, true, &a, &b, &err), &err);
        bits_put(sink, a);
        bits_put(sink, b);
        must(cm_statistic_range(pool, &s, &a, &b, &err), &err);
        bits_put(sink, a);
        bits_put(sink, b);
        must(cm_statistic_percentiles(&s, percent, at, &err), &err);
        bits_put(sink, at[0]);
        bits_put(sink, at[1]);
    }
    cm_backend *be = NULL;
    must(cm_backend_cpu_create(pool, -1, &be, &err), &err);
    bits_begin(sink, "prepare.resample");
    for (int r = 0; r < 3; r++) {
        const bool edges = r % 2;
        const cm_resample_axis axis = {NZ,      NY, NX, 14, edges ? 9 / 14.0 : 0.8 / 1.3, edges ? 0.5 : 0.0,
                                       rules[r]};
        must(be->ops->resample_axis(be, &axis, image, out, &err), &err);
        for (int i = 0; i < NZ * 14 * NX; i++)
            bits_put(sink, (double)out[i]);
    }
    bits_begin(sink, "decide.sample");
    sample(be, image, sink);
    cm_backend_destroy(be);
}

const bits_routine bits_routines[] = {elementary,   distributions, paired_tests,   intervals,   rankings,
                                      segmentation, probabilities, classification, preparation, NULL};

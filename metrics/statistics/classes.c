/* OpenEBench's classes, step by step as its tools take them. */
#include "metrics/statistics/classes.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/summary.h"

enum { CLUSTERS = 4, CLUSTER_ROUNDS = 500 };

void cm_oeb_classes_destroy(cm_oeb_classes *c)
{
    if (!c) return;
    free(c->diagonal_score);
    free(c->square);
    free(c->diagonal);
    free(c->cluster);
    free(c->pareto);
    free(c->quartile);
    free(c);
}

static double value_of(const cm_class_points *p, int t, int d)
{
    return p->value[t * p->dimensions + d];
}

static void column(const cm_class_points *p, int d, double *out)
{
    for (int t = 0; t < p->n; t++)
        out[t] = value_of(p, t, d);
}

static void squares(const cm_class_points *p, cm_oeb_classes *c, double *scratch)
{
    for (int t = 0; t < p->n; t++)
        c->square[t] = 1;
    for (int d = 0; d < p->dimensions; d++) {
        column(p, d, scratch);
        c->median[d] = cm_quantile7_permuting(scratch, p->n, 0.5);
        for (int t = 0; t < p->n; t++) {
            const double v = value_of(p, t, d);
            const bool bit = p->higher[d] ? v < c->median[d] : v >= c->median[d];
            c->square[t] += bit << d;
        }
    }
}

/* Sum over the dimensions of v / largest, or 1 - that where small is good; a largest of 0 divides nothing. */
static double score_of(const cm_class_points *p, const double *v, const double *largest)
{
    double score = 0;
    for (int d = 0; d < p->dimensions; d++) {
        const double scaled = largest[d] != 0 ? v[d] / largest[d] : v[d];
        score += p->higher[d] ? scaled : 1 - scaled;
    }
    return score;
}

static void diagonals(const cm_class_points *p, cm_oeb_classes *c, double *scratch)
{
    double largest[2] = {-INFINITY, -INFINITY};
    for (int d = 0; d < p->dimensions; d++) {
        for (int t = 0; t < p->n; t++)
            largest[d] = fmax(largest[d], value_of(p, t, d));
        c->all_negative[d] = largest[d] < 0;
    }
    for (int t = 0; t < p->n; t++)
        c->diagonal_score[t] = score_of(p, p->value + t * p->dimensions, largest);
    for (int q = 0; q < 3; q++)
        c->percentile[q] = cm_quantile7(c->diagonal_score, p->n, 0.25 * (q + 1), scratch);
    for (int t = 0; t < p->n; t++) {
        const double s = c->diagonal_score[t];
        c->diagonal[t] = s > c->percentile[2] ? 1 : s > c->percentile[1] ? 2 : s > c->percentile[0] ? 3 : 4;
    }
}

typedef double centre[2];

static int nearest(const cm_class_points *p, int t, const centre *centres)
{
    int best = 0;
    double least = INFINITY;
    for (int k = 0; k < CLUSTERS; k++) {
        double distance = 0;
        for (int d = 0; d < p->dimensions; d++)
            distance += (value_of(p, t, d) - centres[k][d]) * (value_of(p, t, d) - centres[k][d]);
        if (distance < least) {
            least = distance;
            best = k;
        }
    }
    return best;
}

/* Plain k-means from the first tools as seeds, a fixed number of rounds; an empty cluster stays where it is.
 */
static void move_centres(const cm_class_points *p, const int *member, centre *centres)
{
    for (int k = 0; k < CLUSTERS; k++) {
        centre sum = {0, 0};
        int count = 0;
        for (int t = 0; t < p->n; t++) {
            if (member[t] != k) continue;
            count++;
            for (int d = 0; d < p->dimensions; d++)
                sum[d] += value_of(p, t, d);
        }
        for (int d = 0; d < p->dimensions && count; d++)
            centres[k][d] = sum[d] / count;
    }
}

static void clusters(const cm_class_points *p, cm_oeb_classes *c)
{
    centre centres[CLUSTERS] = {{0, 0}};
    double largest[2] = {-INFINITY, -INFINITY}, score[CLUSTERS];
    for (int k = 0; k < CLUSTERS; k++)
        for (int d = 0; d < p->dimensions; d++)
            centres[k][d] = value_of(p, k % p->n, d);
    for (int round = 0; round < CLUSTER_ROUNDS; round++) {
        for (int t = 0; t < p->n; t++)
            c->cluster[t] = nearest(p, t, (const centre *)centres);
        move_centres(p, c->cluster, centres);
    }
    for (int k = 0; k < CLUSTERS; k++)
        for (int d = 0; d < p->dimensions; d++)
            largest[d] = fmax(largest[d], centres[k][d]);
    for (int k = 0; k < CLUSTERS; k++)
        score[k] = score_of(p, centres[k], largest);
    for (int t = 0; t < p->n; t++) {
        const int own = c->cluster[t];
        c->cluster[t] = 1;
        for (int k = 0; k < CLUSTERS; k++) /* equal scores keep the order of the centres */
            c->cluster[t] += score[k] > score[own] || (score[k] == score[own] && k < own);
    }
}

static bool dominates(const cm_class_points *p, int a, int b)
{
    bool better = false;
    for (int d = 0; d < p->dimensions; d++) {
        const double x = value_of(p, a, d), y = value_of(p, b, d);
        if (p->higher[d] ? x < y : x > y) return false;
        better |= x != y;
    }
    return better;
}

static void pareto(const cm_class_points *p, cm_oeb_classes *c)
{
    for (int t = 0; t < p->n; t++) {
        c->pareto[t] = true;
        for (int other = 0; other < p->n && c->pareto[t]; other++)
            c->pareto[t] = !dominates(p, other, t);
    }
}

/* Of the values on one side of the median, the median; the median itself when there are none. */
static double half_median(const cm_class_points *p, double median, bool above, double *scratch)
{
    int n = 0;
    for (int t = 0; t < p->n; t++)
        if (above ? p->value[t] > median : p->value[t] < median) scratch[n++] = p->value[t];
    return n ? cm_quantile7_permuting(scratch, n, 0.5) : median;
}

static void quartiles(const cm_class_points *p, cm_oeb_classes *c, double *scratch)
{
    c->quartile_cut[0] = half_median(p, c->median[0], false, scratch);
    c->quartile_cut[1] = c->median[0];
    c->quartile_cut[2] = half_median(p, c->median[0], true, scratch);
    for (int t = 0; t < p->n; t++) {
        const double v = p->value[t], *q = c->quartile_cut;
        const int from_low = v <= q[0] ? 4 : v <= q[1] ? 3 : v < q[2] ? 2 : 1;
        c->quartile[t] = p->higher[0] ? from_low : 5 - from_low;
    }
}

static cm_status check(const cm_class_points *p, cm_error *err)
{
    if (p->n < 1) return CM_FAIL(err, CM_ERR_EMPTY, .what = "no tools to classify");
    if (p->dimensions < 1 || p->dimensions > 2)
        return CM_FAIL(err, CM_ERR_ARG, .what = "OpenEBench classifies by one or two metrics",
                       .why = cm_strf("%d", p->dimensions).s);
    for (int i = 0; i < p->n * p->dimensions; i++)
        if (!isfinite(p->value[i]))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a value to classify is not a number",
                           .why =
                               cm_strf("tool %d, metric %d", i / p->dimensions + 1, i % p->dimensions + 1).s,
                           .next = "Leave the tool out of this comparison and say why");
    return CM_OK;
}

cm_status cm_oeb_classify(const cm_class_points *points, cm_oeb_classes **out, cm_error *err)
{
    const cm_status st = check(points, err);
    if (st) return st;
    const size_t n = (size_t)points->n;
    double *scratch = malloc(n * sizeof *scratch);
    cm_oeb_classes *c = calloc(1, sizeof *c);
    if (c) {
        c->diagonal_score = malloc(n * sizeof *c->diagonal_score);
        c->square = malloc(n * sizeof *c->square);
        c->diagonal = malloc(n * sizeof *c->diagonal);
        c->cluster = malloc(n * sizeof *c->cluster);
        c->pareto = malloc(n * sizeof *c->pareto);
        if (points->dimensions == 1) c->quartile = malloc(n * sizeof *c->quartile);
    }
    if (!scratch || !c || !c->diagonal_score || !c->square || !c->diagonal || !c->cluster || !c->pareto ||
        (points->dimensions == 1 && !c->quartile)) {
        free(scratch);
        cm_oeb_classes_destroy(c);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to classify tools");
    }
    squares(points, c, scratch);
    diagonals(points, c, scratch);
    clusters(points, c);
    pareto(points, c);
    if (c->quartile) quartiles(points, c, scratch);
    free(scratch);
    *out = c;
    return CM_OK;
}

/* Variance and comparison of areas under ROC curves by placements. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/distribution.h"
#include "metrics/statistics/significance.h"
#include "metrics/statistics/sum.h"

typedef struct scored {
    double score;
    int64_t at;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* placement[i]: for a positive case the share of negatives it beats, for a negative one the share of
 * positives that beat it; equal scores count half. */
static void place_cases(const uint8_t *truth, scored *sorted, int64_t n, const int64_t total[2],
                        double *placement)
{
    qsort(sorted, (size_t)n, sizeof *sorted, by_score);
    int64_t below[2] = {0, 0};
    for (int64_t i = 0; i < n;) {
        int64_t end = i, equal[2] = {0, 0};
        for (; end < n && sorted[end].score == sorted[i].score; end++)
            equal[truth[sorted[end].at]]++;
        for (int64_t j = i; j < end; j++) {
            const int own = truth[sorted[j].at], other = !own;
            const double beaten = (double)below[other] + 0.5 * (double)equal[other];
            const double share = beaten / (double)total[other];
            placement[sorted[j].at] = own ? share : 1 - share;
        }
        below[0] += equal[0];
        below[1] += equal[1];
        i = end;
    }
}

/* Covariance of two areas: of the placements among positives / m plus among negatives / n. */
static double covariance(const uint8_t *truth, const double *a, const double *b, int64_t n,
                         const int64_t total[2], const double auc[2])
{
    cm_sum sum[2] = {{0, 0}, {0, 0}};
    for (int64_t i = 0; i < n; i++)
        cm_sum_add(&sum[truth[i]], (a[i] - auc[0]) * (b[i] - auc[1]));
    double v = 0;
    for (int side = 0; side < 2; side++)
        v += cm_sum_value(&sum[side]) / (double)(total[side] - 1) / (double)total[side];
    return v;
}

static cm_status check(const uint8_t *truth, const double *const score[2], int64_t n, int64_t total[2],
                       cm_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (truth[i] > 1 || !isfinite(score[0][i]) || (score[1] && !isfinite(score[1][i])))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a case of an ROC curve has no class or no finite score",
                           .why = cm_strf("case %lld of %lld", (long long)i + 1, (long long)n).s);
        total[truth[i]]++;
    }
    if (total[0] >= 2 && total[1] >= 2) return CM_OK;
    return CM_FAIL(err, CM_ERR_EMPTY, .what = "the variance of an AUROC needs two cases of each class",
                   .why =
                       cm_strf("%lld positive, %lld negative", (long long)total[1], (long long)total[0]).s);
}

cm_status cm_test_delong(const uint8_t *truth, const double *score_a, const double *score_b, int64_t n,
                         cm_delong *out, cm_error *err)
{
    const double *const score[2] = {score_a, score_b};
    int64_t total[2] = {0, 0};
    const cm_status st = check(truth, score, n, total, err);
    if (st) return st;
    const int tools = score_b ? 2 : 1;
    double *placement = malloc((size_t)n * 2 * sizeof *placement);
    scored *sorted = malloc((size_t)n * sizeof *sorted);
    if (!placement || !sorted) {
        free(placement);
        free(sorted);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare ROC curves",
                       .why = cm_strf("%lld cases", (long long)n).s);
    }
    *out = (cm_delong){.p = 1};
    for (int t = 0; t < tools; t++) {
        for (int64_t i = 0; i < n; i++)
            sorted[i] = (scored){score[t][i], i};
        place_cases(truth, sorted, n, total, placement + t * n);
        cm_sum sum = {0, 0};
        for (int64_t i = 0; i < n; i++)
            if (truth[i]) cm_sum_add(&sum, placement[t * n + i]);
        out->auc[t] = cm_sum_value(&sum) / (double)total[1];
        const double twice[2] = {out->auc[t], out->auc[t]};
        out->variance[t] = covariance(truth, placement + t * n, placement + t * n, n, total, twice);
    }
    if (tools == 2) {
        out->covariance = covariance(truth, placement, placement + n, n, total, out->auc);
        out->difference = out->auc[0] - out->auc[1];
        const double variance = out->variance[0] + out->variance[1] - 2 * out->covariance;
        out->defined = variance > 1e-15 * (out->variance[0] + out->variance[1]); /* not mere rounding */
        if (out->defined) {
            out->se = sqrt(variance);
            out->z = out->difference / out->se;
            out->p = fmin(1, 2 * cm_normal_above(fabs(out->z)));
        }
    }
    free(placement);
    free(sorted);
    return CM_OK;
}

cm_interval cm_delong_interval(double auc, double variance, double level)
{
    const double half = cm_normal_quantile((1 + level) / 2) * sqrt(variance > 0 ? variance : 0);
    return (cm_interval){.low = fmax(0, auc - half), .high = fmin(1, auc + half), .level = level};
}

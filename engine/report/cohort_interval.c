/* Intervals of metrics of classified cases that have a formula of their own. */
#include <stdlib.h>
#include <string.h>

#include "engine/report/aggregate_internal.h"

/* How many of how many cases a metric is the share of. False: it is no share of cases. */
static bool share_of(const cm_metric *metric, const cm_classified *data, int c, int64_t *k, int64_t *n)
{
    int64_t right = 0, tp = 0, fp = 0, fn = 0, tn = 0;
    for (int64_t i = 0; i < data->n; i++) {
        const bool is = data->truth[i] == c, said = data->decided[i] == c;
        right += data->truth[i] == data->decided[i];
        tp += is && said;
        fp += !is && said;
        fn += is && !said;
        tn += !is && !said;
    }
    const struct {
        const char *id;
        int64_t k, n;
    } shares[] = {{"ACC", c < 0 ? right : tp + tn, data->n},
                  {"SENS", tp, tp + fn},
                  {"SPEC", tn, tn + fp},
                  {"PPV", tp, tp + fp},
                  {"NPV", tn, tn + fn}};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        if (strcmp(metric->id, shares[s].id) || (s > 0 && c < 0)) continue;
        *k = shares[s].k;
        *n = shares[s].n;
        return *n > 0;
    }
    return false;
}

static cm_status area_interval(const cm_classified *data, int c, double level, cm_interval *out, bool *found,
                               cm_error *err)
{
    uint8_t *truth = malloc((size_t)data->n + 1);
    double *score = malloc(((size_t)data->n + 1) * sizeof *score);
    cm_delong d;
    cm_error own = {0};
    cm_status status = CM_OK;
    if (truth && score) {
        for (int64_t i = 0; i < data->n; i++) {
            truth[i] = data->truth[i] == c;
            score[i] = data->score[i * data->k + c];
        }
        status = cm_test_delong(truth, score, NULL, data->n, &d, &own);
        *found = status == CM_OK;
        if (*found) *out = cm_delong_interval(d.auc[0], d.variance[0], level);
        if (status == CM_ERR_EMPTY) status = CM_OK; /* fewer than two cases of a class */
        if (status && err) *err = own;
    } else {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the interval of an AUROC");
    }
    free(truth);
    free(score);
    return status;
}

cm_status cm_cohort_interval(const cm_metric *metric, const cm_classified *data, int c, double level,
                             cm_interval *out, cm_interval_method *method, bool *found, cm_error *err)
{
    int64_t k = 0, n = 0;
    *found = false;
    if (c >= 0 && !strcmp(metric->id, "AUROC")) {
        *method = CM_INTERVAL_DELONG;
        return area_interval(data, c, level, out, found, err);
    }
    if (!share_of(metric, data, c, &k, &n)) return CM_OK;
    *method = CM_INTERVAL_WILSON;
    *found = true;
    return cm_interval_wilson((double)k, n, level, out, err);
}

/* Points of curves: one walk down the scores, then the rules of what may and need be drawn. */
#include "metrics/curve.h"

#include <stdlib.h>

#include "metrics/class_view.h"
#include "metrics/facts.h"
#include "metrics/measure_internal.h"
#include "metrics/statistics/sum.h"

enum { DECISION_STEPS = 100, MAX_BINS = 1000 };

const char *cm_curve_kind_name(cm_curve_kind kind)
{
    static const char *const names[] = {"", "roc", "pr", "calibration", "decision", "froc"};
    return kind >= CM_CURVE_ROC && kind <= CM_CURVE_FREE_RESPONSE ? names[kind] : "unknown";
}

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the points of a curve");
}

/* -- what is left out -------------------------------------------------------------------------------------
 */

static bool tells_too_little(int64_t cases, int64_t least)
{
    return cases > 0 && cases < least;
}

/* Points so far apart that no step, the first and the last one included, is of fewer cases than `least`. The
 * last point, of all cases, stays. */
static void keep_large_steps(cm_curve *curve, int64_t least)
{
    cm_curve_point *p = curve->points;
    int64_t kept = 0;
    if (least < 2) return;
    for (int64_t i = 0; i < curve->n - 1; i++) {
        const int64_t before = kept ? p[kept - 1].cases : 0;
        if (tells_too_little(p[i].cases - before, least)) continue;
        if (!tells_too_little(curve->cases - p[i].cases, least)) p[kept++] = p[i];
    }
    p[kept++] = p[curve->n - 1];
    curve->left_out += curve->n - kept;
    curve->n = kept;
}

/* Points so far apart that there are at most about `most`: x runs over `width`, y over 1. Both rise (y of
 * precision-recall does not, and counts for nothing there). */
static void keep_far_apart(cm_curve *curve, cm_curve_kind kind, int64_t most)
{
    cm_curve_point *p = curve->points;
    if (curve->n <= most) return;
    const double width = p[curve->n - 1].x > 0 ? p[curve->n - 1].x : 1, step = 2.0 / (double)(most - 1);
    int64_t kept = 1;
    for (int64_t i = 1; i < curve->n - 1; i++) {
        const double dx = (p[i].x - p[kept - 1].x) / width;
        const double dy = kind == CM_CURVE_PRECISION_RECALL ? dx : p[i].y - p[kept - 1].y;
        if (dx + dy >= step) p[kept++] = p[i];
    }
    p[kept++] = p[curve->n - 1];
    curve->left_out += curve->n - kept;
    curve->n = kept;
}

static cm_status check_rules(const cm_curve_rules *rules, cm_error *err)
{
    if (rules->most_points >= 2 && rules->least_cases >= 0 && rules->bins >= 1 && rules->bins <= MAX_BINS)
        return CM_OK;
    return CM_FAIL(err, CM_ERR_ARG, .what = "the rules of a curve are out of range",
                   .why = cm_strf("%lld points, steps of %lld cases, %d bins", (long long)rules->most_points,
                                  (long long)rules->least_cases, rules->bins)
                              .s);
}

/* -- one class against the rest ----------------------------------------------------------------------------
 */

static bool all_probabilities(const cm_class_facts *f)
{
    return f->n == 0 || (f->score[0] <= 1 && f->score[f->n - 1] >= 0);
}

/* A point per distinct score, from the highest. */
static void walk_thresholds(const cm_class_facts *f, cm_curve_kind kind, cm_curve *out)
{
    const double positives = (double)(f->tp + f->fn), negatives = (double)(f->fp + f->tn);
    int64_t tp = 0, fp = 0;
    if (kind == CM_CURVE_ROC) out->points[out->n++] = (cm_curve_point){0};
    for (int64_t i = 0; i < f->n;) {
        const double score = f->score[i];
        for (; i < f->n && f->score[i] == score; i++)
            *(f->positive[i] ? &tp : &fp) += cm_class_weight(f, i);
        cm_curve_point *p = &out->points[out->n++];
        *p = (cm_curve_point){.has_threshold = true, .threshold = score, .cases = tp + fp};
        p->x = kind == CM_CURVE_ROC ? (double)fp / negatives : (double)tp / positives;
        p->y = kind == CM_CURVE_ROC ? (double)tp / positives : (double)tp / (double)(tp + fp);
    }
}

static double net_benefit(int64_t tp, int64_t fp, int64_t n, double t)
{
    return (double)tp / (double)n - (double)fp / (double)n * (t / (1 - t));
}

/* By falling threshold first, for the steps; turned round at the end. */
static void walk_decisions(const cm_class_facts *f, cm_curve *out)
{
    const int64_t positives = f->tp + f->fn, negatives = f->fp + f->tn, all = positives + negatives;
    int64_t tp = 0, fp = 0, i = 0;
    for (int k = DECISION_STEPS - 1; k >= 1; k--) {
        const double t = (double)k / DECISION_STEPS;
        for (; i < f->n && f->score[i] >= t; i++)
            *(f->positive[i] ? &tp : &fp) += cm_class_weight(f, i);
        out->points[out->n++] = (cm_curve_point){.x = t,
                                                 .y = net_benefit(tp, fp, all, t),
                                                 .other = net_benefit(positives, negatives, all, t),
                                                 .has_threshold = true,
                                                 .threshold = t,
                                                 .cases = tp + fp};
    }
}

static void turn_round(cm_curve *curve)
{
    for (int64_t i = 0, j = curve->n - 1; i < j; i++, j--) {
        const cm_curve_point p = curve->points[i];
        curve->points[i] = curve->points[j];
        curve->points[j] = p;
    }
}

/* Steps of the decision curve; both ends count as steps, for nothing is decided beyond them. */
static void keep_large_decisions(cm_curve *curve, int64_t least)
{
    int64_t kept = 0, before = 0;
    if (least < 2) return;
    for (int64_t i = 0; i < curve->n; i++) {
        const cm_curve_point p = curve->points[i];
        if (tells_too_little(p.cases - before, least) || tells_too_little(curve->cases - p.cases, least))
            continue;
        curve->points[kept++] = p;
        before = p.cases;
    }
    curve->left_out += curve->n - kept;
    curve->n = kept;
}

typedef struct bin {
    int64_t cases, positives;
    cm_sum expected;
} bin;

static void add_bin(const bin *b, double low, cm_curve *out)
{
    out->points[out->n++] = (cm_curve_point){.x = cm_sum_value(&b->expected) / (double)b->cases,
                                             .y = (double)b->positives / (double)b->cases,
                                             .has_threshold = true,
                                             .threshold = low,
                                             .cases = b->cases};
}

/* Bins as of ECE.<n>.width, by rising probability; a bin of too few cases is joined with the next ones, the
 * last of them with the one before. */
static void walk_bins(const cm_class_facts *f, const cm_curve_rules *rules, cm_curve *out)
{
    bin now = {0}, last = {0};
    double low = 0, last_low = 0;
    int64_t i = f->n - 1;
    for (int k = 0; k < rules->bins; k++) {
        const double end = (double)(k + 1) / rules->bins;
        if (now.cases == 0) low = (double)k / rules->bins;
        for (; i >= 0 && (f->score[i] < end || k == rules->bins - 1); i--) {
            const int64_t weight = cm_class_weight(f, i);
            now.cases += weight;
            now.positives += f->positive[i] ? weight : 0;
            cm_sum_add(&now.expected, (double)weight * f->score[i]);
        }
        if (now.cases == 0 || (k < rules->bins - 1 && now.cases < rules->least_cases)) continue;
        if (now.cases < rules->least_cases && out->n > 0) { /* the last bin: with the one before */
            last.cases += now.cases;
            last.positives += now.positives;
            cm_sum_add(&last.expected, cm_sum_value(&now.expected));
            out->n--;
            now = last;
            low = last_low;
        }
        add_bin(&now, low, out);
        last = now;
        last_low = low;
        now = (bin){0};
    }
}

static cm_status make_points(cm_curve_kind kind, const cm_class_facts *f, const cm_curve_rules *rules,
                             cm_curve *out, cm_error *err)
{
    const int64_t positives = f->tp + f->fn, negatives = f->fp + f->tn;
    const bool probabilities = kind == CM_CURVE_RELIABILITY || kind == CM_CURVE_DECISION;
    const bool both_sides = kind == CM_CURVE_ROC || kind == CM_CURVE_DECISION;
    out->cases = positives + negatives;
    if (f->n == 0 || (probabilities && !all_probabilities(f)) ||
        (both_sides && (positives == 0 || negatives == 0)) ||
        (kind == CM_CURVE_PRECISION_RECALL && positives == 0) || positives < rules->least_cases ||
        negatives < rules->least_cases)
        return CM_OK;
    out->points = malloc((size_t)(f->n + DECISION_STEPS + rules->bins) * sizeof *out->points);
    if (!out->points) return no_memory(err);
    if (kind == CM_CURVE_RELIABILITY) {
        walk_bins(f, rules, out);
    } else if (kind == CM_CURVE_DECISION) {
        walk_decisions(f, out);
        keep_large_decisions(out, rules->least_cases);
        turn_round(out);
    } else {
        walk_thresholds(f, kind, out);
        keep_large_steps(out, rules->least_cases);
        keep_far_apart(out, kind, rules->most_points);
    }
    return CM_OK;
}

cm_status cm_curve_of_class(cm_curve_kind kind, const cm_classified *data, int c, const cm_curve_rules *rules,
                            cm_curve *out, cm_error *err)
{
    cm_metric metric;
    cm_class_view *view = NULL;
    cm_class_facts facts;
    *out = (cm_curve){0};
    if (c < 0 || kind < CM_CURVE_ROC || kind > CM_CURVE_DECISION)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a curve of classified cases is of one class");
    cm_status st = check_rules(rules, err);
    if (!st) st = cm_metric_parse("AUROC", &metric, err); /* of scores; any such metric sorts them alike */
    if (!st) st = cm_class_view_create(&metric, 1, data, c, &view, err);
    if (st) return st;
    cm_class_view_facts(view, data->weight, &facts);
    st = make_points(kind, &facts, rules, out, err);
    cm_class_view_destroy(view);
    return st;
}

/* -- lesions ------------------------------------------------------------------------------------------------
 */

bool cm_metric_has_free_response(const cm_metric *metric)
{
    const cm_gathered_function f = metric->definition->gathered;
    return f == cm_gathered_froc || f == cm_gathered_sensitivity_at_rate;
}

bool cm_metric_same_free_response(const cm_metric *a, const cm_metric *b)
{
    return cm_metric_has_free_response(a) && cm_metric_has_free_response(b) &&
           a->connectivity == b->connectivity && a->rule == b->rule && a->share == b->share;
}

cm_status cm_curve_of_gathered(const cm_gathered *gathered, const cm_curve_rules *rules, cm_curve *out,
                               cm_error *err)
{
    cm_gathered_facts f;
    int64_t found = 0, wrong = 0;
    *out = (cm_curve){0};
    const cm_metric *metric = cm_gathered_get_facts(gathered, NULL, &f);
    if (!cm_metric_has_free_response(metric))
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s has no free-response curve", metric->id).s);
    const cm_status st = check_rules(rules, err);
    if (st) return st;
    out->cases = f.n_entries;
    if (f.reference == 0 || f.reference < (double)rules->least_cases || f.cases < rules->least_cases)
        return CM_OK;
    out->points = malloc((size_t)(f.n_entries + 1) * sizeof *out->points);
    if (!out->points) return no_memory(err);
    out->points[out->n++] = (cm_curve_point){0};
    for (int64_t i = 0; i < f.n_entries;) {
        const double volume = f.entries[i].score;
        for (; i < f.n_entries && f.entries[i].score == volume; i++)
            *(f.entries[i].is_found ? &found : &wrong) += 1;
        out->points[out->n++] = (cm_curve_point){.x = (double)wrong / (double)f.cases,
                                                 .y = (double)found / f.reference,
                                                 .has_threshold = true,
                                                 .threshold = volume,
                                                 .cases = found + wrong};
    }
    keep_large_steps(out, rules->least_cases);
    keep_far_apart(out, CM_CURVE_FREE_RESPONSE, rules->most_points);
    return CM_OK;
}

/* <curves>: what a single number of a classifier or a detector stands for, per tool and target, over all
 * cases that count. A public report has no scores, and no step that is of fewer cases than the minimum cell.
 */
#include <stdlib.h>

#include "engine/report/curves_internal.h"

enum { MOST_POINTS = 200, USUAL_BINS = 10 };

static cm_curve_rules rules_of(const cm_aggregates *a)
{
    const cm_bench *bench = a->results->bench;
    const bool public = a->audience == CM_AUDIENCE_PUBLIC;
    cm_curve_rules rules = {
        .most_points = MOST_POINTS, .bins = USUAL_BINS, .least_cases = public ? bench->minimum_cell : 0};
    for (int m = 0; m < bench->n_metrics; m++) /* the bins of the first metric that has some */
        if (bench->metrics[m].bins > 0) {
            rules.bins = bench->metrics[m].bins;
            break;
        }
    return rules;
}

/* Room for one more, zeroed; NULL: no memory. */
static cm_drawn_curve *add_curve(cm_curves *curves)
{
    cm_drawn_curve *more = realloc(curves->curve, ((size_t)curves->n + 1) * sizeof *more);
    if (!more) return NULL;
    curves->curve = more;
    more[curves->n] = (cm_drawn_curve){.metric = -1};
    return &more[curves->n++];
}

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the curves of the report");
}

static cm_status draw_classifier(const cm_aggregates *a, int tool, cm_curves *out, cm_error *err)
{
    const cm_curve_rules rules = rules_of(a);
    cm_classified_cases cases;
    cm_status status = cm_classified_cases_collect(a, tool, 0, &cases, err);
    for (int g = 0; g < a->n_targets && !status; g++) {
        const int class = cm_aggregates_class(a, g);
        for (int kind = CM_CURVE_ROC; kind <= CM_CURVE_DECISION && class >= 0 && cases.data.n && !status;
             kind++) {
            cm_drawn_curve *c = add_curve(out);
            if (!c) {
                status = no_memory(err);
                break;
            }
            c->kind = (cm_curve_kind)kind;
            c->tool = tool;
            c->target = g;
            status = cm_curve_of_class(c->kind, &cases.data, class, &rules, &c->curve, err);
        }
    }
    cm_classified_cases_fini(&cases);
    return status;
}

/* Whether an earlier metric of the bench has the curve already. */
static bool is_drawn(const cm_bench *bench, int metric)
{
    for (int m = 0; m < metric; m++)
        if (cm_metric_same_free_response(&bench->metrics[m], &bench->metrics[metric])) return true;
    return false;
}

static cm_status draw_lesions(const cm_aggregates *a, int tool, int target, int metric, cm_curves *out,
                              cm_error *err)
{
    const cm_results *r = a->results;
    const cm_curve_rules rules = rules_of(a);
    cm_evidence *cases = malloc((size_t)(r->n_cases + 1) * sizeof *cases);
    cm_drawn_curve *c = add_curve(out);
    cm_gathered *gathered = NULL;
    int64_t n = 0;
    bool substituted;
    cm_status status = cases && c ? CM_OK : no_memory(err);
    for (int64_t i = 0; i < r->n_cases && !status; i++)
        n += cm_results_evidence(r, tool, i, target * a->n_metrics + metric, &cases[n], &substituted);
    if (!status) {
        c->kind = CM_CURVE_FREE_RESPONSE;
        c->tool = tool;
        c->target = target;
        c->metric = metric;
        status = cm_gathered_create(&r->bench->metrics[metric], cases, n, &gathered, err);
    }
    if (!status) status = cm_curve_of_gathered(gathered, &rules, &c->curve, err);
    cm_gathered_destroy(gathered);
    free(cases);
    return status;
}

static cm_status draw_all(const cm_aggregates *a, cm_curves *out, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    cm_status status = CM_OK;
    for (int t = 0; t < a->results->n_tools && !status; t++) {
        if (bench->task == CM_TASK_CLASSIFICATION) {
            status = draw_classifier(a, t, out, err);
            continue;
        }
        for (int m = 0; m < a->n_metrics; m++)
            for (int g = 0; g < a->n_targets && !status; g++)
                if (cm_metric_has_free_response(&bench->metrics[m]) && !is_drawn(bench, m))
                    status = draw_lesions(a, t, g, m, out, err);
    }
    return status;
}

cm_status cm_curves_create(const cm_aggregates *a, cm_curves **out, cm_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return no_memory(err);
    const cm_status status = a->groups[0].hidden ? CM_OK : draw_all(a, *out, err);
    if (status || (*out)->n == 0) {
        cm_curves_destroy(*out);
        *out = NULL;
    }
    return status;
}

void cm_curves_destroy(cm_curves *curves)
{
    if (!curves) return;
    for (int i = 0; i < curves->n; i++)
        free(curves->curve[i].curve.points);
    free(curves->curve);
    free(curves);
}

static void write_point(cm_xml_out *out, cm_curve_kind kind, const cm_curve_point *p, bool with_threshold)
{
    cm_xml_out_open(out, "point");
    cm_xml_out_number(out, "x", p->x);
    cm_xml_out_number(out, "y", p->y);
    if (kind == CM_CURVE_DECISION) cm_xml_out_number(out, "all", p->other);
    if (with_threshold && p->has_threshold) cm_xml_out_number(out, "threshold", p->threshold);
    if (kind == CM_CURVE_RELIABILITY) cm_xml_out_integer(out, "n", p->cases);
    cm_xml_out_close(out, "point");
}

void cm_write_curves(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_curves *curves = a->curves;
    const bool public = a->audience == CM_AUDIENCE_PUBLIC;
    if (!curves) return;
    cm_xml_out_open(out, "curves");
    if (public) cm_xml_out_integer(out, "least-cases", rules_of(a).least_cases);
    for (int i = 0; i < curves->n; i++) {
        const cm_drawn_curve *c = &curves->curve[i];
        const bool has_threshold =
            c->kind == CM_CURVE_RELIABILITY || (!public && c->kind != CM_CURVE_DECISION);
        cm_xml_out_open(out, "curve");
        cm_xml_out_attribute(out, "kind", cm_curve_kind_name(c->kind));
        cm_xml_out_attribute(out, "tool", a->keys[c->tool]);
        cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, c->target));
        if (c->metric >= 0) cm_xml_out_attribute(out, "metric", a->results->bench->metrics[c->metric].id);
        if (c->curve.left_out && !public) cm_xml_out_integer(out, "left-out", c->curve.left_out);
        for (int64_t k = 0; k < c->curve.n; k++)
            write_point(out, c->kind, &c->curve.points[k], has_threshold);
        cm_xml_out_close(out, "curve");
    }
    cm_xml_out_close(out, "curves");
}

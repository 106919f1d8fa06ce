/* <classes>: OpenEBench's classes with what they were cut by. */
#include "engine/report/class_views_internal.h"
#include "engine/report/write_internal.h"

static void write_axis(cm_xml_out *out, const cm_aggregates *a, const cm_class_view *view, int d)
{
    const cm_metric *metric = &a->results->bench->metrics[view->metric[d]];
    const bool of_cohort = cm_metric_of_cohort(a->results, view->metric[d]),
               distance = cm_metric_is_distance(a, view->metric[d]);
    cm_xml_out_open(out, "axis");
    cm_xml_out_attribute(out, "metric", metric->id);
    cm_xml_out_attribute(out, "value",
                         of_cohort  ? distance ? "distance" : "value"
                         : distance ? "mean-distance"
                                    : "mean");
    cm_xml_out_attribute(out, "optimization",
                         cm_class_axis_rises(a, view->metric[d]) ? "maximize" : "minimize");
    if (view->classes) {
        cm_xml_out_number(out, "median", view->classes->median[d]);
        if (view->classes->all_negative[d]) cm_xml_out_flag(out, "all-negative", true);
    }
    cm_xml_out_close(out, "axis");
}

static void write_cuts(cm_xml_out *out, const char *element, const double *cut)
{
    static const char *const names[] = {"q1", "q2", "q3"};
    cm_xml_out_open(out, element);
    for (int q = 0; q < 3 && cut; q++)
        cm_xml_out_number(out, names[q], cut[q]);
    cm_xml_out_close(out, element);
}

static void write_point(cm_xml_out *out, const cm_aggregates *a, const cm_class_view *view, int k)
{
    const cm_oeb_classes *c = view->classes;
    const double *value = view->value + k * view->dimensions;
    cm_xml_out_open(out, "point");
    cm_xml_out_attribute(out, "tool", a->keys[view->tool[k]]);
    if (view->dimensions == 2) {
        cm_xml_out_number(out, "x", value[0]);
        cm_xml_out_number(out, "y", value[1]);
    } else {
        cm_xml_out_number(out, "value", value[0]);
        cm_xml_out_integer(out, "quartile", c->quartile[k]);
    }
    cm_xml_out_integer(out, "square", c->square[k]);
    cm_xml_out_integer(out, "diagonal", c->diagonal[k]);
    cm_xml_out_number(out, "diagonal-score", c->diagonal_score[k]);
    cm_xml_out_integer(out, "cluster", c->cluster[k]);
    if (view->dimensions == 2) cm_xml_out_flag(out, "pareto", c->pareto[k]);
    cm_xml_out_close(out, "point");
}

static void write_left_out(cm_xml_out *out, const cm_aggregates *a, const cm_class_view *view)
{
    for (int t = 0, k = 0; t < a->results->n_tools; t++) {
        if (k < view->n && view->tool[k] == t) {
            k++;
            continue;
        }
        bool hidden = false;
        for (int d = 0; d < view->dimensions; d++)
            hidden |= cm_aggregates_cell(a, t, view->target, view->metric[d], 0)->hidden != CM_SHOWN;
        cm_xml_out_open(out, "left-out");
        cm_xml_out_attribute(out, "tool", a->keys[t]);
        cm_xml_out_attribute(out, "reason", hidden ? "hidden" : "no-value");
        cm_xml_out_close(out, "left-out");
    }
}

static const char *better_corner(const cm_aggregates *a, const cm_class_view *view)
{
    const bool right = cm_class_axis_rises(a, view->metric[0]), top = cm_class_axis_rises(a, view->metric[1]);
    return top ? (right ? "top-right" : "top-left") : right ? "bottom-right" : "bottom-left";
}

static void write_view(cm_xml_out *out, const cm_aggregates *a, const cm_class_view *view)
{
    const char *element = view->dimensions == 2 ? "plane" : "bar";
    const cm_oeb_classes *c = view->classes;
    cm_xml_out_open(out, element);
    cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, view->target));
    if (view->dimensions == 2) cm_xml_out_attribute(out, "better", better_corner(a, view));
    for (int d = 0; d < view->dimensions; d++)
        write_axis(out, a, view, d);
    if (view->dimensions == 1) write_cuts(out, "quartiles", c ? c->quartile_cut : NULL);
    write_cuts(out, "diagonals", c ? c->percentile : NULL);
    for (int k = 0; k < view->n; k++)
        write_point(out, a, view, k);
    write_left_out(out, a, view);
    cm_xml_out_close(out, element);
}

static void write_rule(cm_xml_out *out, const char *of, const char *name)
{
    cm_xml_out_attribute(out, cm_strf("%s-rule", of).s, name);
    cm_xml_out_integer(out, cm_strf("%s-version", of).s, 1);
}

void cm_write_classes(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_class_views *v = a->class_views;
    if (a->groups[0].hidden) return;
    cm_xml_out_open(out, "classes");
    write_rule(out, "squares", "oeb-api");
    write_rule(out, "diagonals", "oeb-api");
    write_rule(out, "clusters", "oeb-widget");
    write_rule(out, "quartiles", "oeb-widget");
    cm_xml_out_attribute(out, "pareto-rule", "strict-dominance");
    cm_xml_out_attribute(out, "pairs", v->all_pairs ? "all" : "with-ranking-metric");
    for (int dimensions = 2; dimensions > 0; dimensions--)
        for (int k = 0; k < v->n; k++)
            if (v->view[k].dimensions == dimensions) write_view(out, a, &v->view[k]);
    cm_xml_out_close(out, "classes");
}

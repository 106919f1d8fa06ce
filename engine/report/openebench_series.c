/* Data series: what a mean does not show. A box plot per metric and target, and the curves of a classifier or
 * a detector. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/openebench_internal.h"

enum { TEXT = CM_OEB_TEXT };

/* Which participant dataset a label stands for. */
static json_t *labels_of(const cm_oeb *s)
{
    json_t *labels = json_array();
    for (xmlNodePtr t = cm_xml_child(s->tools, "tool"); t; t = cm_xml_next(t, "tool")) {
        char key[TEXT];
        cm_xml_attribute(t, "key", key, sizeof key);
        json_array_append_new(labels, json_pack("{s:s, s:s++++}", "label", key, "dataset_orig_id",
                                                s->community, ":", s->event, "_", cm_strf("%s_P", key).s));
    }
    return labels;
}

static json_t *series_data(const cm_oeb *s, json_t *series, json_t *available, json_t *shown)
{
    return json_pack("{s:s, s:o, s:{s:o, s:[o]}, s:o}", "series_type", "aggregation-data-series",
                     "challenge_participants", series, "visualization", "available_metrics", available,
                     "representations", shown, "labels", labels_of(s));
}

/* ---- box plots ---- */
/* Five numbers whose quartiles (type 7, as box plots are drawn) are those of the cases: the values of cases
 * are the site's. The outer two are the 10th and 90th percentile where the report gives them, else the
 * quartiles once more. */
static json_t *five_numbers(xmlNodePtr summary)
{
    double q1 = cm_xml_double(summary, "q1", 0), median = cm_xml_double(summary, "median", 0);
    double q3 = cm_xml_double(summary, "q3", 0), low = cm_xml_double(summary, "p10", q1);
    double high = cm_xml_double(summary, "p90", q3);
    return json_pack("[f,f,f,f,f]", low < q1 ? low : q1, q1, median, q3, high > q3 ? high : q3);
}

static bool add_boxes(cm_oeb *s)
{
    xmlNodePtr next = NULL;
    bool good = true;
    for (xmlNodePtr first = cm_xml_child(s->aggregates, "result"); first && good; first = next) {
        cm_str name = cm_oeb_metric_name(s, first), own = cm_oeb_own_name(s, first);
        const char *best = cm_oeb_optimization(s, first);
        json_t *series = json_array();
        for (next = first; next && cm_oeb_same_pair(next, first); next = cm_xml_next(next, "result")) {
            xmlNodePtr quartiles = cm_oeb_figure_of(next).quartiles;
            char tool[TEXT];
            if (!quartiles) continue; /* of too few cases to publish */
            cm_xml_attribute(next, "tool", tool, sizeof tool);
            json_array_append_new(series, json_pack("{s:s, s:s, s:o}", "label", tool, "metric_id", name.s,
                                                    "values", five_numbers(quartiles)));
        }
        if (!json_array_size(series)) {
            json_decref(series);
            continue;
        }
        json_t *shown = json_pack("{s:s, s:[{s:s, s:s, s:s}], s:[{s:s, s:s}]}", "type", "box-plot",
                                  "metrics_series", "metric_id", name.s, "optimization", best, "axis", "y",
                                  "axes_clues", "axis", "y", "title", name.s);
        json_t *data = series_data(s, series, json_pack("[s]", name.s), shown);
        good = cm_oeb_append(s, cm_oeb_aggregation(s, cm_strf("BOX_%s", own.s).s, name.s, data));
    }
    return good;
}

/* ---- curves ---- */
/* How a curve of the report is named and which way its axes are good. */
static const struct drawn {
    const char *kind, *name, *x, *y, *x_title, *y_title, *x_best, *y_best;
} drawn[] = {
    {"roc", "ROC", "FPR", "TPR", "False positive rate (1 - specificity)", "True positive rate (sensitivity)",
     "minimize", "maximize"},
    {"pr", "PR", "RECALL", "PRECISION", "Recall (sensitivity)", "Precision (positive predictive value)",
     "maximize", "maximize"},
    {"froc", "FROC", "FP-PER-CASE", "LESION-SENSITIVITY", "False positives per case",
     "Sensitivity of lesions", "minimize", "maximize"},
};

/* The coordinate of every point, in order from left to right. */
static json_t *coordinates(xmlNodePtr curve, const char *axis)
{
    json_t *values = json_array();
    for (xmlNodePtr p = cm_xml_child(curve, "point"); p; p = cm_xml_next(p, "point"))
        json_array_append_new(values, json_real(cm_xml_double(p, axis, 0)));
    return values;
}

static bool same_curve(xmlNodePtr a, xmlNodePtr b)
{
    char target[TEXT], metric[TEXT];
    cm_xml_attribute(a, "target", target, sizeof target);
    if (!cm_oeb_is(b, "target", target)) return false;
    if (!cm_xml_attribute(a, "metric", metric, sizeof metric)) return !xmlHasProp(b, BAD_CAST "metric");
    return cm_oeb_is(b, "metric", metric);
}

/* Whether an earlier curve of this kind has the same target (and metric). */
static bool is_first(xmlNodePtr curve, const char *kind)
{
    for (xmlNodePtr c = cm_xml_child(curve->parent, "curve"); c != curve; c = cm_xml_next(c, "curve"))
        if (cm_oeb_is(c, "kind", kind) && same_curve(c, curve)) return false;
    return true;
}

static bool add_curve(cm_oeb *s, xmlNodePtr first, const struct drawn *d)
{
    char target[TEXT], metric[TEXT], tool[TEXT];
    cm_xml_attribute(first, "target", target, sizeof target);
    bool of_metric = cm_xml_attribute(first, "metric", metric, sizeof metric);
    cm_str x = cm_strf("%s_%s", d->x, target), y = cm_strf("%s_%s", d->y, target);
    json_t *series = json_array();
    for (xmlNodePtr c = first; c; c = cm_xml_next(c, "curve")) {
        if (!cm_oeb_is(c, "kind", d->kind) || !same_curve(c, first) || !cm_xml_child(c, "point")) continue;
        cm_xml_attribute(c, "tool", tool, sizeof tool);
        json_array_append_new(series, json_pack("{s:s, s:s, s:o}", "label", tool, "metric_id", x.s, "values",
                                                coordinates(c, "x")));
        json_array_append_new(series, json_pack("{s:s, s:s, s:o}", "label", tool, "metric_id", y.s, "values",
                                                coordinates(c, "y")));
    }
    if (!json_array_size(series)) {
        json_decref(series);
        return true;
    }
    json_t *shown = json_pack(
        "{s:s, s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}], s:[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}], s:s}",
        "type", "line-plot", "axes_clues", "axis", "x", "title", d->x_title, "scale", "linear", "axis", "y",
        "title", d->y_title, "scale", "linear", "metrics_series", "metric_id", x.s, "optimization", d->x_best,
        "axis", "x", "title", d->x_title, "metric_id", y.s, "optimization", d->y_best, "axis", "y", "title",
        d->y_title, "type_group_id", d->name);
    json_t *data = series_data(s, series, json_pack("[s, s]", x.s, y.s), shown);
    cm_str name =
        of_metric ? cm_strf("%s_%s_%s", d->name, metric, target) : cm_strf("%s_%s", d->name, target);
    return cm_oeb_append(s, cm_oeb_aggregation(s, name.s, NULL, data));
}

bool cm_oeb_add_series(cm_oeb *s)
{
    bool good = add_boxes(s);
    xmlNodePtr curves = cm_xml_child(s->results, "curves");
    for (size_t k = 0; k < sizeof drawn / sizeof *drawn; k++)
        for (xmlNodePtr c = cm_xml_child(curves, "curve"); c && good; c = cm_xml_next(c, "curve"))
            if (cm_oeb_is(c, "kind", drawn[k].kind) && is_first(c, drawn[k].kind))
                good = add_curve(s, c, &drawn[k]);
    return good;
}

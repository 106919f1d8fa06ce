/* The numbers of one tool, target, metric and group of cases, as they stand in aggregates and subgroups. */
#include <math.h>

#include "engine/report/write_internal.h"

const char *cm_hidden_name(cm_hidden hidden)
{
    return hidden == CM_HIDDEN_SMALL ? "small" : "complementary";
}

void cm_write_interval(cm_xml_out *out, const cm_interval *interval, cm_interval_method method,
                       int64_t undefined_replicates)
{
    cm_xml_out_open(out, "interval");
    cm_xml_out_number(out, "low", interval->low);
    cm_xml_out_number(out, "high", interval->high);
    cm_xml_out_number(out, "confidence-level", interval->level);
    cm_xml_out_integer(out, "replicates", interval->replicates);
    if (undefined_replicates) cm_xml_out_integer(out, "undefined-replicates", undefined_replicates);
    cm_xml_out_attribute(out, "method", cm_interval_method_name(method));
    cm_xml_out_close(out, "interval");
}

void cm_write_undefined(cm_xml_out *out, const char *reason)
{
    cm_xml_out_open(out, "undefined");
    cm_xml_out_attribute(out, "reason", reason);
    cm_xml_out_close(out, "undefined");
}

static void write_counts(cm_xml_out *out, const cm_cell *c)
{
    cm_xml_out_open(out, "counts");
    cm_xml_out_integer(out, "ok", c->ok);
    cm_xml_out_integer(out, "both-empty", c->undefined[CM_BOTH_EMPTY]);
    cm_xml_out_integer(out, "reference-empty", c->undefined[CM_REFERENCE_EMPTY]);
    cm_xml_out_integer(out, "prediction-empty", c->undefined[CM_PREDICTION_EMPTY]);
    cm_xml_out_integer(out, "undefined-otherwise", c->undefined[CM_NONE_EMPTY]);
    cm_xml_out_integer(out, "missing", c->missing);
    cm_xml_out_integer(out, "damaged-input", c->damaged);
    cm_xml_out_integer(out, "open", c->open);
    cm_xml_out_integer(out, "no-reference", c->no_reference);
    cm_xml_out_integer(out, "substituted", c->substituted);
    cm_xml_out_integer(out, "excluded", c->excluded);
    cm_xml_out_close(out, "counts");
}

bool cm_quantile_is_shown(const cm_aggregates *a, int64_t n, int one_in)
{
    return a->audience != CM_AUDIENCE_PUBLIC || n >= one_in * (int64_t)a->results->bench->minimum_cell;
}

/* A quantile is in a public report only when it stands for as many cases as the minimum cell. Of a group
 * there is no standard error, because sd and se together tell n, and how many cases of a group were left out.
 */
static void write_spread(cm_xml_out *out, const cm_aggregates *a, const cm_summary *s, int group)
{
    const bool public = a->audience == CM_AUDIENCE_PUBLIC;
    if (s->has_sd) cm_xml_out_number(out, "sd", s->sd);
    if (cm_quantile_is_shown(a, s->n, 2)) cm_xml_out_number(out, "median", s->median);
    if (cm_quantile_is_shown(a, s->n, 4)) {
        cm_xml_out_number(out, "q1", s->q1);
        cm_xml_out_number(out, "q3", s->q3);
    }
    if (s->has_sd && (!public || !group)) cm_xml_out_number(out, "se", s->sd / sqrt((double)s->n));
    if (cm_quantile_is_shown(a, s->n, 10)) {
        cm_xml_out_number(out, "p10", s->p10);
        cm_xml_out_number(out, "p90", s->p90);
    }
}

/* Extremes and order statistics are values of single cases: not in a public report. */
static void write_summary(cm_xml_out *out, const cm_aggregates *a, const cm_cell *c, int group)
{
    const cm_summary *s = &c->summary;
    const bool public = a->audience == CM_AUDIENCE_PUBLIC;
    cm_xml_out_open(out, "summary");
    cm_xml_out_number(out, "mean", s->mean);
    write_spread(out, a, s, group);
    if (!public) {
        cm_xml_out_number(out, "minimum", s->minimum);
        cm_xml_out_number(out, "maximum", s->maximum);
        cm_xml_out_number(out, "whisker-low", s->whisker_low);
        cm_xml_out_number(out, "whisker-high", s->whisker_high);
        cm_xml_out_integer(out, "outliers", s->outliers);
    }
    if (!public && c->has_interval && a->draw_unit == CM_DRAW_CASES) {
        cm_xml_out_number(out, "median-low", c->median_interval.low);
        cm_xml_out_number(out, "median-high", c->median_interval.high);
        cm_xml_out_number(out, "median-coverage", c->median_coverage);
    }
    cm_xml_out_close(out, "summary");
}

/* Bias and distance together tell the sum of the values on either side of the target. In public that must be
 * the sum of as many as the minimum cell, or of none; the groups, which may have fewer on one side even where
 * the whole has enough, show the distance alone, so that no difference of them tells it either. */
static bool bias_is_shown(const cm_aggregates *a, const cm_cell *c, int group)
{
    const int64_t fewer = c->below < c->above ? c->below : c->above;
    if (a->audience != CM_AUDIENCE_PUBLIC) return true;
    return !group && (fewer == 0 || fewer >= a->results->bench->minimum_cell);
}

/* What tools are compared by where that is the distance to a target. */
static void write_distance(cm_xml_out *out, const cm_aggregates *a, const cm_cell *c, bool of_case, int group)
{
    cm_xml_out_open(out, "distance");
    cm_xml_out_number(out, "value", c->value);
    if (of_case) write_spread(out, a, &c->distance, group);
    if (c->has_interval) cm_write_interval(out, &c->interval, c->interval_method, c->undefined_replicates);
    cm_xml_out_close(out, "distance");
}

/* The metric as it is, the bias where it is compared by distances. */
static void write_value(cm_xml_out *out, const cm_aggregates *a, const cm_cell *c, bool of_case,
                        bool distance, int group)
{
    if (of_case) {
        write_summary(out, a, c, group);
    } else {
        cm_xml_out_open(out, "value");
        cm_xml_out_text_number(out, distance ? c->of_cohort.value : c->value);
        cm_xml_out_close(out, "value");
    }
    if (distance ? c->has_signed_interval : c->has_interval)
        cm_write_interval(out, distance ? &c->signed_interval : &c->interval, c->interval_method,
                          c->undefined_replicates);
}

void cm_write_cell(cm_xml_out *out, const cm_aggregates *a, int tool, int target, int metric, int group)
{
    const cm_cell *c = cm_aggregates_cell(a, tool, target, metric, group);
    const bool public = a->audience == CM_AUDIENCE_PUBLIC, of_case = !cm_metric_of_cohort(a->results, metric),
               distance = cm_metric_is_distance(a, metric);
    if (c->hidden) {
        cm_xml_out_attribute(out, "hidden", cm_hidden_name(c->hidden));
        return;
    }
    cm_xml_out_integer(out, "cases", c->cases);
    /* How many cases of a group were left out would tell of single ones: only the whole is counted in public.
     */
    if (!public || !group) {
        cm_xml_out_integer(out, "n", c->n);
        write_counts(out, c);
    }
    if (!c->has_value) {
        cm_write_undefined(out, !c->cases ? "no-cases" : !c->n ? "nothing-left" : "not-defined");
        return;
    }
    if (!distance || !of_case || bias_is_shown(a, c, group)) write_value(out, a, c, of_case, distance, group);
    if (distance) write_distance(out, a, c, of_case, group);
}

/* <statistics>: how this report computes intervals, tests and rankings. Which method is used for what follows
 * from what it is of, by the rules of docs/statistics.md; here stands what that came to. */
#include <stdio.h>

#include "engine/report/compare_internal.h"
#include "engine/report/write_internal.h"

static void write_rule(cm_xml_out *out, const char *of, const char *method, const char *why)
{
    cm_xml_out_open(out, "rule");
    cm_xml_out_attribute(out, "for", of);
    cm_xml_out_attribute(out, "method", method);
    cm_xml_out_text(out, why);
    cm_xml_out_close(out, "rule");
}

static void write_case_pairs(cm_xml_out *out, double margin)
{
    write_rule(out, "pair", "wilcoxon-signed-rank",
               "Values of two tools on the same units; exact up to 50 differing units, normal with "
               "corrections for continuity and ties above.");
    write_rule(out, "size-of-difference", "hodges-lehmann",
               "The shift that belongs to the signed-rank test.");
    write_rule(out, "chance-to-win", "wilson", "A share of units.");
    write_rule(out, "detectable-difference", "normal",
               "The mean difference that so many units with this spread would have shown with power 0.8.");
    if (margin > 0)
        write_rule(out, "equivalence", "two-one-sided-t",
                   "Whether the mean difference is inside the bench's margin, corrected over all pairs.");
    write_rule(out, "all-tools", "friedman-iman-davenport",
               "Whether the tools differ at all, before pairs count.");
}

static void write_case_rules(cm_xml_out *out)
{
    write_rule(out, "mean", "percentile",
               "Resampled means; no assumption but that units are alike and independent.");
    write_rule(out, "median", "order-statistic",
               "Bootstrap intervals of a median are poor; two of the values hold it with a known chance.");
    write_rule(out, "metric-of-cohort", "percentile", "Resampled values.");
}

/* There is a metric that is best at a value. */
static bool any_distance(const cm_aggregates *a)
{
    for (int m = 0; m < a->n_metrics; m++)
        if (cm_metric_is_distance(a, m)) return true;
    return false;
}

static void write_class_rules(cm_xml_out *out, bool independent)
{
    const char *const why = "Patients have several cases, which this method would take as independent.";
    write_rule(out, "auroc-of-a-class", independent ? "delong" : "percentile",
               independent ? "Its variance is known without resampling." : why);
    write_rule(out, "share-of-cases", independent ? "wilson" : "percentile",
               independent
                   ? "Accuracy, and sensitivity, specificity and predictive values of a class, are shares."
                   : why);
    write_rule(out, "other-metric-of-cohort", "percentile", "Resampled values.");
    write_rule(out, "pair-by-auroc-of-a-class", independent ? "delong" : "paired-bootstrap",
               independent ? "Two areas on the same cases." : why);
    write_rule(
        out, "pair-by-share-of-cases", independent ? "mcnemar" : "paired-bootstrap",
        independent
            ? "Accuracy, and sensitivity and specificity of a class: decisions on the same cases, exact."
            : why);
}

void cm_write_statistics(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_bench *b = a->results->bench;
    cm_xml_out_open(out, "statistics");
    cm_xml_out_attribute(out, "interval", "percentile-bootstrap");
    cm_xml_out_attribute(out, "resampled", cm_draw_unit_name(a->draw_unit));
    cm_xml_out_flag(out, "within-providers", a->stratified);
    cm_xml_out_attribute(out, "median-interval", cm_interval_method_name(CM_INTERVAL_ORDER_STATISTIC));
    cm_xml_out_number(out, "confidence-level", b->level);
    cm_xml_out_integer(out, "replicates", b->replicates);
    cm_xml_out_attribute(out, "seed", cm_strf("%llu", (unsigned long long)b->seed).s);
    cm_xml_out_attribute(out, "quantiles", "type-7");
    cm_xml_out_attribute(out, "standard-deviation", "n-1");
    if (b->task == CM_TASK_CLASSIFICATION)
        write_class_rules(out, a->draw_unit == CM_DRAW_CASES);
    else
        write_case_rules(out);
    if (any_distance(a))
        write_rule(
            out, "distance", "percentile",
            "Metrics best at zero or one are compared by the distance to that value, taken before any mean: "
            "errors of both signs would cancel. Resampled mean distances, or distances of resampled values.");
    if (cm_metric_of_cohort(a->results, a->ranking_metric))
        write_rule(out, "pair-by-other-metric", "paired-bootstrap",
                   "The difference over its standard error in the resampled cohorts, normal.");
    else
        write_case_pairs(out, b->margin);
    write_rule(out, "difference-to-the-leader", "percentile", "Both tools on the same resampled units.");
    write_rule(out, "place", "percentile", "Places in the resampled cohorts.");
    write_rule(out, "several-pairs", cm_adjustment_name(CM_ADJUST_HOLM), "Over all pairs of tools together.");
    write_rule(
        out, "groups-of-cases", "cochran-q",
        "Whether a tool's values differ between groups; DerSimonian and Laird's mean over them, its interval "
        "normal and cut where the metric ends.");
    write_rule(out, "difference-in-groups-of-cases", "cochran-q",
               "Whether two tools differ alike in all groups (interaction), within the same units.");
    cm_xml_out_close(out, "statistics");
}

/* -- metrics -- */

static void write_parameter(cm_xml_out *out, const char *name, double value, const char *unit)
{
    if (!(value > 0)) return;
    cm_xml_out_open(out, "parameter");
    cm_xml_out_attribute(out, "name", name);
    cm_xml_out_number(out, "value", value);
    if (unit[0]) cm_xml_out_attribute(out, "unit", unit);
    cm_xml_out_close(out, "parameter");
}

void cm_write_parameters(cm_xml_out *out, const cm_metric *m)
{
    const bool voxels = m->definition->needs == CM_NEEDS_VOXEL_DISTANCES ||
                        m->definition->needs == CM_NEEDS_VOXEL_SURFELS ||
                        m->definition->needs == CM_NEEDS_VOXEL_BAND;
    write_parameter(out, "tolerance", m->tolerance, voxels ? "voxel" : "mm");
    write_parameter(out, "percentile", m->percentile, "%");
    write_parameter(out, "beta", m->beta, "");
    write_parameter(out, "share", m->share, "");
    write_parameter(out, "rate", m->rate, "1/case");
    write_parameter(out, "size-from", m->low, "mm3");
    write_parameter(out, "size-below", m->high, "mm3");
    write_parameter(out, "bins", m->bins, "");
    write_parameter(out, "connectivity", m->connectivity, "");
    write_parameter(out, "dilation", m->dilation, "voxel");
}

/* The parts of report.xml, each writing its element into an open stream. */
#ifndef CM_ENGINE_REPORT_WRITE_INTERNAL_H
#define CM_ENGINE_REPORT_WRITE_INTERNAL_H

#include "engine/report/aggregate_internal.h"
#include "engine/report/xml_out_internal.h"

/* <results>: the science. The same bytes for the same results and audience. */
void cm_write_results(cm_xml_out *out, const cm_aggregates *a);
/* The same without pictures and cases: what is computed. */
void cm_write_computed(cm_xml_out *out, const cm_aggregates *a);
/* What is inside an element of type "cell", attributes included. */
void cm_write_cell(cm_xml_out *out, const cm_aggregates *a, int tool, int target, int metric, int group);
/* Whether a quantile of n values may stand in the report: of every site, and in public where on its thinner
 * side lie at least as many values as the minimum cell. one_in: on that side lies one in so many, 2 for the
 * median, 4 for a quartile, 10 for the 10th and 90th percentile. */
bool cm_quantile_is_shown(const cm_aggregates *a, int64_t n, int one_in);
void cm_write_interval(cm_xml_out *out, const cm_interval *interval, cm_interval_method method,
                       int64_t undefined_replicates);
/* <statistics> of the bench, with the rules that decided which method is used for what. */
void cm_write_statistics(cm_xml_out *out, const cm_aggregates *a);
/* The parameters of a metric, one element each. */
void cm_write_parameters(cm_xml_out *out, const cm_metric *metric);
void cm_write_undefined(cm_xml_out *out, const char *reason);
const char *cm_hidden_name(cm_hidden hidden); /* "small" "complementary" */
/* An element of type "placed"; s may be NULL. */
void cm_write_place(cm_xml_out *out, const cm_aggregates *a, int tool, bool has, double score, double place,
                    const cm_stability *s);
/* <without>: the ranking without one group, which `attribute` names. */
struct cm_without;
void cm_write_without(cm_xml_out *out, const cm_aggregates *a, const struct cm_without *w,
                      const char *attribute);
/* There is a comparison, and it rests on no number that is hidden. */
bool cm_comparison_is_shown(const cm_aggregates *a);
/* <subgroups>, when they may be shown. */
void cm_write_subgroups(cm_xml_out *out, const cm_aggregates *a);
/* <comparison>, when there is something to compare and it may be shown. */
void cm_write_comparison(cm_xml_out *out, const cm_aggregates *a);
/* <combined>, when the bench combines rankings and they may be shown. */
void cm_write_combined(cm_xml_out *out, const cm_aggregates *a);
/* <classes>, when they may be shown. */
void cm_write_classes(cm_xml_out *out, const cm_aggregates *a);
/* <curves>, when the task has any and they may be shown. */
void cm_write_curves(cm_xml_out *out, const cm_aggregates *a);
/* <examples>, site only. */
void cm_write_examples(cm_xml_out *out, const cm_aggregates *a);
/* The last elements of <results> in a site report: pictures and the values of every case. */
void cm_write_pictures(cm_xml_out *out, const cm_aggregates *a);
void cm_write_cases(cm_xml_out *out, const cm_aggregates *a);
/* <execution>: how it ran. Errors: CM_ERR_NOMEM. */
cm_status cm_write_execution(cm_xml_out *out, const cm_aggregates *a, cm_error *err);

#endif

/* The steps of cm_verify for report.xml. */
#ifndef CM_ENGINE_REPORT_VERIFY_INTERNAL_H
#define CM_ENGINE_REPORT_VERIFY_INTERNAL_H

#include <libxml/tree.h>

#include "engine/report/report.h"
#include "engine/report/verify.h"

/* What must be true of any report, with or without values of cases. root: <report> without bulk. */
void cm_verify_consistency(xmlNodePtr root, cm_remarks *f);

/* The same for names and numbers wherever in <results> they stand. Returns how many statements were checked.
 */
int64_t cm_verify_values(xmlNodePtr results, cm_remarks *f);

/* Rebuilds the results of a run from a site report: everything but the evidence of metrics of the cohort, and
 * the costs. Patients are numbers; where there are none, every case is a patient's of its own. doc: without
 * bulk; path: the file, for its cases. *out is freed with cm_results_destroy. Errors: CM_ERR_LIMIT (more than
 * CM_REBUILD_ITEMS), CM_ERR_MISMATCH (the report contradicts itself), CM_ERR_NOT_FOUND (a metric this engine
 * does not know), CM_ERR_FORMAT, CM_ERR_NOMEM, CM_ERR_IO (spill: see cm_results_reserve). */
#define CM_REBUILD_ITEMS ((int64_t)20000000)
cm_status cm_report_rebuild(xmlDocPtr doc, const char *path, const cm_spill_rule *spill, cm_results **out,
                            cm_error *err);

/* Computes a site report again from its own values of cases and compares. digest: of its <results>. */
cm_status cm_verify_by_recomputing(xmlDocPtr doc, const char *path, const cm_digest *digest,
                                   const cm_verify_options *options, cm_remarks *f, cm_error *err);

/* The rules that a report declares against the bench.xml beside it. One that this version cannot read is a
 * finding. Errors: CM_ERR_NOMEM. */
cm_status cm_verify_bench_file(const char *path, xmlNodePtr results, bool public, cm_remarks *f,
                               cm_error *err);

/* openebench.json: see openebench_check.c. */
cm_status cm_verify_openebench(const char *path, const char *against, cm_remarks *f, cm_error *err);

#endif

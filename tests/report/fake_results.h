/* Results of a run that never happened: small, known to the last digit, and easy to spoil in one place. */
#ifndef CM_TESTS_REPORT_FAKE_RESULTS_H
#define CM_TESTS_REPORT_FAKE_RESULTS_H

#include "engine/run/results.h"

/* Segmentation: tools "good" and "weak" (and "third" for n_tools 3, "tool-4" ...), targets organ (1) and
 * lesion (2), metrics DSC, HD95.vox.maxdir, RVD; providers A, B, C with 3/6, 2/6 and 1/6 of the cases. Case i
 * has DSC 0.9 - 0.01 i for good and 0.8 - 0.02 i for weak (minus 0.05 for lesion), HD95 1 + i and 3 + i, RVD
 * 0.01 i and -0.1. All states ok. Freed by fake_results_free. */
cm_results *fake_segmentation(int n_tools, int64_t n_cases);
/* Classification: tools "sharp" and "blunt", classes healthy and tumour, metrics AUROC, BACC, BRIER.binary.
 * Case i is of class i % 2; sharp scores its class 0.9 except for every seventh case (0.2), blunt 0.6 except
 * for every third (0.45). */
cm_results *fake_classification(int64_t n_cases);
/* Segmentation with values as real tools have them: the first three of n_tools (1 to 10) nearly equal, then
 * each a little worse; hard cases are hard for all; attributes sex and age band; empty predictions now and
 * then; the eighth tool fails on every ninth case. */
cm_results *fake_crowd(int n_tools, int64_t n_cases);
/* fake_crowd(3, 30) with names that are markup, run from right to left, or are as long as they may be. */
cm_results *fake_hostile_names(void);
void fake_results_free(cm_results *r);

/* Makes one item a failure of the given state, as a run would leave it. */
void fake_fail(cm_results *r, int tool, int64_t case_index, cm_item_state state, const char *reason);
/* Sets one value of an item. */
void fake_value(cm_results *r, int tool, int64_t case_index, int target, int metric, cm_metric_value value);

/* One more attribute: case i has values[i % n_values]. */
void fake_attribute(cm_results *r, const char *name, int n_values, const char *const *values);

/* Whole file as text, malloc'd; NULL when absent. */
char *fake_file(const char *path);
/* The element <results> of a report, from its first to its last angle bracket, malloc'd. */
char *fake_results_element(const char *path);

/* Turns the third metric of a fake segmentation into the FROC score and gives every item its evidence: of two
 * lesions a case the first tool finds both (volumes 100 and 40) and one that is none (20), the others one
 * (60) and a larger one that is none (80). */
void fake_lesions(cm_results *r);

#endif

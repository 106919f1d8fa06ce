/* Choosing and drawing the worst, the median and the best case of every tool. Rank 0, after the last result.
 */
#ifndef CM_ENGINE_RUN_PICTURES_H
#define CM_ENGINE_RUN_PICTURES_H

#include "engine/run/ledger.h"
#include "engine/run/setup.h"

/* The cases of a tool to show, by kind: worst, median (of n sorted from best to worst the one at (n + 1) / 2,
 * rounded down) and best; -1 where there is none, and never one case twice (two cases: worst and best; one:
 * worst). Only predicted cases with a reference. For a segmentation by the number (after the bench's
 * policies) for the ranking metric and target, the first target when the ranking goes by the mean over
 * targets; for a classification by the score of the true class. Ties: first case. *target: the target looked
 * at. Errors: CM_ERR_NOMEM. */
cm_status cm_picture_cases(const cm_results *results, int tool, int64_t chosen[CM_PICTURE_KINDS], int *target,
                           cm_error *err);

/* Draws RUN/pictures/<tool>-<kind>.png for each of them and records them in the ledger. spill: see
 * cm_results_load. */
cm_status cm_pictures_draw(const char *run_folder, const cm_setup *setup, const cm_spill_rule *spill,
                           cm_ledger *ledger, cm_error *err);

#endif

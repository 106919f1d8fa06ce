/* Choosing and drawing the worst case of every tool. Rank 0, after the last result. */
#ifndef CM_ENGINE_RUN_PICTURES_H
#define CM_ENGINE_RUN_PICTURES_H

#include "engine/run/ledger.h"
#include "engine/run/setup.h"

/* The worst case of a tool: for a segmentation, the case whose number (after the bench's policies) for the
 * ranking metric and target is worst; the first target when the ranking goes by the mean over targets. For a
 * classification, the case whose true class got the lowest score. Ties: first case. -1 when no case qualifies
 * (none predicted with a reference). *target: the target looked at. */
int64_t cm_worst_case(const cm_results *results, int tool, int *target);

/* Draws RUN/pictures/<tool>.png for each tool that has a worst case and records them in the ledger. */
cm_status cm_pictures_draw(const char *run_folder, const cm_setup *setup, cm_ledger *ledger, cm_error *err);

#endif

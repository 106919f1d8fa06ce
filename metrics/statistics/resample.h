/* How a cohort is resampled: which cases stand or fall together, and which groups keep their size. A
 * replicate is a pure function of the seed and its number, so nothing depends on threads or order. */
#ifndef CM_METRICS_STATISTICS_RESAMPLE_H
#define CM_METRICS_STATISTICS_RESAMPLE_H

#include <stdbool.h>

#include "engine/base/random.h"
#include "engine/base/status.h"

/* The unit that is drawn. Cases of one patient are alike, so drawing cases one by one gives intervals that
 * are too narrow as soon as a patient has several; likewise for providers. */
typedef enum cm_draw_unit { CM_DRAW_CASES = 1, CM_DRAW_PATIENTS = 2, CM_DRAW_PROVIDERS = 3 } cm_draw_unit;
const char *cm_draw_unit_name(cm_draw_unit unit); /* "case" "patient" "provider" */

/* Immutable after creation; shared by threads. */
typedef struct cm_sampling cm_sampling;

/* patient, provider: [n_cases] numbers >= 0 in any order, NULL = every case its own patient, one provider.
 * stratified: units are drawn within each provider, as many as it has (not with CM_DRAW_PROVIDERS; a patient
 * seen by two providers counts as two units). Units are numbered in the order of their first case, and
 * providers likewise. Errors: CM_ERR_EMPTY (no case), CM_ERR_ARG, CM_ERR_NOMEM. */
cm_status cm_sampling_create(int64_t n_cases, const int32_t *patient, const int32_t *provider,
                             cm_draw_unit unit, bool stratified, cm_sampling **out, cm_error *err);
void cm_sampling_destroy(cm_sampling *s); /* NULL is fine */
int64_t cm_sampling_units(const cm_sampling *s);
int64_t cm_sampling_cases(const cm_sampling *s);

/* times[i]: how often replicate b holds case i; all n_cases are written. Draw number j of the
 * replicate (counted on over the providers when stratified) takes unit cm_random_below(r, b, j, units to
 * choose from). With single cases and one stratum that is cm_random_below(r, b, j, n_cases), j =
 * 0..n_cases-1. */
void cm_sampling_draw(const cm_sampling *s, cm_random r, uint64_t replicate, int32_t *times);

#endif

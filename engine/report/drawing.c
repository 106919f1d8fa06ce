/* How a report resamples. Cases of one patient are alike, so patients are drawn as soon as one has several
 * cases; providers keep their share of the cohort when each has enough units to show its own spread. */
#include <stdlib.h>
#include <string.h>

#include "engine/report/aggregate_internal.h"

typedef struct named_case {
    const char *patient;
    int64_t index;
} named_case;

static int by_patient(const void *x, const void *y)
{
    const named_case *a = x, *b = y;
    const int order = strcmp(a->patient, b->patient);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* Gives every patient a number, in the order of their first cases: it tells who belongs together, and nothing
 * of their names. */
static cm_status number_patients(cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    named_case *names = malloc((size_t)(r->n_cases + 1) * sizeof *names);
    if (!names) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the list of patients");
    for (int64_t i = 0; i < r->n_cases; i++)
        names[i] = (named_case){r->cases[i].patient, i};
    qsort(names, (size_t)r->n_cases, sizeof *names, by_patient);
    /* The first case of each patient; below, those in their order become the numbers. */
    for (int64_t i = 0, first = 0; i < r->n_cases; i++) {
        if (strcmp(names[i].patient, names[first].patient) != 0) first = i;
        a->patient_of_case[names[i].index] = (int32_t)names[first].index;
    }
    free(names);
    for (int64_t i = 0; i < r->n_cases; i++) {
        const int32_t first = a->patient_of_case[i];
        a->patient_of_case[i] = first == i ? (int32_t)a->n_patients++ : a->patient_of_case[first];
    }
    return CM_OK;
}

/* Whether two providers or more have cases with a reference, and each of them units enough. */
static cm_status enough_in_each(const cm_aggregates *a, bool *enough, cm_error *err)
{
    const cm_results *r = a->results;
    int64_t *index = malloc((size_t)(r->n_cases + 1) * sizeof *index);
    if (!index) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to choose how to resample");
    cm_status status = CM_OK;
    int filled = 0;
    *enough = true;
    for (int group = 1; group < a->n_groups && !status; group++) {
        int64_t n = 0;
        for (int64_t i = 0; i < r->n_cases; i++)
            if (a->group_of_case[i] == group && r->cases[i].has_reference) index[n++] = i;
        if (!n) continue;
        cm_sampling *sampling = NULL;
        status = cm_aggregate_sampling(a, index, n, true, &sampling, err);
        if (!status) *enough &= cm_sampling_units(sampling) >= CM_UNITS_FOR_A_STRATUM;
        cm_sampling_destroy(sampling);
        filled++;
    }
    *enough &= filled > 1;
    free(index);
    return status;
}

cm_status cm_aggregate_choose_drawing(cm_aggregates *a, cm_error *err)
{
    a->patient_of_case = calloc((size_t)a->results->n_cases + 1, sizeof *a->patient_of_case);
    cm_status status = a->patient_of_case
                           ? number_patients(a, err)
                           : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the list of patients");
    if (status) return status;
    a->draw_unit = a->n_patients < a->results->n_cases ? CM_DRAW_PATIENTS : CM_DRAW_CASES;
    return enough_in_each(a, &a->stratified, err);
}

cm_status cm_aggregate_sampling(const cm_aggregates *a, const int64_t *case_index, int64_t n,
                                bool within_group, cm_sampling **out, cm_error *err)
{
    int32_t *patient = malloc((size_t)(n + 1) * sizeof *patient);
    int32_t *provider = malloc((size_t)(n + 1) * sizeof *provider);
    cm_status status = CM_OK;
    if (patient && provider) {
        for (int64_t i = 0; i < n; i++) {
            patient[i] = a->patient_of_case[case_index[i]];
            provider[i] = a->group_of_case[case_index[i]];
        }
        status =
            cm_sampling_create(n, patient, provider, a->draw_unit, a->stratified && !within_group, out, err);
    } else {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample cases");
    }
    free(patient);
    free(provider);
    return status;
}

/* Units and strata of a resampled cohort. */
#include "metrics/statistics/resample.h"

#include <stdlib.h>
#include <string.h>

struct cm_sampling {
    int64_t n_cases, n_units, n_strata;
    int64_t *unit_first;    /* [n_units + 1] into member; units in order of strata */
    int32_t *member;        /* [n_cases] case numbers, by unit */
    int64_t *stratum_first; /* [n_strata + 1] into units */
};

const char *cm_draw_unit_name(cm_draw_unit unit)
{
    switch (unit) {
    case CM_DRAW_CASES:
        return "case";
    case CM_DRAW_PATIENTS:
        return "patient";
    case CM_DRAW_PROVIDERS:
        return "provider";
    }
    return "";
}

/* A case with what decides its unit. */
typedef struct tagged {
    int32_t stratum, unit; /* numbers as given */
    int64_t index;
    int64_t stratum_at, unit_at; /* the first case of the same */
} tagged;

static int by_tag(const void *a, const void *b)
{
    const tagged *x = a, *y = b;
    if (x->stratum != y->stratum) return x->stratum < y->stratum ? -1 : 1;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_first_case(const void *a, const void *b)
{
    const tagged *x = a, *y = b;
    if (x->stratum_at != y->stratum_at) return x->stratum_at < y->stratum_at ? -1 : 1;
    if (x->unit_at != y->unit_at) return x->unit_at < y->unit_at ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Marks every case with the first case of its stratum and unit, and sorts by these. */
static void order_cases(tagged *cases, int64_t n)
{
    qsort(cases, (size_t)n, sizeof *cases, by_tag);
    for (int64_t i = 0, stratum = 0; i < n; i++) {
        if (cases[i].stratum != cases[stratum].stratum) stratum = i;
        const bool same = i > stratum && cases[i].unit == cases[i - 1].unit;
        cases[i].unit_at = same ? cases[i - 1].unit_at : cases[i].index;
        if (i > stratum && cases[i].index < cases[stratum].stratum_at)
            cases[stratum].stratum_at = cases[i].index;
        else if (i == stratum)
            cases[i].stratum_at = cases[i].index;
    }
    for (int64_t i = 1; i < n; i++)
        if (cases[i].stratum == cases[i - 1].stratum) cases[i].stratum_at = cases[i - 1].stratum_at;
    qsort(cases, (size_t)n, sizeof *cases, by_first_case);
}

static void fill(cm_sampling *s, const tagged *cases)
{
    for (int64_t i = 0; i < s->n_cases; i++) {
        const bool new_stratum = i == 0 || cases[i].stratum_at != cases[i - 1].stratum_at;
        if (new_stratum) s->stratum_first[s->n_strata++] = s->n_units;
        if (new_stratum || cases[i].unit_at != cases[i - 1].unit_at) s->unit_first[s->n_units++] = i;
        s->member[i] = (int32_t)cases[i].index;
    }
    s->unit_first[s->n_units] = s->n_cases;
    s->stratum_first[s->n_strata] = s->n_units;
}

cm_status cm_sampling_create(int64_t n_cases, const int32_t *patient, const int32_t *provider,
                             cm_draw_unit unit, bool stratified, cm_sampling **out, cm_error *err)
{
    if (n_cases < 1) return CM_FAIL(err, CM_ERR_EMPTY, .what = "no cases to resample");
    if (unit < CM_DRAW_CASES || unit > CM_DRAW_PROVIDERS || (stratified && unit == CM_DRAW_PROVIDERS))
        return CM_FAIL(err, CM_ERR_ARG, .what = "cases cannot be resampled like this",
                       .why = "drawing providers leaves no providers to draw within");
    if (n_cases > INT32_MAX)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "too many cases to resample",
                       .why = cm_strf("%lld, at most %d", (long long)n_cases, INT32_MAX).s);
    cm_sampling *s = calloc(1, sizeof *s);
    const size_t n = (size_t)n_cases;
    tagged *cases = malloc(n * sizeof *cases);
    if (s) {
        s->n_cases = n_cases;
        s->unit_first = malloc((n + 1) * sizeof *s->unit_first);
        s->stratum_first = malloc((n + 1) * sizeof *s->stratum_first);
        s->member = malloc(n * sizeof *s->member);
    }
    if (!s || !cases || !s->unit_first || !s->stratum_first || !s->member) {
        free(cases);
        cm_sampling_destroy(s);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample",
                       .why = cm_strf("%lld cases", (long long)n_cases).s);
    }
    for (int64_t i = 0; i < n_cases; i++) {
        const int32_t own = (int32_t)i;
        cases[i] = (tagged){.stratum = stratified && provider ? provider[i] : 0, .unit = own, .index = i};
        if (unit == CM_DRAW_PATIENTS && patient) cases[i].unit = patient[i];
        if (unit == CM_DRAW_PROVIDERS) cases[i].unit = provider ? provider[i] : 0;
    }
    order_cases(cases, n_cases);
    fill(s, cases);
    free(cases);
    *out = s;
    return CM_OK;
}

void cm_sampling_destroy(cm_sampling *s)
{
    if (!s) return;
    free(s->unit_first);
    free(s->stratum_first);
    free(s->member);
    free(s);
}

int64_t cm_sampling_units(const cm_sampling *s)
{
    return s->n_units;
}

int64_t cm_sampling_cases(const cm_sampling *s)
{
    return s->n_cases;
}

/* Draws of one stratum from its units first.. on: every unit is a case, so no lists need to be walked. */
static void draw_cases(const cm_sampling *s, cm_random r, uint64_t replicate, uint64_t draw, int64_t first,
                       int64_t units, int32_t *times)
{
    const int32_t *member = s->member + first;
    for (int64_t j = 0; j < units; j++)
        times[member[cm_random_below(r, replicate, draw + (uint64_t)j, (uint64_t)units)]]++;
}

void cm_sampling_draw(const cm_sampling *s, cm_random r, uint64_t replicate, int32_t *times)
{
    for (int64_t i = 0; i < s->n_cases; i++)
        times[i] = 0;
    uint64_t draw = 0;
    for (int64_t k = 0; k < s->n_strata; k++) {
        const int64_t first = s->stratum_first[k], units = s->stratum_first[k + 1] - first;
        if (s->n_units == s->n_cases) {
            draw_cases(s, r, replicate, draw, first, units, times);
            draw += (uint64_t)units;
            continue;
        }
        for (int64_t j = 0; j < units; j++, draw++) {
            const int64_t u = first + (int64_t)cm_random_below(r, replicate, draw, (uint64_t)units);
            for (int64_t m = s->unit_first[u]; m < s->unit_first[u + 1]; m++)
                times[s->member[m]]++;
        }
    }
}

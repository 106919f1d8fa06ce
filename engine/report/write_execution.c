/* <execution>: when, on what and at what cost. Nothing here is promised to be the same twice. */
#include <stdlib.h>
#include <string.h>

#include "engine/report/write_internal.h"

/* One quantity of one item; negative = not measured. */
typedef double (*measure)(const cm_item *item);

static double wall_of(const cm_item *item)
{
    return item->cost.wall_s;
}
static double cpu_of(const cm_item *item)
{
    return item->cost.cpu_s;
}
static double peak_of(const cm_item *item)
{
    return (double)item->cost.peak_bytes;
}
static double operations_of(const cm_item *item)
{
    return item->cost.operations;
}
static double energy_of(const cm_item *item)
{
    return item->cost.energy_j;
}

static const struct quantity {
    const char *element, *unit;
    measure get;
} quantities[] = {{"wall-seconds", "s", wall_of},
                  {"cpu-seconds", "s", cpu_of},
                  {"peak-bytes", "byte", peak_of},
                  {"operations", "1", operations_of},
                  {"energy", "J", energy_of}}; /* the last: the schema wants it or why it is not there */
enum { N_QUANTITIES = sizeof quantities / sizeof *quantities };

/* Items that ran to an end of their own; how long a crashed one took says nothing. */
static bool ran(const cm_item *item)
{
    return item->state == CM_ITEM_OK || item->state == CM_ITEM_NO_REFERENCE;
}

typedef enum measured { NOT_MEASURED, NOT_SHOWN, WRITTEN } measured;

/* The longest case and the largest are single cases, and so are quantiles of few: a public report has them by
 * the rule of its cells. */
static measured write_quantity(cm_xml_out *out, const cm_aggregates *a, int tool, const struct quantity *q,
                               double *values, double *scratch)
{
    const cm_results *r = a->results;
    const bool public = a->audience == CM_AUDIENCE_PUBLIC;
    int64_t n = 0;
    cm_summary s;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_item *item = cm_results_item(r, tool, i);
        if (ran(item) && q->get(item) >= 0) values[n++] = q->get(item);
    }
    if (cm_summarise(values, n, &s, NULL)) return NOT_MEASURED;
    if (a->groups[0].hidden || !cm_quantile_is_shown(a, n, 1)) return NOT_SHOWN;
    cm_xml_out_open(out, q->element);
    cm_xml_out_attribute(out, "unit", q->unit);
    cm_xml_out_integer(out, "cases", n);
    cm_xml_out_number(out, "mean", s.mean);
    if (cm_quantile_is_shown(a, n, 2)) cm_xml_out_number(out, "median", s.median);
    if (cm_quantile_is_shown(a, n, 4)) {
        cm_xml_out_number(out, "q1", s.q1);
        cm_xml_out_number(out, "q3", s.q3);
    }
    if (cm_quantile_is_shown(a, n, 10)) cm_xml_out_number(out, "p90", cm_quantile7(values, n, 0.9, scratch));
    if (!public) cm_xml_out_number(out, "maximum", s.maximum);
    cm_xml_out_close(out, q->element);
    return WRITTEN;
}

static void write_absent_energy(cm_xml_out *out, const cm_results *r, measured energy)
{
    const char *reason = r->energy_reason[0] ? r->energy_reason : "not measured";
    cm_xml_out_open(out, "energy-absent");
    cm_xml_out_attribute(out, "reason", energy == NOT_SHOWN ? "too few cases to publish" : reason);
    cm_xml_out_close(out, "energy-absent");
}

/* Of the case of median size, so it follows the rule of a median. */
static void write_planned(cm_xml_out *out, const cm_aggregates *a, const cm_tool_cost *cost)
{
    if (!cm_quantile_is_shown(a, a->results->n_cases, 2)) return;
    cm_xml_out_open(out, "planned");
    cm_xml_out_integer(out, "windows", cost->windows);
    cm_xml_out_number(out, "operations", cost->operations);
    cm_xml_out_integer(out, "peak-bytes", cost->peak_bytes);
    cm_xml_out_close(out, "planned");
}

static cm_status write_costs(cm_xml_out *out, const cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    double *values = malloc(((size_t)r->n_cases + 1) * sizeof *values);
    double *scratch = malloc(((size_t)r->n_cases + 1) * sizeof *scratch);
    if (!values || !scratch) {
        free(values);
        free(scratch);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the costs of the tools");
    }
    for (int t = 0; t < r->n_tools; t++) {
        cm_xml_out_open(out, "cost");
        cm_xml_out_attribute(out, "tool", a->keys[t]);
        if (r->tool_costs) write_planned(out, a, &r->tool_costs[t]);
        measured last = NOT_MEASURED;
        for (int q = 0; q < N_QUANTITIES; q++)
            last = write_quantity(out, a, t, &quantities[q], values, scratch);
        if (last != WRITTEN) write_absent_energy(out, r, last);
        cm_xml_out_close(out, "cost");
        cm_results_release(r);
    }
    free(values);
    free(scratch);
    return CM_OK;
}

static void write_launches(cm_xml_out *out, const cm_results *r)
{
    for (int l = 0; l < r->n_launches; l++) {
        const cm_launch *launch = &r->launches[l];
        cm_xml_out_open(out, "launch");
        cm_xml_out_attribute(out, "started", launch->started);
        if (launch->ended[0]) cm_xml_out_attribute(out, "ended", launch->ended);
        cm_xml_out_integer(out, "ranks", launch->ranks);
        cm_xml_out_integer(out, "threads", launch->threads);
        cm_xml_out_attribute(out, "kernels", launch->variant);
        if (launch->wall_s >= 0) cm_xml_out_number(out, "wall-seconds", launch->wall_s);
        cm_xml_out_close(out, "launch");
    }
}

/* Operator's texts and costs of single cases: site only. */
static void write_failures(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_results *r = a->results;
    cm_xml_out_open(out, "failures");
    for (int t = 0; t < r->n_tools; t++, cm_results_release(r))
        for (int64_t i = 0; i < r->n_cases; i++) {
            const cm_item *item = cm_results_item(r, t, i);
            if (ran(item) || item->state == CM_ITEM_OPEN) continue;
            cm_xml_out_open(out, "failure");
            cm_xml_out_attribute(out, "tool", a->keys[t]);
            cm_xml_out_attribute(out, "case", r->cases[i].id);
            cm_xml_out_attribute(out, "state", cm_item_state_name(item->state));
            if (item->reason) cm_xml_out_text(out, cm_results_reason(r, item));
            cm_xml_out_close(out, "failure");
        }
    cm_xml_out_close(out, "failures");
}

static void write_item_costs(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_results *r = a->results;
    cm_xml_out_open(out, "item-costs");
    for (int64_t i = 0; i < r->n_cases; i++) {
        if (i % CM_CASES_AT_ONCE == 0) cm_results_release(r);
        for (int t = 0; t < r->n_tools; t++) {
            const cm_item *item = cm_results_item(r, t, i);
            if (item->state == CM_ITEM_OPEN) continue;
            cm_xml_out_open(out, "item-cost");
            cm_xml_out_attribute(out, "tool", a->keys[t]);
            cm_xml_out_attribute(out, "case", r->cases[i].id);
            cm_xml_out_integer(out, "rank", item->rank);
            for (int q = 0; q < N_QUANTITIES; q++)
                if (quantities[q].get(item) >= 0)
                    cm_xml_out_number(out, quantities[q].element, quantities[q].get(item));
            cm_xml_out_close(out, "item-cost");
        }
    }
    cm_xml_out_close(out, "item-costs");
}

cm_status cm_write_execution(cm_xml_out *out, const cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    cm_xml_out_open(out, "execution");
    cm_xml_out_attribute(out, "started", r->created);
    if (r->engine_commit[0]) cm_xml_out_attribute(out, "engine-commit", r->engine_commit);
    cm_xml_out_attribute(out, "machine", r->machine);
    write_launches(out, r);
    cm_xml_out_open(out, "costs");
    cm_status status = write_costs(out, a, err);
    cm_xml_out_close(out, "costs");
    if (a->audience == CM_AUDIENCE_SITE) {
        write_failures(out, a);
        write_item_costs(out, a);
    }
    cm_xml_out_close(out, "execution");
    return status;
}

/* The verdict in words, and the warnings a reader needs before believing any number. Words are chosen so that
 * they claim what was computed and no more: an order on these cases, and whether resampling the cases could
 * turn it round. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/compare_internal.h"

const char *cm_outcome_name(cm_outcome outcome)
{
    switch (outcome) {
    case CM_OUTCOME_CLEAR:
        return "clear";
    case CM_OUTCOME_NOT_CLEAR:
        return "not-clear";
    case CM_OUTCOME_EQUAL:
        return "equal";
    case CM_OUTCOME_SINGLE:
        return "single";
    case CM_OUTCOME_TOO_FEW:
        return "too-few-cases";
    case CM_OUTCOME_NO_VALUE:
        return "no-value";
    case CM_OUTCOME_INCOMPLETE:
        return "incomplete";
    case CM_OUTCOME_HIDDEN:
        return "hidden";
    }
    return "unknown";
}

enum {
    NAMES_IN_A_SENTENCE = 6
}; /* a verdict that lists fifty tools is not read; the groups of equals have all */

/* A value of the ranking metric in a sentence, rounded as the page does (words.xsl); machines get the full
 * number elsewhere. like: the number whose decimals it gets, so that the ends of an interval agree with what
 * is between. */
static cm_str figure_like(const cm_aggregates *a, double value, double like)
{
    const cm_metric *metric = &a->results->bench->metrics[a->ranking_metric];
    const bool ratio = !strcmp(cm_metric_unit(metric, !a->results->distances_in_voxels), "1");
    const double size = fabs(like);
    const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : ratio || (size < 0.095 && size > 0) ? 3 : 2;
    const double least = 0.5 * pow(10, -decimals); /* what rounds to zero has no sign */
    cm_str digits = cm_strf("%.*f", decimals, fabs(value));
    return value <= -least ? cm_strf("\xE2\x88\x92%s", digits.s) : digits; /* a minus, not a hyphen */
}

static cm_str figure(const cm_aggregates *a, double value)
{
    return figure_like(a, value, value);
}

static void say(cm_aggregates *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(cm_aggregates *a, const char *format, ...)
{
    size_t used = strlen(a->verdict);
    va_list args;
    va_start(args, format);
    vsnprintf(a->verdict + used, sizeof a->verdict - used, format, args);
    va_end(args);
}

/* What tools are ranked by: "mean DSC of liver", "mean distance of RVD of liver from 0". */
static cm_str quantity(const cm_aggregates *a)
{
    const cm_metric *metric = &a->results->bench->metrics[a->ranking_metric];
    const bool distance = cm_metric_is_distance(a, a->ranking_metric);
    const cm_str name = cm_strf("%s%s", distance ? "distance of " : "", metric->id),
                 from = distance ? cm_strf(" from %g", metric->definition->best) : cm_strf("%s", "");
    const char *target = a->ranking_target < 0 ? "" : cm_aggregates_target_name(a, a->ranking_target);
    if (a->results->bench->task == CM_TASK_CLASSIFICATION)
        return cm_aggregates_class(a, a->ranking_target) < 0
                   ? cm_strf("%s%s (mean over the classes)", name.s, from.s)
                   : cm_strf("%s of class %s%s", name.s, target, from.s);
    return a->ranking_target < 0
               ? cm_strf("mean %s%s over the targets", name.s, from.s)
               : cm_strf("%s%s of %s%s", cm_metric_of_cohort(a->results, a->ranking_metric) ? "" : "mean ",
                         name.s, target, from.s);
}

/* The leader is better beyond doubt: the interval of the difference does not hold zero and, where all pairs
 * are tested, the test agrees after its correction for so many. */
static bool clearly_behind(const cm_aggregates *a, int tool)
{
    const cm_comparison *c = a->comparison;
    return a->standings[tool].apart && (!c || c->pairs->better[a->leader * c->n_tools + tool]);
}

static bool any_predicted(const cm_results *r)
{
    for (int t = 0; t < r->n_tools; t++, cm_results_release(r))
        for (int64_t i = 0; i < r->n_cases; i++)
            if (cm_results_item(r, t, i)->state == CM_ITEM_OK) return true;
    return false;
}

static cm_outcome outcome_of(const cm_aggregates *a, bool any_open, bool any_hidden)
{
    int n_with = 0, n_first = 0, n_unclear = 0;
    for (int t = 0; t < a->results->n_tools; t++) {
        const cm_standing *s = &a->standings[t];
        if (!s->has_value) continue;
        n_with++;
        n_first += s->place == 1;
        n_unclear += t != a->leader && a->leader >= 0 && !clearly_behind(a, t);
    }
    if (any_hidden) return CM_OUTCOME_HIDDEN;
    if (any_open) return CM_OUTCOME_INCOMPLETE;
    if (!n_with || !any_predicted(a->results)) return CM_OUTCOME_NO_VALUE;
    if (n_with == 1) return CM_OUTCOME_SINGLE;
    if (a->cases_with_reference < CM_CASES_FOR_A_VERDICT) return CM_OUTCOME_TOO_FEW;
    if (n_first > 1) return CM_OUTCOME_EQUAL;
    return n_unclear ? CM_OUTCOME_NOT_CLEAR : CM_OUTCOME_CLEAR;
}

/* The fewest cases that any target of the ranking took into the tool's value. */
static int64_t cases_behind(const cm_aggregates *a, int tool)
{
    int first = a->ranking_target < 0 ? 0 : a->ranking_target;
    int last = a->ranking_target < 0 ? a->n_targets - 1 : a->ranking_target;
    int64_t fewest = a->cases_with_reference;
    for (int g = first; g <= last; g++) {
        const cm_cell *cell = cm_aggregates_cell(a, tool, g, a->ranking_metric, 0);
        if (!cell->hidden && cell->n < fewest) fewest = cell->n;
    }
    return fewest;
}

static void say_leader(cm_aggregates *a)
{
    const cm_standing *s = &a->standings[a->leader];
    say(a, "%s has the best %s: %s", a->keys[a->leader], quantity(a).s, figure(a, s->value).s);
    if (s->has_interval)
        say(a, " (%g %% interval %s to %s)", 100 * s->interval.level,
            figure_like(a, s->interval.low, s->value).s, figure_like(a, s->interval.high, s->value).s);
    int64_t n = cases_behind(a, a->leader), all = a->cases_with_reference;
    if (n < all)
        say(a, ", over %lld of %lld cases (the warnings say why).", (long long)n, (long long)all);
    else
        say(a, ", on %lld cases.", (long long)all);
}

/* The best placed of the others, the first in input order on a tie. */
static int runner_up(const cm_aggregates *a)
{
    int best = -1;
    for (int t = 0; t < a->results->n_tools; t++)
        if (t != a->leader && a->standings[t].has_value &&
            (best < 0 || a->standings[t].place < a->standings[best].place))
            best = t;
    return best;
}

static void say_difference(cm_aggregates *a, int tool)
{
    const cm_standing *s = &a->standings[tool];
    if (!s->has_difference) return;
    say(a, " Difference to %s: %s (%g %% interval %s to %s).", a->keys[tool], figure(a, s->difference).s,
        100 * s->difference_interval.level, figure_like(a, s->difference_interval.low, s->difference).s,
        figure_like(a, s->difference_interval.high, s->difference).s);
}

static void say_unclear(cm_aggregates *a)
{
    int n = 0;
    say(a, " Not clearly behind it:");
    for (int t = 0; t < a->results->n_tools; t++) {
        const cm_standing *s = &a->standings[t];
        if (t == a->leader || !s->has_value || clearly_behind(a, t)) continue;
        if (n++ < NAMES_IN_A_SENTENCE) say(a, "%s %s", n > 1 ? "," : "", a->keys[t]);
    }
    if (n > NAMES_IN_A_SENTENCE) say(a, " and %d more", n - NAMES_IN_A_SENTENCE);
    say(a, ". On other cases of the same kind the order could well be another.");
}

static void say_first(cm_aggregates *a)
{
    int n = 0;
    for (int t = 0; t < a->results->n_tools; t++)
        if (a->standings[t].has_value && a->standings[t].place == 1 && n++ < NAMES_IN_A_SENTENCE)
            say(a, "%s %s", n > 1 ? "," : "", a->keys[t]);
    if (n > NAMES_IN_A_SENTENCE) say(a, " and %d more", n - NAMES_IN_A_SENTENCE);
    say(a, ".");
}

static void write_verdict(cm_aggregates *a)
{
    switch (a->outcome) {
    case CM_OUTCOME_HIDDEN:
        say(a, "There are fewer cases than the %d below which this bench publishes nothing.",
            a->results->bench->minimum_cell);
        return;
    case CM_OUTCOME_NO_VALUE:
        if (a->leader >= 0) /* all values are those that the bench's policy gives to failures */
            say(a, "No tool predicted a single case with a reference: there is nothing to compare.");
        else
            say(a, "No tool has a value for %s: there is no ranking.", quantity(a).s);
        return;
    case CM_OUTCOME_INCOMPLETE:
        say(a, "The run is not complete, so there is no verdict yet. Resume it and make the report again.");
        return;
    case CM_OUTCOME_EQUAL:
        say(a, "Several tools share the best %s, %s:", quantity(a).s,
            figure(a, a->standings[a->leader].value).s);
        say_first(a);
        return;
    default:
        break;
    }
    say_leader(a);
    if (a->outcome == CM_OUTCOME_SINGLE) {
        say(a, " It is the only tool with a value, so nothing is compared.");
    } else if (a->outcome == CM_OUTCOME_TOO_FEW) {
        say(a, " With fewer than %d cases no tool can be called better than another.",
            CM_CASES_FOR_A_VERDICT);
    } else {
        say_difference(a, runner_up(a));
        if (a->outcome == CM_OUTCOME_NOT_CLEAR)
            say_unclear(a);
        else
            say(a,
                a->cases_with_reference < CM_CASES_FOR_INTERVALS
                    ? " It is ahead of every other tool on these cases, but intervals of so few cases tend to be "
                      "too narrow."
                    : " It is clearly ahead of every other tool on these cases.");
    }
}

/* ---- warnings ---- */
static cm_status warn(cm_aggregates *a, cm_error *err, const char *code, int tool, int64_t cases, cm_str text)
{
    cm_warning *more = realloc(a->warnings, ((size_t)a->n_warnings + 1) * sizeof *more);
    if (!more) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a warning of the report");
    a->warnings = more;
    cm_warning *w = &more[a->n_warnings++];
    *w = (cm_warning){.code = code, .tool = tool, .cases = cases};
    memcpy(w->text, text.s, sizeof w->text);
    return CM_OK;
}

static const char *plural(int64_t n)
{
    return n == 1 ? "case" : "cases";
}

typedef struct item_counts {
    int64_t open, failed, damaged, machine;
} item_counts;

static item_counts count_items(const cm_results *r, int tool)
{
    item_counts c = {0};
    for (int64_t i = 0; i < r->n_cases; i++) {
        cm_item_state s = cm_results_item(r, tool, i)->state;
        c.open += s == CM_ITEM_OPEN;
        c.damaged += s == CM_ITEM_DAMAGED_INPUT;
        c.failed +=
            s != CM_ITEM_OPEN && s != CM_ITEM_OK && s != CM_ITEM_NO_REFERENCE && s != CM_ITEM_DAMAGED_INPUT;
        c.machine += cm_item_state_depends_on_machine(s);
    }
    cm_results_release(r);
    return c;
}

static cm_status warn_of_items(cm_aggregates *a, int t, cm_error *err)
{
    item_counts c = count_items(a->results, t);
    const char *key = a->keys[t];
    bool worst = a->results->bench->policies.missing != CM_POLICY_EXCLUDE;
    cm_status status = CM_OK;
    if (c.open)
        status = warn(a, err, "incomplete", t, c.open,
                      cm_strf("%s has not seen %lld %s yet.", key, (long long)c.open, plural(c.open)));
    if (!status && c.failed)
        status = warn(a, err, "failed-cases", t, c.failed,
                      cm_strf("%s failed on %lld of %lld cases; they count as %s.", key, (long long)c.failed,
                              (long long)a->results->n_cases,
                              worst ? "the worst possible result" : "left out, by the bench's policy"));
    if (!status && c.machine)
        status = warn(a, err, "machine-dependent", t, c.machine,
                      cm_strf("%s met a time or memory limit on %lld %s; on another machine it might not.",
                              key, (long long)c.machine, plural(c.machine)));
    if (!status && c.damaged)
        status = warn(a, err, "damaged-input", t, c.damaged,
                      cm_strf("%lld %s could not be read from the cohort for %s and are left out.",
                              (long long)c.damaged, plural(c.damaged), key));
    return status;
}

/* "both masks empty on 2, prediction empty on 1" */
static cm_str reasons(const cm_cell *cell)
{
    static const struct {
        cm_emptiness empty;
        const char *words;
    } kinds[] = {{CM_BOTH_EMPTY, "both masks empty"},
                 {CM_REFERENCE_EMPTY, "reference empty"},
                 {CM_PREDICTION_EMPTY, "prediction empty"},
                 {CM_NONE_EMPTY, "0/0"}};
    cm_str all = {""};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int64_t n = cell->undefined[kinds[k].empty];
        if (n) all = cm_strf("%s%s%s on %lld", all.s, all.s[0] ? ", " : "", kinds[k].words, (long long)n);
    }
    return all;
}

/* Undefined values of the metric that decides the ranking. */
static cm_status warn_of_undefined(cm_aggregates *a, int t, cm_error *err)
{
    int first = a->ranking_target < 0 ? 0 : a->ranking_target;
    int last = a->ranking_target < 0 ? a->n_targets - 1 : a->ranking_target;
    for (int g = first; g <= last; g++) {
        const cm_cell *cell = cm_aggregates_cell(a, t, g, a->ranking_metric, 0);
        int64_t n = 0;
        for (int e = 0; e < 4; e++)
            n += cell->undefined[e];
        if (!n || cell->hidden) continue;
        const bool alone = !cell->missing && !cell->open && !cell->damaged;
        cm_str policy =
            cm_strf("By the bench's policies, cases given a number instead: %lld; left out: %lld.",
                    (long long)cell->substituted, (long long)cell->excluded);
        if (alone && !cell->substituted) policy = cm_strf("By the bench's policies they are left out.");
        if (alone && !cell->excluded)
            policy = cm_strf("By the bench's policies they count with a given number.");
        cm_status status =
            warn(a, err, "undefined", t, n,
                 cm_strf("%s: no value of %s of %s on %lld of %lld cases (%s). %s", a->keys[t],
                         a->results->bench->metrics[a->ranking_metric].id, cm_aggregates_target_name(a, g),
                         (long long)n, (long long)cell->cases, reasons(cell).s, policy.s));
        if (status) return status;
    }
    return CM_OK;
}

static cm_status warn_of_groups(cm_aggregates *a, cm_error *err)
{
    int filled = 0, n_small = 0, n_hidden = 0, minimum = a->results->bench->minimum_cell;
    for (int g = 1; g < a->n_groups; g++) {
        filled += a->groups[g].cases > 0;
        n_small += a->groups[g].cases > 0 && a->groups[g].cases < minimum;
        n_hidden += a->groups[g].hidden != CM_SHOWN;
    }
    cm_status status = CM_OK;
    if (filled == 1)
        status = warn(
            a, err, "single-provider", -1, a->groups[0].cases,
            cm_strf("All cases come from one provider: nothing is known of other hospitals or scanners."));
    if (!status && n_hidden)
        status = warn(
            a, err, "hidden-cells", -1, 0,
            cm_strf("Results of %d of %d providers are not published: groups of fewer than %d cases, and "
                    "those that would give them away, are hidden.",
                    n_hidden, filled, minimum));
    else if (!status && n_small)
        status = warn(a, err, "small-groups", -1, 0,
                      cm_strf("Providers with fewer than %d cases: %d of %d. Read their rows as anecdotes.",
                              minimum, n_small, filled));
    return status;
}

static bool any_distance(const cm_bench *bench)
{
    for (int m = 0; m < bench->n_metrics; m++)
        if (bench->metrics[m].definition->worst_is_diagonal) return true;
    return false;
}

/* Other ways to rank the same values that put another tool first. */
static cm_status warn_of_methods(cm_aggregates *a, cm_error *err)
{
    const cm_comparison *c = a->comparison;
    cm_str others = {""};
    int n = 0;
    if (!c || a->leader < 0 || a->groups[0].hidden) return CM_OK;
    for (int k = 1; k < c->n_methods; k++) {
        if (c->method[k].place[a->leader] == 1) continue;
        int first = 0;
        while (first + 1 < c->n_tools && c->method[k].place[first] != 1)
            first++;
        others = cm_strf("%s%s%s (%s)", others.s, n++ ? ", " : "",
                         cm_ranking_method_name(c->method[k].rule.method), a->keys[first]);
    }
    if (!n) return CM_OK;
    return warn(a, err, "other-methods", -1, 0,
                cm_strf("Other ways to rank the same values put another tool first: %s.", others.s));
}

static cm_status warn_of_cohort(cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    int64_t without = r->n_cases - a->cases_with_reference;
    cm_status status = CM_OK;
    if (r->smoke > 0)
        status = warn(
            a, err, "trial-run", -1, r->n_cases,
            cm_strf(
                "A trial on the first %lld cases only (--smoke): it shows that the tools run, not which is better.",
                (long long)r->n_cases));
    if (!status && a->cases_with_reference < CM_CASES_FOR_INTERVALS && !a->groups[0].hidden)
        status =
            warn(a, err, "few-cases", -1, a->cases_with_reference,
                 cm_strf("Only %lld %s with a reference: intervals of so few cases tend to be too narrow.",
                         (long long)a->cases_with_reference, plural(a->cases_with_reference)));
    if (!status && without && !a->groups[0].hidden)
        status =
            warn(a, err, "no-reference", -1, without,
                 cm_strf("Without a reference: %lld of %lld cases. They ran, but nothing is scored on them.",
                         (long long)without, (long long)r->n_cases));
    if (!status && a->n_patients < r->n_cases && !a->groups[0].hidden)
        status = warn(
            a, err, "repeated-patients", -1, r->n_cases - a->n_patients,
            cm_strf(
                "The %lld cases belong to %lld patients: intervals resample patients, whose cases stay together.",
                (long long)r->n_cases, (long long)a->n_patients));
    if (!status && r->distances_in_voxels && any_distance(r->bench))
        status = warn(a, err, "distances-in-voxels", -1, 0,
                      cm_strf("The spacing of the images is not known: distances are in voxels, not in mm."));
    if (!status) status = warn_of_groups(a, err);
    return status;
}

cm_status cm_aggregate_judge(cm_aggregates *a, cm_error *err)
{
    bool any_open = false, any_hidden = a->groups[0].hidden != CM_SHOWN;
    for (int t = 0; t < a->results->n_tools; t++) {
        any_open |= count_items(a->results, t).open > 0;
        any_hidden |= a->standings[t].hidden;
    }
    a->outcome = outcome_of(a, any_open, any_hidden);
    write_verdict(a);

    cm_status status = warn_of_methods(a, err);
    for (int t = 0; t < a->results->n_tools && !status; t++) {
        status = warn_of_items(a, t, err);
        if (!status) status = warn_of_undefined(a, t, err);
    }
    if (!status) status = warn_of_cohort(a, err);
    return status;
}

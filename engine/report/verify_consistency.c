/* What must be true of any report, whatever its numbers: sums add up, places follow from values, what is
 * drawn from something agrees with it, and a public report keeps to its own rules. Everything here needs only
 * the report without its cases. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/compared_internal.h"
#include "engine/report/verify_internal.h"

enum { NAME = 300 };

typedef struct reading {
    xmlNodePtr root, results, bench, tools, metrics, aggregates;
    bool public;
    int64_t minimum_cell, replicates;
    int n_tools;
    cm_remarks *f;
    int64_t checked;
} reading;

static bool is(xmlNodePtr node, const char *attribute, const char *wanted)
{
    char text[NAME];
    return cm_xml_attribute(node, attribute, text, sizeof text) && !strcmp(text, wanted);
}

static bool has(xmlNodePtr node, const char *attribute)
{
    return node && xmlHasProp(node, BAD_CAST attribute);
}

/* "DSC of lesion, tool a, provider b" for a cell or a result. */
static cm_str place_name(xmlNodePtr node)
{
    char metric[NAME] = "", target[NAME] = "", tool[NAME] = "", provider[NAME] = "";
    cm_xml_attribute(node, "provider", provider, sizeof provider);
    if (!has(node, "metric")) node = node->parent;
    cm_xml_attribute(node, "metric", metric, sizeof metric);
    cm_xml_attribute(node, "target", target, sizeof target);
    cm_xml_attribute(node, "tool", tool, sizeof tool);
    return cm_strf("%.60s of %.60s, tool %.80s%s%.60s", metric, target, tool,
                   provider[0] ? ", provider " : "", provider);
}

static void expect(reading *r, bool holds, xmlNodePtr node, const char *what)
{
    r->checked++;
    if (!holds) cm_remarks_add(r->f, CM_REMARK_BROKEN, "consistency", place_name(node).s, "%s", what);
}

/* As much as rounding may move a mean or a product of a few numbers. */
static bool about(double a, double b)
{
    return fabs(a - b) <= 1e-12 * (fabs(a) + fabs(b)) + 1e-300;
}

static bool not_above(double low, double high)
{
    return low <= high || about(low, high);
}

/* ---- cells ---- */
static int64_t count_of(xmlNodePtr counts, const char *name)
{
    return cm_xml_integer(counts, name, 0);
}

static void check_counts(reading *r, xmlNodePtr cell, xmlNodePtr counts)
{
    static const char *const without_value[] = {"both-empty", "reference-empty", "prediction-empty",
                                                "undefined-otherwise", "missing"};
    int64_t sum = count_of(counts, "ok") + count_of(counts, "damaged-input") + count_of(counts, "open");
    int64_t none = 0, n = cm_xml_integer(cell, "n", -1);
    for (size_t k = 0; k < sizeof without_value / sizeof *without_value; k++)
        none += count_of(counts, without_value[k]);
    expect(r, sum + none == cm_xml_integer(cell, "cases", -1), cell,
           "the counts do not add up to the number of cases");
    expect(r, n == count_of(counts, "ok") + count_of(counts, "substituted"), cell,
           "n is not the number of values plus those put in by policy");
    expect(r, none == count_of(counts, "substituted") + count_of(counts, "excluded"), cell,
           "cases without a value are neither given one by policy nor left out");
}

/* Quantiles that are there rise, and a public report has those that stand for as many cases as its minimum
 * cell. A group of a public report does not say how many cases entered, only how many there are at most. */
static void check_quantiles(reading *r, xmlNodePtr cell, xmlNodePtr s)
{
    static const struct {
        const char *name;
        int one_in;
    } rising[] = {{"minimum", 0}, {"p10", 10}, {"q1", 4},     {"median", 2},
                  {"q3", 4},      {"p90", 10}, {"maximum", 0}};
    const int64_t cases = cm_xml_integer(cell, "cases", 0), n = cm_xml_integer(cell, "n", cases);
    bool in_order = true, shown = true, kept = true;
    double before = -INFINITY;
    for (size_t k = 0; k < sizeof rising / sizeof *rising; k++) {
        const bool there = has(s, rising[k].name);
        const bool enough = !r->public || n >= rising[k].one_in * r->minimum_cell;
        const double value = cm_xml_double(s, rising[k].name, before);
        in_order &= not_above(before, value);
        before = value;
        if (!rising[k].one_in) continue;
        shown &= there || !enough || (r->public && !has(cell, "n"));
        kept &= !there || enough;
    }
    expect(r, in_order, cell, "minimum, quartiles, median and maximum are not in order");
    expect(r, shown, cell, "the median, a quartile or another quantile is missing");
    expect(r, kept, cell, "a public report shows a quantile that too few cases stand behind");
}

static void check_summary(reading *r, xmlNodePtr cell, xmlNodePtr s)
{
    double mean = cm_xml_double(s, "mean", NAN), sd = cm_xml_double(s, "sd", 0);
    double low = cm_xml_double(s, "minimum", NAN), high = cm_xml_double(s, "maximum", NAN);
    double n = cm_xml_double(cell, "n", 0);
    check_quantiles(r, cell, s);
    expect(r, sd >= 0, cell, "a standard deviation is negative");
    if (has(s, "minimum"))
        expect(r, not_above(low, mean) && not_above(mean, high), cell,
               "the mean lies outside of the smallest and largest value");
    expect(r, !r->public || !has(s, "se") || !strcmp((const char *)cell->name, "of-all"), cell,
           "sd and se of a group in a public report tell how many of its cases were left out");
    if (has(cell, "n") && n >= 1) {
        expect(r, has(s, "sd") == (n > 1), cell,
               "a standard deviation belongs to two cases or more, and to no fewer");
        if (has(s, "se"))
            expect(r, about(cm_xml_double(s, "se", NAN), sd / sqrt(n)), cell,
                   "the standard error is not sd / sqrt(n)");
    }
    expect(r,
           !r->public || (!has(s, "minimum") && !has(s, "maximum") && !has(s, "median-low") &&
                          !has(s, "whisker-low") && !has(s, "whisker-high")),
           cell, "a public report shows values of single cases (extremes)");
}

static void check_interval(reading *r, xmlNodePtr owner, xmlNodePtr interval)
{
    if (!interval) return;
    expect(r, cm_xml_double(interval, "low", NAN) <= cm_xml_double(interval, "high", NAN), owner,
           "an interval ends before it begins");
    expect(r,
           cm_xml_integer(interval, "replicates", 0) + cm_xml_integer(interval, "undefined-replicates", 0) <=
               r->replicates,
           owner, "an interval has more replicates than the bench declares");
}

static void check_cell(reading *r, xmlNodePtr cell)
{
    if (has(cell, "hidden")) {
        expect(r, r->public && !cm_xml_child(cell, NULL) && !has(cell, "n") && !has(cell, "cases"), cell,
               r->public ? "a hidden cell still shows something" : "a site report hides nothing");
        return;
    }
    xmlNodePtr counts = cm_xml_child(cell, "counts"), summary = cm_xml_child(cell, "summary");
    if (counts) check_counts(r, cell, counts);
    if (summary) check_summary(r, cell, summary);
    check_interval(r, cell, cm_xml_child(cell, "interval"));
    int64_t n = cm_xml_integer(cell, "n", -1);
    expect(r, !r->public || n <= 0 || n >= r->minimum_cell, cell,
           "a public report shows a cell of fewer cases than its minimum");
    bool has_number = summary || cm_xml_child(cell, "value");
    expect(r, !r->public || !has_number || cm_xml_integer(cell, "cases", 0) >= r->minimum_cell, cell,
           "a public report shows a number of fewer cases than its minimum");
}

/* The sum of the squares of n numbers about a value, from their mean's distance to it and their spread. */
static double squares(double n, double mean, double sd)
{
    return (n - 1) * sd * sd + n * mean * mean;
}

/* Distances against what they are distances of, where the report has both. The mean of distances is no less
 * than the distance of the mean, and both lists have the same sum of squares about the best value. */
static void check_distance(reading *r, xmlNodePtr cell, cm_direction d, bool macro)
{
    xmlNodePtr distance = cm_xml_child(cell, "distance"), summary = cm_xml_child(cell, "summary"),
               value = cm_xml_child(cell, "value");
    const double x = cm_xml_double(distance, "value", NAN), n = cm_xml_double(cell, "n", 0);
    const double bias = cm_direction_miss(d, cm_xml_double(summary, "mean", NAN));
    char text[64];
    if (has(cell, "hidden")) return;
    expect(r, (distance != NULL) == (cm_direction_has_target(d) && !cm_xml_child(cell, "undefined")), cell,
           "a distance belongs to the metrics that are best at zero or one, and to no others");
    if (!distance) return;
    expect(r, x >= 0, cell, "a distance is negative");
    if (!value) check_summary(r, cell, distance);
    check_interval(r, cell, cm_xml_child(distance, "interval"));
    if (value && cm_xml_text(value, text, sizeof text)) {
        const double own = cm_direction_miss(d, strtod(text, NULL));
        expect(r, macro ? not_above(own, x) : own == x, cell, "the distance is not that of the value");
    }
    if (summary) {
        const double a = squares(n, bias, cm_xml_double(summary, "sd", 0)),
                     b = squares(n, x, cm_xml_double(distance, "sd", 0));
        expect(r, not_above(bias, x), cell, "the mean distance is less than the distance of the mean");
        expect(r, !has(cell, "n") || fabs(a - b) <= 1e-9 * (a + b), cell,
               "the distances are not those of values with this mean and spread");
        expect(r, !r->public || !strcmp((const char *)cell->name, "of-all"), cell,
               "a public report shows the bias of a group beside its distance");
    }
}

/* Providers share out the cases of the whole. */
static void check_providers(reading *r, xmlNodePtr result)
{
    xmlNodePtr all = cm_xml_child(result, "of-all");
    int64_t cases = 0, n = 0;
    bool known = cm_xml_child(result, "of-provider") != NULL;
    for (xmlNodePtr p = cm_xml_child(result, "of-provider"); p; p = cm_xml_next(p, "of-provider")) {
        known &= has(p, "cases") && has(p, "n");
        cases += cm_xml_integer(p, "cases", 0);
        n += cm_xml_integer(p, "n", 0);
    }
    if (known && has(all, "n"))
        expect(r, cases == cm_xml_integer(all, "cases", -1) && n == cm_xml_integer(all, "n", -1), result,
               "the cases of the providers do not add up to all cases");
}

static void check_subgroup_cells(reading *r)
{
    xmlNodePtr of = cm_xml_child(cm_xml_child(r->results, "subgroups"), "attribute");
    for (; of; of = cm_xml_next(of, "attribute"))
        for (xmlNodePtr x = cm_xml_child(of, "result"); x; x = cm_xml_next(x, "result"))
            for (xmlNodePtr g = cm_xml_child(x, "of-group"); g; g = cm_xml_next(g, "of-group"))
                check_cell(r, g);
}

/* ---- values, directions, places ---- */
static bool value_of(xmlNodePtr cell, double *out)
{
    cm_compared compared;
    const bool there = cm_compared_of(cell, &compared);
    if (there) *out = compared.value;
    return there;
}

static cm_direction direction_of(xmlNodePtr metric)
{
    for (int d = CM_HIGHER_IS_BETTER; d <= CM_CLOSER_TO_ONE_IS_BETTER; d++)
        if (is(metric, "direction", cm_direction_name((cm_direction)d))) return (cm_direction)d;
    return CM_HIGHER_IS_BETTER;
}

static xmlNodePtr metric_named(const reading *r, const char *id)
{
    xmlNodePtr m = cm_xml_child(r->metrics, "metric");
    while (m && !is(m, "id", id))
        m = cm_xml_next(m, "metric");
    return m;
}

/* Places of n owners (results or standings) against their values. */
static void check_places(reading *r, xmlNodePtr *owner, const double *value, const bool *has_value, int n,
                         cm_direction direction)
{
    int *place = calloc((size_t)n + 1, sizeof *place);
    if (!place) {
        r->f->out_of_memory = true;
        return;
    }
    cm_places(value, has_value, n, cm_direction_of_compared(direction), place);
    for (int t = 0; t < n; t++)
        if (has(owner[t], "place"))
            expect(r, cm_xml_integer(owner[t], "place", 0) == place[t], owner[t],
                   "the place does not follow from the values");
    free(place);
}

/* Results come grouped: one per tool for each target and metric, in the order of the tools. */
static xmlNodePtr check_group(reading *r, xmlNodePtr first, xmlNodePtr *owner, double *value, bool *has_value)
{
    char metric[NAME], target[NAME], tool[NAME];
    cm_xml_attribute(first, "metric", metric, sizeof metric);
    cm_xml_attribute(first, "target", target, sizeof target);
    xmlNodePtr result = first, node = cm_xml_child(r->tools, "tool"), of = metric_named(r, metric);
    int n = 0;
    expect(r, of != NULL, first, "the metric is not among the metrics of the report");
    for (; node && n < r->n_tools; node = cm_xml_next(node, "tool"), n++) {
        cm_xml_attribute(node, "key", tool, sizeof tool);
        if (!result || !is(result, "metric", metric) || !is(result, "target", target) ||
            !is(result, "tool", tool)) {
            expect(r, false, first, "there is not one result for each tool, in the order of the tools");
            return result == first ? cm_xml_next(result, "result") : result;
        }
        xmlNodePtr all = cm_xml_child(result, "of-all");
        owner[n] = result;
        has_value[n] = value_of(all, &value[n]);
        check_cell(r, all);
        check_distance(r, all, direction_of(of), !strcmp(target, "macro"));
        for (xmlNodePtr p = cm_xml_child(result, "of-provider"); p; p = cm_xml_next(p, "of-provider")) {
            check_cell(r, p);
            check_distance(r, p, direction_of(of), !strcmp(target, "macro"));
        }
        check_providers(r, result);
        result = cm_xml_next(result, "result");
    }
    bool any_hidden = false;
    for (int t = 0; t < n; t++)
        any_hidden |= has(cm_xml_child(owner[t], "of-all"), "hidden");
    if (!any_hidden) check_places(r, owner, value, has_value, n, direction_of(of));
    return result;
}

static void check_subgroups(reading *r)
{
    xmlNodePtr of = cm_xml_child(cm_xml_child(r->results, "subgroups"), "attribute");
    for (; of; of = cm_xml_next(of, "attribute"))
        for (xmlNodePtr x = cm_xml_child(of, "result"); x; x = cm_xml_next(x, "result")) {
            char metric[NAME];
            cm_xml_attribute(x, "metric", metric, sizeof metric);
            const cm_direction d = direction_of(metric_named(r, metric));
            for (xmlNodePtr g = cm_xml_child(x, "of-group"); g; g = cm_xml_next(g, "of-group")) {
                check_cell(r, g);
                check_distance(r, g, d, is(x, "target", "macro"));
            }
        }
}

/* ---- the ranking ---- */
/* The value that the ranking rule gives a tool: of one target, or the mean over the targets. */
static bool ranked_value(const reading *r, const char *metric, const char *target, const char *tool,
                         double *out)
{
    bool mean = !strcmp(target, "mean-of-targets");
    double sum = 0, value;
    int n = 0;
    for (xmlNodePtr x = cm_xml_child(r->aggregates, "result"); x; x = cm_xml_next(x, "result")) {
        if (!is(x, "metric", metric) || !is(x, "tool", tool) || (!mean && !is(x, "target", target))) continue;
        if (!value_of(cm_xml_child(x, "of-all"), &value)) continue;
        sum += value;
        n++;
    }
    *out = n ? sum / n : 0;
    return n > 0;
}

static void check_difference(reading *r, xmlNodePtr standing, double value, xmlNodePtr ranking)
{
    xmlNodePtr difference = cm_xml_child(standing, "difference"), leader = cm_xml_child(ranking, "standing");
    char from[NAME];
    double best;
    if (!difference) return;
    cm_xml_attribute(difference, "from", from, sizeof from);
    while (leader && !is(leader, "tool", from))
        leader = cm_xml_next(leader, "standing");
    bool known = leader && value_of(leader, &best);
    expect(r, known && is(leader, "place", "1"), standing, "the difference is not to a tool at place 1");
    if (known)
        expect(r, cm_xml_double(difference, "value", NAN) == best - value, standing,
               "the difference is not that of the two values");
    xmlNodePtr interval = cm_xml_child(difference, "interval");
    bool apart = cm_xml_double(interval, "low", 0) > 0 || cm_xml_double(interval, "high", 0) < 0;
    expect(r, cm_xml_bool(difference, "apart", false) == apart, standing,
           "\"apart\" does not follow from the interval");
    check_interval(r, standing, interval);
}

static void check_ranking(reading *r, xmlNodePtr *owner, double *value, bool *has_value)
{
    xmlNodePtr ranking = cm_xml_child(r->results, "ranking"), rule = cm_xml_child(r->bench, "ranking-rule");
    char metric[NAME], target[NAME], tool[NAME];
    cm_xml_attribute(ranking, "metric", metric, sizeof metric);
    cm_xml_attribute(ranking, "target", target, sizeof target);
    cm_direction d = direction_of(metric_named(r, metric));
    expect(r, is(rule, "metric", metric) && is(rule, "target", target), ranking,
           "the ranking does not follow the bench's rule");
    int n = 0;
    bool any_hidden = false;
    for (xmlNodePtr s = cm_xml_child(ranking, "standing"); s && n < r->n_tools;
         s = cm_xml_next(s, "standing")) {
        double expected = 0;
        cm_xml_attribute(s, "tool", tool, sizeof tool);
        owner[n] = s;
        any_hidden |= has(s, "hidden");
        has_value[n] = value_of(s, &value[n]);
        bool of_results = ranked_value(r, metric, target, tool, &expected);
        if (!has(s, "hidden"))
            expect(r, has_value[n] == of_results && (!of_results || value[n] == expected), s,
                   "the value ranked by is not the one in the results");
        check_interval(r, s, cm_xml_child(s, "interval"));
        check_difference(r, s, value[n], ranking);
        n++;
    }
    expect(r, n == r->n_tools, ranking, "the ranking does not have one standing per tool");
    if (!any_hidden) check_places(r, owner, value, has_value, n, d);
}

static void check_verdict(reading *r)
{
    xmlNodePtr verdict = cm_xml_child(r->results, "verdict"), ranking = cm_xml_child(r->results, "ranking");
    for (xmlNodePtr b = cm_xml_child(verdict, "best"); b; b = cm_xml_next(b, "best")) {
        char tool[NAME];
        cm_xml_attribute(b, "tool", tool, sizeof tool);
        xmlNodePtr s = cm_xml_child(ranking, "standing");
        while (s && !is(s, "tool", tool))
            s = cm_xml_next(s, "standing");
        expect(r, s && is(s, "place", "1"), b, "the verdict names a tool that is not at place 1");
    }
    bool clear = is(verdict, "outcome", "clear");
    for (xmlNodePtr s = cm_xml_child(ranking, "standing"); clear && s; s = cm_xml_next(s, "standing")) {
        xmlNodePtr difference = cm_xml_child(s, "difference");
        expect(r, !difference || cm_xml_bool(difference, "apart", false), s,
               "the verdict is clear, but this tool's interval holds zero");
    }
}

static void check_outcomes(reading *r)
{
    xmlNodePtr cohort = cm_xml_child(r->results, "cohort"), outcomes = cm_xml_child(r->results, "outcomes");
    for (xmlNodePtr o = cm_xml_child(outcomes, "outcome"); o; o = cm_xml_next(o, "outcome")) {
        int64_t sum = 0;
        bool open = false, predicted = false;
        if (has(cohort, "hidden")) {
            expect(r, !cm_xml_child(o, "state") && !has(o, "message"), o,
                   "the outcomes of a tool tell how many cases a hidden cohort has");
            continue;
        }
        for (xmlNodePtr s = cm_xml_child(o, "state"); s; s = cm_xml_next(s, "state")) {
            sum += cm_xml_integer(s, "cases", 0);
            open |= is(s, "name", "open");
            predicted |= is(s, "name", "ok") || is(s, "name", "no-reference");
        }
        expect(r, sum == cm_xml_integer(cohort, "cases", -1), o,
               "the outcomes of a tool do not add up to the cases of the cohort");
        expect(r,
               is(o, "validation",
                  open        ? "interrupted"
                  : predicted ? "ok"
                              : "corrupted"),
               o, "the validation of a tool does not follow from its outcomes");
    }
}

/* Another engine may word a definition better; this one writes these words. */
static void check_words(reading *r, xmlNodePtr metric, const char *id, const cm_metric_definition *d)
{
    const struct {
        const char *element, *words;
    } texts[] = {{"title", d->title},           {"formula", d->formula},     {"range", d->range},
                 {"empty-rule", d->empty_rule}, {"averaging", d->averaging}, {"reference", d->reference}};
    const bool ours = is(cm_xml_child(r->results, "engine"), "version", CM_VERSION);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        char text[4000] = "";
        cm_xml_text(cm_xml_child(metric, texts[k].element), text, sizeof text);
        r->checked++;
        if (strcmp(text, texts[k].words))
            cm_remarks_add(r->f, ours ? CM_REMARK_BROKEN : CM_REMARK_WARNING, "definitions", id,
                           "the %s is worded differently from this engine's, under the same version",
                           texts[k].element);
    }
}

/* Definitions are data of the report; this engine knows what it would have written. */
static void check_definitions(reading *r)
{
    for (xmlNodePtr m = cm_xml_child(r->metrics, "metric"); m; m = cm_xml_next(m, "metric")) {
        char id[NAME];
        cm_metric metric;
        cm_xml_attribute(m, "id", id, sizeof id);
        if (cm_metric_parse(id, &metric, NULL)) {
            cm_remarks_add(r->f, CM_REMARK_UNCHECKED, "definitions", id,
                           "this engine does not know the metric");
            continue;
        }
        if (cm_xml_integer(m, "version", 0) != metric.definition->version) {
            cm_remarks_add(r->f, CM_REMARK_WARNING, "definitions", id,
                           "version %lld of its definition; this engine has version %d",
                           (long long)cm_xml_integer(m, "version", 0), metric.definition->version);
            continue;
        }
        r->checked++;
        if (direction_of(m) != metric.definition->direction)
            cm_remarks_add(r->f, CM_REMARK_BROKEN, "definitions", id,
                           "the report says that %s is better, the definition says %s",
                           cm_direction_name(direction_of(m)),
                           cm_direction_name(metric.definition->direction));
        else
            check_words(r, m, id, metric.definition);
    }
}

/* By the rule of cells: a quantile needs cases behind it, and a single case is nobody's to know. */
static void check_public_costs(reading *r, xmlNodePtr execution)
{
    static const struct {
        const char *name;
        int one_in;
    } quantiles[] = {{"mean", 1}, {"median", 2}, {"q1", 4}, {"q3", 4}, {"p90", 10}};
    xmlNodePtr cost = cm_xml_child(cm_xml_child(execution, "costs"), "cost");
    for (; cost; cost = cm_xml_next(cost, "cost"))
        for (xmlNodePtr q = cm_xml_child(cost, NULL); q; q = cm_xml_next(q, NULL)) {
            if (!has(q, "mean")) continue;
            bool kept = !has(q, "maximum");
            for (size_t k = 0; k < sizeof quantiles / sizeof *quantiles; k++)
                kept &= !has(q, quantiles[k].name) ||
                        cm_xml_integer(q, "cases", 0) >= quantiles[k].one_in * r->minimum_cell;
            r->checked++;
            if (!kept)
                cm_remarks_add(r->f, CM_REMARK_BROKEN, "audience", (const char *)q->name,
                               "a public report shows a cost of single cases");
        }
}

static void check_public_shifts(reading *r)
{
    xmlNodePtr pairs = cm_xml_child(cm_xml_child(r->results, "comparison"), "pairs");
    for (xmlNodePtr p = cm_xml_child(pairs, "pair"); p; p = cm_xml_next(p, "pair")) {
        const int64_t n =
            cm_xml_integer(p, "wins", 0) + cm_xml_integer(p, "ties", 0) + cm_xml_integer(p, "losses", 0);
        const bool kept = (!has(p, "shift") || n >= 2 * r->minimum_cell) &&
                          (!(has(p, "shift-low") || has(p, "shift-high")) || n >= 4 * r->minimum_cell);
        r->checked++;
        if (!kept)
            cm_remarks_add(r->f, CM_REMARK_BROKEN, "audience", "pair",
                           "a public report shows a shift that too few units stand behind");
    }
}

/* Differences of tools in groups: none of a hidden group, and no count of what entered. */
static void check_public_interactions(reading *r)
{
    xmlNodePtr of = cm_xml_child(cm_xml_child(r->results, "subgroups"), "attribute");
    for (; of; of = cm_xml_next(of, "attribute"))
        for (xmlNodePtr i = cm_xml_child(of, "interaction"); i; i = cm_xml_next(i, "interaction"))
            for (xmlNodePtr d = cm_xml_child(i, "in-group"); d; d = cm_xml_next(d, "in-group")) {
                char value[NAME];
                cm_xml_attribute(d, "value", value, sizeof value);
                xmlNodePtr group = cm_xml_child(of, "group");
                while (group && !is(group, "value", value))
                    group = cm_xml_next(group, "group");
                r->checked++;
                if (!group || has(group, "hidden") || has(d, "units"))
                    cm_remarks_add(r->f, CM_REMARK_BROKEN, "audience", value,
                                   "a public report tells of a hidden group by a difference of tools, or how "
                                   "many units of a group entered");
            }
}

static void check_audience(reading *r)
{
    static const char *const of_results[] = {"pictures", "cases"};
    static const char *const of_execution[] = {"failures", "item-costs"};
    if (!r->public) return;
    xmlNodePtr execution = cm_xml_child(r->root, "execution");
    for (int k = 0; k < 2; k++) {
        bool shown = cm_xml_child(r->results, of_results[k]) || cm_xml_child(execution, of_execution[k]);
        r->checked++;
        if (shown)
            cm_remarks_add(r->f, CM_REMARK_BROKEN, "audience",
                           cm_xml_child(r->results, of_results[k]) ? of_results[k] : of_execution[k],
                           "a public report holds what only the site may know");
    }
    check_public_costs(r, execution);
    check_public_shifts(r);
    check_public_interactions(r);
}

void cm_verify_consistency(xmlNodePtr root, cm_remarks *f)
{
    reading r = {.root = root, .f = f, .results = cm_xml_child(root, "results")};
    int64_t broken = f->count[CM_REMARK_BROKEN];
    r.bench = cm_xml_child(r.results, "bench");
    r.tools = cm_xml_child(r.results, "tools");
    r.metrics = cm_xml_child(r.results, "metrics");
    r.aggregates = cm_xml_child(r.results, "aggregates");
    r.public = is(root, "audience", "public");
    r.minimum_cell = cm_xml_integer(cm_xml_child(r.bench, "privacy"), "minimum-cell", 0);
    r.replicates = cm_xml_integer(cm_xml_child(r.bench, "statistics"), "replicates", 0);
    for (xmlNodePtr t = cm_xml_child(r.tools, "tool"); t; t = cm_xml_next(t, "tool"))
        r.n_tools++;
    xmlNodePtr *owner = calloc((size_t)r.n_tools + 1, sizeof *owner);
    double *value = calloc((size_t)r.n_tools + 1, sizeof *value);
    bool *has_value = calloc((size_t)r.n_tools + 1, sizeof *has_value);
    if (owner && value && has_value) {
        for (xmlNodePtr x = cm_xml_child(r.aggregates, "result"); x;)
            x = check_group(&r, x, owner, value, has_value);
        check_ranking(&r, owner, value, has_value);
    } else {
        f->out_of_memory = true;
    }
    check_subgroups(&r);
    check_verdict(&r);
    check_outcomes(&r);
    check_definitions(&r);
    check_audience(&r);
    check_subgroup_cells(&r);
    r.checked += cm_verify_values(r.results, f);
    if (f->count[CM_REMARK_BROKEN] == broken && !f->out_of_memory)
        cm_remarks_add(f, CM_REMARK_HOLDS, "consistency", "",
                       "%lld statements about sums, orders, places and the audience hold",
                       (long long)r.checked);
    free(owner);
    free(value);
    free(has_value);
}

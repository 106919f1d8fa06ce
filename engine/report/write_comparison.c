/* <comparison>: how sure the order of the tools is. Element by element in the order of report.xsd. */
#include <math.h>

#include "engine/report/compare_internal.h"
#include "engine/report/write_internal.h"

void cm_write_place(cm_xml_out *out, const cm_aggregates *a, int tool, bool has, double score, double place,
                    const cm_stability *s)
{
    cm_xml_out_open(out, "place");
    cm_xml_out_attribute(out, "tool", a->keys[tool]);
    cm_xml_out_number(out, "place", place);
    if (has) cm_xml_out_number(out, "score", score);
    if (s) {
        cm_xml_out_number(out, "low", s->low[tool]);
        cm_xml_out_number(out, "high", s->high[tool]);
        cm_xml_out_number(out, "median", s->median[tool]);
        cm_xml_out_number(out, "mean", s->mean[tool]);
        cm_xml_out_number(out, "first", s->winner[tool]);
    }
    for (int k = 0; s && k <= 2 * s->n_tools; k++) {
        const int64_t times = s->at[(int64_t)tool * (2 * s->n_tools + 1) + k];
        if (!times) continue;
        cm_xml_out_open(out, "at");
        cm_xml_out_number(out, "place", k / 2.0);
        cm_xml_out_number(out, "share", (double)times / (double)s->replicates);
        cm_xml_out_close(out, "at");
    }
    cm_xml_out_close(out, "place");
}

/* The score of a tool is the median of its cases, and of too few for a public report. */
static bool is_hidden_median(const cm_aggregates *a, const cm_method_result *m, int tool)
{
    const cm_comparison *c = a->comparison;
    if (c->of_cohort || m->rule.method != CM_MEDIAN_THEN_RANK) return false;
    int64_t n = 0;
    for (int64_t i = 0; i < c->n_cases; i++)
        n += c->has[tool * c->n_cases + i];
    return !cm_quantile_is_shown(a, n, 2);
}

static void write_method(cm_xml_out *out, const cm_aggregates *a, const cm_method_result *m)
{
    cm_xml_out_open(out, "method");
    cm_xml_out_attribute(
        out, "name", a->comparison->of_cohort ? "value-then-rank" : cm_ranking_method_name(m->rule.method));
    cm_xml_out_attribute(out, "ties", cm_ties_name(m->rule.ties));
    cm_xml_out_attribute(out, "missing", m->rule.missing == CM_MISSING_LAST ? "last" : "left-out");
    if (m->rule.method == CM_TEST_BASED)
        cm_xml_out_attribute(out, "adjustment", cm_adjustment_name(m->rule.adjustment));
    if (m->stability) {
        cm_xml_out_integer(out, "replicates", m->stability->replicates);
        cm_xml_out_number(out, "mean-tau", m->stability->mean_tau);
        cm_xml_out_number(out, "median-tau", m->stability->median_tau);
    }
    for (int t = 0; t < a->results->n_tools; t++)
        cm_write_place(out, a, t, m->has[t] && !is_hidden_median(a, m, t), m->score[t], m->place[t],
                       m->stability);
    cm_xml_out_close(out, "method");
}

static void write_friedman(cm_xml_out *out, const cm_friedman *f)
{
    if (!f->defined) return;
    cm_xml_out_open(out, "friedman");
    cm_xml_out_integer(out, "units", f->n);
    cm_xml_out_number(out, "statistic", f->statistic);
    cm_xml_out_number(out, "p", f->p);
    if (isfinite(f->f)) cm_xml_out_number(out, "f", f->f);
    cm_xml_out_number(out, "f-p", f->f_p);
    cm_xml_out_close(out, "friedman");
}

/* The median of the means of two differences each, and an interval between two of these: of few units, means
 * of single ones. In public the shift follows the rule of a median, its ends that of the quartiles: of
 * differences as they usually come, a quarter or more lies beyond each end from 20 units on. */
static void write_shift(cm_xml_out *out, const cm_aggregates *a, const cm_shift *shift, const cm_win *win)
{
    const int64_t n = win->wins + win->ties + win->losses;
    if (cm_quantile_is_shown(a, n, 2)) cm_xml_out_number(out, "shift", shift->estimate);
    if (!shift->has_interval || !cm_quantile_is_shown(a, n, 4)) return;
    cm_xml_out_number(out, "shift-low", shift->interval.low);
    cm_xml_out_number(out, "shift-high", shift->interval.high);
}

static void write_effect(cm_xml_out *out, const cm_aggregates *a, const cm_comparison *c, int cell)
{
    const cm_win *win = &c->win[cell];
    cm_xml_out_integer(out, "wins", win->wins);
    cm_xml_out_integer(out, "ties", win->ties);
    cm_xml_out_integer(out, "losses", win->losses);
    cm_xml_out_number(out, "win-probability", win->probability);
    cm_xml_out_number(out, "win-low", win->interval.low);
    cm_xml_out_number(out, "win-high", win->interval.high);
    cm_xml_out_number(out, "v", c->pairs->v[cell]);
    write_shift(out, a, &c->shift[cell], win);
    if (c->detectable[cell] >= 0) cm_xml_out_number(out, "detectable", c->detectable[cell]);
    if (c->detectable[cell] >= 0 && c->equivalence) {
        cm_xml_out_number(out, "equivalence-p", c->equivalence[cell].p);
        cm_xml_out_flag(out, "equivalent", c->equivalence[cell].equivalent);
    }
    cm_xml_out_attribute(out, "test", cm_pair_test_name(CM_PAIR_WILCOXON));
    cm_xml_out_flag(out, "exact", c->pairs->exact[cell]);
    cm_xml_out_integer(out, "units", c->pairs->pairs[cell]);
}

static void write_test(cm_xml_out *out, const cm_pair_test *test)
{
    if (test->kind == CM_PAIR_MCNEMAR) {
        cm_xml_out_integer(out, "wins", test->wins);
        cm_xml_out_integer(out, "ties", test->ties);
        cm_xml_out_integer(out, "losses", test->losses);
    }
    cm_xml_out_attribute(out, "test", cm_pair_test_name(test->kind));
    cm_xml_out_flag(out, "exact", test->exact);
    cm_xml_out_integer(out, "units", test->units);
    cm_xml_out_number(out, "statistic", test->statistic);
    cm_xml_out_number(out, "difference", test->difference);
    if (test->has_interval) {
        cm_xml_out_number(out, "difference-low", test->low);
        cm_xml_out_number(out, "difference-high", test->high);
    }
}

static void write_pair(cm_xml_out *out, const cm_aggregates *a, const cm_comparison *c, int i, int j)
{
    const int cell = i * c->n_tools + j, back = j * c->n_tools + i;
    const cm_pairwise *w = c->pairs;
    cm_xml_out_open(out, "pair");
    cm_xml_out_attribute(out, "first", a->keys[i]);
    cm_xml_out_attribute(out, "second", a->keys[j]);
    cm_xml_out_number(out, "p", w->p[cell]);
    cm_xml_out_number(out, "adjusted-p", w->adjusted[cell]);
    if (w->better[cell] || w->better[back])
        cm_xml_out_attribute(out, "better", a->keys[w->better[cell] ? i : j]);
    if (c->of_cohort)
        write_test(out, &c->test[cell]);
    else
        write_effect(out, a, c, cell);
    cm_xml_out_close(out, "pair");
}

/* The test of all pairs; a metric of the cohort may need another for a few: then "by-pair". */
static const char *test_of_all(const cm_comparison *c)
{
    const char *name = NULL;
    for (int i = 0; i < c->n_tools && c->of_cohort; i++)
        for (int j = i + 1; j < c->n_tools; j++) {
            const char *mine = cm_pair_test_name(c->test[i * c->n_tools + j].kind);
            if (!c->compared[i * c->n_tools + j]) continue;
            if (name && name != mine) return "by-pair";
            name = mine;
        }
    return name ? name : cm_pair_test_name(c->of_cohort ? CM_PAIR_BOOTSTRAP : CM_PAIR_WILCOXON);
}

static void write_pairs(cm_xml_out *out, const cm_aggregates *a, const cm_comparison *c)
{
    cm_xml_out_open(out, "pairs");
    cm_xml_out_attribute(out, "test", test_of_all(c));
    cm_xml_out_attribute(out, "adjustment", cm_adjustment_name(c->pairs->adjustment));
    for (int i = 0; i < c->n_tools; i++)
        for (int j = i + 1; j < c->n_tools; j++)
            if (c->compared[i * c->n_tools + j]) write_pair(out, a, c, i, j);
    cm_xml_out_close(out, "pairs");
}

static void write_groups(cm_xml_out *out, const cm_aggregates *a, const cm_comparison *c)
{
    cm_xml_out_open(out, "equals");
    for (int g = 0; g < c->n_groups; g++) {
        cm_xml_out_open(out, "group");
        for (int k = c->first[g]; k <= c->last[g]; k++) {
            cm_xml_out_open(out, "member");
            cm_xml_out_attribute(out, "tool", a->keys[c->order[k]]);
            cm_xml_out_close(out, "member");
        }
        cm_xml_out_close(out, "group");
    }
    cm_xml_out_close(out, "equals");
    cm_xml_out_open(out, "limits");
    for (int t = 0; t < c->n_tools; t++) {
        cm_xml_out_open(out, "limit");
        cm_xml_out_attribute(out, "tool", a->keys[t]);
        cm_xml_out_integer(out, "low", c->low[t]);
        cm_xml_out_integer(out, "high", c->high[t]);
        cm_xml_out_close(out, "limit");
    }
    cm_xml_out_close(out, "limits");
}

/* Of a tool whose cell of the group is hidden there is no score: the whole less what is left would be that
 * cell. */
void cm_write_without(cm_xml_out *out, const cm_aggregates *a, const cm_without *w, const char *attribute)
{
    cm_xml_out_open(out, "without");
    cm_xml_out_attribute(out, attribute, a->groups[w->group].name);
    for (int t = 0; t < a->results->n_tools; t++)
        cm_write_place(out, a, t, w->has[t] && !cm_ranked_cell_is_hidden(a, t, w->group), w->score[t],
                       w->place[t], NULL);
    cm_xml_out_close(out, "without");
}

bool cm_comparison_is_shown(const cm_aggregates *a)
{
    if (!a->comparison || a->groups[0].hidden) return false;
    for (int t = 0; t < a->results->n_tools; t++)
        if (a->standings[t].hidden) return false;
    return true;
}

void cm_write_comparison(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_comparison *c = a->comparison;
    if (!cm_comparison_is_shown(a)) return;
    cm_xml_out_open(out, "comparison");
    cm_xml_out_attribute(out, "of", c->of_cohort ? "cohort" : "case");
    cm_xml_out_attribute(out, "unit", cm_draw_unit_name(a->draw_unit));
    cm_xml_out_integer(out, "units", c->n_units);
    cm_xml_out_number(out, "alpha", c->alpha);
    for (int k = 0; k < c->n_methods; k++)
        write_method(out, a, &c->method[k]);
    write_friedman(out, &c->friedman);
    write_pairs(out, a, c);
    write_groups(out, a, c);
    for (int k = 0; k < c->n_without; k++)
        if (c->without[k].group < a->n_groups) cm_write_without(out, a, &c->without[k], "provider");
    cm_xml_out_close(out, "comparison");
}

/* Tables by several attributes of the same cases: a small group that its own table hides may still be the
 * difference of groups that others show, such as a hospital less the only other scanner of that hospital.
 *
 * The sums of a metric over groups are linear in the groups' members. So a hidden group is given away exactly
 * when its membership, as a vector of zeros and ones over the cases, is a combination of those of shown
 * groups. Inner products of memberships are numbers of shared cases, which is all the algebra needs. */
#include <math.h>
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

/* Cases that nobody has named as a group are given away, too, by whoever knows that one group lies in
 * another, or that two have nothing in common: scanners belong to hospitals. So what two shown groups leave
 * over, of the larger one or of the whole, is not a few cases either. */
/* Shared cases are whole numbers and groups few: what is not zero is far from it. */
#define SAME 1e-7

typedef struct overlaps {
    int n;          /* groups */
    double *shared; /* [n][n]: cases in both; group 0 holds all */
    int n_shown;
    int *shown;     /* [n]: groups that may be seen */
    double *rows;   /* [n_shown][n_shown + 1] while solving */
    int *pivot;     /* [n] */
    double *weight; /* [n]: how often each shown group enters the combination */
} overlaps;

static void count_shared(const cm_aggregates *a, overlaps *o)
{
    for (int64_t i = 0; i < a->results->n_cases; i++)
        for (int k = -1; k < a->n_groupings; k++) {
            const int g = k < 0 ? 0 : a->group_of_case[k * a->results->n_cases + i];
            for (int l = -1; l < a->n_groupings; l++) {
                const int h = l < 0 ? 0 : a->group_of_case[l * a->results->n_cases + i];
                if ((k < 0 || g) && (l < 0 || h)) o->shared[g * o->n + h]++;
            }
        }
}

static void swap_rows(overlaps *o, int first, int second)
{
    const int width = o->n_shown + 1;
    for (int k = 0; k < width; k++) {
        const double kept = o->rows[first * width + k];
        o->rows[first * width + k] = o->rows[second * width + k];
        o->rows[second * width + k] = kept;
    }
}

/* Elimination with the largest pivot of a column. Groups that others already make up have none and get weight
 * 0. */
static void solve(overlaps *o)
{
    const int m = o->n_shown, width = m + 1;
    int used = 0;
    for (int c = 0; c < m; c++) {
        int best = used;
        for (int r = used; r < m; r++)
            if (fabs(o->rows[r * width + c]) > fabs(o->rows[best * width + c])) best = r;
        o->weight[c] = 0;
        if (best == m || fabs(o->rows[best * width + c]) < SAME) continue;
        swap_rows(o, used, best);
        for (int r = 0; r < m; r++) {
            const double factor = o->rows[r * width + c] / o->rows[used * width + c];
            for (int k = c; k < width && r != used; k++)
                o->rows[r * width + k] -= factor * o->rows[used * width + k];
        }
        o->pivot[used++] = c;
    }
    for (int r = 0; r < used; r++)
        o->weight[o->pivot[r]] = o->rows[r * width + m] / o->rows[r * width + o->pivot[r]];
}

/* Whether the hidden group is a combination of the shown ones, then with what weights: what the best
 * combination leaves over is no case at all. */
static bool given_away(const cm_aggregates *a, overlaps *o, int hidden)
{
    o->n_shown = 0;
    for (int g = 0; g < o->n; g++)
        if (!a->groups[g].hidden && a->groups[g].cases > 0) o->shown[o->n_shown++] = g;
    const int width = o->n_shown + 1;
    for (int r = 0; r < o->n_shown; r++) {
        for (int c = 0; c < o->n_shown; c++)
            o->rows[r * width + c] = o->shared[o->shown[r] * o->n + o->shown[c]];
        o->rows[r * width + o->n_shown] = o->shared[o->shown[r] * o->n + hidden];
    }
    solve(o);
    double left = o->shared[hidden * o->n + hidden];
    for (int c = 0; c < o->n_shown; c++)
        left -= o->weight[c] * o->shared[o->shown[c] * o->n + hidden];
    return left < 1e-6;
}

/* The smallest shown group that the combination needs, or -1. */
static int smallest_needed(const cm_aggregates *a, const overlaps *o)
{
    int smallest = -1;
    for (int c = 0; c < o->n_shown; c++) {
        const int g = o->shown[c];
        if (g && fabs(o->weight[c]) > SAME &&
            (smallest < 0 || a->groups[g].cases < a->groups[smallest].cases))
            smallest = g;
    }
    return smallest;
}

static void hide_more(cm_aggregates *a, overlaps *o)
{
    for (int h = 1; h < o->n; h++)
        while (a->groups[h].hidden == CM_HIDDEN_SMALL && given_away(a, o, h)) {
            const int g = smallest_needed(a, o);
            if (g < 0) break;
            a->groups[g].hidden = CM_HIDDEN_COMPLEMENTARY;
        }
}

/* Of two groups: the cases of g that are not of h, when h lies in g; those of neither, when they share none;
 * those of both, when together they are the whole; else -1. */
static double left_over(const overlaps *o, int g, int h)
{
    const double in_both = o->shared[g * o->n + h], all = o->shared[0];
    const double in_g = o->shared[g * o->n + g], in_h = o->shared[h * o->n + h];
    if (in_both == in_h) return in_g - in_h;
    if (in_both == 0) return all - in_g - in_h;
    return in_g + in_h - in_both == all ? in_both : -1;
}

/* Hides the smaller of two shown groups that leave few cases over. */
static bool hide_nested(cm_aggregates *a, const overlaps *o)
{
    const int minimum = a->results->bench->minimum_cell;
    bool any = false;
    for (int g = 1; g < o->n; g++)
        for (int h = 1; h < o->n; h++) {
            if (g == h || a->groups[g].hidden || a->groups[h].hidden || !a->groups[g].cases ||
                !a->groups[h].cases)
                continue;
            const double left = left_over(o, g, h);
            if (left <= 0 || left >= minimum) continue;
            const int smaller = a->groups[g].cases < a->groups[h].cases ? g : h;
            a->groups[smaller].hidden = CM_HIDDEN_COMPLEMENTARY;
            any = true;
        }
    return any;
}

cm_status cm_privacy_protect_overlaps(cm_aggregates *a, cm_error *err)
{
    const size_t n = (size_t)a->n_all_groups;
    overlaps o = {.n = a->n_all_groups,
                  .shared = calloc(n * n, sizeof *o.shared),
                  .shown = malloc(n * sizeof *o.shown),
                  .rows = malloc(n * (n + 1) * sizeof *o.rows),
                  .pivot = malloc(n * sizeof *o.pivot),
                  .weight = malloc(n * sizeof *o.weight)};
    cm_status status = CM_OK;
    if (o.shared && o.shown && o.rows && o.pivot && o.weight) {
        count_shared(a, &o);
        do {
            hide_more(a, &o);
        } while (hide_nested(a, &o));
    } else {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to hide small groups");
    }
    free(o.shared);
    free(o.shown);
    free(o.rows);
    free(o.pivot);
    free(o.weight);
    return status;
}

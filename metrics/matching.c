/* The lesion rules. One-to-one rules work on the candidate pairs, those with IoU >= the share (strict: > the
 * share), which are few: a lesion has at most 1 / share partners of that IoU.
 *
 * Greedy takes the best pair first: larger IoU (compared as fractions of whole numbers), then smaller
 * reference number, then smaller prediction number. Hungarian makes the sum of IoU as large as it can be,
 * among all sets of candidate pairs in which no lesion occurs twice: lesions of the reference join one by
 * one, each by the alternating path with the largest gain (Kuhn 1955), and among equal gains the first found
 * in the order of lesion numbers (sums that differ by less than 1e-12 are equal). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/measure_internal.h"
#include "metrics/statistics/sum.h"

__extension__ typedef __int128 wide; /* products of two counts */

/* Rounding must not look like a gain, or a search could go round in circles. */
#define LEAST_GAIN 1e-12

typedef struct candidate {
    int32_t reference, prediction;
    int64_t voxels, either; /* intersection, union */
    bool taken;
} candidate;

static double iou_of(const candidate *c)
{
    return (double)c->voxels / (double)c->either;
}

/* -- rules without pairs --------------------------------------------------------------------------------- */

static bool covered_enough(const cm_metric *metric, int64_t covered, int64_t size)
{
    if (metric->rule == CM_RULE_ANY_OVERLAP) return covered > 0;
    return (double)covered / (double)size >= metric->share;
}

static void match_by_cover(cm_lesions *l, const cm_metric *metric, cm_lesion_counts *out)
{
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < l->n[side]; i++) {
            l->hit[side][i] = covered_enough(metric, l->covered[side][i], l->size[side][i]);
            out->hits[side] += l->hit[side][i];
        }
    for (int64_t i = 0; i < l->n_overlaps; i++) {
        const cm_lesion_overlap *o = &l->overlaps[i];
        if (l->size[1][o->prediction] > l->partner_size[o->reference])
            l->partner_size[o->reference] = l->size[1][o->prediction];
    }
}

/* -- one to one ------------------------------------------------------------------------------------------ */

static int64_t find_candidates(const cm_lesions *l, const cm_metric *metric, candidate *list)
{
    int64_t n = 0;
    for (int64_t i = 0; i < l->n_overlaps; i++) {
        const cm_lesion_overlap *o = &l->overlaps[i];
        const candidate c = {o->reference, o->prediction, o->voxels,
                             l->size[0][o->reference] + l->size[1][o->prediction] - o->voxels, false};
        const double iou = iou_of(&c);
        if (metric->rule == CM_RULE_IOU_STRICT ? iou > metric->share : iou >= metric->share) list[n++] = c;
    }
    return n;
}

static int best_first(const void *a, const void *b)
{
    const candidate *const *x = a, *const *y = b;
    const wide left = (wide)(*x)->voxels * (*y)->either, right = (wide)(*y)->voxels * (*x)->either;
    if (left != right) return left < right ? 1 : -1;
    if ((*x)->reference != (*y)->reference) return (*x)->reference > (*y)->reference ? 1 : -1;
    return ((*x)->prediction > (*y)->prediction) - ((*x)->prediction < (*y)->prediction);
}

static bool match_greedily(const cm_lesions *l, candidate *list, int64_t n)
{
    candidate **order = malloc((size_t)(n + 1) * sizeof(candidate *));
    uint8_t *used[2] = {calloc((size_t)l->n[0] + 1, 1), calloc((size_t)l->n[1] + 1, 1)};
    const bool good = order && used[0] && used[1];
    for (int64_t i = 0; i < n && good; i++)
        order[i] = &list[i];
    if (good) qsort(order, (size_t)n, sizeof *order, best_first);
    for (int64_t i = 0; i < n && good; i++) {
        if (used[0][order[i]->reference] || used[1][order[i]->prediction]) continue;
        used[0][order[i]->reference] = used[1][order[i]->prediction] = 1;
        order[i]->taken = true;
    }
    free(order);
    free(used[0]);
    free(used[1]);
    return good;
}

/* Candidates ordered by reference, and what the search for a path needs. */
typedef struct assignment {
    candidate *list;
    int64_t *first;    /* [n_reference + 1]: candidates of a reference lesion */
    int64_t *of_right; /* [n_prediction]: the taken candidate, or -1 */
    double *gain;      /* [n_reference]: of the best path so far that frees this lesion; -INFINITY = none */
    int64_t *came_by;  /* [n_prediction]: candidate by which the best path reaches it, or -1 */
    int32_t *queue;    /* [n_reference + 1] reference lesions whose gain has grown; a ring */
    uint8_t *queued;   /* [n_reference] */
    int32_t *touched;  /* reference lesions with a gain, to be reset */
    int64_t n_touched;
} assignment;

/* Flips the path that ends at candidate `last` reaching its prediction lesion. */
static void flip(assignment *a, int64_t last, int32_t start)
{
    for (;;) {
        candidate *c = &a->list[last];
        const int32_t right = c->prediction, left = c->reference;
        int64_t freed = -1;
        a->of_right[right] = last;
        c->taken = true;
        if (left == start) return;
        for (int64_t i = a->first[left]; i < a->first[left + 1]; i++)
            if (a->list[i].taken && i != last) freed = i;
        /* the pair that gave this lesion up, and the way its other half was reached */
        a->list[freed].taken = false;
        last = a->came_by[a->list[freed].prediction];
    }
}

/* Adds one reference lesion by the path of the largest gain; paths of no gain are not taken. Because the
 * matching of the lesions before it is the best one, there is no cycle of positive gain, and the search ends.
 */
static void add_lesion(assignment *a, int32_t start, int64_t n_reference)
{
    double best = 0;
    int64_t best_end = -1;  /* candidate that reaches a free prediction lesion, */
    int32_t best_left = -1; /* or reference lesion that is given up */
    int64_t head = 0, tail = 0;
    a->n_touched = 0;
    a->gain[start] = 0;
    a->touched[a->n_touched++] = start;
    a->queue[tail++ % (n_reference + 1)] = start;
    a->queued[start] = 1;
    while (head < tail) {
        const int32_t left = a->queue[head++ % (n_reference + 1)];
        a->queued[left] = 0;
        for (int64_t i = a->first[left]; i < a->first[left + 1]; i++) {
            const candidate *c = &a->list[i];
            if (c->taken) continue;
            const double gain = a->gain[left] + iou_of(c);
            const int64_t held = a->of_right[c->prediction];
            if (held < 0) {
                if (gain > best + LEAST_GAIN) {
                    best = gain;
                    best_end = i;
                    best_left = -1;
                    a->came_by[c->prediction] = i;
                }
                continue;
            }
            const int32_t other = a->list[held].reference;
            const double freed = gain - iou_of(&a->list[held]);
            if (other == start || !(freed > a->gain[other] + LEAST_GAIN)) continue;
            if (isinf(a->gain[other])) a->touched[a->n_touched++] = other;
            a->gain[other] = freed;
            a->came_by[c->prediction] = i;
            if (!a->queued[other]) {
                a->queue[tail++ % (n_reference + 1)] = other;
                a->queued[other] = 1;
            }
        }
    }
    for (int64_t i = 0; i < a->n_touched; i++) { /* a lesion may lose its partner altogether */
        const int32_t left = a->touched[i];
        if (left != start && a->gain[left] > best + LEAST_GAIN) {
            best = a->gain[left];
            best_left = left;
        }
        a->gain[left] = -INFINITY;
    }
    if (best_left >= 0) {
        int64_t given_up = -1;
        for (int64_t i = a->first[best_left]; i < a->first[best_left + 1]; i++)
            if (a->list[i].taken) given_up = i;
        a->list[given_up].taken = false;
        best_end = a->came_by[a->list[given_up].prediction];
    }
    if (best_end >= 0) flip(a, best_end, start);
}

static bool match_optimally(const cm_lesions *l, candidate *list, int64_t n)
{
    const size_t left = (size_t)l->n[0] + 1, right = (size_t)l->n[1] + 1;
    assignment a = {.list = list};
    a.first = calloc(left + 1, sizeof *a.first);
    a.of_right = malloc(right * sizeof *a.of_right);
    a.gain = malloc(left * sizeof *a.gain);
    a.came_by = malloc(right * sizeof *a.came_by);
    a.queue = malloc((left + 1) * sizeof *a.queue);
    a.queued = calloc(left, 1);
    a.touched = malloc(left * sizeof *a.touched);
    const bool good = a.first && a.of_right && a.gain && a.came_by && a.queue && a.queued && a.touched;
    if (good) {
        for (int64_t i = 0; i < n; i++)
            a.first[list[i].reference + 1]++;
        for (int64_t i = 0; i < l->n[0]; i++) {
            a.first[i + 1] += a.first[i];
            a.gain[i] = -INFINITY;
        }
        for (int64_t i = 0; i < l->n[1]; i++)
            a.of_right[i] = a.came_by[i] = -1;
        for (int32_t i = 0; i < l->n[0]; i++)
            add_lesion(&a, i, l->n[0]);
    }
    free(a.first);
    free(a.of_right);
    free(a.gain);
    free(a.came_by);
    free(a.queue);
    free(a.queued);
    free(a.touched);
    return good;
}

static void book_pairs(cm_lesions *l, const candidate *list, int64_t n, cm_lesion_counts *out)
{
    cm_sum iou = {0, 0}, dice = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        if (!list[i].taken) continue;
        out->hits[0]++;
        out->hits[1]++;
        cm_sum_add(&iou, iou_of(&list[i]));
        cm_sum_add(&dice, 2 * (double)list[i].voxels /
                              (double)(l->size[0][list[i].reference] + l->size[1][list[i].prediction]));
        l->hit[0][list[i].reference] = 1;
        l->hit[1][list[i].prediction] = 1;
        l->partner_size[list[i].reference] = l->size[1][list[i].prediction];
    }
    out->sum_iou = cm_sum_value(&iou);
    out->sum_dice = cm_sum_value(&dice);
}

bool cm_lesions_match(cm_lesions *lesions, const cm_metric *metric, cm_lesion_counts *out)
{
    *out = (cm_lesion_counts){.hits = {0, 0}};
    for (int side = 0; side < 2; side++)
        memset(lesions->hit[side], 0, (size_t)lesions->n[side]);
    memset(lesions->partner_size, 0, (size_t)lesions->n[0] * sizeof *lesions->partner_size);
    if (metric->rule == CM_RULE_ANY_OVERLAP || metric->rule == CM_RULE_COVER) {
        match_by_cover(lesions, metric, out);
        return true;
    }
    candidate *list = malloc((size_t)(lesions->n_overlaps + 1) * sizeof *list);
    if (!list) return false;
    const int64_t n = find_candidates(lesions, metric, list);
    bool good = true;
    if (metric->rule == CM_RULE_IOU_HUNGARIAN)
        good = match_optimally(lesions, list, n);
    else if (metric->rule == CM_RULE_IOU_GREEDY)
        good = match_greedily(lesions, list, n);
    for (int64_t i = 0; i < n && metric->rule == CM_RULE_IOU_STRICT; i++)
        list[i].taken = true; /* IoU > 1/2 has one partner only */
    if (good) book_pairs(lesions, list, n, out);
    free(list);
    return good;
}

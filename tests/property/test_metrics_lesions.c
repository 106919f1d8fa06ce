/* Lesion metrics and the BraTS 2023 rule against brute force on seeded random label maps: components by
 * spreading numbers, matchings by trying all. A failure prints the number of the pair, which makes it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/property/label_maps.h"
#include "tests/unit/serial_backend.h"

enum { PAIRS = 1200, LESIONS = 6 };

static const char *const ids[] = {"LESION-SENS.c26.any-overlap",
                                  "LESION-SENS.c6.cover@0.5",
                                  "LESION-PPV.c26.any-overlap",
                                  "LESION-PPV.c18.cover@0.5",
                                  "LESION-F1.c26.any-overlap",
                                  "LESION-F1.c26.iou-greedy@0.1",
                                  "LESION-FP.c26.iou-strict@0.5",
                                  "LESION-FN.c6.iou-strict@0.5",
                                  "LESION-COUNT.c18",
                                  "LESION-DSC.c26.iou-hungarian@0.1",
                                  "PQ.c26.iou-strict@0.5",
                                  "RQ.c6.iou-greedy@0.3",
                                  "SQ.c18.iou-hungarian@0.1",
                                  "LESION-SENS.c26.any-overlap.size2-9mm3",
                                  "LESION-SENS.c26.iou-greedy@0.1.size3mm3-up",
                                  "LESION-PPV.c26.any-overlap.size2-9mm3",
                                  "LESION-PPV.c26.cover@0.5.size3mm3-up",
                                  "BRATS23-DSC.dil1.vol2mm3",
                                  "BRATS23-HD95.dil1.vol2mm3"};
enum { N_IDS = sizeof ids / sizeof *ids };
static cm_metric metrics[N_IDS];

/* -- lesions ------------------------------------------------------------------------------------------------
 */

typedef struct lesions {
    int n[2], of[2][MAX_VOXELS]; /* number of the lesion of a voxel, from 1 */
    double size[2][MAX_VOXELS + 1], covered[2][MAX_VOXELS + 1], shared[LESIONS + 1][LESIONS + 1];
    bool hit[2][MAX_VOXELS + 1];
    double sum_iou, sum_dice, pairs;
} lesions;

static bool touch(const int64_t *n, int64_t a, int64_t b, int connectivity)
{
    const int64_t dz = llabs(a / n[2] / n[1] - b / n[2] / n[1]),
                  dy = llabs(a / n[2] % n[1] - b / n[2] % n[1]), dx = llabs(a % n[2] - b % n[2]);
    if (dz > 1 || dy > 1 || dx > 1) return false;
    if (n[0] == 1 && connectivity == 18) return true; /* 8 neighbours in a 2-D image */
    return dz + dy + dx <= (connectivity == 6 ? 1 : connectivity == 18 ? 2 : 3);
}

/* Spreads numbers until nothing changes; in raster order of the first voxel. */
static int number_components(const bool *set, const int64_t *n, int64_t n_voxels, int connectivity, int *of)
{
    int count = 0;
    for (int64_t v = 0; v < n_voxels; v++)
        of[v] = 0;
    for (int64_t seed = 0; seed < n_voxels; seed++) {
        if (!set[seed] || of[seed]) continue;
        of[seed] = ++count;
        for (bool changed = true; changed;) {
            changed = false;
            for (int64_t a = 0; a < n_voxels; a++)
                for (int64_t b = 0; b < n_voxels && of[a] == count; b++)
                    if (set[b] && !of[b] && touch(n, a, b, connectivity)) {
                        of[b] = count;
                        changed = true;
                    }
        }
    }
    return count;
}

/* False: too many to try all matchings. */
static bool find_lesions(const mask_pair *p, int connectivity, lesions *l)
{
    memset(l, 0, sizeof *l);
    for (int m = 0; m < 2; m++) {
        l->n[m] = number_components(p->set[m], p->grid.n, p->n_voxels, connectivity, l->of[m]);
        if (l->n[m] > LESIONS) return false;
    }
    for (int64_t v = 0; v < p->n_voxels; v++) {
        for (int m = 0; m < 2; m++) {
            l->size[m][l->of[m][v]]++;
            l->covered[m][l->of[m][v]] += p->set[1 - m][v];
        }
        l->shared[l->of[0][v]][l->of[1][v]]++;
    }
    return true;
}

static double iou_of(const lesions *l, int r, int q)
{
    return l->shared[r][q] / (l->size[0][r] + l->size[1][q] - l->shared[r][q]);
}

static void take_pair(lesions *l, int r, int q)
{
    l->hit[0][r] = l->hit[1][q] = true;
    l->sum_iou += iou_of(l, r, q);
    l->sum_dice += 2 * l->shared[r][q] / (l->size[0][r] + l->size[1][q]);
    l->pairs++;
}

/* The best sum over all one-to-one matchings of lesions r.. ; partner[r] = 0: none. */
static double try_all(const lesions *l, double least, int r, int *partner, int *best)
{
    static double most;
    static int taken[LESIONS + 1];
    double sum = 0;
    if (r == 1) {
        most = -1;
        memset(taken, 0, sizeof taken);
    }
    if (r > l->n[0]) {
        for (int k = 1; k <= l->n[0]; k++)
            sum += partner[k] ? iou_of(l, k, partner[k]) : 0;
        if (sum > most + 1e-12) {
            most = sum;
            memcpy(best, partner, (LESIONS + 1) * sizeof *best);
        }
        return most;
    }
    for (int q = 0; q <= l->n[1]; q++) {
        if (q && (taken[q] || !l->shared[r][q] || iou_of(l, r, q) < least)) continue;
        taken[q] += q > 0;
        partner[r] = q;
        try_all(l, least, r + 1, partner, best);
        taken[q] -= q > 0;
    }
    partner[r] = 0;
    return most;
}

static void match(lesions *l, const cm_metric *m)
{
    const double share = m->share;
    if (m->rule == CM_RULE_ANY_OVERLAP || m->rule == CM_RULE_COVER) {
        for (int side = 0; side < 2; side++)
            for (int k = 1; k <= l->n[side]; k++)
                l->hit[side][k] = m->rule == CM_RULE_COVER ? l->covered[side][k] >= share * l->size[side][k]
                                                           : l->covered[side][k] > 0;
    } else if (m->rule == CM_RULE_IOU_STRICT) {
        for (int r = 1; r <= l->n[0]; r++)
            for (int q = 1; q <= l->n[1]; q++)
                if (iou_of(l, r, q) > share) take_pair(l, r, q);
    } else if (m->rule == CM_RULE_IOU_GREEDY) {
        for (;;) {
            int best_r = 0, best_q = 0;
            for (int r = 1; r <= l->n[0]; r++)
                for (int q = 1; q <= l->n[1]; q++)
                    if (!l->hit[0][r] && !l->hit[1][q] && l->shared[r][q] && iou_of(l, r, q) >= share &&
                        (!best_r || iou_of(l, r, q) > iou_of(l, best_r, best_q)))
                        best_r = r, best_q = q;
            if (!best_r) break;
            take_pair(l, best_r, best_q);
        }
    } else if (m->rule == CM_RULE_IOU_HUNGARIAN) {
        int partner[LESIONS + 1] = {0}, best[LESIONS + 1] = {0};
        try_all(l, share, 1, partner, best);
        for (int r = 1; r <= l->n[0]; r++)
            if (best[r]) take_pair(l, r, best[r]);
    }
}

static double lesion_value(const cm_metric *m, const mask_pair *p, bool *possible)
{
    static lesions l;
    const double voxel = p->grid.spacing[0] * p->grid.spacing[1] * p->grid.spacing[2];
    const bool by_size = strstr(m->id, ".size"), up = strstr(m->id, "-up");
    double hits[2] = {0, 0}, n[2] = {0, 0};
    *possible = find_lesions(p, m->connectivity, &l);
    if (!*possible) return NAN;
    match(&l, m);
    for (int side = 0; side < 2; side++)
        for (int k = 1; k <= l.n[side]; k++) {
            const double volume = l.size[side][k] * voxel;
            if (by_size && !(volume >= m->low && (up || volume < m->high))) continue;
            n[side]++;
            hits[side] += l.hit[side][k];
        }
    if (!strncmp(m->id, "LESION-SENS", 11)) return over(hits[0], n[0]);
    if (!strncmp(m->id, "LESION-PPV", 10)) return over(hits[1], n[1]);
    if (!strncmp(m->id, "LESION-FP", 9)) return n[1] - hits[1];
    if (!strncmp(m->id, "LESION-FN", 9)) return n[0] - hits[0];
    if (!strncmp(m->id, "LESION-COUNT", 12)) return n[1] - n[0];
    if (!strncmp(m->id, "LESION-DSC", 10)) return over(l.sum_dice, l.pairs);
    if (!strncmp(m->id, "LESION-F1", 9)) {
        if (n[0] + n[1] == 0) return NAN;
        if (!hits[0] || !hits[1]) return 0;
        return 2 / (n[0] / hits[0] + n[1] / hits[1]);
    }
    const double quality = over(l.pairs, (n[0] + n[1]) / 2);
    if (m->id[0] == 'R') return quality;
    if (m->id[0] == 'S') return over(l.sum_iou, l.pairs);
    return l.pairs ? quality * l.sum_iou / l.pairs : quality;
}

/* -- BraTS 2023 ---------------------------------------------------------------------------------------------
 */

static double hd95_of(const mask_pair *p, const bool *reference, const bool *prediction)
{
    static uint16_t map[2][MAX_VOXELS];
    static const uint16_t label[1] = {1};
    const cm_target target = {.name = "lesion", .n_values = 1, .values = label};
    const cm_pair pair = {.reference = map[0], .prediction = map[1], .grid = p->grid, .spacing_known = true};
    cm_metric metric;
    cm_metric_value value;
    for (int64_t v = 0; v < p->n_voxels; v++) {
        map[0][v] = reference[v];
        map[1][v] = prediction[v];
    }
    assert_int_equal(cm_metric_parse("HD95.surfel", &metric, NULL), CM_OK);
    assert_int_equal(
        cm_score_segmentation(serial_backend(), &pair, &target, 1, &metric, 1, &value, NULL, NULL), CM_OK);
    assert_int_equal(value.state, CM_VALUE_OK);
    return value.value;
}

static void brats_values(const mask_pair *p, double *dice, double *hd95)
{
    static bool dilated[MAX_VOXELS], lesion[MAX_VOXELS], found[MAX_VOXELS], touched[MAX_VOXELS + 1];
    static int of_dilated[MAX_VOXELS], of_prediction[MAX_VOXELS];
    const double voxel = p->grid.spacing[0] * p->grid.spacing[1] * p->grid.spacing[2];
    double n = 0, sum_dice = 0, sum_hd95 = 0;
    for (int64_t v = 0; v < p->n_voxels; v++) {
        dilated[v] = false;
        for (int64_t w = 0; w < p->n_voxels; w++)
            dilated[v] = dilated[v] || (p->set[0][w] && touch(p->grid.n, v, w, 18));
    }
    const int n_dilated = number_components(dilated, p->grid.n, p->n_voxels, 26, of_dilated);
    const int n_prediction = number_components(p->set[1], p->grid.n, p->n_voxels, 26, of_prediction);
    memset(touched, 0, sizeof touched);
    for (int k = 1; k <= n_dilated; k++) {
        bool of_lesion[MAX_VOXELS + 1] = {false}, any = false;
        double size = 0, both = 0, predicted = 0;
        for (int64_t v = 0; v < p->n_voxels; v++)
            if (of_dilated[v] == k && of_prediction[v])
                of_lesion[of_prediction[v]] = touched[of_prediction[v]] = any = true;
        for (int64_t v = 0; v < p->n_voxels; v++) {
            lesion[v] = of_dilated[v] == k && p->set[0][v];
            found[v] = of_prediction[v] && of_lesion[of_prediction[v]];
            size += lesion[v];
            predicted += found[v];
            both += lesion[v] && found[v];
        }
        if (size * voxel <= 2) continue;
        n++;
        sum_dice += 2 * both / (size + predicted);
        sum_hd95 += any ? hd95_of(p, lesion, found) : 374;
    }
    for (int k = 1; k <= n_prediction; k++) {
        n += !touched[k];
        sum_hd95 += touched[k] ? 0 : 374;
    }
    *dice = over(sum_dice, n);
    *hd95 = over(sum_hd95, n);
}

/* -- all together -------------------------------------------------------------------------------------------
 */

static double expected_value(const cm_metric *m, const mask_pair *p, bool *possible)
{
    double dice, hd95;
    *possible = true;
    if (strncmp(m->id, "BRATS23", 7)) return lesion_value(m, p, possible);
    brats_values(p, &dice, &hd95);
    return m->id[8] == 'D' ? dice : hd95;
}

static void values_equal_brute_force(void **state)
{
    static mask_pair p;
    int64_t defined[N_IDS] = {0};
    (void)state;
    for (uint64_t number = 0; number < PAIRS; number++) {
        cm_metric_value got[N_IDS];
        pair_make(number, &p);
        const cm_pair pair = {
            .reference = p.map[0], .prediction = p.map[1], .grid = p.grid, .spacing_known = true};
        assert_int_equal(
            cm_score_segmentation(serial_backend(), &pair, &one_and_two, 1, metrics, N_IDS, got, NULL, NULL),
            CM_OK);
        for (int m = 0; m < N_IDS; m++) {
            bool possible;
            const double expected = expected_value(&metrics[m], &p, &possible);
            if (!possible) continue;
            if (!agrees(got[m], expected))
                fail_msg("pair %d, %s: %s %.17g, expected %.17g", (int)number, ids[m],
                         cm_value_state_name(got[m].state), got[m].value, expected);
            defined[m] += !isnan(expected);
        }
    }
    for (int m = 0; m < N_IDS; m++)
        if (defined[m] < PAIRS / 20) fail_msg("%s was defined %d times only", ids[m], (int)defined[m]);
}

static int parse_all(void **state)
{
    (void)state;
    for (int m = 0; m < N_IDS; m++)
        if (cm_metric_parse(ids[m], &metrics[m], NULL)) fail_msg("%s", ids[m]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_equal_brute_force)};
    return cmocka_run_group_tests(tests, parse_all, NULL);
}

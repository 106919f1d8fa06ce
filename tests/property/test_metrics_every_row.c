/* Every segmentation row of the catalogue against brute force: the rows of overlap and surface that
 * test_metrics_segmentation.c leaves, on seeded random label maps; and a check that no row is left without
 * such a test. A failure prints the number of the pair, which makes it. */
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

enum { PAIRS = 1200, CORNERS = (MAX_AXIS + 1) * (MAX_AXIS + 1) * (MAX_AXIS + 1) };

static const char *const ids[] = {"SPEC.vox",
                                  "NPV.vox",
                                  "ACC.vox",
                                  "BACC.vox",
                                  "F2.vox",
                                  "F0.5.vox",
                                  "MCC.vox",
                                  "KAPPA.vox",
                                  "AVDR",
                                  "RVD-SYM",
                                  "VOL.reference",
                                  "VOL.prediction",
                                  "DSC.macro",
                                  "DSC.micro",
                                  "DSC.weighted",
                                  "GDSC", /* overlap */
                                  "HD90.vox.meandir",
                                  "ASD.vox.from-reference",
                                  "ASD.vox.from-prediction",
                                  "NSD.vox.meandir@1.3mm",
                                  "BIOU@1.5vox", /* surface */
                                  "HD87.3.surfel",
                                  "ASSD.surfel",
                                  "MASD.surfel",
                                  "NSD.surfel@1.5vox",
                                  /* surface elements */};
enum { N_IDS = sizeof ids / sizeof *ids };
static cm_metric metrics[N_IDS];

/* Rows that have their brute force or definition elsewhere (tests/property/test_metrics_*.c). */
static const char *const elsewhere[] = {
    "SDSC", /* below */
    "DSC", "IOU", "SENS.vox", "PPV.vox", "VS", "RVD", "HD.vox", "HD<q>.vox.maxdir", "HD<q>.vox.pooled",
    "ASSD.vox", "MASD.vox", "AHD.volume", "HD.surfel", "NSD.vox@<t>mm", "NSD.vox@<t>vox", "NSD.surfel@<t>mm",
    "BIOU@<t>mm", "CLDICE", "BETTI0-ERROR", "BETTI1-ERROR", "BETTI2-ERROR",
    "EULER-ERROR", /* test_metrics_shapes.c */
    "HD.mesh", "HD<q>.mesh", "ASSD.mesh", "MASD.mesh", "NSD.mesh@<t>mm", "NSD.mesh@<t>vox", "DSC.slices-<a>",
    "IOU.slices-<a>", "HD.vox.slices-<a>", "HD<q>.vox.maxdir.slices-<a>", "ASSD.vox.slices-<a>",
    "MASD.vox.slices-<a>", "NSD.vox.slices-<a>@<t>mm", "NSD.vox.slices-<a>@<t>vox",
    /* test_metrics_lesions.c */
    "LESION-SENS.c<c>.<r>", "LESION-PPV.c<c>.<r>", "LESION-F1.c<c>.<r>", "LESION-FP.c<c>.<r>",
    "LESION-FN.c<c>.<r>", "LESION-COUNT.c<c>", "LESION-DSC.c<c>.<m>", "PQ.c<c>.<m>", "RQ.c<c>.<m>",
    "SQ.c<c>.<m>", "LESION-SENS.c<c>.<r>.size<l>-<h>mm3", "LESION-SENS.c<c>.<r>.size<l>mm3-up",
    "LESION-PPV.c<c>.<r>.size<l>-<h>mm3", "LESION-PPV.c<c>.<r>.size<l>mm3-up", "BRATS23-DSC.dil<d>.vol<l>mm3",
    "BRATS23-HD95.dil<d>.vol<l>mm3"};

/* -- what is measured ---------------------------------------------------------------------------------------
 */

typedef struct point {
    int64_t at[3];
    double area, distance, voxels; /* distance to the other side in mm and in voxels */
} point;

typedef struct facts {
    double tp, fp, fn, tn, label[2][3]; /* of label 1 and 2: tp, fp, fn */
    int64_t n[2], n_elements[2];
    point surface[2][MAX_VOXELS], element[2][CORNERS];
} facts;

static bool set_at(const mask_pair *p, int m, int64_t z, int64_t y, int64_t x)
{
    const int64_t *n = p->grid.n;
    return z >= 0 && z < n[0] && y >= 0 && y < n[1] && x >= 0 && x < n[2] &&
           p->set[m][(z * n[1] + y) * n[2] + x];
}

static void set_distances(point *from, int64_t n_from, const point *to, int64_t n_to, const double *spacing)
{
    for (int64_t i = 0; i < n_from; i++) {
        from[i].distance = from[i].voxels = INFINITY;
        for (int64_t j = 0; j < n_to; j++) {
            double mm = 0, voxels = 0;
            for (int a = 0; a < 3; a++) {
                const double d = (double)(from[i].at[a] - to[j].at[a]);
                voxels += d * d;
                mm += d * d * spacing[a] * spacing[a];
            }
            from[i].distance = fmin(from[i].distance, sqrt(mm));
            from[i].voxels = fmin(from[i].voxels, sqrt(voxels));
        }
    }
}

static int nearer(const void *a, const void *b)
{
    const point *x = a, *y = b;
    return (x->distance > y->distance) - (x->distance < y->distance);
}

static void find_surface(const mask_pair *p, int m, facts *f)
{
    const int64_t *n = p->grid.n;
    for (int64_t v = 0; v < p->n_voxels; v++) {
        const int64_t z = v / n[2] / n[1], y = v / n[2] % n[1], x = v % n[2];
        bool inner = set_at(p, m, z, y - 1, x) && set_at(p, m, z, y + 1, x) && set_at(p, m, z, y, x - 1) &&
                     set_at(p, m, z, y, x + 1);
        if (n[0] > 1) inner = inner && set_at(p, m, z - 1, y, x) && set_at(p, m, z + 1, y, x);
        if (p->set[m][v] && !inner) f->surface[m][f->n[m]++] = (point){.at = {z, y, x}};
    }
}

static void find_elements(const mask_pair *p, int m, const double *area, facts *f)
{
    const bool flat = p->grid.n[0] == 1;
    for (int64_t z = 0; z < (flat ? 1 : p->grid.n[0] + 1); z++)
        for (int64_t y = 0; y <= p->grid.n[1]; y++)
            for (int64_t x = 0; x <= p->grid.n[2]; x++) {
                int code = 0;
                for (int k = 0; k < (flat ? 4 : 8); k++)
                    code |= set_at(p, m, flat ? 0 : z - 1 + k / 4, y - 1 + k / 2 % 2, x - 1 + k % 2) << k;
                if (code == 0 || code == (flat ? 15 : 255)) continue;
                f->element[m][f->n_elements[m]++] = (point){.at = {z, y, x}, .area = area[code]};
            }
}

static void measure(const mask_pair *p, facts *f)
{
    double area[256];
    memset(f, 0, sizeof *f);
    for (int64_t v = 0; v < p->n_voxels; v++) {
        *(p->set[0][v] ? p->set[1][v] ? &f->tp : &f->fn : p->set[1][v] ? &f->fp : &f->tn) += 1;
        for (int label = 1; label <= 2; label++) {
            const bool r = p->map[0][v] == label, q = p->map[1][v] == label;
            f->label[label - 1][0] += r && q;
            f->label[label - 1][1] += !r && q;
            f->label[label - 1][2] += r && !q;
        }
    }
    cm_surfel_areas(p->grid.spacing, p->grid.n[0] == 1, area);
    for (int m = 0; m < 2; m++) {
        find_surface(p, m, f);
        find_elements(p, m, area, f);
    }
    for (int m = 0; m < 2; m++) {
        set_distances(f->surface[m], f->n[m], f->surface[1 - m], f->n[1 - m], p->grid.spacing);
        set_distances(f->element[m], f->n_elements[m], f->element[1 - m], f->n_elements[1 - m],
                      p->grid.spacing);
    }
    for (int m = 0; m < 2; m++) { /* by distance, only after both sides have been looked at */
        qsort(f->surface[m], (size_t)f->n[m], sizeof **f->surface, nearer);
        qsort(f->element[m], (size_t)f->n_elements[m], sizeof **f->element, nearer);
    }
}

/* -- overlap and surface ------------------------------------------------------------------------------------
 */

/* NaN: the formula has no value. *known: whether the id is one of these. */
static double overlap_value(const char *id, const facts *f, const mask_pair *p, bool *known)
{
    const double tp = f->tp, fp = f->fp, fn = f->fn, tn = f->tn, n = tp + fp + fn + tn;
    const double voxel = p->grid.spacing[0] * p->grid.spacing[1] * p->grid.spacing[2];
    double dsc = 0, weighted = 0, support = 0, hits = 0, all = 0, pooled[2] = {0, 0};
    int there = 0;
    *known = true;
    for (int k = 0; k < 2; k++) {
        const double *l = f->label[k], size = l[0] + l[2], whole = 2 * l[0] + l[1] + l[2];
        if (whole > 0) dsc += 2 * l[0] / whole;
        there += whole > 0;
        if (whole > 0) weighted += size * 2 * l[0] / whole;
        support += size;
        if (size > 0) hits += 2 * l[0] / size / size;
        if (size > 0) all += whole / size / size;
        pooled[0] += 2 * l[0];
        pooled[1] += whole;
    }
    if (!strcmp(id, "SPEC.vox")) return over(tn, tn + fp);
    if (!strcmp(id, "NPV.vox")) return over(tn, tn + fn);
    if (!strcmp(id, "ACC.vox")) return over(tp + tn, n);
    if (!strcmp(id, "BACC.vox")) return (over(tp, tp + fn) + over(tn, tn + fp)) / 2;
    if (!strcmp(id, "F2.vox")) return over(5 * tp, 5 * tp + 4 * fn + fp);
    if (!strcmp(id, "F0.5.vox")) return over(1.25 * tp, 1.25 * tp + 0.25 * fn + fp);
    if (!strcmp(id, "MCC.vox"))
        return over(tp * tn - fp * fn, sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)));
    if (!strcmp(id, "KAPPA.vox")) {
        const double agreed = (tp + tn) * n, chance = (tp + fp) * (tp + fn) + (tn + fp) * (tn + fn);
        return over(agreed - chance, n * n - chance);
    }
    if (!strcmp(id, "AVDR")) return over(fabs(fp - fn), tp + fn);
    if (!strcmp(id, "RVD-SYM")) return over(2 * (fp - fn), 2 * tp + fp + fn);
    if (!strcmp(id, "VOL.reference")) return (tp + fn) * voxel;
    if (!strcmp(id, "VOL.prediction")) return (tp + fp) * voxel;
    if (!strcmp(id, "DSC.macro")) return over(dsc, there);
    if (!strcmp(id, "DSC.micro")) return over(pooled[0], pooled[1]);
    if (!strcmp(id, "DSC.weighted")) return over(weighted, support);
    if (!strcmp(id, "GDSC")) return over(hits, all);
    *known = false;
    return NAN;
}

static double quantile(const point *x, int64_t n, double p)
{
    const double h = (double)(n - 1) * p;
    const int64_t k = (int64_t)h;
    return k + 1 < n ? x[k].distance + (h - (double)k) * (x[k + 1].distance - x[k].distance)
                     : x[n - 1].distance;
}

/* The smallest distance within which lies at least the share p of the area. */
static double area_quantile(const point *x, int64_t n, double p)
{
    double whole = 0, sum = 0;
    for (int64_t i = 0; i < n; i++)
        whole += x[i].area;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i].area;
        if (sum >= p * whole * (1 - 1e-12)) return x[i].distance;
    }
    return NAN;
}

static double band_value(const mask_pair *p, const facts *f)
{
    double both = 0, either = 0;
    for (int64_t v = 0; v < p->n_voxels; v++) {
        bool in[2] = {false, false};
        for (int m = 0; m < 2; m++)
            for (int64_t i = 0; i < f->n[m] && p->set[m][v]; i++) {
                const int64_t z = v / p->grid.n[2] / p->grid.n[1] - f->surface[m][i].at[0],
                              y = v / p->grid.n[2] % p->grid.n[1] - f->surface[m][i].at[1],
                              x = v % p->grid.n[2] - f->surface[m][i].at[2];
                in[m] = in[m] || sqrt((double)(z * z + y * y + x * x)) < 1.5;
            }
        both += in[0] && in[1];
        either += in[0] || in[1];
    }
    return over(both, either);
}

static double surface_value(const char *id, const facts *f, const mask_pair *p, bool *known)
{
    double mean[2] = {0, 0}, share[2] = {0, 0}, area[2] = {0, 0}, moment[2] = {0, 0}, within = 0;
    *known = true;
    if (!strcmp(id, "BIOU@1.5vox")) return band_value(p, f);
    for (int m = 0; m < 2; m++) {
        for (int64_t i = 0; i < f->n[m]; i++) {
            mean[m] += f->surface[m][i].distance / (double)f->n[m];
            share[m] += (f->surface[m][i].distance <= 1.3) / (double)f->n[m];
        }
        for (int64_t i = 0; i < f->n_elements[m]; i++) {
            area[m] += f->element[m][i].area;
            moment[m] += f->element[m][i].area * f->element[m][i].distance;
        }
    }
    const bool none = !f->n[0] || !f->n[1];
    if (!strcmp(id, "HD90.vox.meandir"))
        return none ? NAN
                    : (quantile(f->surface[0], f->n[0], 0.9) + quantile(f->surface[1], f->n[1], 0.9)) / 2;
    if (!strcmp(id, "ASD.vox.from-reference")) return none ? NAN : mean[0];
    if (!strcmp(id, "ASD.vox.from-prediction")) return none ? NAN : mean[1];
    if (!strcmp(id, "NSD.vox.meandir@1.3mm")) return none ? NAN : (share[0] + share[1]) / 2;
    if (!strcmp(id, "HD87.3.surfel"))
        return none ? NAN
                    : fmax(area_quantile(f->element[0], f->n_elements[0], 0.873),
                           area_quantile(f->element[1], f->n_elements[1], 0.873));
    if (!strcmp(id, "ASSD.surfel")) return none ? NAN : (moment[0] + moment[1]) / (area[0] + area[1]);
    if (!strcmp(id, "MASD.surfel")) return none ? NAN : (moment[0] / area[0] + moment[1] / area[1]) / 2;
    if (!strcmp(id, "NSD.surfel@1.5vox")) { /* areas in voxels, too */
        const double unit[3] = {1, 1, 1};
        double areas[256], whole = 0;
        facts own = {.tp = 0};
        cm_surfel_areas(unit, p->grid.n[0] == 1, areas);
        for (int m = 0; m < 2; m++)
            find_elements(p, m, areas, &own);
        for (int m = 0; m < 2 && !none; m++) {
            set_distances(own.element[m], own.n_elements[m], own.element[1 - m], own.n_elements[1 - m], unit);
            for (int64_t i = 0; i < own.n_elements[m]; i++) {
                whole += own.element[m][i].area;
                within += own.element[m][i].voxels <= 1.5 ? own.element[m][i].area : 0;
            }
        }
        return none ? NAN : within / whole;
    }
    *known = false;
    return NAN;
}

/* -- all together -------------------------------------------------------------------------------------------
 */

static double expected_value(const cm_metric *m, const mask_pair *p, const facts *f)
{
    bool known;
    double value = overlap_value(m->id, f, p, &known);
    if (!known) value = surface_value(m->id, f, p, &known);
    if (!known) fail_msg("%s is not known here", m->id);
    return value;
}

static void values_equal_brute_force(void **state)
{
    static mask_pair p;
    static facts f;
    int64_t defined[N_IDS] = {0};
    (void)state;
    for (uint64_t number = 0; number < PAIRS; number++) {
        cm_metric_value got[N_IDS];
        pair_make(number, &p);
        const cm_pair pair = {
            .reference = p.map[0], .prediction = p.map[1], .grid = p.grid, .spacing_known = true};
        measure(&p, &f);
        assert_int_equal(
            cm_score_segmentation(serial_backend(), &pair, &one_and_two, 1, metrics, N_IDS, got, NULL, NULL),
            CM_OK);
        for (int m = 0; m < N_IDS; m++) {
            const double expected = expected_value(&metrics[m], &p, &f);
            if (!agrees(got[m], expected))
                fail_msg("pair %d, %s: %s %.17g, expected %.17g", (int)number, ids[m],
                         cm_value_state_name(got[m].state), got[m].value, expected);
            defined[m] += !isnan(expected);
        }
    }
    for (int m = 0; m < N_IDS; m++)
        if (defined[m] < PAIRS / 20) fail_msg("%s was defined %d times only", ids[m], (int)defined[m]);
}

/* A pair with probabilities whose support is the prediction; some are 1. */
static void make_probabilities(uint64_t number, mask_pair *p, float *probability)
{
    pair_make(number, p);
    for (int64_t v = 0; v < p->n_voxels; v++) {
        const double u = cm_random_uniform(source, number, 100000 + (uint64_t)v);
        probability[v] = !p->set[1][v] ? 0 : u < 0.1 ? 1 : (float)(1 - u);
        p->map[1][v] = probability[v] > 0;
    }
}

static void soft_dice_equals_brute_force(void **state)
{
    static mask_pair p;
    static float probability[MAX_VOXELS];
    int64_t defined = 0;
    cm_metric soft;
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    (void)state;
    assert_int_equal(cm_metric_parse("SDSC", &soft, NULL), CM_OK);
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &be, NULL), CM_OK);
    for (uint64_t number = 0; number < PAIRS; number++) {
        cm_metric_value got, threaded;
        long double both = 0, all = 0;
        make_probabilities(number, &p, probability);
        const cm_pair pair = {.reference = p.map[0],
                              .prediction = p.map[1],
                              .probability = probability,
                              .grid = p.grid,
                              .spacing_known = true,
                              .has_ignored = number % 2,
                              .ignored = 3};
        for (int64_t v = 0; v < p.n_voxels; v++) {
            if (pair.has_ignored && p.map[0][v] == 3) continue;
            both += p.set[0][v] ? probability[v] : 0;
            all += (long double)probability[v] + p.set[0][v];
        }
        assert_int_equal(
            cm_score_segmentation(serial_backend(), &pair, &one_and_two, 1, &soft, 1, &got, NULL, NULL),
            CM_OK);
        assert_int_equal(cm_score_segmentation(be, &pair, &one_and_two, 1, &soft, 1, &threaded, NULL, NULL),
                         CM_OK);
        assert_int_equal(got.state, threaded.state);
        assert_memory_equal(&got.value, &threaded.value, sizeof got.value);
        const double expected = over((double)(2 * both), (double)all);
        if (!agrees(got, expected))
            fail_msg("pair %d: %s %.17g, expected %.17g", (int)number, cm_value_state_name(got.state),
                     got.value, expected);
        defined += !isnan(expected);
    }
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    assert_true(defined > PAIRS / 2 && defined < PAIRS);
}

/* Probabilities 0 and 1 are a mask. */
static void soft_dice_of_a_mask_is_its_dice(void **state)
{
    static mask_pair p;
    static float probability[MAX_VOXELS];
    cm_metric both[2];
    (void)state;
    assert_int_equal(cm_metric_parse("SDSC", &both[0], NULL), CM_OK);
    assert_int_equal(cm_metric_parse("DSC", &both[1], NULL), CM_OK);
    for (uint64_t number = 0; number < PAIRS; number++) {
        cm_metric_value got[2];
        pair_make(number, &p);
        for (int64_t v = 0; v < p.n_voxels; v++)
            probability[v] = p.set[1][v];
        const cm_pair pair = {.reference = p.map[0],
                              .prediction = p.map[1],
                              .probability = probability,
                              .grid = p.grid,
                              .spacing_known = true};
        assert_int_equal(
            cm_score_segmentation(serial_backend(), &pair, &one_and_two, 1, both, 2, got, NULL, NULL), CM_OK);
        assert_int_equal(got[0].state, got[1].state);
        assert_int_equal(got[0].empty, got[1].empty);
        assert_memory_equal(&got[0].value, &got[1].value, sizeof got[0].value);
    }
}

static void no_row_is_left_out(void **state)
{
    (void)state;
    for (int i = 0; i < cm_metric_catalogue_count; i++) {
        const cm_metric_definition *d = &cm_metric_catalogue[i];
        bool tested = d->kind != CM_METRIC_SEGMENTATION || !d->mask;
        for (int m = 0; m < N_IDS; m++)
            tested = tested || metrics[m].definition == d;
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            tested = tested || !strcmp(elsewhere[k], d->pattern);
        if (!tested) fail_msg("%s has no brute force", d->pattern);
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_brute_force), cmocka_unit_test(soft_dice_equals_brute_force),
        cmocka_unit_test(soft_dice_of_a_mask_is_its_dice), cmocka_unit_test(no_row_is_left_out)};
    return cmocka_run_group_tests(tests, parse_all, NULL);
}

/* Synthetic patients. Anatomy is described in millimetres, R A S, and knows no voxels; an acquisition then
 * samples it on a provider's grid, blurs, shades, adds noise and rounds to int16. */
#include "engine/demo/phantom.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/demo/field.h"
#include "engine/image/geometry.h"

/* ---- providers ---- */

const char *const cm_phantom_providers[CM_PHANTOM_PROVIDERS] = {"site-a", "site-b", "site-c"};

/* How a provider's scanner sees the same anatomy. Signal is 0..1 before `gain`. */
typedef struct scanner {
    int64_t nx, ny, nz;
    double spacing_mm[3]; /* x, y, z of the stored axes */
    const char *orientation;
    double contrast; /* of soft tissue around its middle grey */
    double noise;    /* sd, in units of signal */
    double shading;  /* largest relative change of signal across the image */
    double gain;     /* signal to stored number */
    int blurs;       /* passes of a 1 2 1 filter along each axis in the slice */
} scanner;

static const scanner scanners[CM_PHANTOM_PROVIDERS] = {
    {64, 64, 40, {2.5, 2.5, 2.5}, "RAS", 1.0, 0.030, 0.10, 1000, 1},
    {53, 53, 33, {3.0, 3.0, 3.0}, "LPS", 0.8, 0.065, 0.15, 420, 1},
    {80, 80, 20, {2.0, 2.0, 5.0}, "LAS", 1.1, 0.050, 0.35, 2600, 2},
};

/* ---- anatomy ---- */

typedef struct point {
    double x, y, z;
} point;

typedef struct ellipsoid {
    point centre, axes;
} ellipsoid;

enum { MAX_LESIONS = 4, MAX_BLOBS = 6 };

typedef struct lesion {
    point centre;
    double radius_mm, contrast, softness;
} lesion;

typedef struct anatomy {
    ellipsoid body, organ, spleen;
    lesion lesions[MAX_LESIONS];
    int n_lesions;
    ellipsoid blobs[MAX_BLOBS]; /* bowel loops and cysts: background that looks like lesions */
    double blob_signal[MAX_BLOBS];
    int n_blobs;
    double organ_signal, spleen_signal, fat_mm, texture;
    cm_field shape, fine;
} anatomy;

/* Distance from the centre in units of the axes: 1 on the surface. */
static double ellipsoid_distance(const ellipsoid *e, point p)
{
    const double x = (p.x - e->centre.x) / e->axes.x, y = (p.y - e->centre.y) / e->axes.y,
                 z = (p.z - e->centre.z) / e->axes.z;
    return sqrt(x * x + y * y + z * z);
}

static point point_near(cm_draws *d, point centre, double spread)
{
    const double x = cm_draws_between(d, -spread, spread), y = cm_draws_between(d, -spread, spread),
                 z = cm_draws_between(d, -spread, spread);
    return (point){centre.x + x, centre.y + y, centre.z + z};
}

/* The draws of a point come one after the other; in an initializer their order would be the compiler's. */
static point point_between(cm_draws *d, point low, point high)
{
    const double x = cm_draws_between(d, low.x, high.x), y = cm_draws_between(d, low.y, high.y),
                 z = cm_draws_between(d, low.z, high.z);
    return (point){x, y, z};
}

static point scaled(point p, double factor)
{
    return (point){factor * p.x, factor * p.y, factor * p.z};
}

static double organ_distance(const anatomy *a, point p)
{
    return ellipsoid_distance(&a->organ, p) + 0.22 * cm_field_at(&a->shape, p.x / 26, p.y / 26, p.z / 26);
}

static double lesion_distance(const anatomy *a, int i, point p)
{
    const lesion *l = &a->lesions[i];
    const ellipsoid sphere = {l->centre, {l->radius_mm, l->radius_mm, l->radius_mm}};
    const double cell = 0.8 * l->radius_mm;
    return ellipsoid_distance(&sphere, p) +
           0.28 * cm_field_at(&a->shape, p.x / cell + 5 * i, p.y / cell, p.z / cell);
}

static bool lesion_fits(const anatomy *a, const lesion *l)
{
    if (organ_distance(a, l->centre) > 0.72) return false;
    for (int i = 0; i < a->n_lesions; i++) {
        const lesion *other = &a->lesions[i];
        const double reach = l->radius_mm + other->radius_mm + 4;
        const ellipsoid sphere = {other->centre, {reach, reach, reach}};
        if (ellipsoid_distance(&sphere, l->centre) < 1) return false;
    }
    return true;
}

/* None in about one of six patients; small ones are more frequent than large, most are darker than the organ.
 */
static void place_lesions(anatomy *a, cm_draws *d)
{
    static const int counts[] = {0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 0, 1};
    const int wanted = counts[cm_draws_below(d, sizeof counts / sizeof counts[0])];
    for (int attempt = 0; attempt < 60 && a->n_lesions < wanted; attempt++) {
        const double u = cm_draws_between(d, 0, 1), strength = cm_draws_between(d, 0.13, 0.32);
        const bool bright = cm_draws_below(d, 5) == 0;
        lesion l = {.radius_mm = 6 + 10 * u * u,
                    .contrast = bright ? strength : -strength,
                    .softness = cm_draws_between(d, 0.05, 0.45)};
        l.centre = point_near(d, a->organ.centre, 26);
        if (lesion_fits(a, &l)) a->lesions[a->n_lesions++] = l;
    }
}

static void place_blobs(anatomy *a, cm_draws *d)
{
    a->n_blobs = 3 + cm_draws_below(d, MAX_BLOBS - 2);
    for (int i = 0; i < a->n_blobs; i++) {
        const double r = cm_draws_between(d, 5, 12);
        a->blobs[i].centre = point_near(d, (point){-24, 12, 0}, 22);
        a->blobs[i].axes = scaled(point_between(d, (point){1, 0.7, 0.8}, (point){1, 1.2, 1.8}), r);
        a->blob_signal[i] = cm_draws_between(d, 0.2, 0.85);
    }
}

static void make_anatomy(anatomy *a, uint64_t seed, int64_t index, bool female, int age_step)
{
    cm_draws d = cm_draws_begin(seed, index, 1), shape = cm_draws_begin(seed, index, 2),
             fine = cm_draws_begin(seed, index, 3);
    const double size = female ? 0.96 : 1.03;
    memset(a, 0, sizeof *a);
    cm_field_fill(&a->shape, &shape);
    cm_field_fill(&a->fine, &fine);
    a->body.axes = scaled(point_between(&d, (point){66, 52, 400}, (point){74, 60, 400}), size);
    a->fat_mm = cm_draws_between(&d, 3, 9);
    a->organ.centre = point_near(&d, (point){22, 2, 2}, 5);
    a->organ.axes = scaled(point_between(&d, (point){31, 29, 28}, (point){37, 36, 36}), size);
    a->spleen.centre = point_near(&d, (point){-40, -16, 6}, 4);
    a->spleen.axes = point_between(&d, (point){11, 14, 16}, (point){15, 20, 24});
    a->organ_signal = cm_draws_between(&d, 0.57, 0.66);
    a->spleen_signal = a->organ_signal * cm_draws_between(&d, 0.86, 1.1);
    a->texture = 0.03 + 0.008 * age_step; /* older organs look coarser */
    place_lesions(a, &d);
    place_blobs(a, &d);
}

/* ---- signal ---- */

static double organ_signal(const anatomy *a, point p)
{
    double s = a->organ_signal + a->texture * cm_field_at(&a->fine, p.x / 7, p.y / 7, p.z / 7);
    const double vessel = cm_field_at(&a->fine, p.x / 19 + 3, p.y / 19 + 7, p.z / 19);
    s -= 0.10 * (1 - cm_smoothstep(0.02, 0.07, fabs(vessel))); /* thin sheets where the field is zero */
    for (int i = 0; i < a->n_lesions; i++) {
        const double inside = 1 - lesion_distance(a, i, p);
        const lesion *l = &a->lesions[i];
        s += l->contrast * cm_smoothstep(-0.02, l->softness, inside) *
             (1 + 0.25 * cm_field_at(&a->fine, p.x / 4 + 2 * i, p.y / 4, p.z / 4));
    }
    return s;
}

static double background_signal(const anatomy *a, point p, double body)
{
    const ellipsoid spine = {{0, -36, 0}, {11, 10, 400}}, aorta = {{-5, -20, 0}, {5, 5, 400}};
    if (body > 1) return 0;
    if ((1 - body) * a->body.axes.y < a->fat_mm) return 0.92;
    const double at_spine = ellipsoid_distance(&spine, p);
    if (at_spine < 1)
        return at_spine > 0.75 ? 0.15 : 0.7 + 0.05 * cm_field_at(&a->fine, p.x / 5, p.y / 5, p.z / 5);
    if (ellipsoid_distance(&aorta, p) < 1) return 0.2;
    if (ellipsoid_distance(&a->spleen, p) < 1 + 0.1 * cm_field_at(&a->shape, p.x / 15, p.y / 15, p.z / 15))
        return a->spleen_signal + a->texture * cm_field_at(&a->fine, p.x / 6, p.y / 6, p.z / 6);
    for (int i = 0; i < a->n_blobs; i++)
        if (ellipsoid_distance(&a->blobs[i], p) < 1) return a->blob_signal[i];
    return 0.42 + 0.07 * cm_field_at(&a->fine, p.x / 11, p.y / 11, p.z / 11);
}

/* Label and signal at a point. */
static int tissue_at(const anatomy *a, point p, double *signal)
{
    const double body =
        ellipsoid_distance(&a->body, p) + 0.03 * cm_field_at(&a->shape, p.x / 40, p.y / 40, p.z / 40);
    const bool organ = organ_distance(a, p) < 1 && (1 - body) * a->body.axes.y > a->fat_mm;
    *signal = organ ? organ_signal(a, p) : background_signal(a, p, body);
    if (!organ) return 0;
    for (int i = 0; i < a->n_lesions; i++)
        if (lesion_distance(a, i, p) < 1) return CM_PHANTOM_LESION;
    return CM_PHANTOM_ORGAN;
}

/* ---- acquisition ---- */

/* The volume's middle is the middle of the anatomy. */
static cm_geometry grid_of(const scanner *s)
{
    cm_geometry g = {.shape = {.nz = s->nz, .ny = s->ny, .nx = s->nx},
                     .spacing_known = true,
                     .orientation_known = true,
                     .spacing_mm = {.z = s->spacing_mm[2], .y = s->spacing_mm[1], .x = s->spacing_mm[0]}};
    const int64_t n[3] = {s->nx, s->ny, s->nz};
    static const char positive[] = "RAS";
    for (int k = 0; k < 3; k++) { /* the scanners' codes all keep the order x, y, z */
        const double step = s->orientation[k] == positive[k] ? s->spacing_mm[k] : -s->spacing_mm[k];
        g.affine.m[k][k] = step;
        g.affine.m[k][3] = -0.5 * step * (double)(n[k] - 1);
    }
    return g;
}

static point world_of(const cm_geometry *g, double x, double y, double z)
{
    return (point){g->affine.m[0][0] * x + g->affine.m[0][3], g->affine.m[1][1] * y + g->affine.m[1][3],
                   g->affine.m[2][2] * z + g->affine.m[2][3]};
}

/* Labels at voxel centres; signal averaged through the thickness of a slice. */
static void sample(const anatomy *a, const cm_geometry *g, double *signal, uint8_t *labels)
{
    const int parts = g->spacing_mm.z > 4 ? 3 : 1;
    int64_t i = 0;
    for (int64_t z = 0; z < g->shape.nz; z++) {
        for (int64_t y = 0; y < g->shape.ny; y++) {
            for (int64_t x = 0; x < g->shape.nx; x++, i++) {
                double sum = 0, one = 0;
                for (int part = 0; part < parts; part++) {
                    const double offset = (part + 0.5) / parts - 0.5;
                    const int label =
                        tissue_at(a, world_of(g, (double)x, (double)y, (double)z + offset), &one);
                    if (2 * part + 1 == parts) labels[i] = (uint8_t)label;
                    sum += one;
                }
                signal[i] = sum / parts;
            }
        }
    }
}

/* (1 2 1)/4 along an axis; the edge voxel counts twice. line: scratch for the longest axis. */
static void blur_axis(double *v, int64_t lines, int64_t line_step, int64_t n, int64_t step, double *line)
{
    for (int64_t l = 0; l < lines; l++) {
        double *at = v + l * line_step;
        for (int64_t i = 0; i < n; i++)
            line[i] = at[i * step];
        for (int64_t i = 0; i < n; i++)
            at[i * step] = 0.25 * (line[i ? i - 1 : 0] + 2 * line[i] + line[i + 1 < n ? i + 1 : i]);
    }
}

static void blur_slices(double *v, cm_shape3 s, double *line)
{
    blur_axis(v, s.nz * s.ny, s.nx, s.nx, 1, line);
    for (int64_t z = 0; z < s.nz; z++)
        blur_axis(v + z * s.ny * s.nx, s.nx, 1, s.ny, s.nx, line);
}

/* Shading, contrast, noise as the length of a complex signal with two noisy parts, and rounding. */
static void acquire(const scanner *s, const cm_geometry *g, const double *signal, uint64_t seed,
                    int64_t index, int16_t *out)
{
    cm_draws shade = cm_draws_begin(seed, index, 4), noise = cm_draws_begin(seed, index, 5);
    const double sx = cm_draws_between(&shade, -1, 1), sy = cm_draws_between(&shade, -1, 1),
                 sz = cm_draws_between(&shade, -1, 1), sq = cm_draws_between(&shade, -1, 1);
    const double gain = s->gain * cm_draws_between(&shade, 0.85, 1.15);
    int64_t i = 0;
    for (int64_t z = 0; z < g->shape.nz; z++) {
        for (int64_t y = 0; y < g->shape.ny; y++) {
            for (int64_t x = 0; x < g->shape.nx; x++, i++) {
                const point p = world_of(g, (double)x, (double)y, (double)z);
                const double u = p.x / 80, v = p.y / 80, w = p.z / 50;
                const double field = 1 + s->shading * 0.4 * (sx * u + sy * v + sz * w + sq * (u * u - v * w));
                const double stretch = cm_smoothstep(0.05, 0.3, signal[i]);
                double value = signal[i] + stretch * (s->contrast - 1) * (signal[i] - 0.5);
                const double a = value * field + s->noise * cm_draws_normal(&noise),
                             b = s->noise * cm_draws_normal(&noise);
                value = gain * sqrt(a * a + b * b);
                out[i] = value < 32000 ? (int16_t)floor(value + 0.5) : 32000;
            }
        }
    }
}

cm_status cm_phantom_make(uint64_t seed, int64_t index, cm_phantom *out, cm_error *err)
{
    static const char *const bands[] = {"40-49", "50-59", "60-69", "70-79"};
    cm_draws d = cm_draws_begin(seed, index, 0);
    const int provider = (int)(index % CM_PHANTOM_PROVIDERS);
    const scanner *s = &scanners[provider];
    const cm_geometry g = grid_of(s);
    const int64_t voxels = cm_shape3_count(g.shape);
    const bool female = cm_draws_below(&d, 2) == 0;
    const int band = cm_draws_below(&d, 4);
    *out = (cm_phantom){.provider = provider, .sex = female ? "F" : "M", .age_band = bands[band]};
    double line[128], *signal = malloc((size_t)voxels * sizeof *signal);
    anatomy *a = malloc(sizeof *a);
    cm_status st = CM_OK;
    if (!signal || !a) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a synthetic patient");
    if (!st) st = cm_volume_create(&g, 1, CM_I16, INT64_MAX, &out->image, err);
    if (!st) st = cm_volume_create(&g, 1, CM_U8, INT64_MAX, &out->reference, err);
    if (!st) {
        make_anatomy(a, seed, index, female, band);
        sample(a, &g, signal, out->reference->data);
        for (int i = 0; i < s->blurs; i++)
            blur_slices(signal, g.shape, line);
        acquire(s, &g, signal, seed, index, out->image->data);
        out->lesions = a->n_lesions;
    }
    free(a);
    free(signal);
    return st;
}

void cm_phantom_fini(cm_phantom *phantom)
{
    cm_volume_destroy(phantom->image);
    cm_volume_destroy(phantom->reference);
    phantom->image = phantom->reference = NULL;
}

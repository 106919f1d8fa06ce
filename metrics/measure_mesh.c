/* Distances between triangle meshes of two masks: from the centre of every triangle of one to the nearest
 * point of the other, found in a tree of boxes over the corners that have triangles. The smallest distance is
 * the same whatever the order of the search. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/measure_internal.h"

enum { LEAF = 4, PER_TASK = 256, STACK = 128 };

/* Corners [begin, end) of a mesh; a node that is no leaf has its first child behind it. */
typedef struct node {
    double lo[3], hi[3];
    int64_t begin, end, second; /* second child; 0: a leaf */
} node;

typedef struct corner {
    double at[3];
    int64_t index; /* on the lattice */
    uint8_t code;
} corner;

typedef struct mesh {
    corner *corners;
    int64_t n, n_triangles;
    uint8_t *codes; /* of the whole lattice */
    node *nodes;
    int64_t n_nodes;
} mesh;

typedef struct meshes {
    mesh side[2];
    cm_surfel_pieces pieces[256];
    double half[3];                /* of a cell */
    double lo[256][3], hi[256][3]; /* box of the pieces of a code */
    const cm_measuring *m;
    cm_mesh_distances *out;
    int64_t *first; /* of a task: the place of its first triangle */
    int from;
} meshes;

/* -- points and triangles ---------------------------------------------------------------------------------
 */

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static double between2(const double a[3], const double b[3])
{
    const double d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    return dot(d, d);
}

static double to_line2(const double p[3], const double a[3], const double b[3])
{
    double along[3], there[3], nearest[3];
    for (int i = 0; i < 3; i++) {
        along[i] = b[i] - a[i];
        there[i] = p[i] - a[i];
    }
    const double whole = dot(along, along), t = whole > 0 ? dot(along, there) / whole : 0;
    const double s = t < 0 ? 0 : t > 1 ? 1 : t;
    for (int i = 0; i < 3; i++)
        nearest[i] = a[i] + s * along[i];
    return between2(p, nearest);
}

/* Squared distance: to the plane where the foot of the point is inside, else to the edges that it is outside
 * of, for the nearest point lies on one of these. At most `limit` matters: what is farther may come out as
 * anything not below it. */
static double to_triangle2(const double p[3], const double c[3][3], double limit)
{
    double u[3], v[3], w[3], best = INFINITY;
    for (int i = 0; i < 3; i++) {
        u[i] = c[1][i] - c[0][i];
        v[i] = c[2][i] - c[0][i];
        w[i] = p[i] - c[0][i];
    }
    const double n[3] = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
    const double whole = dot(n, n), height = dot(n, w);
    if (!(whole > 0)) return to_line2(p, c[0], c[1]); /* a line */
    const double plane2 = height * height / whole;
    if (plane2 * (1 - 1e-12) > limit) return limit;
    const double uu = dot(u, u), uv = dot(u, v), vv = dot(v, v), wu = dot(w, u), wv = dot(w, v);
    const double s = vv * wu - uv * wv, t = uu * wv - uv * wu;
    const bool out[3] = {t < 0, s<0, s + t> uu * vv - uv * uv};
    if (!out[0] && !out[1] && !out[2]) return plane2;
    if (out[0]) best = to_line2(p, c[0], c[1]);
    if (out[1]) best = fmin(best, to_line2(p, c[0], c[2]));
    if (out[2]) best = fmin(best, to_line2(p, c[1], c[2]));
    return best;
}

/* -- the tree ---------------------------------------------------------------------------------------------
 */

static int compare_axis(const corner *a, const corner *b, int axis)
{
    if (a->at[axis] != b->at[axis]) return a->at[axis] < b->at[axis] ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Hoare's selection: corners below `middle` come before it along the axis. */
static void part(corner *c, int64_t begin, int64_t end, int64_t middle, int axis)
{
    while (end - begin > 1) {
        const corner pivot = c[begin + (end - begin) / 2];
        int64_t i = begin, j = end - 1;
        while (i <= j) {
            while (compare_axis(&c[i], &pivot, axis) < 0)
                i++;
            while (compare_axis(&c[j], &pivot, axis) > 0)
                j--;
            if (i > j) break;
            const corner swap = c[i];
            c[i++] = c[j];
            c[j--] = swap;
        }
        if (middle <= j)
            end = j + 1;
        else if (middle >= i)
            begin = i;
        else
            return;
    }
}

static int64_t grow_tree(mesh *m, int64_t begin, int64_t end, const double half[3])
{
    const int64_t at = m->n_nodes++;
    node *k = &m->nodes[at];
    *k = (node){.begin = begin, .end = end};
    int axis = 0;
    for (int a = 0; a < 3; a++) {
        double lo = INFINITY, hi = -INFINITY;
        for (int64_t i = begin; i < end; i++) {
            lo = fmin(lo, m->corners[i].at[a]);
            hi = fmax(hi, m->corners[i].at[a]);
        }
        k->lo[a] = lo - half[a];
        k->hi[a] = hi + half[a];
        if (k->hi[a] - k->lo[a] > k->hi[axis] - k->lo[axis]) axis = a;
    }
    if (end - begin <= LEAF) return at;
    const int64_t middle = begin + (end - begin) / 2;
    part(m->corners, begin, end, middle, axis);
    grow_tree(m, begin, middle, half);
    const int64_t second = grow_tree(m, middle, end, half);
    m->nodes[at].second = second;
    return at;
}

/* Never above the distance of something in the box, whatever the rounding. */
static double to_box2(const double p[3], const double lo[3], const double hi[3])
{
    double sum = 0;
    for (int a = 0; a < 3; a++) {
        const double d = p[a] < lo[a] ? lo[a] - p[a] : p[a] > hi[a] ? p[a] - hi[a] : 0;
        sum += d * d;
    }
    return sum * (1 - 1e-12);
}

/* Where the nearest point so far lies. */
typedef struct found {
    double distance2;
    int64_t corner;
} found;

static void search_corner(const meshes *s, const mesh *m, int64_t corner_index, const double p[3],
                          found *best)
{
    const corner *c = &m->corners[corner_index];
    const double q[3] = {p[0] - c->at[0], p[1] - c->at[1], p[2] - c->at[2]};
    const cm_surfel_pieces *pieces = &s->pieces[c->code];
    if (to_box2(q, s->lo[c->code], s->hi[c->code]) > best->distance2) return;
    for (int t = 0; t < pieces->n; t++) {
        const double d = to_triangle2(q, pieces->triangle[t].corner, best->distance2);
        if (d < best->distance2) *best = (found){d, corner_index};
    }
}

/* hint: a corner that is likely to be near; written: the one that was nearest. */
static double nearest2(const meshes *s, const mesh *m, const double p[3], int64_t *hint)
{
    int64_t stack[STACK];
    int n = 0;
    found best = {INFINITY, 0};
    search_corner(s, m, *hint, p, &best);
    stack[n++] = 0;
    while (n) {
        const node *k = &m->nodes[stack[--n]];
        if (to_box2(p, k->lo, k->hi) > best.distance2) continue;
        if (!k->second) {
            for (int64_t i = k->begin; i < k->end; i++)
                search_corner(s, m, i, p, &best);
            continue;
        }
        const node *first = k + 1, *second = &m->nodes[k->second];
        const bool first_is_near = to_box2(p, first->lo, first->hi) <= to_box2(p, second->lo, second->hi);
        stack[n++] = (first_is_near ? second : first) - m->nodes; /* the near one is looked at first */
        stack[n++] = (first_is_near ? first : second) - m->nodes;
    }
    *hint = best.corner;
    return best.distance2;
}

/* -- two meshes -------------------------------------------------------------------------------------------
 */

static cm_status mesh_init(const cm_cutout *c, const cm_grid *grid, int which, const meshes *s, mesh *m,
                           cm_error *err)
{
    const bool flat = grid->n[0] == 1;
    int64_t n[3], corners = 1;
    for (int a = 0; a < 3; a++)
        corners *= n[a] = grid->n[a] + (flat && a == 0 ? 0 : 1);
    m->codes = malloc((size_t)corners);
    if (!m->codes) return cm_measure_no_memory(c->n_voxels, err);
    cm_surfel_codes(c->mask[which], grid->n, m->codes);
    for (int64_t i = 0; i < corners; i++)
        m->n += s->pieces[m->codes[i]].n > 0;
    m->corners = malloc((size_t)m->n * sizeof *m->corners);
    m->nodes = malloc((size_t)(2 * m->n) * sizeof *m->nodes);
    if (!m->corners || !m->nodes) return cm_measure_no_memory(c->n_voxels, err);
    for (int64_t i = 0, k = 0; k < m->n; i++) {
        const int64_t at[3] = {i / n[2] / n[1], i / n[2] % n[1], i % n[2]};
        if (!s->pieces[m->codes[i]].n) continue;
        m->corners[k] = (corner){.index = i, .code = m->codes[i]};
        for (int a = 0; a < 3; a++)
            m->corners[k].at[a] = (double)at[a] * grid->spacing[a];
        m->n_triangles += s->pieces[m->codes[i]].n;
        k++;
    }
    grow_tree(m, 0, m->n, s->half);
    return CM_OK;
}

static void mesh_fini(mesh *m)
{
    free(m->codes);
    free(m->corners);
    free(m->nodes);
}

/* Corners of one task. Where both masks have the same pieces the distance is 0 without rounding. */
static void distance_task(void *context, int64_t task, int worker)
{
    const meshes *s = context;
    const mesh *own = &s->side[s->from], *other = &s->side[1 - s->from];
    cm_mesh_element *out = s->out->at[s->from] + s->first[task];
    int64_t hint = 0; /* neighbours in the tree are neighbours in space */
    (void)worker;
    if (cm_stop_due(s->m->stop)) return;
    for (int64_t i = task * PER_TASK; i < own->n && i < (task + 1) * PER_TASK; i++) {
        const corner *c = &own->corners[i];
        const cm_surfel_pieces *pieces = &s->pieces[c->code];
        for (int t = 0; t < pieces->n; t++) {
            const double *centre = pieces->triangle[t].centre;
            const double p[3] = {c->at[0] + centre[0], c->at[1] + centre[1], c->at[2] + centre[2]};
            const double d2 = other->codes[c->index] == c->code ? 0 : nearest2(s, other, p, &hint);
            *out++ = (cm_mesh_element){sqrt(d2), pieces->triangle[t].area};
        }
    }
}

static int by_distance(const void *a, const void *b)
{
    const cm_mesh_element *x = a, *y = b;
    if (x->distance != y->distance) return x->distance > y->distance ? 1 : -1;
    return (x->area > y->area) - (x->area < y->area);
}

static cm_status distances_from(meshes *s, int from, cm_error *err)
{
    const mesh *own = &s->side[from];
    const int64_t tasks = (own->n + PER_TASK - 1) / PER_TASK;
    cm_mesh_distances *out = s->out;
    out->n[from] = own->n_triangles;
    out->at[from] = malloc((size_t)own->n_triangles * sizeof *out->at[from]);
    s->first = malloc((size_t)tasks * sizeof *s->first);
    if (!out->at[from] || !s->first) {
        free(s->first);
        return cm_measure_no_memory(own->n, err);
    }
    for (int64_t i = 0, n = 0; i < own->n; i++) {
        if (i % PER_TASK == 0) s->first[i / PER_TASK] = n;
        n += s->pieces[own->corners[i].code].n;
    }
    s->from = from;
    cm_threads_for(s->m->backend->pool, tasks, distance_task, s);
    free(s->first);
    const cm_status st = cm_stop_due(s->m->stop);
    if (st) return CM_FAIL(err, st, .what = "measuring meshes was stopped");
    qsort(out->at[from], (size_t)out->n[from], sizeof *out->at[from], by_distance);
    return CM_OK;
}

static void set_boxes(meshes *s)
{
    for (int code = 0; code < 256; code++)
        for (int a = 0; a < 3; a++) {
            s->lo[code][a] = INFINITY;
            s->hi[code][a] = -INFINITY;
            for (int t = 0; t < s->pieces[code].n; t++)
                for (int k = 0; k < 3; k++) {
                    s->lo[code][a] = fmin(s->lo[code][a], s->pieces[code].triangle[t].corner[k][a]);
                    s->hi[code][a] = fmax(s->hi[code][a], s->pieces[code].triangle[t].corner[k][a]);
                }
        }
}

static cm_status measure_unit(const cm_measuring *m, const cm_cutout *c, bool voxels, cm_mesh_distances *out,
                              cm_error *err)
{
    cm_grid grid = c->grid;
    meshes *s = calloc(1, sizeof *s);
    if (!s) return cm_measure_no_memory(c->n_voxels, err);
    for (int a = 0; a < 3; a++) {
        if (voxels) grid.spacing[a] = 1;
        s->half[a] = grid.spacing[a] / 2;
    }
    s->m = m;
    s->out = out;
    cm_surfel_triangles(grid.spacing, grid.n[0] == 1, s->pieces);
    set_boxes(s);
    cm_status st = mesh_init(c, &grid, 0, s, &s->side[0], err);
    if (!st) st = mesh_init(c, &grid, 1, s, &s->side[1], err);
    for (int i = 0; i < 2 && !st; i++)
        st = distances_from(s, i, err);
    mesh_fini(&s->side[0]);
    mesh_fini(&s->side[1]);
    free(s);
    return st;
}

cm_status cm_measure_meshes(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    cm_status st = CM_OK;
    if (c->empty[0] || c->empty[1]) return CM_OK;
    for (int unit = 0; unit < 2 && !st; unit++) {
        if (!m->needs[unit ? CM_NEEDS_VOXEL_MESH : CM_NEEDS_MESH]) continue;
        st = measure_unit(m, c, unit, &out->meshes[unit], err);
        out->has_meshes[unit] = !st;
    }
    return st;
}

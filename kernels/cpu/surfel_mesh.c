/* The surface pieces at a corner as triangles: for each group of voxels that share faces, the polygon through
 * the middles of the cube's edges around it, cut from its centre. The areas of surfel.c are those of the
 * marching-cubes table, which cuts bent polygons elsewhere; a cut from the centre is the same for every flip
 * and axis order. */
#include <math.h>
#include <string.h>

#include "kernels/volume.h"

/* Corner c of the cube: bit 4 is z, 2 is y, 1 is x, as in a code. An edge of the cube that leaves a group. */
typedef struct crossing {
    int inside, outside;
    double at[3]; /* z, y, x from the corner of the lattice, the middle of the cube */
} crossing;

static int group_of(int set, int first, int corners)
{
    int found = 1 << first, before = 0;
    while (found != before) {
        before = found;
        for (int c = 0; c < corners; c++)
            for (int step = 1; step < corners && before >> c & 1; step *= 2)
                found |= set & 1 << (c ^ step);
    }
    return found;
}

static double side_of(int corner, int bit, double spacing)
{
    return (corner & bit ? 0.5 : -0.5) * spacing;
}

static int find_crossings(int group, int corners, const double spacing[3], crossing out[12])
{
    int n = 0;
    for (int c = 0; c < corners; c++)
        for (int step = 1; step < corners && group >> c & 1; step *= 2) {
            if (group >> (c ^ step) & 1) continue;
            crossing *x = &out[n++];
            *x = (crossing){.inside = c, .outside = c ^ step};
            for (int a = 0; a < 3; a++) {
                const int bit = 4 >> a;
                x->at[a] = bit == step || bit >= corners ? 0 : side_of(c, bit, spacing[a]);
            }
        }
    return n;
}

/* Whether both edges lie on the face where `bit` has the value that corner `c` has. */
static bool on_face(const crossing *x, int c, int bit)
{
    return ((x->inside ^ c) & bit) == 0 && ((x->outside ^ c) & bit) == 0;
}

/* The next point of the polygon: on a face of four crossings the two around one corner of the group belong
 * together. -1: all are taken. */
static int next_crossing(const crossing *x, int n, int at, const bool *taken)
{
    for (int bit = 1; bit < 8; bit *= 2) {
        if (!on_face(&x[at], x[at].inside, bit)) continue;
        int on_it = 0, same_corner = -1, other = -1;
        for (int k = 0; k < n; k++) {
            if (k == at || !on_face(&x[k], x[at].inside, bit)) continue;
            on_it++;
            other = k;
            if (x[k].inside == x[at].inside) same_corner = k;
        }
        const int next = on_it == 1 ? other : same_corner;
        if (next >= 0 && !taken[next]) return next;
    }
    return -1;
}

static double area_of(const double a[3], const double b[3], const double c[3])
{
    double u[3], v[3];
    for (int i = 0; i < 3; i++) {
        u[i] = b[i] - a[i];
        v[i] = c[i] - a[i];
    }
    const double x = u[1] * v[2] - u[2] * v[1], y = u[2] * v[0] - u[0] * v[2], z = u[0] * v[1] - u[1] * v[0];
    return sqrt(x * x + y * y + z * z) / 2;
}

static void add_triangle(cm_surfel_pieces *p, const double a[3], const double b[3], const double c[3])
{
    cm_triangle *t = &p->triangle[p->n++];
    memcpy(t->corner[0], a, sizeof t->corner[0]);
    memcpy(t->corner[1], b, sizeof t->corner[1]);
    memcpy(t->corner[2], c, sizeof t->corner[2]);
    for (int i = 0; i < 3; i++)
        t->centre[i] = (a[i] + b[i] + c[i]) / 3;
    t->area = area_of(a, b, c);
}

static void add_polygon(cm_surfel_pieces *p, const crossing *x, const int *order, int n)
{
    double centre[3] = {0, 0, 0};
    if (n == 3) {
        add_triangle(p, x[order[0]].at, x[order[1]].at, x[order[2]].at);
        return;
    }
    for (int k = 0; k < n; k++)
        for (int i = 0; i < 3; i++)
            centre[i] += x[order[k]].at[i] / n;
    for (int k = 0; k < n; k++)
        add_triangle(p, centre, x[order[k]].at, x[order[(k + 1) % n]].at);
}

/* In a 2-D image a piece is a line from one crossing to the other. */
static void add_line(cm_surfel_pieces *p, const crossing x[2])
{
    cm_triangle *t = &p->triangle[p->n++];
    memcpy(t->corner[0], x[0].at, sizeof t->corner[0]);
    memcpy(t->corner[1], x[1].at, sizeof t->corner[1]);
    memcpy(t->corner[2], x[1].at, sizeof t->corner[2]);
    for (int i = 0; i < 3; i++)
        t->centre[i] = (x[0].at[i] + x[1].at[i]) / 2;
    const double y = x[1].at[1] - x[0].at[1], z = x[1].at[2] - x[0].at[2];
    t->area = sqrt(y * y + z * z);
}

static void add_group(cm_surfel_pieces *p, int group, int corners, const double spacing[3])
{
    crossing x[12];
    bool taken[12] = {false};
    int order[12], n_order = 0;
    const int n = find_crossings(group, corners, spacing, x);
    if (corners == 4) {
        add_line(p, x);
        return;
    }
    for (int at = 0; at >= 0; at = next_crossing(x, n, at, taken)) {
        taken[at] = true;
        order[n_order++] = at;
    }
    add_polygon(p, x, order, n_order);
}

void cm_surfel_triangles(const double spacing[3], bool flat, cm_surfel_pieces pieces[256])
{
    const int corners = flat ? 4 : 8, full = (1 << corners) - 1;
    for (int code = 0; code < 256; code++) {
        pieces[code].n = 0;
        if (code == 0 || code >= full) continue;
        int left =
            __builtin_popcount((unsigned)code) > corners / 2 ? full - code : code; /* the smaller side */
        while (left) {
            const int group = group_of(left, __builtin_ctz((unsigned)left), corners);
            add_group(&pieces[code], group, corners, spacing);
            left &= ~group;
        }
    }
}

/* Thinning of a mask to lines by removing simple voxels one by one. A voxel is simple when its set neighbours
 * (of 26) hang together without it, and the unset ones of its 6 direct neighbours hang together by faces
 * within its 18 neighbours (Bertrand & Malandain 1994, doi:10.1016/0167-8655(94)90046-9).
 *
 * Works on a copy with a margin of one voxel. Only voxels with an unset direct neighbour are looked at; they
 * are kept in raster order, and the neighbours of a removed voxel join them. */
#include "kernels/volume.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CENTRE = 13, IS_SET = 1, IS_LISTED = 2 };

/* The 3x3x3 cube around a voxel: place 9 (z+1) + 3 (y+1) + (x+1). Bit p of touching26[q]: places p and q
 * touch. */
typedef struct neighbourhood {
    uint32_t touching26[27], touching6[27];
    uint32_t direct, within18;
    int64_t offset[27]; /* in the padded copy */
} neighbourhood;

static void neighbourhood_init(neighbourhood *h, const int64_t n[3])
{
    memset(h, 0, sizeof *h);
    for (int p = 0; p < 27; p++) {
        const int z = p / 9 - 1, y = p / 3 % 3 - 1, x = p % 3 - 1, steps = abs(z) + abs(y) + abs(x);
        h->offset[p] = (z * n[1] + y) * n[2] + x;
        if (steps == 1) h->direct |= UINT32_C(1) << p;
        if (steps == 1 || steps == 2) h->within18 |= UINT32_C(1) << p;
        for (int q = 0; q < 27; q++) {
            const int dz = abs(q / 9 - 1 - z), dy = abs(q / 3 % 3 - 1 - y), dx = abs(q % 3 - 1 - x);
            if (p == q || p == CENTRE || q == CENTRE) continue;
            if (dz <= 1 && dy <= 1 && dx <= 1) h->touching26[p] |= UINT32_C(1) << q;
            if (dz + dy + dx == 1) h->touching6[p] |= UINT32_C(1) << q;
        }
    }
}

/* The places of `set` that hang together with its lowest one among `start`. */
static uint32_t hanging_together(const uint32_t *touching, uint32_t set, uint32_t start)
{
    uint32_t found = start & -start, edge = found;
    while (edge) {
        uint32_t next = 0;
        for (; edge; edge &= edge - 1)
            next |= touching[__builtin_ctz(edge)];
        edge = next & set & ~found;
        found |= edge;
    }
    return found;
}

static uint32_t around(const neighbourhood *h, const uint8_t *voxel)
{
    uint32_t set = 0;
    for (int p = 0; p < 27; p++)
        set |= (uint32_t)(voxel[h->offset[p]] != 0) << p;
    return set & ~(UINT32_C(1) << CENTRE);
}

/* Simple, and more than one neighbour is set. */
static bool may_go(const neighbourhood *h, const uint8_t *voxel)
{
    const uint32_t set = around(h, voxel);
    if (!(set & (set - 1))) return false; /* alone, or the end of a line */
    if (hanging_together(h->touching26, set, set) != set) return false;
    const uint32_t free18 = ~set & h->within18, faces = free18 & h->direct;
    return faces && (hanging_together(h->touching6, free18, faces) & faces) == faces;
}

/* Voxels in raster order. */
typedef struct list {
    int64_t *at;
    int64_t count, room;
} list;

static bool list_add(list *l, int64_t at)
{
    if (l->count == l->room) {
        const int64_t room = l->room ? 2 * l->room : 1024;
        int64_t *grown = realloc(l->at, (size_t)room * sizeof *grown);
        if (!grown) return false;
        l->at = grown;
        l->room = room;
    }
    l->at[l->count++] = at;
    return true;
}

static int rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

typedef struct thinning {
    neighbourhood around;
    uint8_t *voxels; /* [padded] 0, IS_SET or IS_SET | IS_LISTED */
    list border;     /* listed voxels: all that were ever beside the background */
    list joining;    /* those that came since the last merge */
    list merged;
    list candidates;
} thinning;

static bool list_voxel(thinning *t, int64_t at, list *into)
{
    if (t->voxels[at] != IS_SET) return true;
    t->voxels[at] |= IS_LISTED;
    return list_add(into, at);
}

/* Drops removed voxels from the border and merges in those that joined. */
static bool merge_border(thinning *t)
{
    if (t->joining.count) qsort(t->joining.at, (size_t)t->joining.count, sizeof *t->joining.at, rising);
    t->merged.count = 0;
    for (int64_t i = 0, j = 0; i < t->border.count || j < t->joining.count;) {
        const bool first =
            j == t->joining.count || (i < t->border.count && t->border.at[i] < t->joining.at[j]);
        const int64_t at = first ? t->border.at[i++] : t->joining.at[j++];
        if (t->voxels[at] && !list_add(&t->merged, at)) return false;
    }
    const list old = t->border;
    t->border = t->merged;
    t->merged = old;
    t->joining.count = 0;
    return true;
}

/* One direction. *removed counts. What is one voxel thick in that direction stays: were it a candidate, a
 * ribbon two voxels wide would be eaten up from its end, for no voxel of it ever becomes the end of a line.
 */
static bool thin_from(thinning *t, int place, int64_t *removed)
{
    const neighbourhood *h = &t->around;
    t->candidates.count = 0;
    for (int64_t i = 0; i < t->border.count; i++) {
        const int64_t at = t->border.at[i];
        const int64_t step = h->offset[place];
        if (t->voxels[at] && !t->voxels[at + step] && t->voxels[at - step] && may_go(h, t->voxels + at) &&
            !list_add(&t->candidates, at))
            return false;
    }
    for (int64_t i = 0; i < t->candidates.count; i++) {
        const int64_t at = t->candidates.at[i];
        if (!may_go(h, t->voxels + at)) continue;
        t->voxels[at] = 0;
        (*removed)++;
        for (int p = 0; p < 27; p++)
            if (h->direct >> p & 1 && !list_voxel(t, at + h->offset[p], &t->joining)) return false;
    }
    return merge_border(t);
}

static bool thinning_start(thinning *t, const uint8_t *mask, const int64_t n[3])
{
    const int64_t padded[3] = {n[0] + 2, n[1] + 2, n[2] + 2};
    neighbourhood_init(&t->around, padded);
    t->voxels = calloc((size_t)(padded[0] * padded[1] * padded[2]), 1);
    if (!t->voxels) return false;
    for (int64_t z = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++) {
            uint8_t *row = t->voxels + ((z + 1) * padded[1] + y + 1) * padded[2] + 1;
            for (int64_t x = 0; x < n[2]; x++)
                row[x] = mask[(z * n[1] + y) * n[2] + x] ? IS_SET : 0;
        }
    const int64_t last = padded[0] * padded[1] * padded[2];
    for (int64_t at = 0; at < last; at++) {
        if (!t->voxels[at]) continue;
        bool beside = false;
        for (int p = 0; p < 27; p++)
            beside = beside || (t->around.direct >> p & 1 && !t->voxels[at + t->around.offset[p]]);
        if (beside && !list_voxel(t, at, &t->border)) return false;
    }
    return true;
}

cm_status cm_mask_thin(const uint8_t *mask, const int64_t n[3], uint8_t *skeleton, const cm_stop *stop,
                       cm_error *err)
{
    static const int directions[6] = {CENTRE - 9, CENTRE + 9, CENTRE - 3, CENTRE + 3, CENTRE - 1, CENTRE + 1};
    const int64_t py = n[1] + 2, px = n[2] + 2;
    thinning t = {.voxels = NULL};
    cm_status st = thinning_start(&t, mask, n) ? CM_OK : CM_ERR_NOMEM;
    int64_t removed = 1;
    while (!st && removed) {
        removed = 0;
        for (int d = n[0] == 1 ? 2 : 0; d < 6 && !st; d++) {
            st = cm_stop_due(stop);
            if (!st && !thin_from(&t, directions[d], &removed)) st = CM_ERR_NOMEM;
        }
    }
    for (int64_t row = 0; row < n[0] * n[1] && !st; row++) {
        const uint8_t *from = t.voxels + ((row / n[1] + 1) * py + row % n[1] + 1) * px + 1;
        for (int64_t x = 0; x < n[2]; x++)
            skeleton[row * n[2] + x] = from[x] != 0;
    }
    free(t.voxels);
    free(t.border.at);
    free(t.joining.at);
    free(t.merged.at);
    free(t.candidates.at);
    if (st == CM_ERR_NOMEM)
        CM_FAIL(
            err, st, .what = "no memory to thin a mask",
            .why = cm_strf("%lld x %lld x %lld voxels", (long long)n[0], (long long)n[1], (long long)n[2]).s);
    else if (st)
        CM_FAIL(err, st, .what = "stopped while thinning a mask");
    return st;
}

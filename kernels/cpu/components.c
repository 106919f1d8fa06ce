/* Connected components by union-find over runs: a run is a stretch of set voxels in one row. Runs are
 * numbered in raster order and a set is represented by its first run, so numbering by raster order of the
 * first voxel falls out. One thread; memory is 20 bytes per run, not per voxel. A stop is looked for every
 * few rows; once due it stays due, so each later pass ends at its first row. */
#include "kernels/volume.h"

#include <stdlib.h>
#include <string.h>

typedef struct run {
    int64_t begin, end; /* x, end exclusive */
} run;

/* Rows that come before row (z, y) and may touch it; reach 1 also joins runs that meet at a corner. */
typedef struct earlier_row {
    int dz, dy, reach;
} earlier_row;

static const earlier_row rows_6[] = {{0, -1, 0}, {-1, 0, 0}};
static const earlier_row rows_18[] = {{0, -1, 1}, {-1, 0, 1}, {-1, -1, 0}, {-1, 1, 0}};
static const earlier_row rows_26[] = {{0, -1, 1}, {-1, 0, 1}, {-1, -1, 1}, {-1, 1, 1}};

static int64_t next_run(const uint8_t *row, int64_t x, int64_t nx, run *out)
{
    while (x < nx && !row[x])
        x++;
    out->begin = x;
    while (x < nx && row[x])
        x++;
    out->end = x;
    return out->end > out->begin;
}

/* Every so many voxels: some milliseconds. */
static bool stopped(const cm_stop *stop, int64_t row, int64_t nx)
{
    const int64_t rows = 1 + (1 << 20) / nx;
    return row % rows == 0 && cm_stop_due(stop) != CM_OK;
}

/* first_run[row] .. first_run[row + 1]: the runs of a row. runs NULL: only counts. Of a stopped search the
 * count is 0. */
static int64_t find_runs(const uint8_t *mask, int64_t n_rows, int64_t nx, int64_t *first_run, run *runs,
                         const cm_stop *stop)
{
    int64_t count = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        if (stopped(stop, row, nx)) return 0;
        first_run[row] = count;
        run r = {0, 0};
        while (next_run(mask + row * nx, r.end, nx, &r)) {
            if (runs) runs[count] = r;
            count++;
        }
    }
    first_run[n_rows] = count;
    return count;
}

static int32_t root_of(int32_t *parent, int32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void unite(int32_t *parent, int32_t a, int32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* Unites touching runs of two rows; both lists are sorted, so one walk over both is enough. */
static void unite_rows(const run *runs, int32_t *parent, int64_t a, int64_t a_end, int64_t b, int64_t b_end,
                       int reach)
{
    while (a < a_end && b < b_end) {
        if (runs[a].begin < runs[b].end + reach && runs[b].begin < runs[a].end + reach)
            unite(parent, (int32_t)a, (int32_t)b);
        if (runs[a].end < runs[b].end)
            a++;
        else
            b++;
    }
}

static void unite_all(const run *runs, const int64_t *first_run, int32_t *parent, const int64_t n[3],
                      const earlier_row *neighbours, int n_neighbours, const cm_stop *stop)
{
    for (int64_t z = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++) {
            if (stopped(stop, z * n[1] + y, n[2])) return;
            for (int k = 0; k < n_neighbours; k++) {
                const int64_t z2 = z + neighbours[k].dz, y2 = y + neighbours[k].dy;
                if (z2 < 0 || y2 < 0 || y2 >= n[1]) continue;
                const int64_t here = z * n[1] + y, there = z2 * n[1] + y2;
                unite_rows(runs, parent, first_run[there], first_run[there + 1], first_run[here],
                           first_run[here + 1], neighbours[k].reach);
            }
        }
}

/* Turns parents into component numbers (a root always comes before its children) and writes the labels. */
static int64_t write_labels(const run *runs, const int64_t *first_run, int32_t *parent, int64_t n_rows,
                            int64_t nx, int32_t *labels, const cm_stop *stop)
{
    int32_t count = 0;
    memset(labels, 0, (size_t)(n_rows * nx) * sizeof *labels);
    for (int64_t row = 0; row < n_rows; row++) {
        if (stopped(stop, row, nx)) return 0;
        for (int64_t i = first_run[row]; i < first_run[row + 1]; i++) {
            parent[i] = parent[i] == i ? ++count : parent[parent[i]];
            for (int64_t x = runs[i].begin; x < runs[i].end; x++)
                labels[row * nx + x] = parent[i];
        }
    }
    return count;
}

int64_t cm_components_bytes(const uint8_t *mask, const int64_t n[3])
{
    int64_t runs = 0;
    for (int64_t row = 0; row < n[0] * n[1]; row++) {
        run r = {0, 0};
        while (next_run(mask + row * n[2], r.end, n[2], &r))
            runs++;
    }
    return (runs + 1) * (int64_t)(sizeof(run) + sizeof(int32_t)) +
           (n[0] * n[1] + 1) * (int64_t)sizeof(int64_t);
}

cm_status cm_components_until(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                              int64_t *count, const cm_stop *stop, cm_error *err)
{
    const earlier_row *neighbours = connectivity == 6 ? rows_6 : connectivity == 18 ? rows_18 : rows_26;
    const int n_neighbours = connectivity == 6 ? 2 : 4;
    int64_t n_rows = 0, n_voxels = 0;
    if (connectivity != 6 && connectivity != 18 && connectivity != 26)
        return CM_FAIL(err, CM_ERR_ARG, .what = "connectivity must be 6, 18 or 26",
                       .why = cm_strf("it is %d", connectivity).s);
    if (n[0] < 1 || n[1] < 1 || n[2] < 1 || !cm_mul_i64(n[0], n[1], &n_rows) ||
        !cm_mul_i64(n_rows, n[2], &n_voxels))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "components need a grid",
            .why = cm_strf("it is %lld x %lld x %lld", (long long)n[0], (long long)n[1], (long long)n[2]).s);

    cm_status st = CM_ERR_NOMEM;
    run *runs = NULL;
    int32_t *parent = NULL;
    int64_t n_runs = 0;
    int64_t *first_run = malloc((size_t)(n_rows + 1) * sizeof *first_run);
    if (!first_run) goto done;
    n_runs = find_runs(mask, n_rows, n[2], first_run, NULL, stop);
    if (n_runs > INT32_MAX) {
        st = CM_FAIL(err, CM_ERR_LIMIT, .what = "too many separate runs of voxels",
                     .why = cm_strf("%lld, at most %d", (long long)n_runs, INT32_MAX).s);
        goto done;
    }
    runs = malloc((size_t)(n_runs + 1) * sizeof *runs);
    parent = malloc((size_t)(n_runs + 1) * sizeof *parent);
    if (!runs || !parent) goto done;
    find_runs(mask, n_rows, n[2], first_run, runs, stop);
    for (int64_t i = 0; i < n_runs; i++)
        parent[i] = (int32_t)i;
    unite_all(runs, first_run, parent, n, neighbours, n_neighbours, stop);
    *count = write_labels(runs, first_run, parent, n_rows, n[2], labels, stop);
    st = cm_stop_due(stop);
    if (st) CM_FAIL(err, st, .what = "stopped while looking for connected components");
done:
    if (st == CM_ERR_NOMEM)
        CM_FAIL(err, st, .what = "no memory for connected components",
                .why = cm_strf("%lld rows, %lld runs", (long long)n_rows, (long long)n_runs).s);
    free(first_run);
    free(runs);
    free(parent);
    return st;
}

cm_status cm_components(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                        int64_t *count, cm_error *err)
{
    return cm_components_until(mask, n, connectivity, labels, count, NULL, err);
}

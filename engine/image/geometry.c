/* Affines, orientation codes and the comparison of grids. Axes are numbered 0 = x, 1 = y, 2 = z. */
#include "engine/image/geometry.h"

#include <math.h>
#include <string.h>

/* Positive and negative letter of each world axis. */
static const char letters[3][2] = {{'R', 'L'}, {'A', 'P'}, {'S', 'I'}};

static double column_norm(const cm_affine *a, int col)
{
    return sqrt(a->m[0][col] * a->m[0][col] + a->m[1][col] * a->m[1][col] + a->m[2][col] * a->m[2][col]);
}

cm_vec3 cm_affine_spacing(const cm_affine *affine)
{
    return (cm_vec3){.z = column_norm(affine, 2), .y = column_norm(affine, 1), .x = column_norm(affine, 0)};
}

static double determinant(const double m[3][3])
{
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
           m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
           m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/* Columns scaled to length one; false when one has no length, is not finite, or all three lie in a plane
 * (a determinant below 1e-4 is an angle of a few thousandths of a degree between an axis and that plane). */
static bool unit_columns(const cm_affine *a, double out[3][3])
{
    for (int col = 0; col < 3; col++) {
        double norm = column_norm(a, col);
        if (!(norm > 0) || !isfinite(norm) || !isfinite(a->m[col][3])) return false;
        for (int row = 0; row < 3; row++)
            out[row][col] = a->m[row][col] / norm;
    }
    return fabs(determinant((const double(*)[3])out)) > 1e-4;
}

cm_status cm_affine_orientation(const cm_affine *affine, char code[4], cm_error *err)
{
    double c[3][3];
    bool row_used[3] = {false}, col_used[3] = {false};
    if (!unit_columns(affine, c))
        return CM_FAIL(err, CM_ERR_ARG, .what = "an affine does not span space",
                       .why = "two of its axes coincide, or a number is zero or not finite");
    for (int step = 0; step < 3; step++) {
        int best_row = -1, best_col = -1;
        double best = -1;
        for (int col = 0; col < 3; col++) {
            for (int row = 0; row < 3; row++) {
                if (row_used[row] || col_used[col] || !(fabs(c[row][col]) > best)) continue;
                best = fabs(c[row][col]);
                best_row = row;
                best_col = col;
            }
        }
        row_used[best_row] = col_used[best_col] = true;
        code[best_col] = letters[best_row][c[best_row][best_col] < 0];
    }
    code[3] = 0;
    return CM_OK;
}

/* World axis of a letter, -1 for none. */
static int axis_of_letter(char letter)
{
    for (int axis = 0; axis < 3; axis++)
        if (letter && (letter == letters[axis][0] || letter == letters[axis][1])) return axis;
    return -1;
}

bool cm_orientation_valid(const char *code)
{
    bool seen[3] = {false};
    if (!code || strlen(code) != 3) return false;
    for (int i = 0; i < 3; i++) {
        int axis = axis_of_letter(code[i]);
        if (axis < 0 || seen[axis]) return false;
        seen[axis] = true;
    }
    return true;
}

cm_status cm_axis_map_between(const char *from_code, const char *to_code, cm_axis_map *out, cm_error *err)
{
    if (!cm_orientation_valid(from_code) || !cm_orientation_valid(to_code))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "an orientation code is three letters, one of each of RL, AP, SI",
            .why =
                cm_strf("got \"%.20s\" and \"%.20s\"", from_code ? from_code : "", to_code ? to_code : "").s);
    for (int k = 0; k < 3; k++) {
        for (int j = 0; j < 3; j++) {
            if (axis_of_letter(from_code[j]) != axis_of_letter(to_code[k])) continue;
            out->axis[k] = j;
            out->flip[k] = from_code[j] != to_code[k];
        }
    }
    return CM_OK;
}

cm_axis_map cm_axis_map_inverse(cm_axis_map map)
{
    cm_axis_map inverse = {0};
    for (int k = 0; k < 3; k++) {
        inverse.axis[map.axis[k]] = k;
        inverse.flip[map.axis[k]] = map.flip[k];
    }
    return inverse;
}

static void sizes_of(cm_shape3 shape, int64_t n[3])
{
    n[0] = shape.nx;
    n[1] = shape.ny;
    n[2] = shape.nz;
}

/* One row of n elements taken `stride` bytes apart. The switch lets the compiler turn memcpy into moves. */
static void gather_row(const char *in, int64_t stride, int64_t n, int64_t element_bytes, char *out)
{
    switch (element_bytes) {
    case 1:
        for (int64_t i = 0; i < n; i++)
            out[i] = in[i * stride];
        break;
    case 2:
        for (int64_t i = 0; i < n; i++)
            memcpy(out + 2 * i, in + i * stride, 2);
        break;
    case 4:
        for (int64_t i = 0; i < n; i++)
            memcpy(out + 4 * i, in + i * stride, 4);
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            memcpy(out + element_bytes * i, in + i * stride, (size_t)element_bytes);
    }
}

void cm_axis_map_apply(cm_axis_map map, const void *in, int64_t channels, cm_shape3 in_shape,
                       int64_t element_bytes, void *out, cm_shape3 *out_shape)
{
    int64_t in_n[3], n[3], step[3], start = 0;
    sizes_of(in_shape, in_n);
    const int64_t in_step[3] = {element_bytes, element_bytes * in_n[0], element_bytes * in_n[0] * in_n[1]};
    for (int k = 0; k < 3; k++) {
        int j = map.axis[k];
        n[k] = in_n[j];
        step[k] = map.flip[k] ? -in_step[j] : in_step[j];
        if (map.flip[k]) start += in_step[j] * (in_n[j] - 1);
    }
    const int64_t channel_bytes = element_bytes * in_n[0] * in_n[1] * in_n[2];
    char *to = out;
    for (int64_t c = 0; c < channels; c++) {
        const char *first = (const char *)in + c * channel_bytes + start;
        for (int64_t z = 0; z < n[2]; z++) {
            for (int64_t y = 0; y < n[1]; y++) {
                gather_row(first + z * step[2] + y * step[1], step[0], n[0], element_bytes, to);
                to += n[0] * element_bytes;
            }
        }
    }
    *out_shape = (cm_shape3){.nz = n[2], .ny = n[1], .nx = n[0]};
}

cm_geometry cm_geometry_mapped(const cm_geometry *in, cm_axis_map map)
{
    cm_geometry out = *in;
    int64_t n[3], out_n[3];
    const double spacing[3] = {in->spacing_mm.x, in->spacing_mm.y, in->spacing_mm.z};
    double out_spacing[3];
    sizes_of(in->shape, n);
    for (int k = 0; k < 3; k++) {
        out_n[k] = n[map.axis[k]];
        out_spacing[k] = spacing[map.axis[k]];
    }
    out.shape = (cm_shape3){.nz = out_n[2], .ny = out_n[1], .nx = out_n[0]};
    out.spacing_mm = (cm_vec3){.z = out_spacing[2], .y = out_spacing[1], .x = out_spacing[0]};
    if (!in->orientation_known) return out;
    for (int row = 0; row < 3; row++) {
        double origin = in->affine.m[row][3];
        for (int k = 0; k < 3; k++) {
            int j = map.axis[k];
            double column = in->affine.m[row][j];
            out.affine.m[row][k] = map.flip[k] ? -column : column;
            if (map.flip[k]) origin += column * (double)(n[j] - 1);
        }
        out.affine.m[row][3] = origin;
    }
    return out;
}

/* ---- comparison ---- */

static const double grid_tolerance_voxels = 1e-3;

/* Solves a * x = b for the 3x3 part of an affine by Cramer's rule; false when singular. */
static bool solve(const cm_affine *a, const double b[3], double x[3])
{
    double m[3][3];
    for (int row = 0; row < 3; row++)
        memcpy(m[row], a->m[row], sizeof m[row]);
    double d = determinant((const double(*)[3])m);
    if (!(fabs(d) > 0) || !isfinite(d)) return false;
    for (int col = 0; col < 3; col++) {
        double replaced[3][3];
        memcpy(replaced, m, sizeof m);
        for (int row = 0; row < 3; row++)
            replaced[row][col] = b[row];
        x[col] = determinant((const double(*)[3])replaced) / d;
    }
    return true;
}

/* Largest distance, in voxels of a, between where a and b put a corner voxel; infinity when a is singular. */
static double largest_corner_shift(const cm_geometry *a, const cm_geometry *b)
{
    int64_t n[3];
    double largest = 0;
    sizes_of(a->shape, n);
    for (int corner = 0; corner < 8; corner++) {
        double shift_mm[3], shift[3];
        for (int row = 0; row < 3; row++) {
            shift_mm[row] = b->affine.m[row][3] - a->affine.m[row][3];
            for (int k = 0; k < 3; k++)
                if (corner >> k & 1)
                    shift_mm[row] += (b->affine.m[row][k] - a->affine.m[row][k]) * (double)(n[k] - 1);
        }
        if (!solve(&a->affine, shift_mm, shift)) return INFINITY;
        double distance = sqrt(shift[0] * shift[0] + shift[1] * shift[1] + shift[2] * shift[2]);
        if (!(distance <= largest)) largest = distance;
    }
    return largest;
}

static bool spacing_close(double a, double b, int64_t n)
{
    return fabs(a - b) * (double)(n > 1 ? n - 1 : 1) <= grid_tolerance_voxels * fabs(a);
}

static cm_str known_words(const cm_geometry *g)
{
    return cm_strf("spacing %s, orientation %s", g->spacing_known ? "known" : "unknown",
                   g->orientation_known ? "known" : "unknown");
}

cm_status cm_geometry_equal(const cm_geometry *a, const cm_geometry *b, cm_error *err)
{
    if (a->shape.nx != b->shape.nx || a->shape.ny != b->shape.ny || a->shape.nz != b->shape.nz)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "two grids differ in shape",
                       .why = cm_strf("%lld x %lld x %lld and %lld x %lld x %lld voxels",
                                      (long long)a->shape.nx, (long long)a->shape.ny, (long long)a->shape.nz,
                                      (long long)b->shape.nx, (long long)b->shape.ny, (long long)b->shape.nz)
                                  .s);
    if (a->spacing_known != b->spacing_known || a->orientation_known != b->orientation_known)
        return CM_FAIL(err, CM_ERR_MISMATCH,
                       .what = "the geometry of one grid is known and of the other is not",
                       .why = cm_strf("first: %s; second: %s", known_words(a).s, known_words(b).s).s,
                       .next = "write both files with the same header geometry, or declare the geometry of "
                               "the cohort unknown");
    const cm_vec3 s = a->spacing_mm, t = b->spacing_mm;
    if (a->spacing_known && !(spacing_close(s.x, t.x, a->shape.nx) && spacing_close(s.y, t.y, a->shape.ny) &&
                              spacing_close(s.z, t.z, a->shape.nz)))
        return CM_FAIL(
            err, CM_ERR_MISMATCH, .what = "two grids differ in spacing",
            .why =
                cm_strf("%.6g x %.6g x %.6g mm and %.6g x %.6g x %.6g mm", s.x, s.y, s.z, t.x, t.y, t.z).s);
    if (!a->orientation_known) return CM_OK;
    double shift = largest_corner_shift(a, b);
    if (!(shift <= grid_tolerance_voxels)) {
        char code_a[4] = "?", code_b[4] = "?";
        cm_affine_orientation(&a->affine, code_a, NULL);
        cm_affine_orientation(&b->affine, code_b, NULL);
        return CM_FAIL(
            err, CM_ERR_MISMATCH, .what = "two grids lie at different places",
            .why =
                cm_strf("a corner voxel is off by %.6g voxels (at most %g allowed); orientations %s and %s",
                        shift, grid_tolerance_voxels, code_a, code_b)
                    .s);
    }
    return CM_OK;
}

/* Property: whatever bytes a file holds, reading it ends with a status, stays below the limit and either
 * gives a sound volume or none. Seeded mutations of good NIfTI and PNG files; most use is under the address
 * sanitizer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/image/geometry.h"
#include "engine/image/reader.h"

#include "../image_files.h"

enum { MUTANTS = 1500, LIMIT_BYTES = 1 << 20 };
static const cm_random random_of_test = {.seed = 20260101, .purpose = CM_PURPOSE_TEST};

static uint64_t pick(int seed, int mutant, int draw, uint64_t n)
{
    return cm_random_below(random_of_test, (uint64_t)seed * MUTANTS + (uint64_t)mutant, (uint64_t)draw, n);
}

/* One to four changes: a bit, a byte of an extreme value, a cut, or a piece copied elsewhere. */
static bytes mutate(const bytes *good, int seed, int mutant)
{
    static const uint8_t extremes[] = {0, 1, 0x7f, 0x80, 0xff};
    bytes b = {0};
    bytes_add(&b, good->data, good->count);
    const int changes = 1 + (int)pick(seed, mutant, 0, 4);
    for (int i = 0; i < changes && b.count > 0; i++) {
        const int64_t at = (int64_t)pick(seed, mutant, 10 * i + 1, (uint64_t)b.count);
        switch (pick(seed, mutant, 10 * i + 2, 5)) {
        case 0:
            b.data[at] ^= (uint8_t)(1u << pick(seed, mutant, 10 * i + 3, 8));
            break;
        case 1:
        case 2:
            b.data[at] = extremes[pick(seed, mutant, 10 * i + 3, sizeof extremes)];
            break;
        case 3:
            if (pick(seed, mutant, 10 * i + 3, 4) == 0) b.count = at;
            break;
        default: {
            const int64_t to = (int64_t)pick(seed, mutant, 10 * i + 3, (uint64_t)b.count);
            int64_t n = (int64_t)pick(seed, mutant, 10 * i + 4, 16);
            if (n > b.count - at) n = b.count - at;
            if (n > b.count - to) n = b.count - to;
            memmove(b.data + to, b.data + at, (size_t)n);
        }
        }
    }
    return b;
}

static bool sound(const cm_volume *v)
{
    const cm_geometry *g = &v->geometry;
    char code[4];
    return v->bytes > 0 && v->bytes <= LIMIT_BYTES &&
           v->bytes == v->channels * cm_shape3_count(g->shape) * cm_dtype_bytes(v->dtype) &&
           isfinite(v->slope) && isfinite(v->intercept) && g->spacing_mm.x > 0 && g->spacing_mm.y > 0 &&
           g->spacing_mm.z > 0 && isfinite(g->spacing_mm.x + g->spacing_mm.y + g->spacing_mm.z) &&
           (!g->orientation_known || cm_affine_orientation(&g->affine, code, NULL) == CM_OK);
}

static void check_mutants(const bytes *good, int seed, const char *path)
{
    int read = 0;
    for (int mutant = 0; mutant < MUTANTS; mutant++) {
        bytes b = mutate(good, seed, mutant);
        const cm_read_options options = {.max_bytes = LIMIT_BYTES, .strip_text = mutant % 2};
        cm_volume *v = NULL;
        cm_error err = {0};
        write_bytes(path, &b);
        cm_status st = cm_image_read(path, &options, &v, NULL, &err);
        const bool good_end = st ? v == NULL && err.status == st && err.what[0] : v && sound(v);
        if (!good_end) print_error("seed file %d, mutant %d: status %s\n", seed, mutant, cm_status_name(st));
        assert_true(good_end);
        read += st == CM_OK;
        cm_volume_destroy(v);
        bytes_free(&b);
    }
    remove(path);
    assert_in_range(read, 1,
                    MUTANTS - 1); /* neither all good nor all refused: the mutations do reach the code */
}

static void nifti_mutants(void **state)
{
    uint8_t voxels[2 * 60];
    (void)state;
    for (int i = 0; i < 120; i++)
        voxels[i] = (uint8_t)(i * 7);
    for (int kind = 0; kind < 8; kind++) {
        const nifti_spec s = {.version = 1 + (kind & 1),
                              .other_endian = kind & 2,
                              .datatype = 4,
                              .bitpix = 16,
                              .dim = {4, 3, 4, 5, 1, 1, 1, 1},
                              .pixdim = {1, 1, 2, 3, 1},
                              .slope = 2,
                              .intercept = 1,
                              .units = 2,
                              .qform_code = 1,
                              .sform_code = kind & 4 ? 1 : 0,
                              .srow = {{-1, 0, 0, 0}, {0, -2, 0, 0}, {0, 0, 3, 0}},
                              .descrip = kind == 3 ? "text" : NULL};
        bytes good = nifti_file(&s, voxels, sizeof voxels);
        if (kind & 4) {
            bytes packed = gzip_of(&good, kind == 7 ? "name" : NULL, NULL);
            bytes_free(&good);
            good = packed;
        }
        check_mutants(&good, kind, "image_mutant.nii");
        bytes_free(&good);
    }
}

static void png_mutants(void **state)
{
    uint8_t rows[13 * 13] = {0};
    static const uint8_t palette[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    (void)state;
    for (int y = 0; y < 13; y++)
        for (int x = 1; x < 13; x++)
            rows[13 * y + x] = (uint8_t)((x * y) % 4);
    for (int kind = 0; kind < 4; kind++) {
        static const struct {
            int depth, colour, width;
        } kinds[] = {{8, 0, 12}, {8, 2, 4}, {16, 0, 6}, {8, 3, 12}};
        bytes good = {0};
        png_begin(&good, (uint32_t)kinds[kind].width, 13, kinds[kind].depth, kinds[kind].colour);
        if (kind == 3) png_add_chunk(&good, "PLTE", palette, sizeof palette);
        if (kind == 1) png_add_chunk(&good, "tEXt", "k\0v", 3);
        png_add_rows(&good, rows, sizeof rows);
        png_end(&good);
        check_mutants(&good, 8 + kind, "image_mutant.png");
        bytes_free(&good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nifti_mutants),
        cmocka_unit_test(png_mutants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

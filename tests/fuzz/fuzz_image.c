/* Images (NIfTI, gzipped or not, and PNG): any file is a sound volume below the cap or is refused. */
#include <math.h>

#include "engine/image/geometry.h"
#include "engine/image/reader.h"
#include "tests/fuzz/fuzz.h"

enum { CAP_BYTES = 1 << 20 };

static void check_volume(const cm_volume *v)
{
    const cm_geometry *g = &v->geometry;
    char code[4];
    FUZZ_CHECK(v->bytes > 0 && v->bytes <= CAP_BYTES);
    FUZZ_CHECK(v->bytes == v->channels * cm_shape3_count(g->shape) * cm_dtype_bytes(v->dtype));
    FUZZ_CHECK(isfinite(v->slope) && isfinite(v->intercept));
    FUZZ_CHECK(g->spacing_mm.x > 0 && g->spacing_mm.y > 0 && g->spacing_mm.z > 0);
    FUZZ_CHECK(isfinite(g->spacing_mm.x + g->spacing_mm.y + g->spacing_mm.z));
    FUZZ_CHECK(!g->orientation_known || cm_affine_orientation(&g->affine, code, NULL) == CM_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path(data, size);
    for (int strip = 0; strip < 2; strip++) {
        const cm_read_options options = {.max_bytes = CAP_BYTES, .strip_text = strip};
        cm_volume *v = NULL;
        cm_error err = {0};
        cm_status st = cm_image_read(path, &options, &v, NULL, &err);
        FUZZ_CHECK(st ? !v && err.status == st && err.what[0] : v != NULL);
        FUZZ_CHECK(st != CM_ERR_INTERNAL);
        if (v) check_volume(v);
        cm_volume_destroy(v);
    }
    return 0;
}

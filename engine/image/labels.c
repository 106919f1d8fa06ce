/* A volume read as a label map: whole numbers from 0 to 65535. */
#include "engine/image/labels.h"

#include <math.h>
#include <stdlib.h>

static cm_status not_a_label(const cm_volume *v, int64_t i, double value, cm_error *err)
{
    const cm_shape3 s = v->geometry.shape;
    return CM_FAIL(
        err, CM_ERR_FORMAT,
        .what = "a label map holds whole numbers from 0 to 65535 (probabilities have to be decided first)",
        .why = cm_strf("voxel (x %lld, y %lld, z %lld) is %g", (long long)(i % s.nx),
                       (long long)(i / s.nx % s.ny), (long long)(i / s.nx / s.ny), value)
                   .s);
}

cm_status cm_volume_labels(const cm_volume *volume, uint16_t **out, cm_error *err)
{
    const int64_t n = cm_shape3_count(volume->geometry.shape);
    if (volume->channels != 1)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "a label map has one channel",
                       .why = cm_strf("this image has %lld", (long long)volume->channels).s);
    uint16_t *labels = malloc((size_t)n * sizeof *labels);
    if (!labels)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a label map",
                       .why = cm_strf("%lld voxels", (long long)n).s);
    for (int64_t i = 0; i < n; i++) {
        const double value = cm_volume_value(volume, i);
        if (!(value >= 0 && value <= 65535 && value == floor(value))) {
            free(labels);
            return not_a_label(volume, i, value, err);
        }
        labels[i] = (uint16_t)value;
    }
    *out = labels;
    return CM_OK;
}

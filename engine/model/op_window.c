/* Kernel, strides, dilations and padding of convolutions and poolings. */
#include "engine/model/op_window.h"

#include <string.h>

enum { LARGEST = INT32_MAX }; /* of any number here, so that no product or sum of them overflows */

static cm_status read_padding(cm_step *s, cm_window *w, cm_error *err)
{
    const int first = cm_window_first(w);
    const char *mode = cm_attr_text(s, "auto_pad", "NOTSET");
    int64_t pads[6] = {0};
    cm_status st = cm_attr_geometry(s, "pads", 2 * w->spatial, 0, LARGEST, 0, pads, err);
    if (st) return st;
    if (!strcmp(mode, "SAME_UPPER"))
        w->padding = CM_PADS_SAME_UPPER;
    else if (!strcmp(mode, "SAME_LOWER"))
        w->padding = CM_PADS_SAME_LOWER;
    else if (strcmp(mode, "NOTSET") && strcmp(mode, "VALID"))
        return cm_step_bad(s, cm_strf("auto_pad = %s does not exist", mode).s, err);
    for (int i = 0; i < w->spatial && !strcmp(mode, "NOTSET"); i++) {
        w->pad_lo[first + i] = pads[i];
        w->pad_hi[first + i] = pads[w->spatial + i];
    }
    return CM_OK;
}

cm_status cm_window_read(cm_step *s, int spatial, const cm_tensor *weight, cm_window *out, cm_error *err)
{
    const int first = 3 - spatial;
    *out = (cm_window){.spatial = spatial, .kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    int64_t shape[3] = {0};
    bool given = cm_attr_has(s, "kernel_shape");
    if (!given && !weight) return cm_step_bad(s, "attribute kernel_shape is missing", err);
    cm_status st = cm_attr_geometry(s, "kernel_shape", spatial, given ? 1 : 0, LARGEST, 0, shape, err);
    if (!st) st = cm_attr_geometry(s, "strides", spatial, 1, LARGEST, 1, out->stride + first, err);
    if (!st) st = cm_attr_geometry(s, "dilations", spatial, 1, LARGEST, 1, out->dilation + first, err);
    if (!st) st = read_padding(s, out, err);
    for (int i = 0; !st && i < spatial; i++) {
        int64_t k = weight ? weight->dim[2 + i] : shape[i];
        if (k < 1 || (given && k != shape[i]))
            st = cm_step_bad(
                s,
                cm_strf("kernel_shape says %lld, the weights have %lld", (long long)shape[i], (long long)k).s,
                err);
        out->kernel[first + i] = k;
    }
    return st;
}

cm_status cm_window_slide(const cm_step *s, cm_window *w, int64_t *dim, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    for (int i = 0; i < w->spatial; i++) {
        const int a = cm_window_first(w) + i;
        const int64_t in = x->dim[2 + i], stride = w->stride[a];
        const int64_t extent = w->dilation[a] * (w->kernel[a] - 1) + 1;
        if (w->padding != CM_PADS_GIVEN) {
            const int64_t n = (in + stride - 1) / stride;
            int64_t total = (n - 1) * stride + extent - in;
            total = total > 0 ? total : 0;
            w->pad_lo[a] = w->padding == CM_PADS_SAME_UPPER ? total / 2 : total - total / 2;
            w->pad_hi[a] = total - w->pad_lo[a];
        }
        const int64_t room = in + w->pad_lo[a] + w->pad_hi[a] - extent;
        if (in < 1 || room < 0)
            return cm_step_mismatch(s,
                                    cm_strf("a window of %lld does not fit into %lld voxels with %lld of "
                                            "padding (spatial dimension %d)",
                                            (long long)extent, (long long)in,
                                            (long long)(w->pad_lo[a] + w->pad_hi[a]), i)
                                        .s,
                                    err);
        dim[i] = (w->ceil_mode ? room + stride - 1 : room) / stride + 1;
        if (w->ceil_mode && (dim[i] - 1) * stride >= in + w->pad_lo[a])
            dim[i]--; /* a window that would start in the padding behind the image does not count */
    }
    return CM_OK;
}

/* The window that convolutions and poolings move over an image: kernel, strides, dilations, padding. */
#ifndef CM_ENGINE_MODEL_OP_WINDOW_H
#define CM_ENGINE_MODEL_OP_WINDOW_H

#include "engine/model/operator.h"

/* Triples z, y, x: with fewer than 3 spatial dimensions the first are 1 (0 for the paddings). */
typedef struct cm_window {
    int spatial;
    int64_t kernel[3], stride[3], dilation[3], pad_lo[3], pad_hi[3];
    enum { CM_PADS_GIVEN, CM_PADS_SAME_UPPER, CM_PADS_SAME_LOWER } padding;
    bool ceil_mode;
} cm_window;

/* Reads strides, dilations, pads and auto_pad. Kernel: kernel_shape, and (weight not NULL) the dimensions of
 * the weight, which must agree. spatial: 1 to 3. */
cm_status cm_window_read(cm_step *s, int spatial, const cm_tensor *weight, cm_window *out, cm_error *err);

/* Output sizes of x[0], with SAME paddings settled. dim: as many as spatial. */
cm_status cm_window_slide(const cm_step *s, cm_window *w, int64_t *dim, cm_error *err);

/* First of the triple that is used. */
static inline int cm_window_first(const cm_window *w)
{
    return 3 - w->spatial;
}

#endif

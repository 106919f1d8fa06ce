/* From a model's numbers to labels and classes. */
#ifndef CM_ENGINE_MODEL_DECIDE_H
#define CM_ENGINE_MODEL_DECIDE_H

#include "engine/model/budget.h"
#include "engine/model/placement.h"
#include "kernels/backend.h"

/* Label of every output channel for an argmax, or of a region. Errors: CM_ERR_MISMATCH when the rule does not
 * fit a model of n channels (labels for another number of channels, a region of a channel that is not there,
 * a channel number that is no label). */
cm_status cm_decision_check(const cm_output_spec *rule, int64_t channels, cm_error *err);

/* Scratch for planes of a grid; counted in the budget. One thread per object. */
typedef struct cm_decider {
    const cm_output_spec *rule;
    cm_backend *backend;
    cm_budget *budget;
    int64_t channels;    /* of the model */
    int64_t n_h, n_w, w; /* stored sizes along h and w; current size along w */
    int64_t strip;       /* threshold and regions: rows decided at once */
    float *strips[2];    /* before and after the activation: [channels][strip][n_w] */
    void *scratch;       /* of the kernels */
    int64_t scratch_bytes;
} cm_decider;
/* Bytes the scratch takes; -1 on overflow. threads as the backend's pool has them. */
int64_t cm_decider_bytes(const cm_output_spec *rule, int64_t channels, int64_t n_h, int64_t n_w, int64_t w,
                         int threads);
cm_status cm_decider_init(cm_decider *d, const cm_output_spec *rule, int64_t channels, int64_t n_h,
                          int64_t n_w, int64_t w, cm_backend *backend, cm_budget *budget, cm_error *err);
void cm_decider_fini(cm_decider *d);

/* Labels of one stored plane: for stored indices (j, k) along h and w the logits are interpolated linearly
 * and decided at once; labels[j * stride_h + k * stride_w] is written where both taps are inside. The
 * activation comes after blending and interpolation, as nnU-Net does it; argmax needs none, since softmax and
 * sigmoid keep the order of channels. ARGMAX: the lowest channel wins a tie. THRESHOLD and REGIONS: value >
 * threshold compared in float, regions in order, a later one overwrites; 0 where none applies. Same bits for
 * any thread count. Errors: those of the backend. */
cm_status cm_decide_plane(cm_decider *d, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                          uint16_t *labels, int64_t stride_h, int64_t stride_w, cm_error *err);

/* Scores by class from a classifier's n outputs; scores[max(n, 2)]. One output is p of class 1 (after the
 * activation): {1 - p, p}. *decided is the class. Errors: CM_ERR_MISMATCH (softmax of one output; labels or
 * threshold that do not fit), those of the backend. */
cm_status cm_decide_class(const cm_output_spec *rule, cm_backend *backend, const float *output, int64_t n,
                          double *scores, int *n_scores, int *decided, cm_error *err);

#endif

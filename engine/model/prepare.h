/* The ordered pre-processing of tool.xml, run as written, and what is needed to come back. */
#ifndef CM_ENGINE_MODEL_PREPARE_H
#define CM_ENGINE_MODEL_PREPARE_H

#include "engine/image/volume.h"
#include "engine/model/budget.h"
#include "engine/model/placement.h"
#include "engine/model/statistic.h"
#include "kernels/backend.h"

/* An image on its way to a model: values [channels][size z][size y][size x]. */
typedef struct cm_prepared {
    int64_t channels;
    float *values; /* counted in the budget */
    cm_placement placement;
    cm_extent crop; /* box of the last crop in the current grid; the whole grid before any */
    bool oriented;  /* the stored orientation is known */
    char code[4];   /* current orientation when it is */
    cm_budget *budget;
} cm_prepared;

/* Takes channel_index[0..channels-1] of the image as float32 and runs the steps in order. Statistics are
 * taken at the state a step names. Everything is allocated from the budget. Errors: CM_ERR_ARG (a channel
 * index out of range), CM_ERR_MISMATCH (orient or resample on an image whose orientation or spacing is
 * unknown), CM_ERR_FORMAT (the image holds a value that is not finite), CM_ERR_EMPTY (nothing above a crop's
 * threshold, no voxel for a statistic), CM_ERR_LIMIT, CM_ERR_NOMEM, CM_ERR_STOPPED, CM_ERR_TIMEOUT. fini in
 * any case. The budget must outlive the result. Same bits for any thread count. */
cm_status cm_prepare(const cm_prepare_step *steps, int n_steps, const cm_volume *image,
                     const int *channel_index, int channels, cm_backend *be, cm_budget *budget,
                     const cm_stop *stop, cm_prepared *out, cm_error *err);
void cm_prepared_fini(cm_prepared *prepared);

/* Reorders axes so that current axis k becomes what axis[k] was (no flips): image axes → tensor axes. */
cm_status cm_prepared_permute(cm_prepared *prepared, const int axis[3], cm_error *err);
/* Grows axes to at least size[k] (0 = leave), image centred, filled with value. */
cm_status cm_prepared_pad(cm_prepared *prepared, const int64_t size[3], double value, cm_error *err);

/* Without an image: an upper bound of the grid the steps lead to (a crop keeps everything), and of the bytes
 * held at once while preparing. size: in, stored by x, y, z; out, current. Errors: as above where the
 * geometry decides. */
cm_status cm_prepare_bound(const cm_prepare_step *steps, int n_steps, const cm_geometry *geometry,
                           int channels, int64_t size[3], int64_t *peak_bytes, cm_error *err);

#endif

/* Dense arrays as kernels see them. */
#ifndef CM_KERNELS_TENSOR_H
#define CM_KERNELS_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CM_MAX_RANK 8

/* Element types inside a model. Weights of other float types are widened to F32 when a model is read. */
typedef enum cm_element {
    CM_ELEMENT_F32 = 1,
    CM_ELEMENT_I64 = 2,
    CM_ELEMENT_I32 = 3,
    CM_ELEMENT_U8 = 4,
    CM_ELEMENT_BOOL = 5
} cm_element;

/* CM_LAYOUT_PLAIN: row-major, last dimension fastest ([n][c][z][y][x]). Blocked layouts get their own names
 * here; a kernel says in can_run which layouts it takes. */
typedef enum cm_layout { CM_LAYOUT_PLAIN = 0 } cm_layout;

typedef struct cm_tensor {
    cm_element element;
    cm_layout layout;
    int rank; /* 0..CM_MAX_RANK; 0 = a scalar with one element */
    int64_t dim[CM_MAX_RANK];
    void *data; /* owned by whoever made the tensor; in device memory for a device backend */
} cm_tensor;

int64_t cm_element_bytes(cm_element element);
int64_t cm_tensor_count(const cm_tensor *tensor); /* product of dims; -1 on overflow or a negative dim */

#ifdef __cplusplus
}
#endif
#endif

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
    CM_ELEMENT_BOOL = 5,
    CM_ELEMENT_I8 = 6,
    CM_ELEMENT_I16 = 7,
    CM_ELEMENT_U16 = 8,
    CM_ELEMENT_U32 = 9,
    CM_ELEMENT_U64 = 10
} cm_element;
enum { CM_ELEMENT_LAST = CM_ELEMENT_U64 };

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

/* Element i of whole numbers of any type but F32; those of U64 as their two's complement. */
int64_t cm_whole_at(cm_element element, const void *x, int64_t i);
/* Wraps around where v does not fit; BOOL is v != 0. */
void cm_whole_put(cm_element element, void *y, int64_t i, int64_t v);

#ifdef __cplusplus
}
#endif
#endif

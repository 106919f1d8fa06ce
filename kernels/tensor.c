/* Sizes of dense arrays. */
#include "kernels/tensor.h"

#include "engine/base/status.h"

int64_t cm_element_bytes(cm_element element)
{
    switch (element) {
    case CM_ELEMENT_F32:
    case CM_ELEMENT_I32:
        return 4;
    case CM_ELEMENT_I64:
        return 8;
    case CM_ELEMENT_U8:
    case CM_ELEMENT_BOOL:
        return 1;
    }
    return 0;
}

int64_t cm_tensor_count(const cm_tensor *tensor)
{
    int64_t count = 1;
    bool empty = false;
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->dim[i] < 0) return -1;
        if (tensor->dim[i] == 0)
            empty = true;
        else if (!cm_mul_i64(count, tensor->dim[i], &count))
            return -1;
    }
    return empty ? 0 : count;
}

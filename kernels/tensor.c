/* Sizes of dense arrays. */
#include "kernels/tensor.h"

#include "engine/base/status.h"

int64_t cm_element_bytes(cm_element element)
{
    switch (element) {
    case CM_ELEMENT_F32:
    case CM_ELEMENT_I32:
    case CM_ELEMENT_U32:
        return 4;
    case CM_ELEMENT_I64:
    case CM_ELEMENT_U64:
        return 8;
    case CM_ELEMENT_I16:
    case CM_ELEMENT_U16:
        return 2;
    case CM_ELEMENT_U8:
    case CM_ELEMENT_I8:
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

int64_t cm_whole_at(cm_element element, const void *x, int64_t i)
{
    switch (element) {
    case CM_ELEMENT_I64:
    case CM_ELEMENT_U64:
        return ((const int64_t *)x)[i];
    case CM_ELEMENT_I32:
        return ((const int32_t *)x)[i];
    case CM_ELEMENT_U32:
        return ((const uint32_t *)x)[i];
    case CM_ELEMENT_I16:
        return ((const int16_t *)x)[i];
    case CM_ELEMENT_U16:
        return ((const uint16_t *)x)[i];
    case CM_ELEMENT_I8:
        return ((const int8_t *)x)[i];
    case CM_ELEMENT_U8:
        return ((const uint8_t *)x)[i];
    case CM_ELEMENT_BOOL:
        return ((const uint8_t *)x)[i] != 0;
    case CM_ELEMENT_F32:
        break; /* not a whole number: the caller checks */
    }
    return 0;
}

void cm_whole_put(cm_element element, void *y, int64_t i, int64_t v)
{
    switch (cm_element_bytes(element)) {
    case 8:
        ((int64_t *)y)[i] = v;
        break;
    case 4:
        ((uint32_t *)y)[i] = (uint32_t)(uint64_t)v;
        break;
    case 2:
        ((uint16_t *)y)[i] = (uint16_t)(uint64_t)v;
        break;
    default:
        ((uint8_t *)y)[i] = element == CM_ELEMENT_BOOL ? v != 0 : (uint8_t)(uint64_t)v;
        break;
    }
}

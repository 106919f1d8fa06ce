/* The loops of the distance transforms, one value at a time: the definition. */
#define CM_DISTANCE_TABLE cm_distance_scalar
#define CM_DISTANCE_NAME  "scalar"
#include "kernels/cpu/distance_template.h"

/* The loops of the distance transforms for AVX2. */
#define CM_DISTANCE_TABLE cm_distance_avx2
#define CM_DISTANCE_NAME  "avx2"
#include "kernels/cpu/distance_template.h"

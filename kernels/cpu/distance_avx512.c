/* The loops of the distance transforms for AVX-512. */
#define CM_DISTANCE_TABLE cm_distance_avx512
#define CM_DISTANCE_NAME  "avx512"
#include "kernels/cpu/distance_template.h"

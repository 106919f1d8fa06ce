/* The loops of the distance transforms for 64-bit Arm. */
#define CM_DISTANCE_NEON
#define CM_DISTANCE_TABLE cm_distance_neon
#define CM_DISTANCE_NAME  "neon"
#include "kernels/cpu/distance_template.h"

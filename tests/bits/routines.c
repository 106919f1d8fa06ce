/* Numbers of the metrics and statistics: they too must not depend on threads or on the processor. */
#include "tests/bits/cases.h"

#include <stddef.h>

const bits_routine bits_routines[] = {
    {NULL, NULL},
};

/* Synthetic findings for classification: a small grey image of a mass whose margin is smooth (benign) or
 * spiculated (malignant), from three providers. Same seed and index, same bytes on every machine. */
#ifndef CM_ENGINE_DEMO_FINDINGS_H
#define CM_ENGINE_DEMO_FINDINGS_H

#include <stdint.h>

enum { CM_FINDING_SIZE = 32, CM_FINDING_BENIGN = 0, CM_FINDING_MALIGNANT = 1 };

typedef struct cm_finding_image {
    uint8_t pixels[CM_FINDING_SIZE * CM_FINDING_SIZE];
    int class_value;                /* CM_FINDING_BENIGN or CM_FINDING_MALIGNANT */
    int provider;                   /* 0..2, index modulo 3: the providers of phantom.h */
    const char *density, *age_band; /* constant text */
} cm_finding_image;

/* index: 0 .. 2^26 - 1. Thread-safe. */
void cm_finding_make(uint64_t seed, int64_t index, cm_finding_image *out);

#endif

/* Synthetic patients: an abdominal MR volume with an organ and zero to four lesions, and its label map. Three
 * providers differ in grid, orientation, contrast, noise and shading. The same seed and index give the same
 * bytes on every machine; nothing in it comes from a person. */
#ifndef CM_ENGINE_DEMO_PHANTOM_H
#define CM_ENGINE_DEMO_PHANTOM_H

#include "engine/image/volume.h"

enum { CM_PHANTOM_PROVIDERS = 3, CM_PHANTOM_ORGAN = 1, CM_PHANTOM_LESION = 2 };
extern const char *const cm_phantom_providers[CM_PHANTOM_PROVIDERS]; /* "site-a" ... */

typedef struct cm_phantom {
    cm_volume *image;     /* int16, 1 channel */
    cm_volume *reference; /* uint8: 0, CM_PHANTOM_ORGAN, CM_PHANTOM_LESION */
    int provider;
    const char *sex, *age_band; /* constant text */
    int lesions;
} cm_phantom;

/* index: 0 .. 2^26 - 1; its provider is index modulo 3. Thread-safe. Errors: CM_ERR_NOMEM. The caller
 * finishes with cm_phantom_fini, also after an error. */
cm_status cm_phantom_make(uint64_t seed, int64_t index, cm_phantom *out, cm_error *err);
void cm_phantom_fini(cm_phantom *phantom);

#endif

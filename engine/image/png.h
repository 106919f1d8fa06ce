/* The PNG row of the table of formats: grey, RGB and palette (as RGB, or as indices), 8 and 16 bits.
 * Contracts: reader.h. */
#ifndef CM_ENGINE_IMAGE_PNG_H
#define CM_ENGINE_IMAGE_PNG_H

#include "engine/image/reader.h"

bool cm_png_is(const uint8_t *head, int64_t bytes);
cm_status cm_png_read(const char *path, const cm_read_options *options, cm_volume **out, cm_read_notes *notes,
                      cm_error *err);

#endif

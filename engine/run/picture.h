/* One case as a picture for the report: the slice that shows most, plain and with the outlines of reference
 * and prediction. */
#ifndef CM_ENGINE_RUN_PICTURE_H
#define CM_ENGINE_RUN_PICTURE_H

#include "engine/base/sha256.h"
#include "engine/image/volume.h"
#include "metrics/segmentation.h"

/* What to draw. Everything is borrowed. reference and prediction: label maps [nz][ny][nx] on the image's
 * grid; either may be NULL (not drawn). With both NULL, or target NULL, the picture is the image alone
 * (classification). channel: 0 <= channel < image->channels. */
typedef struct cm_picture_scene {
    const cm_volume *image;
    int64_t channel;
    const uint16_t *reference, *prediction;
    const cm_target *target; /* the union of its label values is outlined */
} cm_picture_scene;

/* Renders into an 8-bit RGB PNG in memory (*png malloc'd, caller frees).
 * Slice: the stored z with the largest area of reference or prediction (lowest z on a tie; the middle one
 * when both are empty). Grey window: 1st to 99th percentile of the slice. Pixels are scaled to the spacing,
 * the longer side of a panel has 320 to 640 pixels. With known orientation the view is the radiologist's:
 * patient right on the left, anterior or superior up. Left panel: the image; right panel: the same with the
 * reference as a thick orange line and the prediction as a thin blue one (colours told apart by all common
 * kinds of colour blindness). Errors: CM_ERR_ARG (channel, shape), CM_ERR_NOMEM, CM_ERR_IO (libpng). Pure;
 * thread-safe; same bytes for the same scene and zlib. */
cm_status cm_picture_render(const cm_picture_scene *scene, unsigned char **png, int64_t *bytes,
                            cm_error *err);

/* The same, written to path (whole or not at all); *digest is of the file's bytes. */
cm_status cm_picture_write(const cm_picture_scene *scene, const char *path, cm_digest *digest, cm_error *err);

#endif

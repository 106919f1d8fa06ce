/* The NIfTI row of the table of formats: NIfTI-1 and -2, single files, plain or gzip. Contracts: reader.h. */
#ifndef CM_ENGINE_IMAGE_NIFTI_H
#define CM_ENGINE_IMAGE_NIFTI_H

#include "engine/image/reader.h"

bool cm_nifti_is(const uint8_t *head, int64_t bytes);
cm_status cm_nifti_read(const char *path, const cm_read_options *options, cm_volume **out,
                        cm_read_notes *notes, cm_error *err);

#endif

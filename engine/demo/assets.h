/* The files the demo carries inside the program: cohort and bench descriptions, tool packages. */
#ifndef CM_ENGINE_DEMO_ASSETS_H
#define CM_ENGINE_DEMO_ASSETS_H

#include "engine/base/status.h"

/* name: path below engine/demo/data, such as "segmentation/bench.xml". */
typedef struct cm_asset {
    const char *name;
    const unsigned char *data, *end;
} cm_asset;
extern const cm_asset cm_assets[];
extern const int cm_asset_count;

/* Writes one asset to a new path; its folder must exist. Errors: CM_ERR_INTERNAL (no such name), CM_ERR_IO.
 */
cm_status cm_asset_write(const char *name, const char *path, cm_error *err);

#endif

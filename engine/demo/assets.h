/* The files the demo carries inside the program: cohort and bench descriptions, tool packages. */
#ifndef CM_ENGINE_DEMO_ASSETS_H
#define CM_ENGINE_DEMO_ASSETS_H

#include "engine/base/status.h"

/* name: path below the folder of the demo, such as "segmentation/bench.xml". */
typedef struct cm_asset {
    const char *name;
    const unsigned char *data, *end;
} cm_asset;
extern const cm_asset cm_assets[]; /* made by CMakeLists.txt from its list */
extern const int cm_asset_count;

/* Writes every asset whose name begins with `prefix` below folder, and makes the folders on the way. Errors:
 * CM_ERR_INTERNAL (no asset has that prefix), CM_ERR_IO, CM_ERR_EXISTS (a file is where a folder must be). */
cm_status cm_assets_write(const char *folder, const char *prefix, cm_error *err);

#endif

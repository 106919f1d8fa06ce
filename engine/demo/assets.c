/* The table of embedded files, and writing one out. CMakeLists.txt holds the same list for the linker. */
#include "engine/demo/assets.h"

#include <string.h>

#include "engine/base/files.h"

#define ASSET(symbol) extern const unsigned char symbol[], symbol##_end[]
ASSET(cm_demo_segmentation_cohort);
ASSET(cm_demo_classification_cohort);
#undef ASSET

const cm_asset cm_assets[] = {
    {"segmentation/cohort.xml", cm_demo_segmentation_cohort, cm_demo_segmentation_cohort_end},
    {"classification/cohort.xml", cm_demo_classification_cohort, cm_demo_classification_cohort_end},
};
const int cm_asset_count = sizeof cm_assets / sizeof cm_assets[0];

cm_status cm_asset_write(const char *name, const char *path, cm_error *err)
{
    for (int i = 0; i < cm_asset_count; i++)
        if (!strcmp(cm_assets[i].name, name))
            return cm_file_write(path, cm_assets[i].data, cm_assets[i].end - cm_assets[i].data, err);
    return CM_FAIL(err, CM_ERR_INTERNAL, .what = "the program carries no such file", .where = name);
}

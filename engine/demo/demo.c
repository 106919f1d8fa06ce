/* The folders of the demo. */
#include "engine/demo/demo.h"

#include "engine/base/files.h"
#include "engine/demo/source.h"

cm_status cm_demo_write_sources(const cm_demo_options *options, cm_threads *pool, cm_error *err)
{
    const char *folder = options->folder;
    cm_status st = cm_folder_create(folder, true, err);
    if (!st) st = cm_folder_create(cm_strf("%s/segmentation", folder).s, true, err);
    if (!st) st = cm_folder_create(cm_strf("%s/classification", folder).s, true, err);
    if (!st)
        st = cm_demo_write_patients(cm_strf("%s/segmentation/source", folder).s, options->seed,
                                    options->cases, pool, err);
    if (!st)
        st = cm_demo_write_findings(cm_strf("%s/classification/source", folder).s, options->seed,
                                    options->images, pool, err);
    return st;
}

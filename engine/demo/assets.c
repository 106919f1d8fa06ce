/* Writing out the files that the program carries. */
#include "engine/demo/assets.h"

#include <string.h>

#include "engine/base/files.h"

/* Makes each folder between `folder` and the last part of name. */
static cm_status make_folders(const char *folder, const char *name, cm_error *err)
{
    cm_status st = CM_OK;
    for (const char *slash = strchr(name, '/'); slash && !st; slash = strchr(slash + 1, '/'))
        st = cm_folder_create(cm_strf("%s/%.*s", folder, (int)(slash - name), name).s, false, err);
    return st;
}

cm_status cm_assets_write(const char *folder, const char *prefix, cm_error *err)
{
    int written = 0;
    for (int i = 0; i < cm_asset_count; i++) {
        const cm_asset *a = &cm_assets[i];
        if (strncmp(a->name, prefix, strlen(prefix)) != 0) continue;
        cm_status st = make_folders(folder, a->name, err);
        if (!st) st = cm_file_write(cm_strf("%s/%s", folder, a->name).s, a->data, a->end - a->data, err);
        if (st) return st;
        written++;
    }
    if (!written)
        return CM_FAIL(err, CM_ERR_INTERNAL, .what = "the program carries no such file", .where = prefix);
    return CM_OK;
}

/* Files and folders, with caps, and writing that is whole or not at all. All functions: not collective. */
#ifndef CM_ENGINE_BASE_FILES_H
#define CM_ENGINE_BASE_FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/status.h"

/* Reads a whole regular file into a malloc'd buffer with one NUL after the content; *bytes excludes it. The
 * caller frees. Errors: CM_ERR_NOT_FOUND, CM_ERR_LIMIT (larger than max_bytes; nothing is allocated),
 * CM_ERR_IO, CM_ERR_NOMEM, CM_ERR_POLICY (not a regular file). */
cm_status cm_file_read(const char *path, int64_t max_bytes, char **data, int64_t *bytes, cm_error *err);

/* Writes path as path.tmp.PID, syncs, renames over path. On failure path is as it was. */
cm_status cm_file_write(const char *path, const void *data, int64_t bytes, cm_error *err);

/* The same for streamed writing: write to *file, then commit (flush, sync, rename, sync of the folder) or
 * abandon. */
typedef struct cm_new_file cm_new_file;
cm_status cm_new_file_open(const char *path, cm_new_file **out, FILE **file, cm_error *err);
cm_status cm_new_file_commit(cm_new_file *f, cm_error *err); /* frees f in any case */
void cm_new_file_abandon(cm_new_file *f);                    /* NULL is fine */

/* Copies a regular file (whole or not at all). */
cm_status cm_file_copy(const char *from, const char *to, cm_error *err);

/* mkdir; must_be_new: CM_ERR_EXISTS if anything is there. Parents must exist. */
cm_status cm_folder_create(const char *path, bool must_be_new, cm_error *err);
bool cm_path_exists(const char *path);
bool cm_path_is_folder(const char *path);
/* Removes a folder and everything below it, never following links. */
cm_status cm_folder_remove(const char *path, cm_error *err);
/* Names in a folder except "." and "..", sorted by strcmp. Freed by cm_names_free. */
cm_status cm_folder_list(const char *path, char ***names, int64_t *count, cm_error *err);
void cm_names_free(char **names, int64_t count);

/* root + "/" + relative into a malloc'd path, refusing what leaves root: absolute paths, "..", empty parts,
 * and any symbolic link on the way (CM_ERR_POLICY). The file must exist (CM_ERR_NOT_FOUND). */
cm_status cm_path_beneath(const char *root, const char *relative, char **out, cm_error *err);

/* "a/b" malloc'd; NULL when out of memory. */
char *cm_path_join(const char *a, const char *b);

#endif

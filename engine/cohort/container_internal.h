/* HDF5 as this part uses it: files that are opened suspiciously, arrays whose chunks are encoded and decoded
 * by the codec, and tables. One thread at a time in a process may be inside any of these functions. */
#ifndef CM_ENGINE_COHORT_CONTAINER_INTERNAL_H
#define CM_ENGINE_COHORT_CONTAINER_INTERNAL_H

#include <hdf5.h>

#include "engine/cohort/codec_internal.h"
#include "engine/image/volume.h"

/* Fills err with HDF5's own innermost message as the why. */
cm_status cm_h5_fail(cm_error *err, cm_status status, const char *what, const char *where);

/* A new file (CM_ERR_EXISTS when something is there), format of HDF5 1.8: a file whose writer died can be
 * opened without a repair tool. */
cm_status cm_h5_create(const char *path, hid_t *out, cm_error *err);
/* Read-only, serial driver, no locking, no plugin filters; refuses a file that holds a link which is not a
 * hard one (CM_ERR_POLICY). CM_ERR_NOT_FOUND, CM_ERR_FORMAT. */
cm_status cm_h5_open(const char *path, hid_t *out, cm_error *err);
/* Closes; sync: also fsyncs the file. *file becomes -1. Does nothing for -1. */
cm_status cm_h5_close(hid_t *file, const char *path, bool sync, cm_error *err);

hid_t cm_h5_type(cm_dtype type); /* little-endian file type; borrowed */
/* A group that tracks no times. */
cm_status cm_h5_group_create(hid_t parent, const char *name, cm_error *err);

/* Writes an array as a chunked dataset, shuffle + deflate. rank 4: [c][z][y][x]; rank 3: plan->dim[0] is 1.
 */
cm_status cm_array_write(hid_t group, const char *name, int rank, const cm_chunk_plan *plan, cm_dtype type,
                         const cm_piece *pieces, cm_error *err);
/* What a stored array is, after it has been found harmless: chunked, in this file, shuffle and deflate only.
 */
typedef struct cm_array_facts {
    cm_dtype type;
    int64_t dim[4]; /* dim[0] = 1 for rank 3 */
    int64_t chunk[4];
} cm_array_facts;
cm_status cm_array_look(hid_t group, const char *name, int rank, cm_array_facts *out, cm_error *err);
/* Reads into array (as many bytes as facts say). Raw chunks are read here and decoded by the pool. */
cm_status cm_array_read(hid_t group, const char *name, const cm_array_facts *facts, int rank, cm_codec *codec,
                        cm_threads *pool, void *array, cm_error *err);

/* Contiguous datasets of one or two axes. type: in memory and, packed, in the file. */
cm_status cm_table_write(hid_t group, const char *name, hid_t type, int rank, const int64_t dim[2],
                         const void *rows, cm_error *err);
/* Reads a dataset of exactly this type and rank, stored in this file; dim[1] must be `width` for rank 2. Rows
 * are malloc'd, the caller frees. Errors: CM_ERR_LIMIT past max_rows, CM_ERR_FORMAT, CM_ERR_POLICY,
 * CM_ERR_TRUNCATED. */
cm_status cm_table_read(hid_t group, const char *name, hid_t type, int rank, int64_t width, int64_t max_rows,
                        void **rows, int64_t *n, cm_error *err);

/* A short text attribute of an object. */
cm_status cm_h5_text_write(hid_t object, const char *name, const char *text, cm_error *err);
cm_status cm_h5_text_read(hid_t object, const char *name, char *buf, int64_t size, cm_error *err);

#endif

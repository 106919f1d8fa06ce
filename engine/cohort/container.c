/* Opening, creating and closing HDF5 files. A crafted file can make a reader fetch other files of the machine
 * by external links, external storage, virtual datasets and filter plugins; HDF5 has no single switch against
 * it, so each way is closed here or where a dataset is looked at (array.c). */
#include "engine/cohort/container_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- HDF5's message ---- */

struct message {
    char text[300];
};

static herr_t take_message(unsigned n, const H5E_error2_t *e, void *data)
{
    struct message *m = data;
    if (n == 0 && e->desc) /* the innermost: the cause */
        snprintf(m->text, sizeof m->text, "%s", e->desc);
    return 0;
}

cm_status cm_h5_fail(cm_error *err, cm_status status, const char *what, const char *where)
{
    struct message m = {"no message from HDF5"};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_message, &m);
    H5Eclear2(H5E_DEFAULT);
    return CM_FAIL(err, status, .what = what, .where = where, .why = cm_strf("HDF5: %s", m.text).s);
}

/* ---- open, create, close ---- */

static void quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0); /* filter plugins are code from elsewhere */
}

static hid_t access_properties(bool reading)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    bool ok = fapl >= 0 && H5Pset_fapl_sec2(fapl) >= 0 && H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG) >= 0;
    if (reading) {
#if H5_VERSION_GE(1, 10, 7) && !(H5_VERS_MAJOR == 1 && H5_VERS_MINOR == 12 && H5_VERS_RELEASE == 0)
        /* parallel file systems often have no locks, and readers need none: a cohort never changes */
        ok = ok && H5Pset_file_locking(fapl, 0, 1) >= 0;
#endif
    } else {
        /* 1.8's superblock has no "open for writing" mark that would lock out readers after a crash */
        ok = ok && H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0;
    }
    if (!ok && fapl >= 0) H5Pclose(fapl);
    return ok ? fapl : -1;
}

cm_status cm_h5_create(const char *path, hid_t *out, cm_error *err)
{
    quiet();
    if (access(path, F_OK) == 0)
        return CM_FAIL(err, CM_ERR_EXISTS, .what = "the file exists already", .where = path);
    hid_t fapl = access_properties(false), fcpl = H5Pcreate(H5P_FILE_CREATE), file = -1;
    /* Chunk indexes are one tree per dataset. The default node of 64 children would cost 3.6 KB for an image
     * of one chunk; 8 children keep small images small and are deep enough for large ones. */
    if (fapl >= 0 && fcpl >= 0 && H5Pset_istore_k(fcpl, 4) >= 0)
        file = H5Fcreate(path, H5F_ACC_EXCL, fcpl, fapl);
    cm_status st = file < 0 ? cm_h5_fail(err, CM_ERR_IO, "the file cannot be created", path) : CM_OK;
    H5Pclose(fcpl);
    H5Pclose(fapl);
    if (!st) *out = file;
    return st;
}

static herr_t only_hard(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    (void)group, (void)name, (void)data;
    return info->type == H5L_TYPE_HARD ? 0 : 1;
}

cm_status cm_h5_open(const char *path, hid_t *out, cm_error *err)
{
    quiet();
    struct stat s;
    if (stat(path, &s) != 0)
        return CM_FAIL(err, errno == ENOENT || errno == ENOTDIR ? CM_ERR_NOT_FOUND : CM_ERR_IO,
                       .what = "the file cannot be opened", .where = path, .why = strerror(errno));
    if (!S_ISREG(s.st_mode)) return CM_FAIL(err, CM_ERR_POLICY, .what = "not a regular file", .where = path);
    hid_t fapl = access_properties(true);
    hid_t file = fapl < 0 ? -1 : H5Fopen(path, H5F_ACC_RDONLY, fapl);
    cm_status st = file < 0 ? cm_h5_fail(err, CM_ERR_FORMAT, "not a readable HDF5 file", path) : CM_OK;
    if (!st) {
        herr_t found = H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, only_hard, NULL);
        if (found < 0)
            st = cm_h5_fail(err, CM_ERR_FORMAT, "the file's contents cannot be listed", path);
        else if (found > 0)
            st = CM_FAIL(err, CM_ERR_POLICY, .what = "the file holds a soft, external or user-defined link",
                         .where = path, .why = "such a link can make a reader open other files",
                         .next = "ingest the cohort again with cohmark");
    }
    if (st && file >= 0) H5Fclose(file);
    H5Pclose(fapl);
    if (!st) *out = file;
    return st;
}

cm_status cm_h5_close(hid_t *file, const char *path, bool sync, cm_error *err)
{
    if (*file < 0) return CM_OK;
    herr_t flushed = sync ? H5Fflush(*file, H5F_SCOPE_LOCAL) : 0;
    herr_t closed = H5Fclose(*file);
    *file = -1;
    if (flushed < 0 || closed < 0)
        return cm_h5_fail(err, CM_ERR_IO, "the file cannot be written to its end", path);
    if (!sync) return CM_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;
    int why = errno;
    if (fd >= 0) close(fd);
    if (failed)
        return CM_FAIL(err, CM_ERR_IO, .what = "the file cannot be synced", .where = path,
                       .why = strerror(why));
    return CM_OK;
}

/* ---- types, groups, attributes ---- */

hid_t cm_h5_type(cm_dtype type)
{
    switch (type) {
    case CM_U8:
        return H5T_STD_U8LE;
    case CM_I8:
        return H5T_STD_I8LE;
    case CM_U16:
        return H5T_STD_U16LE;
    case CM_I16:
        return H5T_STD_I16LE;
    case CM_U32:
        return H5T_STD_U32LE;
    case CM_I32:
        return H5T_STD_I32LE;
    case CM_U64:
        return H5T_STD_U64LE;
    case CM_I64:
        return H5T_STD_I64LE;
    case CM_F32:
        return H5T_IEEE_F32LE;
    case CM_F64:
        return H5T_IEEE_F64LE;
    }
    return -1;
}

cm_status cm_h5_group_create(hid_t parent, const char *name, cm_error *err)
{
    hid_t gcpl = H5Pcreate(H5P_GROUP_CREATE), group = -1;
    if (gcpl >= 0 && H5Pset_obj_track_times(gcpl, 0) >= 0)
        group = H5Gcreate2(parent, name, H5P_DEFAULT, gcpl, H5P_DEFAULT);
    cm_status st = group < 0 ? cm_h5_fail(err, CM_ERR_IO, "a group cannot be written", name) : CM_OK;
    if (group >= 0) H5Gclose(group);
    H5Pclose(gcpl);
    return st;
}

cm_status cm_h5_text_write(hid_t object, const char *name, const char *text, cm_error *err)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
    bool ok = type >= 0 && space >= 0 && H5Tset_size(type, strlen(text) + 1) >= 0;
    if (ok) attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    ok = ok && attribute >= 0 && H5Awrite(attribute, type, text) >= 0;
    cm_status st = ok ? CM_OK : cm_h5_fail(err, CM_ERR_IO, "an attribute cannot be written", name);
    if (attribute >= 0) H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return st;
}

cm_status cm_h5_text_read(hid_t object, const char *name, char *buf, int64_t size, cm_error *err)
{
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return cm_h5_fail(err, CM_ERR_FORMAT, "an attribute is missing", name);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    bool fits = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
                H5Tis_variable_str(type) == 0 && H5Sget_simple_extent_npoints(space) == 1 &&
                H5Tget_size(type) < (size_t)size;
    memset(buf, 0, (size_t)size);
    bool ok = fits && H5Aread(attribute, type, buf) >= 0;
    cm_status st = ok ? CM_OK : cm_h5_fail(err, CM_ERR_FORMAT, "an attribute is not a short text", name);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return st;
}

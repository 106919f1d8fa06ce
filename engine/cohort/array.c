/* Arrays and tables in an HDF5 file. Arrays go around HDF5's filter pipeline: their encoded chunks are handed
 * over and taken back as they are, so that threads can do the work that HDF5 would do on one. */
#include "engine/cohort/container_internal.h"

#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "stored arrays are little-endian; a big-endian machine needs a byte swap in codec.c"
#endif

/* ---- what a dataset is ---- */

/* Creation properties of a dataset that keeps all its data in its own file, and only in ways we know. */
static cm_status look_harmless(hid_t dcpl, const char *name, cm_error *err)
{
    H5D_layout_t layout = H5Pget_layout(dcpl);
    if (layout == H5D_VIRTUAL)
        return CM_FAIL(err, CM_ERR_POLICY,
                       .what = "the dataset is virtual: its data would come from other files", .where = name);
    if (layout < 0) return cm_h5_fail(err, CM_ERR_FORMAT, "the dataset's layout cannot be read", name);
    if (H5Pget_external_count(dcpl) != 0)
        return CM_FAIL(err, CM_ERR_POLICY, .what = "the dataset keeps its data outside its file",
                       .where = name);
    int n = H5Pget_nfilters(dcpl);
    for (int i = 0; i < n; i++) {
        unsigned flags, config;
        size_t values = 0;
        H5Z_filter_t id = H5Pget_filter2(dcpl, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
        if (id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_DEFLATE)
            return CM_FAIL(err, CM_ERR_POLICY, .what = "the dataset has a filter that is not allowed",
                           .where = name,
                           .why = cm_strf("filter %d; shuffle (2) and deflate (1) are allowed", (int)id).s);
    }
    return CM_OK;
}

/* Opens name in group when the link is a hard one to a dataset. */
static cm_status open_dataset(hid_t group, const char *name, hid_t *set, hid_t *dcpl, cm_error *err)
{
    H5L_info_t link;
    if (H5Lget_info(group, name, &link, H5P_DEFAULT) < 0) {
        H5Eclear2(H5E_DEFAULT);
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the dataset is missing", .where = name);
    }
    if (link.type != H5L_TYPE_HARD)
        return CM_FAIL(err, CM_ERR_POLICY, .what = "the dataset is a link", .where = name);
    *set = H5Dopen2(group, name, H5P_DEFAULT);
    if (*set < 0) return cm_h5_fail(err, CM_ERR_FORMAT, "the dataset cannot be opened", name);
    *dcpl = H5Dget_create_plist(*set);
    if (*dcpl < 0) return cm_h5_fail(err, CM_ERR_FORMAT, "the dataset's properties cannot be read", name);
    return look_harmless(*dcpl, name, err);
}

static void close_dataset(hid_t set, hid_t dcpl)
{
    if (dcpl >= 0) H5Pclose(dcpl);
    if (set >= 0) H5Dclose(set);
}

/* ---- arrays ---- */

static bool set_filters(hid_t dcpl, int64_t element_bytes)
{
    if (element_bytes > 1 && H5Pset_shuffle(dcpl) < 0) return false;
    return H5Pset_deflate(dcpl, 1) >= 0;
}

static cm_status write_chunks(hid_t set, const char *name, int rank, const cm_chunk_plan *plan,
                              const cm_piece *pieces, cm_error *err)
{
    for (int64_t k = 0; k < plan->total; k++) {
        int64_t start[4], first, bytes;
        cm_chunk_locate(plan, k, start, &first, &bytes);
        hsize_t offset[4];
        for (int a = 0; a < rank; a++)
            offset[a] = (hsize_t)start[a + 4 - rank];
        if (H5Dwrite_chunk(set, H5P_DEFAULT, 0, offset, (size_t)pieces[k].bytes, pieces[k].data) < 0)
            return cm_h5_fail(err, CM_ERR_IO, "a chunk cannot be written", name);
    }
    return CM_OK;
}

cm_status cm_array_write(hid_t group, const char *name, int rank, const cm_chunk_plan *plan, cm_dtype type,
                         const cm_piece *pieces, cm_error *err)
{
    hsize_t dim[4], chunk[4];
    for (int a = 0; a < rank; a++) {
        dim[a] = (hsize_t)plan->dim[a + 4 - rank];
        chunk[a] = (hsize_t)plan->chunk[a + 4 - rank];
    }
    hid_t space = H5Screate_simple(rank, dim, NULL), dcpl = H5Pcreate(H5P_DATASET_CREATE), set = -1;
    bool ok = space >= 0 && dcpl >= 0 && H5Pset_obj_track_times(dcpl, 0) >= 0 &&
              H5Pset_chunk(dcpl, rank, chunk) >= 0 && H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER) >= 0 &&
              set_filters(dcpl, plan->element_bytes);
    if (ok) set = H5Dcreate2(group, name, cm_h5_type(type), space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    cm_status st = set < 0 ? cm_h5_fail(err, CM_ERR_IO, "a dataset cannot be created", name)
                           : write_chunks(set, name, rank, plan, pieces, err);
    if (set >= 0 && H5Dclose(set) < 0 && !st)
        st = cm_h5_fail(err, CM_ERR_IO, "a dataset cannot be written", name);
    H5Pclose(dcpl);
    H5Sclose(space);
    return st;
}

static cm_dtype type_of(hid_t set)
{
    hid_t type = H5Dget_type(set);
    cm_dtype found = 0;
    for (cm_dtype t = CM_U8; type >= 0 && t <= CM_F64 && !found; t++)
        if (H5Tequal(type, cm_h5_type(t)) > 0) found = t;
    if (type >= 0) H5Tclose(type);
    return found;
}

/* Filters of an array must be exactly those the codec undoes. */
static bool filters_fit(hid_t dcpl, cm_dtype type)
{
    bool shuffled = cm_dtype_bytes(type) > 1;
    int n = H5Pget_nfilters(dcpl);
    if (n != (shuffled ? 2 : 1)) return false;
    for (int i = 0; i < n; i++) {
        unsigned flags, config;
        size_t values = 0;
        H5Z_filter_t id = H5Pget_filter2(dcpl, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
        if (id != (shuffled && i == 0 ? H5Z_FILTER_SHUFFLE : H5Z_FILTER_DEFLATE)) return false;
    }
    return true;
}

/* Deflate makes at most 1032 bytes of one: a small file that promises a large array is caught before memory
 * is taken for it. */
static cm_status believable(hid_t set, const char *name, const cm_array_facts *facts, cm_error *err)
{
    int64_t bytes = cm_dtype_bytes(facts->type), stored = (int64_t)H5Dget_storage_size(set);
    for (int a = 0; a < 4; a++)
        if (facts->dim[a] < 1 || !cm_mul_i64(bytes, facts->dim[a], &bytes))
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "the size of the dataset is out of range",
                           .where = name);
    if (stored < bytes / 1032)
        return CM_FAIL(err, CM_ERR_DAMAGED, .what = "the dataset is longer than what is stored of it",
                       .where = name,
                       .why = cm_strf("%lld bytes declared, %lld compressed bytes stored", (long long)bytes,
                                      (long long)stored)
                                  .s);
    return CM_OK;
}

static cm_status read_facts(hid_t set, hid_t dcpl, const char *name, int rank, cm_array_facts *out,
                            cm_error *err)
{
    memset(out, 0, sizeof *out);
    out->type = type_of(set);
    hid_t space = H5Dget_space(set);
    hsize_t dim[H5S_MAX_RANK], chunk[H5S_MAX_RANK];
    bool fits = out->type && space >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
                H5Sget_simple_extent_dims(space, dim, NULL) == rank && H5Pget_layout(dcpl) == H5D_CHUNKED &&
                H5Pget_chunk(dcpl, rank, chunk) == rank && filters_fit(dcpl, out->type);
    if (space >= 0) H5Sclose(space);
    if (!fits) {
        H5Eclear2(H5E_DEFAULT);
        return CM_FAIL(
            err, CM_ERR_FORMAT, .what = "the dataset is not an array of this format", .where = name,
            .why = cm_strf("expected %d axes, a number type, chunks, shuffle and deflate", rank).s);
    }
    out->dim[0] = out->chunk[0] = 1;
    for (int a = 0; a < rank; a++) {
        if (dim[a] > INT32_MAX || chunk[a] > INT32_MAX)
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "an axis of the dataset is too long", .where = name);
        out->dim[a + 4 - rank] = (int64_t)dim[a];
        out->chunk[a + 4 - rank] = (int64_t)chunk[a];
    }
    return believable(set, name, out, err);
}

cm_status cm_array_look(hid_t group, const char *name, int rank, cm_array_facts *out, cm_error *err)
{
    hid_t set = -1, dcpl = -1;
    cm_status st = open_dataset(group, name, &set, &dcpl, err);
    if (!st) st = read_facts(set, dcpl, name, rank, out, err);
    close_dataset(set, dcpl);
    return st;
}

/* One encoded chunk as it lies in the file. */
static cm_status read_piece(hid_t set, const char *name, int rank, const int64_t start[4], int64_t bound,
                            cm_piece *out, cm_error *err)
{
    hsize_t offset[4], bytes = 0;
    for (int a = 0; a < rank; a++)
        offset[a] = (hsize_t)start[a + 4 - rank];
    if (H5Dget_chunk_storage_size(set, offset, &bytes) < 0 || bytes == 0) {
        H5Eclear2(H5E_DEFAULT);
        return CM_FAIL(err, CM_ERR_DAMAGED, .what = "a chunk of the dataset is missing", .where = name);
    }
    if (bytes > (hsize_t)bound)
        return CM_FAIL(err, CM_ERR_DAMAGED, .what = "a chunk of the dataset is too large", .where = name,
                       .why = cm_strf("%llu bytes, at most %lld are possible", (unsigned long long)bytes,
                                      (long long)bound)
                                  .s);
    void *data = malloc((size_t)bytes);
    if (!data) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a chunk", .where = name);
    uint32_t skipped = 0;
    if (H5Dread_chunk(set, H5P_DEFAULT, offset, &skipped, data) < 0) {
        free(data);
        return cm_h5_fail(err, CM_ERR_DAMAGED, "a chunk cannot be read", name);
    }
    if (skipped) {
        free(data);
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "a chunk was written without its filters", .where = name);
    }
    *out = (cm_piece){.data = data, .bytes = (int64_t)bytes};
    return CM_OK;
}

enum { READ_AHEAD = 64 }; /* chunks read before the pool decodes them: some 64 MiB at most */

cm_status cm_array_read(hid_t group, const char *name, const cm_array_facts *facts, int rank, cm_codec *codec,
                        cm_threads *pool, void *array, cm_error *err)
{
    cm_chunk_plan plan;
    cm_status st = cm_chunk_plan_of(facts->dim, facts->chunk, cm_dtype_bytes(facts->type), &plan, err);
    hid_t set = -1, dcpl = -1;
    if (!st) st = open_dataset(group, name, &set, &dcpl, err);
    int64_t bound = st ? 0 : cm_codec_bound(codec, &plan);
    for (int64_t k = 0; !st && k < plan.total; k += READ_AHEAD) {
        cm_piece piece[READ_AHEAD] = {{NULL, 0}};
        int64_t n = plan.total - k < READ_AHEAD ? plan.total - k : READ_AHEAD;
        for (int64_t j = 0; !st && j < n; j++) {
            int64_t start[4], first, bytes;
            cm_chunk_locate(&plan, k + j, start, &first, &bytes);
            st = read_piece(set, name, rank, start, bound, &piece[j], err);
        }
        if (!st && (st = cm_codec_decode(codec, pool, &plan, k, n, piece, array, err)))
            cm_error_context(err, name);
        for (int64_t j = 0; j < n; j++)
            free(piece[j].data);
    }
    close_dataset(set, dcpl);
    return st;
}

/* ---- tables ---- */

static hid_t packed_type(hid_t type)
{
    hid_t packed = H5Tcopy(type);
    if (packed >= 0 && H5Tget_class(packed) == H5T_COMPOUND && H5Tpack(packed) < 0) {
        H5Tclose(packed);
        return -1;
    }
    return packed;
}

cm_status cm_table_write(hid_t group, const char *name, hid_t type, int rank, const int64_t dim[2],
                         const void *rows, cm_error *err)
{
    hsize_t extent[2] = {(hsize_t)dim[0], rank > 1 ? (hsize_t)dim[1] : 0};
    hid_t space = H5Screate_simple(rank, extent, NULL), dcpl = H5Pcreate(H5P_DATASET_CREATE), set = -1;
    hid_t file_type = packed_type(type);
    if (space >= 0 && file_type >= 0 && dcpl >= 0 && H5Pset_obj_track_times(dcpl, 0) >= 0)
        set = H5Dcreate2(group, name, file_type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    bool ok = set >= 0 && (dim[0] == 0 || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
    ok = (set < 0 || H5Dclose(set) >= 0) && ok;
    cm_status st = ok ? CM_OK : cm_h5_fail(err, CM_ERR_IO, "a table cannot be written", name);
    H5Tclose(file_type);
    H5Pclose(dcpl);
    H5Sclose(space);
    return st;
}

/* Type, shape and place of a table's data, before anything is allocated. */
static cm_status look_table(hid_t set, hid_t dcpl, const char *name, hid_t type, int rank, int64_t width,
                            int64_t max_rows, int64_t *n, cm_error *err)
{
    hid_t packed = packed_type(type), found = H5Dget_type(set), space = H5Dget_space(set);
    hsize_t dim[2] = {0, 0};
    bool fits = packed >= 0 && found >= 0 && H5Tequal(packed, found) > 0 && space >= 0 &&
                H5Sget_simple_extent_ndims(space) == rank &&
                H5Sget_simple_extent_dims(space, dim, NULL) == rank &&
                H5Pget_layout(dcpl) == H5D_CONTIGUOUS && (rank < 2 || dim[1] == (hsize_t)width);
    size_t row = packed >= 0 ? H5Tget_size(packed) : 0;
    H5Sclose(space);
    H5Tclose(found);
    H5Tclose(packed);
    H5Eclear2(H5E_DEFAULT);
    if (!fits)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the table does not have the columns of this format",
                       .where = name, .next = "ingest the cohort again with this version of cohmark");
    if (dim[0] > (hsize_t)max_rows)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the table has too many rows", .where = name,
                       .why = cm_strf("%llu rows, at most %lld are read", (unsigned long long)dim[0],
                                      (long long)max_rows)
                                  .s);
    int64_t bytes = (int64_t)dim[0] * (int64_t)row * (rank > 1 ? width : 1);
    hsize_t stored = H5Dget_storage_size(set), file_bytes = 0;
    hid_t file = H5Iget_file_id(set);
    H5Fget_filesize(file, &file_bytes);
    H5Fclose(file);
    if (stored < (hsize_t)bytes || file_bytes < (hsize_t)bytes)
        return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the table is longer than its file", .where = name,
                       .why = cm_strf("%lld bytes declared, %llu stored, file %llu", (long long)bytes,
                                      (unsigned long long)stored, (unsigned long long)file_bytes)
                                  .s);
    *n = (int64_t)dim[0];
    return CM_OK;
}

cm_status cm_table_read(hid_t group, const char *name, hid_t type, int rank, int64_t width, int64_t max_rows,
                        void **rows, int64_t *n, cm_error *err)
{
    hid_t set = -1, dcpl = -1;
    void *data = NULL;
    cm_status st = open_dataset(group, name, &set, &dcpl, err);
    if (!st) st = look_table(set, dcpl, name, type, rank, width, max_rows, n, err);
    if (!st) {
        data = calloc((size_t)(*n * (rank > 1 ? width : 1)) + 1, H5Tget_size(type));
        if (!data) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a table", .where = name);
    }
    if (!st && *n > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        st = cm_h5_fail(err, CM_ERR_FORMAT, "a table cannot be read", name);
    close_dataset(set, dcpl);
    if (st)
        free(data);
    else
        *rows = data;
    return st;
}

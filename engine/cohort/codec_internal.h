/* Chunks of a stored array: how it is cut, and the shuffle + deflate bytes of each piece. The bytes are
 * exactly those of HDF5's own filters, so that any HDF5 tool reads them; made and undone here, they use every
 * thread. */
#ifndef CM_ENGINE_COHORT_CODEC_INTERNAL_H
#define CM_ENGINE_COHORT_CODEC_INTERNAL_H

#include <stdbool.h>

#include "engine/base/threads.h"

/* The cut of a [channels][z][y][x] array. Every chunk is one contiguous run of the array: whole slices, or
 * whole rows of one slice, or a part of one row. */
typedef struct cm_chunk_plan {
    int64_t dim[4];   /* channels, nz, ny, nx */
    int64_t chunk[4]; /* 1, then z, y, x */
    int64_t count[4]; /* chunks along each axis */
    int64_t total;    /* chunks in all */
    int64_t element_bytes;
    int64_t array_bytes;
    int64_t chunk_bytes; /* of a whole chunk, raw */
} cm_chunk_plan;

/* Plans chunks of about 1 MiB. Errors: CM_ERR_LIMIT (sizes below 1 or past 64 bits). Thread-safe. */
cm_status cm_chunk_plan_choose(const int64_t dim[4], int64_t element_bytes, cm_chunk_plan *out,
                               cm_error *err);
/* Takes the chunk shape of a file. Errors: CM_ERR_UNSUPPORTED when a chunk is not a contiguous run or is
 * larger than 64 MiB; CM_ERR_LIMIT. Thread-safe. */
cm_status cm_chunk_plan_of(const int64_t dim[4], const int64_t chunk[4], int64_t element_bytes,
                           cm_chunk_plan *out, cm_error *err);
/* Where chunk k starts (array index per axis) and which bytes of the array it holds. */
void cm_chunk_locate(const cm_chunk_plan *plan, int64_t k, int64_t start[4], int64_t *first, int64_t *bytes);

/* Compressors, decompressors and scratch, one set per worker. One call at a time per codec. */
typedef struct cm_codec cm_codec;
cm_status cm_codec_create(int workers, cm_codec **out, cm_error *err);
void cm_codec_destroy(cm_codec *codec);
int cm_codec_workers(const cm_codec *codec);

/* One encoded chunk. */
typedef struct cm_piece {
    void *data;
    int64_t bytes;
} cm_piece;
/* Encodes the whole array into plan->total pieces (malloc'd each; freed by cm_pieces_free). The pool has at
 * most as many threads as the codec has workers. Same bytes for any number of threads. */
cm_status cm_codec_encode(cm_codec *codec, cm_threads *pool, const cm_chunk_plan *plan, const void *array,
                          cm_piece **out, cm_error *err);
/* Decodes pieces of chunks first .. first+n-1 into the array. Errors: CM_ERR_DAMAGED. */
cm_status cm_codec_decode(cm_codec *codec, cm_threads *pool, const cm_chunk_plan *plan, int64_t first,
                          int64_t n, const cm_piece *pieces, void *array, cm_error *err);
void cm_pieces_free(cm_piece *pieces, int64_t n);
/* The most bytes an encoded chunk of this plan can have. */
int64_t cm_codec_bound(const cm_codec *codec, const cm_chunk_plan *plan);

#endif

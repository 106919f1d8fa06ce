/* One case from its files to what is stored: read, checked, joined, hashed, encoded. Knows no HDF5 file. */
#ifndef CM_ENGINE_COHORT_PREPARE_INTERNAL_H
#define CM_ENGINE_COHORT_PREPARE_INTERNAL_H

#include "engine/cohort/cases_internal.h"
#include "engine/cohort/codec_internal.h"
#include "engine/cohort/door_internal.h"

/* What every case is prepared with; read-only while threads work. */
typedef struct cm_prepare_context {
    const char *csv_path, *root;
    const cm_source *source;
    const cm_cohort_info *info;
    cm_read_options read;
    uint8_t is_label[65536]; /* 1 for values of the label set */
    cm_dtype reference_type; /* smallest that holds the label set */
} cm_prepare_context;

/* What is known of a stored case; plain data, sent between ranks as bytes. */
typedef struct cm_stored_facts {
    int64_t case_index;
    cm_geometry geometry;
    cm_dtype dtype;
    bool has_reference;
    double slope, intercept;
    cm_digest image_digest, reference_digest;
    int32_t components[CM_MAX_CHANNELS]; /* of each column channel:NAME */
} cm_stored_facts;

typedef struct cm_prepared {
    cm_status status;
    cm_error error;
    cm_stored_facts facts;
    cm_audit audit[CM_MAX_CHANNELS + 1];
    int n_audit;
    cm_volume *image, *reference; /* gone once encoded */
    cm_chunk_plan image_plan, reference_plan;
    cm_piece *image_pieces, *reference_pieces;
} cm_prepared;

void cm_prepare_context_init(cm_prepare_context *context, const char *csv_path, const char *root,
                             const cm_source *source, const cm_cohort_info *info, bool strip_text,
                             int64_t max_bytes);
/* Reads and checks case i into a zeroed *out; failures are in out->status and out->error. Thread-safe. */
void cm_prepare_read(const cm_prepare_context *context, int64_t i, cm_prepared *out);
/* Encodes what was read and frees the raw volumes. */
void cm_prepare_encode(cm_prepared *prepared, cm_codec *codec, cm_threads *pool);
/* Raw bytes of image and reference. */
int64_t cm_prepared_bytes(const cm_prepared *prepared);
void cm_prepared_case_fini(cm_prepared *prepared);

#endif

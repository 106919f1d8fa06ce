/* A cohort as stored: index, images, and (apart from them) references. The only part that knows HDF5.
 * Layout of the files: docs/formats.md. */
#ifndef CM_ENGINE_COHORT_COHORT_H
#define CM_ENGINE_COHORT_COHORT_H

#include "engine/base/log.h"
#include "engine/base/sha256.h"
#include "engine/base/team.h"
#include "engine/base/threads.h"
#include "engine/image/volume.h"

typedef enum cm_task_kind { CM_TASK_SEGMENTATION = 1, CM_TASK_CLASSIFICATION = 2 } cm_task_kind;

typedef struct cm_label {
    int value; /* 0..65535; 0 is background in segmentation; the class index in classification */
    char name[64];
    char code[64]; /* "SCT:10200004" or "" */
} cm_label;

typedef struct cm_data_use {
    char name[256]; /* the condition in words */
    char code[64];  /* "DUO:0000042" or "" */
} cm_data_use;

/* What cohort.xml says. Strings are UTF-8. */
typedef struct cm_cohort_info {
    char id[128], version[64], title[256], licence[64], publisher[256];
    char modality[32], body_part[64], condition[128];
    char modality_code[64], body_part_code[64], condition_code[64]; /* "SCHEME:VALUE" or "" */
    int n_data_uses;
    cm_data_use *data_uses; /* in the order of the list */
    cm_task_kind task;
    bool geometry_unknown; /* spacing and orientation declared unknown */
    int n_labels;
    cm_label *labels;
    int n_channels;
    char (*channels)[64]; /* names, in order of the columns channel:<name> */
    int n_providers;
    char (*providers)[64];
    int n_splits;
    char (*splits)[32];
    int n_attributes;
    char (*attributes)[64]; /* names, in order of the columns attr:<name> */
    int64_t n_patients;
    cm_digest digest; /* identity of the content: canonical case table + pixel hashes in case order */
} cm_cohort_info;

typedef struct cm_case {
    char id[65];
    char patient[65]; /* opaque; never reported */
    int provider;     /* index into info.providers */
    int split;        /* index into info.splits */
    bool has_reference;
    int class_value; /* classification reference, -1 when absent */
    cm_geometry geometry;
    cm_dtype dtype;
    double slope, intercept;
    cm_digest image_digest; /* of the stored pixels */
    cm_digest reference_digest;
    const char *const *attributes; /* values, one per info.attributes, "" when empty */
} cm_case;

/* A deep copy (released by cm_cohort_info_fini), and its end. Errors: CM_ERR_NOMEM. Thread-safe. */
cm_status cm_cohort_info_copy(const cm_cohort_info *from, cm_cohort_info *to, cm_error *err);
void cm_cohort_info_fini(cm_cohort_info *info); /* NULL is fine; the struct itself is the caller's */

typedef struct cm_cohort cm_cohort;

/* Opens index.h5 read-only and checks its structure (no external links, storage, virtual datasets, plugin
 * filters). Errors: CM_ERR_NOT_FOUND, CM_ERR_FORMAT, CM_ERR_POLICY, CM_ERR_LIMIT. One thread per object, and
 * all HDF5 work of a process on one thread at a time. */
cm_status cm_cohort_open(const char *folder, cm_cohort **out, cm_error *err);
void cm_cohort_close(cm_cohort *cohort);
const cm_cohort_info *cm_cohort_get_info(const cm_cohort *cohort);
int64_t cm_cohort_count(const cm_cohort *cohort);
const cm_case *cm_cohort_get_case(const cm_cohort *cohort, int64_t i); /* borrowed; 0 <= i < count */

/* cohort.xml as it was when the cohort was ingested; borrowed, *bytes excludes the NUL behind it. */
const char *cm_cohort_get_manifest(const cm_cohort *cohort, int64_t *bytes);

/* Images and references are opened by different calls, so that who runs a model never holds a reference. */
typedef struct cm_images cm_images;
typedef struct cm_references cm_references;
cm_status cm_images_open(const cm_cohort *cohort, cm_images **out, cm_error *err);
/* Raw chunks are read on the calling thread and decoded by `pool` (NULL = here); the pixel hash is verified
 * (CM_ERR_DAMAGED). *out: [channels][z][y][x], caller destroys. */
cm_status cm_images_load(cm_images *images, int64_t i, cm_threads *pool, cm_volume **out, cm_error *err);
void cm_images_close(cm_images *images);
cm_status cm_references_open(const cm_cohort *cohort, cm_references **out, cm_error *err);
/* Label map, 1 channel, integer dtype. Errors: CM_ERR_EMPTY when the case has no reference mask. */
cm_status cm_references_load(cm_references *references, int64_t i, cm_threads *pool, cm_volume **out,
                             cm_error *err);
void cm_references_close(cm_references *references);

typedef struct cm_ingest_options {
    const char *source; /* folder with cohort.xml and cases.csv */
    const char *root;   /* where paths of cases.csv start; NULL = source */
    const char *out;    /* the cohort folder; must not exist */
    bool strip_text;
    int threads;
    int64_t max_volume_bytes; /* 0 = 16 GiB */
    bool quiet;
    const atomic_int
        *stop_requested; /* NULL, or a flag that ends the work (CM_ERR_STOPPED), nothing left behind */
} cm_ingest_options;

/* Collective over the team; every rank returns the same status. Rank r writes images.000r.h5 and
 * references.000r.h5, rank 0 writes index.h5 last and renames the folder into place: before that `out` does
 * not exist. Which rank took which case shows nowhere in the digest. Errors name the case and what to do
 * next. */
cm_status cm_cohort_ingest(const cm_ingest_options *options, cm_team *team, cm_log *log, cm_error *err);

/* Verifies hashes, geometry, label values; finds exact duplicates (equal image hash) and a patient in two
 * splits. Each finding goes to `report` (severity error or warning, a code, the case id, a sentence). CM_OK
 * when there was no error finding, else CM_ERR_DAMAGED / CM_ERR_MISMATCH. */
typedef struct cm_finding {
    bool is_error;
    const char *code, *case_id, *text;
} cm_finding;
typedef void (*cm_finding_sink)(void *context, const cm_finding *finding);
cm_status cm_cohort_check(const char *folder, int threads, cm_finding_sink report, void *context,
                          cm_error *err);

/* ---- predictions of a run: predictions.NNNN.h5, one writer each ---- */
typedef struct cm_predictions cm_predictions; /* one thread per object; the process's HDF5 thread */
/* A new file. Each append is flushed, so that a file whose writer was killed can still be read up to there;
 * only a kill inside a flush can leave a file that cm_predictions_open or _load refuses (CM_ERR_FORMAT,
 * CM_ERR_DAMAGED). */
cm_status cm_predictions_create(const char *path, cm_predictions **out, cm_error *err);
/* Stores a label map [z][y][x] under "t<tool>/c<case>"; *digest is of the raw values. A second append of the
 * same pair replaces nothing: CM_ERR_EXISTS. */
cm_status cm_predictions_append(cm_predictions *file, int tool, int64_t case_index, const uint16_t *values,
                                const cm_geometry *geometry, cm_digest *digest, cm_error *err);
cm_status cm_predictions_open(const char *path, cm_predictions **out, cm_error *err); /* read-only */
/* values malloc'd, caller frees; geometry filled. CM_ERR_NOT_FOUND, CM_ERR_DAMAGED (digest != expected when
 * given). */
cm_status cm_predictions_load(cm_predictions *file, int tool, int64_t case_index, const cm_digest *expected,
                              uint16_t **values, cm_geometry *geometry, cm_error *err);
cm_status cm_predictions_close(cm_predictions *file, cm_error *err);

#endif

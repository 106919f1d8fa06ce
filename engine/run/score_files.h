/* Masks made elsewhere, scored as a run would score them: no ingest, no model, no MPI. */
#ifndef CM_ENGINE_RUN_SCORE_FILES_H
#define CM_ENGINE_RUN_SCORE_FILES_H

#include "engine/run/results.h"

/* One tool's masks. */
typedef struct cm_mask_folder {
    const char *name;   /* of the tool in the report: letters, digits, '.', '_', '-', at most 64 */
    const char *folder; /* files with the names of the references, any format; or, where the reference is a
                           file, a file of any name */
} cm_mask_folder;

typedef struct cm_score_request {
    const char *bench; /* bench.xml: targets, metrics, policies, ranking, statistics; its cohort and tools
                          are not looked at */
    const char *references; /* folder of label maps; the name of a file without .nii, .nii.gz or .png, a
                               blank as '_', is the id of the case; or one such file */
    int n_tools;
    const cm_mask_folder *tools;
    const char *cases; /* NULL, or a CSV with case_id and patient, provider or both, a row for every case */
    void (*note)(const char *text); /* NULL, or told what is odd but no error: masks of no reference */
    int threads;
    const cm_spill_rule *spill;       /* see cm_results_reserve */
    const atomic_int *stop_requested; /* NULL, or a flag that ends the work (CM_ERR_STOPPED) */
} cm_score_request;

/* Results as of a run, with nothing measured. Label values in no target count as background.
 * With a metric of probabilities predictions are maps of the probability of the target instead. A case
 * without a mask, or whose mask cannot be read or, turned, lies on another grid, is a failed case of that
 * tool, with the reason; everything else that is wrong ends the call. Same bits for any number of threads.
 * Errors: CM_ERR_NOT_FOUND, CM_ERR_EMPTY (no reference), CM_ERR_ARG (names), CM_ERR_MISMATCH (two files of
 * one case; spacing known for some only; a metric in mm and no spacing; a metric of probabilities beside one
 * of masks or with several targets; not a segmentation bench), those of cm_image_read for a reference,
 * CM_ERR_NOMEM, CM_ERR_STOPPED. Caller destroys *out with cm_results_destroy. */
cm_status cm_score_files(const cm_score_request *request, cm_results **out, cm_error *err);

/* Writes a bench for masks from short texts. labels: NULL (every value in the references but 0) or a list
 * such as "1,2" or "liver=1,lesion=2,whole=1+2"; metrics: ids with commas between; the first decides the
 * ranking. Errors: CM_ERR_ARG (says which part of the text), CM_ERR_IO. What it writes is read, and checked,
 * by cm_bench_read. */
cm_status cm_score_bench_write(const char *path, const char *labels, const char *metrics, cm_error *err);

#endif

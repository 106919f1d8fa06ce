/* The run folder: made whole or not at all, and taken up again by a resume. Rank 0 only. */
#ifndef CM_ENGINE_RUN_FOLDER_H
#define CM_ENGINE_RUN_FOLDER_H

#include "engine/run/ledger.h"
#include "engine/run/setup.h"

/* A new folder `out` (CM_ERR_EXISTS otherwise): bench.xml, tools/<id>.tool, pictures/, run.db. On failure
 * nothing is left. costs: [n_tools]. */
cm_status cm_run_folder_create(const char *out, const char *bench_path, const cm_setup *setup,
                               const char *const *tool_paths, const cm_tool_cost *costs, int64_t smoke,
                               cm_error *err);

/* Items whose prediction was lost because its writer was killed go back to open: each shard of a launch that
 * did not end is opened and the predictions in it are checked against the hashes in the ledger. Returns how
 * many. */
cm_status cm_run_folder_recover(const char *run_folder, cm_ledger *ledger, int64_t *reopened, cm_error *err);

/* Holds the run folder for this process until *fd is closed or the process ends, however it ends.
 * CM_ERR_EXISTS when another process holds it. A file system without locks is taken as it is: *fd is then -1
 * and nothing is held. */
cm_status cm_run_folder_hold(const char *run_folder, int *fd, cm_error *err);

/* RUN/predictions.NNNN.h5, malloc'd; NULL when out of memory. */
char *cm_run_folder_shard(const char *run_folder, int shard);

/* The tool packages of a run folder in run order, as malloc'd paths; freed with cm_names_free. */
cm_status cm_run_folder_tools(const char *run_folder, cm_ledger *ledger, char ***paths, int64_t *count,
                              cm_error *err);

#endif

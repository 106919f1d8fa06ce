/* What a run needs before work can be handed out: the bench bound to its cohort, the tools, and whether they
 * fit together. */
#ifndef CM_ENGINE_RUN_SETUP_H
#define CM_ENGINE_RUN_SETUP_H

#include "engine/run/run.h"

typedef struct cm_setup {
    cm_bench *bench; /* bound */
    char cohort_path[4096];
    cm_cohort *cohort;
    int64_t n_cases;
    int64_t *case_index; /* cohort index of each case of the run */
    int n_tools;
    cm_tool **tools;
    int **channels; /* [n_tools][tool's n_channels] */
    cm_model_limits limits;
    bool spacing_known;
} cm_setup;

/* Opens the bench and its cohort and picks the cases of the split (the first `smoke` of them when smoke > 0).
 * cohort_path: NULL = as bench.xml says, relative to its folder. Fills *out, which cm_setup_fini frees also
 * after a failure. */
cm_status cm_setup_cohort(const char *bench_path, const char *cohort_path, int64_t smoke, cm_setup *out,
                          cm_error *err);
/* Opens the tool packages and checks each against bench and cohort (task, channels, orientation, spacing,
 * classes). Errors name the tool: CM_ERR_MISMATCH, and those of cm_tool_open. */
cm_status cm_setup_tools(cm_setup *setup, const char *const *paths, int n_paths, cm_error *err);
void cm_setup_fini(cm_setup *setup);

/* Estimated seconds per (tool, case), [n_tools][n_cases]; 0 where there is no estimate. costs[tool]: of the
 * case with the median number of voxels. */
cm_status cm_setup_estimate(const cm_setup *setup, cm_backend *backend, double *seconds, cm_tool_cost *costs,
                            cm_error *err);

/* One (tool, case) alone in this process, its prediction thrown away: whether it brings the process down. */
cm_status cm_probe_item(const cm_setup *setup, int tool, int64_t case_number, cm_error *err);

#endif

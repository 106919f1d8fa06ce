/* What a run came to, as loaded from its ledger: everything a report needs and nothing of how it was stored.
 */
#ifndef CM_ENGINE_RUN_RESULTS_H
#define CM_ENGINE_RUN_RESULTS_H

#include "engine/model/tool.h"
#include "engine/run/bench.h"
#include "metrics/gathered.h"

/* What came of a (tool, case). Numbers are stored and never change; names appear in reports. */
typedef enum cm_item_state {
    CM_ITEM_OPEN = 0,          /* not done: "open" (the run is not complete) */
    CM_ITEM_OK = 1,            /* "ok": predicted (and scored if there was a reference) */
    CM_ITEM_NO_REFERENCE = 2,  /* "no-reference": predicted, nothing to compare with */
    CM_ITEM_TIMEOUT = 3,       /* "timeout" */
    CM_ITEM_MEMORY = 4,        /* "memory-limit" */
    CM_ITEM_NON_FINITE = 5,    /* "non-finite output" in people's text, "non-finite-output" as a name */
    CM_ITEM_UNKNOWN_LABEL = 6, /* "unknown-label": the prediction has a value outside the label set */
    CM_ITEM_CRASH = 7,         /* "crash" */
    CM_ITEM_FAILED = 8,        /* "failed": any other error of the tool on this case */
    CM_ITEM_DAMAGED_INPUT = 9  /* "damaged-input": the stored case could not be read */
} cm_item_state;
const char *cm_item_state_name(cm_item_state s);
/* Timeouts and memory refusals may depend on the machine. */
bool cm_item_state_depends_on_machine(cm_item_state s);

/* Cost of one item; negative = not measured. */
typedef struct cm_item_cost {
    double wall_s, cpu_s;
    double energy_j; /* RAPL package energy of the node during the item, only when one item at a time ran;
                        else -1 */
    int64_t peak_bytes;
    double operations;
    int rank;
} cm_item_cost;

/* There may be five million of them in memory at once: no padding, and no room for what is seldom there. */
typedef struct cm_item {
    cm_item_state state;
    int n_scores;
    cm_metric_value *values; /* segmentation: [n_targets][n_metrics]; NULL for classification */
    cm_evidence *evidence;   /* the same shape, for metrics of a cohort; NULL when the bench has none */
    double *scores;          /* classification */
    int decided;
    int shard;       /* predictions.<shard>.h5; -1 = none */
    double diagonal; /* of the case's grid, in the distance unit of the cohort */
    cm_digest prediction_digest;
    cm_item_cost cost;
    char *reason; /* for the site report: status name and figures, no case data; NULL when there is none. Always
                     NULL in an outcome (item.h), which has its own */
} cm_item;

typedef struct cm_result_case {
    char id[65], provider[64], patient[65];
    bool has_reference;
    int class_value;
    int64_t voxels;
    char (*attributes)[64]; /* one per results.attribute_names */
} cm_result_case;

/* Which case of a tool a picture shows. Stored and never renumbered; names appear in reports. */
typedef enum cm_picture_kind {
    CM_PICTURE_WORST = 0,
    CM_PICTURE_MEDIAN = 1,
    CM_PICTURE_BEST = 2
} cm_picture_kind;
enum { CM_PICTURE_KINDS = 3 };
const char *cm_picture_kind_name(cm_picture_kind kind); /* "worst", "median", "best" */

typedef struct cm_picture {
    int tool, case_index, target;
    cm_picture_kind kind;
    char file[128]; /* relative to the run folder: "pictures/<tool>-<kind>.png" */
    cm_digest digest;
} cm_picture;

typedef struct cm_launch {       /* one start of the program on this run */
    char started[32], ended[32]; /* UTC, RFC 3339; ended "" when it was killed */
    int ranks, threads;
    char variant[16]; /* cpu kernels: "avx2" ... */
    double wall_s;
} cm_launch;

typedef struct cm_results {
    cm_bench *bench;
    cm_cohort_info cohort; /* deep copy; freed by cm_results_destroy */
    bool distances_in_voxels;
    int64_t smoke; /* > 0: a trial on the first cases only, asked for with --smoke */
    int n_tools;
    cm_tool_info *tools;
    cm_tool_cost *tool_costs; /* static cost of the median case */
    int64_t n_cases;
    cm_result_case *cases; /* of the bench's split, in cohort order */
    char (*attribute_names)[64];
    int n_attributes;
    cm_item *items; /* [n_tools][n_cases] */
    cm_metric_value *value_block; /* where the values of all items lie; NULL: each has memory of its own */
    int n_pictures;
    cm_picture *pictures;
    int n_launches;
    cm_launch *launches;
    char engine_version[32], engine_commit[48],
        energy_reason[128]; /* reason why energy is absent, "" when present */
    char machine[128];      /* CPU model, no host name */
    char created[32];       /* UTC time of the first launch */
} cm_results;

/* Reads RUN/run.db and RUN/bench.xml. Not collective. Errors: CM_ERR_NOT_FOUND, CM_ERR_FORMAT,
 * CM_ERR_DAMAGED. */
cm_status cm_results_load(const char *run_folder, cm_results **out, cm_error *err);
void cm_results_destroy(cm_results *results);
/* The evidence by which a case enters a metric of the cohort: the tool's own; for a missing or failed
 * prediction that of an empty one, as far as another tool's evidence tells what the reference holds and the
 * bench does not exclude missing ones. place: target * n_metrics + metric. False: the case is left out. *out
 * borrows. *substituted: not its own. */
bool cm_results_evidence(const cm_results *r, int tool, int64_t case_index, int place, cm_evidence *out,
                         bool *substituted);
/* Gives an item a reason of at most 255 bytes, copied; "" for none. False: no memory. */
bool cm_item_set_reason(cm_item *item, const char *reason);
static inline cm_item *cm_results_item(const cm_results *r, int tool, int64_t case_index)
{
    return &r->items[(int64_t)tool * r->n_cases + case_index];
}

#endif

/* What a run came to, as loaded from its ledger: everything a report needs and nothing of how it was stored.
 */
#ifndef CM_ENGINE_RUN_RESULTS_H
#define CM_ENGINE_RUN_RESULTS_H

#include "engine/base/spill.h"
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
} cm_item_cost;

/* There may be five million of them at once: no padding to speak of, no pointers, and no room for
 * what is seldom there. Values, scores, evidence and reasons lie in arrays of their own (cm_results). */
typedef struct cm_item {
    cm_digest prediction_digest;
    cm_item_cost cost;
    int32_t rank;    /* that did it */
    int32_t shard;   /* predictions.<shard>.h5; -1 = none */
    uint32_t reason; /* where its text begins in cm_results.reasons; 0 = none */
    uint8_t state;   /* cm_item_state */
    bool scored;     /* has values (segmentation) or scores (classification) */
} cm_item;

typedef struct cm_result_case {
    char id[65], provider[64], patient[65];
    bool has_reference;
    int class_value;
    int64_t voxels;
    double diagonal; /* of its grid, in the distance unit of the cohort; 0 where no tool got to see it */
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

typedef struct cm_evidence_store cm_evidence_store;

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
    int64_t places;              /* n_targets * n_metrics, as the arrays are laid out */
    cm_spill *store[3];          /* what the arrays up to `decided` lie in; NULL: not there */
    cm_item *items;              /* [n_tools][n_cases] */
    double *value;               /* segmentation: [places][n_tools][n_cases] */
    uint8_t *value_kind;         /* the same shape: state + 16 * emptiness */
    double *scores;              /* classification: [n_tools][n_cases][cohort.n_labels] */
    int32_t *decided;            /* classification: [n_tools][n_cases] */
    cm_evidence_store *evidence; /* for metrics of a cohort, see cm_results_evidence */
    char *reasons;               /* texts one after the other, each ended by a zero; the first is empty */
    int64_t reason_bytes, reason_room;
    uint32_t recent_reason[64]; /* texts met lately, by their hash: the same ones come again and again */
    int n_pictures;
    cm_picture *pictures;
    int n_launches;
    cm_launch *launches;
    char engine_version[32], engine_commit[48],
        energy_reason[128]; /* reason why energy is absent, "" when present */
    char machine[128];      /* CPU model, no host name */
    char created[32];       /* UTC time of the first launch */
} cm_results;

/* Reads RUN/run.db and RUN/bench.xml. spill: as for cm_results_reserve. Not collective. Errors:
 * CM_ERR_NOT_FOUND, CM_ERR_FORMAT, CM_ERR_DAMAGED, those of cm_results_reserve. */
cm_status cm_results_load(const char *run_folder, const cm_spill_rule *spill, cm_results **out,
                          cm_error *err);
void cm_results_destroy(cm_results *results);
/* The evidence by which a case enters a metric of the cohort: the tool's own; for a missing or failed
 * prediction that of an empty one, as far as another tool's evidence tells what the reference holds and the
 * bench does not exclude missing ones. place: target * n_metrics + metric. False: the case is left out. *out
 * borrows. *substituted: not its own. */
bool cm_results_evidence(const cm_results *r, int tool, int64_t case_index, int place, cm_evidence *out,
                         bool *substituted);
/* Makes room for the items, values and scores of n_tools and n_cases: bench, cohort.n_labels and both numbers
 * are set, the items are not there yet. Items begin open, without shard. spill: where the arrays lie when
 * there are many items (NULL: in memory); only read during the call. Errors: CM_ERR_LIMIT, CM_ERR_NOMEM,
 * CM_ERR_IO (no room for a temporary file). */
cm_status cm_results_reserve(cm_results *r, const cm_spill_rule *spill, cm_error *err);
/* Items, values and scores that were touched need not stay in memory. To be called now and then by
 * whoever walks over all of them: after a tool, a metric, some hundred cases. Pointers stay good. */
void cm_results_release(const cm_results *r);
/* Cases between two calls of it, and rows of a ledger or values of a document. */
enum { CM_CASES_AT_ONCE = 512, CM_ROWS_AT_ONCE = 1 << 15 };
void cm_results_free_items(cm_results *r);
/* Gives an item a reason, copied; "" for none. It is for the site report: status name and figures, no case
 * data. Errors: CM_ERR_LIMIT (4 GiB of texts), CM_ERR_NOMEM. */
cm_status cm_results_set_reason(cm_results *r, cm_item *item, const char *reason, cm_error *err);
/* Gives an item its evidence for a place: n doubles, aligned or not, copied; n = 0: none. Errors:
 * CM_ERR_LIMIT, CM_ERR_NOMEM, CM_ERR_IO (no room for a temporary file). */
cm_status cm_results_set_evidence(cm_results *r, int tool, int64_t case_index, int place, const void *numbers,
                                  int64_t n, cm_error *err);
/* What cm_results_reserve, _release and _free_items do for evidence. */
cm_status cm_results_reserve_evidence(cm_results *r, const cm_spill_rule *spill, cm_error *err);
void cm_results_release_evidence(const cm_results *r);
void cm_results_free_evidence(cm_results *r);

static inline cm_item *cm_results_item(const cm_results *r, int tool, int64_t case_index)
{
    return &r->items[(int64_t)tool * r->n_cases + case_index];
}
/* "" when there is none. */
static inline const char *cm_results_reason(const cm_results *r, const cm_item *item)
{
    return item->reason ? r->reasons + item->reason : "";
}
/* Of a scored item of a segmentation. place: target * n_metrics + metric. */
static inline cm_metric_value cm_results_value(const cm_results *r, int tool, int64_t case_index, int place)
{
    const int64_t at = ((int64_t)place * r->n_tools + tool) * r->n_cases + case_index;
    return (cm_metric_value){.state = (cm_value_state)(r->value_kind[at] & 15),
                             .empty = (cm_emptiness)(r->value_kind[at] >> 4),
                             .value = r->value[at]};
}
/* The item counts as scored then; values never set are 0. */
static inline void cm_results_set_value(cm_results *r, int tool, int64_t case_index, int place,
                                        cm_metric_value v)
{
    const int64_t at = ((int64_t)place * r->n_tools + tool) * r->n_cases + case_index;
    r->value_kind[at] = (uint8_t)((unsigned)v.state | (unsigned)v.empty << 4);
    r->value[at] = v.value;
    cm_results_item(r, tool, case_index)->scored = true;
}
/* [cohort.n_labels], and the class decided for; NULL when there are none. */
static inline double *cm_results_scores(const cm_results *r, int tool, int64_t case_index)
{
    const int64_t at = (int64_t)tool * r->n_cases + case_index;
    return r->scores && r->items[at].scored ? r->scores + at * r->cohort.n_labels : NULL;
}
static inline int32_t *cm_results_decided(const cm_results *r, int tool, int64_t case_index)
{
    return &r->decided[(int64_t)tool * r->n_cases + case_index];
}

#endif

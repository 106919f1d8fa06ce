/* bench.xml: the rules, declared before anyone submits. */
#ifndef CM_ENGINE_RUN_BENCH_H
#define CM_ENGINE_RUN_BENCH_H

#include "engine/base/sha256.h"
#include "engine/cohort/cohort.h"
#include "engine/model/model.h"
#include "metrics/segmentation.h"

/* One ranking that enters the combined one. */
typedef struct cm_ranking_part {
    char metric[64], target[64]; /* target "": as for the first ranking */
    double weight;               /* > 0 */
} cm_ranking_part;

/* An attribute that results are split by: by its values, or, where it is a number, by where it lies. */
enum { CM_CUTS_MAX = 17, CM_PARTS_MAX = 10 };
typedef struct cm_subgroup {
    char name[64];
    int n_cuts;               /* 0: not cut at given points */
    double cuts[CM_CUTS_MAX]; /* rising; a value at a cut belongs above it */
    int parts; /* cut into so many parts of about equal size, by the quantiles of the cases; 0: not */
} cm_subgroup;

typedef struct cm_bench {
    char id[65], version[33], title[256];
    cm_task_kind task;
    char cohort_path[1024];   /* as written; relative to the folder of bench.xml */
    char (*tool_paths)[1024]; /* declared in the file; may be none (then -t) */
    int n_tools;
    char split[32]; /* "" = all cases */
    int n_targets;
    cm_target *targets; /* segmentation: labels and regions; classification: one per class */
    bool has_ignored;   /* segmentation: voxels whose reference is `ignored` are left out
                           (metrics/segmentation.h) */
    uint16_t ignored;
    int n_metrics;
    cm_metric *metrics;
    cm_policies policies;
    double level;       /* 0.95 */
    int64_t replicates; /* 2000 */
    uint64_t seed;
    double seconds_per_case; /* 0 = none */
    cm_model_limits limits;  /* of every tool */
    int minimum_cell;        /* 5 */
    bool has_subgroups; /* the attributes that results are split by are named; else every attribute is used */
    int n_subgroups;
    cm_subgroup *subgroups;
    char ranking_metric[64]; /* metric id the first ranking goes by; default the first */
    char ranking_target[64]; /* target the ranking goes by; "" = mean over targets (segmentation), macro
                                (classification) */
    double margin;           /* mean differences below it count as none in practice; 0: not told */
    int n_parts;             /* 0: no combined ranking */
    cm_ranking_part *parts;
    bool combination_excludes; /* a tool without a value in a part has no combined place; else the last there
                                */
    char community[65], event[65], challenge[65];                                     /* OpenEBench ids */
    char community_acronym[65], event_name[201], challenge_label[65], visibility[16]; /* "" = not told */
    bool eucanimage_names; /* openebench.json calls metrics as EuCanImage does, where they are the same */
    cm_digest digest;      /* sha256 of the file's bytes */
} cm_bench;

/* Reads and validates against bench.xsd, then what a schema cannot say (metric ids, duplicate targets, task
 * fits metrics). Errors carry file:line. Caller frees with cm_bench_destroy. */
cm_status cm_bench_read(const char *path, cm_bench **out, cm_error *err);
void cm_bench_destroy(cm_bench *bench);

/* Binds a bench to a cohort: fills in default targets, takes target names from the label set, and refuses
 * what does not fit (task, split, labels, ranking target) with CM_ERR_MISMATCH. Binding twice changes
 * nothing. */
cm_status cm_bench_bind(cm_bench *bench, const cm_cohort_info *cohort, cm_error *err);
/* CM_ERR_MISMATCH when a metric counts in mm or mm3 and the spacing of the cohort's images is unknown. */
cm_status cm_bench_check_units(const cm_bench *bench, bool spacing_known, cm_error *err);

#endif

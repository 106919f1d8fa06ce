/* One order of tools from the reports of several benches. */
#ifndef CM_ENGINE_REPORT_CONSENSUS_H
#define CM_ENGINE_REPORT_CONSENSUS_H

#include <stdbool.h>

#include "engine/base/status.h"

/* A report that takes part. */
typedef struct cm_consensus_source {
    const char *path;
    double weight; /* > 0 */
} cm_consensus_source;

typedef struct cm_consensus_bench {
    char id[128], version[64], metric[64], target[128], report_id[80];
    double weight;
} cm_consensus_bench;

/* Entry k * n_tools + t of the tables: bench k, tool t. */
typedef struct cm_consensus {
    int n_benches, n_tools;
    cm_consensus_bench *bench;
    char (*tool)[129]; /* ids, in the order in which the reports name them first */
    bool *ranked;      /* the bench ranks the tool by a value */
    double *place;     /* in the bench, ties by average; a tool that is not ranked shares the last places */
    double *score;     /* [n_tools]: weighted mean of the places */
    double *consensus; /* [n_tools]: places by score, ties by average; of those left out the last */
    bool *left_out;    /* [n_tools]: not ranked in every bench, when such tools are excluded */
    double *without;   /* the consensus without bench k */
    int *shared;       /* [n_benches * n_benches]: tools that both benches rank */
    double *tau; /* Kendall's tau-b of two benches' places of these; 0 where they share fewer than two */
} cm_consensus;

/* Reads 2 to 1000 reports (site or public). Tools are the same when their ids are; two versions of an id in
 * one report are refused. exclude: only tools that every bench ranks get a place; else a missing tool shares
 * the last places of the bench. Errors: CM_ERR_ARG, CM_ERR_NOT_FOUND, CM_ERR_FORMAT, CM_ERR_SCHEMA,
 * CM_ERR_MISMATCH (the same report twice, two tools with one id), CM_ERR_EMPTY (a report without a ranking,
 * no tool left), CM_ERR_NOMEM. */
cm_status cm_consensus_create(const cm_consensus_source *source, int n_sources, bool exclude,
                              cm_consensus **out, cm_error *err);
void cm_consensus_destroy(cm_consensus *c); /* NULL is fine */

#endif

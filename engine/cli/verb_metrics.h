/* The parts of `cohmark metrics`. */
#ifndef CM_ENGINE_CLI_VERB_METRICS_H
#define CM_ENGINE_CLI_VERB_METRICS_H

#include <stdbool.h>

typedef struct cm_compare_request {
    const char *reference, *prediction;
    const char *values;    /* label values, separated by commas; NULL: every value but 0 */
    const char *tolerance; /* of NSD; NULL: 2 */
    bool as_json;
} cm_compare_request;

/* `cohmark metrics compare`: one row per profile. Returns an exit code. */
int cm_metrics_compare(const cm_compare_request *request);

#endif

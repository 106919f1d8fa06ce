/* The ranks that work together, without saying how. engine/run fills it with MPI; alone, cm_team_alone() is
 * used. So ingest can be parallel while only engine/run knows MPI. */
#ifndef CM_ENGINE_BASE_TEAM_H
#define CM_ENGINE_BASE_TEAM_H

#include "engine/base/status.h"

typedef struct cm_team cm_team;
struct cm_team {
    int rank, size;
    void *context;
    /* Collective. Every rank gets the worst (largest) status of all. */
    cm_status (*agree)(cm_team *team, cm_status mine);
    /* Collective. Gathers `bytes` bytes of each rank on rank 0, in rank order, into a malloc'd buffer (*all,
     * caller frees; counts[size] filled by byte count of each rank, caller provides). Other ranks get *all =
     * NULL. */
    cm_status (*gather)(cm_team *team, const void *mine, int64_t bytes, char **all, int64_t *counts,
                        cm_error *err);
    /* Collective. Rank 0's buffer of `bytes` bytes to everyone. */
    cm_status (*broadcast)(cm_team *team, void *data, int64_t bytes, cm_error *err);
};

/* A team of one; every call succeeds at once. */
void cm_team_alone(cm_team *out);

#endif

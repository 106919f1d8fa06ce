/* MPI behind cm_team, and the point-to-point messages of a run. Main thread only. */
#ifndef CM_ENGINE_RUN_TEAM_MPI_H
#define CM_ENGINE_RUN_TEAM_MPI_H

#include <stdbool.h>

#include "engine/base/team.h"

typedef enum cm_tag { CM_TAG_WORK = 1, CM_TAG_OUTCOME = 2, CM_TAG_END = 3, CM_TAG_STOP = 4 } cm_tag;

/* Ranks of this team on this node; 1 alone. Collective the first time (called by cm_team_begin). */
int cm_team_local_size(const cm_team *team);

/* Blocking send of at most 2^31-1 bytes. */
cm_status cm_team_send(cm_team *team, int to, cm_tag tag, const void *data, int64_t bytes, cm_error *err);
/* If a message is waiting: *got true, malloc'd *data (NULL for 0 bytes), its sender and tag. Never blocks. */
cm_status cm_team_poll(cm_team *team, bool *got, int *from, cm_tag *tag, char **data, int64_t *bytes,
                       cm_error *err);

#endif

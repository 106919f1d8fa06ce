/* The team of one. */
#include "engine/base/team.h"

#include <stdlib.h>
#include <string.h>

static cm_status alone_agree(cm_team *team, cm_status mine)
{
    (void)team;
    return mine;
}

static cm_status alone_gather(cm_team *team, const void *mine, int64_t bytes, char **all, int64_t *counts,
                              cm_error *err)
{
    (void)team;
    char *copy = malloc(bytes > 0 ? (size_t)bytes : 1);
    if (!copy)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to gather results",
                       .why = cm_strf("%lld bytes", (long long)bytes).s);
    if (bytes > 0) memcpy(copy, mine, (size_t)bytes);
    *all = copy;
    counts[0] = bytes;
    return CM_OK;
}

static cm_status alone_broadcast(cm_team *team, void *data, int64_t bytes, cm_error *err)
{
    (void)team;
    (void)data;
    (void)bytes;
    (void)err;
    return CM_OK;
}

void cm_team_alone(cm_team *out)
{
    *out = (cm_team){
        .rank = 0, .size = 1, .agree = alone_agree, .gather = alone_gather, .broadcast = alone_broadcast};
}

/* The only file that calls MPI. It is started when a launcher started us, never otherwise. */
#include "engine/run/team_mpi.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/float_mode.h"
#include "engine/run/run.h"

typedef struct mpi_state {
    int local_size;
} mpi_state;

static cm_status check(int code, const char *what, cm_error *err)
{
    if (code == MPI_SUCCESS) return CM_OK;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    return CM_FAIL(err, CM_ERR_ENV, .what = what, .where = "MPI", .why = text);
}

static cm_status agree(cm_team *team, cm_status mine)
{
    (void)team;
    int worst = mine, own = mine;
    if (MPI_Allreduce(&own, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD) != MPI_SUCCESS) return CM_ERR_ENV;
    return (cm_status)worst;
}

static cm_status gather_counts(cm_team *team, int64_t bytes, int64_t *counts, int *sizes, int *offsets,
                               cm_error *err)
{
    cm_status st = check(MPI_Gather(&bytes, 1, MPI_INT64_T, counts, 1, MPI_INT64_T, 0, MPI_COMM_WORLD),
                         "gathering sizes failed", err);
    int64_t total = 0;
    for (int r = 0; r < team->size && !st && team->rank == 0; r++) {
        sizes[r] = (int)counts[r];
        offsets[r] = (int)total;
        total += counts[r];
        if (total > INT_MAX)
            st = CM_FAIL(err, CM_ERR_LIMIT, .what = "the ranks have more than 2 GiB to gather");
    }
    return agree(team, st);
}

static cm_status gather(cm_team *team, const void *mine, int64_t bytes, char **all, int64_t *counts,
                        cm_error *err)
{
    int *sizes = calloc((size_t)team->size * 2, sizeof *sizes);
    cm_status st = sizes ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to gather from the ranks");
    *all = NULL;
    st = agree(team, st);
    if (!st) st = gather_counts(team, bytes, counts, sizes, sizes + team->size, err);
    if (!st && team->rank == 0) {
        int64_t total = 0;
        for (int r = 0; r < team->size; r++)
            total += counts[r];
        *all = malloc((size_t)total + 1);
        if (!*all) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to gather from the ranks");
    }
    st = agree(team, st);
    if (!st)
        st = check(MPI_Gatherv(mine, (int)bytes, MPI_BYTE, *all, sizes, sizes ? sizes + team->size : NULL,
                               MPI_BYTE, 0, MPI_COMM_WORLD),
                   "gathering from the ranks failed", err);
    free(sizes);
    return st;
}

static cm_status broadcast(cm_team *team, void *data, int64_t bytes, cm_error *err)
{
    (void)team;
    if (bytes > INT_MAX) return CM_FAIL(err, CM_ERR_LIMIT, .what = "more than 2 GiB to broadcast");
    return check(MPI_Bcast(data, (int)bytes, MPI_BYTE, 0, MPI_COMM_WORLD), "broadcasting failed", err);
}

/* Set by Open MPI's, PMIx's and PMI's launchers for each process they start. */
static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK");
}

static cm_status count_local(mpi_state *state, cm_error *err)
{
    MPI_Comm node;
    cm_status st = check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node),
                         "grouping ranks by node failed", err);
    if (st) return st;
    st = check(MPI_Comm_size(node, &state->local_size), "counting ranks of the node failed", err);
    MPI_Comm_free(&node);
    return st;
}

cm_status cm_team_begin(cm_team *out, cm_error *err)
{
    cm_team_alone(out);
    if (!launched()) return CM_OK;
    mpi_state *state = calloc(1, sizeof *state);
    if (!state) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for MPI");
    int provided = 0;
    cm_status st =
        check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "MPI did not start", err);
    cm_float_mode_restore(); /* whatever its plug-ins did */
    if (st) {
        free(state);
        return st;
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &out->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &out->size);
    out->context = state;
    out->agree = agree;
    out->gather = gather;
    out->broadcast = broadcast;
    if (provided < MPI_THREAD_FUNNELED)
        st = CM_FAIL(err, CM_ERR_ENV, .what = "this MPI cannot be used from a program with threads");
    if (!st) st = count_local(state, err);
    return st;
}

void cm_team_end(cm_team *team, cm_status status)
{
    if (!team->context) return;
    /* A rank that failed alone cannot reach the others any more: take the job down rather than let it hang.
     */
    if (status == CM_ERR_INTERNAL && team->size > 1) MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Finalize();
    free(team->context);
    team->context = NULL;
}

int cm_team_local_size(const cm_team *team)
{
    return team->context ? ((const mpi_state *)team->context)->local_size : 1;
}

cm_status cm_team_send(cm_team *team, int to, cm_tag tag, const void *data, int64_t bytes, cm_error *err)
{
    (void)team;
    if (bytes > INT_MAX) return CM_FAIL(err, CM_ERR_LIMIT, .what = "a message is larger than 2 GiB");
    return check(MPI_Send(data, (int)bytes, MPI_BYTE, to, tag, MPI_COMM_WORLD), "sending a message failed",
                 err);
}

cm_status cm_team_poll(cm_team *team, bool *got, int *from, cm_tag *tag, char **data, int64_t *bytes,
                       cm_error *err)
{
    *got = false;
    if (!team->context) return CM_OK;
    int flag = 0, count = 0;
    MPI_Status status;
    cm_status st = check(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &status),
                         "looking for messages failed", err);
    if (st || !flag) return st;
    MPI_Get_count(&status, MPI_BYTE, &count);
    *data = malloc((size_t)count + 1);
    if (!*data) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a message");
    st = check(MPI_Recv(*data, count, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, MPI_COMM_WORLD,
                        MPI_STATUS_IGNORE),
               "receiving a message failed", err);
    if (st) {
        free(*data);
        return st;
    }
    *got = true;
    *from = status.MPI_SOURCE;
    *tag = (cm_tag)status.MPI_TAG;
    *bytes = count;
    return CM_OK;
}

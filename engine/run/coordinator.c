#include "engine/run/coordinator.h"

#include <stdlib.h>
#include <string.h>

#include "engine/run/team_mpi.h"

/* A rank gets at least MIN_AHEAD items (one loading, one inferring, one scoring), and more while they are so
 * short that asking for each would cost more than doing them. */
enum { MIN_AHEAD = 3, MAX_AHEAD = 64 };
static const double seconds_ahead = 0.25;
/* How long the main thread sleeps between looks at messages. */
static const double nap_s = 0.003;
/* Beyond twice the time limit of a case: loading, storing and scoring on a slow file system. */
static const double patience_s = 60;

/* What each rank has in hand. */
typedef struct rank_load {
    int items;
    double seconds;
    double heard_s; /* when it last answered, or got work while it had none */
} rank_load;

typedef struct coordinator {
    const cm_coordination *c;
    cm_ledger *ledger;
    cm_worklist *list;
    rank_load *loads; /* [team size] */
    int64_t next;     /* next item of the list to hand out */
    int64_t in_flight;
    int64_t given_back; /* items that came back undone */
    double *seconds_of; /* [tool][case]: estimate, for the load of a rank */
    bool stopping;
    cm_progress *progress;
} coordinator;

static double *seconds_of(coordinator *k, const cm_work *w)
{
    return &k->seconds_of[(int64_t)w->tool * k->list->n_cases + w->case_number];
}

static cm_status record(coordinator *k, int rank, cm_outcome *o, cm_error *err)
{
    cm_worklist *list = k->list;
    cm_status st = cm_ledger_put_result(k->ledger, o, list->n_targets, list->n_metrics, err);
    k->in_flight--;
    k->loads[rank].items--;
    k->loads[rank].heard_s = cm_now_s();
    k->loads[rank].seconds -= *seconds_of(k, &o->work);
    if (o->item.state == CM_ITEM_OPEN) {
        k->given_back++;
    } else {
        list->done++;
        if (o->item.state != CM_ITEM_OK && o->item.state != CM_ITEM_NO_REFERENCE) list->failed++;
    }
    cm_outcome_fini(o);
    if (list->max_failures && list->failed > list->max_failures) k->stopping = true;
    return st;
}

/* Everything that has arrived, recorded in the open transaction. */
static cm_status receive(coordinator *k, bool *any, cm_error *err)
{
    cm_outcome o;
    cm_status st = CM_OK;
    while (!st && cm_worker_take(k->c->worker, 0, &o)) {
        if (!*any) st = cm_ledger_begin(k->ledger, err);
        *any = true;
        if (!st) st = record(k, 0, &o, err);
    }
    for (bool got = true; !st && got;) {
        int from;
        cm_tag tag;
        char *data = NULL;
        int64_t bytes = 0;
        st = cm_team_poll(k->c->team, &got, &from, &tag, &data, &bytes, err);
        if (st || !got) break;
        if (tag == CM_TAG_STOP) k->stopping = true;
        if (tag == CM_TAG_OUTCOME) {
            st = cm_outcome_unpack(data, bytes, &o, err);
            if (!st && !*any) st = cm_ledger_begin(k->ledger, err);
            *any = true;
            if (!st) st = record(k, from, &o, err);
        }
        free(data);
    }
    return st;
}

static bool wants_more(const rank_load *load)
{
    return load->items < MIN_AHEAD || (load->seconds < seconds_ahead && load->items < MAX_AHEAD);
}

/* Chooses work for ranks that can take more; attempts go into the ledger before any is sent. */
static cm_status choose(coordinator *k, bool *any, cm_work *chosen, int *to, int *n, cm_error *err)
{
    cm_status st = CM_OK;
    int limit = k->c->team->size * MAX_AHEAD;
    for (bool progress = true; progress && !st;) {
        progress = false;
        for (int r = 0; r < k->c->team->size && k->next < k->list->n_items && *n < limit && !st; r++) {
            if (!wants_more(&k->loads[r])) continue;
            const cm_work *w = &k->list->items[k->next];
            if (!*any) st = cm_ledger_begin(k->ledger, err);
            *any = true;
            if (!st) st = cm_ledger_put_attempt(k->ledger, k->list->launch, r, w, err);
            if (st) break;
            *seconds_of(k, w) = k->list->seconds[k->next];
            if (k->loads[r].items == 0) k->loads[r].heard_s = cm_now_s();
            k->loads[r].items++;
            k->loads[r].seconds += k->list->seconds[k->next];
            chosen[*n] = *w;
            to[(*n)++] = r;
            k->next++;
            k->in_flight++;
            progress = true;
        }
    }
    return st;
}

static cm_status send(coordinator *k, const cm_work *chosen, const int *to, int n, cm_error *err)
{
    cm_status st = CM_OK;
    for (int i = 0; i < n && !st; i++)
        st = to[i] == 0 ? cm_worker_push(k->c->worker, &chosen[i], err)
                        : cm_team_send(k->c->team, to[i], CM_TAG_WORK, &chosen[i], sizeof chosen[i], err);
    return st;
}

/* Every rank ends its cases by itself at their time limit. One that holds work and is silent far beyond it
 * hangs (a dead node, a stuck file system) and cannot be waited for: the job ends, and a resume tries its
 * items as suspects. */
static cm_status look_for_hung_rank(coordinator *k, cm_error *err)
{
    double limit = k->list->seconds_per_case;
    if (limit <= 0) return CM_OK;
    for (int r = 0; r < k->c->team->size; r++) {
        double silent = cm_now_s() - k->loads[r].heard_s;
        if (k->loads[r].items == 0 || silent <= 2 * limit + patience_s) continue;
        k->list->hung = true;
        return CM_FAIL(err, CM_ERR_TIMEOUT, .what = "a rank no longer answers",
                       .where = cm_strf("rank %d", r).s,
                       .why = cm_strf("silent for %.0f s with a time limit of %g s a case", silent, limit).s,
                       .next = "look at its node, then go on with --resume");
    }
    return CM_OK;
}

static cm_status loop(coordinator *k, cm_work *chosen, int *to, cm_error *err)
{
    cm_status st = CM_OK;
    bool told = false;
    while (!st && (k->in_flight > 0 || (!k->stopping && k->next < k->list->n_items))) {
        bool any = false;
        int n = 0;
        if (atomic_load(k->c->stop_requested)) k->stopping = true;
        if (k->stopping && !told) {
            told = true;
            cm_worker_cancel(k->c->worker);
            for (int r = 1; r < k->c->team->size && !st; r++)
                st = cm_team_send(k->c->team, r, CM_TAG_STOP, NULL, 0, err);
        }
        if (!st) st = receive(k, &any, err);
        if (!st && !k->stopping) st = choose(k, &any, chosen, to, &n, err);
        if (!st && any) st = cm_ledger_commit(k->ledger, err);
        if (!st) st = send(k, chosen, to, n, err);
        if (!st) st = look_for_hung_rank(k, err);
        cm_progress_update(k->progress, k->list->done, k->list->failed);
        cm_outcome o;
        if (!st && !any && cm_worker_take(k->c->worker, nap_s, &o)) {
            st = cm_ledger_begin(k->ledger, err);
            if (!st) st = record(k, 0, &o, err);
            if (!st) st = cm_ledger_commit(k->ledger, err);
        }
    }
    return st;
}

cm_status cm_coordinate(const cm_coordination *c, cm_ledger *ledger, cm_worklist *list, cm_error *err)
{
    coordinator k = {.c = c, .ledger = ledger, .list = list};
    int ahead = c->team->size * MAX_AHEAD;
    int n_tools = 0;
    for (int64_t i = 0; i < list->n_items; i++)
        if (list->items[i].tool >= n_tools) n_tools = list->items[i].tool + 1;
    cm_work *chosen = calloc((size_t)ahead, sizeof *chosen);
    int *to = calloc((size_t)ahead, sizeof *to);
    k.loads = calloc((size_t)c->team->size, sizeof *k.loads);
    k.seconds_of = calloc((size_t)(n_tools * list->n_cases) + 1, sizeof *k.seconds_of);
    cm_status st = CM_OK;
    if (!chosen || !to || !k.loads || !k.seconds_of)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to hand out work");
    if (!st) st = cm_progress_create("cases", list->total, list->quiet, &k.progress, err);
    if (!st) st = loop(&k, chosen, to, err);
    if (k.progress) cm_progress_update(k.progress, list->done, list->failed);
    cm_progress_destroy(k.progress);
    for (int r = 1; r < c->team->size && !list->hung; r++) {
        cm_status sent = cm_team_send(c->team, r, CM_TAG_END, NULL, 0, st ? NULL : err);
        if (!st) st = sent;
    }
    free(chosen);
    free(to);
    free(k.loads);
    free(k.seconds_of);
    if (!st && (k.stopping || k.given_back))
        st = CM_FAIL(err, CM_ERR_STOPPED, .what = "stopped before all cases were done",
                     .why = cm_strf("%lld of %lld done", (long long)list->done, (long long)list->total).s,
                     .next = "go on with cohmark run --resume -o and the run folder");
    return st;
}

static cm_status give_outcome(const cm_coordination *c, cm_outcome *o, cm_error *err)
{
    char *bytes = NULL;
    int64_t count = 0;
    cm_status st = cm_outcome_pack(o, &bytes, &count, err);
    if (!st) st = cm_team_send(c->team, 0, CM_TAG_OUTCOME, bytes, count, err);
    free(bytes);
    cm_outcome_fini(o);
    return st;
}

cm_status cm_serve(const cm_coordination *c, cm_error *err)
{
    cm_status st = CM_OK;
    bool end = false, told = false;
    while (!st && !end) {
        bool got = false;
        int from;
        cm_tag tag;
        char *data = NULL;
        int64_t bytes = 0;
        cm_outcome o;
        st = cm_team_poll(c->team, &got, &from, &tag, &data, &bytes, err);
        if (st) break;
        if (got && tag == CM_TAG_END) end = true;
        if (got && tag == CM_TAG_STOP) cm_worker_cancel(c->worker);
        if (got && tag == CM_TAG_WORK) {
            cm_work work;
            memcpy(&work, data, sizeof work);
            st = cm_worker_push(c->worker, &work, err);
        }
        free(data);
        if (!st && atomic_load(c->stop_requested) && !told) {
            told = true;
            cm_worker_cancel(c->worker);
            st = cm_team_send(c->team, 0, CM_TAG_STOP, NULL, 0, err);
        }
        for (double wait = got ? 0 : nap_s; !st && cm_worker_take(c->worker, wait, &o); wait = 0)
            st = give_outcome(c, &o, err);
    }
    return st;
}

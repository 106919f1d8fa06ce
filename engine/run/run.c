/* A run from start to end: folder, launch, work, pictures. */
#include "engine/run/run.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/run/coordinator.h"
#include "engine/run/folder.h"
#include "engine/run/meter.h"
#include "engine/run/pictures.h"
#include "engine/run/run_internal.h"
#include "engine/run/team_mpi.h"

/* What rank 0 tells the others about a run folder; plain bytes. */
typedef struct run_facts {
    char cohort_path[4096];
    int64_t smoke;
    int32_t first_shard, n_tools;
    char tools[1024][65];
} run_facts;

typedef struct run_state {
    const cm_run_options *o;
    cm_team *team;
    cm_log *log;
    cm_setup setup;
    cm_ledger ledger; /* rank 0 */
    run_facts *facts;
    int threads, launch;
    cm_worklist list; /* rank 0 */
    int64_t reopened; /* results whose prediction was lost with a killed process */
    int hold;         /* rank 0: keeps other processes off the run folder; -1 = nothing held */
    bool lost;        /* this rank can no longer answer rank 0, which does not know */
} run_state;

static int cores_allowed(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static int threads_per_rank(const cm_run_options *o, const cm_team *team)
{
    if (o->threads > 0) return o->threads;
    int n = cores_allowed() / cm_team_local_size(team);
    return n > 0 ? n : 1;
}

/* Paths of the tools to run: those of the bench (beside it), then those of the command line. */
static cm_status tool_paths(const cm_run_options *o, const cm_bench *b, char ***out, int *n, cm_error *err)
{
    *out = calloc((size_t)(b->n_tools + o->n_tools) + 1, sizeof **out);
    if (!*out) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the tools");
    const char *slash = strrchr(o->bench, '/');
    char *folder = slash ? strndup(o->bench, (size_t)(slash - o->bench) + 1) : strdup(".");
    for (int i = 0; folder && i < b->n_tools + o->n_tools; i++) {
        const char *path = i < b->n_tools ? b->tool_paths[i] : o->tools[i - b->n_tools];
        (*out)[*n] = i < b->n_tools && path[0] != '/' ? cm_path_join(folder, path) : strdup(path);
        if (!(*out)[(*n)++]) break;
    }
    bool all = folder && *n == b->n_tools + o->n_tools && (*n == 0 || (*out)[*n - 1]);
    free(folder);
    return all ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the tools");
}

cm_status cm_run_setup(const cm_run_options *o, cm_setup *setup, char ***paths, int *n_paths, cm_error *err)
{
    *paths = NULL;
    *n_paths = 0;
    cm_status st = cm_setup_cohort(o->bench, NULL, o->smoke, setup, err);
    if (!st) st = tool_paths(o, setup->bench, paths, n_paths, err);
    if (!st) st = cm_setup_tools(setup, (const char *const *)*paths, *n_paths, err);
    return st;
}

static cm_status create_folder(const cm_run_options *o, cm_error *err)
{
    cm_setup setup = {0};
    char **paths = NULL;
    int n_paths = 0;
    cm_backend *backend = NULL;
    double *seconds = NULL;
    cm_tool_cost *costs = NULL;
    cm_status st = cm_run_setup(o, &setup, &paths, &n_paths, err);
    if (!st) {
        seconds = calloc((size_t)(setup.n_tools * setup.n_cases) + 1, sizeof *seconds);
        costs = calloc((size_t)setup.n_tools + 1, sizeof *costs);
        if (!seconds || !costs) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for estimates");
    }
    if (!st) st = cm_backend_cpu_create(NULL, o->cpu_features, &backend, err);
    if (!st) st = cm_setup_estimate(&setup, backend, seconds, costs, err);
    if (!st)
        st = cm_run_folder_create(o->out, o->bench, &setup, (const char *const *)paths, costs, o->smoke, err);
    cm_backend_destroy(backend);
    cm_names_free(paths, n_paths);
    free(seconds);
    free(costs);
    cm_setup_fini(&setup);
    return st;
}

/* A bench named on resume must be the one of the run: rules do not change half-way. */
static cm_status same_bench(run_state *r, cm_error *err)
{
    char was[65], is[65];
    cm_digest digest;
    if (!r->o->resume || !r->o->bench) return CM_OK;
    cm_status st = cm_sha256_of_file(r->o->bench, &digest, err);
    if (!st) st = cm_ledger_get_meta(&r->ledger, "bench.sha256", was, sizeof was, err);
    if (st) return st;
    cm_digest_hex(&digest, is);
    if (strcmp(was, is) == 0) return CM_OK;
    return CM_FAIL(
        err, CM_ERR_MISMATCH, .what = "the bench is not the one this run began with", .where = r->o->bench,
        .why = cm_strf("sha256 was %.16s..., is %.16s...", was, is).s,
        .next = "leave the bench out to go on with the old rules, or start a new run with the new ones");
}

/* Rank 0: the ledger, the launch, and the facts for everyone. */
static cm_status begin_launch(run_state *r, cm_error *err)
{
    char machine[128], number[32];
    cm_meter meter;
    cm_backend *backend = NULL;
    char **paths = NULL;
    int64_t n_paths = 0;
    int first_shard = 0;
    cm_status st = r->o->resume ? CM_OK : create_folder(r->o, err);
    if (!st) st = cm_run_folder_hold(r->o->out, &r->hold, err);
    if (!st) st = cm_ledger_open(r->o->out, false, &r->ledger, err);
    if (!st) st = same_bench(r, err);
    if (!st) st = cm_run_folder_recover(r->o->out, &r->ledger, &r->reopened, err);
    if (!st) st = cm_backend_cpu_create(NULL, r->o->cpu_features, &backend, err);
    cm_machine_name("/proc/cpuinfo", machine, sizeof machine);
    cm_meter_open("/sys/class/powercap", cm_team_local_size(r->team) > 1, &meter);
    if (!st)
        st = cm_ledger_launch_begin(&r->ledger, r->team->size, r->threads, cm_backend_variant(backend),
                                    machine, meter.reason, &r->launch, &first_shard, err);
    cm_backend_destroy(backend);
    if (!st)
        st = cm_ledger_get_meta(&r->ledger, "cohort_path", r->facts->cohort_path,
                                sizeof r->facts->cohort_path, err);
    if (!st) st = cm_ledger_get_meta(&r->ledger, "smoke", number, sizeof number, err);
    if (!st) st = cm_run_folder_tools(r->o->out, &r->ledger, &paths, &n_paths, err);
    if (!st && n_paths > 1024) st = CM_FAIL(err, CM_ERR_LIMIT, .what = "more than 1,024 tools in one run");
    if (!st) {
        r->facts->smoke = strtoll(number, NULL, 10);
        r->facts->first_shard = first_shard;
        r->facts->n_tools = (int32_t)n_paths;
        for (int64_t i = 0; i < n_paths; i++)
            snprintf(r->facts->tools[i], sizeof r->facts->tools[i], "%s", strrchr(paths[i], '/') + 1);
    }
    cm_names_free(paths, n_paths);
    return st;
}

/* Every rank: bench, cohort and tools from the run folder. */
static cm_status open_run(const char *folder, const run_facts *f, cm_setup *setup, cm_error *err)
{
    char *bench = cm_path_join(folder, "bench.xml");
    char **paths = calloc((size_t)f->n_tools + 1, sizeof *paths);
    cm_status st = bench && paths ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for paths");
    for (int i = 0; i < f->n_tools && !st; i++) {
        paths[i] = cm_path_join(folder, cm_strf("tools/%s", f->tools[i]).s);
        if (!paths[i]) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for paths");
    }
    if (!st) st = cm_setup_cohort(bench, f->cohort_path, f->smoke, setup, err);
    if (!st) st = cm_setup_tools(setup, (const char *const *)paths, f->n_tools, err);
    for (int i = 0; paths && i < f->n_tools; i++)
        free(paths[i]);
    free(paths);
    free(bench);
    return st;
}

static cm_status check_cohort(run_state *r, cm_error *err)
{
    char was[65], is[65];
    cm_status st = cm_ledger_get_meta(&r->ledger, "cohort.sha256", was, sizeof was, err);
    cm_digest_hex(&cm_cohort_get_info(r->setup.cohort)->digest, is);
    if (!st && strcmp(was, is) != 0)
        st =
            CM_FAIL(err, CM_ERR_MISMATCH, .what = "the cohort has changed since the run began",
                    .where = r->facts->cohort_path,
                    .why = cm_strf("digest was %.16s..., is %.16s...", was, is).s, .next = "start a new run");
    return st;
}

typedef struct timed_work {
    cm_work work;
    double seconds;
} timed_work;

/* Longest first; equal ones by tool, then case, so that the order is one. */
static int longest_first(const void *a, const void *b)
{
    const timed_work *x = a, *y = b;
    if (x->seconds != y->seconds) return x->seconds > y->seconds ? -1 : 1;
    if (x->work.tool != y->work.tool) return x->work.tool < y->work.tool ? -1 : 1;
    return x->work.case_number < y->work.case_number ? -1 : x->work.case_number > y->work.case_number;
}

static cm_status order_work(run_state *r, timed_work *open, uint8_t *states, uint8_t *suspects,
                            double *seconds, cm_tool_cost *costs, cm_error *err)
{
    cm_setup *s = &r->setup;
    cm_backend *backend = NULL;
    cm_status st = cm_ledger_states(&r->ledger, s->n_cases, states, suspects, err);
    if (!st) st = cm_backend_cpu_create(NULL, r->o->cpu_features, &backend, err);
    if (!st) st = cm_setup_estimate(s, backend, seconds, costs, err);
    cm_backend_destroy(backend);
    if (st) return st;
    for (int64_t i = 0; i < s->n_tools * s->n_cases; i++) {
        if (states[i] == CM_ITEM_OK || states[i] == CM_ITEM_NO_REFERENCE) r->list.done++;
        if (states[i] > CM_ITEM_NO_REFERENCE) r->list.done++, r->list.failed++;
        if (states[i] != CM_ITEM_OPEN) continue;
        int64_t number = i % s->n_cases;
        open[r->list.n_items++] =
            (timed_work){{(int32_t)(i / s->n_cases), suspects[i], number, s->case_index[number]}, seconds[i]};
    }
    qsort(open, (size_t)r->list.n_items, sizeof *open, longest_first);
    for (int64_t i = 0; i < r->list.n_items; i++) {
        r->list.items[i] = open[i].work;
        r->list.seconds[i] = open[i].seconds;
    }
    return CM_OK;
}

static cm_status make_worklist(run_state *r, cm_error *err)
{
    const cm_setup *s = &r->setup;
    size_t n = (size_t)(s->n_tools * s->n_cases) + 1;
    timed_work *open = calloc(n, sizeof *open);
    uint8_t *states = calloc(n, 1), *suspects = calloc(n, 1);
    double *seconds = calloc(n, sizeof *seconds);
    cm_tool_cost *costs = calloc((size_t)s->n_tools + 1, sizeof *costs);
    r->list = (cm_worklist){.n_cases = s->n_cases,
                            .n_targets = s->bench->n_targets,
                            .n_metrics = s->bench->n_metrics,
                            .launch = r->launch,
                            .total = s->n_tools * s->n_cases,
                            .max_failures = r->o->max_failures,
                            .seconds_per_case = s->bench->seconds_per_case,
                            .quiet = r->o->quiet};
    r->list.items = calloc(n, sizeof *r->list.items);
    r->list.seconds = calloc(n, sizeof *r->list.seconds);
    cm_status st = CM_OK;
    if (!open || !states || !suspects || !seconds || !costs || !r->list.items || !r->list.seconds)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the list of work");
    if (!st) st = order_work(r, open, states, suspects, seconds, costs, err);
    free(open);
    free(states);
    free(suspects);
    free(seconds);
    free(costs);
    return st;
}

static cm_status work(run_state *r, cm_error *err)
{
    cm_worker *worker = NULL;
    char *predictions = cm_run_folder_shard(r->o->out, r->facts->first_shard + r->team->rank);
    cm_worker_setup setup = {.bench = r->setup.bench,
                             .cohort = r->setup.cohort,
                             .tools = (const cm_tool *const *)r->setup.tools,
                             .channels = (const int *const *)r->setup.channels,
                             .n_tools = r->setup.n_tools,
                             .threads = r->threads,
                             .cpu_features = r->o->cpu_features,
                             .rank = r->team->rank,
                             .shard = r->facts->first_shard + r->team->rank,
                             .predictions_path = predictions,
                             .run_folder = r->o->out,
                             .program = r->o->program,
                             .shared_node = cm_team_local_size(r->team) > 1,
                             .log = r->log};
    cm_status st = predictions ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    if (!st) st = cm_worker_start(&setup, &worker, err);
    cm_status all = r->team->agree(r->team, st);
    if (!all) {
        cm_coordination c = {r->team, worker, r->o->stop_requested, r->log};
        st = r->team->rank == 0 ? cm_coordinate(&c, &r->ledger, &r->list, err) : cm_serve(&c, err);
        r->lost = st && (r->team->rank != 0 || r->list.hung);
    }
    if (r->list.hung) return st;          /* its threads may be what hangs: the process ends with them */
    if (worker) cm_worker_cancel(worker); /* after an error there may be work nobody waits for */
    cm_status closed = cm_worker_finish(worker, st ? NULL : err);
    free(predictions);
    if (!st) st = closed;
    return st ? st : all;
}

static cm_status finish(run_state *r, double began, cm_status st, cm_error *err)
{
    if (r->team->rank != 0) return st;
    if (!st || st == CM_ERR_STOPPED) {
        cm_status ended = cm_ledger_launch_end(&r->ledger, r->launch, cm_now_s() - began, st ? NULL : err);
        if (!st) st = ended;
    }
    if (!st) st = cm_pictures_draw(r->o->out, &r->setup, r->o->spill, &r->ledger, err);
    return st;
}

/* RUN/log.jsonl by rank 0, RUN/log.NNNN.jsonl by the others: one writer per file. */
static cm_status open_log(run_state *r, cm_error *err)
{
    char *path =
        cm_path_join(r->o->out, r->team->rank ? cm_strf("log.%04d.jsonl", r->team->rank).s : "log.jsonl");
    if (!path) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    cm_status st = cm_log_create(r->o->level, path, r->team->rank, &r->log, err);
    free(path);
    return st;
}

cm_status cm_run(const cm_run_options *o, cm_team *team, int64_t *failed, cm_error *err)
{
    double began = cm_now_s();
    run_state r = {.o = o, .team = team, .threads = threads_per_rank(o, team), .hold = -1};
    r.facts = calloc(1, sizeof *r.facts);
    cm_status st = r.facts ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a run");
    if (!st && team->rank == 0) st = begin_launch(&r, err);
    st = team->agree(team, st);
    if (!st) st = team->broadcast(team, r.facts, sizeof *r.facts, err);
    if (!st) st = open_log(&r, err);
    if (!st) st = open_run(o->out, r.facts, &r.setup, err);
    if (!st && team->rank == 0) st = check_cohort(&r, err);
    if (!st && team->rank == 0) st = make_worklist(&r, err);
    st = team->agree(team, st);
    if (!st && r.reopened)
        cm_log_write(r.log, CM_LEVEL_WARNING, "resume.reopened",
                     "%lld results lost their prediction with a killed process and are done again",
                     (long long)r.reopened);
    if (!st)
        cm_log_write(
            r.log, CM_LEVEL_INFO, "run.started", "cohmark " CM_VERSION ", rank %d of %d, %d threads%s",
            team->rank, team->size, r.threads,
            team->rank
                ? ""
                : cm_strf("; %lld of %lld items open", (long long)r.list.n_items, (long long)r.list.total).s);
    if (!st) st = finish(&r, began, work(&r, err), err);
    st = r.lost ? CM_ERR_INTERNAL
                : team->agree(team, st); /* cm_team_end then takes the job down; it can be resumed */
    if (r.list.hung) return CM_ERR_INTERNAL;
    *failed = r.list.failed;
    if (st)
        cm_log_error(r.log, "run.ended", err);
    else
        cm_log_write(r.log, CM_LEVEL_INFO, "run.ended", "done in %.1f s, %lld failed", cm_now_s() - began,
                     (long long)r.list.failed);
    cm_log_destroy(r.log);
    cm_ledger_close(&r.ledger);
    if (r.hold >= 0) close(r.hold);
    cm_setup_fini(&r.setup);
    free(r.list.items);
    free(r.list.seconds);
    free(r.facts);
    return st;
}

cm_status cm_run_probe(const char *run_folder, int tool, int64_t case_number, cm_error *err)
{
    run_facts *facts = calloc(1, sizeof *facts);
    cm_ledger ledger = {0};
    cm_setup setup = {0};
    char **paths = NULL, number[32];
    int64_t n_paths = 0;
    cm_status st = facts ? cm_ledger_open(run_folder, true, &ledger, err)
                         : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a probe");
    if (!st)
        st = cm_ledger_get_meta(&ledger, "cohort_path", facts->cohort_path, sizeof facts->cohort_path, err);
    if (!st) st = cm_ledger_get_meta(&ledger, "smoke", number, sizeof number, err);
    if (!st) st = cm_run_folder_tools(run_folder, &ledger, &paths, &n_paths, err);
    if (!st && (tool < 0 || tool >= n_paths || n_paths > 1024))
        st = CM_FAIL(err, CM_ERR_ARG, .what = "there is no such tool in the run");
    if (!st) {
        facts->smoke = strtoll(number, NULL, 10);
        facts->n_tools = (int32_t)n_paths;
        for (int64_t i = 0; i < n_paths; i++)
            snprintf(facts->tools[i], sizeof facts->tools[i], "%s", strrchr(paths[i], '/') + 1);
        st = open_run(run_folder, facts, &setup, err);
    }
    if (!st && (case_number < 0 || case_number >= setup.n_cases))
        st = CM_FAIL(err, CM_ERR_ARG, .what = "there is no such case in the run");
    if (!st) st = cm_probe_item(&setup, tool, case_number, err);
    cm_names_free(paths, n_paths);
    cm_ledger_close(&ledger);
    cm_setup_fini(&setup);
    free(facts);
    return st;
}

/* Ingest. Every rank takes cases rank, rank + size, ... in order, in batches: while one thread (the only one
 * that calls HDF5) writes a batch, another leads the pool through the next one. Ranks meet after every round
 * of cases, so that a bad case on one rank stops all of them soon, and the refusal reported is that of the
 * first bad case, whatever the number of ranks. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/cohort/prepare_internal.h"
#include "engine/cohort/store_internal.h"
#include "engine/cohort/together_internal.h"

enum { ROUND = 64, LARGEST_BATCH = 64, LONGEST_PATH = 4096 };
static const int64_t batch_bytes = (int64_t)1 << 30; /* raw voxels of a batch, beyond its first case */

struct job {
    const cm_ingest_options *options;
    cm_team *team;
    char *xml_path, *csv_path, *manifest;
    int64_t manifest_bytes;
    cm_cohort_info info;
    cm_source *source;
    cm_prepare_context *prepare;
    char partial[LONGEST_PATH]; /* the folder under its temporary name; "" before it exists */
    char *shard_path[2];
    hid_t file[2], group[2];
    cm_threads *pool;
    cm_codec *codec;
    cm_progress *progress;
    int64_t largest; /* raw bytes of the largest case so far */
    cm_stored_facts *facts;
    int64_t n_facts;
    cm_audit *audit;
    int64_t n_audit, audit_room;
};

/* ---- beginning ---- */

static cm_status read_source(struct job *j, cm_error *err)
{
    const cm_ingest_options *o = j->options;
    j->xml_path = cm_path_join(o->source, "cohort.xml");
    j->csv_path = cm_path_join(o->source, "cases.csv");
    j->prepare = malloc(sizeof *j->prepare);
    if (!j->xml_path || !j->csv_path || !j->prepare)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to ingest", .where = o->source);
    cm_status st = cm_file_read(j->xml_path, (int64_t)16 << 20, &j->manifest, &j->manifest_bytes, err);
    if (!st) st = cm_manifest_parse(j->manifest, j->manifest_bytes, j->xml_path, &j->info, err);
    if (!st) st = cm_source_read(j->csv_path, &j->info, &j->source, err);
    if (!st) st = cm_threads_create(o->threads > 0 ? o->threads : 1, &j->pool, err);
    if (!st) st = cm_codec_create(cm_threads_count(j->pool), &j->codec, err);
    if (!st)
        cm_prepare_context_init(j->prepare, j->csv_path, o->root ? o->root : o->source, j->source, &j->info,
                                o->strip_text, o->max_volume_bytes);
    return st;
}

/* Rank 0 makes the folder under a temporary name beside its place. */
static cm_status make_folder(struct job *j, cm_error *err)
{
    const char *out = j->options->out;
    size_t n = strlen(out);
    while (n > 1 && out[n - 1] == '/')
        n--;
    if (n + 32 > sizeof j->partial)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the path of the cohort is too long", .where = out);
    if (cm_path_exists(out))
        return CM_FAIL(err, CM_ERR_EXISTS, .what = "the cohort folder exists already", .where = out,
                       .next = "choose another name, or remove it first");
    char name[LONGEST_PATH];
    snprintf(name, sizeof name, "%.*s.tmp.%ld", (int)n, out, (long)getpid());
    cm_status st = cm_folder_create(name, true, err);
    if (!st) memcpy(j->partial, name, sizeof name);
    return st;
}

static cm_status make_shards(struct job *j, cm_error *err)
{
    cm_status st = CM_OK;
    int kinds = j->info.task == CM_TASK_SEGMENTATION ? 2 : 1;
    for (int k = 0; !st && k < kinds; k++) {
        j->shard_path[k] = cm_shard_path(j->partial, k, j->team->rank);
        st = j->shard_path[k] ? cm_h5_create(j->shard_path[k], &j->file[k], err)
                              : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
        if (!st) st = cm_h5_group_create(j->file[k], cm_shard_group(k), err);
        if (!st && (j->group[k] = H5Gopen2(j->file[k], cm_shard_group(k), H5P_DEFAULT)) < 0)
            st = cm_h5_fail(err, CM_ERR_IO, "a shard cannot be written", j->shard_path[k]);
    }
    return st;
}

static cm_status close_shards(struct job *j, cm_error *err)
{
    cm_status st = CM_OK;
    for (int k = 0; k < 2; k++) {
        if (j->group[k] >= 0) H5Gclose(j->group[k]);
        j->group[k] = -1;
        cm_status closed = cm_h5_close(&j->file[k], j->shard_path[k], true, st ? NULL : err);
        st = st ? st : closed;
    }
    return st;
}

/* ---- batches ---- */

/* Cases first, first + size, ... of this rank. */
struct batch {
    struct job *job;
    int64_t first;
    int n;
    cm_prepared *prepared; /* [LARGEST_BATCH] */
};

static void read_task(void *context, int64_t task, int worker)
{
    struct batch *b = context;
    (void)worker;
    cm_prepare_read(b->job->prepare, b->first + task * b->job->team->size, &b->prepared[task]);
}

static void *fill_batch(void *context)
{
    struct batch *b = context;
    memset(b->prepared, 0, LARGEST_BATCH * sizeof *b->prepared);
    cm_threads_for(b->job->pool, b->n, read_task, b);
    for (int i = 0; i < b->n; i++) {
        int64_t bytes = cm_prepared_bytes(&b->prepared[i]);
        b->job->largest = bytes > b->job->largest ? bytes : b->job->largest;
        cm_prepare_encode(&b->prepared[i], b->job->codec, b->job->pool);
    }
    return NULL;
}

/* How many of the next cases fit a batch. Before anything was seen: one per thread. */
static int batch_size(const struct job *j, int64_t left)
{
    int64_t n = j->largest > 0 ? batch_bytes / j->largest : cm_threads_count(j->pool);
    n = n < 1 ? 1 : n > LARGEST_BATCH ? LARGEST_BATCH : n;
    return (int)(n < left ? n : left);
}

static cm_status keep_audit(struct job *j, const cm_prepared *p, cm_error *err)
{
    if (j->n_audit + p->n_audit > j->audit_room) {
        int64_t room = 2 * j->audit_room + p->n_audit + 256;
        cm_audit *larger = realloc(j->audit, (size_t)room * sizeof *larger);
        if (!larger) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the audit");
        j->audit = larger;
        j->audit_room = room;
    }
    memcpy(j->audit + j->n_audit, p->audit, (size_t)p->n_audit * sizeof *p->audit);
    j->n_audit += p->n_audit;
    return CM_OK;
}

/* Files of one column must have one number of components in all cases. */
static cm_status compare_components(const struct job *j, const cm_stored_facts *a, const cm_stored_facts *b,
                                    cm_error *err)
{
    for (int k = 0; k < cm_source_columns(j->source); k++) {
        if (a->components[k] == b->components[k]) continue;
        cm_source_case first, other;
        cm_source_get(j->source, a->case_index, &first);
        cm_source_get(j->source, b->case_index, &other);
        return CM_FAIL(
            err, CM_ERR_MISMATCH, .what = "files of one channel column differ in components per voxel",
            .where = cm_strf("%s:%d: case %s, channel %s", j->csv_path, other.line, other.id,
                             cm_source_column(j->source, k))
                         .s,
            .why = cm_strf("%d here, %d in case %s", b->components[k], a->components[k], first.id).s,
            .next = "convert the files to one kind, such as grey");
    }
    return CM_OK;
}

static cm_status look_for_stop(const struct job *j, cm_error *err)
{
    if (!j->options->stop_requested || !atomic_load(j->options->stop_requested)) return CM_OK;
    return CM_FAIL(err, CM_ERR_STOPPED, .what = "ingest was asked to stop", .where = j->options->out,
                   .next = "nothing was kept; start it again");
}

static cm_status write_case(struct job *j, cm_prepared *p, cm_error *err)
{
    if (p->status) {
        if (err) *err = p->error;
        return p->status;
    }
    cm_source_case c;
    cm_source_get(j->source, p->facts.case_index, &c);
    cm_status st = j->n_facts > 0 ? compare_components(j, &j->facts[0], &p->facts, err) : CM_OK;
    if (!st) st = cm_array_write(j->group[0], c.id, 4, &p->image_plan, p->facts.dtype, p->image_pieces, err);
    if (!st && p->reference_pieces)
        st = cm_array_write(j->group[1], c.id, 4, &p->reference_plan, j->prepare->reference_type,
                            p->reference_pieces, err);
    if (!st) st = keep_audit(j, p, err);
    if (!st) j->facts[j->n_facts++] = p->facts;
    return st;
}

/* Writes a batch; *failed_case is the first case that failed. */
static cm_status write_batch(struct batch *b, int64_t *failed_case, cm_error *err)
{
    cm_status st = CM_OK;
    for (int i = 0; !st && i < b->n; i++)
        if ((st = write_case(b->job, &b->prepared[i], err))) *failed_case = b->prepared[i].facts.case_index;
    return st;
}

static void start_batch(struct batch *b, int64_t first, int64_t left, pthread_t *leader, bool *threaded)
{
    b->first = first;
    b->n = batch_size(b->job, left);
    *threaded = pthread_create(leader, NULL, fill_batch, b) == 0;
    if (!*threaded) fill_batch(b); /* without a thread the work is the same, only not at the same time */
}

/* This rank's cases number k .. k + count - 1. */
static cm_status do_cases(struct job *j, int64_t k, int64_t count, int64_t *failed_case, cm_error *err)
{
    struct batch batch[2] = {{.job = j}, {.job = j}};
    const int64_t size = j->team->size, end = k + count;
    cm_status st = CM_OK;
    for (int b = 0; b < 2; b++)
        if (!(batch[b].prepared = calloc(LARGEST_BATCH, sizeof *batch[b].prepared)))
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a batch of cases");
    pthread_t leader;
    bool threaded = false;
    int now = 0;
    if (!st && k < end) {
        start_batch(&batch[0], j->team->rank + k * size, end - k, &leader, &threaded);
        while (batch[now].n > 0) {
            if (threaded) pthread_join(leader, NULL);
            k += batch[now].n;
            batch[!now].n = 0;
            threaded = false;
            if (!st && k < end)
                start_batch(&batch[!now], j->team->rank + k * size, end - k, &leader, &threaded);
            if (!st) st = look_for_stop(j, err);
            if (!st) st = write_batch(&batch[now], failed_case, err);
            for (int i = 0; i < batch[now].n; i++)
                cm_prepared_case_fini(&batch[now].prepared[i]);
            const int64_t all = cm_source_count(j->source);
            if (!st) cm_progress_update(j->progress, k * size < all ? k * size : all, 0);
            now = !now;
        }
    }
    free(batch[0].prepared);
    free(batch[1].prepared);
    return st;
}

static cm_status do_rounds(struct job *j, cm_error *err)
{
    const int64_t n = cm_source_count(j->source), size = j->team->size, rank = j->team->rank;
    const int64_t mine = n / size + (rank < n % size), most = (n + size - 1) / size;
    cm_status st = CM_OK;
    j->facts = calloc((size_t)mine + 1, sizeof *j->facts);
    if (!j->facts) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table");
    st = cm_settle(j->team, st, -1, err);
    for (int64_t k = 0; !st && k < most; k += ROUND) {
        int64_t left = mine - k, failed_case = -1;
        left = left < 0 ? 0 : left > ROUND ? ROUND : left;
        st = do_cases(j, k, left, &failed_case, err);
        st = cm_settle(j->team, st, failed_case, err);
    }
    return st;
}

/* ---- ending ---- */

static cm_status commit_folder(struct job *j, cm_error *err)
{
    const char *out = j->options->out;
    char parent[LONGEST_PATH];
    snprintf(parent, sizeof parent, "%s", j->partial);
    char *slash = strrchr(parent, '/');
    if (slash == parent)
        slash[1] = '\0';
    else if (slash)
        *slash = '\0';
    else
        strcpy(parent, ".");
    int inner = open(j->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = inner >= 0 && fsync(inner) == 0;
    if (inner >= 0) close(inner);
    if (ok && cm_path_exists(out))
        return CM_FAIL(err, CM_ERR_EXISTS, .what = "the cohort folder appeared meanwhile", .where = out,
                       .next = "choose another name, or remove it first");
    ok = ok && rename(j->partial, out) == 0;
    if (!ok)
        return CM_FAIL(err, CM_ERR_IO, .what = "the cohort cannot be put in its place", .where = out,
                       .why = strerror(errno));
    j->partial[0] = '\0';
    int outer = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outer >= 0) {
        fsync(outer); /* the cohort is there in any case; this only makes it outlive a power cut */
        close(outer);
    }
    return CM_OK;
}

/* Every rank's records to rank 0, which writes the index and renames the folder. */
static cm_status finish(struct job *j, cm_ingested *sum, cm_error *err)
{
    cm_stored_facts *facts = NULL;
    cm_audit *audit = NULL;
    int64_t n_facts = 0, n_audit = 0;
    cm_status st = cm_collect(j->team, j->facts, j->n_facts, sizeof *facts, (void **)&facts, &n_facts, err);
    st = cm_settle(j->team, st, -1, err);
    if (!st) st = cm_collect(j->team, j->audit, j->n_audit, sizeof *audit, (void **)&audit, &n_audit, err);
    st = cm_settle(j->team, st, -1, err);
    if (!st && j->team->rank == 0) {
        char *path = cm_path_join(j->partial, "index.h5");
        cm_assembly a = {.info = &j->info,
                         .source = j->source,
                         .manifest = j->manifest,
                         .manifest_bytes = j->manifest_bytes,
                         .n_shards = j->team->size,
                         .facts = facts,
                         .n_facts = n_facts,
                         .audit = audit,
                         .n_audit = n_audit};
        for (int64_t i = 1; !st && i < n_facts; i++)
            st = compare_components(j, &facts[0], &facts[i], err);
        if (!st)
            st = path ? cm_assemble(&a, path, sum, err)
                      : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
        if (!st) st = commit_folder(j, err);
        free(path);
    }
    free(facts);
    free(audit);
    return cm_settle(j->team, st, -1, err);
}

static cm_status begin(struct job *j, cm_error *err)
{
    cm_team *team = j->team;
    cm_status st = cm_settle(team, read_source(j, err), -1, err);
    if (st) return st;
    if (team->rank == 0) st = make_folder(j, err);
    st = cm_settle(team, st, -1, err);
    if (!st) st = cm_settle(team, team->broadcast(team, j->partial, sizeof j->partial, err), -1, err);
    if (!st) st = cm_settle(team, make_shards(j, err), -1, err);
    if (!st && team->rank == 0)
        st = cm_progress_create("cases", cm_source_count(j->source), j->options->quiet, &j->progress, err);
    return cm_settle(team, st, -1, err);
}

static void end(struct job *j)
{
    cm_progress_destroy(j->progress);
    close_shards(j, NULL);
    /* all ranks have closed their files before rank 0 removes what was begun */
    j->team->agree(j->team, CM_OK);
    if (j->team->rank == 0 && j->partial[0]) cm_folder_remove(j->partial, NULL);
    cm_codec_destroy(j->codec);
    cm_threads_destroy(j->pool);
    cm_source_destroy(j->source);
    cm_cohort_info_fini(&j->info);
    free(j->prepare);
    free(j->xml_path);
    free(j->csv_path);
    free(j->manifest);
    free(j->shard_path[0]);
    free(j->shard_path[1]);
    free(j->facts);
    free(j->audit);
}

cm_status cm_cohort_ingest(const cm_ingest_options *options, cm_team *team, cm_log *log, cm_error *err)
{
    cm_error local = {0}; /* so that a failure can be told to other ranks when the caller wants no error */
    cm_error *e = err ? err : &local;
    cm_ingested sum = {0};
    struct job j = {.options = options, .team = team, .file = {-1, -1}, .group = {-1, -1}};
    cm_status st = begin(&j, e);
    if (!st) st = do_rounds(&j, e);
    if (!st) st = cm_settle(team, close_shards(&j, e), -1, e);
    if (!st) st = finish(&j, &sum, e);
    end(&j);
    if (!st && team->rank == 0) cm_ingested_log(&sum, log);
    return st;
}

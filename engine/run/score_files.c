/* Pairs files by name, reads them, and fills results as a ledger would. */
#include "engine/run/score_files.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/files.h"
#include "engine/image/geometry.h"
#include "engine/run/meter.h"
#include "engine/run/item.h"
#include "engine/run/score_read.h"

static const char *const endings[] = {".nii.gz", ".nii", ".png"};

/* A folder with one mask per case, or one file. */
typedef struct mask_list {
    const char *folder;
    char *own_folder; /* that of a file */
    const char *only; /* the file; NULL: a folder */
    char **names;     /* sorted, a blank as '_' */
    int64_t n_names;
    const char *stray; /* the first mask that belongs to no reference; NULL: there is none */
    int64_t n_strays;
} mask_list;

/* Everything that one call holds. */
typedef struct scoring {
    const cm_score_request *request;
    cm_results *r;
    mask_list references, *tools; /* [n_tools] */
    cm_threads *pool;
    cm_backend *backend;
    cm_stop stop;
    cm_sha256 *cohort_hash, **tool_hash;
    bool of_probabilities; /* predictions are probabilities of the one target */
} scoring;

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to score masks");
}

/* ---- names ---- */

/* Length of a file name without its ending; 0 when it is no mask's name. */
static size_t stem_length(const char *name)
{
    const size_t n = strlen(name);
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
        const size_t k = strlen(endings[e]);
        if (n > k && !strcmp(name + n - k, endings[e])) return n - k;
    }
    return 0;
}

/* A blank of a file name is '_' in the id of its case. */
static int letter_of(char c)
{
    return c == ' ' ? '_' : (unsigned char)c;
}

/* As strcmp does. */
static int compare_names(const char *x, const char *y)
{
    for (; *x && letter_of(*x) == letter_of(*y); x++)
        y++;
    return letter_of(*x) - letter_of(*y);
}

static int by_name(const void *x, const void *y)
{
    return compare_names(*(const char *const *)x, *(const char *const *)y);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static cm_status two_masks(const char *folder, const char *one, const char *other, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_MISMATCH, .what = "a case has two masks", .where = folder,
                   .why = cm_strf("%s and %s", one, other).s, .next = "Keep one of them");
}

static cm_status list_folder(const char *path, mask_list *list, cm_error *err)
{
    list->folder = path;
    cm_status st = cm_folder_list(path, &list->names, &list->n_names, err);
    if (st) return st;
    if (list->n_names) qsort(list->names, (size_t)list->n_names, sizeof *list->names, by_name);
    for (int64_t i = 1; i < list->n_names && !st; i++)
        if (stem_length(list->names[i]) && !compare_names(list->names[i - 1], list->names[i]))
            st = two_masks(path, list->names[i - 1], list->names[i], err);
    return st;
}

/* Lists a folder, or takes a file as the only one of its folder. */
static cm_status list_masks(const char *path, mask_list *list, cm_error *err)
{
    if (!cm_path_exists(path) || cm_path_is_folder(path)) return list_folder(path, list, err);
    const char *slash = strrchr(path, '/');
    const size_t before = slash ? (size_t)(slash - path) + (slash == path) : 1;
    list->own_folder = calloc(before + 1, 1);
    list->names = calloc(1, sizeof *list->names);
    if (!list->own_folder || !list->names) return no_memory(err);
    memcpy(list->own_folder, slash ? path : ".", before);
    list->folder = list->own_folder;
    list->names[0] = strdup(slash ? slash + 1 : path);
    if (!list->names[0]) return no_memory(err);
    list->n_names = 1;
    list->only = list->names[0];
    return CM_OK;
}

static void mask_list_fini(mask_list *list)
{
    cm_names_free(list->names, list->n_names);
    free(list->own_folder);
}

/* The file of a case, NULL when there is none. CM_ERR_MISMATCH for two. */
static cm_status find_mask(const mask_list *list, const char *id, const char **name, cm_error *err)
{
    *name = list->only;
    if (list->only) return CM_OK;
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
        const cm_str wanted = cm_strf("%s%s", id, endings[e]);
        const char *key = wanted.s;
        char **found = list->n_names
                           ? bsearch(&key, list->names, (size_t)list->n_names, sizeof *list->names, by_name)
                           : NULL;
        if (!found) continue;
        if (*name) return two_masks(list->folder, *name, *found, err);
        *name = *found;
    }
    return CM_OK;
}

static cm_status check_name(const char *name, size_t n, const char *what, cm_error *err)
{
    bool good = n >= 1 && n <= 64;
    for (size_t i = 0; i < n && good; i++)
        good = isalnum((unsigned char)name[i]) || strchr("._-", name[i]);
    if (good) return CM_OK;
    return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s cannot be used as a name", what).s,
                   .why = cm_strf("\"%.80s\"", name).s,
                   .next = "Use at most 64 letters, digits, '.', '_' and '-'");
}

/* ---- the cohort ---- */

static cm_status list_references(scoring *s, cm_error *err)
{
    cm_results *r = s->r;
    cm_status st = list_masks(s->request->references, &s->references, err);
    if (st) return st;
    r->cases = calloc((size_t)s->references.n_names + 1, sizeof *r->cases);
    if (!r->cases) return no_memory(err);
    for (int64_t i = 0; i < s->references.n_names && !st; i++) {
        const char *name = s->references.names[i];
        const size_t n = stem_length(name);
        if (!n) continue;
        cm_result_case *c = &r->cases[r->n_cases];
        for (size_t k = 0; k < n && k < 64; k++)
            c->id[k] = (char)letter_of(name[k]);
        st = check_name(c->id, n, "the name of a reference", err);
        if (st) break;
        memcpy(c->patient, c->id, n);
        strcpy(c->provider, "all");
        c->has_reference = true;
        r->n_cases++;
        const char *only = NULL;
        st = find_mask(&s->references, c->id, &only, err);
    }
    if (!st && !r->n_cases)
        st = CM_FAIL(err, CM_ERR_EMPTY, .what = "there is no reference mask", .where = s->references.folder,
                     .next = "Masks are .nii, .nii.gz or .png files, one per case");
    return st;
}

static cm_status add_provider(cm_cohort_info *c, const char *name, cm_error *err)
{
    for (int p = 0; p < c->n_providers; p++)
        if (!strcmp(c->providers[p], name)) return CM_OK;
    char(*more)[64] = realloc(c->providers, ((size_t)c->n_providers + 1) * sizeof *more);
    if (!more) return no_memory(err);
    c->providers = more;
    memset(more[c->n_providers], 0, sizeof *more);
    memcpy(more[c->n_providers++], name, strlen(name));
    return CM_OK;
}

static cm_status count_patients(cm_results *r, cm_error *err)
{
    const char **names = malloc((size_t)r->n_cases * sizeof *names);
    if (!names) return no_memory(err);
    for (int64_t i = 0; i < r->n_cases; i++)
        names[i] = r->cases[i].patient;
    qsort(names, (size_t)r->n_cases, sizeof *names, by_text);
    for (int64_t i = 0; i < r->n_cases; i++)
        r->cohort.n_patients += i == 0 || strcmp(names[i], names[i - 1]) != 0;
    free(names);
    return CM_OK;
}

static void add_label(cm_cohort_info *c, int value, const char *name)
{
    for (int i = 0; i < c->n_labels; i++)
        if (c->labels[i].value == value) return;
    cm_label *label = &c->labels[c->n_labels++];
    label->value = value;
    memcpy(label->name, name, strlen(name));
}

/* The label set: what the bench names, or else every value that a reference holds. */
static cm_status find_labels(scoring *s, cm_error *err)
{
    const cm_bench *b = s->r->bench;
    cm_cohort_info *c = &s->r->cohort;
    bool *seen = calloc(65536, 1);
    c->labels = calloc(65536, sizeof *c->labels);
    cm_status st = seen && c->labels ? CM_OK : no_memory(err);
    for (int t = 0; t < b->n_targets && !st; t++)
        for (int k = 0; k < b->targets[t].n_values; k++)
            seen[b->targets[t].values[k]] = true;
    if (!st && b->has_ignored) seen[b->ignored] = true;
    for (int64_t i = 0; i < s->r->n_cases && !st && !b->n_targets; i++) {
        const char *name = NULL;
        cm_scored_file m;
        st = find_mask(&s->references, s->r->cases[i].id, &name, err);
        if (!st) st = cm_scored_labels(s->references.folder, name, &m, err);
        if (st) break;
        for (int64_t v = 0; v < cm_shape3_count(m.geometry.shape); v++)
            seen[m.labels[v]] = true;
        cm_scored_fini(&m);
    }
    if (!st && !b->n_targets && !memchr(seen + 1, 1, 65535))
        st = CM_FAIL(err, CM_ERR_EMPTY, .what = "there is no label to score", .where = s->references.folder,
                     .why = "every reference holds 0 only",
                     .next = "Name the labels with --labels, such as --labels lesion=1");
    if (!st) add_label(c, 0, "background");
    for (int t = 0; t < b->n_targets && !st; t++) /* a label is called as the bench calls it */
        if (b->targets[t].n_values == 1 && b->targets[t].name[0])
            add_label(c, b->targets[t].values[0], b->targets[t].name);
    for (int v = 1; v < 65536 && !st; v++)
        if (seen[v]) add_label(c, v, cm_strf("label-%d", v).s);
    free(seen);
    return st;
}

/* Masks or probabilities: a file is one or the other, and so all metrics have to be. */
static cm_status choose_kind(scoring *s, cm_error *err)
{
    const cm_bench *b = s->r->bench;
    const char *soft = NULL, *decided = NULL;
    for (int m = 0; m < b->n_metrics; m++)
        *(b->metrics[m].definition->needs == CM_NEEDS_PROBABILITIES ? &soft : &decided) = b->metrics[m].id;
    s->of_probabilities = soft != NULL;
    if (soft && decided)
        return CM_FAIL(err, CM_ERR_MISMATCH,
                       .what = cm_strf("%s is of probabilities, %s of decided masks", soft, decided).s,
                       .where = cm_strf("bench %s", b->id).s,
                       .next = "Score each in a call of its own: the probabilities, and the masks decided "
                               "from them");
    if (soft && b->n_targets != 1)
        return CM_FAIL(
            err, CM_ERR_MISMATCH, .what = cm_strf("%s is of the probabilities of one target", soft).s,
            .where = cm_strf("bench %s", b->id).s, .why = cm_strf("it has %d targets", b->n_targets).s,
            .next = "Name one, such as --labels tumour=1, and score the targets one by one");
    return CM_OK;
}

static cm_status make_cohort(scoring *s, cm_error *err)
{
    cm_cohort_info *c = &s->r->cohort;
    strcpy(c->id, "masks");
    strcpy(c->version, "1");
    strcpy(c->title, "Masks scored from files");
    c->task = CM_TASK_SEGMENTATION;
    cm_status st = list_references(s, err);
    if (!st && s->request->cases) st = cm_scored_cases(s->request->cases, s->r, err);
    for (int64_t i = 0; i < s->r->n_cases && !st; i++)
        st = add_provider(c, s->r->cases[i].provider, err);
    if (!st) st = count_patients(s->r, err);
    if (!st) st = find_labels(s, err);
    s->r->bench->split[0] = 0; /* files know no splits */
    if (!st) st = cm_bench_bind(s->r->bench, c, err);
    return st ? st : choose_kind(s, err);
}

/* ---- the tools ---- */

static void find_strays(const mask_list *references, mask_list *list)
{
    for (int64_t k = 0; k < list->n_names; k++) {
        const size_t n = stem_length(list->names[k]);
        const char *reference = NULL;
        if (n == 0 || n > 64) continue;
        if (find_mask(references, cm_strf("%.*s", (int)n, list->names[k]).s, &reference, NULL) || reference)
            continue;
        if (!list->n_strays++) list->stray = list->names[k];
    }
}

/* Left out, and told: it is a slip more often than meant. */
static void tell_strays(const cm_score_request *q, const char *tool, const mask_list *list)
{
    if (!list->stray || !q->note) return;
    q->note(
        cm_strf("%s: %.100s%s of no reference, and left out", tool, list->stray,
                list->n_strays > 1 ? cm_strf(" and %lld more are", (long long)list->n_strays - 1).s : " is")
            .s);
}

static cm_status make_tools(scoring *s, cm_error *err)
{
    cm_results *r = s->r;
    const cm_score_request *q = s->request;
    const size_t n = (size_t)q->n_tools;
    if (q->n_tools < 1) return CM_FAIL(err, CM_ERR_ARG, .what = "there is no prediction to score");
    r->n_tools = q->n_tools;
    r->tools = calloc(n, sizeof *r->tools);
    s->tools = calloc(n, sizeof *s->tools);
    s->tool_hash = calloc(n, sizeof *s->tool_hash);
    if (!r->tools || !s->tools || !s->tool_hash) return no_memory(err);
    cm_status st = cm_results_reserve(r, q->spill, err);
    for (int t = 0; t < q->n_tools && !st; t++) {
        st = check_name(q->tools[t].name, strlen(q->tools[t].name), "the name of a prediction", err);
        for (int u = 0; u < t && !st; u++)
            if (!strcmp(q->tools[u].name, q->tools[t].name))
                st = CM_FAIL(err, CM_ERR_ARG, .what = "two predictions have one name",
                             .why = q->tools[t].name);
        if (st) break;
        memcpy(r->tools[t].id, q->tools[t].name, strlen(q->tools[t].name));
        memcpy(r->tools[t].name, q->tools[t].name, strlen(q->tools[t].name));
        strcpy(r->tools[t].version, "1");
        r->tools[t].task = CM_TOOL_SEGMENTATION;
        st = list_masks(q->tools[t].folder, &s->tools[t], err);
        if (!st && s->tools[t].only && !s->references.only)
            st = CM_FAIL(err, CM_ERR_ARG, .what = "a prediction is a file, but the reference is a folder",
                         .where = q->tools[t].folder, .next = "Give two files or two folders");
        if (!st && !s->references.only) {
            find_strays(&s->references, &s->tools[t]);
            tell_strays(q, q->tools[t].name, &s->tools[t]);
        }
        if (!st) st = cm_sha256_create(&s->tool_hash[t], err);
    }
    return st;
}

/* ---- scoring ---- */

static cm_status fail_item(cm_results *r, cm_item *item, const char *reason, cm_error *err)
{
    item->state = CM_ITEM_FAILED;
    return cm_results_set_reason(r, item, cm_strf("%.255s", reason).s, err);
}

static cm_status hash_case(cm_sha256 *hash, const char *id, const cm_digest *digest)
{
    const cm_status st = cm_sha256_update(hash, id, (int64_t)strlen(id) + 1);
    return st ? st : cm_sha256_update(hash, digest->byte, (int64_t)sizeof digest->byte);
}

static cm_status read_prediction(const scoring *s, int tool, const char *name, cm_scored_file *m,
                                 cm_error *err)
{
    const char *folder = s->tools[tool].folder;
    return s->of_probabilities
               ? cm_scored_probabilities(folder, name, s->r->bench->targets[0].values[0], m, err)
               : cm_scored_labels(folder, name, m, err);
}

static cm_status score_pair(scoring *s, int tool, int64_t i, const cm_pair *pair, cm_error *err)
{
    const cm_bench *b = s->r->bench;
    const int places = b->n_targets * b->n_metrics;
    cm_metric_value *values = NULL;
    cm_evidence *evidence = NULL;
    cm_status st = cm_item_score(s->backend, pair, b, &values, &evidence, &s->stop, err);
    for (int k = 0; k < places && !st; k++)
        cm_results_set_value(s->r, tool, i, k, values[k]);
    free(values);
    for (int k = 0; k < places && evidence && !st; k++)
        st = cm_results_set_evidence(s->r, tool, i, k, evidence[k].x, evidence[k].n, err);
    cm_evidence_free(evidence, places);
    return st;
}

static cm_status score_one(scoring *s, int tool, int64_t i, const cm_scored_file *reference, cm_error *err)
{
    const cm_bench *b = s->r->bench;
    cm_item *item = cm_results_item(s->r, tool, i);
    const char *id = s->r->cases[i].id, *name = NULL;
    cm_scored_file m = {.labels = NULL};
    cm_error why = {0};
    const cm_grid grid = cm_item_grid(&reference->geometry);
    s->r->cases[i].diagonal = cm_grid_diagonal(&grid);
    item->cost =
        (cm_item_cost){.wall_s = -1, .cpu_s = -1, .energy_j = -1, .peak_bytes = -1, .operations = -1};
    cm_status st = find_mask(&s->tools[tool], id, &name, err);
    if (st) return st;
    if (!name) {
        const char *stray = s->tools[tool].stray;
        return fail_item(s->r, item,
                         stray ? cm_strf("there is no mask of this case: files of one case have one name in "
                                         "every folder, and %.100s is of no case",
                                         stray)
                                     .s
                               : "there is no mask of this case",
                         err);
    }
    if (read_prediction(s, tool, name, &m, &why) || cm_scored_turn(&m, &reference->geometry, &why)) {
        st = fail_item(s->r, item, cm_strf("%s: %s", why.what, why.why).s, err);
        cm_scored_fini(&m);
        return why.status == CM_ERR_NOMEM ? no_memory(err) : st;
    }
    item->prediction_digest = m.digest;
    const cm_pair pair = {.reference = reference->labels,
                          .prediction = m.labels,
                          .probability = m.probability,
                          .grid = grid,
                          .spacing_known = reference->geometry.spacing_known,
                          .has_ignored = b->has_ignored,
                          .ignored = b->ignored};
    st = score_pair(s, tool, i, &pair, err);
    if (!st) st = hash_case(s->tool_hash[tool], id, &m.digest);
    item->state = CM_ITEM_OK;
    cm_scored_fini(&m);
    return st;
}

static cm_status score_case(scoring *s, int64_t i, bool *known, cm_error *err)
{
    cm_result_case *c = &s->r->cases[i];
    const char *name = NULL;
    cm_scored_file reference;
    cm_status st = find_mask(&s->references, c->id, &name, err);
    if (!st) st = cm_scored_labels(s->references.folder, name, &reference, err);
    if (st) return st;
    if (i == 0) *known = reference.geometry.spacing_known;
    if (reference.geometry.spacing_known != *known)
        st = CM_FAIL(
            err, CM_ERR_MISMATCH, .what = "the spacing is known for some references only", .where = name,
            .next = "Score them apart: distances would be in mm for some cases and in voxels for others");
    if (!st) st = cm_bench_check_units(s->r->bench, *known, err);
    c->voxels = cm_shape3_count(reference.geometry.shape);
    if (!st) st = hash_case(s->cohort_hash, c->id, &reference.digest);
    for (int t = 0; t < s->r->n_tools && !st; t++) {
        if (s->request->stop_requested && atomic_load(s->request->stop_requested))
            st = CM_FAIL(err, CM_ERR_STOPPED, .what = "scoring was stopped");
        if (!st) st = score_one(s, t, i, &reference, err);
    }
    cm_scored_fini(&reference);
    return st;
}

static cm_status score_all(scoring *s, cm_error *err)
{
    bool known = true;
    cm_status st = cm_sha256_create(&s->cohort_hash, err);
    for (int64_t i = 0; i < s->r->n_cases && !st; i++)
        st = score_case(s, i, &known, err);
    s->r->distances_in_voxels = s->r->cohort.geometry_unknown = !known;
    if (!st) st = cm_sha256_final(s->cohort_hash, &s->r->cohort.digest);
    for (int t = 0; t < s->r->n_tools && !st; t++)
        st = cm_sha256_final(s->tool_hash[t], &s->r->tools[t].digest);
    return st;
}

static void scoring_fini(scoring *s)
{
    for (int t = 0; s->tools && t < s->request->n_tools; t++)
        mask_list_fini(&s->tools[t]);
    for (int t = 0; s->tool_hash && t < s->request->n_tools; t++)
        cm_sha256_destroy(s->tool_hash[t]);
    mask_list_fini(&s->references);
    cm_sha256_destroy(s->cohort_hash);
    cm_backend_destroy(s->backend);
    cm_threads_destroy(s->pool);
    free(s->tool_hash);
    free(s->tools);
}

cm_status cm_score_files(const cm_score_request *request, cm_results **out, cm_error *err)
{
    scoring s = {.request = request, .r = calloc(1, sizeof *s.r)};
    if (!s.r) return no_memory(err);
    const time_t now = time(NULL);
    struct tm utc;
    strftime(s.r->created, sizeof s.r->created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    strcpy(s.r->engine_version, CM_VERSION);
    strcpy(s.r->energy_reason, "masks made elsewhere: nothing was run");
    cm_machine_name("/proc/cpuinfo", s.r->machine, sizeof s.r->machine);
    cm_status st = cm_bench_read(request->bench, &s.r->bench, err);
    if (!st && s.r->bench->task != CM_TASK_SEGMENTATION)
        st = CM_FAIL(err, CM_ERR_MISMATCH, .what = "only masks can be scored from files",
                     .where = request->bench, .why = "the bench is of a classification");
    if (!st) st = cm_threads_create(request->threads > 0 ? request->threads : 1, &s.pool, err);
    if (!st) st = cm_backend_cpu_create(s.pool, -1, &s.backend, err);
    if (!st) st = make_cohort(&s, err);
    if (!st) st = make_tools(&s, err);
    if (!st) st = score_all(&s, err);
    scoring_fini(&s);
    if (st)
        cm_results_destroy(s.r);
    else
        *out = s.r;
    return st;
}

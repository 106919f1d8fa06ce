/* Shows that the numbers do not depend on the processor, its vector instructions or the number of threads.
 *
 * Runs every case (cases.h) with every kind of kernels this machine has and with 1, 2 and 3 threads, and
 * compares the outputs bit by bit with those of the scalar definition on one thread. Prints one line
 * "name sha256" per case; with --expected FILE compares with those of a file instead
 * (tests/bits/expected.txt, docs/determinism.md). A NaN counts as a NaN whatever its sign and payload:
 * processors differ there.
 *
 *   same_bits [--expected FILE] [--variants scalar,avx2,avx512,neon] [--threads 1,2,3] [--only BEGIN]
 *
 * Exit code: 0 all the same, 1 a difference or an operator without a case, 2 wrong usage. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/operator.h"
#include "tests/bits/cases.h"
#include "tests/bits/graph_text.h"
#include "tests/bits/numbers.h"

enum { MOST_BACKENDS = 16, MOST_CASES = 1000, GRAPH_SIZE = 1 << 16 };

typedef struct line {
    char name[64];
    char hex[65];
    bool expected; /* the file has it */
} line;

typedef struct session {
    cm_backend *backends[MOST_BACKENDS]; /* the first is the definition on one thread */
    cm_threads *pools[MOST_BACKENDS];
    int threads[MOST_BACKENDS];
    int n_backends;
    const char *only;
    line lines[MOST_CASES];
    int n_lines, failures;
} session;

/* What a run of a case gave. */
typedef struct answer {
    float *y;
    int64_t n;
} answer;

static void fail(session *s, const char *name, const char *why, const cm_error *err)
{
    char text[1500] = "";
    if (err) cm_error_format(err, text, sizeof text);
    fprintf(stderr, "FAILED: %s: %s%s%s\n", name, why, err ? ": " : "", text);
    s->failures++;
}

/* -- one run -- */

static int read_shape(const char *text, int64_t *dim)
{
    int rank = 0;
    for (const char *at = text + 1; *at && rank < CM_MAX_RANK; rank++) {
        char *end = NULL;
        dim[rank] = strtoll(at + 1, &end, 10);
        at = end;
    }
    return rank;
}

static cm_status run_plan(const cm_model *model, int rank, const int64_t *dim, cm_backend *be, const float *x,
                          answer *out, cm_error *err)
{
    cm_plan *plan = NULL;
    cm_status st = cm_plan_create(model, NULL, NULL, dim, rank, NULL, be, &plan, err);
    if (!st) st = cm_plan_prepare(plan, err);
    if (!st) {
        const cm_plan_cost *cost = cm_plan_get_cost(plan);
        out->n = 1;
        for (int64_t i = 0; i < cost->output_rank; i++)
            out->n *= cost->output_dim[i];
        out->y = malloc((size_t)out->n * sizeof *out->y + 1);
        if (!out->y) abort();
        st = cm_plan_run(plan, x, out->y, NULL, err);
    }
    cm_plan_destroy(plan);
    for (int64_t i = 0; !st && i < out->n; i++)
        if (isnan(out->y[i])) out->y[i] = NAN;
    return st;
}

static bool differs(session *s, const char *name, const answer *expected, const answer *got, int b)
{
    for (int64_t i = 0; i < expected->n; i++)
        if (got->n != expected->n || memcmp(&expected->y[i], &got->y[i], sizeof *got->y) != 0) {
            char why[200];
            snprintf(why, sizeof why, "%s kernels, %d threads: element %lld is %a, by the definition %a",
                     cm_backend_variant(s->backends[b]), s->threads[b], (long long)i,
                     got->n == expected->n ? (double)got->y[i] : (double)NAN, (double)expected->y[i]);
            fail(s, name, why, NULL);
            return true;
        }
    return false;
}

/* A case whose numbers are all alike, or mostly NaN, would show nothing. */
static bool shows_something(const answer *a)
{
    int64_t finite = 0, other = 0;
    for (int64_t i = 0; i < a->n; i++) {
        finite += isfinite(a->y[i]) != 0;
        other += memcmp(&a->y[i], &a->y[0], sizeof *a->y) != 0;
    }
    return 8 * finite >= a->n && finite > 0 && (other > 0 || a->n == 1);
}

static void add_line(session *s, const char *name, const cm_digest *digest)
{
    if (s->n_lines == MOST_CASES) abort();
    line *l = &s->lines[s->n_lines++];
    snprintf(l->name, sizeof l->name, "%s", name);
    cm_digest_hex(digest, l->hex);
}

static line *find_line(session *s, const char *name)
{
    for (int i = 0; i < s->n_lines; i++)
        if (!strcmp(s->lines[i].name, name)) return &s->lines[i];
    return NULL;
}

/* -- cases of models -- */

typedef struct search {
    const char *name;
    bool found;
} search;

static void look_for(void *context, const char *name, int64_t count)
{
    search *f = context;
    (void)count;
    f->found |= strlen(name) == strcspn(f->name, ".") && !strncmp(name, f->name, strlen(name));
}

static void run_model(session *s, const char *name, const cm_model *model, int rank, const int64_t *dim,
                      const float *x)
{
    answer definition = {0};
    for (int b = 0; b < s->n_backends; b++) {
        cm_error err = {0};
        answer got = {0};
        if (run_plan(model, rank, dim, s->backends[b], x, &got, &err)) {
            fail(s, name, "it does not run", &err);
            b = s->n_backends;
        } else if (b == 0) {
            definition = got;
            got.y = NULL;
            if (!shows_something(&definition)) fail(s, name, "its output shows nothing", NULL);
        } else if (differs(s, name, &definition, &got, b)) {
            b = s->n_backends;
        }
        free(got.y);
    }
    cm_digest digest;
    if (definition.y && !cm_sha256_of(definition.y, definition.n * 4, &digest)) add_line(s, name, &digest);
    free(definition.y);
}

static bool is_wanted(const session *s, const char *name)
{
    return !strncmp(name, s->only, strlen(s->only));
}

static void run_case(session *s, const char *name, int opset, const char *input, const char *graph)
{
    if (!is_wanted(s, name)) return;
    int64_t dim[CM_MAX_RANK], count = 1;
    const int rank = read_shape(input, dim);
    for (int i = 0; i < rank; i++)
        count *= dim[i];
    const uint64_t seed = bits_seed(name);
    ow_buf bytes = bits_graph(graph, opset, seed, rank, dim);
    float *x = bits_numbers(input[0], seed, count);
    cm_error err = {0};
    cm_model *model = NULL;
    if (cm_model_open_memory(bytes.data, bytes.size, name, NULL, &model, &err))
        fail(s, name, "its graph is refused", &err);
    search f = {name, strncmp(name, "net.", 4) == 0};
    if (model) cm_model_operators(model, look_for, &f);
    if (model && !f.found)
        fail(s, name, "the graph does not hold the operator that the case is named after", NULL);
    if (model) run_model(s, name, model, rank, dim, x);
    cm_model_close(model);
    ow_free(&bytes);
    free(x);
}

static void run_cases(session *s, const bits_case *cases)
{
    for (; cases->name; cases++)
        run_case(s, cases->name, cases->opset, cases->input, cases->graph);
}

static void run_nets(session *s)
{
    char *text = malloc(GRAPH_SIZE);
    if (!text) abort();
    for (const bits_net *net = bits_nets; net->name; net++) {
        net->write(text, GRAPH_SIZE);
        run_case(s, net->name, net->opset, net->input, text);
    }
    free(text);
}

/* Cases named after the operator. */
static void look_for_all_operators(session *s)
{
    static const bits_case *const tables[] = {bits_elementwise, bits_layers, bits_arrays};
    const cm_operator *op = NULL;
    for (int i = 0; (op = cm_operator_at(i)) != NULL; i++) {
        bool found = false;
        for (int t = 0; t < 3; t++)
            for (const bits_case *c = tables[t]; c->name && !found; c++)
                found = strlen(op->name) == strcspn(c->name, ".") &&
                        !strncmp(op->name, c->name, strlen(op->name));
        if (!found) fail(s, op->name, "the operator has no case: add a line to tests/bits/cases_*.c", NULL);
    }
}

/* -- routines that no model makes: any number of threads -- */

enum { MOST_NUMBERS = 1 << 16 };

struct bits_sink {
    session *session;
    int backend;
    char name[64]; /* "" = none has begun */
    double number[MOST_NUMBERS];
    int n;
};

/* The first backend writes the lines, the others find theirs. */
static void end_routine(bits_sink *sink)
{
    session *s = sink->session;
    cm_digest digest;
    char hex[65];
    if (!sink->name[0] || !is_wanted(s, sink->name)) return;
    if (cm_sha256_of(sink->number, sink->n * (int64_t)sizeof *sink->number, &digest)) abort();
    cm_digest_hex(&digest, hex);
    const line *first = find_line(s, sink->name);
    if (sink->backend == 0 && !first)
        add_line(s, sink->name, &digest);
    else if (sink->backend == 0)
        fail(s, sink->name, "two cases have this name", NULL);
    else if (!first || strcmp(first->hex, hex) != 0)
        fail(s, sink->name, "the numbers depend on the number of threads", NULL);
}

void bits_begin(bits_sink *sink, const char *name)
{
    end_routine(sink);
    sink->n = 0;
    snprintf(sink->name, sizeof sink->name, "%s", name);
}

void bits_put(bits_sink *sink, double v)
{
    if (sink->n == MOST_NUMBERS) abort();
    sink->number[sink->n++] = isnan(v) ? NAN : v;
}

static void run_routines(session *s)
{
    bits_sink *sink = calloc(1, sizeof *sink);
    if (!sink) abort();
    sink->session = s;
    for (int b = 0; b < s->n_backends; b++) {
        bool done = false; /* the kind of kernels does not matter here */
        for (int before = 0; before < b; before++)
            done |= s->threads[before] == s->threads[b];
        sink->backend = b;
        for (const bits_routine *r = bits_routines; *r && !done; r++)
            (*r)(s->pools[b], sink);
        bits_begin(sink, "");
    }
    free(sink);
}

/* -- the file of expected digests -- */

static void compare_with_file(session *s, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fail(s, path, "cannot be read", NULL);
        return;
    }
    char text[200], name[64], hex[65];
    while (fgets(text, sizeof text, file)) {
        if (text[0] == '#' || sscanf(text, "%63s %64s", name, hex) != 2 || !is_wanted(s, name)) continue;
        line *l = find_line(s, name);
        if (l) l->expected = true;
        if (!l)
            fail(s, name, "is expected, but there is no such case or it failed", NULL);
        else if (strcmp(l->hex, hex) != 0)
            fail(s, name, "other bits than expected", NULL);
    }
    fclose(file);
    for (int i = 0; i < s->n_lines; i++)
        if (!s->lines[i].expected)
            fail(s, s->lines[i].name,
                 "is not in the file of expected digests: write it again (docs/determinism.md)", NULL);
}

/* -- set-up -- */

/* Whether the comma-separated list holds the word. */
static bool holds(const char *list, const char *word)
{
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strcspn(at, ",") == strlen(word) && !strncmp(at, word, strlen(word))) return true;
    }
    return false;
}

static void create_backends(session *s, const char *variants, const char *threads)
{
    static const int features[] = {CM_CPU_SCALAR, CM_CPU_AVX2, CM_CPU_AVX512, CM_CPU_NEON};
    static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
    for (int v = 0; v < 4; v++)
        for (int n = 1; n <= 3; n++) {
            const char count[2] = {(char)('0' + n), 0};
            cm_threads *pool = NULL;
            cm_backend *be = NULL;
            if (!holds(variants, names[v]) || !holds(threads, count)) continue;
            if (cm_threads_create(n, &pool, NULL) || cm_backend_cpu_create(pool, features[v], &be, NULL))
                abort();
            if (strcmp(cm_backend_variant(be), names[v]) != 0) { /* not on this machine */
                cm_backend_destroy(be);
                cm_threads_destroy(pool);
                continue;
            }
            s->backends[s->n_backends] = be;
            s->pools[s->n_backends] = pool;
            s->threads[s->n_backends++] = n;
        }
}

int main(int argc, char **argv)
{
    const char *expected = NULL, *variants = "scalar,avx2,avx512,neon", *threads = "1,2,3";
    session *s = calloc(1, sizeof *s);
    if (!s) return 2;
    s->only = "";
    for (int i = 1; i < argc; i++) {
        const char **value = !strcmp(argv[i], "--expected")   ? &expected
                             : !strcmp(argv[i], "--variants") ? &variants
                             : !strcmp(argv[i], "--threads")  ? &threads
                             : !strcmp(argv[i], "--only")     ? &s->only
                                                              : NULL;
        if (!value || ++i == argc) {
            fprintf(stderr, "usage: %s [--expected FILE] [--variants LIST] [--threads LIST] [--only BEGIN]\n",
                    argv[0]);
            return 2;
        }
        *value = argv[i];
    }
    create_backends(s, variants, threads);
    if (s->n_backends == 0) fail(s, variants, "this machine has none of these", NULL);
    look_for_all_operators(s);
    if (s->n_backends > 0) {
        run_cases(s, bits_elementwise);
        run_cases(s, bits_layers);
        run_cases(s, bits_arrays);
        run_nets(s);
        run_routines(s);
    }
    if (expected) compare_with_file(s, expected);
    for (int i = 0; !expected && i < s->n_lines; i++)
        printf("%s %s\n", s->lines[i].name, s->lines[i].hex);
    fprintf(stderr, "%d cases with", s->n_lines);
    for (int b = 0; b < s->n_backends; b++)
        fprintf(stderr, " %s:%d", cm_backend_variant(s->backends[b]), s->threads[b]);
    fprintf(stderr, ": %s\n", s->failures ? "not the same everywhere" : "the same bits");
    for (int b = 0; b < s->n_backends; b++) {
        cm_backend_destroy(s->backends[b]);
        cm_threads_destroy(s->pools[b]);
    }
    const int failed = s->failures > 0;
    free(s);
    return failed;
}

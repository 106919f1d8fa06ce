/* Layers with their times, then the sums by operation. */
#include "engine/cli/tool_profile.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/cli/cli.h"

static cm_str shape_text(const cm_plan_layer *l)
{
    cm_str out = {{0}};
    for (int i = 0; i < l->rank; i++)
        out = cm_strf("%s%s%lld", out.s, i ? "," : "", (long long)l->dim[i]);
    return cm_strf("[%s]", out.s);
}

/* "Conv + LeakyRelu, winograd" */
static cm_str operation_text(const cm_plan_layer *l)
{
    static const char *const activation[] = {"", " + Relu", " + LeakyRelu"};
    return cm_strf("%s%s%s%s", l->op, activation[l->activation], l->kernel[0] ? ", " : "", l->kernel);
}

static double share(double seconds, double total)
{
    return total > 0 ? 100 * seconds / total : 0;
}

static double rate(double operations, double seconds)
{
    return seconds > 0 ? operations / seconds / 1e9 : 0;
}

static cm_str name_text(const cm_plan_layer *l)
{
    cm_str name = cm_strf("%s", l->name[0] ? l->name : "(unnamed)");
    cm_utf8_make_printable(name.s);
    return name;
}

/* -- sums over the layers of one operation -- */

typedef struct sum_row {
    cm_str operation;
    int64_t layers;
    double seconds, operations;
} sum_row;

static int longer_first(const void *a, const void *b)
{
    const sum_row *p = a, *q = b;
    if (p->seconds != q->seconds) return p->seconds > q->seconds ? -1 : 1;
    return strcmp(p->operation.s, q->operation.s);
}

/* *n rows; NULL without memory. */
static sum_row *sum_up(const cm_profile *p, int *n)
{
    sum_row *rows = calloc((size_t)p->layers + 1, sizeof *rows);
    *n = 0;
    for (int64_t i = 0; rows && i < p->layers; i++) {
        cm_plan_layer l;
        cm_plan_get_layer(p->plan, i, &l);
        const cm_str operation = operation_text(&l);
        int r = 0;
        while (r < *n && strcmp(rows[r].operation.s, operation.s) != 0)
            r++;
        if (r == *n) rows[(*n)++].operation = operation;
        rows[r].layers++;
        rows[r].seconds += p->seconds[i];
        rows[r].operations += l.operations;
    }
    if (rows) qsort(rows, (size_t)*n, sizeof *rows, longer_first);
    return rows;
}

static int no_memory(void)
{
    return cm_print_error(&(cm_error){.status = CM_ERR_NOMEM, .what = "no memory to print the profile"});
}

/* -- text -- */

int cm_profile_print(const cm_profile *p, int repeat, cm_backend *backend)
{
    int n = 0;
    sum_row *rows = sum_up(p, &n);
    const cm_plan_cost *cost = cm_plan_get_cost(p->plan);
    if (!rows) return no_memory();
    printf("%5s %10s %6s %9s  %-34s %-22s %s\n", "layer", "ms", "share", "GFLOP/s", "operation", "output",
           "node");
    for (int64_t i = 0; i < p->layers; i++) {
        cm_plan_layer l;
        cm_plan_get_layer(p->plan, i, &l);
        printf("%5lld %10.3f %5.1f%% %9.2f  %-34s %-22s %s\n", (long long)i + 1, 1e3 * p->seconds[i],
               share(p->seconds[i], p->total), rate(l.operations, p->seconds[i]), operation_text(&l).s,
               shape_text(&l).s, name_text(&l).s);
    }
    printf("\n%5s %10s %6s %9s  operation\n", "count", "ms", "share", "GFLOP/s");
    for (int i = 0; i < n; i++)
        printf("%5lld %10.3f %5.1f%% %9.2f  %s\n", (long long)rows[i].layers, 1e3 * rows[i].seconds,
               share(rows[i].seconds, p->total), rate(rows[i].operations, rows[i].seconds),
               rows[i].operation.s);
    printf("\n%5lld %10.3f %6s %9.2f  one run, mean of %d; %d thread%s, %s\n", (long long)p->layers,
           1e3 * p->total, "", rate(cost->operations, p->total), repeat, cm_threads_count(backend->pool),
           cm_threads_count(backend->pool) == 1 ? "" : "s", cm_backend_variant(backend));
    free(rows);
    return CM_EXIT_OK;
}

/* -- JSON -- */

static json_t *layer_json(const cm_profile *p, int64_t i)
{
    cm_plan_layer l;
    cm_plan_get_layer(p->plan, i, &l);
    json_t *shape = json_array();
    for (int d = 0; d < l.rank; d++)
        json_array_append_new(shape, json_integer(l.dim[d]));
    return json_pack("{s:s, s:s, s:s, s:o, s:f, s:f}", "node", name_text(&l).s, "operation",
                     operation_text(&l).s, "operator", l.op, "output", shape, "seconds", p->seconds[i],
                     "operations", l.operations);
}

int cm_profile_print_json(const cm_check *check, const cm_profile *p, int repeat, cm_backend *backend)
{
    int n = 0;
    sum_row *rows = sum_up(p, &n);
    if (!rows) return no_memory();
    json_t *layers = json_array(), *sums = json_array(), *tensor = json_array();
    for (int i = 0; i < check->rank; i++)
        json_array_append_new(tensor, json_integer(check->dim[i]));
    for (int64_t i = 0; i < p->layers; i++)
        json_array_append_new(layers, layer_json(p, i));
    for (int i = 0; i < n; i++)
        json_array_append_new(sums, json_pack("{s:s, s:I, s:f, s:f}", "operation", rows[i].operation.s,
                                              "layers", (json_int_t)rows[i].layers, "seconds",
                                              rows[i].seconds, "operations", rows[i].operations));
    free(rows);
    json_t *doc = json_pack("{s:o, s:i, s:i, s:s, s:f, s:f, s:o, s:o}", "tensor", tensor, "repeat", repeat,
                            "threads", cm_threads_count(backend->pool), "variant",
                            cm_backend_variant(backend), "seconds", p->total, "operations",
                            cm_plan_get_cost(p->plan)->operations, "layers", layers, "sums", sums);
    char *text = doc ? json_dumps(doc, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(doc);
    if (!text) return no_memory();
    puts(text);
    free(text);
    return CM_EXIT_OK;
}

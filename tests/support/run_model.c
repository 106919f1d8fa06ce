/* Runs a model once, for comparisons with other programs: MODEL IN OUT DIMS [OUTPUT] reads float32 numbers of
 * shape DIMS ("1,3,8,8") from IN, writes the output's to OUT and prints its shape. Exit code: 0, or the
 * status of what failed, with the error on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/model/model.h"

enum { MOST = 1 << 30 };

static int parse_dims(const char *text, int64_t *dim)
{
    int rank = 0;
    while (*text && rank < CM_MAX_RANK) {
        char *end = NULL;
        dim[rank++] = strtoll(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    return rank;
}

static cm_status write_output(const cm_plan_cost *cost, const float *y, const char *path, cm_error *err)
{
    int64_t count = 1;
    for (int i = 0; i < cost->output_rank; i++) {
        printf("%s%lld", i ? "," : "", (long long)cost->output_dim[i]);
        count *= cost->output_dim[i];
    }
    printf("\n");
    return cm_file_write(path, y, count * (int64_t)sizeof *y, err);
}

static cm_status run(cm_plan *plan, const char *in, int64_t expected, const char *out, cm_error *err)
{
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    char *data = NULL;
    int64_t bytes = 0, count = 1;
    for (int i = 0; i < cost->output_rank; i++)
        count *= cost->output_dim[i];
    float *y = malloc((size_t)count * sizeof *y + 1);
    cm_status st = y ? CM_OK : CM_ERR_NOMEM;
    if (!st) st = cm_file_read(in, MOST, &data, &bytes, err);
    if (!st && bytes != expected) st = CM_FAIL(err, CM_ERR_ARG, .what = "IN does not fit DIMS");
    if (!st) st = cm_plan_prepare(plan, err);
    if (!st) st = cm_plan_run(plan, (const float *)(void *)data, y, NULL, err);
    if (!st) st = write_output(cost, y, out, err);
    free(data);
    free(y);
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s MODEL IN OUT DIMS [OUTPUT]\n", argv[0]);
        return 2;
    }
    cm_error err = {0};
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    cm_model *model = NULL;
    cm_plan *plan = NULL;
    int64_t dim[CM_MAX_RANK], bytes = sizeof(float);
    const int rank = parse_dims(argv[4], dim);
    for (int i = 0; i < rank; i++)
        bytes *= dim[i];
    cm_status st = cm_threads_create(2, &pool, &err);
    if (!st) st = cm_backend_cpu_create(pool, -1, &be, &err);
    if (!st) st = cm_model_open(argv[1], NULL, &model, &err);
    if (!st) st = cm_plan_create(model, NULL, NULL, dim, rank, argc > 5 ? argv[5] : NULL, be, &plan, &err);
    if (!st) st = run(plan, argv[2], bytes, argv[3], &err);
    if (st) {
        char text[1500];
        cm_error_format(&err, text, sizeof text);
        fprintf(stderr, "%s: %s\n", cm_status_name(st), text);
    }
    cm_plan_destroy(plan);
    cm_model_close(model);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    return (int)st;
}

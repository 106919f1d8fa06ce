/* Runs ONNX's own tests through the executor: conformance SET FOLDER [-v] [NAME], where FOLDER holds node/,
 * pytorch-converted/ and so on. Every test is run with each of its inputs in turn given at run time and the
 * others known while planning, and once with all of them known; on the fastest kernels with two threads, and
 * on the scalar ones, whose bits must be the same. It passes when at least one of these ways is taken, each
 * that is taken gives what is expected, and each that is not is refused as unsupported.
 *
 * Prints lines "test NAME passed|failed|outside WHY", and at the end "operator NAME PASSED HIT" and
 * "set SET FOLDERS HIT PASSED"; tests/conformance/run.sh compares them with what the repository says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/model/plan.h"
#include "tests/conformance/judge.h"

enum { MOST_BYTES = 1 << 30, ROWS = 512, PATH_BYTES = 4096 };

typedef struct machine {
    cm_threads *pool;
    cm_backend *fast, *scalar;
} machine;

typedef struct counts {
    int64_t folders, hit, passed;
    int64_t op_hit[ROWS], op_passed[ROWS];
} counts;

/* -- one way of running a test -- */

typedef struct way {
    cm_model *model;
    const char *input; /* that is given at run time */
    const cm_tensor *shape;
    const float *numbers;
} way;

static cm_status run_on(const way *w, const char *output, cm_backend *be, cm_tensor *as, float **y,
                        cm_error *err)
{
    cm_plan *plan = NULL;
    *y = NULL;
    cm_status st =
        cm_plan_create(w->model, NULL, w->input, w->shape->dim, w->shape->rank, output, be, &plan, err);
    if (!st) st = cm_plan_prepare(plan, err);
    if (!st) {
        *as = plan->tensors[plan->output_value];
        *y = malloc((size_t)cm_tensor_count(as) * sizeof **y + 1);
        st = *y ? cm_plan_run(plan, w->numbers, *y, NULL, err) : CM_ERR_NOMEM;
    }
    cm_plan_destroy(plan);
    return st;
}

static cm_str refusal(cm_status st, const cm_error *err)
{
    char text[600];
    cm_error_format(err, text, sizeof text);
    return cm_strf("%s: %s", cm_status_name(st), text);
}

/* "" where all outputs are right. *taken false: refused as unsupported, which another way may make good. */
static cm_str run_way(const way *w, const machine *m, bool both, const array *expected, int n_expected,
                      bool *taken)
{
    for (int i = 0; i < n_expected; i++) {
        const char *name = cm_model_output(w->model, i)->name;
        cm_tensor as = {0}, other = {0};
        float *y = NULL, *z = NULL;
        cm_error err = {0};
        cm_str problem = cm_strf("%s", "");
        cm_status st = run_on(w, name, m->fast, &as, &y, &err);
        if (!st) problem = judge(&expected[i], &as, y);
        if (!st && both && !problem.s[0]) st = run_on(w, name, m->scalar, &other, &z, &err);
        if (!st && z && memcmp(y, z, (size_t)cm_tensor_count(&as) * sizeof *y))
            problem = cm_strf("output %s: the scalar kernels give other bits", name);
        else if (problem.s[0])
            problem = cm_strf("output %s: %s", name, problem.s);
        if (st) problem = refusal(st, &err);
        free(y);
        free(z);
        *taken = st != CM_ERR_UNSUPPORTED;
        if (problem.s[0]) return problem;
    }
    return cm_strf("%s", "");
}

/* Run-time inputs are float32 arrays: whether the numbers survive that, and there are some. */
static bool as_floats(const cm_tensor *t, float **out)
{
    const int64_t n = cm_tensor_count(t);
    bool exact = n > 0;
    *out = malloc((size_t)n * sizeof **out + 1);
    for (int64_t i = 0; *out && i < n; i++) {
        if (t->element == CM_ELEMENT_F32) {
            (*out)[i] = ((const float *)t->data)[i];
            continue;
        }
        const int64_t v = cm_whole_at(t->element, t->data, i);
        (*out)[i] = (float)v;
        exact = exact && v > -(1 << 24) && v < 1 << 24;
    }
    return *out && exact;
}

static bool has_declared_shape(const cm_model_io *io, const cm_tensor *t)
{
    bool fits = io->rank < 0 || io->rank == t->rank;
    for (int i = 0; fits && i < io->rank; i++)
        fits = io->dim[i] < 0 || io->dim[i] == t->dim[i];
    return fits;
}

static cm_str open_and_run(content model, const outline *o, const array *in, int at_run_time,
                           const machine *m, bool both, const array *expected, int n_expected, bool *taken)
{
    const array *given[MOST_ARRAYS] = {NULL};
    const float one = 1;
    const cm_tensor unused = {.element = CM_ELEMENT_F32, .rank = 1, .dim = {1}};
    float *numbers = NULL;
    cm_error err = {0};
    way w = {.input = "cohmark_unused", .shape = &unused, .numbers = &one};
    for (int i = 0; i < o->n_inputs; i++)
        given[i] = i == at_run_time ? NULL : &in[i];
    *taken = false;
    if (at_run_time >= 0) {
        if (!has_declared_shape(&o->inputs[at_run_time], &in[at_run_time].tensor))
            return cm_strf("the array does not have the shape that the model declares");
        w = (way){.input = o->inputs[at_run_time].name, .shape = &in[at_run_time].tensor};
        if (!as_floats(w.shape, &numbers)) {
            free(numbers);
            return cm_strf("not a float32 array");
        }
        w.numbers = numbers;
    }
    ow_buf file = model_with(model, o, given);
    const cm_status st = cm_model_open_memory(file.data, file.size, "model", NULL, &w.model, &err);
    *taken = st && st != CM_ERR_UNSUPPORTED;
    cm_str problem = st ? refusal(st, &err) : run_way(&w, m, both, expected, n_expected, taken);
    cm_model_close(w.model);
    ow_free(&file);
    free(numbers);
    return problem;
}

/* -- one test -- */

static void free_arrays(array *list, int n)
{
    for (int i = 0; i < n; i++)
        free(list[i].file.data);
}

static cm_str run_arrays(content model, const outline *o, const array *in, int n_in, const array *out,
                         int n_out, const machine *m, bool both)
{
    int ways = 0;
    cm_str refused = cm_strf("no arrays");
    if (n_in != o->n_inputs || n_out != o->n_outputs)
        return cm_strf("%d and %d arrays for %d inputs and %d outputs", n_in, n_out, o->n_inputs,
                       o->n_outputs);
    for (int at = n_in - 1; at >= -1; at--) { /* the first input last but one: its refusal is told */
        bool taken = false;
        if (at < 0 && !both) break; /* the input of a light model is made here, it is in no file */
        const cm_str problem = open_and_run(model, o, in, at, m, both, out, n_out, &taken);
        ways += taken;
        if (taken && problem.s[0])
            return cm_strf("%s (%s)", problem.s, at < 0 ? "all inputs known" : o->inputs[at].name);
        if (!taken) refused = problem;
    }
    return ways ? cm_strf("%s", "") : refused;
}

static cm_str run_data_sets(const char *folder, content model, const outline *o, const machine *m)
{
    cm_str problem = cm_strf("there is no test data");
    for (int k = 0; k < 16; k++) {
        char path[PATH_BYTES + 64];
        array in[MOST_ARRAYS], out[MOST_ARRAYS];
        int n_in = 0, n_out = 0;
        cm_memory memory = {0};
        cm_error err = {0};
        snprintf(path, sizeof path, "%s/test_data_set_%d", folder, k);
        if (!cm_path_is_folder(path)) break;
        cm_status st = arrays_read(path, "input", &memory, in, &n_in, &err);
        if (!st) st = arrays_read(path, "output", &memory, out, &n_out, &err);
        for (int i = 0; !st && i < n_in && i < o->n_inputs; i++)
            st = array_as_declared(&o->inputs[i], &memory, &in[i], &err);
        for (int i = 0; !st && i < n_out && i < o->n_outputs; i++)
            st = array_as_declared(&o->outputs[i], &memory, &out[i], &err);
        problem = st ? refusal(st, &err) : run_arrays(model, o, in, n_in, out, n_out, m, true);
        free_arrays(in, n_in);
        free_arrays(out, n_out);
        cm_memory_fini(&memory);
        if (problem.s[0]) break;
    }
    return problem;
}

/* A real architecture without its weights: one file, its output beside it; the input counts up from 0 to 1,
 * as ONNX's runner makes it. */
static cm_str run_light(const char *path, content model, const outline *o, const machine *m)
{
    char stem[PATH_BYTES + 64];
    array in = {.type = 1}, out[MOST_ARRAYS];
    int n_out = 0;
    cm_memory memory = {0};
    cm_error err = {0};
    float *numbers = NULL;
    if (o->n_inputs != 1) return cm_strf("%d inputs", o->n_inputs);
    in.tensor = (cm_tensor){.element = CM_ELEMENT_F32, .rank = o->inputs[0].rank};
    for (int i = 0; i < in.tensor.rank; i++)
        in.tensor.dim[i] = o->inputs[0].dim[i] < 0 ? 1 : o->inputs[0].dim[i];
    const int64_t n = cm_tensor_count(&in.tensor);
    snprintf(stem, sizeof stem, "%.*s_output", (int)(strlen(path) - strlen(".onnx")), path);
    char *slash = strrchr(stem, '/');
    *slash = '\0';
    cm_status st = arrays_read(stem, slash + 1, &memory, out, &n_out, &err);
    if (!st) st = cm_memory_take(&memory, n, sizeof *numbers, &numbers, &err);
    for (int64_t i = 0; !st && i < n; i++)
        numbers[i] = (float)((double)i / (double)n);
    in.tensor.data = numbers;
    const cm_str problem = st ? refusal(st, &err) : run_arrays(model, o, &in, 1, out, n_out, m, false);
    free_arrays(out, n_out);
    cm_memory_fini(&memory);
    return problem;
}

static int row_of(const cm_operator *op)
{
    int row = 0;
    while (cm_operator_at(row) != op)
        row++;
    return row;
}

static void run_test(const char *set, const char *folder, const char *name, const machine *m, counts *c,
                     bool loud)
{
    char path[PATH_BYTES];
    content model = {0};
    static outline o;
    cm_error err = {0};
    const char *dot = strrchr(name, '.');
    const bool light = dot && !strcmp(dot, ".onnx");
    if (dot && !light) return; /* what lies beside a light model */
    snprintf(path, sizeof path, light ? "%s/%s" : "%s/%s/model.onnx", folder, name);
    if (!cm_path_exists(path)) return;
    c->folders++;
    cm_str problem = cm_strf("%s", "");
    cm_status st = cm_file_read(path, MOST_BYTES, &model.data, &model.size, &err);
    if (st) {
        printf("test %s/%s failed %s\n", set, name, refusal(st, &err).s);
        return;
    }
    outline_read(model, &o);
    if (!o.outside.s[0]) {
        char *slash = strrchr(path, '/');
        if (!light) *slash = '\0';
        problem = light ? run_light(path, model, &o, m) : run_data_sets(path, model, &o, m);
        if (!strncmp(problem.s, "policy", 6)) o.outside = problem; /* random numbers */
    }
    if (!o.outside.s[0]) {
        c->hit++;
        c->passed += !problem.s[0];
        for (int i = 0; i < o.n_used; i++) {
            c->op_hit[row_of(o.used[i])]++;
            c->op_passed[row_of(o.used[i])] += !problem.s[0];
        }
    }
    free(model.data);
    if (o.outside.s[0] ? loud : loud || problem.s[0])
        printf("test %s/%s %s %s\n", set, name,
               o.outside.s[0] ? "outside"
               : problem.s[0] ? "failed"
                              : "passed",
               o.outside.s[0] ? o.outside.s : problem.s);
}

static cm_status run_folder(const char *root, const char *kind, const char *wanted, const machine *m,
                            bool loud, counts *c, cm_error *err)
{
    char folder[PATH_BYTES / 2];
    char **names = NULL;
    int64_t n = 0;
    snprintf(folder, sizeof folder, "%s/%s", root, kind);
    if (!cm_path_is_folder(folder)) return CM_OK;
    const cm_status st = cm_folder_list(folder, &names, &n, err);
    for (int64_t i = 0; !st && i < n; i++)
        if (strstr(names[i], wanted)) run_test(kind, folder, names[i], m, c, loud);
    cm_names_free(names, n);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"node", "pytorch-converted", "pytorch-operator", "simple", "light"};
    static counts total;
    machine m = {0};
    cm_error err = {0};
    int at = 3;
    const bool loud = argc > at && !strcmp(argv[at], "-v") && at++;
    if (argc < 3) {
        fprintf(stderr, "usage: %s SET FOLDER [-v] [NAME]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    cm_status st = cm_threads_create(2, &m.pool, &err);
    if (!st) st = cm_backend_cpu_create(m.pool, -1, &m.fast, &err);
    if (!st) st = cm_backend_cpu_create(NULL, CM_CPU_SCALAR, &m.scalar, &err);
    for (int k = 0; !st && k < 5; k++)
        st = run_folder(argv[2], kinds[k], argc > at ? argv[at] : "", &m, loud, &total, &err);
    if (st) fprintf(stderr, "%s\n", refusal(st, &err).s);
    for (int i = 0; cm_operator_at(i); i++)
        if (total.op_hit[i])
            printf("operator %s %lld %lld\n", cm_operator_at(i)->name, (long long)total.op_passed[i],
                   (long long)total.op_hit[i]);
    printf("set %s %lld %lld %lld\n", argv[1], (long long)total.folders, (long long)total.hit,
           (long long)total.passed);
    cm_backend_destroy(m.fast);
    cm_backend_destroy(m.scalar);
    cm_threads_destroy(m.pool);
    return st ? 1 : 0;
}

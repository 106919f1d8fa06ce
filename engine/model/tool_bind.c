/* Whether a model's tensors are what tool.xml says. */
#include "engine/model/tool_internal.h"

#include <string.h>

typedef struct findings {
    cm_problems *problems;
    cm_error *err;
    cm_status status;
} findings;

static void found(findings *f, cm_status status, const char *what, const char *where, const char *why,
                  const char *next)
{
    cm_error e = {0};
    CM_FAIL(&e, status, .what = what, .where = where, .why = why, .next = next);
    cm_problems_add(f->problems, &e);
    if (!f->status) {
        f->status = status;
        if (f->err && !f->err->status) *f->err = e;
    }
}

static void list_names(const cm_model *model, const cm_model_io *(*get)(const cm_model *, int), int n,
                       cm_str *out)
{
    size_t used = 0;
    out->s[0] = '\0';
    for (int i = 0; i < n; i++) {
        const char *name = get(model, i)->name;
        if (used + strlen(name) + 3 >= sizeof out->s) break;
        memcpy(out->s + used, i ? ", " : "", i ? 2 : 0);
        used += i ? 2 : 0;
        memcpy(out->s + used, name, strlen(name) + 1);
        used += strlen(name);
    }
}

/* Number of the tensor meant by `name` ("" = the only one); -1 when there is none. */
static int choose(findings *f, const cm_model *model, const char *kind, const char *name,
                  const cm_model_io *(*get)(const cm_model *, int), int n)
{
    cm_str names;
    list_names(model, get, n, &names);
    for (int i = 0; name[0] && i < n; i++)
        if (strcmp(get(model, i)->name, name) == 0) return i;
    if (name[0])
        found(f, CM_ERR_NOT_FOUND, cm_strf("the model has no %s named '%s'", kind, name).s, "model", names.s,
              "use one of the names listed");
    else if (n != 1)
        found(f, CM_ERR_MISMATCH, cm_strf("the model has %d %ss and none is named", n, kind).s, "model",
              names.s,
              cm_strf("write %s=\"...\" in the model element of tool.xml (tool check FILE.onnx: --%s)", kind,
                      kind)
                  .s);
    else
        return 0;
    return -1;
}

static void check_input(findings *f, const cm_tool_spec *spec, const cm_model_io *io)
{
    int wanted = spec->input.dimension + 2;
    const cm_str place = cm_strf("input '%.100s'", io->name);
    const char *where = place.s;
    if (io->element != CM_ELEMENT_F32)
        found(f, CM_ERR_MISMATCH, "the model's input is not float32", where, NULL,
              "export with float inputs");
    if (io->rank < 0) return;
    if (io->rank != wanted) {
        found(f, CM_ERR_MISMATCH, "the model's input has another rank than tool.xml says", where,
              cm_strf("rank %d, dimension=\"%d\" means rank %d", io->rank, spec->input.dimension, wanted).s,
              "correct dimension in tool.xml");
        return;
    }
    if (io->dim[0] > 1)
        found(f, CM_ERR_MISMATCH, "the model's batch size is fixed", where,
              cm_strf("%lld, cohmark runs batch 1", (long long)io->dim[0]).s,
              "export with batch 1 or a free one");
    if (io->dim[1] > 0 && io->dim[1] != spec->n_channels)
        found(f, CM_ERR_MISMATCH, "the model's input has another number of channels than tool.xml", where,
              cm_strf("%lld in the model, %d in tool.xml", (long long)io->dim[1], spec->n_channels).s,
              "name as many channels as the model eats");
    if (spec->input.whole) return;
    int axis[3];
    cm_tool_spec_tensor_axes(&spec->input, axis);
    for (int k = 0; k < spec->input.dimension; k++) {
        int64_t dim = io->dim[io->rank - 1 - k], window = spec->input.window[axis[k]];
        if (dim > 0 && dim != window)
            found(f, CM_ERR_MISMATCH, "the window differs from the model's fixed size", where,
                  cm_strf("along %c the model takes %lld, the window has %lld", "xyz"[axis[k]],
                          (long long)dim, (long long)window)
                      .s,
                  "use the model's size");
    }
}

static void check_output(findings *f, const cm_tool_spec *spec, const cm_model_io *io)
{
    const cm_str place = cm_strf("output '%.100s'", io->name);
    const char *where = place.s;
    if (io->element != CM_ELEMENT_F32)
        found(f, CM_ERR_MISMATCH, "the model's output is not float32", where, NULL,
              "name the output before an ArgMax or Cast, or export without it");
    int wanted = spec->input.dimension + 2;
    if (!spec->classification && io->rank >= 0 && io->rank != wanted)
        found(f, CM_ERR_MISMATCH, "the model's output has another rank than its input", where,
              cm_strf("rank %d, wanted %d", io->rank, wanted).s,
              "a segmentation output is [1][channels][spatial...]");
}

static void choose_both(findings *f, const cm_model_spec *names, const cm_model *model, int *input,
                        int *output)
{
    *input = choose(f, model, "input", names->input, cm_model_input, cm_model_input_count(model));
    *output = choose(f, model, "output", names->output, cm_model_output, cm_model_output_count(model));
    if (cm_model_input_count(model) > 1)
        found(f, CM_ERR_UNSUPPORTED, "the model wants more than one input", "model",
              cm_strf("%d inputs", cm_model_input_count(model)).s,
              "export a model with the image as its only input");
}

cm_status cm_tool_choose_tensors(const cm_model_spec *names, const cm_model *model, int *input, int *output,
                                 cm_problems *problems, cm_error *err)
{
    findings f = {problems, err, CM_OK};
    choose_both(&f, names, model, input, output);
    return f.status;
}

cm_status cm_tool_bind_model(const cm_tool_spec *spec, int i, cm_tool_model *model, cm_problems *problems,
                             cm_error *err)
{
    findings f = {problems, err, CM_OK};
    choose_both(&f, &spec->models[i], model->model, &model->input, &model->output);
    if (model->input >= 0) check_input(&f, spec, cm_model_input(model->model, model->input));
    if (model->output >= 0) check_output(&f, spec, cm_model_output(model->model, model->output));
    return f.status;
}

int cm_tool_tensor_shape(const cm_tool_spec *spec, const int64_t tile[3], int64_t dim[CM_MAX_RANK])
{
    int rank = 0;
    dim[rank++] = 1;
    dim[rank++] = spec->n_channels;
    for (int k = spec->input.dimension - 1; k >= 0; k--)
        dim[rank++] = tile[k];
    return rank;
}

static cm_status output_channels(const cm_tool_spec *spec, const cm_plan_cost *cost, const int64_t tile[3],
                                 int64_t *channels, cm_error *err)
{
    int rank = (int)cost->output_rank;
    if (spec->classification) {
        int64_t n = 1, largest = 1;
        for (int i = 0; i < rank; i++) {
            n *= cost->output_dim[i];
            if (cost->output_dim[i] > largest) largest = cost->output_dim[i];
        }
        *channels = n;
        if (n == largest && n >= 1) return CM_OK;
        return CM_FAIL(err, CM_ERR_MISMATCH,
                       .what = "a classifier's output must have one dimension of classes", .where = "model",
                       .why = cm_strf("%d dimensions, %lld values", rank, (long long)n).s);
    }
    int dimension = spec->input.dimension;
    bool fits = rank == dimension + 2 && cost->output_dim[0] == 1;
    for (int k = 0; fits && k < dimension; k++)
        fits = cost->output_dim[rank - 1 - k] == tile[k];
    *channels = fits ? cost->output_dim[1] : 0;
    if (fits) return CM_OK;
    return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the model's output has not the spatial size of its input",
                   .where = "model",
                   .why = cm_strf("input %lld x %lld x %lld, output of rank %d ends in %lld",
                                  (long long)tile[2], (long long)tile[1], (long long)tile[0], rank,
                                  (long long)(rank > 0 ? cost->output_dim[rank - 1] : 0))
                              .s,
                   .next = "use a size the model keeps (padding multiple, window), or another output");
}

cm_status cm_tool_output_channels(const cm_tool_spec *spec, const cm_plan_cost *const *costs,
                                  const int64_t tile[3], int64_t *channels, cm_error *err)
{
    cm_status st = output_channels(spec, costs[0], tile, channels, err);
    for (int i = 1; !st && i < spec->n_models; i++) {
        int64_t others = 0;
        st = output_channels(spec, costs[i], tile, &others, err);
        if (!st && others != *channels)
            st = CM_FAIL(err, CM_ERR_MISMATCH, .what = "the models give different numbers of channels",
                         .where = cm_strf("tool.xml:%d", spec->models[i].line).s,
                         .why = cm_strf("%s gives %lld, %s gives %lld", spec->models[0].file,
                                        (long long)*channels, spec->models[i].file, (long long)others)
                                    .s,
                         .next = "average models of one task only");
    }
    return st;
}

/* Looks at each part of a tool even when another part is wrong. */
#include "engine/model/tool_check.h"

#include <stdlib.h>
#include <string.h>

#include "engine/model/estimate.h"

/* Runs a step of the check: what it fails with becomes a problem. */
static bool passed(cm_check *c, cm_status st, cm_error *err)
{
    if (!st) return true;
    if (!err->status) CM_FAIL(err, st, .what = "the check failed");
    cm_problems_add(&c->problems, err);
    memset(err, 0, sizeof *err);
    return false;
}

/* Opening stops at the first operator it refuses; the others of the file are problems, too, told like it. */
static void add_operators(cm_check *c, const cm_survey *survey)
{
    const cm_str first =
        cm_strf("%s", c->problems.item[c->problems.count - 1].where); /* "FILE: node 3 ..." */
    const char *node = strstr(first.s, ": node ");
    const int file = node ? (int)(node + 2 - first.s) : 0;
    for (int i = 0; i < survey->n_rows; i++) {
        const cm_survey_row *r = &survey->row[i];
        cm_error e = {0};
        bool policy = r->status == CM_ERR_POLICY;
        if (strstr(first.s, cm_strf("(%s)", r->name).s)) continue;
        const cm_str name = r->node[0] ? cm_strf(" \"%s\"", r->node) : cm_strf("%s", "");
        const cm_str where =
            cm_strf("%.*snode %lld%s (%s)", file, first.s, (long long)r->position, name.s, r->name);
        CM_FAIL(
            &e, r->status,
            .what = cm_strf("operator %s%s%s is not %s", r->domain, r->domain[0] ? "." : "", r->name,
                            policy ? "allowed" : "supported")
                        .s,
            .where = where.s,
            .why = r->nodes == 1 ? "" : cm_strf("%lld nodes of it, this is the first", (long long)r->nodes).s,
            .next = policy ? "Export the model without it" : "Export with operators of docs/operators.md");
        cm_problems_add(&c->problems, &e);
    }
}

static bool is_about_operators(cm_status st)
{
    return st == CM_ERR_UNSUPPORTED || st == CM_ERR_POLICY;
}

/* ---- a bare model ---- */

static bool fill_shape(cm_check *c, const cm_check_options *options, const cm_model_io *io)
{
    cm_error e = {0};
    c->rank = options->rank ? options->rank : io->rank;
    if (c->rank < 1) {
        CM_FAIL(&e, CM_ERR_MISMATCH, .what = "the model does not say the shape of its input",
                .where = io->name, .next = "give one: --shape 1,1,64,64,64");
        return passed(c, e.status, &e);
    }
    if (io->rank >= 0 && c->rank != io->rank) {
        CM_FAIL(&e, CM_ERR_MISMATCH, .what = "the shape given has another rank than the model's input",
                .where = io->name, .why = cm_strf("%d given, %d in the model", c->rank, io->rank).s);
        return passed(c, e.status, &e);
    }
    for (int i = 0; i < c->rank; i++)
        c->dim[i] = options->rank ? options->dim[i] : io->dim[i] > 0 ? io->dim[i] : i == 0 ? 1 : 64;
    return true;
}

/* Bytes of a float tensor; INT64_MAX when too many. */
static int64_t tensor_bytes(const int64_t *dim, int rank)
{
    int64_t n = sizeof(float);
    for (int i = 0; i < rank; i++)
        if (dim[i] < 0 || !cm_mul_i64(n, dim[i], &n)) return INT64_MAX;
    return n;
}

static void check_bare(cm_check *c, const char *path, const cm_check_options *options,
                       const cm_model_limits *limits, cm_backend *backend)
{
    cm_error e = {0};
    cm_survey survey;
    cm_tool_model *m = &c->models[0];
    cm_status st = cm_model_open(path, limits, &m->model, &e);
    if (!passed(c, st, &e)) {
        if (!is_about_operators(st)) return;
        cm_survey_file(path, &survey);
        add_operators(c, &survey);
        return;
    }
    cm_model_spec names = {.line = 0};
    if (options->output) strncpy(names.output, options->output, sizeof names.output - 1);
    st = cm_tool_choose_tensors(&names, m->model, &m->input, &m->output, &c->problems, NULL);
    if (st || !fill_shape(c, options, cm_model_input(m->model, m->input))) return;
    cm_plan *plan = NULL;
    st = cm_plan_create(m->model, limits, cm_model_input(m->model, m->input)->name, c->dim, c->rank,
                        cm_model_output(m->model, m->output)->name, backend, &plan, &e);
    if (passed(c, st, &e)) {
        const cm_plan_cost *cost = cm_plan_get_cost(plan);
        int64_t io = tensor_bytes(c->dim, c->rank),
                out = tensor_bytes(cost->output_dim, (int)cost->output_rank);
        c->has_cost = true;
        c->cost = (cm_tool_cost){
            .parameters = cost->parameters,
            .peak_bytes = cost->weight_bytes + cost->arena_bytes + io + out,
            .windows = 1,
            .passes = 1,
            .operations = cost->operations,
            .seconds = cost->operations / cm_assumed_speed(backend),
        };
    }
    cm_plan_destroy(plan);
}

/* ---- a tool ---- */

static cm_geometry default_geometry(const cm_check *c)
{
    cm_geometry g = {
        .shape = {c->spec->input.dimension == 2 ? 1 : 128, 256, 256},
        .spacing_known = true,
        .orientation_known = true,
        .spacing_mm = {1, 1, 1},
        .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}},
    };
    if (!c->spec->input.whole || c->models[0].input < 0) return g;
    const cm_model_io *io = cm_model_input(c->models[0].model, c->models[0].input);
    int64_t *const size[3] = {&g.shape.nx, &g.shape.ny, &g.shape.nz};
    int axis[3];
    cm_tool_spec_tensor_axes(&c->spec->input, axis);
    for (int k = 0; k < c->spec->input.dimension && io->rank == c->spec->input.dimension + 2; k++)
        if (io->dim[io->rank - 1 - k] > 0) *size[axis[k]] = io->dim[io->rank - 1 - k];
    return g;
}

static void check_cost(cm_check *c, const cm_check_options *options, const cm_model_limits *limits,
                       cm_backend *backend)
{
    cm_error e = {0};
    cm_tiling tiling;
    int64_t peak;
    c->like = options->like ? *options->like : default_geometry(c);
    if (!passed(c, cm_tool_bound(c->spec, &c->like, &tiling, &peak, &e), &e)) return;
    c->rank = cm_tool_tensor_shape(c->spec, tiling.tile, c->dim);
    cm_status st = cm_estimate(c->spec, c->models, limits, &c->like, backend, &c->cost, &e);
    if (!passed(c, st, &e)) return;
    c->has_cost = true;
    for (int i = 0; i < c->spec->n_steps; i++)
        c->crop_may_reduce = c->crop_may_reduce || c->spec->steps[i].kind == CM_STEP_CROP;
    if (c->cost.peak_bytes <= limits->memory_bytes || c->crop_may_reduce) return;
    CM_FAIL(&e, CM_ERR_LIMIT, .what = "a case of this size would pass the memory limit",
            .why = cm_strf("%lld bytes are needed, %lld are allowed", (long long)c->cost.peak_bytes,
                           (long long)limits->memory_bytes)
                       .s,
            .next = "use a smaller window");
    passed(c, e.status, &e);
}

/* Opens model i and binds it to tool.xml, where that could be read. False: there is no model to go on with.
 */
static bool check_model(cm_check *c, int i, const cm_model_limits *limits)
{
    cm_error e = {0};
    /* A broken tool.xml does not hide what is wrong with the model beside it. */
    const char *file = c->spec ? c->spec->models[i].file : "model.onnx";
    cm_status st = cm_tool_open_model(&c->source, file, i, c->models, limits, &e);
    if (!c->spec && st == CM_ERR_NOT_FOUND) return false;
    if (!passed(c, st, &e)) {
        cm_survey survey;
        if (!is_about_operators(st)) return false;
        cm_tool_source_survey(&c->source, file, &survey);
        add_operators(c, &survey);
        return false;
    }
    return c->spec && !cm_tool_bind_model(c->spec, i, &c->models[i], &c->problems, NULL);
}

static void check_tool(cm_check *c, const char *path, const cm_check_options *options,
                       const cm_model_limits *limits, cm_backend *backend)
{
    cm_error e = {0};
    c->is_tool = true;
    if (!passed(c, cm_tool_source_open(path, limits, &c->source, &e), &e)) return;
    /* parse and bind add their own findings */
    cm_tool_spec_parse(c->source.xml, c->source.xml_bytes, c->source.xml_name, &c->spec, &c->problems, NULL);
    if (c->spec) passed(c, cm_tool_source_check(&c->source, c->spec, &e), &e);
    const int n = c->spec ? c->spec->n_models : 1;
    bool fits = true, opened = c->spec != NULL;
    for (int i = 0; i < n; i++) {
        fits = check_model(c, i, limits) && fits;
        opened = opened && c->models[i].model;
    }
    if (opened) c->has_digest = cm_tool_digest(&c->source, c->models, n, &c->digest) == CM_OK;
    if (fits) check_cost(c, options, limits, backend);
}

cm_status cm_check_create(const char *path, const cm_check_options *options, const cm_model_limits *limits,
                          cm_backend *backend, cm_check **out, cm_error *err)
{
    cm_check *c = calloc(1, sizeof *c);
    *out = c;
    if (!c) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory checking a tool");
    for (int i = 0; i < CM_MAX_MODELS; i++)
        c->models[i].input = c->models[i].output = -1;
    size_t length = strlen(path);
    if (length > 5 && strcmp(path + length - 5, ".onnx") == 0)
        check_bare(c, path, options, limits, backend);
    else
        check_tool(c, path, options, limits, backend);
    return CM_OK;
}

void cm_check_destroy(cm_check *check)
{
    if (!check) return;
    for (int i = 0; i < CM_MAX_MODELS; i++)
        cm_model_close(check->models[i].model);
    cm_tool_spec_destroy(check->spec);
    cm_tool_source_fini(&check->source);
    free(check);
}

cm_status cm_check_worst(const cm_check *check)
{
    cm_status worst = CM_OK;
    for (int i = 0; i < check->problems.count; i++) {
        cm_status st = check->problems.item[i].status;
        bool policy = st == CM_ERR_POLICY || st == CM_ERR_PRIVACY;
        bool limit =
            (st == CM_ERR_LIMIT || st == CM_ERR_NOMEM) && worst != CM_ERR_POLICY && worst != CM_ERR_PRIVACY;
        if (worst == CM_OK || policy || limit) worst = st;
    }
    /* A problem lies in what was submitted, never in the command line. */
    return worst == CM_ERR_ARG ? CM_ERR_MISMATCH : worst;
}

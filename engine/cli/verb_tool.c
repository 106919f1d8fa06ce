/* cohmark tool: a submitted model, described, checked, shown and packed. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/utf8.h"
#include "engine/cli/cli.h"
#include "engine/cli/tool_profile.h"
#include "engine/model/tool_check.h"
#include "engine/model/tool_describe.h"
#include "engine/run/bench.h"

static void print_help(void)
{
    printf(
        "Usage: cohmark tool init DIR\n"
        "       cohmark tool check DIR|FILE.tool|FILE.onnx [OPTIONS]\n"
        "       cohmark tool show  DIR|FILE.tool|FILE.onnx [OPTIONS]\n"
        "       cohmark tool profile DIR|FILE.tool|FILE.onnx [OPTIONS]\n"
        "       cohmark tool pack DIR -o FILE.tool\n"
        "\n"
        "A tool is tool.xml + model.onnx (+ licence, readme), in a folder or packed in one file.\n"
        "\n"
        "init    write a commented tool.xml to start from; names and sizes come from DIR/model.onnx\n"
        "check   report everything the engine would refuse, then parameters, operators, peak memory,\n"
        "        operations and time of one case; nothing is run. A bare FILE.onnx works, too\n"
        "show    what a tool says of itself: its steps in words, inputs, outputs, hash\n"
        "profile run the model once, on made-up numbers, and say where the time goes: every layer with its\n"
        "        operation, kernel, output shape, time and GFLOP/s (layers that were joined are one)\n"
        "pack    one file with the same bytes on every machine\n"
        "\n"
        "  --shape N,C,D,H,W      FILE.onnx: shape of its input (default: 1 for a free batch, 64 for\n"
        "                         other free dimensions)\n"
        "  --output NAME          FILE.onnx: output to compute, where the model has several\n"
        "  --cohort-like SIZE     tool: a case as 512x512x300@0.8x0.8x1.0, voxels along x, y, z and mm\n"
        "                         (without @: 1 mm; @unknown: spacing and orientation unknown)\n"
        "  --bench FILE           check under the limits of this bench.xml (default: docs/limits.md)\n"
        "  --threads N            threads of the estimate, or of the profile (default: cores of this machine)\n"
        "  --repeat N             profile: runs that are measured, after one that is not (default 3)\n"
        "  -o FILE                pack: where to write\n"
        "  --format text|json     how to print (default text)\n"
        "  --help                 this text\n"
        "\n"
        "Exit codes: 0 accepted, 2 usage, 3 invalid, 5 over a limit, 6 refused by policy (external data,\n"
        "control flow, foreign operators, links).\n"
        "\n"
        "Example: cohmark tool check my-unet --cohort-like 512x512x300@0.8x0.8x1.0\n");
}

typedef struct arguments {
    const char *action, *path, *out, *bench;
    bool as_json, has_like;
    int threads;
    long long repeat;
    cm_check_options options;
    cm_geometry like;
} arguments;

/* "1,1,64,64,64" */
static bool parse_shape(const char *text, cm_check_options *o)
{
    char part[32];
    for (o->rank = 0; *text && o->rank < CM_MAX_RANK; o->rank++) {
        size_t n = strcspn(text, ",");
        long long value;
        if (n == 0 || n >= sizeof part) return false;
        memcpy(part, text, n);
        part[n] = '\0';
        if (!cm_parse_integer(part, 1, 2147483647, &value)) return false;
        o->dim[o->rank] = value;
        text += n;
        if (*text == ',' && !*++text) return false;
    }
    return o->rank > 0 && !*text;
}

/* "512x512x300@0.8x0.8x1.0" */
static bool parse_like(const char *text, cm_geometry *g)
{
    int end = 0;
    long long x, y, z;
    double mx = 1, my = 1, mz = 1;
    if (sscanf(text, "%7lldx%7lldx%7lld%n", &x, &y, &z, &end) != 3 || x < 1 || y < 1 || z < 1) return false;
    if (x > 65536 || y > 65536 || z > 65536) return false;
    bool known = strcmp(text + end, "@unknown") != 0;
    if (known && text[end]) {
        int rest = 0;
        if (sscanf(text + end, "@%lfx%lfx%lf%n", &mx, &my, &mz, &rest) != 3 || text[end + rest]) return false;
        if (!(mx >= 1e-4 && mx <= 1e3 && my >= 1e-4 && my <= 1e3 && mz >= 1e-4 && mz <= 1e3)) return false;
    }
    *g = (cm_geometry){.shape = {z, y, x},
                       .spacing_known = known,
                       .orientation_known = known,
                       .spacing_mm = {mz, my, mx},
                       .affine = {{{mx, 0, 0, 0}, {0, my, 0, 0}, {0, 0, mz, 0}}}};
    return true;
}

static int parse_arguments(int argc, char **argv, arguments *a, bool *done)
{
    static const struct option options[] = {{"shape", required_argument, NULL, 's'},
                                            {"output", required_argument, NULL, 'O'},
                                            {"cohort-like", required_argument, NULL, 'c'},
                                            {"bench", required_argument, NULL, 'b'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"repeat", required_argument, NULL, 'r'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            print_help();
            *done = true;
            return CM_EXIT_OK;
        case 's':
            if (!parse_shape(optarg, &a->options))
                return cm_usage_error("tool",
                                      "--shape is 1 to %d whole numbers such as 1,1,64,64,64, not \"%s\"",
                                      CM_MAX_RANK, optarg);
            break;
        case 'O':
            a->options.output = optarg;
            break;
        case 'c':
            if (!parse_like(optarg, &a->like))
                return cm_usage_error("tool", "--cohort-like is such as 512x512x300@0.8x0.8x1.0, not \"%s\"",
                                      optarg);
            a->options.like = &a->like;
            break;
        case 'b':
            a->bench = optarg;
            break;
        case 't':
            if (cm_parse_threads("tool", optarg, &a->threads)) return CM_EXIT_USAGE;
            break;
        case 'r':
            if (!cm_parse_integer(optarg, 1, 10000, &a->repeat))
                return cm_usage_error("tool", "--repeat is 1 to 10000, not \"%s\"", optarg);
            break;
        case 'f':
            if (cm_parse_format("tool", optarg, &a->as_json)) return CM_EXIT_USAGE;
            break;
        case 'o':
            a->out = optarg;
            break;
        case ':':
            return cm_usage_error("tool", "%s needs a value", argv[optind - 1]);
        default:
            return cm_usage_error("tool", "unknown option %s", argv[optind - 1]);
        }
    }
    if (argc - optind < 1) return cm_usage_error("tool", "init, check, show, profile or pack is missing");
    if (argc - optind != 2) return cm_usage_error("tool", "%s takes one path", argv[optind]);
    a->action = argv[optind];
    a->path = argv[optind + 1];
    return CM_EXIT_OK;
}

/* ---- text ---- */

/* "1,234,567" */
static cm_str grouped(int64_t n)
{
    char digits[32];
    cm_str out = {{0}};
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), to = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) out.s[to++] = ',';
        out.s[to++] = digits[i];
    }
    return out;
}

static cm_str bytes_text(int64_t bytes)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    int u = 0;
    while (value >= 1024 && u < 6) {
        value /= 1024;
        u++;
    }
    return u ? cm_strf("%.1f %s", value, unit[u]) : cm_strf("%lld bytes", (long long)bytes);
}

static cm_str operations_text(double n)
{
    return n >= 1e12  ? cm_strf("%.2f T", n / 1e12)
           : n >= 1e9 ? cm_strf("%.2f G", n / 1e9)
                      : cm_strf("%.2f M", n / 1e6);
}

static cm_str shape_text(const int64_t *dim, int rank)
{
    cm_str out = {{0}};
    if (rank < 0) return cm_strf("[shape not given]");
    for (int i = 0; i < rank; i++)
        out = dim[i] < 0 ? cm_strf("%s%s?", out.s, i ? "," : "")
                         : cm_strf("%s%s%lld", out.s, i ? "," : "", (long long)dim[i]);
    return cm_strf("[%s]", out.s);
}

static const char *printable(const char *text, cm_str *buf)
{
    *buf = cm_strf("%s", text);
    cm_utf8_make_printable(buf->s);
    return buf->s;
}

static void print_operator(void *context, const char *name, int64_t count)
{
    int *column = context;
    cm_str item = cm_strf("%s %lld", name, (long long)count), clean;
    if (*column > 13 && *column + (int)strlen(item.s) > 96) {
        printf(",\n             ");
        *column = 13;
    } else if (*column > 13) {
        *column += printf(", ");
    }
    *column += printf("%s", printable(item.s, &clean));
}

static void print_tensors(const char *label, const cm_model *model, int n,
                          const cm_model_io *(*get)(const cm_model *, int))
{
    for (int i = 0; i < n; i++) {
        const cm_model_io *io = get(model, i);
        cm_str name;
        printf("%-12s %s %s\n", i ? "" : label, printable(io->name, &name), shape_text(io->dim, io->rank).s);
    }
}

static void print_model(const cm_model *model)
{
    int column = 13;
    printf("parameters   %s\nopset        %d\noperators    ", grouped(cm_model_parameters(model)).s,
           cm_model_opset(model));
    cm_model_operators(model, print_operator, &column);
    putchar('\n');
    print_tensors("input", model, cm_model_input_count(model), cm_model_input);
    print_tensors("output", model, cm_model_output_count(model), cm_model_output);
}

/* Those that could be opened. */
static void print_models(const cm_check *c)
{
    const int n = c->spec ? c->spec->n_models : 1;
    for (int i = 0; i < n; i++) {
        if (!c->models[i].model) continue;
        if (n > 1) printf("\nmodel %-6d %s\n", i + 1, c->spec->models[i].file);
        print_model(c->models[i].model);
    }
}

static void print_cost(const cm_check *c, cm_backend *backend)
{
    if (c->is_tool) {
        const cm_geometry *g = &c->like;
        cm_str spacing = g->spacing_known
                             ? cm_strf("%gx%gx%g mm", g->spacing_mm.x, g->spacing_mm.y, g->spacing_mm.z)
                             : cm_strf("unknown spacing");
        printf("\none case     %lldx%lldx%lld voxels, %s\n", (long long)g->shape.nx, (long long)g->shape.ny,
               (long long)g->shape.nz, spacing.s);
        printf("windows      %s of %s\n", grouped(c->cost.windows).s, shape_text(c->dim, c->rank).s);
        if (c->cost.passes > 1)
            printf("passes       %d over each window: %d model%s, %d mirroring%s\n", c->cost.passes,
                   c->spec->n_models, c->spec->n_models == 1 ? "" : "s", c->cost.passes / c->spec->n_models,
                   c->cost.passes == c->spec->n_models ? "" : "s");
    } else {
        printf("\none run      %s\n", shape_text(c->dim, c->rank).s);
    }
    printf("memory       %s at the peak\n", bytes_text(c->cost.peak_bytes).s);
    printf("operations   %s (multiply-add = 2)\n", operations_text(c->cost.operations).s);
    printf("time         about %.3g s, an estimate for %d thread%s of this machine (%s)\n", c->cost.seconds,
           cm_threads_count(backend->pool), cm_threads_count(backend->pool) == 1 ? "" : "s",
           cm_backend_variant(backend));
    if (c->crop_may_reduce)
        printf("             the crop keeps everything in these figures; real cases cost less\n");
}

static void print_spec(const cm_check *c)
{
    const cm_tool_spec *s = c->spec;
    char hex[65];
    cm_str text;
    printf("tool         %s %s: %s\n", s->id, s->version, printable(s->name, &text));
    printf("licence      %s\n", printable(s->licence, &text));
    if (s->contact[0]) printf("contact      %s\n", printable(s->contact, &text));
    if (s->openebench_id[0]) printf("OpenEBench   %s\n", s->openebench_id);
    printf("task         %s\n", s->classification ? "classification" : "segmentation");
    printf("channels     ");
    for (int i = 0; i < s->n_channels; i++)
        printf("%s%s", i ? ", " : "", printable(s->channels[i], &text));
    putchar('\n');
    if (c->has_digest) {
        cm_digest_hex(&c->digest, hex);
        printf("sha256       %s\n", hex);
    }
}

static void print_pipeline(const cm_tool_spec *s)
{
    for (int i = 0; i < s->n_steps; i++)
        printf("%-9s %2d %s\n", i ? "" : "prepare", i + 1, cm_step_text(s, i).s);
    printf("run          %s\n", cm_input_text(s).s);
    printf("decide       %s\n", cm_output_text(s).s);
    for (int i = 0; i < s->n_cleanups; i++)
        printf("%-12s %s\n", i ? "" : "clean up", cm_cleanup_text(s, i).s);
    putchar('\n');
}

static void print_problems(const cm_check *c)
{
    for (int i = 0; i < c->problems.count; i++)
        cm_print_error(&c->problems.item[i]);
    if (c->problems.count == CM_MAX_PROBLEMS) fprintf(stderr, "cohmark: further problems are not shown\n");
}

/* ---- JSON ---- */

static json_t *shape_json(const int64_t *dim, int rank)
{
    json_t *list = json_array();
    for (int i = 0; i < rank; i++)
        json_array_append_new(list, dim[i] < 0 ? json_null() : json_integer(dim[i]));
    return list;
}

static json_t *tensors_json(const cm_model *model, int n, const cm_model_io *(*get)(const cm_model *, int))
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        const cm_model_io *io = get(model, i);
        cm_str name;
        json_array_append_new(list, json_pack("{s:s, s:o}", "name", printable(io->name, &name), "shape",
                                              io->rank < 0 ? json_null() : shape_json(io->dim, io->rank)));
    }
    return list;
}

static void operator_json(void *context, const char *name, int64_t count)
{
    cm_str clean;
    json_object_set_new(context, printable(name, &clean), json_integer(count));
}

static json_t *problems_json(const cm_check *c)
{
    json_t *list = json_array();
    for (int i = 0; i < c->problems.count; i++) {
        const cm_error *e = &c->problems.item[i];
        cm_str what, where, why, next;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "status",
                                              cm_status_name(e->status), "what", printable(e->what, &what),
                                              "where", printable(e->where, &where), "why",
                                              printable(e->why, &why), "next", printable(e->next, &next)));
    }
    return list;
}

static json_t *spec_json(const cm_check *c)
{
    const cm_tool_spec *s = c->spec;
    char hex[65] = "";
    if (c->has_digest) cm_digest_hex(&c->digest, hex);
    json_t *channels = json_array(), *steps = json_array(), *cleanups = json_array();
    for (int i = 0; i < s->n_channels; i++)
        json_array_append_new(channels, json_string(s->channels[i]));
    for (int i = 0; i < s->n_steps; i++)
        json_array_append_new(steps, json_string(cm_step_text(s, i).s));
    for (int i = 0; i < s->n_cleanups; i++)
        json_array_append_new(cleanups, json_string(cm_cleanup_text(s, i).s));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:b, s:b}", "id",
                     s->id, "version", s->version, "name", s->name, "licence", s->licence, "contact",
                     s->contact, "openebench", s->openebench_id, "task",
                     s->classification ? "classification" : "segmentation", "sha256", hex, "channels",
                     channels, "prepare", steps, "run", cm_input_text(s).s, "decide", cm_output_text(s).s,
                     "cleanup", cleanups, "needsOrientation", cm_tool_spec_needs_orientation(s),
                     "needsSpacing", cm_tool_spec_needs_spacing(s));
}

static json_t *model_json(const cm_model *model)
{
    json_t *operators = json_object();
    cm_model_operators(model, operator_json, operators);
    return json_pack("{s:I, s:i, s:o, s:o, s:o}", "parameters", (json_int_t)cm_model_parameters(model),
                     "opset", cm_model_opset(model), "operators", operators, "inputs",
                     tensors_json(model, cm_model_input_count(model), cm_model_input), "outputs",
                     tensors_json(model, cm_model_output_count(model), cm_model_output));
}

static json_t *cost_json(const cm_check *c, cm_backend *backend)
{
    return json_pack("{s:o, s:I, s:i, s:I, s:f, s:f, s:i, s:s, s:b}", "tensor", shape_json(c->dim, c->rank),
                     "windows", (json_int_t)c->cost.windows, "passes", c->cost.passes, "peakBytes",
                     (json_int_t)c->cost.peak_bytes, "operations", c->cost.operations, "estimatedSeconds",
                     c->cost.seconds, "threads", cm_threads_count(backend->pool), "variant",
                     cm_backend_variant(backend), "cropMayReduce", c->crop_may_reduce);
}

static int print_json(const cm_check *c, cm_backend *backend)
{
    json_t *doc = json_pack("{s:b, s:o}", "accepted", c->problems.count == 0, "problems", problems_json(c));
    if (doc && c->spec) json_object_set_new(doc, "tool", spec_json(c));
    json_t *models = json_array();
    for (int i = 0; i < CM_MAX_MODELS; i++)
        if (c->models[i].model) json_array_append_new(models, model_json(c->models[i].model));
    if (doc) json_object_set_new(doc, "models", models);
    if (doc && c->has_cost) json_object_set_new(doc, "cost", cost_json(c, backend));
    char *text = doc ? json_dumps(doc, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(doc);
    if (!text)
        return cm_print_error(&(cm_error){.status = CM_ERR_NOMEM, .what = "no memory to print the check"});
    puts(text);
    free(text);
    return CM_EXIT_OK;
}

/* ---- actions ---- */

static int finish_check(const arguments *a, const cm_check *c, cm_backend *backend)
{
    bool show = !strcmp(a->action, "show");
    if (a->as_json) {
        int code = print_json(c, backend);
        return code ? code : cm_exit_code(cm_check_worst(c));
    }
    if (c->spec) print_spec(c);
    if (c->spec && show) print_pipeline(c->spec);
    print_models(c);
    if (c->has_cost) print_cost(c, backend);
    print_problems(c);
    if (c->problems.count) {
        printf("\nrefused: %d problem%s\n", c->problems.count, c->problems.count == 1 ? "" : "s");
        return cm_exit_code(cm_check_worst(c));
    }
    if (!show) printf("\naccepted\n");
    return CM_EXIT_OK;
}

/* Only an estimate of this machine: said, never a reason to refuse. */
static void tell_time_limit(const arguments *a, const cm_check *c, const cm_bench *bench)
{
    if (a->as_json || !c->has_cost || bench->seconds_per_case <= 0) return;
    printf("bench %s allows %g s a case: the estimate is %s\n", bench->id, bench->seconds_per_case,
           c->cost.seconds > bench->seconds_per_case ? "ABOVE it" : "below it");
}

static int profile(const arguments *a, const cm_check *c, const cm_model_limits *limits, cm_backend *backend)
{
    cm_error err = {0};
    cm_profile p;
    const int repeat = a->repeat ? (int)a->repeat : 3;
    print_problems(c);
    if (c->problems.count) return cm_exit_code(cm_check_worst(c));
    int code = CM_EXIT_OK;
    if (cm_profile_run(c, limits, repeat, backend, NULL, &p, &err))
        code = cm_print_error(&err);
    else
        code = a->as_json ? cm_profile_print_json(c, &p, repeat, backend)
                          : cm_profile_print(&p, repeat, backend);
    cm_profile_fini(&p);
    return code;
}

static int check(const arguments *a)
{
    cm_error err = {0};
    cm_threads *pool = NULL;
    cm_backend *backend = NULL;
    cm_check *c = NULL;
    cm_bench *bench = NULL;
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    int threads = a->threads ? a->threads : cm_processors();
    cm_status st = a->bench ? cm_bench_read(a->bench, &bench, &err) : CM_OK;
    if (bench) limits = bench->limits;
    if (!st) st = cm_threads_create(threads, &pool, &err);
    if (!st) st = cm_backend_cpu_create(pool, -1, &backend, &err);
    if (!st) st = cm_check_create(a->path, &a->options, &limits, backend, &c, &err);
    int code = st                              ? cm_print_error(&err)
               : !strcmp(a->action, "profile") ? profile(a, c, &limits, backend)
                                               : finish_check(a, c, backend);
    if (!st && bench && strcmp(a->action, "profile") != 0) tell_time_limit(a, c, bench);
    cm_check_destroy(c);
    cm_bench_destroy(bench);
    cm_backend_destroy(backend);
    cm_threads_destroy(pool);
    return code;
}

static int init(const arguments *a)
{
    cm_error err = {0};
    if (cm_tool_init(a->path, &err)) return cm_print_error(&err);
    printf("%s/tool.xml is written. Edit it, put model.onnx beside it, then: cohmark tool check %s\n",
           a->path, a->path);
    return CM_EXIT_OK;
}

static int pack(const arguments *a)
{
    cm_error err = {0};
    cm_model_limits limits;
    cm_tool *tool = NULL;
    char hex[65];
    if (!a->out) return cm_usage_error("tool", "pack needs -o FILE.tool");
    cm_model_limits_default(&limits);
    cm_status st = cm_tool_pack(a->path, a->out, &err);
    if (!st) st = cm_tool_open(a->out, &limits, &tool, &err); /* what was written can be read */
    if (st) return cm_print_error(&err);
    cm_digest_hex(&cm_tool_get_info(tool)->digest, hex);
    printf("%s: %s %s, sha256 of the content %s\n", a->out, cm_tool_get_info(tool)->id,
           cm_tool_get_info(tool)->version, hex);
    cm_tool_close(tool);
    return CM_EXIT_OK;
}

int cm_verb_tool(int argc, char **argv)
{
    arguments a = {0};
    bool done = false;
    int code = parse_arguments(argc, argv, &a, &done);
    if (code || done) return code;
    if (!strcmp(a.action, "init")) return init(&a);
    if (!strcmp(a.action, "check") || !strcmp(a.action, "show") || !strcmp(a.action, "profile"))
        return check(&a);
    if (!strcmp(a.action, "pack")) return pack(&a);
    return cm_usage_error("tool", "\"%s\" is none of init, check, show, profile, pack", a.action);
}

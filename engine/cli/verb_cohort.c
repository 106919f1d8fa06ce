/* cohmark cohort: ingest, check, show. */
#include <getopt.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/cli/stop.h"
#include "engine/cohort/cohort.h"
#include "engine/image/geometry.h"
#include "engine/run/run.h"

static const char help[] =
    "Usage: cohmark cohort ingest SRC -o COHORT [OPTION]...\n"
    "       cohmark cohort check COHORT [--format text|json] [--threads N]\n"
    "       cohmark cohort show COHORT [--format text|json] [--cases]\n"
    "\n"
    "ingest  reads SRC/cohort.xml and SRC/cases.csv, checks every image against its reference, and writes\n"
    "        the folder COHORT: whole or not at all. Under mpirun or srun each rank takes its share.\n"
    "check   reads everything back: hashes, geometry, label values; finds equal images and patients that\n"
    "        are in two splits\n"
    "show    what is in a cohort\n"
    "\n"
    "  -o, --output=COHORT  the folder to make; must not exist\n"
    "      --root=DIR       where the paths in cases.csv start (default: SRC)\n"
    "      --strip-text     drop free text in image headers (NIfTI descrip, aux_file ..., PNG text): without\n"
    "                       this a file with such text is refused; it is stored in no case\n"
    "      --threads=N      threads per rank, 1..1024 (default: the cores this rank may use)\n"
    "      --max-gib=N      largest volume, 1..1024 GiB decoded (default 16)\n"
    "      --cases          show: one line per case\n"
    "      --format=FORMAT  text (default) or json\n"
    "  -q, --quiet          no progress, warnings and errors only\n"
    "  -v, --verbose        more messages\n"
    "  -h, --help           this text\n"
    "\n"
    "Exit codes: 0 done, 2 usage, 3 the source or cohort is wrong, 5 a limit, 6 refused (free text, links that\n"
    "leave the source), 7 reading or writing failed, 75 interrupted (nothing is kept).\n"
    "\n"
    "Example: cohmark cohort ingest glioma/ --strip-text -o glioma.cohort && cohmark cohort show glioma.cohort\n";

typedef struct cohort_arguments {
    const char *action, *folder, *output, *root;
    bool strip_text, json, cases, quiet, verbose, help;
    int threads;
    int64_t max_bytes;
} cohort_arguments;

enum { OPT_ROOT = 256, OPT_STRIP, OPT_THREADS, OPT_MAX, OPT_CASES, OPT_FORMAT };

static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                             {"root", required_argument, NULL, OPT_ROOT},
                                             {"strip-text", no_argument, NULL, OPT_STRIP},
                                             {"threads", required_argument, NULL, OPT_THREADS},
                                             {"max-gib", required_argument, NULL, OPT_MAX},
                                             {"cases", no_argument, NULL, OPT_CASES},
                                             {"format", required_argument, NULL, OPT_FORMAT},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

/* ---- command line ---- */

/* Cores this process may use, shared with the other ranks a launcher says it put on the node. */
static int default_threads(void)
{
    cpu_set_t set;
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    const char *ranks[] = {getenv("OMPI_COMM_WORLD_LOCAL_SIZE"), getenv("MPI_LOCALNRANKS"),
                           getenv("SLURM_STEP_TASKS_PER_NODE")};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        if (ranks[i] && atoi(ranks[i]) > 0) {
            cores /= atoi(ranks[i]);
            break;
        }
    return cores < 1 ? 1 : cores > 64 ? 64 : cores;
}

static int take_number(const char *option, const char *text, long long *out)
{
    if (cm_parse_integer(text, 1, 1024, out)) return CM_EXIT_OK;
    return cm_usage_error("cohort", "%s is a number from 1 to 1024, not \"%s\"", option, text);
}

static int take_option(int c, char **argv, cohort_arguments *a)
{
    long long n = 0;
    int code = CM_EXIT_OK;
    switch (c) {
    case 'o':
        a->output = optarg;
        break;
    case OPT_ROOT:
        a->root = optarg;
        break;
    case OPT_STRIP:
        a->strip_text = true;
        break;
    case OPT_THREADS:
        code = take_number("--threads", optarg, &n);
        a->threads = (int)n;
        break;
    case OPT_MAX:
        code = take_number("--max-gib", optarg, &n);
        a->max_bytes = (int64_t)n << 30;
        break;
    case OPT_CASES:
        a->cases = true;
        break;
    case OPT_FORMAT:
        code = cm_parse_format("cohort", optarg, &a->json);
        break;
    case 'q':
        a->quiet = true;
        break;
    case 'v':
        a->verbose = true;
        break;
    case 'h':
        a->help = true;
        break;
    default:
        return cm_option_error("cohort", c, argv);
    }
    return code;
}

static int parse(int argc, char **argv, cohort_arguments *a)
{
    int c, code = CM_EXIT_OK;
    *a = (cohort_arguments){.threads = default_threads()};
    opterr = 0;
    optind = 1;
    while (!code && (c = getopt_long(argc, argv, ":o:qvh", long_options, NULL)) != -1)
        code = take_option(c, argv, a);
    if (code || a->help) return code;
    if (optind >= argc) return cm_usage_error("cohort", "say ingest, check or show");
    a->action = argv[optind++];
    if (strcmp(a->action, "ingest") && strcmp(a->action, "check") && strcmp(a->action, "show"))
        return cm_usage_error("cohort", "there is no \"%s\": say ingest, check or show", a->action);
    if (optind >= argc) return cm_usage_error("cohort", "%s needs a folder", a->action);
    a->folder = argv[optind++];
    if (optind < argc) return cm_usage_error("cohort", "one folder at a time: what is \"%s\"", argv[optind]);
    if (strcmp(a->action, "ingest") == 0 && !a->output)
        return cm_usage_error("cohort", "ingest needs -o COHORT, the folder to make");
    return CM_EXIT_OK;
}

/* ---- ingest ---- */

static int ingest(const cohort_arguments *a)
{
    cm_error err = {0};
    cm_team team;
    cm_log *log = NULL;
    cm_status st = cm_team_begin(&team, &err);
    if (st) return cm_print_error(&err);
    const cm_level level = a->quiet ? CM_LEVEL_WARNING : a->verbose ? CM_LEVEL_DEBUG : CM_LEVEL_INFO;
    const int rank = team.rank;
    const cm_ingest_options options = {.source = a->folder,
                                       .root = a->root,
                                       .out = a->output,
                                       .strip_text = a->strip_text,
                                       .threads = a->threads,
                                       .max_volume_bytes = a->max_bytes,
                                       .quiet = a->quiet,
                                       .stop_requested = cm_stop_on_signals()};
    st = team.agree(&team, cm_log_create(level, NULL, rank, &log, &err));
    if (!st) st = cm_cohort_ingest(&options, &team, log, &err);
    cm_log_destroy(log);
    /* printed before the ranks part: a launcher ends the others as soon as one has left with an error */
    const int code = !st || rank > 0 ? cm_exit_code(st) : cm_print_error(&err);
    cm_team_end(&team, st);
    return code;
}

/* ---- check ---- */

struct findings {
    bool json;
    json_t *list;
    int64_t errors, warnings;
};

static void take_finding(void *context, const cm_finding *f)
{
    struct findings *all = context;
    if (f->is_error)
        all->errors++;
    else
        all->warnings++;
    if (all->json)
        json_array_append_new(all->list,
                              json_pack("{s:s, s:s, s:s, s:s}", "severity", f->is_error ? "error" : "warning",
                                        "code", f->code, "case", f->case_id, "text", f->text));
    else
        printf("%-7s  %-23s  %-16s  %s\n", f->is_error ? "error" : "warning", f->code, f->case_id, f->text);
}

/* Takes the reference. */
static int print_json(json_t *doc)
{
    const cm_error no_memory = {.status = CM_ERR_NOMEM, .what = "no memory to print"};
    char *text = doc ? json_dumps(doc, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(doc);
    if (!text) return cm_print_error(&no_memory);
    puts(text);
    free(text);
    return CM_EXIT_OK;
}

static int check(const cohort_arguments *a)
{
    cm_error err = {0};
    struct findings all = {.json = a->json, .list = a->json ? json_array() : NULL};
    cm_status st = cm_cohort_check(a->folder, a->threads, take_finding, &all, &err);
    int code = CM_EXIT_OK;
    if (a->json)
        code = print_json(json_pack("{s:b, s:I, s:I, s:o}", "passed", st == CM_OK, "errors",
                                    (json_int_t)all.errors, "warnings", (json_int_t)all.warnings, "findings",
                                    all.list));
    else if (!st)
        printf("%s: %lld error%s, %lld warning%s\n", a->folder, (long long)all.errors,
               all.errors == 1 ? "" : "s", (long long)all.warnings, all.warnings == 1 ? "" : "s");
    return st ? cm_print_error(&err) : code;
}

/* ---- show ---- */

struct tally {
    int64_t cases, references, voxels;
};

/* Cases, references and voxels of one provider or split (-1 = any). */
static struct tally count(const cm_cohort *cohort, int provider, int split)
{
    struct tally t = {0};
    for (int64_t i = 0; i < cm_cohort_count(cohort); i++) {
        const cm_case *c = cm_cohort_get_case(cohort, i);
        if ((provider >= 0 && c->provider != provider) || (split >= 0 && c->split != split)) continue;
        t.cases++;
        t.references += c->has_reference;
        t.voxels += cm_shape3_count(c->geometry.shape);
    }
    return t;
}

static int64_t count_class(const cm_cohort *cohort, int value)
{
    int64_t n = 0;
    for (int64_t i = 0; i < cm_cohort_count(cohort); i++)
        n += cm_cohort_get_case(cohort, i)->class_value == value;
    return n;
}

static void print_tally(const char *what, const char *name, struct tally t)
{
    const bool many = t.voxels >= 1000000;
    printf("%-11s %-24s %7lld cases, %lld with a reference, %.*f%s voxels\n", what, name, (long long)t.cases,
           (long long)t.references, many ? 1 : 0, (double)t.voxels / (many ? 1e6 : 1),
           many ? " million" : "");
}

static void show_case(const cm_cohort *cohort, const cm_case *c)
{
    const cm_cohort_info *info = cm_cohort_get_info(cohort);
    const cm_geometry *g = &c->geometry;
    char code[4] = "-", reference[64] = "-";
    if (g->orientation_known) cm_affine_orientation(&g->affine, code, NULL);
    if (info->task == CM_TASK_CLASSIFICATION && c->class_value >= 0)
        snprintf(reference, sizeof reference, "%s", info->labels[c->class_value].name);
    else if (c->has_reference)
        strcpy(reference, "mask");
    printf("%-20s %-12s %-8s %5lldx%lldx%-5lld %-8s ", c->id, info->providers[c->provider],
           info->splits[c->split], (long long)g->shape.nx, (long long)g->shape.ny, (long long)g->shape.nz,
           cm_dtype_name(c->dtype));
    if (g->spacing_known)
        printf("%.4gx%.4gx%.4g mm %-3s", g->spacing_mm.x, g->spacing_mm.y, g->spacing_mm.z, code);
    else
        printf("spacing unknown %-3s", code);
    printf("  %s", reference);
    for (int k = 0; k < info->n_attributes; k++)
        printf("  %s=%s", info->attributes[k], c->attributes[k]);
    putchar('\n');
}

static void show_text(const cm_cohort *cohort, bool cases)
{
    const cm_cohort_info *info = cm_cohort_get_info(cohort);
    char hex[65];
    cm_digest_hex(&info->digest, hex);
    printf("%s\n", info->title);
    printf("%-11s %s, version %s\n", "id", info->id, info->version);
    printf("%-11s %s\n%-11s %s\n", "licence", info->licence, "publisher", info->publisher);
    for (int i = 0; i < info->n_data_uses; i++)
        printf("%-11s %s %s\n", "data use", info->data_uses[i].name, info->data_uses[i].code);
    printf("%-11s %s of %s, %s\n", "images", info->modality, info->body_part, info->condition);
    printf("%-11s %s\n", "task", info->task == CM_TASK_SEGMENTATION ? "segmentation" : "classification");
    printf("%-11s", "channels");
    for (int i = 0; i < info->n_channels; i++)
        printf(" %s", info->channels[i]);
    printf("\n%-11s %s\n", "geometry",
           info->geometry_unknown ? "declared unknown: distances are in voxels" : "from the image headers");
    for (int i = 0; i < info->n_labels; i++) {
        printf("%-11s %d %s %s", info->task == CM_TASK_SEGMENTATION ? "label" : "class",
               info->labels[i].value, info->labels[i].name, info->labels[i].code);
        if (info->task == CM_TASK_CLASSIFICATION)
            printf("  %lld cases", (long long)count_class(cohort, info->labels[i].value));
        putchar('\n');
    }
    for (int i = 0; i < info->n_providers; i++)
        print_tally("provider", info->providers[i], count(cohort, i, -1));
    for (int i = 0; i < info->n_splits; i++)
        print_tally("split", info->splits[i], count(cohort, -1, i));
    print_tally("all", "", count(cohort, -1, -1));
    printf("%-11s %lld\n%-11s %s\n", "patients", (long long)info->n_patients, "digest", hex);
    if (cases) putchar('\n');
    for (int64_t i = 0; cases && i < cm_cohort_count(cohort); i++)
        show_case(cohort, cm_cohort_get_case(cohort, i));
}

static json_t *tally_json(const char *name, struct tally t)
{
    return json_pack("{s:s, s:I, s:I, s:I}", "name", name, "cases", (json_int_t)t.cases, "references",
                     (json_int_t)t.references, "voxels", (json_int_t)t.voxels);
}

static json_t *case_json(const cm_cohort_info *info, const cm_case *c)
{
    const cm_geometry *g = &c->geometry;
    char hex[65], code[4] = "";
    cm_digest_hex(&c->image_digest, hex);
    json_t *attributes = json_object();
    for (int k = 0; k < info->n_attributes; k++)
        json_object_set_new(attributes, info->attributes[k], json_string(c->attributes[k]));
    if (g->orientation_known) cm_affine_orientation(&g->affine, code, NULL);
    json_t *class_value = c->class_value >= 0 ? json_integer(c->class_value) : json_null();
    return json_pack(
        "{s:s, s:s, s:s, s:[I,I,I], s:s, s:o, s:o, s:b, s:o, s:s, s:o}", "id", c->id, "provider",
        info->providers[c->provider], "split", info->splits[c->split], "shapeZYX", (json_int_t)g->shape.nz,
        (json_int_t)g->shape.ny, (json_int_t)g->shape.nx, "dtype", cm_dtype_name(c->dtype), "spacingZYXmm",
        g->spacing_known ? json_pack("[f,f,f]", g->spacing_mm.z, g->spacing_mm.y, g->spacing_mm.x)
                         : json_null(),
        "orientation", *code ? json_string(code) : json_null(), "hasReference", c->has_reference, "class",
        class_value, "imageSha256", hex, "attributes", attributes);
}

static json_t *cohort_json(const cm_cohort *cohort, bool cases)
{
    const cm_cohort_info *info = cm_cohort_get_info(cohort);
    const bool classes = info->task == CM_TASK_CLASSIFICATION;
    char hex[65];
    cm_digest_hex(&info->digest, hex);
    json_t *labels = json_array(), *channels = json_array(), *providers = json_array(),
           *splits = json_array(), *uses = json_array();
    for (int i = 0; i < info->n_data_uses; i++)
        json_array_append_new(
            uses, json_pack("{s:s, s:s}", "name", info->data_uses[i].name, "code", info->data_uses[i].code));
    for (int i = 0; i < info->n_labels; i++) {
        json_t *label = json_pack("{s:i, s:s, s:s}", "value", info->labels[i].value, "name",
                                  info->labels[i].name, "code", info->labels[i].code);
        if (classes) json_object_set_new(label, "cases", json_integer(count_class(cohort, i)));
        json_array_append_new(labels, label);
    }
    for (int i = 0; i < info->n_channels; i++)
        json_array_append_new(channels, json_string(info->channels[i]));
    for (int i = 0; i < info->n_providers; i++)
        json_array_append_new(providers, tally_json(info->providers[i], count(cohort, i, -1)));
    for (int i = 0; i < info->n_splits; i++)
        json_array_append_new(splits, tally_json(info->splits[i], count(cohort, -1, i)));
    json_t *doc = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:s}",
        "id", info->id, "version", info->version, "title", info->title, "licence", info->licence, "publisher",
        info->publisher, "modality", info->modality, "bodyPart", info->body_part, "condition",
        info->condition, "modalityCode", info->modality_code, "bodyPartCode", info->body_part_code,
        "conditionCode", info->condition_code, "dataUses", uses, "task",
        classes ? "classification" : "segmentation", "geometry",
        info->geometry_unknown ? "unknown" : "from-header", "labels", labels, "channels", channels,
        "providers", providers, "splits", splits, "cases", (json_int_t)cm_cohort_count(cohort), "patients",
        (json_int_t)info->n_patients, "digest", hex);
    if (doc && cases) {
        json_t *list = json_array();
        for (int64_t i = 0; i < cm_cohort_count(cohort); i++)
            json_array_append_new(list, case_json(info, cm_cohort_get_case(cohort, i)));
        json_object_set_new(doc, "caseList", list);
    }
    return doc;
}

static int show(const cohort_arguments *a)
{
    cm_error err = {0};
    cm_cohort *cohort = NULL;
    if (cm_cohort_open(a->folder, &cohort, &err)) return cm_print_error(&err);
    int code = CM_EXIT_OK;
    if (a->json)
        code = print_json(cohort_json(cohort, a->cases));
    else
        show_text(cohort, a->cases);
    cm_cohort_close(cohort);
    return code;
}

int cm_verb_cohort(int argc, char **argv)
{
    cohort_arguments a;
    int code = parse(argc, argv, &a);
    if (code) return code;
    if (a.help) {
        fputs(help, stdout);
        return CM_EXIT_OK;
    }
    if (strcmp(a.action, "ingest") == 0) return ingest(&a);
    return strcmp(a.action, "check") == 0 ? check(&a) : show(&a);
}

/* cohmark metrics: prints the catalogue, or one row of it, or compares tools on a pair of masks. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/cli/verb_metrics.h"
#include "metrics/metric.h"

enum { WIDTH = 100, LABEL = 12 };

static void print_help(void)
{
    printf(
        "Usage: cohmark metrics list [--format text|json]\n"
        "       cohmark metrics explain ID [--format text|json]\n"
        "       cohmark metrics compare REF PRED [--label V[,V...]] [--tolerance T] [--format text|json]\n"
        "\n"
        "list      every metric: id, which values are better, unit, title\n"
        "explain   formula, range, what happens with empty masks, averaging and source of one metric\n"
        "compare   two label maps (NIfTI, PNG): Dice, IoU, HD, HD95, ASSD, NSD and lesion scores as cohmark and\n"
        "          as other tools compute them, one row per tool, and why they differ\n"
        "\n"
        "An id fixes every choice in a metric, because plain names do not: \"HD95\" of seven public tools\n"
        "gave 15.30, 4.24 and 40.36 mm for the same masks. In an id of the list, <q> stands for a\n"
        "percentile and <t> for a tolerance: HD95.vox.maxdir, NSD.vox@2mm.\n"
        "\n"
        "  --label V[,V...]     compare: the mask is the union of these label values (default: all but 0)\n"
        "  --tolerance T        compare: of NSD, in mm, above 0 (default 2; in voxels without spacing)\n"
        "  --format text|json   how to print (default text)\n"
        "  --help               this text\n"
        "\n"
        "Exit codes: 0 done, 2 usage or a parameter out of range, 3 no such metric.\n"
        "\n"
        "Example: cohmark metrics explain NSD.vox@2mm\n");
}

/* "label       text" wrapped at WIDTH, later lines indented. */
static void print_wrapped(const char *label, const char *text)
{
    int column = printf("%-*s", LABEL, label);
    while (*text) {
        const int length = (int)strcspn(text, " ");
        if (column > LABEL && column + 1 + length > WIDTH) {
            putchar('\n');
            column = printf("%*s", LABEL, "");
        } else if (column > LABEL) {
            column += printf(" ");
        }
        column += printf("%.*s", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static const char *worst_text(const cm_metric_definition *d, char *buf, size_t size)
{
    if (!d->has_worst) return "none: an undefined value is left out of aggregates and counted";
    if (d->worst_is_diagonal) return "the image diagonal sqrt(sum (n_i s_i)^2) in the unit of the metric";
    snprintf(buf, size, "%g", d->worst);
    return buf;
}

static json_t *definition_json(const char *id, const cm_metric_definition *d)
{
    json_t *best = d->best_is_unbounded ? json_null() : json_real(d->best);
    json_t *worst = d->has_worst && !d->worst_is_diagonal ? json_real(d->worst) : json_null();
    return json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:o, s:b, s:s, s:s, s:s, s:b}", "id",
        id, "pattern", d->pattern, "version", d->version, "kind", cm_metric_kind_name(d->kind), "title",
        d->title, "formula", d->formula, "parameters", d->parameters, "direction",
        cm_direction_name(d->direction), "range", d->range, "unit", d->unit, "best", best, "bestIsUnbounded",
        d->best_is_unbounded, "worst", worst, "worstIsImageDiagonal", d->worst_is_diagonal, "emptyRule",
        d->empty_rule, "averaging", d->averaging, "reference", d->reference, "needsSpacing",
        d->needs_spacing);
}

/* Takes the reference. */
static int print_json(json_t *doc)
{
    const cm_error no_memory = {.status = CM_ERR_NOMEM, .what = "no memory to print the catalogue"};
    char *text = doc ? json_dumps(doc, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(doc);
    if (!text) return cm_print_error(&no_memory);
    puts(text);
    free(text);
    return CM_EXIT_OK;
}

static int list(bool as_json)
{
    json_t *rows = as_json ? json_array() : NULL;
    cm_metric_kind kind = 0;
    for (int i = 0; i < cm_metric_catalogue_count; i++) {
        const cm_metric_definition *d = &cm_metric_catalogue[i];
        if (as_json) {
            json_array_append_new(rows, definition_json(d->example, d));
            continue;
        }
        if (d->kind != kind) {
            printf("%s%s\n  %-36s %-15s %-5s %s\n", kind ? "\n" : "", cm_metric_kind_name(d->kind), "id",
                   "better", "unit", "title");
            kind = d->kind;
        }
        printf("  %-36s %-15s %-5s %s\n", d->pattern, cm_direction_name(d->direction), d->unit, d->title);
    }
    if (as_json) return print_json(json_pack("{s:o}", "metrics", rows));
    printf(
        "\nLetters in <> are parameters: <q> percentile, <t> tolerance, <b> beta, <c> connectivity 6, 18 or 26,\n"
        "<r> lesion rule (any-overlap, cover@0.5, iou-strict@0.5, iou-greedy@0.1, iou-hungarian@0.1), <m> one of its\n"
        "iou rules, <l> <h> volumes, <n> bins, <k> a bandwidth, <p> a share, <a> an axis (x, y, z as stored). `cohmark metrics explain ID` says how one is computed.\n");
    return CM_EXIT_OK;
}

static int explain(const char *id, bool as_json)
{
    cm_metric metric;
    cm_error err = {0};
    char best[32], worst[32];
    for (int i = 0; i < cm_metric_catalogue_count; i++) /* an id copied from the list */
        if (!strcmp(id, cm_metric_catalogue[i].pattern)) id = cm_metric_catalogue[i].example;
    if (cm_metric_parse(id, &metric, &err)) return cm_print_error(&err);
    const cm_metric_definition *d = metric.definition;
    if (as_json) return print_json(definition_json(metric.id, d));
    printf("%s: %s\n\n", metric.id, d->title);
    print_wrapped("formula", d->formula);
    print_wrapped("parameters", d->parameters);
    print_wrapped("better", cm_direction_name(d->direction));
    print_wrapped("range", d->range);
    print_wrapped("unit", !strcmp(d->unit, "mm")    ? "mm (voxel where the spacing of the cohort is unknown)"
                          : !strcmp(d->unit, "mm3") ? "mm3 (voxel where the spacing of the cohort is unknown)"
                                                    : d->unit);
    snprintf(best, sizeof best, "%g", d->best);
    print_wrapped("best", d->best_is_unbounded ? "none: there is no upper end" : best);
    print_wrapped("worst", worst_text(d, worst, sizeof worst));
    print_wrapped("empty", d->empty_rule);
    print_wrapped("averaging", d->averaging);
    print_wrapped("source", d->reference);
    printf("%-*s%d\n", LABEL, "version", d->version);
    return CM_EXIT_OK;
}

int cm_verb_metrics(int argc, char **argv)
{
    static const struct option options[] = {{"format", required_argument, NULL, 'f'},
                                            {"label", required_argument, NULL, 'l'},
                                            {"tolerance", required_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    cm_compare_request compare = {.as_json = false};
    bool as_json = false;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return CM_EXIT_OK;
        }
        if (option == ':') return cm_usage_error("metrics", "%s needs a value", argv[optind - 1]);
        if (option == 'l') {
            compare.values = optarg;
            continue;
        }
        if (option == 't') {
            compare.tolerance = optarg;
            continue;
        }
        if (option != 'f') return cm_usage_error("metrics", "unknown option %s", argv[optind - 1]);
        if (cm_parse_format("metrics", optarg, &as_json)) return CM_EXIT_USAGE;
    }
    const int n = argc - optind;
    const char *what = n > 0 ? argv[optind] : "";
    if (strcmp(what, "compare") && (compare.values || compare.tolerance))
        return cm_usage_error("metrics", "--label and --tolerance belong to compare");
    if (!strcmp(what, "compare")) {
        if (n != 3) return cm_usage_error("metrics", "compare takes a reference and a prediction");
        compare.reference = argv[optind + 1];
        compare.prediction = argv[optind + 2];
        compare.as_json = as_json;
        return cm_metrics_compare(&compare);
    }
    if (!strcmp(what, "list"))
        return n == 1 ? list(as_json) : cm_usage_error("metrics", "list takes no further argument");
    if (!strcmp(what, "explain"))
        return n == 2 ? explain(argv[optind + 1], as_json)
                      : cm_usage_error("metrics", "explain takes one metric id, such as NSD.vox@2mm");
    return n == 0 ? cm_usage_error("metrics", "list, explain or compare is missing")
                  : cm_usage_error("metrics", "\"%s\" is neither list, explain nor compare", what);
}

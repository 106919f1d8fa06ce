/* cohmark consensus: one order of tools from the reports of several benches. */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/report/consensus.h"

static void print_help(void)
{
    printf(
        "Combines the rankings of several benches into one: the weighted mean of a tool's places.\n"
        "\n"
        "Usage: cohmark consensus REPORT.xml[=WEIGHT] REPORT.xml[=WEIGHT]... [OPTIONS]\n"
        "\n"
        "  --missing last|exclude  a tool that a bench does not rank shares its last places (the default), or\n"
        "                          has no place in the consensus\n"
        "  --format text|json      (default text)\n"
        "  -h, --help              this text\n"
        "\n"
        "Weights are numbers above 0, 1 where none is given. Tools are the same when their ids are. Beside the\n"
        "consensus: every bench's places, the consensus without each bench, and how alike two benches order the\n"
        "tools that both rank (Kendall's tau-b; 1: the same order; -: fewer than two such tools).\n"
        "\n"
        "Example: cohmark consensus liver/report.xml=2 kidney/report.xml --missing exclude\n");
}

typedef struct arguments {
    cm_consensus_source *source; /* paths are cut out of argv */
    int n;
    bool exclude, json, help;
} arguments;

static const struct option options[] = {{"missing", required_argument, NULL, 'm'},
                                        {"format", required_argument, NULL, 'f'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

/* PATH or PATH=WEIGHT; the last "=" decides, and what is after it must be a number. */
static bool parse_source(char *text, cm_consensus_source *out)
{
    char *equals = strrchr(text, '='), *end;
    *out = (cm_consensus_source){.path = text, .weight = 1};
    if (!equals) return true;
    out->weight = strtod(equals + 1, &end);
    if (end == equals + 1 || *end || !(out->weight > 0) || !isfinite(out->weight)) return false;
    *equals = '\0';
    return true;
}

static int parse(int argc, char **argv, arguments *a)
{
    int option, code = CM_EXIT_OK;
    optind = 1;
    opterr = 0;
    while (!code && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'm':
            if (strcmp(optarg, "last") && strcmp(optarg, "exclude"))
                return cm_usage_error("consensus", "--missing takes last or exclude, not \"%s\"", optarg);
            a->exclude = !strcmp(optarg, "exclude");
            break;
        case 'f':
            code = cm_parse_format("consensus", optarg, &a->json);
            break;
        case 'h':
            a->help = true;
            return CM_EXIT_OK;
        default:
            return cm_option_error("consensus", option, argv);
        }
    }
    if (code) return code;
    if (argc - optind < 2) return cm_usage_error("consensus", "name the reports of two benches or more");
    a->source = calloc((size_t)(argc - optind), sizeof *a->source);
    if (!a->source) return CM_EXIT_LIMIT;
    for (int i = optind; i < argc; i++)
        if (!parse_source(argv[i], &a->source[a->n++]))
            return cm_usage_error("consensus", "the weight in \"%s\" is not a number above 0", argv[i]);
    return CM_EXIT_OK;
}

/* The tools from best to last; input order among equals. */
static void order_tools(const cm_consensus *c, int *order)
{
    for (int t = 0; t < c->n_tools; t++) {
        int at = t;
        for (; at > 0 && c->consensus[order[at - 1]] > c->consensus[t]; at--)
            order[at] = order[at - 1];
        order[at] = t;
    }
}

static void print_text(const cm_consensus *c, const int *order)
{
    for (int k = 0; k < c->n_benches; k++)
        printf("bench %d  %s %s, %s of %s, weight %g\n", k + 1, c->bench[k].id, c->bench[k].version,
               c->bench[k].metric, c->bench[k].target, c->bench[k].weight);
    printf("\n%5s  %-24s %7s  places in the benches (consensus without that bench)\n", "place", "tool",
           "score");
    for (int i = 0; i < c->n_tools; i++) {
        const int t = order[i];
        if (c->left_out[t]) {
            printf("%5s  %-24s %7s  not ranked in every bench\n", "-", c->tool[t], "-");
            continue;
        }
        printf("%5g  %-24s %7.4g ", c->consensus[t], c->tool[t], c->score[t]);
        for (int k = 0; k < c->n_benches; k++)
            printf(" %g%s (%g)", c->place[k * c->n_tools + t], c->ranked[k * c->n_tools + t] ? "" : "*",
                   c->without[k * c->n_tools + t]);
        printf("\n");
    }
    printf("\n* not ranked there: shares the last places. Kendall's tau-b of two benches:\n");
    for (int i = 0; i < c->n_benches; i++) {
        printf("bench %d ", i + 1);
        for (int j = 0; j < c->n_benches; j++)
            if (c->shared[i * c->n_benches + j] > 1)
                printf(" %6.3f", c->tau[i * c->n_benches + j]);
            else
                printf("      -");
        printf("\n");
    }
}

static json_t *bench_json(const cm_consensus *c, int k)
{
    json_t *tau = json_array();
    for (int j = 0; j < c->n_benches; j++)
        json_array_append_new(
            tau, c->shared[k * c->n_benches + j] > 1 ? json_real(c->tau[k * c->n_benches + j]) : json_null());
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:o}", "bench", c->bench[k].id, "version",
                     c->bench[k].version, "metric", c->bench[k].metric, "target", c->bench[k].target,
                     "report", c->bench[k].report_id, "weight", c->bench[k].weight, "tau", tau);
}

static json_t *tool_json(const cm_consensus *c, int t)
{
    json_t *places = json_array(), *tool = json_pack("{s:s}", "tool", c->tool[t]);
    for (int k = 0; k < c->n_benches; k++)
        json_array_append_new(places, json_pack("{s:f, s:b, s:f}", "place", c->place[k * c->n_tools + t],
                                                "ranked", (int)c->ranked[k * c->n_tools + t],
                                                "consensus_without", c->without[k * c->n_tools + t]));
    if (c->left_out[t]) {
        json_decref(places);
        json_object_set_new(tool, "left_out", json_string("not ranked in every bench"));
        return tool;
    }
    json_object_set_new(tool, "place", json_real(c->consensus[t]));
    json_object_set_new(tool, "score", json_real(c->score[t]));
    json_object_set_new(tool, "benches", places);
    return tool;
}

static bool print_json(const cm_consensus *c, const int *order, bool exclude)
{
    json_t *benches = json_array(), *tools = json_array();
    for (int k = 0; k < c->n_benches; k++)
        json_array_append_new(benches, bench_json(c, k));
    for (int i = 0; i < c->n_tools; i++)
        json_array_append_new(tools, tool_json(c, order[i]));
    json_t *all = json_pack("{s:s, s:s, s:o, s:o}", "method", "weighted-mean-of-places", "missing",
                            exclude ? "exclude" : "last", "benches", benches, "tools", tools);
    const bool good = all && !json_dumpf(all, stdout, JSON_INDENT(1)) && putchar('\n') != EOF;
    json_decref(all);
    return good;
}

int cm_verb_consensus(int argc, char **argv)
{
    arguments a = {0};
    cm_error err = {0};
    cm_consensus *c = NULL;
    int *order = NULL;
    int code = parse(argc, argv, &a);
    if (!code && a.help) print_help();
    if (!code && !a.help && cm_consensus_create(a.source, a.n, a.exclude, &c, &err))
        code = cm_print_error(&err);
    if (c) {
        order = malloc((size_t)c->n_tools * sizeof *order);
        if (!order) {
            code = CM_EXIT_LIMIT;
        } else {
            order_tools(c, order);
            if (!a.json)
                print_text(c, order);
            else if (!print_json(c, order, a.exclude))
                code = CM_EXIT_INTERNAL;
        }
    }
    free(order);
    cm_consensus_destroy(c);
    free(a.source);
    return code;
}

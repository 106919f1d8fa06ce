/* cohmark status: how far a run is. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/cli/cli.h"
#include "engine/run/run.h"

static const char help[] =
    "Usage: cohmark status RUN [--watch] [--format=text|json]\n"
    "\n"
    "How many cases are done, failed, in flight and left, and how long it will take; also while the run goes on.\n"
    "\n"
    "      --watch          again every 5 s until the run has ended\n"
    "      --format=NAME    text (default) or json: one object with total, done, failed, in_flight, rate_per_s,\n"
    "                       left_s (null when unknown), running\n"
    "  -h, --help           this text\n"
    "\n"
    "Example: cohmark status run1 --watch\n";

static void print_text(const cm_run_status *s)
{
    printf("%lld of %lld done, %lld failed, %lld in flight", (long long)s->done, (long long)s->total,
           (long long)s->failed, (long long)s->in_flight);
    if (s->done == s->total)
        printf("; complete\n");
    else if (!s->running)
        printf("; stopped: go on with cohmark run --resume\n");
    else if (s->left_s >= 0)
        printf("; %.2f a second, about %.0f s left\n", s->rate_per_s, s->left_s);
    else
        printf("; running (or killed: then go on with cohmark run --resume)\n");
    fflush(stdout);
}

static int print_json(const cm_run_status *s)
{
    json_t *left = s->left_s >= 0 ? json_real(s->left_s) : json_null();
    json_t *o =
        json_pack("{s:I,s:I,s:I,s:I,s:f,s:o,s:b}", "total", (json_int_t)s->total, "done", (json_int_t)s->done,
                  "failed", (json_int_t)s->failed, "in_flight", (json_int_t)s->in_flight, "rate_per_s",
                  s->rate_per_s, "left_s", left, "running", s->running);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    if (text) puts(text);
    free(text);
    json_decref(o);
    return text ? CM_EXIT_OK : CM_EXIT_INTERNAL;
}

static int show(const char *run, bool json, bool watch)
{
    for (;;) {
        cm_run_status s;
        cm_error err = {0};
        if (cm_run_status_read(run, &s, &err)) return cm_print_error(&err);
        if (json) {
            int rc = print_json(&s);
            if (rc) return rc;
        } else {
            print_text(&s);
        }
        if (!watch || !s.running) return CM_EXIT_OK;
        sleep(5);
    }
}

int cm_verb_status(int argc, char **argv)
{
    static const struct option options[] = {{"watch", no_argument, NULL, 'w'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool watch = false, json = false;
    int c;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return CM_EXIT_OK;
        }
        if (c == 'w') watch = true;
        if (c == '?' || c == ':') return cm_option_error("status", c, argv);
        if (c != 'f') continue;
        if (cm_parse_format("status", optarg, &json)) return CM_EXIT_USAGE;
    }
    if (optind + 1 != argc) return cm_usage_error("status", "name one run folder");
    return show(argv[optind], json, watch);
}

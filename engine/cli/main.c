/* cohmark: picks the verb and hands over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/float_mode.h"
#include "engine/cli/cli.h"

/* In the order in which a newcomer meets them. */
static const cm_verb verbs[] = {
    {"doctor", "say what this machine offers and what is missing", cm_verb_doctor},
    {"demo", "make a synthetic cohort, tools and a bench, run them, write the report", cm_verb_demo},
    {"cohort", "put images into a cohort, check it, show it", cm_verb_cohort},
    {"tool", "describe, check, show and pack a submitted model", cm_verb_tool},
    {"bench", "declare what is measured, check it, show it", cm_verb_bench},
    {"run", "run tools on a cohort and score them (also the MPI program)", cm_verb_run},
    {"status", "how far a run is, and what failed", cm_verb_status},
    {"report", "write report.xml, report.html and openebench.json of a run", cm_verb_report},
    {"verify", "check a report.xml or openebench.json: unchanged, consistent, computed again",
     cm_verb_verify},
    {"diff", "say what changed between two reports, in words", cm_verb_diff},
    {"consensus", "one order of tools from the reports of several benches", cm_verb_consensus},
    {"score", "score masks made elsewhere: references and predictions from folders", cm_verb_score},
    {"metrics", "list the metrics, or explain one: formula, unit, edge cases", cm_verb_metrics},
};

enum { N_VERBS = sizeof verbs / sizeof *verbs, MAX_WORD = 32 };

static void print_help(void)
{
    printf("cohmark measures medical-imaging AI tools on a cohort and says which is better, where, and at\n"
           "what cost.\n"
           "\n"
           "Usage: cohmark VERB [ARGUMENTS]\n"
           "\n");
    for (int i = 0; i < N_VERBS; i++)
        printf("  %-9s  %s\n", verbs[i].name, verbs[i].summary);
    printf("\n"
           "cohmark VERB --help explains one verb; cohmark --version prints the version.\n"
           "\n"
           "Exit codes: 0 done, 1 internal error (diff: the reports differ), 2 usage, 3 invalid input,\n"
           "4 finished with failed cases, 5 a limit was reached, 6 refused by policy (privacy, security),\n"
           "7 the environment lacks something, 75 stopped early and can be resumed.\n"
           "\n"
           "Example: cohmark demo DIR && xdg-open DIR/segmentation/run/report.html\n");
}

static const cm_verb *find_verb(const char *name)
{
    for (int i = 0; i < N_VERBS; i++) {
        if (!strcmp(verbs[i].name, name)) return &verbs[i];
    }
    return NULL;
}

/* Edits (insert, delete, replace, swap neighbours) from a to b; words longer than MAX_WORD are far away. */
static int edit_distance(const char *a, const char *b)
{
    const size_t length_a = strlen(a), length_b = strlen(b);
    int d[MAX_WORD + 1][MAX_WORD + 1];
    if (length_a > MAX_WORD || length_b > MAX_WORD) return 2 * MAX_WORD;
    const int n = (int)length_a, m = (int)length_b;
    for (int i = 0; i <= n; i++)
        d[i][0] = i;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= n; i++) {
        for (int j = 1; j <= m; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[n][m];
}

static int unknown_verb(const char *name)
{
    const cm_verb *nearest = NULL;
    int least = 3; /* a word further off than two edits is no slip of the finger */
    for (int i = 0; i < N_VERBS; i++) {
        int distance = edit_distance(name, verbs[i].name);
        bool begins = strlen(name) >= 2 && !strncmp(name, verbs[i].name, strlen(name));
        if (begins) distance = 0;
        if (distance < least) {
            least = distance;
            nearest = &verbs[i];
        }
    }
    cm_error err = {0};
    (void)CM_FAIL(&err, CM_ERR_ARG, .what = cm_strf("there is no verb \"%.60s\"", name).s,
                  .next = nearest ? cm_strf("Did you mean \"%s\"? cohmark --help lists all", nearest->name).s
                                  : "cohmark --help lists all");
    return cm_print_error(&err);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "cohmark: no verb given. cohmark --help lists them\n");
        return CM_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_help();
        return CM_EXIT_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("cohmark %s\n", CM_VERSION);
        return CM_EXIT_OK;
    }
    if (!strcmp(argv[1], "help")) { /* the word many try first */
        const cm_verb *about = argc > 2 ? find_verb(argv[2]) : NULL;
        if (argc > 2 && !about) return unknown_verb(argv[2]);
        if (about) return about->run(2, (char *[]){argv[2], "--help", NULL});
        print_help();
        return CM_EXIT_OK;
    }
    const cm_verb *verb = find_verb(argv[1]);
    return verb ? verb->run(argc - 1, argv + 1) : unknown_verb(argv[1]);
}

int main(int argc, char **argv)
{
    cm_float_mode_restore(); /* whatever the libraries did that were loaded with the program */
    int code = dispatch(argc, argv);
    if ((fflush(stdout) || ferror(stdout)) && code == CM_EXIT_OK) {
        fprintf(stderr, "cohmark: standard output could not be written\n");
        code = CM_EXIT_ENVIRONMENT;
    }
    return code;
}

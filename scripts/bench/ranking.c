/* Time and memory of resampled rankings. Usage: bench_ranking TOOLS CASES REPLICATES [THREADS] [METHOD...]
 * (methods 1..5: mean-then-rank, median-then-rank, rank-then-mean, rank-then-median, test-based; default
 * all). Values are made up: a tool's level plus the case's difficulty plus noise, rounded to 4 digits. The
 * peer is challengeR 1.0.5 (R): ranking and bootstrap of 10 tools, 50 cases, 1,000 replicates took its core
 * 166 s in all on one core (mean 5.5, median 6, rank-then-mean 19, rank-then-median 20, test-based 115). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "metrics/statistics/ranking.h"

static double peak_mib(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_maxrss / 1024;
}

static double *make_values(int tools, int64_t cases)
{
    const cm_random r = {1, CM_PURPOSE_TEST};
    double *value = malloc((size_t)tools * (size_t)cases * sizeof *value);
    for (int t = 0; value && t < tools; t++)
        for (int64_t i = 0; i < cases; i++) {
            const double level = 0.85 - 0.01 * t, hard = 0.1 * cm_random_normal(r, 0, (uint64_t)i);
            const double noise = 0.05 * cm_random_normal(r, (uint64_t)t + 1, (uint64_t)i);
            value[t * cases + i] = round((level + hard + noise) * 1e4) / 1e4;
        }
    return value;
}

static cm_status measure(cm_threads *pool, const cm_rank_table *table, const cm_sampling *sampling,
                         cm_ranking_method method, int64_t replicates, double *total, cm_error *err)
{
    const cm_rank_rule rule = {method, CM_TIES_MIN, CM_MISSING_LAST, 0.05, CM_ADJUST_HOLM};
    const cm_random random = {1, CM_PURPOSE_RANKING};
    double *full = malloc(2 * (size_t)table->n_tools * sizeof *full);
    bool *has = malloc((size_t)table->n_tools);
    cm_stability *s = NULL;
    cm_status st = CM_ERR_NOMEM;
    const double start = cm_now_s(), cpu = cm_process_cpu_s();
    if (full && has) st = cm_rank(pool, table, &rule, NULL, full + table->n_tools, has, full, err);
    if (!st) st = cm_rank_stability(pool, table, &rule, sampling, replicates, random, 0.95, full, &s, err);
    const double took = cm_now_s() - start;
    if (!st)
        printf("%-16s %9.4f s wall %9.4f s cpu  mean tau %.4f  first wins %.3f\n",
               cm_ranking_method_name(method), took, cm_process_cpu_s() - cpu, s->mean_tau, s->winner[0]);
    *total += took;
    cm_stability_destroy(s);
    free(full);
    free(has);
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_ranking TOOLS CASES REPLICATES [THREADS] [METHOD...]\n");
        return 2;
    }
    const int tools = atoi(argv[1]);
    const int64_t cases = atoll(argv[2]), replicates = atoll(argv[3]);
    cm_error err = {0};
    cm_threads *pool = NULL;
    cm_sampling *sampling = NULL;
    double *value = tools > 0 && cases > 0 ? make_values(tools, cases) : NULL;
    const cm_rank_table table = {tools, cases, value, NULL, CM_HIGHER_IS_BETTER};
    double total = 0;
    cm_status st = value ? cm_threads_create(argc > 4 ? atoi(argv[4]) : 1, &pool, &err) : CM_ERR_ARG;
    if (!st) st = cm_sampling_create(cases, NULL, NULL, CM_DRAW_CASES, false, &sampling, &err);
    if (argc > 5)
        for (int i = 5; i < argc && !st; i++)
            st = measure(pool, &table, sampling, (cm_ranking_method)atoi(argv[i]), replicates, &total, &err);
    else
        for (int m = CM_MEAN_THEN_RANK; m <= CM_TEST_BASED && !st; m++)
            st = measure(pool, &table, sampling, (cm_ranking_method)m, replicates, &total, &err);
    if (st)
        fprintf(stderr, "bench_ranking: %s %s\n", err.what, err.why);
    else
        printf("%-16s %9.4f s wall, peak memory %.0f MiB\n", "all", total, peak_mib());
    cm_sampling_destroy(sampling);
    cm_threads_destroy(pool);
    free(value);
    return st != CM_OK;
}

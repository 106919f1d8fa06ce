/* Overlap of a mask with probabilities of voxels. Each slice has a sum of its own, and the sums of the slices
 * are added in their order, so that threads change no bit. */
#include "metrics/measure_internal.h"

#include <stdlib.h>

typedef struct soft_job {
    const cm_pair *pair;
    const uint8_t *in_target;
    cm_soft_overlap *of_slice; /* [n[0]] */
} soft_job;

static void sum_slice(void *context, int64_t z, int worker)
{
    const soft_job *job = context;
    const cm_pair *pair = job->pair;
    const int64_t n = pair->grid.n[1] * pair->grid.n[2];
    const uint16_t *reference = pair->reference + z * n;
    const float *probability = pair->probability + z * n;
    cm_sum inside = {0, 0}, all = {0, 0};
    (void)worker;
    for (int64_t i = 0; i < n; i++) {
        if (pair->has_ignored && reference[i] == pair->ignored) continue;
        cm_sum_add(&all, (double)probability[i]);
        if (job->in_target[reference[i]]) cm_sum_add(&inside, (double)probability[i]);
    }
    job->of_slice[z] = (cm_soft_overlap){cm_sum_value(&inside), cm_sum_value(&all)};
}

cm_status cm_measure_soft(const cm_measuring *m, const cm_pair *pair, const uint8_t *in_target,
                          cm_measured *out, cm_error *err)
{
    const int64_t n = pair->grid.n[0];
    soft_job job = {pair, in_target, malloc((size_t)n * sizeof *job.of_slice)};
    cm_sum inside = {0, 0}, all = {0, 0};
    if (!job.of_slice) return cm_measure_no_memory(n * pair->grid.n[1] * pair->grid.n[2], err);
    cm_threads_for(m->backend->pool, n, sum_slice, &job);
    for (int64_t z = 0; z < n; z++) {
        cm_sum_add(&inside, job.of_slice[z].inside);
        cm_sum_add(&all, job.of_slice[z].all);
    }
    out->soft = (cm_soft_overlap){cm_sum_value(&inside), cm_sum_value(&all)};
    free(job.of_slice);
    return CM_OK;
}

CM_MASK_METRIC(cm_mask_soft_dice)
{
    const double all = facts->soft->all + (double)(facts->tp + facts->fn);
    (void)metric;
    if (all == 0) return false;
    *value = 2 * facts->soft->inside / all;
    return true;
}

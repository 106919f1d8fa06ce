/* Mirrorings, and the mean over the passes of a window. */
#include "engine/model/passes.h"

int cm_mirroring_count(const cm_input_spec *input)
{
    int n = 1;
    for (int k = 0; k < 3; k++)
        n *= input->mirror[k] ? 2 : 1;
    return n;
}

int cm_mirrorings(const cm_input_spec *input, unsigned reversed[CM_MAX_MIRRORINGS])
{
    /* By how many axes, then in the order of combinations of (d, h, w). */
    static const unsigned order[CM_MAX_MIRRORINGS] = {0, 4, 2, 1, 6, 5, 3, 7};
    int axis[3], n = 0;
    unsigned allowed = 0;
    cm_tool_spec_tensor_axes(input, axis);
    for (int k = 0; k < 3; k++)
        if (input->mirror[axis[k]]) allowed |= 1U << k;
    for (int i = 0; i < CM_MAX_MIRRORINGS; i++)
        if (!(order[i] & ~allowed)) reversed[n++] = order[i];
    return n;
}

cm_str cm_mirroring_text(unsigned reversed)
{
    cm_str text = {{0}};
    for (int k = 2; k >= 0; k--)
        if (reversed >> k & 1)
            text = cm_strf("%s%s%c", text.s, text.s[0] ? " and " : "mirrored along ", "whd"[k]);
    return text;
}

typedef struct pass_job {
    const float *output;
    const int64_t *tile;
    unsigned reversed;
    int passes;
    bool first;
    float *mean;
} pass_job;

static void add_row(const pass_job *j, const float *row, float *mean)
{
    const int64_t n = j->tile[0];
    const float passes = (float)j->passes;
    if (j->reversed & 1) {
        for (int64_t x = 0; x < n; x++)
            mean[x] = (j->first ? 0.0f : mean[x]) + row[n - 1 - x] / passes;
    } else {
        for (int64_t x = 0; x < n; x++)
            mean[x] = (j->first ? 0.0f : mean[x]) + row[x] / passes;
    }
}

static void pass_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const pass_job *j = context;
    const int64_t *tile = j->tile;
    const int64_t c = task / tile[2], d = task % tile[2], from_d = j->reversed & 4 ? tile[2] - 1 - d : d;
    for (int64_t h = 0; h < tile[1]; h++) {
        const int64_t from_h = j->reversed & 2 ? tile[1] - 1 - h : h;
        add_row(j, j->output + ((c * tile[2] + from_d) * tile[1] + from_h) * tile[0],
                j->mean + (task * tile[1] + h) * tile[0]);
    }
}

void cm_pass_add(const float *output, int64_t channels, const int64_t tile[3], unsigned reversed, int passes,
                 bool first, float *mean, cm_threads *pool)
{
    pass_job j = {output, tile, reversed, passes, first, mean};
    cm_threads_for(pool, channels * tile[2], pass_task, &j);
}

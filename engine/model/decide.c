/* Decisions per voxel, straight from slabs of logits: resized logits are held for a strip of rows at most. */
#include "engine/model/decide.h"

#include <string.h>

enum { STRIP_VALUES = 1 << 20 };

cm_status cm_decision_check(const cm_output_spec *rule, int64_t channels, cm_error *err)
{
    if (rule->decision == CM_DECISION_ARGMAX && rule->n_labels && rule->n_labels != channels)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "labels do not fit the model's output",
                       .where = cm_strf("tool.xml:%d", rule->line).s,
                       .why =
                           cm_strf("%d labels, %lld output channels", rule->n_labels, (long long)channels).s,
                       .next = "give every output channel its label");
    if (rule->decision == CM_DECISION_ARGMAX && channels > CM_MAX_OUTPUTS)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the model has too many output channels",
                       .why = cm_strf("%lld, at most %d", (long long)channels, CM_MAX_OUTPUTS).s);
    if (rule->activation == CM_OUTPUT_SOFTMAX && channels < 2)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "softmax of one channel is always 1",
                       .where = cm_strf("tool.xml:%d", rule->line).s, .next = "use sigmoid");
    for (int i = 0; i < rule->n_regions; i++)
        if (rule->regions[i].channel >= channels)
            return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the decision names a channel the model lacks",
                           .where = cm_strf("tool.xml:%d", rule->line).s,
                           .why = cm_strf("channel %d, the model has %lld (numbered from 0)",
                                          rule->regions[i].channel, (long long)channels)
                                      .s);
    return CM_OK;
}

static int64_t strip_rows(int64_t channels, int64_t n_h, int64_t n_w)
{
    int64_t rows = STRIP_VALUES / (channels * n_w);
    return rows < 1 ? 1 : rows > n_h ? n_h : rows;
}

int64_t cm_decider_bytes(const cm_output_spec *rule, int64_t channels, int64_t n_h, int64_t n_w, int64_t w,
                         int threads)
{
    const int64_t bytes = cm_sample_scratch_bytes(n_w, w) * threads;
    int64_t strip = 2 * (int64_t)sizeof(float);
    if (rule->decision == CM_DECISION_ARGMAX) return bytes;
    if (!cm_mul_i64(strip, channels, &strip) || !cm_mul_i64(strip, n_w, &strip) ||
        !cm_mul_i64(strip, strip_rows(channels, n_h, n_w), &strip))
        return -1;
    return bytes + strip;
}

cm_status cm_decider_init(cm_decider *d, const cm_output_spec *rule, int64_t channels, int64_t n_h,
                          int64_t n_w, int64_t w, cm_backend *backend, cm_budget *budget, cm_error *err)
{
    *d = (cm_decider){.rule = rule,
                      .backend = backend,
                      .budget = budget,
                      .channels = channels,
                      .n_h = n_h,
                      .n_w = n_w,
                      .w = w,
                      .strip = strip_rows(channels, n_h, n_w)};
    static const char what[] = "decision scratch";
    d->scratch_bytes = cm_sample_scratch_bytes(n_w, w) * cm_threads_count(backend->pool);
    void *memory;
    cm_status st = cm_budget_alloc(budget, d->scratch_bytes, 1, what, &memory, err);
    d->scratch = memory;
    for (int i = 0; !st && rule->decision != CM_DECISION_ARGMAX && i < 2; i++) {
        st = cm_budget_alloc(budget, channels * d->strip * n_w, sizeof(float), what, &memory, err);
        d->strips[i] = memory;
    }
    return st;
}

void cm_decider_fini(cm_decider *d)
{
    if (!d->backend) return;
    cm_budget_free(d->budget, d->scratch, d->scratch_bytes, 1);
    for (int i = 0; i < 2; i++)
        cm_budget_free(d->budget, d->strips[i], d->channels * d->strip * d->n_w, sizeof(float));
    memset(d, 0, sizeof *d);
}

static cm_status activate(cm_output_activation activation, cm_backend *be, int64_t channels, int64_t n,
                          float *in, float *out, const float **result, cm_error *err)
{
    cm_tensor x = {.element = CM_ELEMENT_F32, .rank = 2, .dim = {channels, n}, .data = in};
    cm_tensor y = x;
    y.data = out;
    *result = activation == CM_OUTPUT_NONE ? in : out;
    if (activation == CM_OUTPUT_NONE) return CM_OK;
    if (activation == CM_OUTPUT_SIGMOID) return be->ops->unary(be, CM_UNARY_SIGMOID, 0, 0, &x, &y, err);
    return be->ops->softmax(be, &x, 0, false, &y, err);
}

typedef struct labels_to {
    uint16_t *labels;
    int64_t stride_h, stride_w;
} labels_to;

/* values: [channels][rows][n_w], of stored rows first .. first + rows - 1. */
static void write_regions(const cm_decider *d, const cm_taps *h, const cm_taps *w, int64_t first,
                          int64_t rows, const float *values, const labels_to *to)
{
    const cm_output_spec *rule = d->rule;
    for (int64_t i = 0; i < rows; i++) {
        if (!h->inside[first + i]) continue;
        uint16_t *out = to->labels + (first + i) * to->stride_h;
        for (int64_t k = 0; k < w->n; k++) {
            if (!w->inside[k]) continue;
            uint16_t label = 0;
            for (int r = 0; r < rule->n_regions; r++)
                if (values[(rule->regions[r].channel * rows + i) * w->n + k] > (float)rule->threshold)
                    label = rule->regions[r].label;
            out[k * to->stride_w] = label;
        }
    }
}

cm_status cm_decide_plane(cm_decider *d, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                          uint16_t *labels, int64_t stride_h, int64_t stride_w, cm_error *err)
{
    const labels_to to = {labels, stride_h, stride_w};
    const cm_output_spec *rule = d->rule;
    cm_backend *be = d->backend;
    if (rule->decision == CM_DECISION_ARGMAX)
        return be->ops->sample_argmax(be, slabs, h, w, rule->n_labels ? rule->labels : NULL, labels, stride_h,
                                      stride_w, d->scratch, err);
    cm_status st = CM_OK;
    for (int64_t first = 0; !st && first < d->n_h; first += d->strip) {
        const int64_t rows = d->n_h - first < d->strip ? d->n_h - first : d->strip;
        const float *values;
        st = be->ops->sample_rows(be, slabs, h, w, first, rows, d->strips[0], d->scratch, err);
        if (!st)
            st = activate(rule->activation, be, d->channels, rows * d->n_w, d->strips[0], d->strips[1],
                          &values, err);
        if (!st) write_regions(d, h, w, first, rows, values, &to);
    }
    return st;
}

static cm_status scores_of(const cm_output_spec *rule, const float *values, int64_t n, double *scores,
                           cm_error *err)
{
    if (n == 1) {
        if (rule->activation == CM_OUTPUT_SOFTMAX)
            return CM_FAIL(err, CM_ERR_MISMATCH, .what = "softmax of one output is always 1",
                           .where = cm_strf("tool.xml:%d", rule->line).s, .next = "use sigmoid");
        scores[0] = 1.0 - (double)values[0];
        scores[1] = (double)values[0];
        return CM_OK;
    }
    if (rule->decision == CM_DECISION_ARGMAX && rule->n_labels && rule->n_labels != n)
        return cm_decision_check(rule, n, err);
    for (int64_t c = 0; c < n; c++)
        scores[rule->n_labels ? rule->labels[c] : c] = (double)values[c];
    return CM_OK;
}

cm_status cm_decide_class(const cm_output_spec *rule, cm_backend *backend, const float *output, int64_t n,
                          double *scores, int *n_scores, int *decided, cm_error *err)
{
    float in[CM_MAX_OUTPUTS], out[CM_MAX_OUTPUTS];
    if (n < 1 || n > CM_MAX_OUTPUTS)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "a classifier's output has no usable number of classes",
                       .why = cm_strf("%lld, 1 to %d are possible", (long long)n, CM_MAX_OUTPUTS).s);
    const float *values;
    memcpy(in, output, (size_t)n * sizeof *in);
    cm_status st = activate(rule->activation, backend, n, 1, in, out, &values, err);
    if (!st) st = scores_of(rule, values, n, scores, err);
    if (st) return st;
    int k = n == 1 ? 2 : (int)n;
    *n_scores = k;
    *decided = 0;
    if (rule->decision == CM_DECISION_THRESHOLD) {
        const cm_region_rule *r = &rule->regions[0];
        if (k != 2)
            return CM_FAIL(err, CM_ERR_MISMATCH, .what = "a threshold decides between two classes",
                           .where = cm_strf("tool.xml:%d", rule->line).s,
                           .why = cm_strf("the model gives %d", k).s, .next = "use argmax");
        float p = n == 1 ? values[0] : values[r->channel];
        *decided = p > (float)rule->threshold ? r->label : 1 - r->label;
        return CM_OK;
    }
    for (int c = 1; c < k; c++)
        if (scores[c] > scores[*decided]) *decided = c;
    return CM_OK;
}

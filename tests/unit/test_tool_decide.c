/* Decisions: ties, strict thresholds, regions in order, interpolation on the way back, classes; clean-up. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/cleanup.h"
#include "engine/model/decide.h"
#include "tests/unit/serial_backend.h"

/* The two activations by the C library, in place of the backend's. */
static cm_status plain_unary(cm_backend *be, cm_unary op, float alpha, float beta, const cm_tensor *x,
                             cm_tensor *y, cm_error *err)
{
    (void)be, (void)alpha, (void)beta, (void)err;
    assert_int_equal(op, CM_UNARY_SIGMOID);
    for (int64_t i = 0; i < x->dim[0] * x->dim[1]; i++)
        ((float *)y->data)[i] = 1.0f / (1.0f + expf(-((const float *)x->data)[i]));
    return CM_OK;
}

static cm_status plain_softmax(cm_backend *be, const cm_tensor *x, int axis, bool log_too, cm_tensor *y,
                               cm_error *err)
{
    (void)be, (void)err;
    assert_int_equal(axis, 0);
    assert_false(log_too);
    const float *in = x->data;
    float *out = y->data;
    int64_t n = x->dim[1];
    for (int64_t i = 0; i < n; i++) {
        float sum = 0;
        for (int64_t c = 0; c < x->dim[0]; c++)
            sum += out[c * n + i] = expf(in[c * n + i]);
        for (int64_t c = 0; c < x->dim[0]; c++)
            out[c * n + i] /= sum;
    }
    return CM_OK;
}

/* *ops: what the backend borrows. */
static cm_backend plain_backend(cm_backend_ops *ops, cm_threads *pool)
{
    *ops = *serial_backend()->ops;
    ops->unary = plain_unary;
    ops->softmax = plain_softmax;
    return (cm_backend){.ops = ops, .pool = pool};
}

typedef struct plane {
    cm_placement placement;
    cm_taps h, w;
} plane;

/* Stored plane of ny x nx that is the current one. */
static plane plane_of(int64_t ny, int64_t nx)
{
    plane p;
    assert_int_equal(cm_placement_init(&p.placement, (int64_t[]){nx, ny, 1}, (double[]){1, 1, 1}, NULL),
                     CM_OK);
    assert_int_equal(cm_taps_init(&p.h, &p.placement, 1, NULL), CM_OK);
    assert_int_equal(cm_taps_init(&p.w, &p.placement, 0, NULL), CM_OK);
    return p;
}

static void plane_fini(plane *p)
{
    cm_taps_fini(&p->h);
    cm_taps_fini(&p->w);
    cm_placement_fini(&p->placement);
}

static void decide(const cm_output_spec *rule, int64_t channels, int64_t ny, int64_t nx, const float *logits,
                   const uint16_t *wanted, cm_threads *pool)
{
    cm_backend_ops ops;
    cm_backend be = plain_backend(&ops, pool);
    cm_budget budget;
    cm_budget_init(&budget, 1 << 26);
    plane p = plane_of(ny, nx);
    uint16_t *labels = calloc((size_t)(ny * nx), sizeof *labels);
    cm_slab_pair slabs = {logits, logits, 0, channels, ny * nx, ny, nx};
    cm_decider d;
    assert_int_equal(cm_decision_check(rule, channels, NULL), CM_OK);
    assert_int_equal(cm_decider_init(&d, rule, channels, ny, nx, nx, &be, &budget, NULL), CM_OK);
    assert_int_equal(budget.used_bytes, cm_decider_bytes(rule, channels, ny, nx, nx, cm_threads_count(pool)));
    assert_int_equal(cm_decide_plane(&d, &slabs, &p.h, &p.w, labels, nx, 1, NULL), CM_OK);
    for (int64_t i = 0; i < ny * nx; i++)
        assert_int_equal(labels[i], wanted[i]);
    cm_decider_fini(&d);
    assert_int_equal(budget.used_bytes, 0);
    plane_fini(&p);
    free(labels);
}

static void argmax_takes_the_lowest_of_a_tie(void **state)
{
    (void)state;
    const float logits[3 * 4] = {1, 5, 2, -1, 1, 5, 3, -1, 1, 4, 3, -0.5f};
    cm_output_spec rule = {.decision = CM_DECISION_ARGMAX};
    decide(&rule, 3, 2, 2, logits, (uint16_t[]){0, 0, 1, 2}, NULL);
    uint16_t values[3] = {7, 0, 300};
    rule.n_labels = 3;
    rule.labels = values;
    decide(&rule, 3, 2, 2, logits, (uint16_t[]){7, 7, 0, 300}, NULL);
}

static void a_threshold_is_strict(void **state)
{
    (void)state;
    cm_region_rule one = {.channel = 0, .label = 4};
    cm_output_spec rule = {
        .decision = CM_DECISION_THRESHOLD, .threshold = 0.5, .n_regions = 1, .regions = &one};
    const float p[3] = {0.5f, 0.50000006f, 0.49f};
    decide(&rule, 1, 1, 3, p, (uint16_t[]){0, 4, 0}, NULL);
    /* sigmoid(0) is exactly 1/2 */
    rule.activation = CM_OUTPUT_SIGMOID;
    const float logit[3] = {0.0f, 0.001f, -3.0f};
    decide(&rule, 1, 1, 3, logit, (uint16_t[]){0, 4, 0}, NULL);
}

static void softmax_is_over_channels(void **state)
{
    (void)state;
    cm_region_rule one = {.channel = 1, .label = 1};
    cm_output_spec rule = {.activation = CM_OUTPUT_SOFTMAX,
                           .decision = CM_DECISION_THRESHOLD,
                           .threshold = 0.7,
                           .n_regions = 1,
                           .regions = &one};
    /* e^1 / (e^0 + e^1) = 0.731, e^0.8 / (1 + e^0.8) = 0.690 */
    const float logits[4] = {0, 0, 1, 0.8f};
    decide(&rule, 2, 1, 2, logits, (uint16_t[]){1, 0}, NULL);
}

static void later_regions_overwrite(void **state)
{
    (void)state;
    cm_region_rule three[3] = {{2, 2}, {0, 1}, {1, 3}}; /* whole, core, enhancing */
    cm_output_spec rule = {
        .decision = CM_DECISION_REGIONS, .threshold = 0.5, .n_regions = 3, .regions = three};
    const float p[3 * 4] = {0.9f, 0.9f, 0.1f, 0.1f, /* channel 0 */
                            0.9f, 0.1f, 0.1f, 0.1f, /* channel 1 */
                            0.9f, 0.9f, 0.9f, 0.1f};
    decide(&rule, 3, 1, 4, p, (uint16_t[]){3, 1, 2, 0}, NULL);
}

/* Strips of rows: a plane larger than one strip, on several threads. */
static void strips_cover_the_plane(void **state)
{
    (void)state;
    enum { NY = 1500, NX = 801 }; /* 1,201,500 values: two strips */
    cm_threads *pool;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    float *p = malloc(sizeof(float) * NY * NX);
    uint16_t *wanted = malloc(sizeof(uint16_t) * NY * NX);
    for (int i = 0; i < NY * NX; i++) {
        p[i] = (float)(i * 31 % 101) / 100.0f;
        wanted[i] = p[i] > 0.5f ? 9 : 0;
    }
    cm_region_rule one = {.channel = 0, .label = 9};
    cm_output_spec rule = {
        .decision = CM_DECISION_THRESHOLD, .threshold = 0.5, .n_regions = 1, .regions = &one};
    decide(&rule, 1, NY, NX, p, wanted, pool);
    cm_threads_destroy(pool);
    free(wanted);
    free(p);
}

/* A stored row of 8 resampled to 4 (edges): positions (i + 0.5) / 2 - 0.5, clamped: 0, 0.25,
 * 0.75, 1.25, 1.75, 2.25, 2.75, 3. Logits on the small grid: channel 0: 0 0 1 1, channel 1: 0.6 everywhere;
 * the linear course of channel 0 between 1 and 2 passes 0.6 at 1.6. */
static void logits_come_back_linearly(void **state)
{
    (void)state;
    cm_backend_ops ops;
    cm_backend be = plain_backend(&ops, NULL);
    cm_budget budget;
    cm_budget_init(&budget, 1 << 20);
    cm_placement p;
    assert_int_equal(cm_placement_init(&p, (int64_t[]){8, 1, 1}, (double[]){1, 1, 1}, NULL), CM_OK);
    cm_placement_resample(&p, 0, CM_ALIGN_EDGES, 4, 2.0);
    static const double wanted[8] = {0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3};
    for (int i = 0; i < 8; i++)
        assert_true(p.position[0][i] == wanted[i]);
    cm_taps h, w;
    assert_int_equal(cm_taps_init(&h, &p, 1, NULL), CM_OK);
    assert_int_equal(cm_taps_init(&w, &p, 0, NULL), CM_OK);
    const float lower[8] = {0, 0, 1, 1, 0.6f, 0.6f, 0.6f, 0.6f};
    const float upper[8] = {0, 0, 3, 3, 0.6f, 0.6f, 0.6f, 0.6f};
    cm_output_spec rule = {.decision = CM_DECISION_ARGMAX};
    cm_decider d;
    assert_int_equal(cm_decider_init(&d, &rule, 2, 1, 8, 4, &be, &budget, NULL), CM_OK);
    uint16_t labels[8];
    cm_slab_pair slabs = {lower, upper, 0, 2, 4, 1, 4};
    assert_int_equal(cm_decide_plane(&d, &slabs, &h, &w, labels, 8, 1, NULL), CM_OK);
    assert_memory_equal(labels, ((uint16_t[]){1, 1, 1, 1, 0, 0, 0, 0}), sizeof labels);
    slabs.weight = 0.5f; /* half way: 0 0 2 2, which passes 0.6 at 1.3, and 1.25 gives 0.5 */
    assert_int_equal(cm_decide_plane(&d, &slabs, &h, &w, labels, 8, 1, NULL), CM_OK);
    assert_memory_equal(labels, ((uint16_t[]){1, 1, 1, 1, 0, 0, 0, 0}), sizeof labels);
    slabs.weight = 0.75f; /* 0 0 2.5 2.5: 1.25 gives 0.625 */
    assert_int_equal(cm_decide_plane(&d, &slabs, &h, &w, labels, 8, 1, NULL), CM_OK);
    assert_memory_equal(labels, ((uint16_t[]){1, 1, 1, 0, 0, 0, 0, 0}), sizeof labels);
    cm_decider_fini(&d);
    cm_taps_fini(&h);
    cm_taps_fini(&w);
    cm_placement_fini(&p);
}

static void rules_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    uint16_t values[2] = {0, 1};
    cm_output_spec rule = {.decision = CM_DECISION_ARGMAX, .n_labels = 2, .labels = values};
    cm_error err = {0};
    assert_int_equal(cm_decision_check(&rule, 3, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.why, "2 labels, 3 output channels"));
    cm_region_rule far = {.channel = 3, .label = 1};
    rule = (cm_output_spec){.decision = CM_DECISION_REGIONS, .n_regions = 1, .regions = &far};
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_decision_check(&rule, 3, &err), CM_ERR_MISMATCH);
    rule = (cm_output_spec){.activation = CM_OUTPUT_SOFTMAX};
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_decision_check(&rule, 1, &err), CM_ERR_MISMATCH);
}

static void classes_and_scores(void **state)
{
    (void)state;
    cm_backend_ops ops;
    cm_backend be = plain_backend(&ops, NULL);
    double scores[4];
    int n, decided;
    cm_output_spec rule = {.decision = CM_DECISION_ARGMAX};
    assert_int_equal(cm_decide_class(&rule, &be, (float[]){0.25f, 0.5f, 0.5f}, 3, scores, &n, &decided, NULL),
                     CM_OK);
    assert_int_equal(n, 3);
    assert_int_equal(decided, 1); /* lowest of the tie */
    uint16_t classes[3] = {2, 0, 1};
    rule.n_labels = 3;
    rule.labels = classes;
    assert_int_equal(cm_decide_class(&rule, &be, (float[]){0.7f, 0.2f, 0.1f}, 3, scores, &n, &decided, NULL),
                     CM_OK);
    assert_true(scores[2] == (double)0.7f && scores[0] == (double)0.2f && scores[1] == (double)0.1f);
    assert_int_equal(decided, 2);
    /* one sigmoid output: {1 - p, p} */
    cm_region_rule positive = {.channel = 0, .label = 1};
    rule = (cm_output_spec){.activation = CM_OUTPUT_SIGMOID,
                            .decision = CM_DECISION_THRESHOLD,
                            .threshold = 0.5,
                            .n_regions = 1,
                            .regions = &positive};
    assert_int_equal(cm_decide_class(&rule, &be, (float[]){0.0f}, 1, scores, &n, &decided, NULL), CM_OK);
    assert_int_equal(n, 2);
    assert_true(scores[0] == 0.5 && scores[1] == 0.5);
    assert_int_equal(decided, 0); /* not greater */
    assert_int_equal(cm_decide_class(&rule, &be, (float[]){0.1f}, 1, scores, &n, &decided, NULL), CM_OK);
    assert_int_equal(decided, 1);
    /* threshold on the positive channel of two */
    positive.channel = 1;
    rule.activation = CM_OUTPUT_NONE;
    rule.threshold = 0.3;
    assert_int_equal(cm_decide_class(&rule, &be, (float[]){0.6f, 0.4f}, 2, scores, &n, &decided, NULL),
                     CM_OK);
    assert_int_equal(decided, 1);
    cm_error err = {0};
    assert_int_equal(cm_decide_class(&rule, &be, (float[]){0, 0, 0}, 3, scores, &n, &decided, &err),
                     CM_ERR_MISMATCH);
}

static void clean_up_by_hand(void **state)
{
    (void)state;
    /* Label 1: a pair joined over a corner, a single, and a run of two at the end; label 2 untouched. */
    const uint16_t start[2 * 3 * 5] = {1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 2, 0,
                                       0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
    const cm_shape3 shape = {2, 3, 5};
    cm_budget budget;
    cm_budget_init(&budget, 1000);
    uint16_t labels[30];
    cm_cleanup_rule largest = {.label = 1}, at_least = {.label = 1, .minimum_voxels = 2};
    memcpy(labels, start, sizeof labels);
    assert_int_equal(cm_cleanup(&largest, 1, 26, shape, labels, &budget, NULL, NULL), CM_OK);
    /* 26: {0,0 1,1} and {z1} both have two voxels: the first in raster order stays */
    assert_int_equal(labels[0] + labels[6], 2);
    assert_int_equal(labels[4] + labels[28] + labels[29], 0);
    assert_int_equal(labels[8] + labels[13], 4);
    memcpy(labels, start, sizeof labels);
    assert_int_equal(cm_cleanup(&largest, 1, 6, shape, labels, &budget, NULL, NULL), CM_OK);
    assert_int_equal(labels[0] + labels[6] + labels[4], 0); /* 6: the corner does not join */
    assert_int_equal(labels[28] + labels[29], 2);
    memcpy(labels, start, sizeof labels);
    assert_int_equal(cm_cleanup(&at_least, 1, 26, shape, labels, &budget, NULL, NULL), CM_OK);
    assert_int_equal(labels[4], 0);
    assert_int_equal(labels[0] + labels[6] + labels[28] + labels[29], 4);
    assert_int_equal(budget.used_bytes, 0);
    largest.label = 9; /* absent */
    assert_int_equal(cm_cleanup(&largest, 1, 26, shape, labels, &budget, NULL, NULL), CM_OK);
    cm_budget_init(&budget, 10);
    largest.label = 1;
    assert_int_equal(cm_cleanup(&largest, 1, 26, shape, labels, &budget, NULL, NULL), CM_ERR_LIMIT);
}

/* A map of single voxels, which takes the longest: 64 rules on it end soon after the time is over, and the
 * memory of the single voxels is counted, too. */
static void clean_up_ends_in_time(void **state)
{
    (void)state;
    enum { SIDE = 96, COUNT = SIDE * SIDE * SIDE };
    const cm_shape3 shape = {SIDE, SIDE, SIDE};
    cm_cleanup_rule rules[CM_MAX_CLEANUPS];
    for (int i = 0; i < CM_MAX_CLEANUPS; i++)
        rules[i] = (cm_cleanup_rule){.label = 1, .minimum_voxels = 1}; /* keeps all, each time anew */
    uint16_t *labels = malloc(COUNT * sizeof *labels);
    for (int i = 0; i < COUNT; i++)
        labels[i] = (uint16_t)((i + i / SIDE + i / SIDE / SIDE) % 2);
    cm_budget budget;
    cm_budget_init(&budget, (5 + 6) * COUNT + (1 << 20));
    const double start = cm_now_s();
    assert_int_equal(cm_cleanup(rules, 1, 6, shape, labels, &budget, NULL, NULL), CM_OK);
    const double one_s = cm_now_s() - start;
    assert_true(budget.peak_bytes > (5 + 6) * COUNT);
    cm_stop stop = {.deadline_s = cm_now_s() + one_s * 1.5};
    assert_int_equal(cm_cleanup(rules, CM_MAX_CLEANUPS, 6, shape, labels, &budget, &stop, NULL),
                     CM_ERR_TIMEOUT);
    const double late_s = cm_now_s() - stop.deadline_s;
    if (!(late_s < one_s * 8 + 0.1)) fail_msg("%g s late; one rule takes %g s", late_s, one_s);
    assert_int_equal(budget.used_bytes, 0);
    cm_stop now = {.requested = 1};
    assert_int_equal(cm_cleanup(rules, 1, 6, shape, labels, &budget, &now, NULL), CM_ERR_STOPPED);
    cm_budget_init(&budget, (5 + 3) * COUNT);
    assert_int_equal(cm_cleanup(rules, 1, 6, shape, labels, &budget, NULL, NULL), CM_ERR_LIMIT);
    free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(argmax_takes_the_lowest_of_a_tie),
        cmocka_unit_test(a_threshold_is_strict),
        cmocka_unit_test(softmax_is_over_channels),
        cmocka_unit_test(later_regions_overwrite),
        cmocka_unit_test(strips_cover_the_plane),
        cmocka_unit_test(logits_come_back_linearly),
        cmocka_unit_test(rules_that_do_not_fit_are_refused),
        cmocka_unit_test(classes_and_scores),
        cmocka_unit_test(clean_up_by_hand),
        cmocka_unit_test(clean_up_ends_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

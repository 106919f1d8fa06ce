/* Messages between ranks: what is packed comes back the same, and what is no message is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/item.h"

static void round_trip(void **state)
{
    (void)state;
    cm_metric_value values[] = {{CM_VALUE_OK, CM_NONE_EMPTY, 0.25},
                                {CM_VALUE_UNDEFINED, CM_REFERENCE_EMPTY, 0}};
    double scores[] = {0.1, 0.9, 0.0};
    cm_outcome in = {.work = {3, 1, 17, 42}, .n_values = 2}, out;
    in.item.state = CM_ITEM_OK;
    in.values = values;
    in.scores = scores;
    in.n_scores = 3;
    in.item.cost.wall_s = 1.5;
    char *bytes = NULL;
    int64_t count = 0;
    assert_int_equal(cm_outcome_pack(&in, &bytes, &count, NULL), CM_OK);
    assert_int_equal(cm_outcome_unpack(bytes, count, &out, NULL), CM_OK);
    assert_int_equal(out.work.case_index, 42);
    assert_int_equal(out.n_values, 2);
    assert_true(out.values[0].value == 0.25);
    assert_int_equal(out.values[1].empty, CM_REFERENCE_EMPTY);
    assert_true(out.scores[1] == 0.9);
    assert_true(out.item.cost.wall_s == 1.5);
    cm_outcome_fini(&out);
    assert_int_equal(cm_outcome_unpack(bytes, count - 1, &out, NULL), CM_ERR_INTERNAL);
    assert_int_equal(cm_outcome_unpack(bytes, 3, &out, NULL), CM_ERR_INTERNAL);
    free(bytes);
}

static void evidence_travels(void **state)
{
    (void)state;
    cm_metric_value values[3] = {{CM_VALUE_OK, CM_NONE_EMPTY, 0.25}};
    double x[] = {2, 1, 1, 1, 0.5, 12}, y[] = {7};
    cm_evidence evidence[3] = {{6, x}, {0, NULL}, {1, y}};
    cm_outcome in = {.n_values = 3}, out;
    in.values = values;
    in.evidence = evidence;
    char *bytes = NULL;
    int64_t count = 0;
    assert_int_equal(cm_outcome_pack(&in, &bytes, &count, NULL), CM_OK);
    assert_int_equal(cm_outcome_unpack(bytes, count, &out, NULL), CM_OK);
    assert_int_equal(out.evidence[0].n, 6);
    assert_memory_equal(out.evidence[0].x, x, sizeof x);
    assert_int_equal(out.evidence[1].n, 0);
    assert_true(out.evidence[2].n == 1 && out.evidence[2].x[0] == 7);
    cm_outcome_fini(&out);
    for (int64_t cut = 1; cut < 40; cut++)
        assert_int_equal(cm_outcome_unpack(bytes, count - cut, &out, NULL), CM_ERR_INTERNAL);
    free(bytes);
}

static void state_names_are_pinned(void **state)
{
    (void)state;
    const char *expected[] = {
        "open",          "ok",    "no-reference", "timeout",      "memory-limit", "non-finite-output",
        "unknown-label", "crash", "failed",       "damaged-input"};
    for (int i = 0; i < 10; i++)
        assert_string_equal(cm_item_state_name((cm_item_state)i), expected[i]);
    assert_string_equal(cm_item_state_name((cm_item_state)99), "unknown");
    assert_true(cm_item_state_depends_on_machine(CM_ITEM_TIMEOUT) &&
                cm_item_state_depends_on_machine(CM_ITEM_MEMORY));
    assert_false(cm_item_state_depends_on_machine(CM_ITEM_NON_FINITE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(evidence_travels),
                                       cmocka_unit_test(state_names_are_pinned)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

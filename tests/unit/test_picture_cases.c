/* Which cases of a tool become pictures: worst, median and best, by the number that enters the ranking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/run/pictures.h"
#include "tests/report/fake_results.h"

static void expect(const cm_results *r, int tool, int64_t worst, int64_t median, int64_t best)
{
    int64_t chosen[CM_PICTURE_KINDS] = {-2, -2, -2};
    int target = -1;
    assert_int_equal(cm_picture_cases(r, tool, chosen, &target, NULL), CM_OK);
    assert_int_equal(target, 0);
    assert_int_equal(chosen[CM_PICTURE_WORST], worst);
    assert_int_equal(chosen[CM_PICTURE_MEDIAN], median);
    assert_int_equal(chosen[CM_PICTURE_BEST], best);
}

/* DSC of case i is 0.9 - 0.01 i: the first case is best, the last worst; of eight the fourth is the median.
 */
static void cases_are_chosen_by_the_ranking_metric(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 8);
    expect(r, 0, 7, 3, 0);
    fake_fail(r, 0, 7, CM_ITEM_TIMEOUT, ""); /* nothing to draw */
    expect(r, 0, 6, 3, 0);
    fake_value(r, 0, 5, 0, 0, (cm_metric_value){.value = 0.84}); /* as bad as case 6: the first of both */
    expect(r, 0, 5, 3, 0);
    fake_results_free(r);
}

static void no_case_is_drawn_twice(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(1, 2);
    expect(r, 0, 1, -1, 0);
    fake_fail(r, 0, 0, CM_ITEM_CRASH, "");
    expect(r, 0, 1, -1, -1);
    fake_fail(r, 0, 1, CM_ITEM_CRASH, "");
    expect(r, 0, -1, -1, -1);
    fake_results_free(r);
    r = fake_segmentation(1, 5); /* all alike: one case stands for all three */
    for (int64_t i = 0; i < 5; i++)
        fake_value(r, 0, i, 0, 0, (cm_metric_value){.value = 0.5});
    expect(r, 0, 0, 2, -1);
    fake_results_free(r);
}

/* sharp gives its own class 0.2 in every seventh case and 0.9 else. */
static void a_classifier_by_the_score_of_the_true_class(void **state)
{
    (void)state;
    cm_results *r = fake_classification(14);
    expect(r, 0, 6, 7, 0);
    fake_results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_are_chosen_by_the_ranking_metric),
        cmocka_unit_test(no_case_is_drawn_twice),
        cmocka_unit_test(a_classifier_by_the_score_of_the_true_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

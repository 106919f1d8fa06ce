/* Einsum, and gather and scatter at places that another input names, against values worked out by hand. */
#include "tests/unit/model_fixture.h"

static ow_buf einsum(const char *equation, const char *inputs, int rank, const int64_t *dim)
{
    ow_buf a = {0};
    ow_attr_string(&a, "equation", equation);
    return one("Einsum", inputs, &a, rank, dim);
}

static void einsum_of_one(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    ow_buf g = einsum("ij->ji", "x", SHAPE(2, 3));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(1, 4, 2, 5, 3, 6), 0);
    g = einsum(" i j -> j ", "x", SHAPE(2, 3));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(5, 7, 9), 0);
    g = einsum("ij->", "x", SHAPE(2, 3));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(21), 0);
    g = einsum("ii->i", "x", SHAPE(2, 2));
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(1, 4), 0);
    g = einsum("ii", "x", SHAPE(2, 2)); /* a letter that comes twice is summed: the trace */
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(5), 0);
    g = einsum("ba", "x", SHAPE(2, 3)); /* without an arrow in the order of the alphabet */
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(1, 4, 2, 5, 3, 6), 0);
    g = einsum("...i->i...", "x", SHAPE(1, 2, 3));
    assert_gives(&g, 13, SHAPE(1, 2, 3), x, VALUES(1, 4, 2, 5, 3, 6), 0);
}

static void einsum_of_two_and_three(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4};
    ow_buf g = einsum("ij,jk->ik", "x,w", SHAPE(2, 2));
    add_f32(&g, "w", SHAPE(2, 2), FLOATS(10, 20, 30, 40));
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(70, 100, 150, 220), 0);
    g = einsum("ij,kj->ki", "x,w", SHAPE(2, 2)); /* (1 2)(10 20), (3 4)(10 20), (1 2)(30 40), ... */
    add_f32(&g, "w", SHAPE(2, 2), FLOATS(10, 20, 30, 40));
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(50, 110, 110, 250), 0);
    g = einsum("bi,bj->bij", "x,w", SHAPE(2, 2)); /* outer products */
    add_f32(&g, "w", SHAPE(2, 1), FLOATS(2, 5));
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(2, 4, 15, 20), 0);
    g = einsum("i,j->", "x,w", SHAPE(4)); /* each is summed before they meet */
    add_f32(&g, "w", SHAPE(3), FLOATS(1, 1, 3));
    assert_gives(&g, 13, SHAPE(4), x, VALUES(50), 0);
    g = einsum("...i,...i->...", "x,w", SHAPE(2, 2)); /* the dots are spread over the other's */
    add_f32(&g, "w", SHAPE(1, 2), FLOATS(1, 10));
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(21, 43), 0);
    g = einsum("ij,jk,k->i", "x,w,v", SHAPE(2, 2)); /* x (w v): w v = (70, 150) */
    add_f32(&g, "w", SHAPE(2, 2), FLOATS(10, 20, 30, 40));
    add_f32(&g, "v", SHAPE(2), FLOATS(3, 2));
    assert_gives(&g, 13, SHAPE(2, 2), x, VALUES(410, 890), 0);
}

static void assert_einsum_refused(const char *equation, cm_status expected, const char *word)
{
    ow_buf g = einsum(equation, "x,w", SHAPE(2, 2));
    planned p;
    cm_error err = {0};
    add_f32(&g, "w", SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
    const cm_status st = plan_graph(&g, 13, SHAPE(2, 2), NULL, &p, &err);
    assert_refused(st, expected, &err, word);
    planned_fini(&p);
}

static void einsum_that_is_none(void **state)
{
    (void)state;
    assert_einsum_refused("ij,jk->ix", CM_ERR_FORMAT, "label");
    assert_einsum_refused("ij,jk->ii", CM_ERR_FORMAT, "label");
    assert_einsum_refused("ij,jk->i>k", CM_ERR_FORMAT, "equation");
    assert_einsum_refused("ij,jk-ik", CM_ERR_FORMAT, "equation");
    assert_einsum_refused("ij->ij", CM_ERR_FORMAT, "terms");
    assert_einsum_refused("ij,jk,k->i", CM_ERR_FORMAT, "terms");
    assert_einsum_refused("ij,kj->ik", CM_ERR_MISMATCH, "one label");
    assert_einsum_refused("ijk,jk->ik", CM_ERR_MISMATCH, "dimensions");
    assert_einsum_refused("i..j,jk->ik", CM_ERR_FORMAT, "equation");
}

static void gather_elements_and_slices(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    ow_buf a = {0};
    ow_attr_int(&a, "axis", 1);
    ow_buf g = one("GatherElements", "x,i", &a, SHAPE(2, 3));
    add_i64(&g, "i", SHAPE(2, 2), DIMS(2, 0, -1, 1));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(3, 1, 6, 5), 0);
    g = one("GatherND", "x,i", NULL, SHAPE(2, 3));
    add_i64(&g, "i", SHAPE(2, 2), DIMS(1, 0, 0, -1));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(4, 3), 0);
    g = one("GatherND", "x,i", NULL, SHAPE(2, 3)); /* whole rows */
    add_i64(&g, "i", SHAPE(1, 1), DIMS(1));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(4, 5, 6), 0);
    ow_attr_int(&a, "batch_dims", 1);
    g = one("GatherND", "x,i", &a, SHAPE(2, 3)); /* one of each row */
    add_i64(&g, "i", SHAPE(2, 1), DIMS(2, 0));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(3, 4), 0);
}

static void scatter_elements_and_slices(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    ow_buf a = {0};
    ow_attr_int(&a, "axis", 1);
    ow_buf g = one("ScatterElements", "x,i,u", &a, SHAPE(2, 3)); /* of two in one place the last counts */
    add_i64(&g, "i", SHAPE(2, 2), DIMS(0, 0, -1, 1));
    add_f32(&g, "u", SHAPE(2, 2), FLOATS(10, 20, 30, 40));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(20, 2, 3, 4, 40, 30), 0);
    ow_attr_int(&a, "axis", 1);
    ow_attr_string(&a, "reduction", "add");
    g = one("ScatterElements", "x,i,u", &a, SHAPE(2, 3));
    add_i64(&g, "i", SHAPE(2, 2), DIMS(0, 0, -1, 1));
    add_f32(&g, "u", SHAPE(2, 2), FLOATS(10, 20, 30, 40));
    assert_gives(&g, 16, SHAPE(2, 3), x, VALUES(31, 2, 3, 4, 45, 36), 0);
    g = one("ScatterND", "x,i,u", NULL, SHAPE(2, 3));
    add_i64(&g, "i", SHAPE(1, 1), DIMS(-1));
    add_f32(&g, "u", SHAPE(1, 3), FLOATS(7, 8, 9));
    assert_gives(&g, 13, SHAPE(2, 3), x, VALUES(1, 2, 3, 7, 8, 9), 0);
    ow_attr_string(&a, "reduction", "mul");
    g = one("ScatterND", "x,i,u", &a, SHAPE(2, 3));
    add_i64(&g, "i", SHAPE(2, 2), DIMS(0, 1, 0, 1));
    add_f32(&g, "u", SHAPE(2), FLOATS(10, 3));
    assert_gives(&g, 16, SHAPE(2, 3), x, VALUES(1, 60, 3, 4, 5, 6), 0);
}

/* Indices that are computed from the image can be out of range only when it is there. */
static void an_index_out_of_range_stops_the_run(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_int(&a, "to", OW_INT64);
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    ow_node(&g, "Cast", "x", "i", &a);
    ow_node(&g, "Gather", "c,i", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    add_f32(&g, "c", SHAPE(3), FLOATS(10, 20, 30));
    planned p;
    cm_error err = {0};
    float y[2] = {0};
    assert_ok(plan_graph(&g, 13, SHAPE(2), NULL, &p, &err), &err);
    assert_ok(cm_plan_prepare(p.plan, &err), &err);
    assert_ok(cm_plan_run(p.plan, FLOATS(-1, 1), y, NULL, &err), &err);
    assert_true(y[0] == 30 && y[1] == 20);
    assert_refused(cm_plan_run(p.plan, FLOATS(0, 3), y, NULL, &err), CM_ERR_ARG, &err, "out of range");
    planned_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(einsum_of_one),
        cmocka_unit_test(einsum_of_two_and_three),
        cmocka_unit_test(einsum_that_is_none),
        cmocka_unit_test(gather_elements_and_slices),
        cmocka_unit_test(scatter_elements_and_slices),
        cmocka_unit_test(an_index_out_of_range_stops_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

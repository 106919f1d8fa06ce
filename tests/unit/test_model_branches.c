/* If: the branch that the shapes choose is run, and the other is never looked at. */
#include "tests/unit/model_fixture.h"

/* cond = (x has n rows) */
static void add_condition(ow_buf *g, const char *name, int64_t rows)
{
    char wanted[32], inputs[64];
    ow_buf a = {0};
    snprintf(wanted, sizeof wanted, "%s_rows", name);
    add_i64(g, wanted, SHAPE(1), DIMS(rows));
    ow_node(g, "Shape", "x", cm_strf("%s_shape", name).s, NULL);
    add_i64(g, cm_strf("%s_first", name).s, SHAPE(1), DIMS(0));
    ow_node(g, "Gather", cm_strf("%s_shape,%s_first", name, name).s, cm_strf("%s_n", name).s, NULL);
    snprintf(inputs, sizeof inputs, "%s_n,%s", name, wanted);
    ow_node(g, "Equal", inputs, name, &a);
}

/* A branch of one node, with an output of its own. */
static ow_buf branch(const char *op, const char *inputs, const char *output)
{
    ow_buf g = {0};
    ow_node(&g, op, inputs, output, NULL);
    ow_output(&g, output, OW_FLOAT, 0, NULL);
    return g;
}

static void add_if(ow_buf *g, const char *condition, ow_buf *then_branch, ow_buf *else_branch,
                   const char *outputs)
{
    ow_buf a = {0};
    ow_attr_graph(&a, "then_branch", then_branch);
    ow_attr_graph(&a, "else_branch", else_branch);
    ow_node(g, "If", condition, outputs, &a);
}

static ow_buf free_rows(void)
{
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(-1, 2));
    return g;
}

/* Both branches call their result r and use a weight w: names of a branch are its own. */
static ow_buf two_ways(void)
{
    ow_buf g = free_rows(), yes = {0}, no = {0};
    add_condition(&g, "one_row", 1);
    ow_buf w = ow_tensor_f32("w", SHAPE(1), FLOATS(10));
    ow_initializer(&yes, &w);
    ow_node(&yes, "Mul", "x,w", "r", NULL);
    ow_output(&yes, "r", OW_FLOAT, 0, NULL);
    w = ow_tensor_f32("w", SHAPE(1), FLOATS(100));
    ow_initializer(&no, &w);
    ow_node(&no, "Add", "x,w", "r", NULL);
    ow_output(&no, "r", OW_FLOAT, 0, NULL);
    add_if(&g, "one_row", &yes, &no, "t");
    ow_node(&g, "Neg", "t", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, 2));
    return g;
}

static void the_shape_chooses(void **state)
{
    (void)state;
    ow_buf g = two_ways();
    assert_gives(&g, 13, SHAPE(1, 2), FLOATS(1, 2), VALUES(-10, -20), 0);
    g = two_ways();
    assert_gives(&g, 13, SHAPE(2, 2), FLOATS(1, 2, 3, 4), VALUES(-101, -102, -103, -104), 0);
}

/* What PyTorch writes for squeeze(0) where the size is free: Squeeze in one branch, which would be wrong for
 * three rows and is not looked at then. */
static void the_other_branch_may_be_wrong(void **state)
{
    (void)state;
    for (int64_t rows = 1; rows <= 3; rows += 2) {
        ow_buf g = free_rows();
        add_condition(&g, "c", 1);
        add_i64(&g, "zero", SHAPE(1), DIMS(0));
        ow_buf yes = branch("Squeeze", "x,zero", "s"), no = branch("Identity", "x", "s");
        add_if(&g, "c", &yes, &no, "y");
        ow_output(&g, "y", OW_FLOAT, 0, NULL);
        if (rows == 1)
            assert_gives(&g, 13, SHAPE(1, 2), FLOATS(1, 2), VALUES(1, 2), 0);
        else
            assert_gives(&g, 13, SHAPE(3, 2), FLOATS(1, 2, 3, 4, 5, 6), VALUES(1, 2, 3, 4, 5, 6), 0);
    }
}

/* Two outputs, a value of the graph handed on as it is, and a branch inside a branch. */
static void several_outputs_and_branches_inside(void **state)
{
    (void)state;
    for (int64_t rows = 1; rows <= 3; rows++) {
        ow_buf g = free_rows(), outer_no = {0}, a = {0};
        add_condition(&g, "one", 1);
        ow_node(&g, "Neg", "x", "minus", NULL);
        ow_buf yes = branch("Identity", "x", "p");
        ow_output(&yes, "minus", OW_FLOAT, 0, NULL);
        add_condition(&outer_no, "two", 2);
        ow_buf inner_yes = branch("Abs", "minus", "q"), inner_no = branch("Relu", "minus", "q");
        add_if(&outer_no, "two", &inner_yes, &inner_no, "p");
        ow_output(&outer_no, "p", OW_FLOAT, 0, NULL);
        ow_output(&outer_no, "x", OW_FLOAT, 0, NULL);
        add_if(&g, "one", &yes, &outer_no, "u,v");
        ow_attr_int(&a, "axis", 1);
        ow_node(&g, "Concat", "u,v", "y", &a);
        ow_output(&g, "y", OW_FLOAT, SHAPE(-1, 4));
        if (rows == 1) assert_gives(&g, 13, SHAPE(1, 2), FLOATS(1, 2), VALUES(1, 2, -1, -2), 0);
        if (rows == 2)
            assert_gives(&g, 13, SHAPE(2, 2), FLOATS(1, -2, 3, 4), VALUES(1, 2, 1, -2, 3, 4, 3, 4), 0);
        if (rows == 3)
            assert_gives(&g, 13, SHAPE(3, 2), FLOATS(1, -2, 3, 4, 5, -6),
                         VALUES(0, 2, 1, -2, 0, 0, 3, 4, 0, 6, 5, -6), 0);
    }
}

static void refuse(ow_buf *g, cm_status wanted, const char *word)
{
    planned p;
    cm_error err = {0};
    const cm_status st = plan_graph(g, 13, SHAPE(1, 2), NULL, &p, &err);
    assert_refused(st, wanted, &err, word);
    planned_fini(&p);
}

static ow_buf with_output(ow_buf g)
{
    ow_output(&g, "y", OW_FLOAT, 0, NULL);
    return g;
}

static void what_is_refused(void **state)
{
    (void)state;
    ow_buf g = free_rows(), a = {0};
    ow_node(&g, "ReduceSum", "x", "sum", NULL);
    add_f32(&g, "limit", SHAPE(1), FLOATS(3));
    ow_node(&g, "Greater", "sum,limit", "c", NULL);
    ow_buf yes = branch("Neg", "x", "r"), no = branch("Abs", "x", "r");
    add_if(&g, "c", &yes, &no, "y");
    g = with_output(g);
    refuse(&g, CM_ERR_UNSUPPORTED, "condition is computed from the image");

    g = free_rows();
    add_condition(&g, "c", 1);
    yes = branch("Neg", "hidden", "r"), no = (ow_buf){0};
    ow_node(&no, "Abs", "x", "hidden", NULL);
    ow_output(&no, "hidden", OW_FLOAT, 0, NULL);
    add_if(&g, "c", &yes, &no, "y");
    g = with_output(g);
    refuse(&g, CM_ERR_FORMAT, "hidden"); /* a name of the other branch */

    g = free_rows();
    add_condition(&g, "c", 1);
    yes = branch("Neg", "x", "r"), no = branch("Abs", "x", "r");
    add_if(&g, "c", &yes, &no, "t");
    ow_node(&g, "Neg", "r", "y", NULL);
    g = with_output(g);
    refuse(&g, CM_ERR_FORMAT, "\"r\""); /* a name of a branch, outside it */

    g = free_rows();
    add_condition(&g, "c", 1);
    yes = branch("Neg", "x", "r");
    ow_attr_graph(&a, "then_branch", &yes);
    ow_node(&g, "If", "c", "y", &a);
    g = with_output(g);
    refuse(&g, CM_ERR_FORMAT, "two branches");

    g = free_rows();
    add_condition(&g, "c", 1);
    yes = branch("Neg", "x", "r"), no = branch("Abs", "x", "r");
    add_if(&g, "c", &yes, &no, "y,z");
    g = with_output(g);
    refuse(&g, CM_ERR_FORMAT, "1, expected 2");

    g = free_rows();
    add_condition(&g, "c", 1);
    yes = branch("Neg", "x", "r"), no = branch("Abs", "x", "r");
    ow_input(&no, "extra", OW_FLOAT, 0, NULL);
    add_if(&g, "c", &yes, &no, "y");
    g = with_output(g);
    refuse(&g, CM_ERR_FORMAT, "has an input");

    g = free_rows();
    add_condition(&g, "c", 1);
    yes = branch("Loop", "x", "r"), no = branch("Abs", "x", "r");
    add_if(&g, "c", &yes, &no, "y");
    g = with_output(g);
    refuse(&g, CM_ERR_POLICY, "Loop");

    g = free_rows();
    add_f32(&g, "c", SHAPE(1), FLOATS(1));
    yes = branch("Neg", "x", "r"), no = branch("Abs", "x", "r");
    add_if(&g, "c", &yes, &no, "y");
    g = with_output(g);
    refuse(&g, CM_ERR_FORMAT, "not one truth value");
}

/* Six branches inside each other. */
static void depth_is_limited(void **state)
{
    (void)state;
    for (int depth = 4; depth <= 6; depth += 2) {
        ow_buf g = free_rows(), inside = branch("Neg", "x", "r");
        add_condition(&g, "c", 1);
        for (int i = 1; i < depth; i++) {
            ow_buf next = {0}, no = branch("Abs", "x", "r");
            add_if(&next, "c", &inside, &no, "r");
            ow_output(&next, "r", OW_FLOAT, 0, NULL);
            inside = next;
        }
        ow_buf no = branch("Abs", "x", "r");
        add_if(&g, "c", &inside, &no, "y");
        g = with_output(g);
        if (depth <= 4)
            assert_gives(&g, 13, SHAPE(1, 2), FLOATS(1, 2), VALUES(-1, -2), 0);
        else
            refuse(&g, CM_ERR_LIMIT, "deeper");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_chooses),
        cmocka_unit_test(the_other_branch_may_be_wrong),
        cmocka_unit_test(several_outputs_and_branches_inside),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(depth_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

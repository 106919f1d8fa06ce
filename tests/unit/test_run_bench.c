/* bench.xml: defaults, errors with their line, and the meeting with a cohort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/files.h"
#include "engine/model/limits.h"
#include "engine/run/bench.h"

#define HEAD                                                                                                 \
    "<bench xmlns=\"urn:cohmark:bench:1\" schemaVersion=\"1.0\" id=\"b\" version=\"1\" title=\"t\" task=\"segmentation\">\n<cohort path=\"c\"/>\n"

static char path[] = "/tmp/cohmark-bench.XXXXXX";

static cm_status read_text(const char *text, cm_bench **out, cm_error *err)
{
    *out = NULL;
    assert_int_equal(cm_file_write(path, text, (int64_t)strlen(text), NULL), CM_OK);
    return cm_bench_read(path, out, err);
}

static void defaults(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    assert_int_equal(
        read_text(HEAD "<metrics><metric id=\"DSC\"/><metric id=\"HD95.vox.maxdir\"/></metrics></bench>", &b,
                  &err),
        CM_OK);
    assert_int_equal(b->n_metrics, 2);
    assert_string_equal(b->ranking_metric, "DSC");
    assert_int_equal(b->policies.one_empty, CM_POLICY_WORST);
    assert_int_equal(b->policies.both_empty, CM_POLICY_EXCLUDE);
    assert_int_equal(b->policies.missing, CM_POLICY_WORST);
    assert_true(b->level == 0.95 && b->replicates == 2000 && b->minimum_cell == 5 &&
                b->seconds_per_case == 0);
    cm_bench_destroy(b);
}

static void refuse(const char *text, cm_status expected, const char *part)
{
    cm_bench *b;
    cm_error err = {0};
    char line[2048];
    assert_int_equal(read_text(text, &b, &err), expected);
    assert_null(b);
    cm_error_format(&err, line, sizeof line);
    if (!strstr(line, part)) fail_msg("\"%s\" does not say \"%s\"", line, part);
}

/* A list of n different elements, within a bench that is valid otherwise; malloc'd. */
static char *bench_with(const char *before, const char *one, int n, const char *after)
{
    const size_t room = strlen(HEAD) + strlen(before) + strlen(after) + (size_t)n * (strlen(one) + 16) + 1;
    char *text = malloc(room);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, room, HEAD "%s", before);
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, room - used, one, 1 + i / 10, i % 10);
    snprintf(text + used, room - used, "%s</bench>", after);
    return text;
}

/* 200 are taken; of more the message says how many there are, which one is too many, and what to do. */
static void a_list_may_be_too_long(void **state)
{
    (void)state;
    static const char metric[] = "<metric id=\"NSD.vox@%d.%d1mm\"/>\n";
    cm_bench *b;
    cm_error err = {0};
    char *most = bench_with("<metrics>\n", metric, 200, "</metrics>");
    assert_int_equal(read_text(most, &b, &err), CM_OK);
    assert_int_equal(b->n_metrics, 200);
    cm_bench_destroy(b);
    char *more = bench_with("<metrics>\n", metric, 203, "</metrics>");
    static const char *const said[] = {"<metrics> has more than 200 elements <metric>", ":204", "it has 203",
                                       "another bench"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        refuse(more, CM_ERR_SCHEMA, said[i]);
    char *parts = bench_with("<metrics><metric id=\"DSC\"/></metrics><combination>\n",
                             "<part metric=\"DSC\" target=\"t%d-%d\"/>\n", 201, "</combination>");
    refuse(parts, CM_ERR_SCHEMA, "<combination> has more than 200 elements <part>");
    free(most);
    free(more);
    free(parts);
}

static void combinations_and_subgroups(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    assert_int_equal(read_text(HEAD "<metrics><metric id=\"DSC\"/><metric id=\"IOU\"/></metrics>"
                                    "<combination missing=\"exclude\"><part metric=\"DSC\" weight=\"2\"/>"
                                    "<part metric=\"IOU\" target=\"organ\"/></combination>"
                                    "<subgroups><attribute name=\"sex\"/></subgroups></bench>",
                               &b, &err),
                     CM_OK);
    assert_true(b->n_parts == 2 && b->combination_excludes && b->has_subgroups && b->n_subgroups == 1);
    assert_true(b->parts[0].weight == 2 && b->parts[1].weight == 1 && !b->parts[0].target[0]);
    assert_string_equal(b->parts[1].target, "organ");
    assert_string_equal(b->subgroups[0].name, "sex");
    cm_bench_destroy(b);
}

#define CUT(attributes)                                                                                      \
    HEAD "<metrics><metric id=\"DSC\"/></metrics><subgroups><attribute name=\"age\" " attributes             \
         "/></subgroups></bench>"

static void numbers_are_cut_into_groups(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    assert_int_equal(read_text(CUT("cuts=\" 50  65.5 1e3\""), &b, &err), CM_OK);
    const cm_subgroup *age = &b->subgroups[0];
    assert_true(age->n_cuts == 3 && age->cuts[0] == 50 && age->cuts[1] == 65.5 && age->cuts[2] == 1000);
    assert_int_equal(age->parts, 0);
    cm_bench_destroy(b);
    assert_int_equal(read_text(CUT("parts=\"3\""), &b, &err), CM_OK);
    assert_true(b->subgroups[0].parts == 3 && b->subgroups[0].n_cuts == 0);
    cm_bench_destroy(b);
    refuse(CUT("cuts=\"65 50\""), CM_ERR_SCHEMA, "above the one before");
    refuse(CUT("cuts=\"50 50\""), CM_ERR_SCHEMA, "above the one before");
    refuse(CUT("cuts=\"50\" parts=\"2\""), CM_ERR_SCHEMA, "has parts, too");
    refuse(CUT("cuts=\"fifty\""), CM_ERR_SCHEMA, "cuts");
    refuse(CUT("cuts=\"INF\""), CM_ERR_SCHEMA, "cuts");
    refuse(CUT("cuts=\"\""), CM_ERR_SCHEMA, "cuts");
    refuse(CUT("cuts=\"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\""), CM_ERR_SCHEMA, "cuts");
    refuse(CUT("parts=\"1\""), CM_ERR_SCHEMA, "parts");
}

/* Every limit of the table is an attribute of the schema, lands in its own field, and has an end. */
static void every_limit_can_be_set(void **state)
{
    (void)state;
    static const char form[] = HEAD "<metrics><metric id=\"DSC\"/></metrics><limits %s=\"%.0f\"/></bench>";
    cm_model_limits usual;
    cm_model_limits_default(&usual);
    int rows = 0;
    for (; cm_limit_at(rows); rows++) {
        const cm_limit *row = cm_limit_at(rows);
        char text[2048];
        cm_bench *b;
        cm_error err = {0};
        snprintf(text, sizeof text, form, row->attribute, 1234.0);
        assert_int_equal(read_text(text, &b, &err), CM_OK);
        for (int i = 0; cm_limit_at(i); i++)
            assert_true(cm_limit_get(&b->limits, cm_limit_at(i)) ==
                        (i == rows ? 1234.0 : cm_limit_get(&usual, cm_limit_at(i))));
        assert_true(b->limits.dimension == usual.dimension);
        cm_bench_destroy(b);
        snprintf(text, sizeof text, form, row->attribute, 0.0); /* as if it were not there */
        assert_int_equal(read_text(text, &b, &err), CM_OK);
        assert_true(cm_limit_get(&b->limits, row) == row->usual);
        cm_bench_destroy(b);
        snprintf(text, sizeof text, form, row->attribute, row->most);
        assert_int_equal(read_text(text, &b, &err), CM_OK);
        assert_true(cm_limit_get(&b->limits, row) == row->most);
        cm_bench_destroy(b);
        snprintf(text, sizeof text, form, row->attribute, row->most * 2);
        refuse(text, CM_ERR_SCHEMA, row->attribute);
    }
    assert_int_equal(rows, 6);
}

static void refusals_name_the_line(void **state)
{
    (void)state;
    refuse(HEAD "<metrics>\n<metric id=\"DICE\"/>\n</metrics></bench>", CM_ERR_NOT_FOUND, ":4");
    refuse(HEAD "<metrics>\n<metric id=\"AUROC\"/>\n</metrics></bench>", CM_ERR_SCHEMA,
           "does not fit the task");
    refuse(HEAD "<metrics><metric id=\"DSC\"/>\n<metric id=\"DSC\"/></metrics></bench>", CM_ERR_SCHEMA, ":4");
    refuse(HEAD "<metrics><metric id=\"DSC\"/></metrics><ranking metric=\"IOU\"/></bench>", CM_ERR_SCHEMA,
           "not among the metrics");
    refuse(
        HEAD
        "<targets><region name=\"x\" values=\"1 70000\"/></targets><metrics><metric id=\"DSC\"/></metrics></bench>",
        CM_ERR_SCHEMA, ":3");
    refuse(
        HEAD
        "<targets><label value=\"1\" name=\"a\"/>\n<label value=\"2\" name=\"a\"/></targets><metrics><metric id=\"DSC\"/></metrics></bench>",
        CM_ERR_SCHEMA, "declared twice");
    refuse(HEAD "<targets ignore=\"2\">\n<region name=\"r\" values=\"1 2\"/></targets><metrics><metric "
                "id=\"DSC\"/></metrics></bench>",
           CM_ERR_SCHEMA, "both ignored and scored");
    const char *const metrics = HEAD "<metrics><metric id=\"DSC\"/><metric id=\"DSC.pooled\"/></metrics>"
                                     "<ranking metric=\"DSC\"/>";
    static const char *const rest[][2] = {
        {"<combination>\n<part metric=\"DSC\"/><part metric=\"IOU\"/></combination>", "IOU is not among"},
        {"<combination>\n<part metric=\"DSC\"/><part metric=\"DSC\" weight=\"2\"/></combination>",
         "DSC is combined twice"},
        {"<combination>\n<part metric=\"DSC\"/><part metric=\"DSC\" target=\"a\" weight=\"0\"/></combination>",
         "weight"},
        {"<combination>\n<part metric=\"DSC\"/></combination>", "part"},
        {"<subgroups>\n<attribute name=\"sex\"/><attribute name=\"sex\"/></subgroups>",
         "sex is declared twice"},
    };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        refuse(cm_strf("%s\n%s</bench>", metrics, rest[i][0]).s, CM_ERR_SCHEMA, rest[i][1]);
    refuse("<bench/>", CM_ERR_SCHEMA, ":1");
    refuse("<!DOCTYPE bench [<!ENTITY x \"y\">]><bench/>", CM_ERR_FORMAT, "");
}

static cm_label labels[] = {{0, "background", ""}, {1, "organ", "SCT:1"}, {2, "lesion", ""}};
static char splits[][32] = {"train", "test"};

static cm_cohort_info cohort(cm_task_kind task, int n_labels)
{
    return (cm_cohort_info){
        .id = "c", .task = task, .n_labels = n_labels, .labels = labels, .n_splits = 2, .splits = splits};
}

static void an_ignored_label_is_no_target(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    cm_cohort_info c = cohort(CM_TASK_SEGMENTATION, 3);
    assert_int_equal(
        read_text(HEAD "<targets ignore=\"2\"/><metrics><metric id=\"DSC\"/></metrics></bench>", &b, &err),
        CM_OK);
    assert_true(b->has_ignored);
    assert_int_equal(b->ignored, 2);
    assert_int_equal(cm_bench_bind(b, &c, &err), CM_OK);
    assert_int_equal(b->n_targets, 1);
    assert_string_equal(b->targets[0].name, "organ");
    cm_bench_destroy(b);
    assert_int_equal(
        read_text(HEAD "<targets ignore=\"9\"/><metrics><metric id=\"DSC\"/></metrics></bench>", &b, &err),
        CM_OK);
    assert_int_equal(cm_bench_bind(b, &c, &err), CM_ERR_MISMATCH);
    cm_bench_destroy(b);
}

static void binding_fills_in_targets(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    cm_cohort_info c = cohort(CM_TASK_SEGMENTATION, 3);
    assert_int_equal(
        read_text(
            HEAD "<metrics><metric id=\"DSC\"/></metrics><ranking metric=\"DSC\" target=\"lesion\"/></bench>",
            &b, &err),
        CM_OK);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(cm_bench_bind(b, &c, &err), CM_OK);
        assert_int_equal(b->n_targets, 2);
        assert_string_equal(b->targets[0].name, "organ");
        assert_int_equal(b->targets[1].values[0], 2);
    }
    c.n_labels = 2; /* lesion is gone */
    assert_int_equal(cm_bench_bind(b, &c, &err), CM_ERR_MISMATCH);
    c = cohort(CM_TASK_CLASSIFICATION, 2);
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_bench_bind(b, &c, &err), CM_ERR_MISMATCH);
    cm_bench_destroy(b);
}

/* A label without a name gets the cohort's, so this is seen only here. */
static void two_targets_of_one_name_are_refused(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    cm_cohort_info c = cohort(CM_TASK_SEGMENTATION, 3);
    assert_int_equal(
        read_text(HEAD "<targets><label value=\"2\"/><region name=\"lesion\" values=\"1 2\"/></targets>"
                       "<metrics><metric id=\"DSC\"/></metrics></bench>",
                  &b, &err),
        CM_OK);
    assert_int_equal(cm_bench_bind(b, &c, &err), CM_ERR_MISMATCH);
    assert_string_equal(err.what, "two targets are called lesion");
    cm_bench_destroy(b);
}

static void millimetres_need_a_spacing(void **state)
{
    (void)state;
    cm_bench *b;
    cm_error err = {0};
    assert_int_equal(
        read_text(HEAD "<metrics><metric id=\"HD.vox\"/><metric id=\"NSD.vox@2mm\"/></metrics></bench>", &b,
                  &err),
        CM_OK);
    assert_int_equal(cm_bench_check_units(b, true, &err), CM_OK);
    assert_int_equal(cm_bench_check_units(b, false, &err), CM_ERR_MISMATCH);
    cm_bench_destroy(b);
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    if (fd >= 0) close(fd);
    return fd >= 0 ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(defaults),
                                       cmocka_unit_test(every_limit_can_be_set),
                                       cmocka_unit_test(refusals_name_the_line),
                                       cmocka_unit_test(a_list_may_be_too_long),
                                       cmocka_unit_test(combinations_and_subgroups),
                                       cmocka_unit_test(numbers_are_cut_into_groups),
                                       cmocka_unit_test(an_ignored_label_is_no_target),
                                       cmocka_unit_test(binding_fills_in_targets),
                                       cmocka_unit_test(two_targets_of_one_name_are_refused),
                                       cmocka_unit_test(millimetres_need_a_spacing)};
    return cmocka_run_group_tests(tests, make_file, remove_file);
}

/* OpenEBench's rules, one broken at a time: a sound file passes, and each wrong one is refused for the right
 * reason. The rules are those of OpenEBench's minimal datasets (docs/openebench.md); the files are made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/openebench_check.h"

#define PARTICIPANT(name)                                                                                    \
    "{\"_id\":\"C:E_" name "_P\",\"community_id\":\"C\",\"challenge_id\":[\"X\"],\"type\":\"participant\","  \
    "\"participant_id\":\"" name "\",\"datalink\":{\"status\":\"ok\","                                       \
    "\"validation_date\":\"2026-01-02T03:04:05Z\"}}"
#define ASSESSMENT(name, metric, value)                                                                      \
    "{\"_id\":\"C:E_X_" metric "_" name "_A\",\"community_id\":\"C\",\"challenge_id\":\"X\","                \
    "\"type\":\"assessment\",\"participant_id\":\"" name "\",\"metrics\":{\"metric_id\":\"" metric "\","     \
    "\"value\":" value ",\"stderr\":0.01}}"
#define BARS(metric, better, points)                                                                         \
    "{\"_id\":\"C:E_X_agg_" metric                                                                           \
    "\",\"community_id\":\"C\",\"challenge_ids\":[\"X\"],\"type\":\"aggregation\","                          \
    "\"datalink\":{\"inline_data\":{\"challenge_participants\":[" points "],\"visualization\":"              \
    "{\"type\":\"bar-plot\",\"metric\":\"" metric "\"" better "}}}}"
#define BEST(side)       ",\"optimization\":\"" side "\""
#define BAR(name, value) "{\"participant_id\":\"" name "\",\"metric_value\":" value "}"
#define PLANE(better, point)                                                                                         \
    "{\"_id\":\"C:E_X_agg_plane\",\"challenge_ids\":[\"X\"],\"type\":\"aggregation\",\"datalink\":{\"inline_data\":" \
    "{\"challenge_participants\":[" point                                                                            \
    "],\"visualization\":{\"type\":\"2D-plot\",\"x_axis\":\"DSC_organ\","                                            \
    "\"y_axis\":\"HD95.vox.maxdir_organ\",\"optimization\":\"" better "\"}}}}"
#define SERIES(available, series, shown)                                                                              \
    "{\"_id\":\"C:E_X_agg_series\",\"challenge_ids\":[\"X\"],\"type\":\"aggregation\",\"datalink\":{\"inline_data\":" \
    "{\"series_type\":\"aggregation-data-series\",\"challenge_participants\":[" series                                \
    "],\"visualization\":"                                                                                            \
    "{\"available_metrics\":[" available "],\"representations\":[" shown "]}}}}"
#define ONE_SERIES "{\"label\":\"a\",\"metric_id\":\"DSC_organ\",\"values\":[0.1,0.2,0.3]}"
#define ONE_BOX                                                                                              \
    "{\"type\":\"box-plot\",\"metrics_series\":[{\"metric_id\":\"DSC_organ\",\"optimization\":\"maximize\"}]}"
#define LABELS(labels) ONE_SERIES "],\"labels\":[" labels
#define MANIFEST       "{\"id\":\"X\",\"participants\":[\"a\",\"b\"]}"
#define POINT          "{\"participant_id\":\"a\",\"metric_x\":0.5,\"metric_y\":4}"

/* What every file here begins with. */
#define HEAD          PARTICIPANT("a") "," PARTICIPANT("b") "," MANIFEST
#define FILE_OF(rest) "[" HEAD "," rest "]"

static int64_t check(const char *text, cm_remarks *remarks)
{
    json_t *file = NULL;
    cm_error err = {0};
    cm_status status = cm_openebench_parse(text, (int64_t)strlen(text), "test", &file, &err);
    if (status) fail_msg("not JSON: %s: %s\n%s", err.where, err.why, text);
    cm_openebench_check(file, remarks);
    json_decref(file);
    return remarks->count[CM_REMARK_BROKEN];
}

static void sound_files_pass(void **state)
{
    static const char *const files[] = {
        "[" PARTICIPANT("a") "]",
        FILE_OF(ASSESSMENT("a", "DSC_organ", "0.5")),
        FILE_OF(ASSESSMENT("a", "DSC_organ", "0.5") "," ASSESSMENT("b", "DSC_organ", "0.25") "," BARS(
            "DSC_organ", BEST("maximize"), BAR("a", "0.5") "," BAR("b", "0.25"))),
        FILE_OF(BARS("HD95.vox.maxdir_organ", BEST("minimize"), BAR("a", "4"))),
        FILE_OF(PLANE("bottom-right", POINT)),
        FILE_OF(SERIES("\"DSC_organ\"", ONE_SERIES, ONE_BOX)),
        /* allowed, and seen in the field: a time with an offset and a fraction, a challenge as a text */
        "[{\"_id\":\"p\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"participant\",\"participant_id\":\"a\","
        "\"datalink\":{\"status\":\"corrupted\",\"validation_date\":\"2026-01-02T03:04:05.25+01:00\","
        "\"attrs\":[\"archive\"],\"uri\":\"https://example.org/a.zip\"}}]",
    };
    (void)state;
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        cm_remarks remarks = {0};
        if (check(files[k], &remarks)) {
            for (int i = 0; i < remarks.n; i++)
                print_message("%s: %s\n", remarks.list[i].where, remarks.list[i].text);
            fail_msg("file %zu is refused", k);
        }
        assert_int_equal(remarks.count[CM_REMARK_HOLDS], 1);
        cm_remarks_fini(&remarks);
    }
}

typedef struct wrong {
    const char *rule, *topic, *says, *text;
} wrong;

static const wrong files[] = {
    {"one array", "schema", "not one array", "{\"_id\":\"x\"}"},
    {"not empty", "schema", "empty", "[]"},
    {"a participant comes first", "schema", "first entry is not a participant",
     "[" ASSESSMENT("a", "DSC_organ", "0.5") "," PARTICIPANT("a") "," MANIFEST "]"},
    {"no other keys", "schema", "\"sd\", which OpenEBench does not know",
     FILE_OF("{\"_id\":\"y\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"assessment\","
             "\"participant_id\":\"a\",\"metrics\":{\"metric_id\":\"m\",\"value\":1,\"sd\":2}}")},
    {"challenge_ids, not challenges_ids", "schema", "lacks \"challenge_ids\"",
     FILE_OF("{\"_id\":\"y\",\"challenges_ids\":[\"X\"],\"type\":\"aggregation\",\"datalink\":{}}")},
    {"no timestamp in a manifest", "schema", "\"timestamp\"",
     "[" PARTICIPANT("a") ",{\"id\":\"X\",\"participants\":[\"a\"],\"timestamp\":\"now\"}]"},
    {"a manifest has participants", "schema", "is empty",
     "[" PARTICIPANT("a") ",{\"id\":\"X\",\"participants\":[]}]"},
    {"participants of a manifest are unique", "unique", "\"a\" twice",
     "[" PARTICIPANT("a") ",{\"id\":\"X\",\"participants\":[\"a\",\"a\"]}]"},
    {"a datalink has a status", "schema", "lacks \"status\"",
     "[{\"_id\":\"p\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"participant\",\"participant_id\":\"a\","
     "\"datalink\":{\"validation_date\":\"2026-01-02T03:04:05Z\"}}]"},
    {"a status is one of five", "schema", "status \"fine\"",
     "[{\"_id\":\"p\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"participant\",\"participant_id\":\"a\","
     "\"datalink\":{\"status\":\"fine\",\"validation_date\":\"2026-01-02T03:04:05Z\"}}]"},
    {"a time has an offset", "schema", "validation_date",
     "[{\"_id\":\"p\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"participant\",\"participant_id\":\"a\","
     "\"datalink\":{\"status\":\"ok\",\"validation_date\":\"2026-01-02T03:04:05\"}}]"},
    {"a type is known", "schema", "type \"result\"", FILE_OF("{\"_id\":\"y\",\"type\":\"result\"}")},
    {"a value is a number", "schema", "\"value\" of metrics is not a number",
     FILE_OF(ASSESSMENT("a", "m", "\"0.5\""))},
    {"texts are not empty", "schema", "\"metric_id\" of metrics is not a text",
     FILE_OF(ASSESSMENT("a", "", "0.5"))},
    {"a standard error is not negative", "values", "\"stderr\" is negative",
     FILE_OF("{\"_id\":\"y\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"assessment\","
             "\"participant_id\":\"a\",\"metrics\":{\"metric_id\":\"m\",\"value\":1,\"stderr\":-0.1}}")},
    {"a list of values is of one kind", "schema", "mixes numbers and objects",
     FILE_OF("{\"_id\":\"y\",\"community_id\":\"C\",\"challenge_id\":\"X\",\"type\":\"assessment\","
             "\"participant_id\":\"a\",\"metrics\":{\"metric_id\":\"m\",\"values\":[1,{\"v\":2}]}}")},
    {"ids of participants are unique", "unique", "\"C:E_a_P\" is there twice",
     "[" PARTICIPANT("a") "," PARTICIPANT("a") "," MANIFEST "]"},
    {"ids of assessments are unique", "unique", "_id: \"C:E_X_m_a_A\" is there twice",
     FILE_OF(ASSESSMENT("a", "m", "1") "," ASSESSMENT("a", "m", "1"))},
    {"a metric is assessed once", "unique", "challenge, community, participant and metric",
     FILE_OF(ASSESSMENT("a", "m", "1") ",{\"_id\":\"other\",\"community_id\":\"C\",\"challenge_id\":\"X\","
                                       "\"type\":\"assessment\",\"participant_id\":\"a\","
                                       "\"metrics\":{\"metric_id\":\"m\",\"value\":1}}")},
    {"aggregations are unique", "unique", "_id, x axis and y axis",
     FILE_OF(BARS("m", BEST("maximize"), BAR("a", "1")) "," BARS("m", BEST("maximize"), BAR("a", "1")))},
    {"manifests are unique", "unique", "id: \"X\" is there twice", FILE_OF(MANIFEST)},
    {"who is assessed takes part", "foreign-key", "\"c\" is assessed but is no participant",
     FILE_OF(ASSESSMENT("c", "m", "1"))},
    {"a challenge is named", "foreign-key", "challenge \"Y\" has no manifest",
     FILE_OF("{\"_id\":\"y\",\"challenge_ids\":[\"Y\"],\"type\":\"aggregation\",\"datalink\":{}}")},
    {"nobody is drawn twice", "unique", "\"a\" is drawn twice",
     FILE_OF(BARS("m", BEST("maximize"), BAR("a", "1") "," BAR("a", "2")))},
    {"a point has both values", "schema", "a point lacks \"metric_y\"",
     FILE_OF(PLANE("bottom-right", "{\"participant_id\":\"a\",\"metric_x\":0.5}"))},
    {"a plot is of a known kind", "schema", "neither a 2D-plot, a bar-plot nor a data series",
     FILE_OF(
         "{\"_id\":\"y\",\"challenge_ids\":[\"X\"],\"type\":\"aggregation\",\"datalink\":{\"inline_data\":"
         "{\"challenge_participants\":[],\"visualization\":{\"type\":\"pie\"}}}}")},
    {"optimization is one of four", "schema", "optimization \"up\"",
     FILE_OF(BARS("m", BEST("up"), BAR("a", "1")))},
    {"a direction is said", "direction", "worst tool would be shown as the best",
     FILE_OF(BARS("HD95.vox.maxdir_organ", "", BAR("a", "4")))},
    {"the direction of a distance", "direction", "less is better, the plot says more",
     FILE_OF(BARS("HD95.vox.maxdir_organ", BEST("maximize"), BAR("a", "4")))},
    {"the direction of an overlap", "direction", "more is better, the plot says less",
     FILE_OF(BARS("DSC_organ", BEST("minimize"), BAR("a", "0.5")))},
    {"the better corner", "direction", "of HD95.vox.maxdir_organ less is better",
     FILE_OF(PLANE("top-right", POINT))},
    {"a metric best at zero has no bars", "direction", "best at a value",
     FILE_OF(BARS("RVD_organ", BEST("maximize"), BAR("a", "0.1")))},
    {"a plot agrees with the assessments", "values", "another value of DSC_organ",
     FILE_OF(ASSESSMENT("a", "DSC_organ", "0.5") "," BARS("DSC_organ", BEST("maximize"), BAR("a", "0.6")))},
    {"the metric of a series is available", "foreign-key", "not among available_metrics",
     FILE_OF(SERIES("\"other\"", ONE_SERIES, ONE_BOX))},
    {"an axis has a clue", "foreign-key", "axis \"y\" is used but has no clue",
     FILE_OF(SERIES("\"DSC_organ\"", ONE_SERIES,
                    "{\"type\":\"line-plot\",\"axes_clues\":[{\"axis\":\"x\"}],\"metrics_series\":["
                    "{\"metric_id\":\"DSC_organ\",\"axis\":\"y\"}]}"))},
    {"a series has values", "schema", "\"values\" is empty",
     FILE_OF(
         SERIES("\"DSC_organ\"", "{\"label\":\"a\",\"metric_id\":\"DSC_organ\",\"values\":[]}", ONE_BOX))},
    {"labels are some", "schema", "\"labels\" of a series is empty",
     FILE_OF(SERIES("\"DSC_organ\"", LABELS(""), ONE_BOX))},
    {"a label is an object", "schema", "a label of a series is not an object",
     FILE_OF(SERIES("\"DSC_organ\"", LABELS("\"a\""), ONE_BOX))},
    {"a label leads to a dataset", "schema", "a label of a series lacks \"dataset_orig_id\"",
     FILE_OF(SERIES("\"DSC_organ\"", LABELS("{\"label\":\"a\"}"), ONE_BOX))},
    {"a representation is known", "schema", "type \"pie\"",
     FILE_OF(SERIES(
         "\"DSC_organ\"", ONE_SERIES,
         "{\"type\":\"pie\",\"metrics_series\":[{\"metric_id\":\"DSC_organ\",\"optimization\":\"maximize\"}]}"))},
};

static void every_broken_rule_is_named(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        cm_remarks remarks = {0};
        bool named = false;
        if (!check(files[k].text, &remarks)) fail_msg("passes although broken: %s", files[k].rule);
        for (int i = 0; i < remarks.n; i++)
            named |= remarks.list[i].kind == CM_REMARK_BROKEN &&
                     !strcmp(remarks.list[i].topic, files[k].topic) &&
                     strstr(remarks.list[i].text, files[k].says);
        if (!named) {
            for (int i = 0; i < remarks.n; i++)
                print_message("%s %s: %s\n", remarks.list[i].topic, remarks.list[i].where,
                              remarks.list[i].text);
            fail_msg("%s: no \"%s\" about %s", files[k].rule, files[k].says, files[k].topic);
        }
        assert_int_equal(remarks.count[CM_REMARK_HOLDS], 0);
        cm_remarks_fini(&remarks);
    }
}

/* Names of others: a missing or contradicting direction is told, the file is still OpenEBench's to take. */
static void others_metrics_are_warned_of(void **state)
{
    cm_remarks remarks = {0};
    (void)state;
    assert_int_equal(
        check(FILE_OF(BARS("hausdorff95", "", BAR("a", "4")) "," BARS("TPR", "", BAR("a", "4"))), &remarks),
        0);
    assert_int_equal(remarks.count[CM_REMARK_WARNING], 2);
    assert_non_null(strstr(remarks.list[0].text, "worst tool"));
    cm_remarks_fini(&remarks);
}

static void what_is_not_json_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *what, *where;
    } texts[] = {{"[\n{\"value\": NaN}]", "NaN or infinite", "test:2"},
                 {"[1, -Infinity]", "NaN or infinite", "test:1"},
                 {"[\n\n{\"a\": 1, \"a\": 2}]", "not JSON", "test:3"},
                 {"[1, 2", "not JSON", "test:1"},
                 {"[1e999]", "not JSON", "test:1"},
                 {"[] x", "not JSON", "test:1"},
                 {"", "not JSON", "test"}};
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        json_t *file = NULL;
        cm_error err = {0};
        assert_int_equal(
            cm_openebench_parse(texts[k].text, (int64_t)strlen(texts[k].text), "test", &file, &err),
            CM_ERR_FORMAT);
        if (!strstr(err.what, texts[k].what) || !strstr(err.where, texts[k].where))
            fail_msg("%s: %s at %s (%s)", texts[k].text, err.what, err.where, err.why);
    }
}

static void deep_nesting_is_refused(void **state)
{
    enum { DEPTH = 100000 };
    static char text[DEPTH + 1];
    json_t *file = NULL;
    (void)state;
    memset(text, '[', DEPTH);
    assert_int_equal(cm_openebench_parse(text, DEPTH, "test", &file, NULL), CM_ERR_FORMAT);
    assert_null(file);
}

int main(void)
{
    const struct CMUnitTest claims[] = {cmocka_unit_test(sound_files_pass),
                                        cmocka_unit_test(every_broken_rule_is_named),
                                        cmocka_unit_test(others_metrics_are_warned_of),
                                        cmocka_unit_test(what_is_not_json_is_refused_with_its_line),
                                        cmocka_unit_test(deep_nesting_is_refused)};
    return cmocka_run_group_tests_name("unit.report.openebench_check", claims, NULL, NULL);
}

/* tool.xml: what is read from it, and every refusal with its line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/tool_spec.h"

/* The parts a test replaces; each starts on a line of its own: identity 2-5, model 6, channels 7, prepare 8,
 * input 9, output 10, cleanup 11. */
typedef struct parts {
    const char *task, *model, *channels, *prepare, *input, *output, *cleanup;
} parts;

static char *document(parts p)
{
    char *text = NULL;
    int n = asprintf(
        &text,
        "<?xml version=\"1.0\"?>\n"
        "<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"t\" version=\"1\">\n"
        "<name> A  tool\n</name><licence>MIT</licence>\n<task>%s</task>\n%s\n%s\n%s\n%s\n%s\n%s\n</tool>\n",
        p.task ? p.task : "segmentation", p.model ? p.model : "<model file=\"model.onnx\"/>",
        p.channels ? p.channels : "<channels><channel name=\"t1\"/></channels>", p.prepare ? p.prepare : "",
        p.input ? p.input : "<input dimension=\"3\"><whole/></input>",
        p.output ? p.output : "<output><argmax/></output>", p.cleanup ? p.cleanup : "");
    assert_true(n > 0);
    return text;
}

static cm_tool_spec *accepted(parts p)
{
    char *text = document(p);
    cm_tool_spec *spec;
    cm_error err = {0};
    cm_status st = cm_tool_spec_parse(text, (int64_t)strlen(text), "tool.xml", &spec, NULL, &err);
    if (st) fail_msg("%s: %s: %s", err.where, err.what, err.why);
    free(text);
    return spec;
}

static void refused(parts p, cm_status status, const char *where, const char *what)
{
    char *text = document(p);
    cm_tool_spec *spec;
    cm_error err = {0};
    assert_int_equal(cm_tool_spec_parse(text, (int64_t)strlen(text), "tool.xml", &spec, NULL, &err), status);
    assert_null(spec);
    assert_int_equal(err.status, status);
    if (where && !strstr(err.where, where)) fail_msg("%s is not at %s (%s)", err.where, where, err.what);
    if (what && !strstr(err.what, what) && !strstr(err.why, what))
        fail_msg("%s: %s lacks '%s'", err.what, err.why, what);
    free(text);
}

static void defaults_and_identity(void **state)
{
    (void)state;
    cm_tool_spec *s = accepted((parts){0});
    assert_string_equal(s->name, "A tool"); /* white space collapsed */
    assert_string_equal(s->id, "t");
    assert_string_equal(s->openebench_id, "");
    assert_int_equal(s->n_models, 1);
    assert_string_equal(s->models[0].output, "");
    assert_int_equal(s->input.dimension, 3);
    assert_true(s->input.whole);
    assert_int_equal(s->input.axes, CM_AXES_ZYX);
    assert_int_equal(s->output.decision, CM_DECISION_ARGMAX);
    assert_int_equal(s->output.n_labels, 0);
    assert_int_equal(s->connectivity, 26);
    assert_false(cm_tool_spec_needs_orientation(s) || cm_tool_spec_needs_spacing(s));
    cm_tool_spec_destroy(s);
}

static void steps_are_read_in_order(void **state)
{
    (void)state;
    cm_tool_spec *s = accepted((parts){
        .prepare =
            "<prepare><orient code=\"LIA\"/><pad id=\"cube\" x=\"256\" z=\"10\" value=\"-1e3\"/>"
            "<crop above-fraction=\"0.03\" margin=\"4\"/>"
            "<resample x=\"1.5\" interpolation=\"cubic\" align=\"centres\" size-rule=\"ceil\" overshoot=\"keep\"/>"
            "<clip high=\"5\"/><scale add=\"-1\"/><divide by=\"2\"/>"
            "<z-score sd=\"sample\" voxels=\"positive\" channel-scope=\"all\" at=\"start\" apply-to=\"voxels\"/>"
            "<min-max/><percentile low=\"5\" high=\"95\" at=\"cube\" voxels=\"positive\" clip=\"true\"/></prepare>",
    });
    assert_int_equal(s->n_steps, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(s->steps[i].kind, (cm_step_kind)i);
    assert_string_equal(s->steps[0].u.orient.code, "LIA");
    assert_int_equal(s->steps[1].u.pad.size[0], 256);
    assert_int_equal(s->steps[1].u.pad.size[1], 0);
    assert_int_equal(s->steps[1].u.pad.size[2], 10);
    assert_true(s->steps[1].u.pad.value == -1000.0);
    assert_true(s->steps[2].u.crop.is_fraction && s->steps[2].u.crop.threshold == 0.03);
    assert_int_equal(s->steps[2].u.crop.margin, 4);
    assert_true(s->steps[3].u.resample.spacing_mm[0] == 1.5 && s->steps[3].u.resample.spacing_mm[2] == 0);
    assert_int_equal(s->steps[3].u.resample.interpolation, CM_INTERPOLATION_CUBIC);
    assert_int_equal(s->steps[3].u.resample.align, CM_ALIGN_CENTRES);
    assert_int_equal(s->steps[3].u.resample.size_rule, CM_SIZE_CEIL);
    assert_true(s->steps[3].u.resample.keep_overshoot);
    assert_true(isinf(s->steps[4].u.clip.low) && s->steps[4].u.clip.high == 5);
    assert_true(s->steps[5].u.scale.multiply == 1 && s->steps[5].u.scale.add == -1);
    const cm_prepare_step *z = &s->steps[7];
    assert_true(z->u.normalise.sample_sd && z->statistic.channels_together && z->statistic.only_voxels);
    assert_int_equal(z->statistic.at, -1);
    assert_int_equal(z->statistic.voxels, CM_VOXELS_POSITIVE);
    assert_int_equal(s->steps[8].statistic.at, 7); /* current */
    assert_int_equal(s->steps[9].statistic.at, 1); /* cube */
    assert_true(s->steps[9].u.normalise.clip_to_unit && s->steps[9].u.normalise.high == 95);
    assert_true(cm_tool_spec_needs_orientation(s) && cm_tool_spec_needs_spacing(s));
    cm_tool_spec_destroy(s);
}

static void tensor_axes(void **state)
{
    (void)state;
    /* {axes, slice axis (-1: 3-D)} → image axis of w, h, d */
    static const struct {
        cm_axes axes;
        int slice, wanted[3];
    } cases[] = {
        {CM_AXES_ZYX, -1, {0, 1, 2}}, {CM_AXES_XYZ, -1, {2, 1, 0}}, {CM_AXES_ZYX, 2, {0, 1, 2}},
        {CM_AXES_ZYX, 1, {0, 2, 1}},  {CM_AXES_ZYX, 0, {1, 2, 0}},  {CM_AXES_XYZ, 2, {1, 0, 2}},
        {CM_AXES_XYZ, 1, {2, 0, 1}},  {CM_AXES_XYZ, 0, {2, 1, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cm_input_spec in = {
            .dimension = cases[i].slice < 0 ? 3 : 2, .axes = cases[i].axes, .slice_axis = cases[i].slice};
        int axis[3];
        cm_tool_spec_tensor_axes(&in, axis);
        assert_memory_equal(axis, cases[i].wanted, sizeof axis);
    }
}

static void decisions_are_read(void **state)
{
    (void)state;
    cm_tool_spec *s = accepted((parts){
        .output = "<output activation=\"sigmoid\"><regions value=\"0.4\"><region channel=\"2\" label=\"1\"/>"
                  "<region channel=\"0\" label=\"3\"/></regions></output>",
        .cleanup = "<cleanup connectivity=\"6\"><minimum-size label=\"3\" voxels=\"10\"/>"
                   "<largest-component label=\"1\"/></cleanup>",
    });
    assert_int_equal(s->output.activation, CM_OUTPUT_SIGMOID);
    assert_int_equal(s->output.n_regions, 2);
    assert_int_equal(s->output.regions[1].label, 3);
    assert_true(s->output.threshold == 0.4);
    assert_int_equal(s->connectivity, 6);
    assert_int_equal(s->cleanups[0].minimum_voxels, 10);
    assert_int_equal(s->cleanups[1].minimum_voxels, 0);
    cm_tool_spec_destroy(s);
    s = accepted((parts){.output = "<output><argmax/><labels><label channel=\"1\" value=\"7\"/>"
                                   "<label channel=\"0\" value=\"0\"/></labels></output>"});
    assert_int_equal(s->output.n_labels, 2);
    assert_int_equal(s->output.labels[1], 7);
    cm_tool_spec_destroy(s);
}

static void the_schema_names_the_line(void **state)
{
    (void)state;
    refused((parts){.task = "surgery"}, CM_ERR_SCHEMA, "tool.xml:5", NULL);
    refused((parts){.model = "<model file=\"../model.onnx\"/>"}, CM_ERR_SCHEMA, "tool.xml:6", NULL);
    refused((parts){.model = "<model file=\"a/b.onnx\"/>"}, CM_ERR_SCHEMA, "tool.xml:6", NULL);
    refused((parts){.channels = "<channels/>"}, CM_ERR_SCHEMA, "tool.xml:7", NULL);
    refused((parts){.prepare = "<prepare><blur/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", NULL);
    refused((parts){.prepare = "<prepare><scale add=\"NaN\"/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", NULL);
    refused((parts){.prepare = "<prepare><scale add=\"INF\"/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", NULL);
    refused((parts){.prepare = "<prepare><scale id=\"a\"/><scale id=\"a\"/></prepare>"}, CM_ERR_SCHEMA,
            "tool.xml:8", NULL);
    refused((parts){.input = "<input dimension=\"4\"><whole/></input>"}, CM_ERR_SCHEMA, "tool.xml:9", NULL);
    refused((parts){.output = "<output><argmin/></output>"}, CM_ERR_SCHEMA, "tool.xml:10", NULL);
    refused((parts){.cleanup = "<cleanup connectivity=\"8\"/>"}, CM_ERR_SCHEMA, "tool.xml:11", NULL);
    refused((parts){.cleanup = "<broken"}, CM_ERR_FORMAT, "tool.xml:1", NULL);
}

static void what_a_schema_cannot_say(void **state)
{
    (void)state;
    refused((parts){.model = "<model file=\"a.onnx\"/><model file=\"a.onnx\"/>"}, CM_ERR_SCHEMA, "tool.xml:6",
            "named twice");
    refused((parts){.channels = "<channels><channel name=\"a\"/><channel name=\"a\"/></channels>"},
            CM_ERR_SCHEMA, NULL, "twice");
    refused((parts){.prepare = "<prepare><orient code=\"LRA\"/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8",
            "orientation");
    refused((parts){.prepare = "<prepare><min-max at=\"later\"/><pad id=\"later\" x=\"3\"/></prepare>"},
            CM_ERR_SCHEMA, "tool.xml:8", "at=\"later\" names no earlier step");
    refused((parts){.prepare = "<prepare><min-max voxels=\"crop\"/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8",
            "without a crop");
    refused(
        (parts){
            .prepare =
                "<prepare><pad id=\"p\" x=\"3\"/><crop above=\"0\"/><min-max voxels=\"crop\" at=\"p\"/></prepare>"},
        CM_ERR_SCHEMA, "tool.xml:8", "without a crop");
    refused(
        (parts){
            .prepare =
                "<prepare><crop above=\"0\"/><pad x=\"99\"/><resample x=\"1\"/><min-max voxels=\"crop\"/></prepare>"},
        CM_ERR_UNSUPPORTED, "tool.xml:8", "crop, pad and resample");
    refused((parts){.prepare = "<prepare><pad/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", "no axis");
    refused((parts){.prepare = "<prepare><resample/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", "no axis");
    refused((parts){.prepare = "<prepare><crop/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", "one threshold");
    refused((parts){.prepare = "<prepare><crop above=\"1\" above-fraction=\"0.1\"/></prepare>"},
            CM_ERR_SCHEMA, "tool.xml:8", "one threshold");
    refused((parts){.prepare = "<prepare><clip low=\"2\" high=\"1\"/></prepare>"}, CM_ERR_SCHEMA,
            "tool.xml:8", "low");
    refused((parts){.prepare = "<prepare><clip/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8", "low");
    refused((parts){.prepare = "<prepare><divide by=\"0\"/></prepare>"}, CM_ERR_SCHEMA, "tool.xml:8",
            "divide by 0");
    refused((parts){.prepare = "<prepare><percentile low=\"95\" high=\"5\"/></prepare>"}, CM_ERR_SCHEMA,
            "tool.xml:8", "low");
    refused((parts){.input = "<input dimension=\"3\" slice-axis=\"z\"><whole/></input>"}, CM_ERR_SCHEMA,
            "tool.xml:9", "slice-axis");
    refused((parts){.input = "<input dimension=\"2\"><whole/><mirror axes=\"x z\"/></input>"}, CM_ERR_SCHEMA,
            "tool.xml:9", "slice axis");
    refused((parts){.input = "<input dimension=\"3\"><whole/><mirror axes=\"w\"/></input>"}, CM_ERR_SCHEMA,
            "tool.xml:9", "mirror");
    refused((parts){.input = "<input dimension=\"3\"><window x=\"3\" y=\"3\"/></input>"}, CM_ERR_SCHEMA,
            "tool.xml:9", "along z");
    refused((parts){.input = "<input dimension=\"2\"><window x=\"3\" y=\"3\" z=\"3\"/></input>"},
            CM_ERR_SCHEMA, "tool.xml:9", "slice axis z");
    refused(
        (parts){.output = "<output><argmax/><labels><label channel=\"1\" value=\"1\"/></labels></output>"},
        CM_ERR_SCHEMA, "tool.xml:10", "once each");
    refused(
        (parts){
            .output =
                "<output><threshold value=\"0\"/><labels><label channel=\"0\" value=\"1\"/></labels></output>"},
        CM_ERR_SCHEMA, "tool.xml:10", "argmax");
    refused(
        (parts){
            .output =
                "<output><regions><region channel=\"1\" label=\"1\"/><region channel=\"1\" label=\"2\"/></regions></output>"},
        CM_ERR_SCHEMA, "tool.xml:10", "two regions");
    refused((parts){.output = "<output><threshold value=\"0\" label=\"2\"/></output>",
                    .cleanup = "<cleanup><largest-component label=\"1\"/></cleanup>"},
            CM_ERR_SCHEMA, "tool.xml:11", "label 1");
    refused((parts){.task = "classification",
                    .input = "<input dimension=\"2\"><window x=\"3\" y=\"3\"/></input>"},
            CM_ERR_SCHEMA, "tool.xml:9", "whole image");
    refused((parts){.task = "classification",
                    .output = "<output><regions><region channel=\"0\" label=\"1\"/></regions></output>"},
            CM_ERR_SCHEMA, "tool.xml:10", "segmentation");
    refused(
        (parts){
            .task = "classification",
            .output =
                "<output><argmax/><labels><label channel=\"0\" value=\"1\"/><label channel=\"1\" value=\"2\"/></labels></output>"},
        CM_ERR_SCHEMA, "tool.xml:10", "classes must be");
}

static void all_findings_are_collected(void **state)
{
    (void)state;
    char *text = document((parts){
        .model = "<model file=\"a.onnx\"/><model file=\"a.onnx\"/>",
        .prepare = "<prepare><pad/><divide by=\"0\"/></prepare>",
        .input = "<input dimension=\"2\" slice-axis=\"x\"><whole/><mirror axes=\"x\"/></input>",
    });
    cm_problems *problems = calloc(1, sizeof *problems);
    cm_tool_spec *spec;
    cm_error err = {0};
    assert_int_equal(cm_tool_spec_parse(text, (int64_t)strlen(text), "tool.xml", &spec, problems, &err),
                     CM_ERR_SCHEMA);
    assert_int_equal(problems->count, 4);
    assert_string_equal(err.what, problems->item[0].what);
    free(problems);
    free(text);
}

/* A name of 128 characters is legal in the schema but may take more than 128 bytes. */
static void long_utf8_is_refused_not_cut(void **state)
{
    (void)state;
    char text[2048] =
        "<?xml version=\"1.0\"?>\n<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"t\" version=\"1\">"
        "<name>";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xc3\xa9");
    strcat(text,
           "</name><licence>MIT</licence><task>segmentation</task><model file=\"m.onnx\"/><channels><channel "
           "name=\"a\"/></channels><input dimension=\"3\"><whole/></input><output><argmax/></output></tool>");
    cm_tool_spec *spec;
    cm_error err = {0};
    assert_int_equal(cm_tool_spec_parse(text, (int64_t)strlen(text), "tool.xml", &spec, NULL, &err),
                     CM_ERR_SCHEMA);
    assert_non_null(strstr(err.what, "name is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_identity),
        cmocka_unit_test(steps_are_read_in_order),
        cmocka_unit_test(tensor_axes),
        cmocka_unit_test(decisions_are_read),
        cmocka_unit_test(the_schema_names_the_line),
        cmocka_unit_test(what_a_schema_cannot_say),
        cmocka_unit_test(all_findings_are_collected),
        cmocka_unit_test(long_utf8_is_refused_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

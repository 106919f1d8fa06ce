/* Damaged tool.xml and packages: any answer but a crash. Seeded; a failure prints the seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/model/tool_describe.h"
#include "engine/model/tool_pack.h"

static const char rich[] =
    "<?xml version=\"1.0\"?>\n"
    "<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"t\" version=\"1\"><name>n</name>"
    "<licence>MIT</licence><contact>a</contact><openebench id=\"OEBT1\"/><task>segmentation</task>"
    "<model file=\"m.onnx\" input=\"i\" output=\"o\"/><channels><channel name=\"a\"/><channel name=\"b\"/></channels>"
    "<prepare><orient code=\"LIA\"/><pad id=\"cube\" x=\"256\" value=\"1\"/><crop above-fraction=\"0.03\" margin=\"4\"/>"
    "<resample x=\"1.5\" y=\"2\" interpolation=\"cubic\" align=\"centres\" size-rule=\"ceil\"/><clip low=\"1\" high=\"5\"/>"
    "<scale multiply=\"2\" add=\"-1\"/><divide by=\"2\"/><z-score voxels=\"positive\" at=\"start\"/><min-max/>"
    "<percentile low=\"5\" high=\"95\" at=\"cube\" clip=\"true\"/></prepare>"
    "<input dimension=\"2\" axes=\"xyz\" slice-axis=\"y\"><window x=\"64\" z=\"32\" overlap=\"0.25\"/>"
    "<mirror axes=\"none\"/></input>"
    "<output activation=\"sigmoid\"><regions value=\"0.5\"><region channel=\"0\" label=\"1\"/>"
    "<region channel=\"1\" label=\"2\"/></regions></output>"
    "<cleanup connectivity=\"6\"><largest-component label=\"1\"/><minimum-size label=\"2\" voxels=\"3\"/></cleanup></tool>";

static int64_t mutate(cm_random r, uint64_t trial, char *data, int64_t n)
{
    int64_t changes = 1 + (int64_t)cm_random_below(r, trial, 0, 4);
    for (int64_t i = 0; i < changes && n > 1; i++) {
        uint64_t draw = (uint64_t)(3 * i + 1);
        int64_t at = (int64_t)cm_random_below(r, trial, draw, (uint64_t)n);
        switch (cm_random_below(r, trial, draw + 1, 4)) {
        case 0: /* another byte */
            data[at] = (char)cm_random_below(r, trial, draw + 2, 256);
            break;
        case 1: /* a bit */
            data[at] ^= (char)(1 << cm_random_below(r, trial, draw + 2, 8));
            break;
        case 2: { /* cut a piece out */
            int64_t length = 1 + (int64_t)cm_random_below(r, trial, draw + 2, 40);
            if (length > n - at) length = n - at;
            memmove(data + at, data + at + length, (size_t)(n - at - length));
            n -= length;
            break;
        }
        default: { /* copy a piece over another */
            int64_t from = (int64_t)cm_random_below(r, trial, draw + 2, (uint64_t)n);
            int64_t length = n - (at > from ? at : from);
            memmove(data + at, data + from, (size_t)(length > 30 ? 30 : length));
            break;
        }
        }
    }
    return n;
}

/* Whatever is accepted must be describable, too. */
static void use(const cm_tool_spec *spec)
{
    int axis[3];
    size_t total = strlen(cm_input_text(spec).s) + strlen(cm_output_text(spec).s);
    for (int i = 0; i < spec->n_steps; i++)
        total += strlen(cm_step_text(spec, i).s);
    for (int i = 0; i < spec->n_cleanups; i++)
        total += strlen(cm_cleanup_text(spec, i).s);
    cm_tool_spec_tensor_axes(&spec->input, axis);
    assert_true(total > 0);
    assert_int_equal(axis[0] + axis[1] + axis[2], 3);
}

static void any_tool_xml(void **state)
{
    (void)state;
    const cm_random r = {20260511, CM_PURPOSE_TEST};
    int accepted = 0, refused = 0;
    for (uint64_t trial = 0; trial < 3000; trial++) {
        char *text = malloc(sizeof rich);
        memcpy(text, rich, sizeof rich);
        int64_t n = trial ? mutate(r, trial, text, (int64_t)sizeof rich - 1) : (int64_t)sizeof rich - 1;
        cm_tool_spec *spec = NULL;
        cm_error err = {0};
        char *exact = malloc((size_t)n + 1); /* so that a read past the end is seen */
        memcpy(exact, text, (size_t)n);
        exact[n] = '\0';
        cm_status st = cm_tool_spec_parse(exact, n, "tool.xml", &spec, NULL, &err);
        assert_true(st ? !spec && err.status == st : spec != NULL);
        if (spec) use(spec);
        st ? refused++ : accepted++;
        cm_tool_spec_destroy(spec);
        free(exact);
        free(text);
    }
    assert_true(accepted > 10 && refused > 1000); /* the mutations reach both sides */
}

static void any_package(void **state)
{
    (void)state;
    const cm_random r = {20260512, CM_PURPOSE_TEST};
    enum { BLOCK = 512, SIZE = 8 * BLOCK };
    static const char *const names[3] = {"tool.xml", "model.onnx", "README"};
    char whole[SIZE] = {0};
    for (int i = 0; i < 3; i++) {
        char *h = whole + i * 2 * BLOCK;
        unsigned sum = 8 * ' ';
        memcpy(h, names[i], strlen(names[i]));
        memcpy(h + 124, "00000000100", 12);
        h[156] = '0';
        memcpy(h + 257, "ustar\00000", 8);
        for (int k = 0; k < BLOCK; k++)
            sum += k >= 148 && k < 156 ? 0 : (unsigned char)h[k];
        for (int k = 0; k < 6; k++)
            h[148 + k] = (char)('0' + (sum >> (3 * (5 - k)) & 7));
        h[155] = ' ';
    }
    int accepted = 0;
    for (uint64_t trial = 0; trial < 20000; trial++) {
        char *data = malloc(SIZE);
        memcpy(data, whole, SIZE);
        int64_t n = trial ? mutate(r, trial, data, SIZE) : SIZE;
        char *exact = malloc((size_t)n);
        memcpy(exact, data, (size_t)n);
        cm_pack pack;
        cm_error err = {0};
        cm_status st = cm_pack_read(exact, n, "x.tool", 1 << 20, &pack, &err);
        assert_int_equal(err.status, st);
        for (int i = 0; !st && i < pack.n_members; i++) {
            assert_true((const char *)pack.member[i].data >= exact);
            assert_true((const char *)pack.member[i].data + pack.member[i].bytes <= exact + n);
        }
        accepted += st == CM_OK;
        free(exact);
        free(data);
    }
    assert_true(accepted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_tool_xml),
        cmocka_unit_test(any_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

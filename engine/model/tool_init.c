/* A commented tool.xml to start from. */
#include "engine/model/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"

static const char head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!-- What the model eats and gives. Every element is explained, with examples for a 3-D network with\n"
    "     sliding window, a 2-D network and a classifier, in docs/tool-package.md. Then run:\n"
    "     cohmark tool check FOLDER -->\n"
    "<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"my-tool\" version=\"1\">\n"
    "  <name>My tool</name>\n"
    "  <licence>Apache-2.0</licence>\n"
    "  <!-- <contact>name@example.org</contact> -->\n"
    "  <!-- <openebench id=\"...\"/> -->\n";

static const char middle[] =
    "  <!-- Image channels by their name in the cohort, in the order the model wants them. -->\n"
    "  <channels>\n";

static const char segmentation_prepare[] =
    "  </channels>\n"
    "  <!-- Steps are run in the order written. Axes x, y, z are those of the image; x is the first of a NIfTI\n"
    "       file. Others: pad, crop, clip, scale, divide, min-max, percentile. -->\n"
    "  <prepare>\n"
    "    <!-- <orient code=\"RAS\"/> -->\n"
    "    <!-- <resample x=\"1\" y=\"1\" z=\"1\" interpolation=\"cubic\"/> -->\n"
    "    <z-score voxels=\"all\" channel-scope=\"each\"/>\n"
    "  </prepare>\n";

static const char classification_prepare[] = "  </channels>\n"
                                             "  <!-- Steps are run in the order written. -->\n"
                                             "  <prepare>\n"
                                             "    <divide by=\"255\"/>\n"
                                             "  </prepare>\n";

/* What can be seen of a model, or a 3-D segmentation with one channel where there is none. */
typedef struct shape {
    bool classification;
    int dimension;
    int64_t channels, classes;
    int64_t fixed[3]; /* w, h, d; 0 = free */
    char input[128], output[128];
} shape;

static shape look_at(const cm_model *model)
{
    shape s = {.dimension = 3, .channels = 1, .classes = 2};
    if (!model || cm_model_input_count(model) < 1 || cm_model_output_count(model) < 1) return s;
    const cm_model_io *in = cm_model_input(model, 0), *out = cm_model_output(model, 0);
    memcpy(s.input, in->name, sizeof s.input);
    memcpy(s.output, out->name, sizeof s.output);
    if (in->rank == 4) s.dimension = 2;
    if (in->rank >= 4 && in->dim[1] > 0 && in->dim[1] <= 64) s.channels = in->dim[1];
    s.classification = out->rank >= 0 && out->rank < in->rank;
    if (out->rank >= 2 && out->dim[1] > 0) s.classes = out->dim[1];
    for (int k = 0; k < s.dimension && in->rank == s.dimension + 2; k++)
        if (in->dim[in->rank - 1 - k] > 0) s.fixed[k] = in->dim[in->rank - 1 - k];
    return s;
}

static void write_escaped(FILE *f, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        default:
            fputc(*text, f);
        }
    }
}

static void write_input(FILE *f, const shape *s)
{
    bool window = s->dimension == 3 && !s->classification;
    fprintf(
        f,
        "  <!-- axes: order of the image axes in the tensor, zyx (as numpy arrays of most readers) or xyz. -->\n"
        "  <input dimension=\"%d\" axes=\"zyx\"%s>\n",
        s->dimension, s->dimension == 2 ? " slice-axis=\"z\"" : "");
    if (window)
        fprintf(f, "    <window x=\"%lld\" y=\"%lld\" z=\"%lld\" overlap=\"0.5\" blending=\"gaussian\"/>\n",
                (long long)(s->fixed[0] ? s->fixed[0] : 96), (long long)(s->fixed[1] ? s->fixed[1] : 96),
                (long long)(s->fixed[2] ? s->fixed[2] : 96));
    else
        fprintf(f, "    <whole multiple=\"%d\"/>\n", s->classification || s->fixed[0] ? 1 : 16);
    fputs("    <!-- <mirror axes=\"x y\"/> here: the mean over mirrored inputs (test-time mirroring). -->\n"
          "  </input>\n",
          f);
}

static void write_output(FILE *f, const shape *s)
{
    if (s->classes == 1)
        fputs(
            "  <!-- activation: sigmoid, or none when the model ends in one. -->\n"
            "  <output activation=\"sigmoid\">\n    <threshold value=\"0.5\" channel=\"0\" label=\"1\"/>\n  </output>\n",
            f);
    else
        fputs("  <!-- activation: softmax, sigmoid, or none when the model ends in one. -->\n"
              "  <output activation=\"softmax\">\n    <argmax/>\n  </output>\n",
              f);
    if (!s->classification)
        fputs("  <!-- <cleanup connectivity=\"26\"><largest-component label=\"1\"/></cleanup> -->\n", f);
}

static void write_tool(FILE *f, const shape *s)
{
    fputs(head, f);
    fprintf(f, "  <task>%s</task>\n  <model file=\"model.onnx\"",
            s->classification ? "classification" : "segmentation");
    if (s->input[0]) {
        fputs(" input=\"", f);
        write_escaped(f, s->input);
        fputs("\" output=\"", f);
        write_escaped(f, s->output);
        fputs("\"", f);
    }
    fputs("/>\n", f);
    fputs(middle, f);
    for (int64_t c = 0; c < s->channels; c++)
        fprintf(f, "    <channel name=\"channel%lld\"/>\n", (long long)c);
    fputs(s->classification ? classification_prepare : segmentation_prepare, f);
    write_input(f, s);
    write_output(f, s);
    fputs("</tool>\n", f);
}

cm_status cm_tool_init(const char *folder, cm_error *err)
{
    cm_model_limits limits;
    cm_model *model = NULL;
    cm_new_file *out = NULL;
    FILE *file = NULL;
    cm_status st = CM_OK;
    cm_model_limits_default(&limits);
    if (!cm_path_exists(folder)) st = cm_folder_create(folder, true, err);
    char *xml = cm_path_join(folder, "tool.xml"), *onnx = cm_path_join(folder, "model.onnx");
    if (!st && (!xml || !onnx)) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory");
    if (!st && cm_path_exists(xml))
        st = CM_FAIL(err, CM_ERR_EXISTS, .what = "there is a tool.xml already", .where = xml,
                     .next = "edit it, or remove it first");
    if (!st && cm_path_exists(onnx)) st = cm_model_open(onnx, &limits, &model, err);
    if (!st) st = cm_new_file_open(xml, &out, &file, err);
    if (!st) {
        shape s = look_at(model);
        write_tool(file, &s);
        st = cm_new_file_commit(out, err);
    }
    cm_model_close(model);
    free(onnx);
    free(xml);
    return st;
}

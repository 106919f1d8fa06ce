/* Opening a tool: its folder or package, tool.xml, the model, and whether the two fit. */
#include "engine/model/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/graph.h"
#include "engine/model/tool_internal.h"

cm_status cm_tool_digest(const cm_tool_source *source, const cm_tool_model *models, int n_models,
                         cm_digest *out)
{
    static const char title[] = "cohmark tool 1\ntool.xml ";
    char text[sizeof title + (CM_MAX_MODELS + 1) * 80], hex[65];
    cm_digest digest;
    cm_status st = cm_sha256_of(source->xml, source->xml_bytes, &digest);
    if (st) return st;
    cm_digest_hex(&digest, hex);
    int used = snprintf(text, sizeof text, "%s%s\n", title, hex);
    for (int i = 0; i < n_models; i++) {
        cm_digest_hex(cm_model_digest(models[i].model), hex);
        used += snprintf(text + used, sizeof text - (size_t)used, "model %s\n", hex);
    }
    return cm_sha256_of(text, used, out);
}

cm_status cm_tool_open_model(const cm_tool_source *source, const char *file, int i, cm_tool_model *models,
                             const cm_model_limits *limits, cm_error *err)
{
    cm_model_limits left = *limits;
    for (int k = 0; k < i; k++)
        if (models[k].model) left.initializer_bytes -= models[k].model->initializer_bytes;
    return cm_tool_source_model(source, file, &left, &models[i].model, err);
}

/* Output channels of the decision; 0 when only a plan can tell. */
static int count_classes(const cm_tool *tool)
{
    const cm_output_spec *o = &tool->spec->output;
    const cm_model_io *io = cm_model_output(tool->models[0].model, tool->models[0].output);
    int64_t n = io->rank >= 2 && io->dim[1] > 0 ? io->dim[1] : 0;
    if (tool->spec->classification) {
        if (o->decision == CM_DECISION_THRESHOLD || n == 1) return 2;
        return n ? (int)n : o->n_labels;
    }
    if (o->decision == CM_DECISION_ARGMAX) return n ? (int)n : o->n_labels;
    int distinct = 1; /* background */
    for (int i = 0; i < o->n_regions; i++) {
        bool seen = o->regions[i].label == 0;
        for (int j = 0; j < i; j++)
            seen = seen || o->regions[j].label == o->regions[i].label;
        distinct += !seen;
    }
    return distinct;
}

static void fill_info(cm_tool *tool)
{
    const cm_tool_spec *s = tool->spec;
    cm_tool_info *info = &tool->info;
    memcpy(info->id, s->id, sizeof info->id);
    memcpy(info->version, s->version, sizeof info->version);
    memcpy(info->name, s->name, sizeof info->name);
    memcpy(info->licence, s->licence, sizeof info->licence);
    memcpy(info->contact, s->contact, sizeof info->contact);
    memcpy(info->openebench_id, s->openebench_id, sizeof info->openebench_id);
    info->task = s->classification ? CM_TOOL_CLASSIFICATION : CM_TOOL_SEGMENTATION;
    info->n_channels = s->n_channels;
    info->channels = s->channels;
    info->n_classes = count_classes(tool);
    info->needs_orientation = cm_tool_spec_needs_orientation(s);
    info->needs_spacing = cm_tool_spec_needs_spacing(s);
}

cm_status cm_tool_open(const char *path, const cm_model_limits *limits, cm_tool **out, cm_error *err)
{
    *out = NULL;
    cm_tool *tool = calloc(1, sizeof *tool);
    if (!tool) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    cm_tool_source *source = &tool->source;
    tool->limits = *limits;
    cm_status st = cm_tool_source_open(path, limits, source, err);
    if (!st)
        st = cm_tool_spec_parse(source->xml, source->xml_bytes, source->xml_name, &tool->spec, NULL, err);
    if (!st) st = cm_tool_source_check(source, tool->spec, err);
    for (int i = 0; !st && i < tool->spec->n_models; i++) {
        const char *file = tool->spec->models[i].file;
        st = cm_tool_open_model(source, file, i, tool->models, limits, err);
        if (!st) st = cm_tool_bind_model(tool->spec, i, &tool->models[i], NULL, err);
        if (st && tool->spec->n_models > 1) cm_error_context(err, file);
    }
    if (!st) st = cm_tool_digest(source, tool->models, tool->spec->n_models, &tool->info.digest);
    if (st) {
        cm_tool_close(tool);
        return st;
    }
    fill_info(tool);
    *out = tool;
    return CM_OK;
}

void cm_tool_close(cm_tool *tool)
{
    if (!tool) return;
    for (int i = 0; i < CM_MAX_MODELS; i++)
        cm_model_close(tool->models[i].model);
    cm_tool_source_fini(&tool->source);
    cm_tool_spec_destroy(tool->spec);
    free(tool);
}

const cm_tool_info *cm_tool_get_info(const cm_tool *tool)
{
    return &tool->info;
}

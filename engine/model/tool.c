/* Opening a tool: its folder or package, tool.xml, the model, and whether the two fit. */
#include "engine/model/tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/model/tool_internal.h"

static cm_status open_folder(const char *path, cm_tool *tool, cm_digest *xml_digest, cm_error *err)
{
    char *xml = NULL, *text = NULL, *model = NULL;
    int64_t bytes = 0;
    cm_status st = cm_path_beneath(path, "tool.xml", &xml, err);
    if (!st) st = cm_file_read(xml, CM_TOOL_XML_BYTES, &text, &bytes, err);
    if (!st) st = cm_tool_spec_parse(text, bytes, xml, &tool->spec, NULL, err);
    if (!st) st = cm_sha256_of(text, bytes, xml_digest);
    if (!st) st = cm_path_beneath(path, tool->spec->models[0].file, &model, err);
    if (!st) st = cm_model_open(model, &tool->limits, &tool->model, err);
    free(model);
    free(text);
    free(xml);
    return st;
}

static cm_status map_file(const char *path, cm_tool *tool, cm_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0)
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the tool cannot be opened", .where = path,
                       .next = "name a folder with tool.xml or a packed .tool file");
    cm_status st = CM_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        st = CM_FAIL(err, CM_ERR_POLICY, .what = "not a regular file", .where = path);
    else if (info.st_size < 1024)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "not a packed tool", .where = path,
                     .why = cm_strf("%lld bytes are too few", (long long)info.st_size).s);
    else if (info.st_size - tool->limits.file_bytes > ((int64_t)1 << 30))
        st = CM_FAIL(err, CM_ERR_LIMIT, .what = "the packed tool is too large", .where = path,
                     .why = cm_strf("%lld bytes, a model may have %lld", (long long)info.st_size,
                                    (long long)tool->limits.file_bytes)
                                .s);
    if (!st) {
        void *mapping = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapping == MAP_FAILED)
            st = CM_FAIL(err, CM_ERR_IO, .what = "the tool cannot be mapped", .where = path);
        else {
            tool->mapping = mapping;
            tool->mapped = info.st_size;
        }
    }
    close(fd);
    return st;
}

/* Every model in the package must be one that tool.xml names. */
static cm_status check_members(const cm_pack *pack, const cm_tool_spec *spec, const char *path, cm_error *err)
{
    for (int i = 0; i < pack->n_members; i++) {
        const char *name = pack->member[i].name;
        bool known = strcmp(name, "tool.xml") == 0 || cm_pack_is_text(name);
        for (int m = 0; m < spec->n_models; m++) known = known || strcmp(name, spec->models[m].file) == 0;
        if (!known)
            return CM_FAIL(err, CM_ERR_POLICY, .what = "the package holds a model that tool.xml does not name",
                           .where = path, .why = name, .next = "pack the tool again with cohmark tool pack");
    }
    return CM_OK;
}

static cm_status open_packed(const char *path, cm_tool *tool, cm_digest *xml_digest, cm_error *err)
{
    cm_pack *pack = calloc(1, sizeof *pack);
    cm_status st = pack ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    if (!st) st = map_file(path, tool, err);
    if (!st) st = cm_pack_read(tool->mapping, tool->mapped, path, tool->limits.file_bytes, pack, err);
    const cm_pack_member *xml = st ? NULL : cm_pack_find(pack, "tool.xml");
    if (!st && !xml)
        st = CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the package has no tool.xml", .where = path);
    if (!st)
        st = cm_tool_spec_parse((const char *)xml->data, xml->bytes, cm_strf("%s/tool.xml", path).s, &tool->spec,
                                NULL, err);
    if (!st) st = cm_sha256_of(xml->data, xml->bytes, xml_digest);
    if (!st) st = check_members(pack, tool->spec, path, err);
    const cm_pack_member *model = st ? NULL : cm_pack_find(pack, tool->spec->models[0].file);
    if (!st && !model)
        st = CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the package lacks its model", .where = path,
                     .why = tool->spec->models[0].file);
    if (!st)
        st = cm_model_open_memory(model->data, model->bytes, cm_strf("%s/%s", path, model->name).s, &tool->limits,
                                  &tool->model, err);
    free(pack);
    return st;
}

/* sha256 over three lines: a title, tool.xml's and the model's own sha256. Licence and readme do not count. */
static cm_status digest_content(cm_tool *tool, const cm_digest *xml_digest)
{
    char xml[65], model[65];
    cm_digest_hex(xml_digest, xml);
    cm_digest_hex(cm_model_digest(tool->model), model);
    const cm_str text = cm_strf("cohmark tool 1\ntool.xml %s\nmodel %s\n", xml, model);
    return cm_sha256_of(text.s, (int64_t)strlen(text.s), &tool->info.digest);
}

/* Output channels of the decision; 0 when only a plan can tell. */
static int count_classes(const cm_tool *tool)
{
    const cm_output_spec *o = &tool->spec->output;
    const cm_model_io *io = cm_model_output(tool->model, tool->output);
    int64_t n = io->rank >= 2 && io->dim[1] > 0 ? io->dim[1] : 0;
    if (tool->spec->classification) {
        if (o->decision == CM_DECISION_THRESHOLD || n == 1) return 2;
        return n ? (int)n : o->n_labels;
    }
    if (o->decision == CM_DECISION_ARGMAX) return n ? (int)n : o->n_labels;
    int distinct = 1; /* background */
    for (int i = 0; i < o->n_regions; i++) {
        bool seen = o->regions[i].label == 0;
        for (int j = 0; j < i; j++) seen = seen || o->regions[j].label == o->regions[i].label;
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
    cm_digest xml_digest;
    cm_tool *tool = calloc(1, sizeof *tool);
    if (!tool) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    tool->limits = *limits;
    size_t length = strlen(path);
    cm_status st;
    if (cm_path_is_folder(path))
        st = open_folder(path, tool, &xml_digest, err);
    else if (length > 5 && strcmp(path + length - 5, ".onnx") == 0)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a bare model is not a tool", .where = path,
                     .next = "put it into a folder as model.onnx and run: cohmark tool init FOLDER");
    else
        st = open_packed(path, tool, &xml_digest, err);
    if (!st) st = cm_tool_bind_model(tool->spec, tool->model, &tool->input, &tool->output, NULL, err);
    if (!st) st = digest_content(tool, &xml_digest);
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
    cm_model_close(tool->model);
    if (tool->mapping) munmap(tool->mapping, (size_t)tool->mapped);
    cm_tool_spec_destroy(tool->spec);
    free(tool);
}

const cm_tool_info *cm_tool_get_info(const cm_tool *tool)
{
    return &tool->info;
}

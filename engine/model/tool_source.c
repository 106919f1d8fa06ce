/* Reading tool.xml and models from a folder or from a mapped package. */
#include "engine/model/tool_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/files.h"

static cm_status open_folder(cm_tool_source *s, cm_error *err)
{
    char *xml = NULL;
    cm_status st = cm_path_beneath(s->folder, "tool.xml", &xml, err);
    if (!st) st = cm_file_read(xml, CM_TOOL_XML_BYTES, &s->xml, &s->xml_bytes, err);
    free(xml);
    return st;
}

static cm_status map_file(cm_tool_source *s, int64_t model_bytes, cm_error *err)
{
    /* Not blocking: opening a pipe must not wait for its writer. */
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0)
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the tool cannot be opened", .where = s->path,
                       .next = "name a folder with tool.xml or a packed .tool file");
    cm_status st = CM_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        st = CM_FAIL(err, CM_ERR_POLICY, .what = "not a regular file", .where = s->path);
    else if (info.st_size < 1024)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "not a packed tool", .where = s->path,
                     .why = cm_strf("%lld bytes are too few", (long long)info.st_size).s,
                     .next = "name a folder with tool.xml or a packed .tool file");
    else if ((info.st_size - ((int64_t)1 << 30)) / CM_MAX_MODELS > model_bytes)
        st = CM_FAIL(err, CM_ERR_LIMIT, .what = "the packed tool is too large", .where = s->path,
                     .why = cm_strf("%lld bytes, each model may have %lld", (long long)info.st_size,
                                    (long long)model_bytes)
                                .s);
    if (!st) {
        void *mapping = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapping == MAP_FAILED) {
            st = CM_FAIL(err, CM_ERR_IO, .what = "the tool cannot be mapped", .where = s->path);
        } else {
            s->mapping = mapping;
            s->mapped = info.st_size;
        }
    }
    close(fd);
    return st;
}

static cm_status open_packed(cm_tool_source *s, int64_t model_bytes, cm_error *err)
{
    s->pack = calloc(1, sizeof *s->pack);
    if (!s->pack) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    cm_status st = map_file(s, model_bytes, err);
    if (!st) st = cm_pack_read(s->mapping, s->mapped, s->path, model_bytes, s->pack, err);
    if (st) return st;
    const cm_pack_member *xml = cm_pack_find(s->pack, "tool.xml");
    if (!xml) return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the package has no tool.xml", .where = s->path);
    s->xml = malloc((size_t)xml->bytes + 1);
    if (!s->xml) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    memcpy(s->xml, xml->data, (size_t)xml->bytes);
    s->xml[xml->bytes] = '\0';
    s->xml_bytes = xml->bytes;
    return CM_OK;
}

cm_status cm_tool_source_open(const char *path, const cm_model_limits *limits, cm_tool_source *out,
                              cm_error *err)
{
    memset(out, 0, sizeof *out);
    bool folder = cm_path_is_folder(path);
    size_t length = strlen(path);
    if (!folder && length > 5 && strcmp(path + length - 5, ".onnx") == 0)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "a bare model is not a tool", .where = path,
                       .next = "put it into a folder as model.onnx and run: cohmark tool init FOLDER");
    out->path = strdup(path);
    out->folder = folder ? strdup(path) : NULL;
    if (!out->path || (folder && !out->folder))
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    snprintf(out->xml_name, sizeof out->xml_name, "%.1000s/tool.xml", path);
    return folder ? open_folder(out, err) : open_packed(out, limits->file_bytes, err);
}

cm_status cm_tool_source_model(const cm_tool_source *source, const char *file, const cm_model_limits *limits,
                               cm_model **out, cm_error *err)
{
    *out = NULL;
    if (source->folder) {
        char *path = NULL;
        cm_status st = cm_path_beneath(source->folder, file, &path, err);
        if (!st) st = cm_model_open(path, limits, out, err);
        free(path);
        return st;
    }
    const cm_pack_member *model = cm_pack_find(source->pack, file);
    if (!model)
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the package lacks its model", .where = source->path,
                       .why = file);
    cm_status st = cm_model_open_memory(model->data, model->bytes, cm_strf("%s/%s", source->path, file).s,
                                        limits, out, err);
    if (!st) cm_model_set_mapped(*out);
    return st;
}

void cm_tool_source_survey(const cm_tool_source *source, const char *file, cm_survey *out)
{
    memset(out, 0, sizeof *out);
    if (source->folder) {
        char *path = NULL;
        if (!cm_path_beneath(source->folder, file, &path, NULL)) cm_survey_file(path, out);
        free(path);
        return;
    }
    const cm_pack_member *model = cm_pack_find(source->pack, file);
    if (model) cm_survey_operators(model->data, model->bytes, out);
}

cm_status cm_tool_source_check(const cm_tool_source *source, const cm_tool_spec *spec, cm_error *err)
{
    for (int i = 0; source->pack && i < source->pack->n_members; i++) {
        const char *name = source->pack->member[i].name;
        bool known = strcmp(name, "tool.xml") == 0 || cm_pack_is_text(name);
        for (int m = 0; m < spec->n_models; m++)
            known = known || strcmp(name, spec->models[m].file) == 0;
        if (!known)
            return CM_FAIL(
                err, CM_ERR_POLICY, .what = "the package holds a model that tool.xml does not name",
                .where = source->path, .why = name, .next = "pack the tool again with cohmark tool pack");
    }
    return CM_OK;
}

void cm_tool_source_fini(cm_tool_source *source)
{
    if (source->mapping) munmap(source->mapping, (size_t)source->mapped);
    free(source->pack);
    free(source->xml);
    free(source->folder);
    free(source->path);
    memset(source, 0, sizeof *source);
}

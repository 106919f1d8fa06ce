/* Reading cohort.xml. The schema has checked form and uniqueness; what it cannot say is checked here. */
#include "engine/cohort/manifest_internal.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"

extern const unsigned char cm_cohort_xsd[], cm_cohort_xsd_end[];

void cm_cohort_info_fini(cm_cohort_info *info)
{
    if (!info) return;
    free(info->data_uses);
    free(info->labels);
    free(info->channels);
    free(info->providers);
    free(info->splits);
    free(info->attributes);
    memset(info, 0, sizeof *info);
}

/* NULL only when memory ran out: an empty list is one unused row. */
static void *copy_rows(const void *rows, int n, size_t bytes)
{
    void *copy = calloc((size_t)n + 1, bytes);
    if (copy && n > 0) memcpy(copy, rows, (size_t)n * bytes);
    return copy;
}

cm_status cm_cohort_info_copy(const cm_cohort_info *from, cm_cohort_info *to, cm_error *err)
{
    *to = *from;
    to->data_uses = copy_rows(from->data_uses, from->n_data_uses, sizeof *from->data_uses);
    to->labels = copy_rows(from->labels, from->n_labels, sizeof *from->labels);
    to->channels = copy_rows(from->channels, from->n_channels, sizeof *from->channels);
    to->providers = copy_rows(from->providers, from->n_providers, sizeof *from->providers);
    to->splits = copy_rows(from->splits, from->n_splits, sizeof *from->splits);
    to->attributes = copy_rows(from->attributes, from->n_attributes, sizeof *from->attributes);
    if (to->data_uses && to->labels && to->channels && to->providers && to->splits && to->attributes)
        return CM_OK;
    cm_cohort_info_fini(to);
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a cohort's description");
}

/* White space as the schema's token type sees it: trimmed, runs become one blank. */
static void collapse(char *text)
{
    char *put = text;
    for (const char *s = text; *s; s++) {
        bool blank = *s == ' ' || *s == '\t' || *s == '\n' || *s == '\r';
        if (!blank)
            *put++ = *s;
        else if (put != text && put[-1] != ' ')
            *put++ = ' ';
    }
    if (put != text && put[-1] == ' ') put--;
    *put = '\0';
}

static cm_status fail_at(const char *name, xmlNodePtr node, const char *what, const char *why,
                         const char *next, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_SCHEMA, .what = what, .where = cm_strf("%s:%ld", name, xmlGetLineNo(node)).s,
                   .why = why, .next = next);
}

/* Text of an element, whose length in bytes may pass what the schema counts in characters. node may be NULL,
 * then root is where it was missed. */
static cm_status take_text_of(xmlNodePtr node, xmlNodePtr root, const char *name, const char *element,
                              char *buf, int64_t size, cm_error *err)
{
    char text[4096];
    if (!cm_xml_text(node, text, sizeof text))
        return fail_at(name, node ? node : root, cm_strf("<%s> is missing or too long", element).s, NULL,
                       NULL, err);
    collapse(text);
    if ((int64_t)strlen(text) >= size)
        return fail_at(
            name, node, cm_strf("<%s> is too long", element).s,
            cm_strf("%zu bytes of UTF-8, at most %lld are kept", strlen(text), (long long)size - 1).s,
            "shorten it", err);
    memcpy(buf, text, strlen(text) + 1);
    return CM_OK;
}

static cm_status take_text(xmlNodePtr root, const char *name, const char *element, char *buf, int64_t size,
                           cm_error *err)
{
    return take_text_of(cm_xml_child(root, element), root, name, element, buf, size, err);
}

/* The code of a concept, which the schema has checked; "" where there is none. */
static void take_code(xmlNodePtr node, char *buf, int64_t size)
{
    cm_xml_attribute(node, "code", buf, size);
    collapse(buf);
}

/* A list of rows of `width` bytes, each an attribute of a child of <list>. */
static cm_status take_names(xmlNodePtr list, const char *name, const char *attribute, size_t width,
                            void **rows, int *n, cm_error *err)
{
    int count = 0;
    for (xmlNodePtr c = cm_xml_child(list, NULL); c; c = cm_xml_next(c, NULL))
        count++;
    char *table = calloc((size_t)count + 1, width);
    if (!table) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a list", .where = name);
    int i = 0;
    for (xmlNodePtr c = cm_xml_child(list, NULL); c; c = cm_xml_next(c, NULL)) {
        char *row = table + (size_t)i++ * width;
        if (!cm_xml_attribute(c, attribute, row, (int64_t)width)) {
            free(table);
            return fail_at(name, c, cm_strf("%s is missing or too long", attribute).s, NULL, NULL, err);
        }
        collapse(row);
    }
    *rows = table;
    *n = count;
    return CM_OK;
}

static cm_status take_labels(xmlNodePtr root, const char *name, cm_cohort_info *out, cm_error *err)
{
    xmlNodePtr list = cm_xml_child(root, "labels");
    int count = 0, i = 0;
    for (xmlNodePtr c = cm_xml_child(list, NULL); c; c = cm_xml_next(c, NULL))
        count++;
    out->labels = calloc((size_t)count + 1, sizeof *out->labels);
    if (!out->labels) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the label set", .where = name);
    out->n_labels = count;
    bool background = false;
    for (xmlNodePtr c = cm_xml_child(list, NULL); c; c = cm_xml_next(c, NULL), i++) {
        cm_label *label = &out->labels[i];
        label->value = (int)cm_xml_integer(c, "value", -1);
        cm_xml_attribute(c, "name", label->name, sizeof label->name);
        collapse(label->name);
        take_code(c, label->code, sizeof label->code);
        background = background || label->value == 0;
        if (out->task == CM_TASK_CLASSIFICATION && label->value != i)
            return fail_at(name, c, "classes are not numbered 0, 1, 2 ... in order",
                           cm_strf("class %d in the list has value %d", i, label->value).s,
                           "number the classes in the order of the list", err);
    }
    if (out->task == CM_TASK_SEGMENTATION && !background)
        return fail_at(name, list, "the label set has no background",
                       "a segmentation needs a label of value 0: whatever is nothing else",
                       "add <label value=\"0\" name=\"background\"/>", err);
    if (out->task == CM_TASK_CLASSIFICATION && count < 2)
        return fail_at(name, list, "a classification needs at least two classes", "1 is declared", NULL, err);
    return CM_OK;
}

static cm_status take_lists(xmlNodePtr root, const char *name, cm_cohort_info *out, cm_error *err)
{
    cm_status st = take_names(cm_xml_child(root, "providers"), name, "id", sizeof *out->providers,
                              (void **)&out->providers, &out->n_providers, err);
    if (!st)
        st = take_names(cm_xml_child(root, "channels"), name, "name", sizeof *out->channels,
                        (void **)&out->channels, &out->n_channels, err);
    if (!st)
        st = take_names(cm_xml_child(root, "splits"), name, "name", sizeof *out->splits,
                        (void **)&out->splits, &out->n_splits, err);
    if (!st && out->n_splits == 0) {
        strcpy(out->splits[0], "test"); /* lists have one spare row */
        out->n_splits = 1;
    }
    return st;
}

static cm_status take_data_uses(xmlNodePtr root, const char *name, cm_cohort_info *out, cm_error *err)
{
    xmlNodePtr list = cm_xml_child(root, "dataUses");
    int count = 0;
    for (xmlNodePtr c = cm_xml_child(list, NULL); c; c = cm_xml_next(c, NULL))
        count++;
    out->data_uses = calloc((size_t)count + 1, sizeof *out->data_uses);
    if (!out->data_uses)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the conditions of use", .where = name);
    cm_status st = CM_OK;
    for (xmlNodePtr c = cm_xml_child(list, NULL); c && !st; c = cm_xml_next(c, NULL)) {
        cm_data_use *use = &out->data_uses[out->n_data_uses++];
        st = take_text_of(c, root, name, "dataUse", use->name, sizeof use->name, err);
        take_code(c, use->code, sizeof use->code);
    }
    return st;
}

static cm_status take_all(xmlNodePtr root, const char *name, cm_cohort_info *out, cm_error *err)
{
    char task[32], geometry[32] = "from-header";
    const struct {
        const char *element;
        char *buf;
        int64_t size;
    } texts[] = {
        {"title", out->title, sizeof out->title},
        {"licence", out->licence, sizeof out->licence},
        {"publisher", out->publisher, sizeof out->publisher},
        {"modality", out->modality, sizeof out->modality},
        {"bodyPart", out->body_part, sizeof out->body_part},
        {"condition", out->condition, sizeof out->condition},
        {"task", task, sizeof task},
    };
    cm_status st = CM_OK;
    for (size_t i = 0; !st && i < sizeof texts / sizeof texts[0]; i++)
        st = take_text(root, name, texts[i].element, texts[i].buf, texts[i].size, err);
    xmlNodePtr declared = cm_xml_child(root, "geometry");
    if (!st && declared && declared->children) /* an empty element means the default, too */
        st = take_text(root, name, "geometry", geometry, sizeof geometry, err);
    if (st) return st;
    cm_xml_attribute(root, "id", out->id, sizeof out->id);
    cm_xml_attribute(root, "version", out->version, sizeof out->version);
    collapse(out->id);
    collapse(out->version);
    out->task = strcmp(task, "segmentation") == 0 ? CM_TASK_SEGMENTATION : CM_TASK_CLASSIFICATION;
    out->geometry_unknown = strcmp(geometry, "unknown") == 0;
    take_code(cm_xml_child(root, "modality"), out->modality_code, sizeof out->modality_code);
    take_code(cm_xml_child(root, "bodyPart"), out->body_part_code, sizeof out->body_part_code);
    take_code(cm_xml_child(root, "condition"), out->condition_code, sizeof out->condition_code);
    st = take_labels(root, name, out, err);
    if (!st) st = take_data_uses(root, name, out, err);
    return st ? st : take_lists(root, name, out, err);
}

cm_status cm_manifest_parse(const char *text, int64_t bytes, const char *name, cm_cohort_info *out,
                            cm_error *err)
{
    const cm_schema schema = {.name = "cohort.xsd", .begin = cm_cohort_xsd, .end = cm_cohort_xsd_end};
    xmlDocPtr doc = NULL;
    memset(out, 0, sizeof *out);
    cm_status st = cm_xml_parse(text, bytes, name, &schema, &doc, err);
    if (!st) st = take_all(xmlDocGetRootElement(doc), name, out, err);
    xmlFreeDoc(doc);
    if (st) cm_cohort_info_fini(out);
    return st;
}

/* Reading and writing the packed form of a tool. The bytes written depend on the content only: members in a
 * fixed order, no times, owners or modes of the machine it was packed on. */
#include "engine/model/tool_pack.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/base/files.h"
#include "engine/model/tool.h"
#include "engine/model/tool_spec.h"

enum { BLOCK = 512 };

/* POSIX.1-1988 ustar header. */
typedef struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6],
        version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
} header;
_Static_assert(sizeof(header) == BLOCK, "a tar header is one block");

static unsigned checksum_of(const header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    size_t at = offsetof(header, checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *h; i++)
        sum += i >= at && i < at + sizeof h->checksum ? ' ' : bytes[i];
    return sum;
}

/* Octal digits, then only NUL and space. False for anything else, the base-256 extension included. */
static bool read_octal(const char *field, int length, int64_t *out)
{
    int64_t value = 0;
    int i = 0;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        value = value * 8 + (field[i] - '0');
    *out = value;
    if (i == 0) return false;
    for (; i < length; i++)
        if (field[i] != '\0' && field[i] != ' ') return false;
    return true;
}

bool cm_pack_is_text(const char *name)
{
    return strncasecmp(name, "LICENSE", 7) == 0 || strncasecmp(name, "LICENCE", 7) == 0 ||
           strncasecmp(name, "README", 6) == 0;
}

static bool is_model_name(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".onnx") == 0;
}

static bool is_plain_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '.') return false;
    for (const char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr("._-", *c)))
            return false;
    return true;
}

static cm_status bad_member(const char *archive, int number, cm_status status, const char *what,
                            const char *why, cm_error *err)
{
    return CM_FAIL(err, status, .what = what, .where = cm_strf("%s: member %d", archive, number).s,
                   .why = why, .next = "pack the tool again with cohmark tool pack");
}

static cm_status check_header(const header *h, const char *archive, int number, cm_error *err)
{
    int64_t sum;
    if (memcmp(h->magic, "ustar", 6) != 0 || memcmp(h->version, "00", 2) != 0)
        return bad_member(archive, number, CM_ERR_FORMAT, "not a ustar header", "magic and version differ",
                          err);
    if (!read_octal(h->checksum, sizeof h->checksum, &sum) || sum != (int64_t)checksum_of(h))
        return bad_member(archive, number, CM_ERR_FORMAT, "the header's checksum is wrong",
                          cm_strf("the header sums to %u", checksum_of(h)).s, err);
    if (h->type != '0' && h->type != '\0')
        return bad_member(archive, number, CM_ERR_POLICY, "only plain files may be in a tool",
                          "the member is a folder, link, device or extension", err);
    if (h->prefix[0] || h->link[0])
        return bad_member(archive, number, CM_ERR_POLICY, "a member may not have a folder or a link target",
                          NULL, err);
    return CM_OK;
}

static cm_status take_member(const header *h, const char *archive, int64_t present, int64_t model_bytes,
                             cm_pack *out, cm_error *err)
{
    int number = out->n_members + 1;
    if (out->n_members == CM_MAX_MEMBERS)
        return bad_member(archive, number, CM_ERR_LIMIT, "too many members",
                          cm_strf("at most %d", CM_MAX_MEMBERS).s, err);
    cm_status st = check_header(h, archive, number, err);
    if (st) return st;
    cm_pack_member *m = &out->member[out->n_members];
    memcpy(m->name, h->name, sizeof h->name);
    m->name[sizeof h->name] = '\0';
    bool text = cm_pack_is_text(m->name), xml = strcmp(m->name, "tool.xml") == 0;
    if (!is_plain_name(m->name) || !(text || xml || is_model_name(m->name)))
        return bad_member(archive, number, CM_ERR_POLICY, "the member's name is not one a tool has",
                          "allowed: tool.xml, a plain *.onnx name, LICENSE*, LICENCE*, README*", err);
    if (cm_pack_find(out, m->name))
        return bad_member(archive, number, CM_ERR_POLICY, "a name comes twice", m->name, err);
    if (!read_octal(h->size, sizeof h->size, &m->bytes))
        return bad_member(archive, number, CM_ERR_FORMAT, "the size is no octal number", m->name, err);
    int64_t cap = xml ? CM_TOOL_XML_BYTES : text ? CM_TOOL_TEXT_BYTES : model_bytes;
    if (m->bytes > cap)
        return bad_member(
            archive, number, CM_ERR_LIMIT, "a member is too large",
            cm_strf("%s: %lld bytes, at most %lld", m->name, (long long)m->bytes, (long long)cap).s, err);
    if (m->bytes > present)
        return bad_member(
            archive, number, CM_ERR_TRUNCATED, "the archive ends inside a member",
            cm_strf("%s: %lld bytes promised, %lld there", m->name, (long long)m->bytes, (long long)present)
                .s,
            err);
    m->data = (const unsigned char *)(h + 1);
    out->n_members++;
    return CM_OK;
}

static bool is_zero(const unsigned char *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (bytes[i]) return false;
    return true;
}

cm_status cm_pack_read(const void *data, int64_t bytes, const char *archive, int64_t model_bytes,
                       cm_pack *out, cm_error *err)
{
    const unsigned char *at = data;
    memset(out, 0, sizeof *out);
    int64_t left = bytes;
    while (left >= BLOCK && !is_zero(at, BLOCK)) {
        cm_status st =
            take_member((const header *)(const void *)at, archive, left - BLOCK, model_bytes, out, err);
        if (st) return st;
        int64_t step = BLOCK + (out->member[out->n_members - 1].bytes + BLOCK - 1) / BLOCK * BLOCK;
        if (step > left)
            return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the archive ends inside a block", .where = archive,
                           .why =
                               cm_strf("%lld bytes wanted, %lld there", (long long)step, (long long)left).s);
        at += step;
        left -= step;
    }
    if (left < 2 * BLOCK)
        return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the archive has no end mark", .where = archive,
                       .why =
                           cm_strf("%lld bytes behind the last member, 1024 zeros wanted", (long long)left).s,
                       .next = "copy the file again and compare its sha256");
    if (!is_zero(at, left))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "there is data behind the archive's end mark",
                       .where = archive);
    return CM_OK;
}

const cm_pack_member *cm_pack_find(const cm_pack *pack, const char *name)
{
    for (int i = 0; i < pack->n_members; i++)
        if (strcmp(pack->member[i].name, name) == 0) return &pack->member[i];
    return NULL;
}

/* ---- writing ---- */

static cm_status write_all(FILE *file, const void *data, int64_t bytes, const char *path, cm_error *err)
{
    if (bytes == 0 || fwrite(data, 1, (size_t)bytes, file) == (size_t)bytes) return CM_OK;
    return CM_FAIL(err, CM_ERR_IO, .what = "writing the package failed", .where = path,
                   .next = "look for free space on the disk");
}

static cm_status write_member(FILE *file, const char *folder, const char *name, int64_t cap, const char *path,
                              cm_error *err)
{
    static const char zeros[BLOCK] = {0};
    char *from = NULL, *data = NULL;
    int64_t bytes = 0;
    cm_status st = cm_path_beneath(folder, name, &from, err);
    if (!st) st = cm_file_read(from, cap, &data, &bytes, err);
    header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    if (!st) {
        memcpy(h.name, name, strlen(name));
        memcpy(h.mode, "0000644", 8);
        memcpy(h.uid, "0000000", 8);
        memcpy(h.gid, "0000000", 8);
        memcpy(h.major, "0000000", 8);
        memcpy(h.minor, "0000000", 8);
        memcpy(h.mtime, "00000000000", 12);
        char size[24], sum[16];
        snprintf(size, sizeof size, "%011llo", (unsigned long long)bytes);
        memcpy(h.size, size, 12);
        snprintf(sum, sizeof sum, "%06o", checksum_of(&h));
        memcpy(h.checksum, sum, 7);
        h.checksum[7] = ' ';
        st = write_all(file, &h, sizeof h, path, err);
    }
    if (!st) st = write_all(file, data, bytes, path, err);
    if (!st) st = write_all(file, zeros, (BLOCK - bytes % BLOCK) % BLOCK, path, err);
    free(data);
    free(from);
    return st;
}

static cm_status write_texts(FILE *file, const char *folder, const char *path, cm_error *err)
{
    char **names = NULL;
    int64_t count = 0;
    cm_status st = cm_folder_list(folder, &names, &count, err);
    for (int64_t i = 0; !st && i < count; i++) {
        if (!cm_pack_is_text(names[i])) continue;
        if (!is_plain_name(names[i]) || strlen(names[i]) > 99)
            st = CM_FAIL(err, CM_ERR_ARG, .what = "a file name cannot be packed", .where = folder,
                         .why = names[i], .next = "use letters, digits, dot, dash and underscore");
        else
            st = write_member(file, folder, names[i], CM_TOOL_TEXT_BYTES, path, err);
    }
    cm_names_free(names, count);
    return st;
}

cm_status cm_tool_pack(const char *folder, const char *path, cm_error *err)
{
    static const char end[2 * BLOCK] = {0};
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    cm_tool *tool = NULL;
    cm_new_file *out = NULL;
    FILE *file = NULL;
    char *xml = NULL, *text = NULL;
    int64_t bytes = 0;
    cm_tool_spec *spec = NULL;
    if (!cm_path_is_folder(folder))
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "not a folder", .where = folder,
                       .next = "name the folder that holds tool.xml");
    cm_status st = cm_tool_open(folder, &limits, &tool, err); /* what is packed is known to be accepted */
    cm_tool_close(tool);
    if (!st) st = cm_path_beneath(folder, "tool.xml", &xml, err);
    if (!st) st = cm_file_read(xml, CM_TOOL_XML_BYTES, &text, &bytes, err);
    if (!st) st = cm_tool_spec_parse(text, bytes, xml, &spec, NULL, err);
    if (!st) st = cm_new_file_open(path, &out, &file, err);
    if (!st) st = write_member(file, folder, "tool.xml", CM_TOOL_XML_BYTES, path, err);
    for (int i = 0; !st && i < spec->n_models; i++)
        st = write_member(file, folder, spec->models[i].file, limits.file_bytes, path, err);
    if (!st) st = write_texts(file, folder, path, err);
    if (!st) st = write_all(file, end, sizeof end, path, err);
    if (!st) {
        st = cm_new_file_commit(out, err);
        out = NULL;
    }
    cm_new_file_abandon(out);
    cm_tool_spec_destroy(spec);
    free(text);
    free(xml);
    return st;
}

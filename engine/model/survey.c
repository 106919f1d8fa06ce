/* Walks ModelProto.graph (7), GraphProto.node (1), NodeProto.name (3), op_type (4) and domain (7), and
 * nothing else. */
#include "engine/model/survey.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/model/operator.h"
#include "engine/model/wire.h"

enum { MOST_NODES = 1000000 }; /* a file of gigabytes may hold hundreds of millions */
enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, NODE_NAME = 3, NODE_TYPE = 4, NODE_DOMAIN = 7 };

/* The next field, false at the end or where the bytes make no sense. */
static bool next_field(cm_wire *message, cm_wire_field *field)
{
    bool got = false;
    return cm_wire_next(message, field, &got, NULL) == CM_OK && got;
}

/* A text of a node; a longer one is cut, which no operator of the table is. */
static void copy_text(const cm_wire_field *field, char out[65])
{
    int64_t n = field->bytes.end - field->bytes.at;
    if (field->type != CM_WIRE_BYTES) return;
    if (n > 64) n = 64;
    memcpy(out, field->bytes.at, (size_t)n);
    out[n] = '\0';
}

static void count_node(cm_wire node, int64_t position, cm_survey *out)
{
    cm_survey_row row = {.nodes = 1, .position = position};
    for (cm_wire_field f; next_field(&node, &f);) {
        if (f.number == NODE_NAME) copy_text(&f, row.node);
        if (f.number == NODE_TYPE) copy_text(&f, row.name);
        if (f.number == NODE_DOMAIN) copy_text(&f, row.domain);
    }
    bool foreign = row.domain[0] && strcmp(row.domain, "ai.onnx") != 0;
    if (foreign || cm_operator_is_banned(row.name))
        row.status = CM_ERR_POLICY;
    else if (!cm_operator_find(row.name))
        row.status = CM_ERR_UNSUPPORTED;
    else
        return;
    for (int i = 0; i < out->n_rows; i++)
        if (strcmp(out->row[i].name, row.name) == 0 && strcmp(out->row[i].domain, row.domain) == 0) {
            out->row[i].nodes++;
            return;
        }
    if (out->n_rows < CM_MAX_SURVEY) out->row[out->n_rows++] = row;
}

void cm_survey_operators(const void *data, int64_t bytes, cm_survey *out)
{
    memset(out, 0, sizeof *out);
    cm_wire model = {data, (const uint8_t *)data + bytes};
    int64_t nodes = 0;
    for (cm_wire_field f; next_field(&model, &f);) {
        if (f.number != MODEL_GRAPH || f.type != CM_WIRE_BYTES) continue;
        for (cm_wire_field part; next_field(&f.bytes, &part);)
            if (part.number == GRAPH_NODE && part.type == CM_WIRE_BYTES) {
                if (nodes == MOST_NODES) return;
                count_node(part.bytes, nodes++, out);
            }
    }
}

void cm_survey_file(const char *path, cm_survey *out)
{
    memset(out, 0, sizeof *out);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0) return;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at != MAP_FAILED) {
            cm_survey_operators(at, info.st_size, out);
            munmap(at, (size_t)info.st_size);
        }
    }
    close(fd);
}

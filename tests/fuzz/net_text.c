/* Text to ONNX bytes. Initialisers are kept as text until all lines are seen, because an attribute may name
 * one before or after it stands. */
#include "tests/fuzz/net_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 400, MAX_LINES = 160 };

typedef struct tensor_line {
    char kind;
    char name[32];
    const char *rest; /* dimensions and values */
} tensor_line;

typedef struct reader {
    char line[MAX_LINES][MAX_LINE];
    int n_lines;
    tensor_line tensor[NET_MAX_TENSORS];
    int n_tensors;
    ow_buf graph;
    int opset, n_nodes;
    char last[64], output[64];
    net *net;
} reader;

static void split_lines(reader *r, const char *text, size_t size)
{
    for (size_t at = 0; at < size && r->n_lines < MAX_LINES;) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t n = end ? (size_t)(end - text) - at : size - at;
        const size_t kept = n < MAX_LINE - 1 ? n : MAX_LINE - 1;
        memcpy(r->line[r->n_lines], text + at, kept);
        r->line[r->n_lines++][kept] = '\0';
        at += n + 1;
    }
}

/* Numbers up to something else; returns how many, *rest behind them. */
static int read_dims(const char *text, int64_t *dim, const char **rest)
{
    int n = 0;
    for (char *end; n < NET_MAX_RANK; text = end) {
        const long long v = strtoll(text, &end, 10);
        if (end == text) break;
        dim[n++] = v;
    }
    *rest = text;
    return n;
}

/* -- initialisers -- */

static void remember_tensor(reader *r, const char *line)
{
    tensor_line *t = &r->tensor[r->n_tensors];
    int used = 0;
    if (r->n_tensors == NET_MAX_TENSORS || sscanf(line, "%c %31[^ =] %n", &t->kind, t->name, &used) != 2)
        return;
    t->rest = line + used;
    r->n_tensors++;
}

static uint16_t half_of(double v) /* the few that matter here; others become 1 */
{
    return v == 0 ? 0 : v == -1 ? 0xbc00 : v == 2 ? 0x4000 : v > 1e5 ? 0x7c00 : v != v ? 0x7e00 : 0x3c00;
}

static void put_value(ow_buf *raw, char kind, const char *text)
{
    const double v = strtod(text, NULL);
    const long long w = strtoll(text, NULL, 10);
    const float f = (float)v;
    const int32_t j = (int32_t)(uint32_t)(unsigned long long)w;
    const uint8_t u = (uint8_t)w;
    const uint16_t h = half_of(v);
    switch (kind) {
    case 'f':
        ow_raw(raw, &f, 4);
        break;
    case 'i':
        ow_raw(raw, &w, 8);
        break;
    case 'j':
        ow_raw(raw, &j, 4);
        break;
    case 'h':
        ow_raw(raw, &h, 2);
        break;
    default:
        ow_raw(raw, &u, 1);
    }
}

/* Values repeat until the dimensions are full; dimensions beyond what a test should hold stay without data,
 * which the reader has to refuse. */
static ow_buf make_tensor(const tensor_line *t)
{
    static const char kinds[] = "fijbuh";
    static const int types[] = {OW_FLOAT, OW_INT64, OW_INT32, OW_BOOL, OW_UINT8, OW_FLOAT16};
    int64_t dim[NET_MAX_RANK], count = 1;
    const char *values = NULL;
    const int rank = read_dims(t->rest, dim, &values);
    for (int i = 0; i < rank; i++)
        count = dim[i] < 0 || dim[i] > NET_MAX_ELEMENTS ? NET_MAX_ELEMENTS + 1 : count * dim[i];
    ow_buf raw = {0};
    values += strspn(values, " =");
    const char *at = values;
    for (int64_t i = 0; count <= NET_MAX_ELEMENTS && i < count; i++) {
        put_value(&raw, t->kind, at);
        at += strcspn(at, " ");
        at += strspn(at, " ");
        if (!*at) at = values;
    }
    ow_buf out = ow_tensor_raw(t->name, types[strchr(kinds, t->kind) - kinds], rank, dim, raw.data, raw.size);
    ow_free(&raw);
    return out;
}

static const tensor_line *find_tensor(const reader *r, const char *name)
{
    for (int i = 0; i < r->n_tensors; i++)
        if (strcmp(r->tensor[i].name, name) == 0) return &r->tensor[i];
    return NULL;
}

/* -- nodes -- */

static void list_attribute(ow_buf *list, const char *name, const char *value)
{
    enum { MOST = 64 };
    int64_t ints[MOST];
    float floats[MOST];
    int n = 0, is_float = 0;
    for (const char *at = value; *at && *at != ']' && n < MOST; n++) {
        char *end;
        floats[n] = strtof(at, &end);
        ints[n] = strtoll(at, NULL, 10);
        if (end == at) break;
        is_float |= *end == 'f';
        at = end + strspn(end, "f,");
    }
    if (is_float)
        ow_attr_floats(list, name, n, floats);
    else
        ow_attr_ints(list, name, n, ints);
}

static void add_attribute(const reader *r, ow_buf *list, char *word)
{
    char *value = strchr(word, '=');
    if (!value) return;
    *value++ = '\0';
    const size_t n = strlen(value);
    if (*value == '[') {
        list_attribute(list, word, value + 1);
    } else if (*value == '\'') {
        if (n > 1 && value[n - 1] == '\'') value[n - 1] = '\0';
        ow_attr_string(list, word, value + 1);
    } else if (*value == '#') {
        const tensor_line *t = find_tensor(r, value + 1);
        if (!t) return;
        ow_buf tensor = make_tensor(t);
        ow_attr_tensor(list, word, &tensor);
    } else if (n > 0 && value[n - 1] == 'f') {
        ow_attr_float(list, word, strtof(value, NULL));
    } else {
        ow_attr_int(list, word, strtoll(value, NULL, 10));
    }
}

static void add_node(reader *r, const char *line)
{
    char copy[MAX_LINE], *save = NULL;
    ow_buf attributes = {0};
    memcpy(copy, line, sizeof copy);
    const char *op = strtok_r(copy, " ", &save), *inputs = strtok_r(NULL, " ", &save);
    const char *arrow = inputs && strcmp(inputs, ">") == 0 ? inputs : strtok_r(NULL, " ", &save);
    const char *outputs = strtok_r(NULL, " ", &save);
    if (!outputs || !arrow || strcmp(arrow, ">") != 0 || r->n_nodes == NET_MAX_NODES) return;
    for (char *word; (word = strtok_r(NULL, " ", &save));)
        add_attribute(r, &attributes, word);
    snprintf(r->last, sizeof r->last, "%.*s", (int)strcspn(outputs, ","), outputs);
    ow_node(&r->graph, op, inputs == arrow ? "" : inputs, outputs, &attributes);
    r->n_nodes++;
}

static void read_line(reader *r, const char *line)
{
    const char *rest;
    if (!strncmp(line, "opset ", 6))
        r->opset = atoi(line + 6);
    else if (!strncmp(line, "input ", 6))
        r->net->rank = read_dims(line + 6, r->net->dim, &rest);
    else if (!strncmp(line, "output ", 7))
        snprintf(r->output, sizeof r->output, "%.60s", line + 7);
    else if (line[0] && line[1] == ' ' && strchr("fijbuh", line[0]))
        return; /* an initialiser: read before */
    else
        add_node(r, line);
}

net net_from_text(const char *text, size_t size)
{
    static const int64_t open[NET_MAX_RANK] = {-1, -1, -1, -1, -1, -1, -1, -1};
    net out = {.rank = 4, .dim = {1, 1, 4, 4}};
    reader *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->net = &out;
    r->opset = 17;
    split_lines(r, text, size);
    for (int i = 0; i < r->n_lines; i++)
        if (r->line[i][0] && r->line[i][1] == ' ' && strchr("fijbuh", r->line[i][0]))
            remember_tensor(r, r->line[i]);
    for (int i = 0; i < r->n_lines; i++)
        read_line(r, r->line[i]);
    for (int i = 0; i < r->n_tensors; i++) {
        ow_buf tensor = make_tensor(&r->tensor[i]);
        ow_initializer(&r->graph, &tensor);
    }
    ow_input(&r->graph, "x", OW_FLOAT, out.rank, open);
    ow_output(&r->graph, r->output[0] ? r->output : r->last[0] ? r->last : "x", OW_FLOAT, 0, open);
    out.model = ow_model(&r->graph, r->opset);
    free(r);
    return out;
}

/* Reads the text by hand, left to right. */
#include "tests/bits/graph_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/random.h"

enum { NAMES = 1000, MOST = 64 };

typedef struct reader {
    const char *at;
    ow_buf *graph;
    uint64_t seed;
    int constants;
    char result[64]; /* of the last statement */
} reader;

static void give_up(const reader *r, const char *expected)
{
    fprintf(stderr, "a graph's text: expected %s at \"%.60s\"\n", expected, r->at);
    exit(2);
}

static void skip_space(reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static int accept(reader *r, char c)
{
    skip_space(r);
    if (*r->at != c) return 0;
    r->at++;
    return 1;
}

static int is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Letters, digits and '_'; empty when there are none. */
static void read_word(reader *r, char word[MOST])
{
    int n = 0;
    skip_space(r);
    while (is_word(*r->at) && n < MOST - 1)
        word[n++] = *r->at++;
    word[n] = 0;
}

/* Numbers separated by commas, to the closing bracket. */
static int read_list(reader *r, double out[MOST])
{
    int n = 0;
    if (!accept(r, '[')) give_up(r, "a '['");
    while (!accept(r, ']')) {
        char *end = NULL;
        if (n == MOST) give_up(r, "fewer numbers");
        out[n++] = strtod(r->at, &end);
        if (end == r->at) give_up(r, "a number");
        r->at = end;
        accept(r, ',');
    }
    return n;
}

/* A tensor i... or f...; the reader stands behind the letter. */
static ow_buf read_tensor(reader *r, char letter, const char *name)
{
    double number[MOST];
    int64_t whole[MOST];
    float single[MOST];
    int n = 1;
    const int is_number = accept(r, ':');
    if (is_number) {
        char *end = NULL;
        number[0] = strtod(r->at, &end);
        r->at = end;
    } else {
        n = read_list(r, number);
    }
    for (int i = 0; i < n; i++) {
        whole[i] = (int64_t)number[i];
        single[i] = (float)number[i];
    }
    const int64_t dim[1] = {n};
    return letter == 'i' ? ow_tensor_i64(name, is_number ? 0 : 1, dim, whole)
                         : ow_tensor_f32(name, is_number ? 0 : 1, dim, single);
}

/* 1 / sqrt of the numbers an output adds up. */
static double scale_of(int rank, const int64_t *dim)
{
    double inputs = 1;
    for (int i = 1; i < rank; i++)
        inputs *= (double)dim[i];
    return rank < 2 ? 1 : 1 / sqrt(rank == 2 ? (double)dim[0] : inputs);
}

static ow_buf read_random(reader *r, char sign, const char *name)
{
    double number[MOST];
    int64_t dim[MOST], count = 1;
    const int rank = read_list(r, number);
    for (int i = 0; i < rank; i++)
        count *= dim[i] = (int64_t)number[i];
    float *data = malloc((size_t)count * sizeof *data + 1);
    if (!data) abort();
    const cm_random draws = {r->seed, CM_PURPOSE_TEST};
    const double scale = scale_of(rank, dim);
    for (int64_t i = 0; i < count; i++) {
        const double u = cm_random_uniform(draws, (uint64_t)r->constants, (uint64_t)i);
        data[i] = (float)(sign == '+' ? 0.5 + u : (2 * u - 1) * scale * 1.7320508);
    }
    ow_buf t = ow_tensor_f32(name, rank, dim, data);
    free(data);
    return t;
}

/* Appends the name of an argument; a constant becomes an initialiser of its own. */
static void read_argument(reader *r, char names[NAMES])
{
    char word[MOST] = "";
    skip_space(r);
    const char first = *r->at, second = first ? r->at[1] : 0;
    const int is_tensor = (first == 'i' || first == 'f') && (second == '[' || second == ':');
    if (first == '~' || first == '+' || is_tensor) {
        r->at++;
        snprintf(word, sizeof word, "constant%d", r->constants);
        ow_buf t = is_tensor ? read_tensor(r, first, word) : read_random(r, first, word);
        ow_initializer(r->graph, &t);
        r->constants++;
    } else {
        read_word(r, word);
    }
    if (strlen(names) + strlen(word) + 2 > NAMES) give_up(r, "fewer arguments");
    strcat(names, word);
}

static void read_branch(reader *r, const char *name, ow_buf *list);

static void read_attribute(reader *r, const char *name, ow_buf *list)
{
    const char first = *r->at, second = first ? r->at[1] : 0;
    if ((first == 'i' || first == 'f') && (second == '[' || second == ':')) {
        r->at++;
        ow_buf t = read_tensor(r, first, "");
        ow_attr_tensor(list, name, &t);
        return;
    }
    if (first == '{') {
        read_branch(r, name, list);
        return;
    }
    char text[256];
    int n = 0;
    while (*r->at && *r->at != ';' && *r->at != '}' && !isspace((unsigned char)*r->at) && n < 255)
        text[n++] = *r->at++;
    text[n] = 0;
    if (isalpha((unsigned char)first) || !strncmp(text, "..", 2)) {
        ow_attr_string(list, name, text);
        return;
    }
    float single[MOST];
    int64_t whole[MOST];
    int count = 0;
    for (char *at = text; *at && count < MOST; count++) {
        char *end = NULL;
        single[count] = (float)strtod(at, &end);
        whole[count] = (int64_t)strtod(at, NULL);
        if (end == at) give_up(r, "a number before this");
        at = *end == ',' ? end + 1 : end;
    }
    if (strchr(text, '.') && strchr(text, ','))
        ow_attr_floats(list, name, count, single);
    else if (strchr(text, '.'))
        ow_attr_float(list, name, single[0]);
    else if (strchr(text, ','))
        ow_attr_ints(list, name, count, whole);
    else
        ow_attr_int(list, name, whole[0]);
}

static void read_statement(reader *r)
{
    char results[NAMES] = "", arguments[NAMES] = "", op[MOST], name[MOST];
    for (;;) {
        read_argument(r, results);
        if (!accept(r, ',')) break;
        strcat(results, ",");
    }
    if (!accept(r, '=')) give_up(r, "'='");
    read_word(r, op);
    if (!accept(r, '(')) give_up(r, "'('");
    while (!accept(r, ')')) {
        read_argument(r, arguments);
        if (accept(r, ',')) strcat(arguments, ",");
    }
    ow_buf attributes = {0};
    for (skip_space(r); *r->at && *r->at != ';' && *r->at != '}'; skip_space(r)) {
        read_word(r, name);
        if (!name[0] || !accept(r, '=')) give_up(r, "an attribute");
        read_attribute(r, name, &attributes);
    }
    ow_node(r->graph, op, arguments, results, &attributes);
    snprintf(r->result, sizeof r->result, "%.*s", (int)strcspn(results, ","), results);
}

/* Statements up to the brace; what the last one gives is the output. */
static void read_branch(reader *r, const char *name, ow_buf *list)
{
    ow_buf branch = {0}, *outside = r->graph;
    r->graph = &branch;
    accept(r, '{');
    do {
        read_statement(r);
        accept(r, ';');
    } while (!accept(r, '}'));
    ow_output(&branch, r->result, OW_FLOAT, 0, NULL);
    r->graph = outside;
    ow_attr_graph(list, name, &branch);
}

ow_buf bits_graph(const char *text, int opset, uint64_t seed, int rank, const int64_t *dim)
{
    ow_buf graph = {0};
    reader r = {text, &graph, seed, 0};
    ow_input(&graph, "x", OW_FLOAT, rank, dim);
    do {
        read_statement(&r);
        accept(&r, ';');
        skip_space(&r);
    } while (*r.at);
    ow_output(&graph, "y", OW_FLOAT, 0, NULL);
    return ow_model(&graph, opset);
}

/* Changes to a graph as text (net_text.h) that keep most of it sensible: lines swapped, repeated, removed;
 * operators, names and numbers exchanged; attributes added. Operators come from the engine's own table, so a
 * new one is tried as soon as it is there. */
#include "tests/fuzz/net_mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/operator.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_TEXT = 16384, MAX_SPANS = 512 };

typedef struct span {
    size_t at, n;
} span;

typedef struct editor {
    char text[MAX_TEXT];
    size_t n, most;
    uint64_t state; /* of the random numbers; the fuzzer gives the seed */
} editor;

static size_t below(editor *e, size_t n)
{
    e->state = e->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth, MMIX */
    return n ? (size_t)((e->state >> 33) % n) : 0;
}

static void replace(editor *e, span s, const char *with, size_t n)
{
    if (e->n - s.n + n > e->most) return;
    memmove(e->text + s.at + n, e->text + s.at + s.n, e->n - s.at - s.n);
    memcpy(e->text + s.at, with, n);
    e->n += n - s.n;
}

/* Pieces of the text that consist of characters in `of` (or, inverted, of none of them). */
static int find_spans(const editor *e, const char *of, int inverted, span *out)
{
    int count = 0;
    for (size_t i = 0; i < e->n && count < MAX_SPANS;) {
        const size_t first = i;
        while (i < e->n && (strchr(of, e->text[i]) && e->text[i] ? 1 : 0) != inverted)
            i++;
        if (i > first)
            out[count++] = (span){first, i - first};
        else
            i++;
    }
    return count;
}

static const char number_characters[] = "0123456789.-+einfa";

static void change_number(editor *e)
{
    static const char *const numbers[] = {"0",
                                          "1",
                                          "2",
                                          "3",
                                          "4",
                                          "5",
                                          "7",
                                          "8",
                                          "16",
                                          "17",
                                          "33",
                                          "-1",
                                          "-2",
                                          "2147483647",
                                          "-2147483648",
                                          "2147483648",
                                          "4294967296",
                                          "1e6",
                                          "0.5",
                                          "nan",
                                          "inf",
                                          "-inf",
                                          "64",
                                          "-3",
                                          "1e-30",
                                          "65537",
                                          "1000000",
                                          "33554432",
                                          "6",
                                          "9",
                                          "13",
                                          "1e30",
                                          "-0.25",
                                          "18",
                                          "21",
                                          "12",
                                          "11",
                                          "23",
                                          "9223372036854775807",
                                          "-9223372036854775808"};
    span s[MAX_SPANS];
    const int n = find_spans(e, number_characters, 0, s);
    const char *with = numbers[below(e, sizeof numbers / sizeof *numbers)];
    if (n) replace(e, s[below(e, (size_t)n)], with, strlen(with));
}

/* A word (name or number) takes the place of another. */
static void exchange_word(editor *e)
{
    span s[MAX_SPANS];
    char copy[80];
    const int n = find_spans(e, " ,=>\n[]'#", 1, s);
    if (!n) return;
    const span from = s[below(e, (size_t)n)], to = s[below(e, (size_t)n)];
    const size_t length = from.n < sizeof copy ? from.n : sizeof copy;
    memcpy(copy, e->text + from.at, length);
    replace(e, to, copy, length);
}

static span line_at(const editor *e, size_t position)
{
    size_t at = position;
    while (at > 0 && e->text[at - 1] != '\n')
        at--;
    const char *end = memchr(e->text + at, '\n', e->n - at);
    return (span){at, end ? (size_t)(end - e->text) - at + 1 : e->n - at};
}

static void remove_line(editor *e)
{
    replace(e, line_at(e, below(e, e->n)), "", 0);
}

static void repeat_line(editor *e)
{
    char copy[512];
    const span from = line_at(e, below(e, e->n)), to = line_at(e, below(e, e->n));
    const size_t length = from.n < sizeof copy ? from.n : sizeof copy;
    memcpy(copy, e->text + from.at, length);
    replace(e, (span){to.at, 0}, copy, length);
}

static const char *any_operator(editor *e)
{
    size_t rows = 0;
    while (cm_operator_at((int)rows))
        rows++;
    return cm_operator_at((int)below(e, rows))->name;
}

static void change_operator(editor *e)
{
    const span s = line_at(e, below(e, e->n));
    size_t n = 0;
    while (n < s.n && e->text[s.at + n] != ' ' && e->text[s.at + n] != '\n')
        n++;
    if (n < 2) return; /* an initialiser, or nothing */
    const char *op = any_operator(e);
    replace(e, (span){s.at, n}, op, strlen(op));
}

/* A node that reads what is there: x or the output of an earlier line. */
static void add_node(editor *e)
{
    span s[MAX_SPANS];
    char line[256], from[2][32] = {"x", "x"};
    const int n = find_spans(e, " ,=>\n[]'#", 1, s);
    for (int i = 0; n && i < 2; i++) {
        const span word = s[below(e, (size_t)n)];
        snprintf(from[i], sizeof from[i], "%.*s", (int)(word.n < 31 ? word.n : 31), e->text + word.at);
    }
    if (below(e, 2))
        snprintf(line, sizeof line, "%s %s > n%u\n", any_operator(e), from[0], (unsigned)below(e, 100));
    else
        snprintf(line, sizeof line, "%s %s,%s > n%u\n", any_operator(e), from[0], from[1],
                 (unsigned)below(e, 100));
    replace(e, (span){e->n, 0}, line, strlen(line));
}

static void add_attribute(editor *e)
{
    static const char *const attributes[] = {"axis=1",
                                             "axis=-1",
                                             "axes=[1,2]",
                                             "keepdims=0",
                                             "kernel_shape=[3,3]",
                                             "pads=[1,1,1,1]",
                                             "strides=[2,2]",
                                             "dilations=[2,2]",
                                             "group=2",
                                             "auto_pad='SAME_UPPER'",
                                             "ceil_mode=1",
                                             "output_padding=[1,1]",
                                             "output_shape=[5,5]",
                                             "mode='linear'",
                                             "mode='nearest'",
                                             "mode='cubic'",
                                             "mode='reflect'",
                                             "mode='edge'",
                                             "perm=[1,0]",
                                             "to=1",
                                             "to=7",
                                             "alpha=0.1f",
                                             "beta=2f",
                                             "epsilon=0.001f",
                                             "value=#w",
                                             "value_ints=[1,2]",
                                             "value_float=1f",
                                             "split=[1,1]",
                                             "num_outputs=2",
                                             "blocksize=2",
                                             "transA=1",
                                             "transB=1",
                                             "allowzero=1",
                                             "num_groups=2",
                                             "starts=[0]",
                                             "ends=[2]",
                                             "noop_with_empty_axes=1",
                                             "largest=0",
                                             "sorted=1",
                                             "equation='ij,jk->ik'",
                                             "equation='...ij->...ji'",
                                             "align_corners=1",
                                             "padding_mode='border'",
                                             "padding_mode='reflection'",
                                             "coordinate_transformation_mode='align_corners'",
                                             "nearest_mode='ceil'",
                                             "cubic_coeff_a=-0.5f",
                                             "exclude_outside=1",
                                             "antialias=1",
                                             "keep_aspect_ratio_policy='not_larger'",
                                             "approximate='tanh'",
                                             "count_include_pad=1",
                                             "storage_order=1",
                                             "q_num_heads=2",
                                             "kv_num_heads=1",
                                             "scale=0.5f",
                                             "is_causal=1",
                                             "direction='LEFT'",
                                             "exclusive=1",
                                             "reverse=1",
                                             "upper=1",
                                             "reduction='add'",
                                             "batch_dims=1",
                                             "size=3",
                                             "bias=1f",
                                             "fmod=1",
                                             "training_mode=1"};
    span s = line_at(e, below(e, e->n));
    char word[96];
    while (s.n > 0 && e->text[s.at + s.n - 1] == '\n')
        s.n--;
    snprintf(word, sizeof word, " %s", attributes[below(e, sizeof attributes / sizeof *attributes)]);
    replace(e, (span){s.at + s.n, 0}, word, strlen(word));
}

static void change(editor *e)
{
    switch (below(e, 12)) {
    case 0:
        remove_line(e);
        break;
    case 1:
        repeat_line(e);
        break;
    case 2:
    case 3:
        change_operator(e);
        break;
    case 4:
        add_node(e);
        break;
    case 5:
    case 6:
        add_attribute(e);
        break;
    case 7:
    case 8:
        exchange_word(e);
        break;
    default:
        change_number(e);
    }
}

size_t net_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static editor e; /* 16 KiB, used by one thread at a time */
    e.most = max_size < MAX_TEXT ? max_size : MAX_TEXT;
    e.n = size < e.most ? size : e.most;
    e.state = seed;
    memcpy(e.text, data, e.n);
    for (size_t n = 1 + below(&e, 3); n > 0; n--)
        change(&e);
    memcpy(data, e.text, e.n);
    return e.n;
}

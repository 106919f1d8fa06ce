/* What same_bits runs: graphs for the executor of models, and routines of the metrics.
 *
 * Every operator of engine/model/operators.c has at least one case, named after it (the part of a name before
 * the first '.'); same_bits says which has none. */
#ifndef CM_TESTS_BITS_CASES_H
#define CM_TESTS_BITS_CASES_H

#include "engine/base/threads.h"

typedef struct bits_case {
    const char *name;
    int opset;
    const char
        *input; /* "n:1,16,5,7" ordinary numbers, "e:4099" numbers of every magnitude, NaN and Inf too */
    const char *graph; /* from x to y; see graph_text.h */
} bits_case;

/* Each ends with a case without a name. */
extern const bits_case bits_elementwise[], bits_layers[], bits_arrays[];

/* Whole nets; the graph is written by a function into text of `size` bytes. */
typedef struct bits_net {
    const char *name;
    int opset;
    const char *input;
    void (*write)(char *text, int64_t size);
} bits_net;
extern const bits_net bits_nets[];

/* Numbers that are not made by a model. */
typedef struct bits_sink bits_sink;
/* What is added from now on belongs to the case of this name. */
void bits_begin(bits_sink *sink, const char *name);
void bits_put(bits_sink *sink, double v);

/* NULL ends the list. */
typedef void (*bits_routine)(cm_threads *pool, bits_sink *sink);
extern const bits_routine bits_routines[];

#endif

/* A graph as text, for inputs that people can read and a fuzzer can change piece by piece. One thing a line:
 *
 *   opset 17                          of the standard domain; 17 when not said
 *   input 1 2 5 5                     the shape that is planned for; the model leaves it free
 *   f w 4 2 3 3 = 1 -0.5 inf          a float initialiser: dimensions, then values that repeat as needed
 *   i n 2 = -1 4                      int64; j int32, b bool, u uint8, h float16 likewise
 *   Conv x,w > y pads=[1,1,1,1] group=1 alpha=0.5f mode='linear' scales=[1f,2f] value=#n
 *   output y                          the last node's first output when not said
 *
 * A node names its inputs, ">" and its outputs ("" between commas = left out); value=#n puts initialiser n
 * into an attribute. `x` is the input. Lines that make no sense are skipped, so every text is some graph. */
#ifndef CM_TESTS_FUZZ_NET_TEXT_H
#define CM_TESTS_FUZZ_NET_TEXT_H

#include <stddef.h>

#include "tests/support/onnx_write.h"

enum { NET_MAX_RANK = 8, NET_MAX_NODES = 64, NET_MAX_TENSORS = 32, NET_MAX_ELEMENTS = 4096 };

typedef struct net {
    ow_buf model; /* freed by the caller with ow_free */
    int rank;
    int64_t dim[NET_MAX_RANK]; /* of the input */
} net;

net net_from_text(const char *text, size_t size);

#endif

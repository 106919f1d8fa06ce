/* Small graphs written as text, so that a test case is a line.
 *
 *   a = Conv(x, ~[32,16,3,3,3], ~[32]) pads=1,1,1,1,1,1; y = LeakyRelu(a) alpha=0.01
 *
 * Statements end with ';' or the end. Several results are separated by commas before '='; an argument may be
 * left out. An argument is a name, or a constant:
 *   ~[dims]   seeded random numbers around 0; of rank 2 and more scaled so that a sum over the inputs of an
 *             output stays near 1 (a matrix by its rows, a convolution by its input channels and taps)
 *   +[dims]   seeded random numbers in 0.5 .. 1.5
 *   i[2,3]    int64 list     i:3    int64 number
 *   f[0.5,1]  float list     f:0.5  float number
 * An attribute is a graph in braces, whose last statement gives its output, a whole number (axis=1), a list of them (axes=0,1 or, of one, axes=0,), a number with a
 * point (alpha=0.5), a list of those, a word (mode=linear; it may begin with two points), or one of the
 * constants i and f above. */
#ifndef CM_TESTS_BITS_GRAPH_TEXT_H
#define CM_TESTS_BITS_GRAPH_TEXT_H

#include <stdint.h>

#include "tests/support/onnx_write.h"

/* The graph with input x of this shape and output y, as a model of this opset; seed: of the constants. Text
 * that does not follow the above ends the program with a message. */
ow_buf bits_graph(const char *text, int opset, uint64_t seed, int rank, const int64_t *dim);

#endif

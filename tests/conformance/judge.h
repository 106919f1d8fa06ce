/* Whether what came out of the engine is what a test says. */
#ifndef CM_TESTS_CONFORMANCE_JUDGE_H
#define CM_TESTS_CONFORMANCE_JUDGE_H

#include "tests/conformance/sample.h"

/* got: float32 numbers of the shape and element type in `as`, which the engine hands over so whatever the
 * type inside. "" when they are what is expected: same shape and type; whole numbers and bools equal; floats
 * to |got - expected| <= 1e-7 + 1e-3 |expected|, the measure of ONNX's own runner, after rounding to float16
 * or bfloat16 where the test expects those; NaN and infinities in the same places. */
cm_str judge(const array *expected, const cm_tensor *as, const float *got);

#endif

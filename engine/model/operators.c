/* The table of operators: one line each, sorted by name. docs/operators.md is generated from it. */
#include "engine/model/operator.h"

#include <stdlib.h>
#include <string.h>

/* name, family, code, first opset, last opset (0 = still there), inputs min max (-1 = any), outputs min max,
 * note */
static const cm_operator table[] = {
    {"Abs", &cm_family_unary, CM_UNARY_ABS, 1, 0, 1, 1, 1, 1, ""},
    {"Add", &cm_family_binary, CM_BINARY_ADD, 7, 0, 2, 2, 1, 1, ""},
    {"And", &cm_family_binary, CM_BINARY_AND, 7, 0, 2, 2, 1, 1, ""},
    {"ArgMax", &cm_family_arg, CM_REDUCE_ARGMAX, 1, 0, 1, 1, 1, 1, "select_last_index = 1 is refused"},
    {"ArgMin", &cm_family_arg, CM_REDUCE_ARGMIN, 1, 0, 1, 1, 1, 1, "select_last_index = 1 is refused"},
    {"AveragePool", &cm_family_pooling, CM_POOL_AVERAGE, 1, 0, 1, 1, 1, 1, "1 to 3 spatial dimensions"},
    {"BatchNormalization", &cm_family_batch_norm, 0, 9, 0, 5, 5, 1, 5,
     "inference only; scale, bias, mean and variance must be constants"},
    {"Cast", &cm_family_cast, 0, 9, 0, 1, 1, 1, 1,
     "to a float type (all computed as float32), whole numbers of 8 to 64 bits, bool"},
    {"Ceil", &cm_family_unary, CM_UNARY_CEIL, 6, 0, 1, 1, 1, 1, ""},
    {"Clip", &cm_family_unary, CM_UNARY_CLIP, 6, 0, 1, 3, 1, 1, "bounds must be constants"},
    {"Concat", &cm_family_concat, 0, 4, 0, 1, -1, 1, 1, ""},
    {"Constant", &cm_family_constant, 0, 9, 0, 0, 0, 1, 1, "numbers only"},
    {"ConstantOfShape", &cm_family_constant_of_shape, 0, 9, 0, 1, 1, 1, 1,
     "the shape must be known when planning"},
    {"Conv", &cm_family_convolution, 0, 1, 0, 2, 3, 1, 1,
     "1 to 3 spatial dimensions, groups, dilations; weights must be constants"},
    {"ConvTranspose", &cm_family_convolution, 1, 1, 0, 2, 3, 1, 1,
     "1 to 3 spatial dimensions, groups, dilations, output_padding, output_shape; weights must be constants"},
    {"DepthToSpace", &cm_family_depth_space, 0, 1, 0, 1, 1, 1, 1, "DCR and CRD"},
    {"Div", &cm_family_binary, CM_BINARY_DIV, 7, 0, 2, 2, 1, 1, ""},
    {"Dropout", &cm_family_identity, 1, 7, 0, 1, 3, 1, 2, "inference only: passes its input on"},
    {"Einsum", &cm_family_einsum, 0, 12, 0, 1, 8, 1, 1, "floats only"},
    {"Elu", &cm_family_unary, CM_UNARY_ELU, 6, 0, 1, 1, 1, 1, ""},
    {"Equal", &cm_family_binary, CM_BINARY_EQUAL, 7, 0, 2, 2, 1, 1, ""},
    {"Erf", &cm_family_unary, CM_UNARY_ERF, 9, 0, 1, 1, 1, 1, ""},
    {"Exp", &cm_family_unary, CM_UNARY_EXP, 6, 0, 1, 1, 1, 1, ""},
    {"Expand", &cm_family_expand, 0, 8, 0, 2, 2, 1, 1, "the shape must be known when planning"},
    {"Flatten", &cm_family_flatten, 0, 9, 0, 1, 1, 1, 1, ""},
    {"Floor", &cm_family_unary, CM_UNARY_FLOOR, 6, 0, 1, 1, 1, 1, ""},
    {"Gather", &cm_family_gather, 0, 1, 0, 2, 2, 1, 1, ""},
    {"GatherElements", &cm_family_gather_elements, 0, 11, 0, 2, 2, 1, 1, ""},
    {"GatherND", &cm_family_gather_nd, 0, 11, 0, 2, 2, 1, 1, ""},
    {"Gelu", &cm_family_unary, CM_UNARY_GELU_ERF, 20, 0, 1, 1, 1, 1, "approximate none and tanh"},
    {"Gemm", &cm_family_gemm, 0, 7, 0, 2, 3, 1, 1, ""},
    {"GlobalAveragePool", &cm_family_global_pooling, CM_REDUCE_MEAN, 1, 0, 1, 1, 1, 1, ""},
    {"GlobalMaxPool", &cm_family_global_pooling, CM_REDUCE_MAX, 1, 0, 1, 1, 1, 1, ""},
    {"Greater", &cm_family_binary, CM_BINARY_GREATER, 9, 0, 2, 2, 1, 1, ""},
    {"GreaterOrEqual", &cm_family_binary, CM_BINARY_GREATER_EQUAL, 12, 0, 2, 2, 1, 1, ""},
    {"GroupNormalization", &cm_family_group_norm, 0, 18, 0, 3, 3, 1, 1,
     "scale and bias must be constants: per group up to opset 20, per channel from 21"},
    {"HardSigmoid", &cm_family_unary, CM_UNARY_HARD_SIGMOID, 6, 0, 1, 1, 1, 1, ""},
    {"HardSwish", &cm_family_unary, CM_UNARY_HARD_SWISH, 14, 0, 1, 1, 1, 1, ""},
    {"Identity", &cm_family_identity, 0, 1, 0, 1, 1, 1, 1, ""},
    {"InstanceNormalization", &cm_family_instance_norm, 0, 6, 0, 3, 3, 1, 1, ""},
    {"LayerNormalization", &cm_family_layer_norm, 0, 17, 0, 2, 3, 1, 1,
     "the mean and deviation outputs are not given"},
    {"LeakyRelu", &cm_family_unary, CM_UNARY_LEAKY_RELU, 6, 0, 1, 1, 1, 1, ""},
    {"Less", &cm_family_binary, CM_BINARY_LESS, 9, 0, 2, 2, 1, 1, ""},
    {"LessOrEqual", &cm_family_binary, CM_BINARY_LESS_EQUAL, 12, 0, 2, 2, 1, 1, ""},
    {"Log", &cm_family_unary, CM_UNARY_LOG, 6, 0, 1, 1, 1, 1, ""},
    {"LogSoftmax", &cm_family_softmax, 1, 1, 0, 1, 1, 1, 1, ""},
    {"MatMul", &cm_family_matmul, 0, 1, 0, 2, 2, 1, 1, ""},
    {"Max", &cm_family_variadic, CM_BINARY_MAX, 8, 0, 1, -1, 1, 1, ""},
    {"MaxPool", &cm_family_pooling, CM_POOL_MAX, 1, 0, 1, 1, 1, 1,
     "1 to 3 spatial dimensions; the indices output is not given"},
    {"Min", &cm_family_variadic, CM_BINARY_MIN, 8, 0, 1, -1, 1, 1, ""},
    {"Mod", &cm_family_binary, CM_BINARY_MOD, 10, 0, 2, 2, 1, 1, ""},
    {"Mul", &cm_family_binary, CM_BINARY_MUL, 7, 0, 2, 2, 1, 1, ""},
    {"Neg", &cm_family_unary, CM_UNARY_NEG, 6, 0, 1, 1, 1, 1, ""},
    {"Not", &cm_family_unary, CM_UNARY_NOT, 1, 0, 1, 1, 1, 1, ""},
    {"Or", &cm_family_binary, CM_BINARY_OR, 7, 0, 2, 2, 1, 1, ""},
    {"PRelu", &cm_family_binary, CM_BINARY_PRELU, 9, 0, 2, 2, 1, 1, ""},
    {"Pad", &cm_family_pad, 0, 2, 0, 1, 4, 1, 1,
     "constant, edge and reflect; the pads must be known when planning"},
    {"Pow", &cm_family_binary, CM_BINARY_POW, 7, 0, 2, 2, 1, 1, ""},
    {"Range", &cm_family_range, 0, 11, 0, 3, 3, 1, 1, "the bounds must be known when planning"},
    {"Reciprocal", &cm_family_unary, CM_UNARY_RECIPROCAL, 6, 0, 1, 1, 1, 1, ""},
    {"ReduceL2", &cm_family_reduce, CM_REDUCE_L2, 1, 0, 1, 2, 1, 1, ""},
    {"ReduceMax", &cm_family_reduce, CM_REDUCE_MAX, 1, 0, 1, 2, 1, 1, ""},
    {"ReduceMean", &cm_family_reduce, CM_REDUCE_MEAN, 1, 0, 1, 2, 1, 1, ""},
    {"ReduceMin", &cm_family_reduce, CM_REDUCE_MIN, 1, 0, 1, 2, 1, 1, ""},
    {"ReduceProd", &cm_family_reduce, CM_REDUCE_PROD, 1, 0, 1, 2, 1, 1, ""},
    {"ReduceSum", &cm_family_reduce, CM_REDUCE_SUM, 1, 0, 1, 2, 1, 1, ""},
    {"Relu", &cm_family_unary, CM_UNARY_RELU, 6, 0, 1, 1, 1, 1, ""},
    {"Reshape", &cm_family_reshape, 0, 5, 0, 2, 2, 1, 1, "the shape must be known when planning"},
    {"Resize", &cm_family_resize, 0, 10, 0, 1, 4, 1, 1,
     "nearest, linear, cubic; half_pixel, align_corners, asymmetric, pytorch_half_pixel; antialias, "
     "exclude_outside and tf_crop_and_resize are refused"},
    {"Round", &cm_family_unary, CM_UNARY_ROUND, 11, 0, 1, 1, 1, 1, ""},
    {"Scatter", &cm_family_scatter_elements, 0, 9, 10, 3, 3, 1, 1, ""},
    {"ScatterElements", &cm_family_scatter_elements, 0, 11, 0, 3, 3, 1, 1, ""},
    {"ScatterND", &cm_family_scatter_nd, 0, 11, 0, 3, 3, 1, 1, ""},
    {"Selu", &cm_family_unary, CM_UNARY_SELU, 6, 0, 1, 1, 1, 1, ""},
    {"Shape", &cm_family_shape, 0, 1, 0, 1, 1, 1, 1, ""},
    {"Sigmoid", &cm_family_unary, CM_UNARY_SIGMOID, 6, 0, 1, 1, 1, 1, ""},
    {"Sign", &cm_family_unary, CM_UNARY_SIGN, 9, 0, 1, 1, 1, 1, ""},
    {"Size", &cm_family_shape, 1, 1, 0, 1, 1, 1, 1, ""},
    {"Slice", &cm_family_slice, 0, 1, 0, 1, 5, 1, 1, "starts, ends, axes, steps must be known when planning"},
    {"Softmax", &cm_family_softmax, 0, 1, 0, 1, 1, 1, 1, "before opset 13 over all dimensions from axis on"},
    {"Softplus", &cm_family_unary, CM_UNARY_SOFTPLUS, 1, 0, 1, 1, 1, 1, ""},
    {"SpaceToDepth", &cm_family_depth_space, 1, 1, 0, 1, 1, 1, 1, ""},
    {"Split", &cm_family_split, 0, 2, 0, 1, 2, 1, 256, "the sizes must be known when planning"},
    {"Sqrt", &cm_family_unary, CM_UNARY_SQRT, 6, 0, 1, 1, 1, 1, ""},
    {"Squeeze", &cm_family_squeeze, 0, 1, 0, 1, 2, 1, 1, ""},
    {"Sub", &cm_family_binary, CM_BINARY_SUB, 7, 0, 2, 2, 1, 1, ""},
    {"Sum", &cm_family_variadic, CM_BINARY_ADD, 8, 0, 1, -1, 1, 1, ""},
    {"Tanh", &cm_family_unary, CM_UNARY_TANH, 6, 0, 1, 1, 1, 1, ""},
    {"Tile", &cm_family_tile, 0, 6, 0, 2, 2, 1, 1, "the repeats must be known when planning"},
    {"Transpose", &cm_family_transpose, 0, 1, 0, 1, 1, 1, 1, ""},
    {"Unsqueeze", &cm_family_unsqueeze, 0, 1, 0, 1, 2, 1, 1, ""},
    {"Upsample", &cm_family_resize, 1, 9, 9, 2, 2, 1, 1, "nearest and linear; scales must be constants"},
    {"Where", &cm_family_where, 0, 9, 0, 3, 3, 1, 1, ""},
};

enum { ROWS = sizeof table / sizeof *table };

static int compare_row(const void *name, const void *row)
{
    return strcmp(name, ((const cm_operator *)row)->name);
}

const cm_operator *cm_operator_find(const char *name)
{
    return bsearch(name, table, ROWS, sizeof *table, compare_row);
}

const cm_operator *cm_operator_at(int i)
{
    return i >= 0 && i < ROWS ? &table[i] : NULL;
}

bool cm_operator_is_banned(const char *name)
{
    static const char *const banned[] = {
        "Bernoulli",
        "ConcatFromSequence",
        "If",
        "ImageDecoder",
        "Loop",
        "Multinomial",
        "Optional",
        "OptionalGetElement",
        "OptionalHasElement",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
        "RegexFullMatch",
        "Scan",
        "SequenceAt",
        "SequenceConstruct",
        "SequenceEmpty",
        "SequenceErase",
        "SequenceInsert",
        "SequenceLength",
        "SequenceMap",
        "SplitToSequence",
        "StringConcat",
        "StringNormalizer",
        "StringSplit",
        "TfIdfVectorizer",
    };
    for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
        if (!strcmp(name, banned[i])) return true;
    return false;
}

/* Convolutions, pooling, normalisation, products: operators that add up. Extents are odd and channels no
 * multiple of a vector where that is the harder case. */
#include "tests/bits/cases.h"

#include <stddef.h>

#define CONV(name, input, weights, bias, attributes)                                                         \
    {                                                                                                        \
        "Conv." name, 17, input, "y = Conv(x, ~[" weights "], ~[" bias "]) " attributes                      \
    }
#define TRANSPOSED(name, input, weights, bias, attributes)                                                   \
    {                                                                                                        \
        "ConvTranspose." name, 17, input, "y = ConvTranspose(x, ~[" weights "], ~[" bias "]) " attributes    \
    }
#define REDUCE(op)                                                                                           \
    {op ".rows", 13, "n:5,7,331", "y = " op "(x) axes=2, keepdims=0"},                                       \
        {op ".columns", 13, "n:7,5,67", "y = " op "(x) axes=0,1 keepdims=1"},                                \
        {op ".all", 13, "n:3,5,4099", "y = " op "(x) keepdims=0"},                                           \
    {                                                                                                        \
        op ".outer", 13, "n:11,67,13", "y = " op "(x) axes=0,2 keepdims=0"                                   \
    }
/* From this opset on the axes are an input. */
#define REDUCE_INPUT(op)                                                                                     \
    {                                                                                                        \
        op ".whole", 18, "n:5,7,331",                                                                        \
            "s = Mul(x, f:50); i = Cast(s) to=7; j = " op "(i, i[1]); y = Cast(j) to=1"                      \
    }

const bits_case bits_layers[] = {
    /* shapes that Winograd may take: 3x3x3 or 3x3, stride 1, enough channels, odd extents */
    CONV("cube", "n:1,32,9,11,13", "32,32,3,3,3", "32", "pads=1,1,1,1,1,1"),
    CONV("cube-odd-channels", "n:1,19,5,7,9", "37,19,3,3,3", "37", "pads=1,1,1,1,1,1"),
    CONV("cube-unpadded", "n:1,16,7,9,8", "24,16,3,3,3", "24", ""),
    CONV("cube-uneven-pads", "n:2,16,6,5,7", "16,16,3,3,3", "16", "pads=0,1,2,1,0,1"),
    CONV("cube-thin", "n:1,48,1,2,33", "17,48,3,3,3", "17", "pads=1,1,1,1,1,1"),
    CONV("square", "n:1,32,29,31", "32,32,3,3", "32", "pads=1,1,1,1"),
    CONV("square-odd-channels", "n:2,21,13,17", "43,21,3,3", "43", "pads=1,1,1,1"),
    CONV("square-in-3d", "n:1,16,3,15,17", "16,16,1,3,3", "16", "pads=0,1,1,0,1,1"),
    /* few tiles: 16, which one call holds, and 42 and 64, with an odd number of blocks of channels */
    CONV("square-few", "n:1,72,7,7", "64,72,3,3", "64", "pads=1,1,1,1"),
    CONV("square-few-pairs", "n:2,21,13,11", "48,21,3,3", "48", "pads=1,1,1,1"),
    CONV("square-few-groups", "n:1,68,15,16", "96,34,3,3", "96", "pads=1,1,1,1 group=2"),
    /* larger tiles: "square", and whole tiles or not, one piece or more, one plane or three */
    CONV("tiles", "n:1,64,24,24", "48,64,3,3", "48", "pads=1,1,1,1"),
    CONV("tiles-groups", "n:2,64,17,19", "64,32,3,3", "64", "pads=1,1,1,1 group=2"),
    CONV("tiles-wide", "n:1,16,15,131", "32,16,3,3", "32", ""),
    CONV("tiles-in-3d", "n:1,32,3,15,17", "32,32,1,3,3", "32", "pads=0,1,2,1,1,0"),
    {"Conv.tiles-leaky", 17, "n:1,32,17,18",
     "a = Conv(x, ~[32,32,3,3]) pads=1,1,1,1; y = LeakyRelu(a) alpha=0.1"},
    {"Conv.tiles-extreme", 17, "e:1,32,17,19", "a = Conv(x, ~[32,32,3,3], ~[32]) pads=1,1,1,1; y = Relu(a)"},
    CONV("column-in-3d", "n:1,16,9,7,5", "16,16,3,1,1", "16", "pads=1,0,0,1,0,0"),
    CONV("cube-eight", "n:1,8,7,7,9", "8,8,3,3,3", "8", "pads=1,1,1,1,1,1"),
    CONV("cube-groups", "n:1,32,5,7,9", "24,16,3,3,3", "24", "pads=1,1,1,1,1,1 group=2"),
    /* those that it may not */
    CONV("cube-seven", "n:1,7,7,7,9", "8,7,3,3,3", "8", "pads=1,1,1,1,1,1"),
    CONV("cube-small", "n:1,64,3,4,3", "40,64,3,3,3", "40", "pads=1,1,1,1,1,1"),
    CONV("first", "n:1,1,15,17,19", "32,1,3,3,3", "32", "pads=1,1,1,1,1,1"),
    CONV("first-four", "n:1,4,9,11,13", "33,4,3,3,3", "33", "pads=1,1,1,1,1,1"),
    CONV("stride", "n:1,17,13,11,15", "33,17,3,3,3", "33", "pads=1,1,1,1,1,1 strides=2,2,2"),
    CONV("stride-uneven", "n:1,8,9,15,16", "20,8,3,3,3", "20", "pads=1,1,1,1,1,1 strides=1,2,2"),
    CONV("dilation", "n:1,16,11,9,13", "16,16,3,3,3", "16", "pads=2,2,2,2,2,2 dilations=2,2,2"),
    CONV("groups", "n:1,12,7,9,11", "18,4,3,3,3", "18", "pads=1,1,1,1,1,1 group=3"),
    CONV("depthwise", "n:1,29,15,17", "29,1,3,3", "29", "pads=1,1,1,1 group=29"),
    CONV("point", "n:1,67,5,7,11", "35,67,1,1,1", "35", ""),
    CONV("point-stride", "n:1,24,9,9,9", "40,24,1,1,1", "40", "strides=2,2,2"),
    CONV("last", "n:1,32,7,9,11", "3,32,1,1,1", "3", ""),
    CONV("seven", "n:1,3,33,35", "24,3,7,7", "24", "pads=3,3,3,3 strides=2,2"),
    CONV("five", "n:1,9,7,8,9", "10,9,5,5,5", "10", "pads=2,2,2,2,2,2"),
    CONV("point-few", "n:1,300,7,7", "96,300,1,1", "96", ""),
    CONV("square-few-stride", "n:1,72,13,14", "80,72,3,3", "80", "pads=1,1,1,1 strides=2,2"),
    CONV("line", "n:3,5,211", "19,5,9", "19", "pads=4,4"),
    CONV("patch", "n:1,3,32,48", "40,3,16,16", "40", "strides=16,16"),
    CONV("same-upper", "n:1,6,14,15", "7,6,4,4", "7", "auto_pad=SAME_UPPER strides=2,2"),
    {"Conv.computed-weights", 17, "n:1,16,6,8,9",
     "r = Reshape(x, i[16,16,3,3,3]); w = Mul(r, f:0.05); y = Conv(x, w) pads=1,1,1,1,1,1"},
    {"Conv.without-bias", 17, "n:1,32,7,7,7", "y = Conv(x, ~[16,32,3,3,3]) pads=1,1,1,1,1,1"},
    {"Conv.extreme", 17, "e:1,4,9,10,11", "y = Conv(x, ~[16,4,3,3,3], ~[16]) pads=1,1,1,1,1,1"},
    {"Conv.extreme-wide", 17, "e:1,16,5,6,7", "y = Conv(x, ~[16,16,3,3,3], ~[16]) pads=1,1,1,1,1,1"},
    {"Conv.relu", 17, "n:1,32,7,9,11", "a = Conv(x, ~[32,32,3,3,3], ~[32]) pads=1,1,1,1,1,1; y = Relu(a)"},
    {"Conv.norm-leaky", 17, "n:1,32,7,9,11",
     "a = Conv(x, ~[32,32,3,3,3], ~[32]) pads=1,1,1,1,1,1; b = InstanceNormalization(a, +[32], ~[32]); "
     "y = LeakyRelu(b) alpha=0.01"},
    {"Conv.joined", 17, "n:1,32,7,9,11",
     "a = Conv(x, ~[16,32,3,3,3], ~[16]) pads=1,1,1,1,1,1; b = Conv(x, ~[24,32,1,1,1], ~[24]); "
     "c = Concat(a, b) axis=1; y = Conv(c, ~[16,40,3,3,3], ~[16]) pads=1,1,1,1,1,1"},
    TRANSPOSED("double", "n:1,64,5,7,6", "64,32,2,2,2", "32", "strides=2,2,2"),
    TRANSPOSED("double-odd", "n:1,35,3,5,7", "35,19,2,2,2", "19", "strides=2,2,2"),
    TRANSPOSED("double-2d", "n:2,24,9,11", "24,13,2,2", "13", "strides=2,2"),
    TRANSPOSED("double-uneven", "n:1,16,5,6,7", "16,16,1,2,2", "16", "strides=1,2,2"),
    TRANSPOSED("three", "n:1,17,5,6,7", "17,9,3,3,3", "9",
               "strides=2,2,2 pads=1,1,1,1,1,1 output_padding=1,1,1"),
    TRANSPOSED("dilation", "n:1,6,9,10", "6,5,3,3", "5", "strides=3,2 dilations=2,3"),
    TRANSPOSED("groups", "n:1,12,15", "12,5,4", "15", "strides=3, group=3"),
    {"MaxPool", 17, "n:1,17,11,13,15", "y = MaxPool(x) kernel_shape=2,2,2 strides=2,2,2"},
    {"MaxPool.three", 17, "e:2,5,21,23", "y = MaxPool(x) kernel_shape=3,3 strides=2,2 pads=1,1,1,1"},
    {"MaxPool.ceil", 17, "n:1,3,301", "y = MaxPool(x) kernel_shape=5, strides=3, dilations=2, ceil_mode=1"},
    {"AveragePool", 17, "n:1,17,11,13,15", "y = AveragePool(x) kernel_shape=2,2,2 strides=2,2,2"},
    {"AveragePool.pads", 17, "n:2,5,21,23",
     "y = AveragePool(x) kernel_shape=3,3 strides=2,2 pads=1,1,1,1 count_include_pad=1"},
    {"AveragePool.edges", 17, "n:1,3,9,10,11", "y = AveragePool(x) kernel_shape=3,3,3 pads=1,1,1,1,1,1"},
    {"GlobalAveragePool", 17, "n:2,19,9,10,61", "y = GlobalAveragePool(x)"},
    {"GlobalMaxPool", 17, "n:2,19,9,10,61", "y = GlobalMaxPool(x)"},
    {"InstanceNormalization", 17, "n:1,19,11,13,31", "y = InstanceNormalization(x, +[19], ~[19])"},
    {"InstanceNormalization.small", 17, "n:2,5,7", "y = InstanceNormalization(x, +[5], ~[5]) epsilon=0.001"},
    {"BatchNormalization", 15, "n:2,19,7,9,11", "y = BatchNormalization(x, +[19], ~[19], ~[19], +[19])"},
    {"BatchNormalization.after-conv", 15, "n:1,16,7,9,11",
     "a = Conv(x, ~[24,16,3,3,3]) pads=1,1,1,1,1,1; b = BatchNormalization(a, +[24], ~[24], ~[24], +[24]); "
     "y = Relu(b)"},
    {"GroupNormalization.channels", 21, "n:2,24,7,9,11",
     "y = GroupNormalization(x, +[24], ~[24]) num_groups=8"},
    {"GroupNormalization.groups", 18, "n:1,24,13,17", "y = GroupNormalization(x, +[6], ~[6]) num_groups=6"},
    {"LayerNormalization", 17, "n:3,17,97", "y = LayerNormalization(x, +[97], ~[97]) axis=-1"},
    {"LayerNormalization.two", 17, "n:5,11,61", "y = LayerNormalization(x, +[11,61]) axis=1 epsilon=0.001"},
    {"RMSNormalization", 23, "n:3,17,97", "y = RMSNormalization(x, +[97]) axis=-1"},
    {"RotaryEmbedding", 23, "n:2,3,11,8", "y = RotaryEmbedding(x, ~[2,11,4], ~[2,11,4])"},
    {"Attention", 23, "n:2,3,19,10", "y = Attention(x, ~[2,3,23,10], ~[2,3,23,12])"},
    {"Attention.causal", 23, "n:2,4,19,10",
     "y = Attention(x, ~[2,2,23,10], ~[2,2,23,12], ~[19,23]) is_causal=1 softcap=3.5 scale=0.25"},
    {"Attention.rows", 23, "n:2,19,30",
     "y = Attention(x, ~[2,23,30], ~[2,23,36]) q_num_heads=3 kv_num_heads=3"},
    {"LayerNormalization.statistics", 17, "n:5,17,97",
     "n, m, d = LayerNormalization(x, +[97]) axis=-1; y = Concat(n, m, d) axis=2"},
    {"Attention.shared", 23, "n:1,17,24",
     "y = Attention(x, ~[1,29,12], ~[1,29,12]) q_num_heads=4 kv_num_heads=2 is_causal=1"},
    {"Gemm", 17, "n:37,129", "y = Gemm(x, ~[129,211], ~[211])"},
    {"Gemm.turned", 17, "n:129,37", "y = Gemm(x, ~[211,129], ~[37,1]) transA=1 transB=1 alpha=0.7 beta=0.3"},
    {"MatMul.turned", 13, "n:2,3,17,29",
     "t = Transpose(x) perm=0,1,3,2; m = MatMul(t, ~[3,17,19]); r = Relu(x); y = MatMul(r, m)"},
    {"MatMul.turned-right", 13, "n:2,3,17,29", "t = Transpose(x) perm=0,1,3,2; y = MatMul(~[3,11,29], t)"},
    {"MatMul", 17, "n:2,37,129", "y = MatMul(x, ~[129,211])"},
    {"MatMul.batches", 17, "n:2,3,19,40",
     "t = Transpose(x) perm=0,1,3,2; a = MatMul(x, t); b = Softmax(a) axis=-1; y = MatMul(b, x)"},
    {"MatMul.vector", 17, "n:67,131", "y = MatMul(x, ~[131])"},
    {"MatMul.extreme", 17, "e:17,33", "y = MatMul(x, ~[33,50])"},
    {"Einsum.product", 17, "n:2,37,61", "y = Einsum(x, ~[61,29]) equation=bij,jk->bik"},
    {"Einsum.attention", 17, "n:2,19,3,10",
     "a = Einsum(x, x) equation=bqhd,bkhd->bhqk; y = Softmax(a) axis=-1"},
    {"Einsum.diagonal", 17, "n:17,17,5", "y = Einsum(x) equation=iij->j"},
    {"Einsum.three", 17, "n:7,11", "y = Einsum(x, ~[11,13], ~[13,7]) equation=ij,jk,ki->ik"},
    {"Einsum.dots", 17, "n:3,5,7,11", "y = Einsum(x, ~[11,4]) equation=...i,ij->j..."},
    {"Softmax.rows", 17, "n:37,131", "y = Softmax(x) axis=-1"},
    {"Softmax.channels", 17, "n:2,5,7,9,11", "y = Softmax(x) axis=1"},
    {"Softmax.extreme", 17, "e:61,31", "y = Softmax(x) axis=0"},
    {"Softmax.flattened", 11, "n:7,5,67", "y = Softmax(x) axis=1"},
    {"LogSoftmax", 17, "n:37,131", "y = LogSoftmax(x) axis=-1"},
    {"LogSoftmax.channels", 17, "n:2,5,7,9,11", "y = LogSoftmax(x) axis=1"},
    REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),
    REDUCE("ReduceLogSumExp"),
    REDUCE("ReduceSumSquare"),
    {"ReduceLogSum.rows", 13, "n:5,7,331", "a = Abs(x); y = ReduceLogSum(a) axes=2, keepdims=0"},
    {"ReduceLogSum.columns", 13, "n:7,5,67", "a = Abs(x); y = ReduceLogSum(a) axes=0, keepdims=1"},
    {"ReduceLogSumExp.extreme", 13, "e:61,67", "y = ReduceLogSumExp(x) axes=0, keepdims=0"},
    REDUCE("ReduceMax"),
    REDUCE("ReduceMean"),
    REDUCE("ReduceMin"),
    {"ReduceProd.rows", 13, "n:5,7,31", "y = ReduceProd(x) axes=2, keepdims=0"},
    {"ReduceProd.columns", 13, "n:7,5,67", "y = ReduceProd(x) axes=0, keepdims=1"},
    {"ReduceSum.rows", 13, "n:5,7,331", "y = ReduceSum(x, i[-1]) keepdims=0"},
    {"ReduceSum.columns", 13, "n:7,5,67", "y = ReduceSum(x, i[0,1]) keepdims=1"},
    {"ReduceSum.all", 13, "n:3,5,4099", "y = ReduceSum(x) keepdims=0"},
    REDUCE_INPUT("ReduceMax"),
    REDUCE_INPUT("ReduceMin"),
    REDUCE_INPUT("ReduceProd"),
    REDUCE_INPUT("ReduceSum"),
    {"ReduceMax.extreme", 13, "e:61,67", "y = ReduceMax(x) axes=0, keepdims=0"},
    {"ReduceMin.extreme", 13, "e:61,67", "y = ReduceMin(x) axes=1, keepdims=0"},
    {"CumSum", 14, "n:5,61,7", "y = CumSum(x, i:1)"},
    {"CumSum.backwards", 14, "n:5,6,71", "y = CumSum(x, i:-1) reverse=1 exclusive=1"},
    {"LRN", 13, "n:2,19,11,13", "y = LRN(x) size=5 alpha=0.001 beta=0.75 bias=1.5"},
    {"Hardmax", 13, "n:37,61", "y = Hardmax(x) axis=-1"},
    {"TopK", 13, "n:7,61", "v, k = TopK(x, i[9]) axis=1; f = Cast(k) to=1; y = Concat(v, f) axis=0"},
    {"TopK.least", 13, "e:61,7",
     "v, k = TopK(x, i[9]) axis=0 largest=0; f = Cast(k) to=1; y = Concat(v, f) axis=0"},
    {"ArgMax", 13, "n:5,7,61", "a = ArgMax(x) axis=1 keepdims=0; y = Cast(a) to=1"},
    {"ArgMax.extreme", 13, "e:61,67", "a = ArgMax(x) axis=-1 keepdims=1; y = Cast(a) to=1"},
    {"ArgMin", 13, "n:5,7,61", "a = ArgMin(x) axis=2 keepdims=0; y = Cast(a) to=1"},
    {NULL, 0, NULL, NULL},
};

/* Operators that work element by element. Their inputs are numbers of every magnitude, zeros of both signs,
 * subnormal numbers, infinities and NaNs; 4099 of them, so that every vector width has a tail. */
#include "tests/bits/cases.h"

#include <stddef.h>

#define EVERY "e:4099"
#define UNARY(op, attributes)                                                                                \
    {                                                                                                        \
        op, 17, EVERY, "y = " op "(x) " attributes                                                           \
    }
/* Of whole numbers: the cast takes NaN, infinities and what is out of reach too. */
#define WHOLE(op, type, attributes)                                                                          \
    {                                                                                                        \
        op ".type" type, 17, EVERY,                                                                          \
            "i = Cast(x) to=" type "; j = " op "(i) " attributes "; y = Cast(j) to=1"                        \
    }
/* With broadcasting on either side, and of equal shapes. */
#define BINARY(op)                                                                                           \
    {op ".row", 17, "e:37,113", "y = " op "(x, ~[113])"},                                                    \
        {op ".column", 17, "e:37,113", "y = " op "(~[37,1], x)"},                                            \
        {op ".same", 17, "e:37,113", "a = Neg(x); b = Abs(a); y = " op "(x, b)"},                            \
    {                                                                                                        \
        op ".number", 17, EVERY, "y = " op "(x, f:0.3)"                                                      \
    }
/* By numbers of either sign, none of them 0. */
#define WHOLE_BINARY(op, type)                                                                               \
    {                                                                                                        \
        op ".type" type, 17, "n:337,3",                                                                      \
            "s = Mul(x, f:1000); i = Cast(s) to=" type "; k = Cast(i[3,-7,11]) to=" type "; j = " op         \
            "(i, k); y = Cast(j) to=1"                                                                       \
    }
#define COMPARISON(op)                                                                                       \
    {op, 17, "e:37,113", "c = " op "(x, ~[113]); y = Cast(c) to=1"},                                         \
    {                                                                                                        \
        op ".numbers", 17, "n:37,113",                                                                       \
            "s = Mul(x, f:3); i = Cast(s) to=7; c = " op "(i, i:1); y = Cast(c) to=1"                        \
    }
#define LOGIC(op)                                                                                            \
    {                                                                                                        \
        op, 17, "e:37,113", "a = Less(x, f:0); b = Less(x, ~[113]); c = " op "(a, b); y = Cast(c) to=1"      \
    }

const bits_case bits_elementwise[] = {
    UNARY("Abs", ""),
    WHOLE("Abs", "7", ""),
    UNARY("Ceil", ""),
    {"Clip", 17, EVERY, "y = Clip(x, f:-0.7, f:1.3)"},
    {"Clip.open", 17, EVERY, "y = Clip(x, , f:6)"},
    UNARY("Celu", "alpha=0.7"),
    UNARY("Cos", ""),
    UNARY("Elu", "alpha=0.7"),
    UNARY("Erf", ""),
    UNARY("Exp", ""),
    UNARY("Floor", ""),
    {"Tanh.in-gelu", 13, "n:3,5,331",
     "p = Pow(x, f:3); k = Mul(p, f:0.044715); i = Add(x, k); o = Mul(i, f:0.797884583); t = Tanh(o); "
     "a = Add(t, f:1); m = Mul(x, f:0.5); y = Mul(m, a)"},
    {"Gelu", 20, EVERY, "y = Gelu(x)"},
    {"Gelu.tanh", 20, EVERY, "y = Gelu(x) approximate=tanh"},
    UNARY("HardSigmoid", "alpha=0.3 beta=0.4"),
    UNARY("HardSwish", ""),
    UNARY("LeakyRelu", "alpha=0.01"),
    UNARY("Log", ""),
    {"Mish", 18, EVERY, "y = Mish(x)"},
    UNARY("Neg", ""),
    WHOLE("Neg", "6", ""),
    {"Not", 17, EVERY, "a = Less(x, f:0.1); b = Not(a); y = Cast(b) to=1"},
    UNARY("Reciprocal", ""),
    UNARY("Relu", ""),
    UNARY("Round", ""),
    UNARY("Selu", ""),
    UNARY("Shrink", "lambd=0.4 bias=0.1"),
    UNARY("Sigmoid", ""),
    UNARY("Sign", ""),
    UNARY("Sin", ""),
    UNARY("Softplus", ""),
    UNARY("Softsign", ""),
    UNARY("Sqrt", ""),
    UNARY("Tan", ""),
    UNARY("Tanh", ""),
    UNARY("ThresholdedRelu", "alpha=0.3"),
    {"BitwiseNot", 18, EVERY, "i = Cast(x) to=6; j = BitwiseNot(i); y = Cast(j) to=1"},
    {"BitwiseAnd", 18, EVERY, "i = Cast(x) to=7; j = BitwiseAnd(i, i:123456789); y = Cast(j) to=1"},
    {"BitwiseOr", 18, EVERY, "i = Cast(x) to=7; j = BitwiseOr(i, i:123456789); y = Cast(j) to=1"},
    {"BitwiseXor", 18, EVERY, "i = Cast(x) to=7; j = BitwiseXor(i, i:123456789); y = Cast(j) to=1"},
    {"BitShift", 17, EVERY,
     "i = Cast(x) to=12; k = Cast(i:3) to=12; j = BitShift(i, k) direction=LEFT; y = Cast(j) to=1"},
    {"BitShift.right", 17, EVERY,
     "i = Cast(x) to=13; k = Cast(i:3) to=13; j = BitShift(i, k) direction=RIGHT; y = Cast(j) to=1"},
    {"IsInf", 17, EVERY, "c = IsInf(x); y = Cast(c) to=1"},
    {"IsInf.below", 17, EVERY, "c = IsInf(x) detect_positive=0; y = Cast(c) to=1"},
    {"IsNaN", 17, EVERY, "c = IsNaN(x); y = Cast(c) to=1"},
    BINARY("Add"),
    WHOLE_BINARY("Add", "7"),
    BINARY("Sub"),
    WHOLE_BINARY("Sub", "6"),
    BINARY("Mul"),
    WHOLE_BINARY("Mul", "6"),
    BINARY("Div"),
    WHOLE_BINARY("Div", "7"),
    WHOLE_BINARY("Div", "3"),
    WHOLE_BINARY("Mul", "12"),
    WHOLE_BINARY("Add", "5"),
    BINARY("Pow"),
    {"Pow.square", 17, EVERY, "y = Pow(x, f:2)"},
    {"Pow.third", 17, EVERY, "y = Pow(x, f:3)"},
    BINARY("Min"),
    BINARY("Max"),
    {"Max.three", 17, "e:37,113", "a = Neg(x); y = Max(x, a, ~[113])"},
    {"Min.three", 17, "e:37,113", "a = Neg(x); y = Min(x, a, ~[113])"},
    {"Sum", 17, "e:37,113", "a = Relu(x); y = Sum(x, a, ~[113])"},
    {"Mean", 17, "e:37,113", "a = Relu(x); y = Mean(x, a, ~[113])"},
    {"Mod", 17, "e:37,113", "y = Mod(x, ~[113]) fmod=1"},
    WHOLE_BINARY("Mod", "7"),
    {"PRelu", 17, "e:2,7,11,13", "y = PRelu(x, ~[7,1,1])"},
    {"Equal", 17, EVERY, "a = Abs(x); c = Equal(x, a); y = Cast(c) to=1"},
    {"Equal.numbers", 17, "n:37,113", "i = Cast(x) to=7; c = Equal(i, i:1); y = Cast(c) to=1"},
    COMPARISON("Greater"),
    COMPARISON("GreaterOrEqual"),
    COMPARISON("Less"),
    COMPARISON("LessOrEqual"),
    LOGIC("And"),
    LOGIC("Or"),
    LOGIC("Xor"),
    {"Where", 17, "e:37,113", "c = Less(x, f:0); a = Neg(x); y = Where(c, a, ~[113])"},
    {"Cast.int64", 17, EVERY, "a = Cast(x) to=7; y = Cast(a) to=1"},
    {"Cast.int32", 17, EVERY, "a = Cast(x) to=6; y = Cast(a) to=1"},
    {"Cast.uint8", 17, EVERY, "a = Cast(x) to=2; y = Cast(a) to=1"},
    {"Cast.bool", 17, EVERY, "a = Cast(x) to=9; y = Cast(a) to=1"},
    {"Cast.int8", 17, EVERY, "a = Cast(x) to=3; y = Cast(a) to=1"},
    {"Cast.uint16", 17, EVERY, "a = Cast(x) to=4; y = Cast(a) to=1"},
    {"Cast.int16", 17, EVERY, "a = Cast(x) to=5; y = Cast(a) to=1"},
    {"Cast.uint32", 17, EVERY, "a = Cast(x) to=12; y = Cast(a) to=1"},
    {"Cast.uint64", 17, EVERY, "a = Cast(x) to=13; y = Cast(a) to=1"},
    {"CastLike", 17, EVERY, "a = CastLike(x, i:1); y = CastLike(a, x)"},
    {"Cast.narrower", 17, EVERY, "a = Cast(x) to=7; b = Cast(a) to=6; c = Cast(b) to=2; y = Cast(c) to=1"},
    {NULL, 0, NULL, NULL},
};

/* Three whole nets of the kinds that are submitted, reduced to less than 2 GFLOP each. */
#include "tests/bits/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    char *text;
    int64_t size;
} writer;

__attribute__((format(printf, 2, 3))) static void add(writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(w->text, (size_t)w->size, format, arguments);
    va_end(arguments);
    if (n < 0 || n >= w->size) abort();
    w->text += n;
    w->size -= n;
}

/* conv 3x3x3, instance norm, LeakyReLU: to <- from. */
static void conv_block(writer *w, const char *to, const char *from, int in, int out, int stride)
{
    add(w, "%s_c = Conv(%s, ~[%d,%d,3,3,3], ~[%d]) pads=1,1,1,1,1,1 strides=%d,%d,%d;", to, from, out, in,
        out, stride, stride, stride);
    add(w, "%s_n = InstanceNormalization(%s_c, +[%d], ~[%d]) epsilon=0.00001;", to, to, out, out);
    add(w, "%s = LeakyRelu(%s_n) alpha=0.01;", to, to);
}

/* The plain convolutional U-Net of nnU-Net, three resolutions. */
static void write_unet(char *text, int64_t size)
{
    enum { STAGES = 3 };
    static const int features[STAGES] = {16, 32, 64};
    writer w = {text, size};
    char from[16] = "x", to[16];
    for (int s = 0, in = 1; s < STAGES; in = features[s++])
        for (int i = 0; i < 2; i++) {
            snprintf(to, sizeof to, "e%d_%d", s, i);
            conv_block(&w, to, from, i ? features[s] : in, features[s], s > 0 && i == 0 ? 2 : 1);
            strcpy(from, to);
        }
    for (int s = STAGES - 2; s >= 0; s--) {
        add(&w, "u%d = ConvTranspose(%s, ~[%d,%d,2,2,2], ~[%d]) strides=2,2,2;", s, from, features[s + 1],
            features[s], features[s]);
        add(&w, "j%d = Concat(u%d, e%d_1) axis=1;", s, s, s);
        snprintf(from, sizeof from, "j%d", s);
        for (int i = 0; i < 2; i++) {
            snprintf(to, sizeof to, "d%d_%d", s, i);
            conv_block(&w, to, from, (i ? 1 : 2) * features[s], features[s], 1);
            strcpy(from, to);
        }
    }
    add(&w, "y = Conv(%s, ~[3,%d,1,1,1], ~[3])", from, features[0]);
}

/* conv 3x3, batch norm; 2-D. */
static void conv_norm(writer *w, const char *to, const char *from, int in, int out, int kernel, int stride)
{
    const int pad = kernel / 2;
    add(w, "%s_c = Conv(%s, ~[%d,%d,%d,%d]) pads=%d,%d,%d,%d strides=%d,%d;", to, from, out, in, kernel,
        kernel, pad, pad, pad, pad, stride, stride);
    add(w, "%s = BatchNormalization(%s_c, +[%d], ~[%d], ~[%d], +[%d]);", to, to, out, out, out, out);
}

/* A stem, two residual blocks (the second halves the resolution), a dense block, a classifier. */
static void write_classifier(char *text, int64_t size)
{
    writer w = {text, size};
    conv_norm(&w, "stem", "x", 3, 32, 7, 2);
    add(&w, "stem_r = Relu(stem); r0 = MaxPool(stem_r) kernel_shape=3,3 strides=2,2 pads=1,1,1,1;");
    conv_norm(&w, "a0", "r0", 32, 32, 3, 1);
    add(&w, "a0_r = Relu(a0);");
    conv_norm(&w, "a1", "a0_r", 32, 32, 3, 1);
    add(&w, "a_s = Add(a1, r0); r1 = Relu(a_s);");
    conv_norm(&w, "b0", "r1", 32, 64, 3, 2);
    add(&w, "b0_r = Relu(b0);");
    conv_norm(&w, "b1", "b0_r", 64, 64, 3, 1);
    conv_norm(&w, "b2", "r1", 32, 64, 1, 2);
    add(&w, "b_s = Add(b1, b2); d0 = Relu(b_s);");
    for (int i = 0; i < 3; i++) {
        const int in = 64 + 16 * i;
        add(&w, "n%d = BatchNormalization(d%d, +[%d], ~[%d], ~[%d], +[%d]); m%d = Relu(n%d);", i, i, in, in,
            in, in, i, i);
        add(&w, "k%d = Conv(m%d, ~[16,%d,3,3]) pads=1,1,1,1; d%d = Concat(d%d, k%d) axis=1;", i, i, in, i + 1,
            i, i);
    }
    add(&w, "t = Conv(d3, ~[48,112,1,1]); p = AveragePool(t) kernel_shape=2,2 strides=2,2;");
    add(&w, "g = GlobalAveragePool(p); f = Flatten(g); z = Gemm(f, ~[48,7], ~[7]); y = Softmax(z) axis=-1");
}

/* Tokens [1, 12, 12, 48] <- windows of 6 x 6 [4, 36, 48] and back. */
static void attention(writer *w, int block, const char *from)
{
    const int b = block;
    add(w,
        "p%d = Reshape(%s, i[1,2,6,2,6,48]); q%d = Transpose(p%d) perm=0,1,3,2,4,5; w%d = Reshape(q%d, i[4,36,48]);",
        b, from, b, b, b, b);
    add(w, "qkv%d_m = MatMul(w%d, ~[48,144]); qkv%d = Add(qkv%d_m, ~[144]);", b, b, b, b);
    add(w, "h%d_r = Reshape(qkv%d, i[4,36,3,4,12]); h%d = Transpose(h%d_r) perm=2,0,3,1,4;", b, b, b, b);
    add(w,
        "query%d = Gather(h%d, i:0) axis=0; key%d = Gather(h%d, i:1) axis=0; value%d = Gather(h%d, i:2) axis=0;",
        b, b, b, b, b, b);
    add(w,
        "turned%d = Transpose(key%d) perm=0,1,3,2; scaled%d = Mul(query%d, f:0.288675); s%d = MatMul(scaled%d, turned%d);",
        b, b, b, b, b, b, b);
    add(w, "biased%d = Add(s%d, ~[1,4,36,36]); a%d = Softmax(biased%d) axis=-1; v%d = MatMul(a%d, value%d);",
        b, b, b, b, b, b, b);
    add(w,
        "o%d_t = Transpose(v%d) perm=0,2,1,3; o%d_r = Reshape(o%d_t, i[4,36,48]); o%d_m = MatMul(o%d_r, ~[48,48]); "
        "o%d = Add(o%d_m, ~[48]);",
        b, b, b, b, b, b, b, b);
    add(w,
        "back%d_r = Reshape(o%d, i[1,2,2,6,6,48]); back%d_t = Transpose(back%d_r) perm=0,1,3,2,4,5; "
        "back%d = Reshape(back%d_t, i[1,12,12,48]);",
        b, b, b, b, b, b);
}

/* torch.roll of both axes of tokens by n as exporters write it: two slices and a concat each. */
static void roll(writer *w, const char *to, const char *from, int n)
{
    add(w,
        "%s_a = Slice(%s, i[%d], i[12], i[1]); %s_b = Slice(%s, i[0], i[%d], i[1]); %s_c = Concat(%s_a, %s_b) axis=1;",
        to, from, n, to, from, n, to, to, to);
    add(w,
        "%s_d = Slice(%s_c, i[%d], i[12], i[2]); %s_e = Slice(%s_c, i[0], i[%d], i[2]); %s = Concat(%s_d, %s_e) axis=2;",
        to, to, n, to, to, n, to, to, to);
}

/* Two blocks of a window transformer, the second shifted, LayerNormalization, GELU written out with Erf. */
static void write_transformer(char *text, int64_t size)
{
    writer w = {text, size};
    add(&w, "e = Conv(x, ~[48,2,4,4], ~[48]) strides=4,4; t0 = Transpose(e) perm=0,2,3,1;");
    for (int b = 0; b < 2; b++) {
        char from[16], back[16];
        add(&w, "n%d = LayerNormalization(t%d, +[48], ~[48]) axis=-1;", b, 2 * b);
        snprintf(from, sizeof from, "n%d", b);
        if (b) roll(&w, "rolled", "n1", 3);
        attention(&w, b, b ? "rolled" : from);
        snprintf(back, sizeof back, "back%d", b);
        if (b) roll(&w, "unrolled", back, 9);
        add(&w, "t%d = Add(t%d, %s);", 2 * b + 1, 2 * b, b ? "unrolled" : back);
        add(&w,
            "l%d = LayerNormalization(t%d, +[48], ~[48]) axis=-1; f%d_m = MatMul(l%d, ~[48,192]); "
            "f%d = Add(f%d_m, ~[192]);",
            b, 2 * b + 1, b, b, b, b);
        add(&w,
            "g%d_d = Div(f%d, f:1.41421356); g%d_e = Erf(g%d_d); g%d_o = Add(g%d_e, f:1); g%d_x = Mul(f%d, g%d_o); "
            "g%d = Mul(g%d_x, f:0.5);",
            b, b, b, b, b, b, b, b, b, b, b);
        add(&w, "m%d = MatMul(g%d, ~[192,48]); t%d = Add(t%d, m%d);", b, b, 2 * b + 2, 2 * b + 1, b);
    }
    add(&w, "k = ReduceMean(t4) axes=1,2 keepdims=0; z = Gemm(k, ~[48,5], ~[5]); y = Sigmoid(z)");
}

const bits_net bits_nets[] = {
    {"net.unet", 17, "n:1,1,16,12,20", write_unet},
    {"net.classifier", 15, "n:1,3,95,97", write_classifier},
    {"net.transformer", 17, "n:1,2,48,48", write_transformer},
    {NULL, 0, NULL, NULL},
};

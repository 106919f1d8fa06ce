/* The convolution micro-kernels. Included once by each conv_<isa>.c, which is compiled for its instruction
 * set, sets CONV_TABLE to the name of its table and CONV_BLOCKS to the list of its block sizes.
 *
 * Vectorised over adjacent outputs of a row, blocked over output channels: every loaded vector of inputs
 * serves a whole block of channels and every broadcast weight all vectors, with the accumulators in
 * registers. Each output keeps its own chain of fused multiply-adds in the order of the definition, so the
 * bits are those of conv_reference.c. */
#include "kernels/cpu/conv_plan.h"
#include "kernels/cpu/vector.h"

#if defined(__clang__)
#define CONV_UNROLL _Pragma("unroll")
#else
#define CONV_UNROLL _Pragma("GCC unroll 8")
#endif

static inline __attribute__((always_inline)) vec activate(vec v, cm_activation activation, float alpha)
{
    if (activation == CM_ACTIVATION_RELU) return vec_if_negative(v, vec_set(0.0f));
    if (activation == CM_ACTIVATION_LEAKY_RELU) return vec_if_negative(v, vec_multiply(vec_set(alpha), v));
    return v;
}

static inline __attribute__((always_inline)) void run_block(const conv_block *b, const int channels,
                                                            const int vectors)
{
    vec acc[CONV_MAX_CHANNELS][CONV_MAX_VECTORS];
    CONV_UNROLL
    for (int j = 0; j < channels; j++) {
        CONV_UNROLL
        for (int v = 0; v < vectors; v++)
            acc[j][v] = vec_set(b->bias[j]);
    }
    const float *w = b->weights;
    const int64_t step = b->vector_step;
    for (int64_t c = 0; c < b->in_channels; c++) {
        const float *channel = b->patch + c * b->channel_step;
        for (int64_t t = 0; t < b->taps; t++) {
            const float *x = channel + b->tap[t];
            vec in[CONV_MAX_VECTORS];
            CONV_UNROLL
            for (int v = 0; v < vectors; v++)
                in[v] = vec_load(x + v * step);
            CONV_UNROLL
            for (int j = 0; j < channels; j++) {
                const vec weight = vec_set(w[j]);
                CONV_UNROLL
                for (int v = 0; v < vectors; v++)
                    acc[j][v] = vec_fma(in[v], weight, acc[j][v]);
            }
            w += channels;
        }
    }
    CONV_UNROLL
    for (int j = 0; j < channels; j++) {
        CONV_UNROLL
        for (int v = 0; v < vectors; v++)
            vec_store(b->out + j * b->out_step + v * b->out_vector_step,
                      activate(acc[j][v], b->activation, b->alpha));
    }
}

/* CONV_BLOCKS(X) lists X(channels, vectors): one micro-kernel each. */
#define DEFINE_MICRO(channels, vectors)                                                                      \
    static void micro_##channels##_##vectors(const conv_block *block)                                        \
    {                                                                                                        \
        run_block(block, channels, vectors);                                                                 \
    }
CONV_BLOCKS(DEFINE_MICRO)

#define CHECK_MICRO(channels, vectors)                                                                       \
    _Static_assert((channels) * (vectors) <= CONV_MAX_BLOCK, "a block that local memory cannot hold");
CONV_BLOCKS(CHECK_MICRO)

#define LIST_MICRO(channels, vectors) [channels][vectors] = micro_##channels##_##vectors,
const cm_conv_kernels CONV_TABLE = {
    .lanes = VEC_LANES,
    .channels = CONV_CHANNELS,
    .vectors = CONV_VECTORS,
    .micro = {CONV_BLOCKS(LIST_MICRO)},
};

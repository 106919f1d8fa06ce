/* The convolution micro-kernels. Included once by each conv_<isa>.c, which is compiled for its instruction
 * set, sets CONV_TABLE to the name of its table and CONV_BLOCKS to the list of its block sizes.
 *
 * Vectorised over adjacent outputs of a row, blocked over output channels: every loaded vector of inputs
 * serves a whole block of channels and every broadcast weight all vectors, with the accumulators in
 * registers. Each output keeps its own chain of fused multiply-adds in the order of the definition, so the
 * bits are those of conv_reference.c. */
#include "kernels/cpu/conv_plan.h"
#include "kernels/cpu/vector.h"

static inline __attribute__((always_inline)) vec activate(vec v, cm_activation activation, float alpha)
{
    if (activation == CM_ACTIVATION_RELU) return vec_if_negative(v, vec_set(0.0f));
    if (activation == CM_ACTIVATION_LEAKY_RELU) return vec_if_negative(v, vec_multiply(vec_set(alpha), v));
    return v;
}

/* Written out for every accumulator rather than looped: each must become a register, whatever a compiler
 * thinks of unrolling. `channels` and `vectors` are constants where run_block is inlined. */
#define FOR_CHANNELS(DO)   DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define FOR_VECTORS(DO, j) DO(j, 0) DO(j, 1) DO(j, 2) DO(j, 3) DO(j, 4) DO(j, 5) DO(j, 6) DO(j, 7)

#define START(j, v)                                                                                          \
    if ((v) < vectors) acc[j][v] = bias;
#define START_CHANNEL(j)                                                                                     \
    if ((j) < channels) {                                                                                    \
        const vec bias = vec_set(b->bias[j]);                                                                \
        FOR_VECTORS(START, j)                                                                                \
    }
#define LOAD(unused, v)                                                                                      \
    if ((v) < vectors) in[v] = vec_load(x + (v)*step);
#define MULTIPLY(j, v)                                                                                       \
    if ((v) < vectors) acc[j][v] = vec_fma(in[v], weight, acc[j][v]);
#define MULTIPLY_CHANNEL(j)                                                                                  \
    if ((j) < channels) {                                                                                    \
        const vec weight = vec_set(w[j]);                                                                    \
        FOR_VECTORS(MULTIPLY, j)                                                                             \
    }
#define STORE(j, v)                                                                                          \
    if ((v) < vectors) vec_store(out + (v)*b->out_vector_step, activate(acc[j][v], b->activation, b->alpha));
#define STORE_CHANNEL(j)                                                                                     \
    if ((j) < channels) {                                                                                    \
        float *out = b->out + (j)*b->out_step;                                                               \
        FOR_VECTORS(STORE, j)                                                                                \
    }

static inline __attribute__((always_inline)) void run_block(const conv_block *b, const int channels,
                                                            const int vectors)
{
    vec acc[CONV_MAX_CHANNELS][CONV_MAX_VECTORS], in[CONV_MAX_VECTORS];
    FOR_CHANNELS(START_CHANNEL)
    const float *w = b->weights;
    const int64_t step = b->vector_step;
    for (int64_t c = 0; c < b->in_channels; c++) {
        const float *channel = b->patch + c * b->channel_step;
        for (int64_t t = 0; t < b->taps; t++) {
            const float *x = channel + b->tap[t];
            FOR_VECTORS(LOAD, )
            FOR_CHANNELS(MULTIPLY_CHANNEL)
            w += channels;
        }
    }
    FOR_CHANNELS(STORE_CHANNEL)
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

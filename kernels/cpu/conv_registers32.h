/* Shapes of the convolution micro-kernels where 32 vector registers hold up to 25 accumulators: output channels x vectors.
 * Included by one file per such instruction set, before conv_template.h. */
#define CONV_CHANNELS 8
#define CONV_VECTORS                                                                                         \
    {                                                                                                        \
        0, 8, 8, 7, 6, 5, 4, 3, 3                                                                            \
    }
#define CONV_BLOCKS(X)                                                                                       \
    X(1, 1)                                                                                                  \
    X(1, 2)                                                                                                  \
    X(1, 3)                                                                                                  \
    X(1, 4)                                                                                                  \
    X(1, 5)                                                                                                  \
    X(1, 6)                                                                                                  \
    X(1, 7) X(1, 8) X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(2, 5) X(2, 6) X(2, 7) X(2, 8) X(3, 1) X(3, 2) X(3, 3)  \
        X(3, 4) X(3, 5) X(3, 6) X(3, 7) X(4, 1) X(4, 2) X(4, 3) X(4, 4) X(4, 5) X(4, 6) X(5, 1) X(5, 2)      \
            X(5, 3) X(5, 4) X(5, 5) X(6, 1) X(6, 2) X(6, 3) X(6, 4) X(7, 1) X(7, 2) X(7, 3) X(8, 1) X(8, 2)  \
                X(8, 3)

/* Shapes of Winograd's products where 32 vector registers hold 24 accumulators: output channels x vectors.
 * Included by one file per such instruction set, before winograd_template.h. */
#define WINOGRAD_CHANNELS 8
/* clang-format off */
#define WINOGRAD_VECTORS {0, 6, 6, 6, 6, 4, 4, 3, 3}
#define WINOGRAD_BLOCKS(X)                                                                                   \
    X(1, 1) X(1, 2) X(1, 3) X(1, 4) X(1, 5) X(1, 6)                                                          \
    X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(2, 5) X(2, 6)                                                          \
    X(3, 1) X(3, 2) X(3, 3) X(3, 4) X(3, 5) X(3, 6)                                                          \
    X(4, 1) X(4, 2) X(4, 3) X(4, 4) X(4, 5) X(4, 6)                                                          \
    X(5, 1) X(5, 2) X(5, 3) X(5, 4)                                                                          \
    X(6, 1) X(6, 2) X(6, 3) X(6, 4)                                                                          \
    X(7, 1) X(7, 2) X(7, 3)                                                                                  \
    X(8, 1) X(8, 2) X(8, 3)
#define WINOGRAD_TILES 16
#define WINOGRAD_EACH_TILES(X)                                                                               \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
#define WINOGRAD_PAIR_TILES 13
#define WINOGRAD_EACH_PAIR(X)                                                                                \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
/* clang-format on */

/* Tiles of a product of Winograd's F(4,3) where 32 vector registers hold 28 sums. Included by one file per
 * such instruction set, before winograd4_template.h. */
#define WINOGRAD4_TILES 14
/* clang-format off */
#define WINOGRAD4_EACH_TILES(X)                                                                              \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
/* clang-format on */

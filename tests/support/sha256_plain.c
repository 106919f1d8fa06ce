/* SHA-256 (FIPS 180-4) written out, behind engine/base/sha256.h, for the one build that has no library: the
 * arithmetic alone, made by a cross compiler. Elsewhere libcrypto does it. That its digests are those of
 * libcrypto shows in the comparison it is for. */
#include "engine/base/sha256.h"

#include <stdlib.h>
#include <string.h>

/* The fractional parts of the cube roots of the first 64 primes, and of the square roots of the first 8. */
static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

struct cm_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};

static uint32_t turn(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void add_block(cm_sha256 *hash, const uint8_t *block)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10) + w[i - 7] +
               (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 16];
    memcpy(s, hash->state, sizeof s);
    for (int i = 0; i < 64; i++) {
        const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        const uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        const uint32_t a =
            s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + choice + round_constant[i] + w[i];
        const uint32_t b = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + majority;
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += a;
        s[0] = a + b;
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] += s[i];
}

cm_status cm_sha256_create(cm_sha256 **out, cm_error *err)
{
    cm_sha256 *hash = calloc(1, sizeof *hash);
    if (!hash) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a hash");
    memcpy(hash->state, start, sizeof start);
    *out = hash;
    return CM_OK;
}

cm_status cm_sha256_update(cm_sha256 *hash, const void *data, int64_t bytes)
{
    if (bytes < 0) return CM_ERR_ARG;
    const uint8_t *at = data;
    while (bytes > 0) {
        const int64_t used = (int64_t)(hash->bytes % 64), n = bytes < 64 - used ? bytes : 64 - used;
        memcpy(hash->block + used, at, (size_t)n);
        hash->bytes += (uint64_t)n;
        at += n;
        bytes -= n;
        if (hash->bytes % 64 == 0) add_block(hash, hash->block);
    }
    return CM_OK;
}

cm_status cm_sha256_final(cm_sha256 *hash, cm_digest *out)
{
    static const uint8_t padding[64] = {0x80};
    const uint64_t bits = 8 * hash->bytes;
    cm_sha256_update(hash, padding, 1 + (int64_t)((119 - hash->bytes % 64) % 64));
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    cm_sha256_update(hash, length, sizeof length);
    for (int i = 0; i < 32; i++)
        out->byte[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    return CM_OK;
}

void cm_sha256_destroy(cm_sha256 *hash)
{
    free(hash);
}

cm_status cm_sha256_of(const void *data, int64_t bytes, cm_digest *out)
{
    cm_sha256 hash = {.bytes = 0};
    memcpy(hash.state, start, sizeof start);
    const cm_status st = cm_sha256_update(&hash, data, bytes);
    return st ? st : cm_sha256_final(&hash, out);
}

void cm_digest_hex(const cm_digest *digest, char hex[65])
{
    static const char digit[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = digit[digest->byte[i] >> 4];
        hex[2 * i + 1] = digit[digest->byte[i] & 15];
    }
    hex[64] = 0;
}

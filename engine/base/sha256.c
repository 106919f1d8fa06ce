/* SHA-256 by OpenSSL's EVP interface. */
#include "engine/base/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cm_sha256 {
    EVP_MD_CTX *context;
};

cm_status cm_sha256_create(cm_sha256 **out, cm_error *err)
{
    cm_sha256 *hash = calloc(1, sizeof *hash);
    if (!hash) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a hash");
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        cm_sha256_destroy(hash);
        return CM_FAIL(err, CM_ERR_ENV, .what = "SHA-256 is not available from libcrypto");
    }
    *out = hash;
    return CM_OK;
}

cm_status cm_sha256_update(cm_sha256 *hash, const void *data, int64_t bytes)
{
    if (bytes < 0) return CM_ERR_ARG;
    if (bytes == 0) return CM_OK;
    return EVP_DigestUpdate(hash->context, data, (size_t)bytes) == 1 ? CM_OK : CM_ERR_INTERNAL;
}

cm_status cm_sha256_final(cm_sha256 *hash, cm_digest *out)
{
    unsigned length = 0;
    if (EVP_DigestFinal_ex(hash->context, out->byte, &length) != 1 || length != sizeof out->byte)
        return CM_ERR_INTERNAL;
    return CM_OK;
}

void cm_sha256_destroy(cm_sha256 *hash)
{
    if (!hash) return;
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

cm_status cm_sha256_of(const void *data, int64_t bytes, cm_digest *out)
{
    cm_sha256 *hash = NULL;
    cm_status st = cm_sha256_create(&hash, NULL);
    if (!st) st = cm_sha256_update(hash, data, bytes);
    if (!st) st = cm_sha256_final(hash, out);
    cm_sha256_destroy(hash);
    return st;
}

static cm_status hash_stream(FILE *file, const char *path, cm_sha256 *hash, cm_error *err)
{
    enum { BLOCK = 1 << 18 };
    unsigned char *block = malloc(BLOCK);
    if (!block) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to read a file", .where = path);
    cm_status st = CM_OK;
    size_t n;
    errno = 0;
    while (!st && (n = fread(block, 1, BLOCK, file)) > 0)
        st = cm_sha256_update(hash, block, (int64_t)n);
    if (!st && ferror(file))
        st = CM_FAIL(err, CM_ERR_IO, .what = "file could not be read", .where = path, .why = strerror(errno));
    free(block);
    return st;
}

cm_status cm_sha256_of_file(const char *path, cm_digest *out, cm_error *err)
{
    cm_sha256 *hash = NULL;
    cm_status st = CM_OK;
    FILE *file = fopen(path, "rbe");
    if (!file)
        st = CM_FAIL(err, errno == ENOENT || errno == ENOTDIR ? CM_ERR_NOT_FOUND : CM_ERR_IO,
                     .what = "file could not be opened", .where = path, .why = strerror(errno));
    if (!st) st = cm_sha256_create(&hash, err);
    if (!st) st = hash_stream(file, path, hash, err);
    if (!st) st = cm_sha256_final(hash, out);
    cm_sha256_destroy(hash);
    if (file) fclose(file);
    return st;
}

void cm_digest_hex(const cm_digest *digest, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = digits[digest->byte[i] >> 4];
        hex[2 * i + 1] = digits[digest->byte[i] & 15];
    }
    hex[64] = '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int cm_digest_parse(const char *hex, cm_digest *out)
{
    cm_digest digest;
    if (!hex || strnlen(hex, 65) != 64) return 0;
    for (int i = 0; i < 32; i++) {
        int high = digit_value(hex[2 * i]), low = digit_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return 0;
        digest.byte[i] = (uint8_t)(high << 4 | low);
    }
    *out = digest;
    return 1;
}

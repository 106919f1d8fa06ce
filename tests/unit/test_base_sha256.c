/* SHA-256 against the examples of FIPS 180-4 (NIST CAVP "SHA256 examples"), and its text form. */
#include "tests/scratch.h"

#include "engine/base/sha256.h"

static const struct {
    const char *text, *hex;
} known[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        cm_digest digest;
        char hex[65];
        assert_int_equal(cm_sha256_of(known[i].text, (int64_t)strlen(known[i].text), &digest), CM_OK);
        cm_digest_hex(&digest, hex);
        assert_string_equal(hex, known[i].hex);
    }
}

/* One million times 'a', in pieces of every size up to 999. */
static void pieces_make_the_same_hash(void **state)
{
    (void)state;
    char piece[1000];
    memset(piece, 'a', sizeof piece);
    cm_sha256 *hash = NULL;
    cm_digest digest;
    char hex[65];
    assert_int_equal(cm_sha256_create(&hash, NULL), CM_OK);
    int64_t left = 1000000;
    for (int64_t n = 0; left > 0; n = (n + 1) % 1000) {
        int64_t take = n < left ? n : left;
        assert_int_equal(cm_sha256_update(hash, piece, take), CM_OK);
        left -= take;
    }
    assert_int_equal(cm_sha256_update(hash, piece, -1), CM_ERR_ARG);
    assert_int_equal(cm_sha256_final(hash, &digest), CM_OK);
    cm_sha256_destroy(hash);
    cm_sha256_destroy(NULL);
    cm_digest_hex(&digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void files_hash_like_memory(void **state)
{
    (void)state;
    cm_digest digest;
    cm_error err = {0};
    char hex[65];
    char *content = malloc(1000000);
    assert_non_null(content);
    memset(content, 'a', 1000000);
    scratch_write("million", content, 1000000);
    free(content);
    assert_int_equal(cm_sha256_of_file("million", &digest, &err), CM_OK);
    cm_digest_hex(&digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(cm_sha256_of_file("absent", &digest, &err), CM_ERR_NOT_FOUND);
    assert_string_equal(err.where, "absent");
    assert_int_equal(cm_sha256_of_file(".", &digest, NULL), CM_ERR_IO); /* a folder */
}

static void text_form_is_exact(void **state)
{
    (void)state;
    cm_digest digest = {{0}}, again;
    char hex[66];
    for (int i = 0; i < 32; i++)
        digest.byte[i] = (uint8_t)(i * 37 + 11);
    cm_digest_hex(&digest, hex);
    assert_int_equal(cm_digest_parse(hex, &again), 1);
    assert_memory_equal(&digest, &again, sizeof digest);
    hex[64] = '0';
    hex[65] = '\0';
    assert_int_equal(cm_digest_parse(hex, &again), 0); /* 65 digits */
    hex[63] = '\0';
    assert_int_equal(cm_digest_parse(hex, &again), 0); /* 63 */
    cm_digest_hex(&digest, hex);
    hex[10] = 'A'; /* upper case */
    assert_int_equal(cm_digest_parse(hex, &again), 0);
    hex[10] = 'g';
    assert_int_equal(cm_digest_parse(hex, &again), 0);
    assert_int_equal(cm_digest_parse(NULL, &again), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(pieces_make_the_same_hash),
        cmocka_unit_test_setup_teardown(files_hash_like_memory, scratch_enter, scratch_leave),
        cmocka_unit_test(text_form_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

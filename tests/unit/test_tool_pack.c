/* The packed form: what is written by hand here is read; what a stranger might write is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/tool_pack.h"

enum { BLOCK = 512, ROOM = 16 * BLOCK };

typedef struct archive {
    unsigned char bytes[ROOM];
    int64_t used;
} archive;

static void checksum(unsigned char *header)
{
    unsigned sum = 0;
    char text[9];
    memset(header + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
        sum += header[i];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(header + 148, text, 7);
}

/* Offsets of POSIX ustar: name 0, mode 100, size 124, checksum 148, type 156, link 157, magic 257, prefix
 * 345. */
static unsigned char *add(archive *a, const char *name, const char *content)
{
    unsigned char *h = a->bytes + a->used;
    size_t n = strlen(content);
    memset(h, 0, BLOCK);
    memcpy(h, name, strlen(name));
    memcpy(h + 100, "0000644", 8);
    char size[24];
    snprintf(size, sizeof size, "%011zo", n);
    memcpy(h + 124, size, 12);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    checksum(h);
    memcpy(h + BLOCK, content, n);
    a->used += BLOCK + (int64_t)(n + BLOCK - 1) / BLOCK * BLOCK;
    return h;
}

static void finish(archive *a)
{
    a->used += 2 * BLOCK;
    assert_true(a->used <= ROOM);
}

static archive good(void)
{
    archive a = {.used = 0};
    add(&a, "tool.xml", "<tool/>");
    add(&a, "model.onnx", "weights");
    add(&a, "LICENSE.txt", "");
    return a;
}

static void refused(const archive *a, cm_status status, const char *what)
{
    cm_pack pack;
    cm_error err = {0};
    assert_int_equal(cm_pack_read(a->bytes, a->used, "x.tool", 1 << 20, &pack, &err), status);
    if (!strstr(err.what, what) && !strstr(err.why, what))
        fail_msg("%s: %s lacks '%s'", err.what, err.why, what);
}

static void members_are_found(void **state)
{
    (void)state;
    archive a = good();
    finish(&a);
    cm_pack pack;
    assert_int_equal(cm_pack_read(a.bytes, a.used, "x.tool", 1 << 20, &pack, NULL), CM_OK);
    assert_int_equal(pack.n_members, 3);
    const cm_pack_member *m = cm_pack_find(&pack, "model.onnx");
    assert_non_null(m);
    assert_int_equal(m->bytes, 7);
    assert_memory_equal(m->data, "weights", 7);
    assert_int_equal(cm_pack_find(&pack, "LICENSE.txt")->bytes, 0);
    assert_null(cm_pack_find(&pack, "README"));
    a.used += 3 * BLOCK; /* other programs pad with more zeros */
    assert_int_equal(cm_pack_read(a.bytes, a.used, "x.tool", 1 << 20, &pack, NULL), CM_OK);
}

static void names_that_lead_away_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "../tool.xml", "/etc/passwd", "a/model.onnx", ".bashrc",     "setup.py",
        "tool.xml ",   "README\\x",   "weights.bin",  "model.onnx/", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        archive a = good();
        add(&a, names[i], "x");
        finish(&a);
        refused(&a, CM_ERR_POLICY, "name");
    }
}

static void only_plain_files_once_each(void **state)
{
    (void)state;
    static const char types[] = "123456789gxLKSA"; /* links, devices, folders, pax and GNU extensions */
    for (const char *t = types; *t; t++) {
        archive a = good();
        unsigned char *h = add(&a, "README", "x");
        h[156] = (unsigned char)*t;
        checksum(h);
        finish(&a);
        refused(&a, CM_ERR_POLICY, "plain files");
    }
    archive a = good();
    add(&a, "tool.xml", "<other/>");
    finish(&a);
    refused(&a, CM_ERR_POLICY, "twice");
    a = good();
    unsigned char *h = add(&a, "README", "x");
    memcpy(h + 345, "..", 2); /* prefix */
    checksum(h);
    finish(&a);
    refused(&a, CM_ERR_POLICY, "folder");
    a = good();
    h = add(&a, "README", "x");
    memcpy(h + 157, "/etc/passwd", 11);
    checksum(h);
    finish(&a);
    refused(&a, CM_ERR_POLICY, "link");
}

static void sizes_are_compared_with_what_is_there(void **state)
{
    (void)state;
    archive a = good();
    unsigned char *h = add(&a, "README", "x");
    memcpy(h + 124, "00000010000", 12); /* 4,096 bytes */
    checksum(h);
    finish(&a);
    a.used = (int64_t)(h - a.bytes) + 2 * BLOCK;
    refused(&a, CM_ERR_TRUNCATED, "4096 bytes promised");
    a = good();
    h = add(&a, "README", "x");
    memcpy(h + 124, "77777777777", 12);
    checksum(h);
    finish(&a);
    refused(&a, CM_ERR_LIMIT, "at most");
    a = good();
    h = add(&a, "README", "x");
    h[124] = 0x80; /* base-256 */
    checksum(h);
    finish(&a);
    refused(&a, CM_ERR_FORMAT, "octal");
    a = good();
    h = add(&a, "README", "x");
    memcpy(h + 124, "-0000000001", 12);
    checksum(h);
    finish(&a);
    refused(&a, CM_ERR_FORMAT, "octal");
}

static void damage_is_noticed(void **state)
{
    (void)state;
    archive a = good();
    a.bytes[10] ^= 1; /* a name byte without its checksum */
    finish(&a);
    refused(&a, CM_ERR_FORMAT, "checksum");
    a = good();
    memcpy(a.bytes + 257, "ustar  ", 8); /* old GNU */
    checksum(a.bytes);
    finish(&a);
    refused(&a, CM_ERR_FORMAT, "ustar");
    a = good(); /* no end mark */
    refused(&a, CM_ERR_TRUNCATED, "end mark");
    a = good();
    finish(&a);
    a.bytes[a.used + 5] = 1;
    a.used += BLOCK;
    refused(&a, CM_ERR_FORMAT, "behind");
    a = good();
    finish(&a);
    for (int64_t cut = 0; cut < a.used; cut++) { /* every length short of whole is refused */
        archive part = a;
        cm_pack pack;
        part.used = cut;
        assert_int_not_equal(cm_pack_read(part.bytes, part.used, "x.tool", 1 << 20, &pack, NULL), CM_OK);
    }
}

static void too_many_members(void **state)
{
    (void)state;
    unsigned char *bytes = calloc(40, BLOCK);
    int64_t used = 0;
    for (int i = 0; i < 36; i++) {
        archive one = {.used = 0};
        char name[32];
        snprintf(name, sizeof name, "README%d", i);
        add(&one, name, "");
        memcpy(bytes + used, one.bytes, BLOCK);
        used += BLOCK;
    }
    cm_pack pack;
    assert_int_equal(cm_pack_read(bytes, used + 2 * BLOCK, "x.tool", 1 << 20, &pack, NULL), CM_ERR_LIMIT);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found),          cmocka_unit_test(names_that_lead_away_are_refused),
        cmocka_unit_test(only_plain_files_once_each), cmocka_unit_test(sizes_are_compared_with_what_is_there),
        cmocka_unit_test(damage_is_noticed),          cmocka_unit_test(too_many_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

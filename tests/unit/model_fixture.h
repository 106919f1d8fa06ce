/* What the tests of engine/model share: a graph is written, opened, and the answer looked at. */
#ifndef CM_TESTS_UNIT_MODEL_FIXTURE_H
#define CM_TESTS_UNIT_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/model/model.h"
#include "tests/support/onnx_write.h"

#define DIMS(...)  ((const int64_t[]){__VA_ARGS__})
#define COUNT(...) (int)(sizeof(DIMS(__VA_ARGS__)) / sizeof(int64_t))
/* rank and dims in one */
#define SHAPE(...) COUNT(__VA_ARGS__), DIMS(__VA_ARGS__)

/* Opens bytes (taken) as a file of its own. */
static inline cm_status open_bytes(ow_buf *bytes, const cm_model_limits *limits, cm_model **out,
                                   cm_error *err)
{
    char path[] = "/tmp/cohmark-model.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ow_save(bytes, path), 0);
    cm_status st = cm_model_open(path, limits, out, err);
    unlink(path);
    return st;
}

/* Fails the test with the whole story of the error. */
static inline void assert_ok(cm_status st, const cm_error *err)
{
    if (st) {
        char text[1500];
        cm_error_format(err, text, sizeof text);
        fail_msg("%s: %s", cm_status_name(st), text);
    }
}

/* The status, and a word of the rule in the message. */
static inline void assert_refused(cm_status got, cm_status expected, const cm_error *err, const char *word)
{
    char text[1500];
    cm_error_format(err, text, sizeof text);
    if (got != expected || !strstr(text, word))
        fail_msg("expected %s with \"%s\", got %s: %s", cm_status_name(expected), word, cm_status_name(got),
                 text);
}

#endif

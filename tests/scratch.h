/* A scratch folder for tests that write files: enter makes one and goes there, leave removes it. */
#ifndef CM_TESTS_SCRATCH_H
#define CM_TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"

static inline int scratch_enter(void **state)
{
    const char *parent = getenv("TMPDIR");
    char *folder = cm_path_join(parent && *parent ? parent : "/tmp", "cohmark-test.XXXXXX");
    *state = folder;
    return !folder || !mkdtemp(folder) || chdir(folder) ? -1 : 0;
}

static inline int scratch_leave(void **state)
{
    int failed = chdir("/") || cm_folder_remove(*state, NULL);
    free(*state);
    return failed ? -1 : 0;
}

/* Writes text plainly (not through the code under test). */
static inline void scratch_write(const char *path, const char *text, size_t bytes)
{
    remove(path); /* ext4 writes a file to disk when it replaces one by truncation: thousands of waits */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

#endif

/* What fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; it is linked with libFuzzer
 * (preset `fuzz`, clang) or with driver.c, which replays the corpus and does a bounded number of seeded
 * mutations (any compiler, the ordinary test run). */
#ifndef CM_TESTS_FUZZ_FUZZ_H
#define CM_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The interface of libFuzzer; the names are its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* A promise that a target holds the code to; both drivers take the abort for a finding. */
#define FUZZ_CHECK(condition)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: promise broken: %s\n", __FILE__, __LINE__, #condition);                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* A file in memory that holds these bytes, for readers that want a path. The path is valid until the next
 * call; one thread. */
const char *fuzz_path(const void *data, size_t size);

#endif

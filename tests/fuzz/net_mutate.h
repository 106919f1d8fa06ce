/* A changed graph: net_text.h says what the text is. Changes data in place, returns its new size (at most
 * max_size); the same seed makes the same change. One thread at a time. */
#ifndef CM_TESTS_FUZZ_NET_MUTATE_H
#define CM_TESTS_FUZZ_NET_MUTATE_H

#include <stddef.h>
#include <stdint.h>

size_t net_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif

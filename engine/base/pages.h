/* Large pages for large arrays. */
#ifndef CM_ENGINE_BASE_PAGES_H
#define CM_ENGINE_BASE_PAGES_H

#include <stddef.h>

/* Asks the system to back [memory, memory + bytes) with large pages, before it is written for the first time:
 * an array that is read out of order then misses the address cache less, and its first writing costs one
 * fault per large page. memory: from malloc, or NULL. A wish: where the system does not know it, or for less
 * than a few large pages, nothing happens. errno is kept. Thread-safe. */
void cm_prefer_large_pages(void *memory, size_t bytes);

/* malloc for a large array that is soon written: from a large page on it begins where one does, and whole
 * large pages of it are asked for, never more than it is long. free frees it. NULL: no memory. Thread-safe.
 */
void *cm_large_malloc(size_t bytes);

#endif

/* Large pages by madvise, where the system has it. */
#define _DEFAULT_SOURCE /* madvise, posix_memalign */
#include "engine/base/pages.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 << 20, WORTH_IT = 2 * LARGE_PAGE };

void cm_prefer_large_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t begin = (uintptr_t)memory;
    const uintptr_t first = (begin + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    const uintptr_t end = (begin + bytes) / LARGE_PAGE * LARGE_PAGE;
    const int before = errno;
    if (memory && bytes >= WORTH_IT && end > first) madvise((void *)first, end - first, MADV_HUGEPAGE);
    errno = before;
#else
    (void)memory;
    (void)bytes;
#endif
}

void *cm_large_malloc(size_t bytes)
{
    void *memory = NULL;
    if (bytes < LARGE_PAGE) return malloc(bytes);
    if (posix_memalign(&memory, LARGE_PAGE, bytes)) return NULL;
#ifdef MADV_HUGEPAGE
    const int before = errno;
    madvise(memory, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    errno = before;
#endif
    return memory;
}

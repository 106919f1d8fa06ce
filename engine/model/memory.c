/* Memory of a model or a plan: a list of blocks that small pieces are cut from; large pieces get a block of
 * their own. */
#include "engine/model/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024, ALIGNMENT = 64 };

struct cm_memory_block {
    cm_memory_block *next;
    int64_t used, size;
    char pad[ALIGNMENT - sizeof(void *) - 2 * sizeof(int64_t)]; /* content starts aligned */
};

static cm_memory_block *new_block(cm_memory *memory, int64_t content)
{
    int64_t total = (int64_t)sizeof(cm_memory_block) + content;
    cm_memory_block *block = aligned_alloc(ALIGNMENT, (size_t)total);
    if (!block) return NULL;
    memset(block, 0, sizeof *block);
    block->size = content;
    memory->held += total;
    if (memory->blocks && content > BLOCK_BYTES) { /* keep cutting from the block that has room */
        block->next = memory->blocks->next;
        memory->blocks->next = block;
    } else {
        block->next = memory->blocks;
        memory->blocks = block;
    }
    return block;
}

cm_status cm_memory_take(cm_memory *memory, int64_t count, int64_t size, void *out, cm_error *err)
{
    int64_t bytes = 0;
    if (!cm_mul_i64(count, size, &bytes) || bytes > INT64_MAX / 2)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a list in the model is too long to hold",
                       .why = cm_strf("%lld items of %lld bytes", (long long)count, (long long)size).s);
    bytes = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    cm_memory_block *block = memory->blocks;
    if (!block || block->size - block->used < bytes)
        block = new_block(memory, bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
    if (!block)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "not enough memory for the model",
                       .why = cm_strf("%lld bytes were refused", (long long)bytes).s);
    char *piece = (char *)(block + 1) + block->used;
    block->used += bytes;
    memset(piece, 0, (size_t)bytes);
    memcpy(out, &piece, sizeof piece); /* out points at a pointer of any type */
    return CM_OK;
}

cm_status cm_memory_text(cm_memory *memory, const char *text, int64_t length, const char **out, cm_error *err)
{
    char *copy = NULL;
    cm_status st = cm_memory_take(memory, length + 1, 1, &copy, err);
    if (!st) {
        if (length > 0) memcpy(copy, text, (size_t)length);
        *out = copy;
    }
    return st;
}

void cm_memory_fini(cm_memory *memory)
{
    for (cm_memory_block *block = memory->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *memory = (cm_memory){0};
}

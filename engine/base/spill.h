/* Memory for millions of small things: an ordinary array, or, when there is too much of it, a file that is
 * mapped and has no name. */
#ifndef CM_ENGINE_BASE_SPILL_H
#define CM_ENGINE_BASE_SPILL_H

#include "engine/base/status.h"

/* Where large arrays lie. */
typedef struct cm_spill_rule {
    const char *folder;     /* for files without a name; NULL: everything stays in memory */
    int64_t most_in_memory; /* bytes that stay in memory all the same */
} cm_spill_rule;

/* What the program takes: below it a file is not worth its while. */
#define CM_SPILL_FROM_BYTES ((int64_t)256 << 20)

typedef struct cm_spill cm_spill;

/* bytes > 0, all zero. folder: NULL for ordinary memory; else a file is made in it, readable by its owner
 * alone, and loses its name before anything is written: nothing stays when the process ends, however it
 * ends. Its room on the disk is taken at once. Errors: CM_ERR_NOMEM; CM_ERR_IO (no file can be made there, or
 * not that large a one). The caller destroys it. */
cm_status cm_spill_create(const char *folder, int64_t bytes, cm_spill **out, cm_error *err);
void cm_spill_destroy(cm_spill *spill); /* NULL is fine */
/* The memory, aligned as malloc's; borrowed until the spill is destroyed. Threads share it as they do any
 * array. */
void *cm_spill_memory(const cm_spill *spill);
/* Tells the system that what was touched is not needed soon: it leaves the process and comes back, the
 * same, when touched again. Does nothing for ordinary memory and for NULL. Thread-safe. */
void cm_spill_release(const cm_spill *spill);

#endif

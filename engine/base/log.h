/* Where messages go. A sink is passed down in a context; nothing below engine/cli writes to stdout or stderr.
 */
#ifndef CM_ENGINE_BASE_LOG_H
#define CM_ENGINE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

typedef enum cm_level { CM_LEVEL_DEBUG, CM_LEVEL_INFO, CM_LEVEL_WARNING, CM_LEVEL_ERROR } cm_level;

typedef struct cm_log cm_log;

/* threshold: messages below it are dropped on the terminal. json_path: NULL, or a file that gets every
 * message as one JSON object a line {"time","level","rank","event","message"} (appended). A cm_log may be
 * used by many threads. */
cm_status cm_log_create(cm_level threshold, const char *json_path, int rank, cm_log **out, cm_error *err);
void cm_log_destroy(cm_log *log);
/* event: a short stable name such as "case.failed". log NULL: dropped. */
void cm_log_write(cm_log *log, cm_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cm_log_error(cm_log *log, const char *event, const cm_error *err);

/* Progress on stderr: a live line on a terminal (rate, time left), a plain line every 30 s elsewhere; silent
 * with quiet. One thread per object. */
typedef struct cm_progress cm_progress;
cm_status cm_progress_create(const char *what, int64_t total, bool quiet, cm_progress **out, cm_error *err);
void cm_progress_update(cm_progress *progress, int64_t done, int64_t failed);
void cm_progress_destroy(cm_progress *progress); /* ends the live line */

#endif

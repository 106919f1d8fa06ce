/* Messages to the terminal and to a file of JSON lines, and progress. */
#include "engine/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/threads.h"
#include "engine/base/utf8.h"

#define LIVE_PERIOD_S  0.2
#define PLAIN_PERIOD_S 30.0

struct cm_log {
    cm_level threshold;
    int rank;
    FILE *json;
    pthread_mutex_t lock;
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

cm_status cm_log_create(cm_level threshold, const char *json_path, int rank, cm_log **out, cm_error *err)
{
    cm_log *log = calloc(1, sizeof *log);
    if (!log) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the log");
    log->threshold = threshold;
    log->rank = rank;
    if (json_path) {
        log->json = fopen(json_path, "ae");
        if (!log->json) {
            cm_status st = CM_FAIL(err, CM_ERR_IO, .what = "log file could not be opened", .where = json_path,
                                   .why = strerror(errno));
            free(log);
            return st;
        }
    }
    pthread_mutex_init(&log->lock, NULL);
    *out = log;
    return CM_OK;
}

void cm_log_destroy(cm_log *log)
{
    if (!log) return;
    if (log->json) fclose(log->json);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* UTC with milliseconds, as in "2026-05-04T11:22:33.456Z". */
static void time_text(char *buf, size_t size)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buf, size, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

static void write_json(cm_log *log, cm_level level, const char *event, const char *message)
{
    char now[48];
    time_text(now, sizeof now);
    json_t *line = json_pack("{s:s, s:s, s:i, s:s, s:s}", "time", now, "level", level_names[level], "rank",
                             log->rank, "event", event, "message", message);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text) {
        fprintf(log->json, "%s\n", text);
        fflush(log->json);
    }
    free(text);
    json_decref(line);
}

static void write_message(cm_log *log, cm_level level, const char *event, char *message)
{
    cm_utf8_make_printable(message);
    pthread_mutex_lock(&log->lock);
    if (log->json) write_json(log, level, event, message);
    if (level >= log->threshold) {
        if (level == CM_LEVEL_INFO)
            fprintf(stderr, "cohmark: %s\n", message);
        else
            fprintf(stderr, "cohmark: %s: %s\n", level_names[level], message);
    }
    pthread_mutex_unlock(&log->lock);
}

void cm_log_write(cm_log *log, cm_level level, const char *event, const char *format, ...)
{
    char message[2048];
    va_list args;
    if (!log) return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_message(log, level, event, message);
}

void cm_log_error(cm_log *log, const char *event, const cm_error *err)
{
    char message[2048];
    if (!log || !err) return;
    cm_error_format(err, message, sizeof message);
    write_message(log, CM_LEVEL_ERROR, event, message);
}

struct cm_progress {
    char what[128];
    int64_t total, done, failed;
    bool quiet, live;
    double start_s, last_s;
    int64_t shown; /* `done` of the last line; -1 before the first */
};

cm_status cm_progress_create(const char *what, int64_t total, bool quiet, cm_progress **out, cm_error *err)
{
    cm_progress *progress = calloc(1, sizeof *progress);
    if (!progress) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for progress");
    snprintf(progress->what, sizeof progress->what, "%s", what);
    cm_utf8_make_printable(progress->what);
    progress->total = total;
    progress->quiet = quiet;
    progress->live = isatty(STDERR_FILENO) == 1;
    progress->start_s = progress->last_s = cm_now_s();
    progress->shown = -1;
    *out = progress;
    return CM_OK;
}

/* "12 s", "3 min 05 s", "2 h 10 min" */
static cm_str duration_text(double seconds)
{
    long long s = (long long)(seconds + 0.5);
    if (s < 60) return cm_strf("%lld s", s);
    if (s < 3600) return cm_strf("%lld min %02lld s", s / 60, s % 60);
    return cm_strf("%lld h %02lld min", s / 3600, s / 60 % 60);
}

static void show(cm_progress *p, double now_s)
{
    const double elapsed_s = now_s - p->start_s;
    cm_str failed = p->failed > 0 ? cm_strf(", %lld failed", (long long)p->failed) : cm_strf("%s", "");
    cm_str pace = cm_strf("%s", "");
    if (p->done > 0 && elapsed_s > 0) {
        const double rate = (double)p->done / elapsed_s;
        cm_str left = p->done < p->total
                          ? cm_strf(", %s left", duration_text((double)(p->total - p->done) / rate).s)
                          : cm_strf(", took %s", duration_text(elapsed_s).s);
        pace = rate >= 1 ? cm_strf(", %.1f/s%s", rate, left.s) : cm_strf(", %.1f s each%s", 1 / rate, left.s);
    }
    fprintf(stderr, "%s%s: %lld of %lld%s%s%s", p->live ? "\r\033[K" : "cohmark: ", p->what,
            (long long)p->done, (long long)p->total, failed.s, pace.s, p->live ? "" : "\n");
    fflush(stderr);
    p->last_s = now_s;
    p->shown = p->done;
}

void cm_progress_update(cm_progress *progress, int64_t done, int64_t failed)
{
    if (!progress || progress->quiet) return;
    const double now_s = cm_now_s();
    progress->done = done;
    progress->failed = failed;
    if (now_s - progress->last_s >= (progress->live ? LIVE_PERIOD_S : PLAIN_PERIOD_S)) show(progress, now_s);
}

void cm_progress_destroy(cm_progress *progress)
{
    if (!progress) return;
    if (!progress->quiet) {
        if (progress->shown != progress->done && progress->done > 0) show(progress, cm_now_s());
        if (progress->live && progress->shown >= 0) fprintf(stderr, "\n");
    }
    free(progress);
}

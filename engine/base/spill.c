/* A mapped file is memory that the system may write to the disk and take back. A page of it counts as the
 * process's own while it is mapped; madvise(MADV_DONTNEED) on a shared mapping only unmaps it, its content
 * stays the file's. */
#include "engine/base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/files.h"

struct cm_spill {
    void *memory;
    size_t bytes;
    bool mapped;
};

static cm_status no_file(const char *folder, const char *what, int error, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_IO, .what = what, .where = folder, .why = strerror(error),
                   .next = "Set TMPDIR to a folder on a disk with room");
}

/* A file that has lost its name already; -1 after an error. */
static int nameless_file(const char *folder, cm_status *status, cm_error *err)
{
    char *name = cm_path_join(folder, "cohmark-values.XXXXXX");
    if (!name) {
        *status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a file name");
        return -1;
    }
    const int file = mkostemp(name, O_CLOEXEC);
    if (file < 0)
        *status = no_file(folder, "no temporary file can be made", errno, err);
    else
        unlink(name);
    free(name);
    return file;
}

/* Room is taken now: a mapped page that finds the disk full later would end the process. */
static cm_status take_room(int file, const char *folder, int64_t bytes, cm_error *err)
{
    struct statvfs disk;
    int error;
    do
        error = posix_fallocate(file, 0, (off_t)bytes);
    while (error == EINTR);
    if (!error) return CM_OK;
    const bool known = fstatvfs(file, &disk) == 0;
    const double free_mb = known ? (double)disk.f_bavail * (double)disk.f_frsize / 1e6 : 0;
    return CM_FAIL(err, CM_ERR_IO, .what = "a temporary file finds no room", .where = folder,
                   .why = known ? cm_strf("%s: %.0f MB are needed, %.0f MB are free", strerror(error),
                                          (double)bytes / 1e6, free_mb)
                                      .s
                                : strerror(error),
                   .next = "Set TMPDIR to a folder on a disk with room");
}

static cm_status map_file(cm_spill *s, const char *folder, cm_error *err)
{
    cm_status status = CM_OK;
    const int file = nameless_file(folder, &status, err);
    if (file < 0) return status;
    status = take_room(file, folder, (int64_t)s->bytes, err);
    if (!status) {
        s->memory = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        s->mapped = s->memory != MAP_FAILED;
        if (!s->mapped) status = no_file(folder, "a temporary file cannot be mapped", errno, err);
    }
    close(file); /* the mapping keeps it */
    return status;
}

cm_status cm_spill_create(const char *folder, int64_t bytes, cm_spill **out, cm_error *err)
{
    cm_spill *s = calloc(1, sizeof *s);
    cm_status status = CM_OK;
    if (s) {
        s->bytes = (size_t)bytes;
        if (folder)
            status = map_file(s, folder, err);
        else
            s->memory = calloc(1, s->bytes);
    }
    if (!s || (!status && !s->memory))
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a large array",
                         .why = cm_strf("%lld bytes", (long long)bytes).s);
    if (status) {
        free(s);
        return status;
    }
    *out = s;
    return CM_OK;
}

void cm_spill_destroy(cm_spill *s)
{
    if (!s) return;
    if (s->mapped)
        munmap(s->memory, s->bytes);
    else
        free(s->memory);
    free(s);
}

void *cm_spill_memory(const cm_spill *s)
{
    return s->memory;
}

void cm_spill_release(const cm_spill *s)
{
    if (s && s->mapped) madvise(s->memory, s->bytes, MADV_DONTNEED);
}

/* Files and folders. */
#include "engine/base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_REMOVE_DEPTH 200      /* one descriptor is open per level */
#define MAX_NAMES        10000000 /* in one folder */

static cm_status no_memory(cm_error *err, const char *path)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory", .where = path);
}

/* The status for errno after a failed open or stat. */
static cm_status open_status(void)
{
    return errno == ENOENT || errno == ENOTDIR ? CM_ERR_NOT_FOUND
           : errno == ELOOP                    ? CM_ERR_POLICY
                                               : CM_ERR_IO;
}

char *cm_path_join(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    char *path = malloc(n + m + 2);
    if (!path) return NULL;
    memcpy(path, a, n);
    if (n > 0 && a[n - 1] != '/') path[n++] = '/';
    memcpy(path + n, b, m + 1);
    return path;
}

bool cm_path_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

bool cm_path_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Opens a regular file for reading; O_NONBLOCK so that a named pipe cannot make us wait. */
static cm_status open_regular(const char *path, int *fd, int64_t *bytes, cm_error *err)
{
    struct stat info;
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        return CM_FAIL(err, open_status(), .what = "file could not be opened", .where = path,
                       .why = strerror(errno));
    cm_status st = CM_OK;
    if (fstat(opened, &info))
        st = CM_FAIL(err, CM_ERR_IO, .what = "file could not be examined", .where = path,
                     .why = strerror(errno));
    else if (!S_ISREG(info.st_mode))
        st = CM_FAIL(err, CM_ERR_POLICY, .what = "not a regular file", .where = path,
                     .why = S_ISDIR(info.st_mode) ? "it is a folder" : "it is a device, pipe or socket");
    if (st) {
        close(opened);
        return st;
    }
    *fd = opened;
    *bytes = info.st_size;
    return CM_OK;
}

/* Reads up to `bytes` bytes, fewer only at the end of the file. Returns -1 with errno set on failure. */
static int64_t read_fully(int fd, char *data, int64_t bytes)
{
    int64_t done = 0;
    while (done < bytes) {
        ssize_t n = read(fd, data + done, (size_t)(bytes - done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        done += n;
    }
    return done;
}

cm_status cm_file_read(const char *path, int64_t max_bytes, char **data, int64_t *bytes, cm_error *err)
{
    int fd;
    int64_t size;
    cm_status st = open_regular(path, &fd, &size, err);
    if (st) return st;
    char *buffer = NULL;
    int64_t got = 0;
    if (size > max_bytes) {
        st = CM_FAIL(
            err, CM_ERR_LIMIT, .what = "file is too large", .where = path,
            .why = cm_strf("%lld bytes, at most %lld allowed", (long long)size, (long long)max_bytes).s);
    } else {
        buffer = malloc((size_t)size + 1);
        if (!buffer) st = no_memory(err, path);
    }
    if (!st) {
        got = read_fully(fd, buffer, size);
        if (got < 0)
            st = CM_FAIL(err, CM_ERR_IO, .what = "file could not be read", .where = path,
                         .why = strerror(errno));
    }
    close(fd);
    if (st) {
        free(buffer);
        return st;
    }
    buffer[got] = '\0';
    *data = buffer;
    *bytes = got;
    return CM_OK;
}

struct cm_new_file {
    char *path, *temporary;
    FILE *file;
};

static void new_file_free(cm_new_file *f)
{
    free(f->path);
    free(f->temporary);
    free(f);
}

cm_status cm_new_file_open(const char *path, cm_new_file **out, FILE **file, cm_error *err)
{
    cm_new_file *f = calloc(1, sizeof *f);
    if (!f) return no_memory(err, path);
    f->path = strdup(path);
    if (!f->path || asprintf(&f->temporary, "%s.tmp.%ld", path, (long)getpid()) < 0) {
        f->temporary = NULL;
        new_file_free(f);
        return no_memory(err, path);
    }
    unlink(f->temporary); /* left by a process that had our number and died */
    int fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd >= 0) f->file = fdopen(fd, "wb");
    if (!f->file) {
        cm_status st =
            CM_FAIL(err, CM_ERR_IO, .what = "file could not be created", .where = path,
                    .why = strerror(errno), .next = "Check that the folder exists and may be written");
        if (fd >= 0) {
            close(fd);
            unlink(f->temporary);
        }
        new_file_free(f);
        return st;
    }
    *out = f;
    *file = f->file;
    return CM_OK;
}

void cm_new_file_abandon(cm_new_file *f)
{
    if (!f) return;
    if (f->file) fclose(f->file);
    unlink(f->temporary);
    new_file_free(f);
}

/* Makes a rename in the folder of `path` survive a power cut. File systems that cannot sync folders say
 * EINVAL; that is their normal, not a failure of this write. */
static int sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!folder) return -1;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) return -1;
    int result = fsync(fd);
    if (result && (errno == EINVAL || errno == ENOTSUP)) result = 0;
    close(fd);
    return result;
}

cm_status cm_new_file_commit(cm_new_file *f, cm_error *err)
{
    bool ok = fflush(f->file) == 0 && !ferror(f->file) && fsync(fileno(f->file)) == 0;
    int code = errno;
    if (fclose(f->file) && ok) {
        ok = false;
        code = errno;
    }
    f->file = NULL;
    if (ok && (rename(f->temporary, f->path) || sync_folder_of(f->path))) {
        ok = false;
        code = errno;
    }
    cm_status st = CM_OK;
    if (!ok) {
        st = CM_FAIL(err, CM_ERR_IO, .what = "file could not be written", .where = f->path,
                     .why = strerror(code), .next = "Check free space and quota");
        unlink(f->temporary);
    }
    new_file_free(f);
    return st;
}

cm_status cm_file_write(const char *path, const void *data, int64_t bytes, cm_error *err)
{
    cm_new_file *f = NULL;
    FILE *file = NULL;
    cm_status st = cm_new_file_open(path, &f, &file, err);
    if (st) return st;
    if (bytes > 0)
        fwrite(data, 1, (size_t)bytes, file); /* a failure stays in ferror, which commit looks at */
    return cm_new_file_commit(f, err);
}

cm_status cm_file_copy(const char *from, const char *to, cm_error *err)
{
    enum { BLOCK = 1 << 18 };
    int fd = -1;
    int64_t size = 0, n = 0;
    cm_new_file *f = NULL;
    FILE *file = NULL;
    cm_status st = open_regular(from, &fd, &size, err);
    if (st) return st;
    char *block = malloc(BLOCK);
    if (!block) st = no_memory(err, from);
    if (!st) st = cm_new_file_open(to, &f, &file, err);
    while (!st && (n = read_fully(fd, block, BLOCK)) > 0)
        fwrite(block, 1, (size_t)n, file);
    if (!st && n < 0)
        st = CM_FAIL(err, CM_ERR_IO, .what = "file could not be read", .where = from, .why = strerror(errno));
    if (st)
        cm_new_file_abandon(f);
    else
        st = cm_new_file_commit(f, err);
    free(block);
    close(fd);
    return st;
}

cm_status cm_folder_create(const char *path, bool must_be_new, cm_error *err)
{
    if (mkdir(path, 0777) == 0) return CM_OK;
    if (errno == EEXIST && must_be_new)
        return CM_FAIL(err, CM_ERR_EXISTS, .what = "something of that name exists already", .where = path,
                       .next = "Choose another name, or remove it first");
    if (errno == EEXIST && cm_path_is_folder(path)) return CM_OK;
    return CM_FAIL(err, CM_ERR_IO, .what = "folder could not be created", .where = path,
                   .why = strerror(errno));
}

/* Removes what is in the open folder `folder`, which it closes. errno tells why on failure. */
static int remove_content(int folder, int depth)
{
    DIR *listing = fdopendir(folder);
    if (!listing) {
        close(folder);
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (errno = 0, entry = readdir(listing)) != NULL) {
        const char *name = entry->d_name;
        if (!strcmp(name, ".") || !strcmp(name, "..")) continue;
        if (unlinkat(dirfd(listing), name, 0) == 0) continue;
        if (errno != EISDIR && errno != EPERM) result = -1;
        if (result == 0 && depth == MAX_REMOVE_DEPTH) {
            errno = ENAMETOOLONG;
            result = -1;
        }
        if (result == 0) {
            int below = openat(dirfd(listing), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            result = below < 0 ? -1 : remove_content(below, depth + 1);
        }
        if (result == 0) result = unlinkat(dirfd(listing), name, AT_REMOVEDIR);
    }
    if (result == 0 && errno) result = -1;
    int code = errno;
    closedir(listing);
    errno = code;
    return result;
}

cm_status cm_folder_remove(const char *path, cm_error *err)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return CM_FAIL(err, errno == ENOENT ? CM_ERR_NOT_FOUND : CM_ERR_IO,
                       .what = "folder could not be opened for removal", .where = path,
                       .why = strerror(errno));
    if (remove_content(folder, 0) || rmdir(path))
        return CM_FAIL(err, CM_ERR_IO, .what = "folder could not be removed", .where = path,
                       .why = strerror(errno));
    return CM_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static cm_status collect_names(DIR *listing, const char *path, char ***names, int64_t *count, cm_error *err)
{
    int64_t capacity = 0;
    struct dirent *entry;
    while ((errno = 0, entry = readdir(listing)) != NULL) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (*count == MAX_NAMES)
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "folder holds too many files", .where = path,
                           .why = cm_strf("more than %d", MAX_NAMES).s);
        if (*count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            char **larger = realloc(*names, (size_t)capacity * sizeof *larger);
            if (!larger) return no_memory(err, path);
            *names = larger;
        }
        (*names)[*count] = strdup(entry->d_name);
        if (!(*names)[*count]) return no_memory(err, path);
        ++*count;
    }
    if (errno)
        return CM_FAIL(err, CM_ERR_IO, .what = "folder could not be read", .where = path,
                       .why = strerror(errno));
    return CM_OK;
}

cm_status cm_folder_list(const char *path, char ***names, int64_t *count, cm_error *err)
{
    char **found = NULL;
    int64_t n = 0;
    DIR *listing = opendir(path);
    if (!listing)
        return CM_FAIL(err, open_status(), .what = "folder could not be opened", .where = path,
                       .why = strerror(errno));
    cm_status st = collect_names(listing, path, &found, &n, err);
    closedir(listing);
    if (st) {
        cm_names_free(found, n);
        return st;
    }
    if (n > 1) qsort(found, (size_t)n, sizeof *found, compare_names);
    *names = found;
    *count = n;
    return CM_OK;
}

void cm_names_free(char **names, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* Looks at part after part of `relative` from the open folder `at` (which it closes): each must be there and
 * none may be a link. `name` has room for strlen(relative) + 1. */
static cm_status walk_beneath(int at, const char *relative, char *name, cm_error *err)
{
    cm_status st = CM_OK;
    for (const char *part = relative; !st && *part;) {
        size_t n = strcspn(part, "/");
        struct stat info;
        memcpy(name, part, n);
        name[n] = '\0';
        int next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            st = CM_FAIL(err, open_status(), .what = "file is not there", .where = relative,
                         .why = strerror(errno));
        else if (fstat(next, &info))
            st = CM_FAIL(err, CM_ERR_IO, .what = "file could not be examined", .where = relative,
                         .why = strerror(errno));
        else if (S_ISLNK(info.st_mode))
            st = CM_FAIL(err, CM_ERR_POLICY, .what = "path passes through a symbolic link", .where = relative,
                         .why = cm_strf("\"%s\" is a link", name).s, .next = "Put the file itself there");
        close(at);
        at = next;
        part += n + (part[n] == '/');
    }
    if (at >= 0) close(at);
    return st;
}

static cm_status check_relative(const char *relative, cm_error *err)
{
    const char *why = NULL;
    if (relative[0] == '/') why = "it is absolute";
    for (const char *part = relative; !why;) {
        size_t n = strcspn(part, "/");
        if (n == 0)
            why = "it is empty or has an empty part";
        else if (n == 2 && part[0] == '.' && part[1] == '.')
            why = "it has a part \"..\"";
        if (!part[n]) break;
        part += n + 1;
    }
    if (!why) return CM_OK;
    return CM_FAIL(err, CM_ERR_POLICY, .what = "path could leave its folder", .where = relative, .why = why,
                   .next = "Write it relative to the folder");
}

cm_status cm_path_beneath(const char *root, const char *relative, char **out, cm_error *err)
{
    cm_status st = check_relative(relative, err);
    if (st) return st;
    int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return CM_FAIL(err, open_status(), .what = "folder could not be opened", .where = root,
                       .why = strerror(errno));
    char *path = cm_path_join(root, relative), *name = malloc(strlen(relative) + 1);
    if (path && name) {
        st = walk_beneath(at, relative, name, err);
    } else {
        close(at);
        st = no_memory(err, relative);
    }
    free(name);
    if (st)
        free(path);
    else
        *out = path;
    return st;
}

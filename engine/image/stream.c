/* Plain and gzip files behind one reading call. gzip members are inflated one after another, as gunzip does;
 * zlib checks CRC and length of each; zero padding after the last is accepted, anything else is not. */
#include "engine/image/stream_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BUFFER_BYTES = 64 * 1024 };

struct cm_stream {
    const char *path;
    int fd;
    int64_t file_bytes;
    bool gzip, ended, cut;
    bool has_name, has_comment, has_extra;
    z_stream z;
    gz_header header;
    Bytef first_of_name, first_of_comment, first_of_extra;
    unsigned char buffer[BUFFER_BYTES];
};

/* zlib then clears the pointer of each field that a member does not have. */
static void ask_for_header(cm_stream *s)
{
    memset(&s->header, 0, sizeof s->header);
    s->header.name = &s->first_of_name;
    s->header.name_max = 1;
    s->header.comment = &s->first_of_comment;
    s->header.comm_max = 1;
    s->header.extra = &s->first_of_extra;
    s->header.extra_max = 1;
    inflateGetHeader(&s->z, &s->header);
}

static cm_status fill(cm_stream *s, cm_error *err)
{
    ssize_t n;
    do
        n = read(s->fd, s->buffer, sizeof s->buffer);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return CM_FAIL(err, CM_ERR_IO, .what = "reading failed", .where = s->path, .why = strerror(errno));
    s->z.next_in = s->buffer;
    s->z.avail_in = (uInt)n;
    return CM_OK;
}

static cm_status open_regular(const char *path, int *fd, int64_t *bytes, cm_error *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block before it is refused */
    if (*fd < 0)
        return CM_FAIL(err, errno == ENOENT || errno == ENOTDIR ? CM_ERR_NOT_FOUND : CM_ERR_IO,
                       .what = "the image file cannot be opened", .where = path, .why = strerror(errno));
    if (fstat(*fd, &st) != 0)
        return CM_FAIL(err, CM_ERR_IO, .what = "the image file cannot be examined", .where = path,
                       .why = strerror(errno));
    if (!S_ISREG(st.st_mode))
        return CM_FAIL(err, CM_ERR_POLICY, .what = "not a regular file", .where = path,
                       .why = "folders, pipes and devices are no images");
    *bytes = st.st_size;
    return CM_OK;
}

cm_status cm_stream_open(const char *path, cm_stream **out, cm_error *err)
{
    cm_stream *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to read an image", .where = path);
    s->path = path;
    cm_status st = open_regular(path, &s->fd, &s->file_bytes, err);
    if (!st) st = fill(s, err);
    if (!st && s->z.avail_in >= 2 && s->buffer[0] == 0x1f && s->buffer[1] == 0x8b) {
        if (inflateInit2(&s->z, 15 + 16) != Z_OK)
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to inflate an image", .where = path);
        else {
            s->gzip = true;
            ask_for_header(s);
        }
    }
    if (st) {
        cm_stream_close(s);
        return st;
    }
    *out = s;
    return CM_OK;
}

void cm_stream_close(cm_stream *stream)
{
    if (!stream) return;
    if (stream->gzip) inflateEnd(&stream->z);
    if (stream->fd >= 0) close(stream->fd);
    free(stream);
}

static cm_status read_plain(cm_stream *s, unsigned char *out, int64_t bytes, int64_t *got, cm_error *err)
{
    while (*got < bytes && !s->ended) {
        if (s->z.avail_in == 0) {
            cm_status st = fill(s, err);
            if (st) return st;
            s->ended = s->z.avail_in == 0;
        }
        int64_t n = bytes - *got < s->z.avail_in ? bytes - *got : s->z.avail_in;
        memcpy(out + *got, s->z.next_in, (size_t)n);
        s->z.next_in += n;
        s->z.avail_in -= (uInt)n;
        *got += n;
    }
    return CM_OK;
}

static void note_header(cm_stream *s)
{
    if (s->header.done != 1) return;
    s->has_name |= s->header.name != Z_NULL;
    s->has_comment |= s->header.comment != Z_NULL;
    s->has_extra |= s->header.extra != Z_NULL;
}

/* After a member: another member begins, or only zeros follow. */
static cm_status next_member(cm_stream *s, cm_error *err)
{
    for (bool padding = false;; padding = true) {
        cm_status st = s->z.avail_in ? CM_OK : fill(s, err);
        if (st) return st;
        if (s->z.avail_in == 0) {
            s->ended = true;
            return CM_OK;
        }
        if (!padding && s->z.next_in[0] == 0x1f) break;
        while (s->z.avail_in && s->z.next_in[0] == 0) {
            s->z.next_in++;
            s->z.avail_in--;
        }
        if (s->z.avail_in)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "something other than gzip follows the gzip data",
                           .where = s->path,
                           .why = cm_strf("at least %u bytes before the end of a file of %lld bytes",
                                          s->z.avail_in, (long long)s->file_bytes)
                                      .s);
    }
    inflateReset(&s->z);
    ask_for_header(s);
    return CM_OK;
}

static cm_status read_gzip(cm_stream *s, unsigned char *out, int64_t bytes, int64_t *got, cm_error *err)
{
    while (*got < bytes && !s->ended) {
        const int64_t room = bytes - *got < (1 << 30) ? bytes - *got : (1 << 30);
        s->z.next_out = out + *got;
        s->z.avail_out = (uInt)room;
        const int rc = inflate(&s->z, Z_NO_FLUSH);
        const int64_t produced = room - s->z.avail_out;
        cm_status st = CM_OK;
        *got += produced;
        note_header(s);
        if (rc == Z_STREAM_END)
            st = next_member(s, err);
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            st = CM_FAIL(err, rc == Z_MEM_ERROR ? CM_ERR_NOMEM : CM_ERR_FORMAT,
                         .what = "the gzip data is damaged", .where = s->path,
                         .why = s->z.msg ? s->z.msg : "the data cannot be inflated",
                         .next = "copy the file again and compare its sha256");
        else if (produced == 0 && s->z.avail_in == 0) { /* only now nothing is left inside zlib */
            st = fill(s, err);
            if (!st && s->z.avail_in == 0) s->ended = s->cut = true;
        }
        if (st) return st;
    }
    return CM_OK;
}

cm_status cm_stream_read(cm_stream *stream, void *out, int64_t bytes, int64_t *got, cm_error *err)
{
    *got = 0;
    return stream->gzip ? read_gzip(stream, out, bytes, got, err) : read_plain(stream, out, bytes, got, err);
}

cm_status cm_stream_skip(cm_stream *stream, int64_t cap, int64_t *skipped, bool *zeros, cm_error *err)
{
    unsigned char block[16384];
    *skipped = 0;
    *zeros = true;
    while (*skipped < cap) {
        int64_t want = cap - *skipped < (int64_t)sizeof block ? cap - *skipped : (int64_t)sizeof block,
                got = 0;
        cm_status st = cm_stream_read(stream, block, want, &got, err);
        if (st) return st;
        for (int64_t i = 0; i < got; i++)
            if (block[i]) *zeros = false;
        *skipped += got;
        if (got < want) break;
    }
    return CM_OK;
}

int64_t cm_stream_capacity(const cm_stream *stream)
{
    int64_t capacity = stream->file_bytes;
    if (stream->gzip && !cm_mul_i64(capacity, 1032, &capacity)) capacity = INT64_MAX;
    return capacity;
}

int64_t cm_stream_file_bytes(const cm_stream *stream)
{
    return stream->file_bytes;
}

bool cm_stream_is_gzip(const cm_stream *stream)
{
    return stream->gzip;
}

bool cm_stream_is_cut(const cm_stream *stream)
{
    return stream->cut;
}

void cm_stream_add_text(const cm_stream *stream, cm_text_found *found)
{
    if (stream->has_name) cm_text_add(found, "gzip file name");
    if (stream->has_comment) cm_text_add(found, "gzip comment");
    if (stream->has_extra) cm_text_add(found, "gzip extra field");
}

/* A fuzz target without libFuzzer: replays every file of the corpus, then makes seeded mutations of them.
 *
 *   fuzz_NAME [-rounds=N] [-seconds=S] [-seed=N] [-max_len=N] FILE-OR-FOLDER...
 *
 * The same seed and corpus give the same inputs. Before each input is tried it is kept in a file
 * `fuzz_NAME.input` in the working directory (memory-mapped, so that it is there whatever becomes of the
 * process); it is removed at a good end. A crash, a sanitizer's report, a broken promise or an input that
 * takes more than 10 s of the processor ends the program by a signal. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "engine/base/random.h"
#include "engine/base/threads.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_FILES = 4096, SECONDS_PER_INPUT = 10 };

#pragma weak LLVMFuzzerCustomMutator

typedef struct sample {
    uint8_t *data;
    size_t size;
} sample;

typedef struct corpus {
    sample item[MAX_FILES];
    int count;
    size_t largest;
} corpus;

/* Draws are numbered, so that a run can be repeated. */
static cm_random stream = {1, CM_PURPOSE_TEST};
static uint64_t drawn;

static size_t below(size_t n)
{
    return (size_t)cm_random_below(stream, drawn++, 0, n ? n : 1);
}

static int add_file(corpus *c, const char *path)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &info) || c->count == MAX_FILES) {
        fprintf(stderr, "%s cannot be read\n", path);
        if (f) fclose(f);
        return 1;
    }
    sample *s = &c->item[c->count++];
    s->size = (size_t)info.st_size;
    s->data = malloc(s->size + 1);
    const int bad = !s->data || fread(s->data, 1, s->size, f) != s->size;
    fclose(f);
    if (s->size > c->largest) c->largest = s->size;
    return bad;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* not strcoll: the order must not follow the locale */
}

static int add_path(corpus *c, const char *path)
{
    struct stat info;
    if (stat(path, &info)) {
        fprintf(stderr, "%s does not exist\n", path);
        return 1;
    }
    if (!S_ISDIR(info.st_mode)) return add_file(c, path);
    struct dirent **names = NULL;
    const int n = scandir(path, &names, NULL, compare_names);
    int bad = n < 0;
    for (int i = 0; i < n; i++) {
        char full[4096];
        snprintf(full, sizeof full, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.') bad |= add_path(c, full);
        free(names[i]);
    }
    free(names);
    return bad;
}

/* -- mutation -- */

static const corpus *all; /* for splicing; set once by main */

static size_t insert(uint8_t *data, size_t size, size_t max_size, const uint8_t *from, size_t n)
{
    if (n > max_size - size) n = max_size - size;
    const size_t at = below(size + 1);
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, from, n);
    return size + n;
}

static void set_number(uint8_t *data, size_t size)
{
    static const int64_t numbers[] = {0,         1,         -1,        127,       128,       255,       256,
                                      INT16_MAX, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, UINT32_MAX};
    const int64_t v = numbers[below(sizeof numbers / sizeof *numbers)];
    size_t n = (size_t)1 << below(4);
    if (n > size) n = size;
    memcpy(data + below(size - n + 1), &v, n);
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    uint8_t piece[64];
    const size_t kind = size ? below(8) : 7;
    const size_t at = below(size);
    size_t n = 1 + below(size - at < 40 ? size - at : 40);
    switch (kind) {
    case 0: /* a stretch gone */
        if (n > size - at) n = size - at;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 1: /* a stretch twice */
        if (n > size - at) n = size - at;
        memcpy(piece, data + at, n);
        return insert(data, size, max_size, piece, n);
    case 2: /* the end gone */
        return below(4) ? size : at;
    case 3:
        set_number(data, size);
        return size;
    case 4: /* another byte */
        data[at] = (uint8_t)below(256);
        return size;
    case 5:
    case 6: /* one bit */
        data[at] ^= (uint8_t)(1u << below(8));
        return size;
    default: { /* a stretch of another file */
        const sample *s = &all->item[below((size_t)all->count)];
        const size_t from = below(s->size);
        n = below(s->size - from < 200 ? s->size - from + 1 : 200);
        return insert(data, size, max_size, s->data + from, n);
    }
    }
}

static size_t mutate(uint8_t *data, size_t size, size_t max_size)
{
    for (size_t changes = 1 + below(4); changes > 0; changes--)
        size = LLVMFuzzerCustomMutator && below(4)
                   ? LLVMFuzzerCustomMutator(data, size, max_size, (unsigned)below(UINT32_MAX))
                   : LLVMFuzzerMutate(data, size, max_size);
    return size;
}

/* -- running -- */

/* The input last tried, where it survives the process. */
typedef struct record {
    char path[256];
    int fd;
} record;

static void try_input(const record *kept, const uint8_t *data, size_t size)
{
    if (ftruncate(kept->fd, 0) || pwrite(kept->fd, data, size, 0) != (ssize_t)size) abort();
    uint8_t *exact = malloc(size ? size : 1); /* so that a read past the end is seen */
    if (size) memcpy(exact, data, size);
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = SECONDS_PER_INPUT}, NULL);
    LLVMFuzzerTestOneInput(exact, size);
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    free(exact);
}

static int run(const corpus *c, const record *kept, long rounds, double seconds, size_t max_len)
{
    const double start = cm_now_s();
    uint8_t *data = malloc(max_len + 1);
    long done = 0;
    if (!data) return 1;
    for (int i = 0; i < c->count; i++)
        try_input(kept, c->item[i].data, c->item[i].size);
    for (; done < rounds && cm_now_s() - start < seconds; done++) {
        const sample *s = &c->item[below((size_t)c->count)];
        size_t size = s->size < max_len ? s->size : max_len;
        memcpy(data, s->data, size);
        size = mutate(data, size, max_len);
        try_input(kept, data, size);
    }
    printf("%d files and %ld mutations of them in %.1f s\n", c->count, done, cm_now_s() - start);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    static corpus c;
    long rounds = 0, seed = 1, max_len = 0;
    double seconds = 1e9;
    int bad = 0;
    for (int i = 1; i < argc; i++) {
        if (sscanf(argv[i], "-rounds=%ld", &rounds) || sscanf(argv[i], "-seconds=%lf", &seconds) ||
            sscanf(argv[i], "-seed=%ld", &seed) || sscanf(argv[i], "-max_len=%ld", &max_len))
            continue;
        bad |= add_path(&c, argv[i]);
    }
    if (bad || c.count == 0) {
        fprintf(stderr, "usage: %s [-rounds=N] [-seconds=S] [-seed=N] [-max_len=N] FILE-OR-FOLDER...\n",
                argv[0]);
        return 2;
    }
    all = &c;
    stream.seed = (uint64_t)seed;
    if (max_len <= 0) max_len = (long)c.largest + 512;
    record kept;
    const char *name = strrchr(argv[0], '/');
    snprintf(kept.path, sizeof kept.path, "%s.input", name ? name + 1 : argv[0]);
    kept.fd = open(kept.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (kept.fd < 0) return 2;
    bad = run(&c, &kept, rounds, seconds, (size_t)max_len);
    close(kept.fd);
    remove(kept.path);
    for (int i = 0; i < c.count; i++)
        free(c.item[i].data);
    return bad;
}

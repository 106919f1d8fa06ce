/* cohmark doctor, the machine: processor, memory, energy counters, GPU driver, places to write. */
#include "engine/cli/doctor_internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "engine/base/files.h"
#include "engine/base/threads.h"

#define GIB (1024.0 * 1024.0 * 1024.0)

/* The value of the first line of a /proc-like file that starts with `key` (after colon and spaces), or the
 * first line itself when key is NULL. False when there is none. */
static bool read_line(const char *path, const char *key, char *value, size_t size)
{
    char line[1024];
    bool found = false;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file)) {
        const char *start = line;
        if (key) {
            if (strncmp(line, key, strlen(key))) continue;
            start = strchr(line, ':');
            start = start ? start + 1 : line + strlen(key);
        }
        start += strspn(start, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(start, "\n"), start);
        found = true;
    }
    fclose(file);
    return found;
}

#if defined(__x86_64__)
static const char *instruction_sets(void)
{
    __builtin_cpu_init(); /* asks the operating system too, so that registers it does not save do not count */
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return "AVX-512, AVX2, FMA";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2, FMA";
    return __builtin_cpu_supports("avx") ? "AVX" : "SSE2";
}
static const bool fast_sets_expected = true;
#elif defined(__aarch64__)
static const char *instruction_sets(void)
{
    return getauxval(AT_HWCAP) & (1UL << 22) ? "NEON, SVE" : "NEON";
}
static const bool fast_sets_expected = false;
#else
static const char *instruction_sets(void)
{
    return "portable code only";
}
static const bool fast_sets_expected = false;
#endif

cm_finding cm_doctor_processor(void)
{
    cm_finding f = {.name = "processor"};
    struct utsname system;
    char model[256];
    const bool known = uname(&system) == 0;
    if (!read_line("/proc/cpuinfo", "model name", model, sizeof model))
        snprintf(model, sizeof model, "model not named by the system");
    f.found = cm_strf("%s (%s), %s", model, known ? system.machine : "unknown", instruction_sets());
    if (fast_sets_expected && !strstr(instruction_sets(), "AVX2")) {
        f.state = CM_FINDING_WARN;
        f.advice = cm_strf("Without AVX2 and FMA results are the same, but models run many times slower");
    }
    return f;
}

cm_finding cm_doctor_cores(void)
{
    cm_finding f = {.name = "cores"};
    cpu_set_t allowed;
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    int usable = (int)online;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) usable = CPU_COUNT(&allowed);
    f.found = cm_strf("%d usable of %ld", usable, online);
    if (usable < online) {
        f.state = CM_FINDING_WARN;
        f.advice =
            cm_strf("This process may use only some cores. If a job should use more, see --cpus-per-task "
                    "and --cpu-bind of srun, or taskset");
    }
    return f;
}

/* Bytes this container or job may use; INT64_MAX when there is no such limit. */
static int64_t control_group_limit(void)
{
    static const char *const places[] = {"/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    char text[64];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!read_line(places[i], NULL, text, sizeof text) || !isdigit((unsigned char)text[0])) continue;
        const int64_t limit = strtoll(text, NULL, 10);
        if (limit < (int64_t)1 << 60) /* version 1 writes a huge number for none */
            return limit;
    }
    return INT64_MAX;
}

cm_finding cm_doctor_memory(void)
{
    cm_finding f = {.name = "memory"};
    char total_kb[64], available_kb[64];
    struct rlimit address_space;
    if (!read_line("/proc/meminfo", "MemTotal", total_kb, sizeof total_kb) ||
        !read_line("/proc/meminfo", "MemAvailable", available_kb, sizeof available_kb)) {
        f.state = CM_FINDING_WARN;
        f.found = cm_strf("unknown: /proc/meminfo does not say");
        return f;
    }
    double usable = 1024.0 * strtod(available_kb, NULL);
    const double limit = (double)control_group_limit();
    cm_str capped = cm_strf("%s", "");
    if (limit < usable) {
        usable = limit;
        capped = cm_strf(", limited to %.1f GiB for this job or container", limit / GIB);
    }
    if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY) {
        const double space = (double)address_space.rlim_cur;
        usable = space < usable ? space : usable;
        capped = cm_strf("%s, address space limited to %.1f GiB (ulimit -v)", capped.s, space / GIB);
    }
    f.found = cm_strf("%.1f GiB available of %.1f GiB%s", 1024.0 * strtod(available_kb, NULL) / GIB,
                      1024.0 * strtod(total_kb, NULL) / GIB, capped.s);
    if (usable < 2 * GIB) {
        f.state = CM_FINDING_WARN;
        f.advice = cm_strf("Large 3-D models need several GiB; cohmark tool check says how much one needs");
    }
    return f;
}

cm_finding cm_doctor_energy(void)
{
    static const char counter[] = "/sys/class/powercap/intel-rapl:0/energy_uj";
    cm_finding f = {.name = "energy counter"};
    char value[64];
    if (read_line(counter, NULL, value, sizeof value)) {
        f.found = cm_strf("RAPL is readable");
        return f;
    }
    f.state = CM_FINDING_WARN;
    if (access(counter, F_OK) == 0) {
        f.found = cm_strf("RAPL is there, but this user may not read it");
        f.advice =
            cm_strf("Reports will say that energy was not measured. An administrator can allow reading "
                    "energy_uj below /sys/class/powercap");
    } else {
        f.found = cm_strf("none: this kernel shows no RAPL counter (usual in virtual machines)");
        f.advice = cm_strf("Reports will say that energy was not measured; nothing else changes");
    }
    return f;
}

cm_finding cm_doctor_gpu(void)
{
    cm_finding f = {.name = "CUDA"};
    const bool driver = cm_path_exists("/proc/driver/nvidia/version") || cm_path_exists("/dev/nvidiactl");
    f.found = cm_strf("this version has no CUDA backend; NVIDIA driver %s",
                      driver ? "present, not used" : "not present");
    return f;
}

/* Writes 1 MiB to the open file and takes a lock on it. NULL, or what failed. */
static const char *try_file(int fd)
{
    enum { PIECE = 1 << 16, PIECES = 16 };
    static const char zeros[PIECE];
    for (int i = 0; i < PIECES; i++) {
        if (write(fd, zeros, PIECE) != PIECE) return "writing";
    }
    return fsync(fd) ? "syncing" : NULL;
}

cm_finding cm_doctor_folder(const char *name, const char *folder)
{
    cm_finding f = {.name = name, .state = CM_FINDING_MISSING};
    struct statvfs space;
    char *path = cm_path_join(folder, "cohmark-doctor.XXXXXX");
    int fd = path ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd < 0) {
        f.found = cm_strf("no file can be made in %.200s: %s", folder, path ? strerror(errno) : "no memory");
        f.advice = cm_strf("Go to a folder you may write to, or set TMPDIR to one");
        free(path);
        return f;
    }
    const double start_s = cm_now_s();
    errno = 0;
    const char *failed = try_file(fd);
    const int code = errno;
    const double took_ms = 1000 * (cm_now_s() - start_s);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const bool locked = fcntl(fd, F_SETLK, &lock) == 0;
    close(fd);
    unlink(path);
    free(path);
    if (failed) {
        f.found =
            cm_strf("%s 1 MiB in %.200s failed: %s", failed, folder, code ? strerror(code) : "no space");
        f.advice = cm_strf("Check free space and quota");
        return f;
    }
    f.state = locked ? CM_FINDING_OK : CM_FINDING_WARN;
    const double free_gib =
        statvfs(folder, &space) ? 0 : (double)space.f_bavail * (double)space.f_frsize / GIB;
    f.found = cm_strf("%.200s: 1 MiB written and synced in %.0f ms, %.1f GiB free%s", folder, took_ms,
                      free_gib, locked ? "" : ", files cannot be locked");
    if (!locked)
        f.advice = cm_strf("Runs need locks for their ledger: mount Lustre with -o flock, or run elsewhere");
    else if (free_gib < 1) {
        f.state = CM_FINDING_WARN;
        f.advice = cm_strf("Cohorts and stored predictions need space; make some");
    }
    return f;
}

#include "engine/run/meter.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/files.h"

static bool read_number(const char *path, double *out)
{
    FILE *f = fopen(path, "r");
    if (!f) return false;
    bool ok = fscanf(f, "%lf", out) == 1;
    fclose(f);
    return ok;
}

/* "intel-rapl:0" is a package; "intel-rapl:0:1" is a part of one. AMD uses the same names. */
static bool is_package(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon && strncmp(name, "intel-rapl:", 11) == 0 && !strchr(colon + 1, ':');
}

void cm_meter_open(const char *powercap, bool shared_node, cm_meter *out)
{
    memset(out, 0, sizeof *out);
    char **names = NULL;
    int64_t count = 0;
    bool seen = false;
    if (shared_node) {
        snprintf(out->reason, sizeof out->reason,
                 "several ranks share a node, so energy cannot be told apart");
        return;
    }
    if (cm_folder_list(powercap, &names, &count, NULL) != CM_OK) count = 0;
    for (int64_t i = 0; i < count && out->n_packages < CM_METER_MAX_PACKAGES; i++) {
        if (!is_package(names[i])) continue;
        seen = true;
        double value;
        char *path = out->path[out->n_packages];
        char range[256];
        if (snprintf(path, sizeof out->path[0], "%s/%s/energy_uj", powercap, names[i]) >=
            (int)sizeof out->path[0])
            continue;
        if (snprintf(range, sizeof range, "%s/%s/max_energy_range_uj", powercap, names[i]) >=
            (int)sizeof range)
            continue;
        if (!read_number(path, &value) || !read_number(range, &out->range_uj[out->n_packages])) continue;
        out->n_packages++;
    }
    cm_names_free(names, count);
    if (!out->n_packages)
        snprintf(out->reason, sizeof out->reason, "%s",
                 seen ? "RAPL counters are there but may not be read by this user"
                      : "this machine has no RAPL counters");
}

cm_energy_reading cm_meter_read(const cm_meter *meter)
{
    cm_energy_reading r = {.ok = meter->n_packages > 0};
    for (int i = 0; i < meter->n_packages; i++)
        r.ok &= read_number(meter->path[i], &r.uj[i]);
    return r;
}

double cm_meter_joules(const cm_meter *meter, const cm_energy_reading *before, const cm_energy_reading *after)
{
    if (!before->ok || !after->ok) return -1;
    double sum = 0;
    for (int i = 0; i < meter->n_packages; i++) {
        double d = after->uj[i] - before->uj[i];
        sum += d >= 0 ? d : d + meter->range_uj[i];
    }
    return sum * 1e-6;
}

void cm_machine_name(const char *cpuinfo, char *buf, int64_t size)
{
    char line[512];
    snprintf(buf, (size_t)size, "unknown");
    FILE *f = fopen(cpuinfo, "r");
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || (strncmp(line, "model name", 10) != 0 && strncmp(line, "CPU part", 8) != 0)) continue;
        char *name = colon + 1;
        while (isspace((unsigned char)*name))
            name++;
        name[strcspn(name, "\n")] = 0;
        snprintf(buf, (size_t)size, "%s", name);
        break;
    }
    fclose(f);
}

/* Energy of the node's processor packages, by Linux' powercap interface (RAPL). One thread per object. */
#ifndef CM_ENGINE_RUN_METER_H
#define CM_ENGINE_RUN_METER_H

#include <stdbool.h>

#include "engine/base/status.h"

#define CM_METER_MAX_PACKAGES 16

typedef struct cm_meter {
    int n_packages;
    char path[CM_METER_MAX_PACKAGES][256];  /* energy_uj files */
    double range_uj[CM_METER_MAX_PACKAGES]; /* where the counter wraps */
    char reason[128];                       /* why there is no energy; "" when there is */
} cm_meter;

typedef struct cm_energy_reading {
    double uj[CM_METER_MAX_PACKAGES];
    bool ok;
} cm_energy_reading;

/* powercap: normally "/sys/class/powercap". shared_node: other ranks run here too, so energy cannot be told
 * apart. Never fails: reason says why there is nothing to read. */
void cm_meter_open(const char *powercap, bool shared_node, cm_meter *out);
cm_energy_reading cm_meter_read(const cm_meter *meter);
/* Joules between two readings, -1 when either is not ok. Handles one wrap of each counter. */
double cm_meter_joules(const cm_meter *meter, const cm_energy_reading *before,
                       const cm_energy_reading *after);

/* Model name of the first CPU from a /proc/cpuinfo-like file, "unknown" when it has none. */
void cm_machine_name(const char *cpuinfo, char *buf, int64_t size);

#endif

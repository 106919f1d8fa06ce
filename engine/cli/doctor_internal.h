/* What cohmark doctor found, and who looks for what. */
#ifndef CM_ENGINE_CLI_DOCTOR_INTERNAL_H
#define CM_ENGINE_CLI_DOCTOR_INTERNAL_H

#include "engine/base/status.h"

/* MISSING: the program cannot do its job here. WARN: it can, with less. */
typedef enum cm_finding_state { CM_FINDING_OK, CM_FINDING_WARN, CM_FINDING_MISSING } cm_finding_state;

typedef struct cm_finding {
    const char *name; /* "memory" */
    cm_finding_state state;
    cm_str found;  /* what is there */
    cm_str advice; /* what to do about it; empty when ok */
} cm_finding;

/* One line of the list each. Nothing is left behind and nothing is changed. */
cm_finding cm_doctor_processor(void);
cm_finding cm_doctor_kernels(void); /* a fraction of a second */
cm_finding cm_doctor_cores(void);
cm_finding cm_doctor_memory(void);
cm_finding cm_doctor_energy(void);
cm_finding cm_doctor_gpu(void);
/* Writes, syncs, locks and removes a file of 1 MiB in the folder. */
cm_finding cm_doctor_folder(const char *name, const char *folder);

#endif

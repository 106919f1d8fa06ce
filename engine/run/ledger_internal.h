#ifndef CM_ENGINE_RUN_LEDGER_INTERNAL_H
#define CM_ENGINE_RUN_LEDGER_INTERNAL_H

#include "engine/run/ledger.h"

/* A new, empty run.db with its tables. */
cm_status cm_ledger_create_database(const char *run_folder, cm_ledger *out, cm_error *err);

#endif

#ifndef CM_ENGINE_RUN_RUN_INTERNAL_H
#define CM_ENGINE_RUN_RUN_INTERNAL_H

#include "engine/run/run.h"
#include "engine/run/setup.h"

/* The setup of a run that does not exist yet: bench.xml, its cohort, the tools of bench and command line.
 * *paths: where each tool lies, freed with cm_names_free, also after a failure; setup is then freed with
 * cm_setup_fini, too. */
cm_status cm_run_setup(const cm_run_options *options, cm_setup *setup, char ***paths, int *n_paths,
                       cm_error *err);

#endif

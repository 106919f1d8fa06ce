# Sources of small cohorts, for the tests below.
add_library(cm_test_cohort STATIC unit/cohort_source.c)
target_link_libraries(cm_test_cohort PUBLIC cm_cohort PRIVATE cm_flags)

cm_add_test(NAME unit.cohort.store SOURCES unit/test_cohort_store.c LIBS cm_test_cohort LABELS unit)
cm_add_test(NAME unit.cohort.predictions SOURCES unit/test_cohort_predictions.c LIBS cm_test_cohort LABELS unit)
cm_add_test(NAME unit.cohort.refusals SOURCES unit/test_cohort_refusals.c LIBS cm_test_cohort LABELS unit)
cm_add_test(NAME unit.cohort.ranks SOURCES unit/test_cohort_ranks.c LIBS cm_test_cohort Threads::Threads LABELS unit)
cm_add_test(NAME unit.cohort.check SOURCES unit/test_cohort_check.c LIBS cm_test_cohort cm_hdf5 LABELS unit)
cm_add_test(NAME property.cohort.codec SOURCES property/test_cohort_codec.c LIBS cm_test_cohort cm_hdf5 LABELS property)
cm_add_test(NAME property.cohort.mutations SOURCES property/test_cohort_mutations.c LIBS cm_test_cohort LABELS property)
cm_add_script_test(NAME cli.cohort SCRIPT cli/cohort.sh LABELS cli)
cm_add_script_test(NAME mpi.cohort.ranks SCRIPT cli/cohort_ranks.sh LABELS mpi PROCESSORS 2)
cm_add_script_test(NAME real.cohort SCRIPT real/cohorts.sh LABELS real)

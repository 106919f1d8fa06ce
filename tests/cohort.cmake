# Sources of small cohorts, for the tests below.
add_library(cm_test_cohort STATIC unit/cohort_source.c)
target_link_libraries(cm_test_cohort PUBLIC cm_cohort PRIVATE cm_flags)

cm_add_test(NAME unit.cohort.store SOURCES unit/test_cohort_store.c LIBS cm_test_cohort LABELS unit)
cm_add_test(NAME unit.cohort.predictions SOURCES unit/test_cohort_predictions.c LIBS cm_test_cohort LABELS unit)

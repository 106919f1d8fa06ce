add_library(cm_fake_results STATIC report/fake_results.c)
target_link_libraries(cm_fake_results PUBLIC cm_report PRIVATE cm_flags)
cm_add_test(NAME unit.report.xml SOURCES unit/test_report_xml.c LIBS cm_fake_results cm_report LABELS unit)

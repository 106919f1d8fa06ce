add_library(cm_fake_results STATIC report/fake_results.c)
target_link_libraries(cm_fake_results PUBLIC cm_report PRIVATE cm_flags)
add_executable(fake_report report/fake_report.c)
target_link_libraries(fake_report PRIVATE cm_flags cm_fake_results)

cm_add_test(NAME unit.report.xml SOURCES unit/test_report_xml.c LIBS cm_fake_results cm_report LABELS unit)
cm_add_test(NAME unit.report.comparison SOURCES unit/test_report_comparison.c LIBS cm_fake_results cm_report LABELS unit)
cm_add_test(NAME unit.report.groups SOURCES unit/test_report_groups.c LIBS cm_fake_results cm_report LABELS unit)
cm_add_test(NAME unit.report.openebench SOURCES unit/test_report_openebench.c
    LIBS cm_fake_results cm_report PkgConfig::JANSSON LABELS unit)
cm_add_test(NAME unit.report.picture SOURCES unit/test_picture.c LIBS cm_run PNG::PNG LABELS unit)
cm_add_script_test(NAME cli.report.documents SCRIPT cli/report_documents.sh LABELS cli)
cm_add_script_test(NAME cli.report.verb SCRIPT cli/report_verb.sh LABELS cli TIMEOUT 300)
cm_add_script_test(NAME cli.score SCRIPT cli/score.sh LABELS cli)

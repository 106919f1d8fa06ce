cm_add_test(NAME unit.demo.phantom SOURCES unit/test_demo_phantom.c LIBS cm_demo cm_image cm_base LABELS unit)
cm_add_script_test(NAME cli.demo.source_only SCRIPT cli/demo_source_only.sh LABELS cli)

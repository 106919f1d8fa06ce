cm_add_test(NAME unit.demo.phantom SOURCES unit/test_demo_phantom.c LIBS cm_demo cm_image cm_base LABELS unit)
cm_add_script_test(NAME cli.demo.source_only SCRIPT cli/demo_source_only.sh LABELS cli)
cm_add_script_test(NAME cli.demo.whole SCRIPT cli/demo.sh LABELS cli TIMEOUT 600 PROCESSORS 2)
if(CM_SANITIZE) # some ten times slower
    set_property(TEST cli.demo.whole APPEND PROPERTY ENVIRONMENT "CM_DEMO_SIZE=--cases 9 --images 60")
endif()

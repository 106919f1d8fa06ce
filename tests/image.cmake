cm_add_test(NAME unit.image.real_files SOURCES unit/test_image_real.c LIBS cm_image LABELS unit)
set_tests_properties(unit.image.real_files PROPERTIES
    ENVIRONMENT "CM_SHARED=${PROJECT_SOURCE_DIR}/../shared")

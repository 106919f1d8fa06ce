cm_add_test(NAME unit.image.nifti SOURCES unit/test_image_nifti.c image_files.c LIBS cm_image ZLIB::ZLIB LABELS unit)
cm_add_test(NAME unit.image.png SOURCES unit/test_image_png.c image_files.c LIBS cm_image ZLIB::ZLIB LABELS unit)
cm_add_test(NAME unit.image.geometry SOURCES unit/test_image_geometry.c LIBS cm_image LABELS unit)

# Real files; the folder is named by CM_SHARED and may be absent.
cm_add_test(NAME unit.image.real_files SOURCES unit/test_image_real.c LIBS cm_image LABELS unit)
set_tests_properties(unit.image.real_files PROPERTIES
    ENVIRONMENT "CM_SHARED=${PROJECT_SOURCE_DIR}/../shared")

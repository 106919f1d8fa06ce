cm_add_test(NAME unit.kernels.volume SOURCES unit/test_volume_kernels.c LIBS cm_kernels LABELS unit)
cm_add_test(NAME property.kernels.volume SOURCES property/test_volume_kernels.c LIBS cm_kernels LABELS property)

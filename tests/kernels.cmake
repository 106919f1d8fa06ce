cm_add_test(NAME unit.kernels.elementwise SOURCES unit/test_kernels_elementwise.c LIBS cm_kernels LABELS unit)
cm_add_test(NAME unit.kernels.maps SOURCES unit/test_kernels_maps.c LIBS cm_kernels LABELS unit)
cm_add_test(NAME unit.kernels.movement SOURCES unit/test_kernels_movement.c LIBS cm_kernels LABELS unit)

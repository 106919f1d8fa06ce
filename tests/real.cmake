# Real images and models, where there are any: skipped otherwise.
add_executable(test_predictions support/predictions.c)
target_link_libraries(test_predictions PRIVATE cm_flags cm_run)
cm_add_script_test(NAME real.glioma SCRIPT real/glioma.sh LABELS real TIMEOUT 600 PROCESSORS 2)
cm_add_script_test(NAME real.chest_xray SCRIPT real/chest.sh LABELS real TIMEOUT 300 PROCESSORS 2)
cm_add_script_test(NAME real.head SCRIPT real/head.sh LABELS real TIMEOUT 1500 PROCESSORS 2)
cm_add_script_test(NAME real.non_finite_output SCRIPT real/non_finite.sh LABELS real TIMEOUT 300 PROCESSORS 2)

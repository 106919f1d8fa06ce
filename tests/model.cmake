# Writes ONNX files byte by byte; other parts' tests may link it too.
add_library(cm_onnx_write STATIC support/onnx_write.c)
target_link_libraries(cm_onnx_write PRIVATE cm_flags)

cm_add_test(NAME unit.model.refusals SOURCES unit/test_model_refusals.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.operators SOURCES unit/test_model_operators.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.plan SOURCES unit/test_model_plan.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.reading SOURCES unit/test_model_reading.c LIBS cm_model cm_onnx_write LABELS unit)

# Runs one model on one array; for comparisons with other programs.
add_executable(run_model support/run_model.c)
target_link_libraries(run_model PRIVATE cm_flags cm_model)
cm_add_script_test(NAME real.model.onnxruntime SCRIPT real/compare_onnxruntime.sh LABELS real TIMEOUT 300)
cm_add_test(NAME property.model.mutation SOURCES property/test_model_mutation.c LIBS cm_model cm_onnx_write
    LABELS property)

# Writes ONNX files byte by byte; other parts' tests may link it too.
add_library(cm_onnx_write STATIC support/onnx_write.c)
target_link_libraries(cm_onnx_write PRIVATE cm_flags)

cm_add_test(NAME unit.model.refusals SOURCES unit/test_model_refusals.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.attacks SOURCES unit/test_model_attacks.c fuzz/net_text.c LIBS cm_model cm_onnx_write
    LABELS unit)
if(CM_SANITIZE MATCHES "address")
    target_compile_definitions(test_unit_model_attacks PRIVATE CM_SANITIZED)
endif()
cm_add_test(NAME unit.model.operators SOURCES unit/test_model_operators.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.indexing SOURCES unit/test_model_indexing.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.more_operators SOURCES unit/test_model_more_operators.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.branches SOURCES unit/test_model_branches.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.plan SOURCES unit/test_model_plan.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.reading SOURCES unit/test_model_reading.c LIBS cm_model cm_onnx_write LABELS unit)

# Runs one model on one array; for comparisons with other programs.
add_executable(run_model support/run_model.c)
target_link_libraries(run_model PRIVATE cm_flags cm_model)
cm_add_script_test(NAME real.model.onnxruntime SCRIPT real/compare_onnxruntime.sh LABELS real TIMEOUT 300)
cm_add_script_test(NAME real.model.pytorch SCRIPT real/compare_pytorch.sh LABELS real TIMEOUT 300)
cm_add_script_test(NAME real.model.nets SCRIPT real/compare_nets.sh LABELS real TIMEOUT 600)
cm_add_test(NAME unit.model.footprint SOURCES unit/test_model_footprint.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME unit.model.fusion SOURCES unit/test_model_fusion.c LIBS cm_model cm_onnx_write LABELS unit)
cm_add_test(NAME property.model.memory SOURCES property/test_model_memory.c LIBS cm_model cm_onnx_write
    LABELS property)

# docs/operators.md and docs/limits.md come from the tables in the code: `cmake --build --preset release --target
# operators_doc` writes them, the test says when they are old.
add_executable(print_operators support/print_operators.c)
target_link_libraries(print_operators PRIVATE cm_flags cm_model)
add_custom_target(operators_doc
    COMMAND $<TARGET_FILE:print_operators> operators ${CMAKE_CURRENT_SOURCE_DIR}/conformance > ${PROJECT_SOURCE_DIR}/docs/operators.md
    COMMAND $<TARGET_FILE:print_operators> limits > ${PROJECT_SOURCE_DIR}/docs/limits.md)
cm_add_script_test(NAME cli.model.docs SCRIPT cli/model_docs.sh LABELS cli)
cm_add_test(NAME real.model.shared SOURCES real/test_model_shared.c LIBS cm_model LABELS real)
set_tests_properties(real.model.shared PROPERTIES ENVIRONMENT "CM_SHARED=${PROJECT_SOURCE_DIR}/../shared")

# ONNX's own tests, where their data is (Debian's libonnx-testdata; a release of onnx on the Python index).
add_executable(conformance conformance/conformance.c conformance/judge.c conformance/sample.c)
target_link_libraries(conformance PRIVATE cm_flags cm_model cm_onnx_write m)
cm_add_script_test(NAME real.model.conformance SCRIPT conformance/run.sh LABELS real TIMEOUT 300 PROCESSORS 2)

cm_add_test(NAME unit.tool.window SOURCES unit/test_tool_window.c LIBS cm_model cm_base LABELS unit)
cm_add_test(NAME unit.tool.prepare SOURCES unit/test_tool_prepare.c LIBS cm_model cm_image LABELS unit)
cm_add_test(NAME unit.tool.decide SOURCES unit/test_tool_decide.c LIBS cm_model cm_kernels LABELS unit)
cm_add_test(NAME property.tool.round_trip SOURCES property/test_tool_round_trip.c LIBS cm_model cm_image
    LABELS property)
cm_add_test(NAME unit.tool.xml SOURCES unit/test_tool_xml.c LIBS cm_model cm_base LABELS unit)
cm_add_test(NAME unit.tool.pack SOURCES unit/test_tool_pack.c LIBS cm_model cm_base LABELS unit)
cm_add_test(NAME unit.tool.session SOURCES unit/test_tool_session.c LIBS cm_model cm_onnx_write LABELS unit)

add_executable(write_tool_models support/write_tool_models.c)
target_link_libraries(write_tool_models PRIVATE cm_flags cm_onnx_write)
cm_add_script_test(NAME cli.tool SCRIPT cli/tool.sh LABELS cli)
cm_add_script_test(NAME cli.tool.hostile SCRIPT cli/tool_hostile.sh LABELS cli)
cm_add_test(NAME unit.tool.non_finite SOURCES unit/test_tool_non_finite.c LIBS cm_model cm_onnx_write LABELS unit)

# The tool package and its session: everything behind tool.h.
target_sources(cm_model PRIVATE
    budget.c cleanup.c decide.c estimate.c placement.c prepare.c prepare_bound.c profile.c resample.c session.c
    passes.c session_classify.c session_segment.c statistic.c survey.c tool.c tool_bind.c tool_check.c tool_describe.c tool_init.c tool_pack.c tool_source.c
    tool_spec.c tool_xml.c window.c)
target_link_libraries(cm_model PRIVATE LibXml2::LibXml2)
cm_embed(TARGET cm_model SYMBOL cm_tool_xsd FILE tool.xsd)

cm_add_test(NAME unit.kernels.volume SOURCES unit/test_volume_kernels.c LIBS cm_kernels LABELS unit)
cm_add_test(NAME property.kernels.volume SOURCES property/test_volume_kernels.c LIBS cm_kernels LABELS property)
cm_add_test(NAME property.kernels.resample SOURCES property/test_resample_kernels.c LIBS cm_kernels LABELS property)
cm_add_test(NAME property.metrics.bands SOURCES property/test_metrics_bands.c LIBS cm_metrics LABELS property)

cm_add_test(NAME unit.metrics.ids SOURCES unit/test_metrics_ids.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME unit.metrics.segmentation SOURCES unit/test_metrics_segmentation.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME unit.metrics.classification SOURCES unit/test_metrics_classification.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME unit.metrics.edges SOURCES unit/test_metrics_edges.c LIBS cm_metrics m LABELS unit)
cm_add_test(NAME unit.metrics.gathered SOURCES unit/test_metrics_gathered.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME unit.metrics.curves SOURCES unit/test_metrics_curves.c LIBS cm_metrics m LABELS unit)
cm_add_test(NAME unit.metrics.statistics SOURCES unit/test_metrics_statistics.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME property.metrics.segmentation SOURCES property/test_metrics_segmentation.c LIBS cm_metrics
    LABELS property)
cm_add_test(NAME property.metrics.shapes SOURCES property/test_metrics_shapes.c LIBS cm_metrics LABELS property)
cm_add_test(NAME property.metrics.mesh SOURCES property/test_metrics_mesh.c LIBS cm_metrics m LABELS property)
cm_add_test(NAME property.metrics.every_row SOURCES property/test_metrics_every_row.c LIBS cm_metrics m
    LABELS property)
cm_add_test(NAME property.metrics.lesions SOURCES property/test_metrics_lesions.c LIBS cm_metrics m LABELS property)
cm_add_test(NAME property.metrics.slices SOURCES property/test_metrics_slices.c LIBS cm_metrics m LABELS property)
cm_add_test(NAME property.metrics.statistics SOURCES property/test_metrics_statistics.c LIBS cm_metrics m
    LABELS property)
cm_add_test(NAME property.metrics.memory SOURCES property/test_metrics_memory.c LIBS cm_metrics LABELS property)
target_link_options(test_property_metrics_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc)
cm_add_test(NAME property.metrics.footprint SOURCES property/test_metrics_footprint.c LIBS cm_metrics LABELS property)
target_link_options(test_property_metrics_footprint PRIVATE
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=posix_memalign)

# Reference values; the folder is named by CM_SHARED and may be absent.
cm_add_test(NAME unit.metrics.oracle SOURCES unit/test_metrics_oracle.c LIBS cm_metrics cm_image PkgConfig::JANSSON
    LABELS unit)
set_tests_properties(unit.metrics.oracle PROPERTIES ENVIRONMENT "CM_SHARED=${PROJECT_SOURCE_DIR}/../shared")

add_test(NAME unit.metrics.documentation_is_current
    COMMAND metrics_doc --check "${PROJECT_SOURCE_DIR}/docs/metrics.md")
set_tests_properties(unit.metrics.documentation_is_current PROPERTIES LABELS unit TIMEOUT 60)
foreach(schema run/bench report/report)
    string(REPLACE "/" "_" name ${schema})
    add_test(NAME unit.metrics.${name}_schema_is_current
        COMMAND metrics_doc --check-schema "${PROJECT_SOURCE_DIR}/engine/${schema}.xsd")
    set_tests_properties(unit.metrics.${name}_schema_is_current PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
cm_add_script_test(NAME cli.metrics SCRIPT cli/metrics.sh LABELS cli)
cm_add_script_test(NAME real.metrics.compat_tools SCRIPT real/compat_tools.sh LABELS real)

cm_add_test(NAME unit.statistics.oracle SOURCES unit/test_statistics_oracle.c LIBS cm_metrics PkgConfig::JANSSON
    LABELS unit)
set_tests_properties(unit.statistics.oracle PROPERTIES ENVIRONMENT "CM_SHARED=${PROJECT_SOURCE_DIR}/../shared")
cm_add_test(NAME unit.statistics.tests SOURCES unit/test_statistics_tests.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME unit.statistics.ranking SOURCES unit/test_statistics_ranking.c LIBS cm_metrics LABELS unit)
cm_add_test(NAME property.statistics.ranking SOURCES property/test_statistics_ranking.c LIBS cm_metrics LABELS property)

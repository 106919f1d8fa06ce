# Fuzz targets (docs/fuzzing.md): what is read from outside, and the plans made from it. In the preset `fuzz` they
# are libFuzzer programs that run for CM_FUZZ_SECONDS each; everywhere else the same code replays the corpus and
# does a fixed number of seeded mutations, under the sanitizers of the preset. Label: fuzz.
set(CM_FUZZ_SECONDS 20 CACHE STRING "Seconds that one fuzz target runs in a test of the preset fuzz")
add_custom_target(fuzz_targets)

# cm_add_fuzz(NAME onnx SOURCES a.c LIBS cm_model MALLOC_MB 16 RSS_MB 512 ROUNDS 4000 [MAX_LEN 8192])
# MALLOC_MB: what one allocation may take; RSS_MB: the whole process (libFuzzer).
function(cm_add_fuzz)
    cmake_parse_arguments(F "" "NAME;MALLOC_MB;RSS_MB;ROUNDS;MAX_LEN" "SOURCES;LIBS" ${ARGN})
    if(NOT F_MAX_LEN)
        set(F_MAX_LEN 8192)
    endif()
    set(target fuzz_${F_NAME})
    set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${F_NAME}")
    add_executable(${target} fuzz/fuzz_${F_NAME}.c ${F_SOURCES})
    target_link_libraries(${target} PRIVATE cm_flags ${F_LIBS} cm_base)
    add_dependencies(fuzz_targets ${target})
    if(CM_SANITIZE MATCHES "address")
        target_compile_definitions(${target} PRIVATE CM_SANITIZED)
    endif()
    if(CM_FUZZER)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        set(work "${CMAKE_CURRENT_BINARY_DIR}/fuzz-work/${F_NAME}")
        file(MAKE_DIRECTORY "${work}/corpus" "${work}/found")
        add_test(NAME fuzz.${F_NAME} COMMAND ${target} -max_total_time=${CM_FUZZ_SECONDS} -timeout=10
            -rss_limit_mb=${F_RSS_MB} -malloc_limit_mb=${F_MALLOC_MB} -max_len=${F_MAX_LEN} -detect_leaks=1
            -print_final_stats=1 -verbosity=1 "-artifact_prefix=${work}/found/" "${work}/corpus" "${corpus}")
        math(EXPR timeout "${CM_FUZZ_SECONDS} + 120")
    else()
        target_sources(${target} PRIVATE fuzz/driver.c)
        add_test(NAME fuzz.${F_NAME} COMMAND ${target} -rounds=${F_ROUNDS} -seconds=30 "${corpus}")
        set(timeout 120)
    endif()
    set_tests_properties(fuzz.${F_NAME} PROPERTIES LABELS fuzz TIMEOUT ${timeout} ENVIRONMENT "${cm_test_environment}")
    if(CM_SANITIZE AND NOT CM_FUZZER)
        set_property(TEST fuzz.${F_NAME} APPEND PROPERTY ENVIRONMENT "ASAN_OPTIONS=max_allocation_size_mb=${F_MALLOC_MB}")
    endif()
endfunction()

cm_add_fuzz(NAME onnx SOURCES fuzz/net_work.c LIBS cm_model MALLOC_MB 16 RSS_MB 512 ROUNDS 6000)
cm_add_fuzz(NAME plan SOURCES fuzz/net_text.c fuzz/net_mutate.c fuzz/net_work.c LIBS cm_model cm_onnx_write
    MALLOC_MB 16 RSS_MB 512 ROUNDS 4000 MAX_LEN 4096)
cm_add_fuzz(NAME tool_xml LIBS cm_model MALLOC_MB 16 RSS_MB 512 ROUNDS 3000)
cm_add_fuzz(NAME tool_pack LIBS cm_model MALLOC_MB 16 RSS_MB 256 ROUNDS 20000 MAX_LEN 16384)
cm_add_fuzz(NAME bench_xml SOURCES fuzz/path.c LIBS cm_run MALLOC_MB 16 RSS_MB 512 ROUNDS 3000)
cm_add_fuzz(NAME cohort_text SOURCES fuzz/path.c LIBS cm_cohort MALLOC_MB 16 RSS_MB 512 ROUNDS 3000)
cm_add_fuzz(NAME image SOURCES fuzz/path.c LIBS cm_image MALLOC_MB 16 RSS_MB 512 ROUNDS 10000)
cm_add_fuzz(NAME openebench LIBS cm_report PkgConfig::JANSSON MALLOC_MB 16 RSS_MB 512 ROUNDS 4000)
cm_add_fuzz(NAME report_xml SOURCES fuzz/path.c LIBS cm_report MALLOC_MB 64 RSS_MB 1024 ROUNDS 120 MAX_LEN 65536)

# The binary part of the corpus comes from a program; `cmake --build --preset release --target fuzz_corpus` renews it.
if(NOT CM_FUZZER)
    add_executable(make_corpus fuzz/make_corpus.c fuzz/net_text.c image_files.c)
    target_link_libraries(make_corpus PRIVATE cm_flags cm_onnx_write ZLIB::ZLIB)
    add_custom_target(fuzz_corpus
        COMMAND $<TARGET_FILE:make_corpus> ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus)
    cm_add_script_test(NAME cli.fuzz_corpus SCRIPT cli/fuzz_corpus.sh LABELS cli)
endif()

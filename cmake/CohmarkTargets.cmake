# How a part, the program and a test are declared.

option(CM_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" ON)
set(CM_SANITIZE "" CACHE STRING "Sanitizers for every target, such as address,undefined (empty = none)")
option(CM_FUZZER "Build the fuzz targets with libFuzzer (clang; preset fuzz)" OFF)

# Flags every target of the project is compiled with. No fast-math anywhere: NaN must be visible, and the
# order of floating-point operations is part of a result.
add_library(cm_flags INTERFACE)
target_compile_features(cm_flags INTERFACE c_std_11)
target_compile_definitions(cm_flags INTERFACE _GNU_SOURCE H5_USE_110_API CM_VERSION="${PROJECT_VERSION}")
target_include_directories(cm_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(cm_flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef
    -Wno-missing-field-initializers -ffp-contract=off -fno-math-errno -fvisibility=hidden
    $<$<BOOL:${CM_WARNINGS_AS_ERRORS}>:-Werror>)
if(CM_SANITIZE)
    target_compile_options(cm_flags INTERFACE -fsanitize=${CM_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_link_options(cm_flags INTERFACE -fsanitize=${CM_SANITIZE})
endif()
if(CM_FUZZER)
    target_compile_options(cm_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# cm_add_part(NAME cm_image SOURCES a.c b.c USES cm_base [PRIVATE PNG::PNG ...])
# One static library per part. USES names the parts below it (public), PRIVATE the outside libraries.
function(cm_add_part)
    cmake_parse_arguments(P "" "NAME" "SOURCES;USES;PRIVATE" ${ARGN})
    add_library(${P_NAME} STATIC ${P_SOURCES})
    target_link_libraries(${P_NAME} PUBLIC ${P_USES} PRIVATE cm_flags ${P_PRIVATE})
endfunction()

# cm_embed(TARGET cm_cohort SYMBOL cm_cohort_xsd FILE cohort.xsd)
# Puts a file into the library as `extern const unsigned char SYMBOL[]; extern const unsigned char SYMBOL_end[];`
function(cm_embed)
    cmake_parse_arguments(E "" "TARGET;SYMBOL;FILE" "" ${ARGN})
    get_filename_component(input "${E_FILE}" ABSOLUTE)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/${E_SYMBOL}.S")
    file(CONFIGURE OUTPUT "${output}" CONTENT
"    .section .rodata\n    .balign 16\n    .global ${E_SYMBOL}\n    .hidden ${E_SYMBOL}\n${E_SYMBOL}:\n    .incbin \"${input}\"\n    .global ${E_SYMBOL}_end\n    .hidden ${E_SYMBOL}_end\n${E_SYMBOL}_end:\n    .byte 0\n    .section .note.GNU-stack,\"\",%progbits\n" @ONLY)
    set_source_files_properties("${output}" PROPERTIES OBJECT_DEPENDS "${input}")
    target_sources(${E_TARGET} PRIVATE "${output}")
endfunction()

# What a test finds in its environment. Open MPI refuses root (usual in containers) and more ranks than cores
# unless told otherwise; foreign libraries keep memory until the end, which the leak sanitizer must not count.
set(cm_test_environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
    OMPI_MCA_mpi_yield_when_idle=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe)
if(CM_SANITIZE)
    list(APPEND cm_test_environment "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0"
        "UBSAN_OPTIONS=print_stacktrace=1")
endif()

# cm_add_test(NAME unit.base.csv SOURCES unit/test_csv.c LIBS cm_base LABELS unit [RANKS 1 2 4] [TIMEOUT 60])
# A cmocka program. With RANKS it is run once per rank count under the MPI launcher.
function(cm_add_test)
    cmake_parse_arguments(T "" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS;RANKS;ARGS" ${ARGN})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 120)
    endif()
    string(REPLACE "." "_" target "test_${T_NAME}")
    add_executable(${target} ${T_SOURCES})
    target_link_libraries(${target} PRIVATE cm_flags ${T_LIBS} PkgConfig::CMOCKA m)
    if(T_RANKS)
        foreach(n IN LISTS T_RANKS)
            add_test(NAME ${T_NAME}.n${n} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n}
                $<TARGET_FILE:${target}> ${T_ARGS})
            set_tests_properties(${T_NAME}.n${n} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT}
                SKIP_RETURN_CODE 77 PROCESSORS 2 ENVIRONMENT "${cm_test_environment}")
        endforeach()
    else()
        add_test(NAME ${T_NAME} COMMAND ${target} ${T_ARGS})
        set_tests_properties(${T_NAME} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT}
            SKIP_RETURN_CODE 77 ENVIRONMENT "${cm_test_environment}")
    endif()
endfunction()

# cm_add_script_test(NAME cli.metrics.list SCRIPT cli/metrics_list.sh LABELS cli [TIMEOUT 60])
# A shell script; it gets COHMARK (the program), CM_TEST_DIR (tests/), CM_SHARED (folder of real material, may be
# absent) in its environment and a fresh scratch folder as its working directory.
function(cm_add_script_test)
    cmake_parse_arguments(T "" "NAME;SCRIPT;TIMEOUT;PROCESSORS" "LABELS" ${ARGN})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 120)
    endif()
    if(NOT T_PROCESSORS)
        set(T_PROCESSORS 1)
    endif()
    add_test(NAME ${T_NAME} COMMAND "${PROJECT_SOURCE_DIR}/tests/in_scratch.sh"
        "${CMAKE_CURRENT_SOURCE_DIR}/${T_SCRIPT}")
    set_tests_properties(${T_NAME} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT} SKIP_RETURN_CODE 77
        PROCESSORS ${T_PROCESSORS}
        ENVIRONMENT "${cm_test_environment};COHMARK=$<TARGET_FILE:cohmark>;CM_TEST_DIR=${PROJECT_SOURCE_DIR}/tests;CM_SOURCE_DIR=${PROJECT_SOURCE_DIR};CM_BUILD_DIR=${PROJECT_BINARY_DIR};CM_SHARED=${PROJECT_SOURCE_DIR}/../shared")
endfunction()

#!/usr/bin/env bash
# Builds and runs all tests, then those of single parts and of the command line once more under the address and
# undefined-behaviour sanitizers. Sets up first if needed.
# Usage: scripts/test.sh [--full]   (--full: every test under the sanitizers, ten minutes of fuzzing a target,
#        and builds by other compilers and options)
set -euo pipefail
cd "$(dirname "$0")/.."

full=no
case ${1:-} in
'') ;;
--full) full=yes ;;
--help | -h) sed -n '2,5s/^# //p' "$0" && exit 0 ;;
*) sed -n '2,5s/^# //p' "$0" >&2 && exit 2 ;;
esac

start=$SECONDS
failed=()

# run_tests NAME PRESET [CTEST OPTIONS]: goes on after a failure, so that one run shows all of them.
run_tests() {
    local name=$1 preset=$2 log; shift 2
    log=build/$preset/ctest.log
    printf '\ntest: %s\n' "$name"
    ctest --preset "$preset" --parallel "$(nproc)" "$@" 2>&1 | tee "$log" || failed+=("$name")
    # Without a terminal nobody sees a test skipped; so they are counted at the end.
    skipped=$((${skipped:-0} + $(grep -c '\*\*\*Skipped' "$log" || true)))
    ran=$((${ran:-0} + $(sed -n 's/^.*tests failed out of \([0-9]*\)$/\1/p' "$log" | tail -1)))
}

if [ $full = yes ]; then scripts/setup.sh --full; else scripts/setup.sh --tests; fi
run_tests "all tests" release

printf '\ntest: building with sanitizers\n'
cmake --preset asan >build/asan-configure.log 2>&1 || { cat build/asan-configure.log; exit 1; }
cmake --build --preset asan --parallel "$(nproc)"
if [ $full = yes ]; then
    run_tests "all tests under sanitizers" asan
else
    run_tests "tests of parts and of the command line under sanitizers" asan -L '^(unit|property|cli|fuzz)$'
fi

if [ $full = yes ] && command -v clang >/dev/null; then
    printf '\ntest: building with clang\n'
    cmake --preset debug -B build/clang -DCMAKE_C_COMPILER=clang -DCMAKE_ASM_COMPILER=clang >build/clang.log 2>&1 &&
        cmake --build build/clang --parallel "$(nproc)" || failed+=("build with clang")
fi

# Ten minutes of libFuzzer for each target (docs/fuzzing.md); the tests above have replayed its corpus.
if [ $full = yes ] && command -v clang >/dev/null; then
    printf '\ntest: building fuzz targets\n'
    if cmake --preset fuzz -DCM_FUZZ_SECONDS="${CM_FUZZ_SECONDS:-600}" >build/fuzz-configure.log 2>&1 &&
        cmake --build --preset fuzz --parallel "$(nproc)"; then
        run_tests "fuzz targets" fuzz
    else
        failed+=("build of the fuzz targets (build/fuzz-configure.log)")
    fi
fi

# The numbers must not hang on the compiler or its optimisation: the program that hashes them, built in other ways.
if [ $full = yes ]; then
    for how in gcc:-O1 gcc:-O3 clang:-O2; do
        compiler=${how%:*} build=build/bits-${how%:*}${how#*:}
        command -v "$compiler" >/dev/null || continue
        printf '\ntest: the same bits, built by %s %s\n' "$compiler" "${how#*:}"
        cmake --preset release -B "$build" -DCM_ARITHMETIC_ONLY=ON -DCM_WARNINGS_AS_ERRORS=OFF -DCMAKE_C_COMPILER="$compiler" \
            -DCMAKE_C_FLAGS_RELEASE="${how#*:}" >build/bits.log 2>&1 &&
            cmake --build "$build" --parallel "$(nproc)" &&
            "$build/tests/bits/same_bits" --expected tests/bits/expected.txt || failed+=("the same bits, $how")
    done
fi

took=$((SECONDS - start))
printf '\n'
if [ ${#failed[@]} -gt 0 ]; then
    printf 'test: FAILED: %s (%d min %02d s)\n' "$(IFS=,; echo "${failed[*]}")" $((took / 60)) $((took % 60))
    exit 1
fi
printf 'test: all %d tests passed, %d of them skipped with a reason (%d min %02d s)\n' "$ran" "$skipped" \
    $((took / 60)) $((took % 60))

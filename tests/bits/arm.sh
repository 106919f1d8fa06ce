# The same bits on 64-bit Arm: the arithmetic built by a cross compiler, run by an emulator, its digests compared with
# those of this machine.
set -eu
for program in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $program >/dev/null || {
        echo "skipped: no $program on this machine (Debian: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
        exit 77
    }
done
build="$CM_BUILD_DIR/aarch64"
mkdir -p "$build"
cmake -S "$CM_SOURCE_DIR" --preset aarch64 -B "$build" >"$build/configure.log" 2>&1 || { cat "$build/configure.log"; exit 1; }
cmake --build "$build" --parallel "$(nproc)" --target same_bits >"$build/build.log" 2>&1 || { tail -40 "$build/build.log"; exit 1; }
same_bits() {
    qemu-aarch64 "$build/tests/bits/same_bits" --expected "$CM_SOURCE_DIR/tests/bits/expected.txt" "$@"
}
same_bits --variants scalar --threads 1 &
scalar=$!
same_bits --variants neon --threads 1,3 && neon=0 || neon=$?
wait $scalar
exit $neon

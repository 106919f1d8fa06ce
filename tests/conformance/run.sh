#!/usr/bin/env bash
# ONNX's own tests: those of Debian's package libonnx-testdata, and those of the last release of onnx on the Python package
# index that carries them (fetched once into the build folder when the network is there). Every failure must be named in
# exceptions.txt, and the counts must be those of coverage.txt, from which docs/operators.md is made.
# run.sh --write writes coverage.txt anew; both sets must be there.
set -euo pipefail
here=$CM_TEST_DIR/conformance
debian=/usr/share/libonnx-testdata/data
release=1.22.0
wheel=onnx-$release-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl
sha256=1d0a2bdb15eb2b3cb65c438f3423d9620d14fdce32f92380e6bb1b2e09568ef5
cache=$CM_BUILD_DIR/onnx-$release
failed=0 sets=0

# The wheel is only unpacked, never installed or imported.
fetch() {
    [ -d "$cache/onnx/backend/test/data/node" ] && return
    command -v python3 >/dev/null || return 1
    local new=$cache.new.$$
    mkdir -p "$new"
    if timeout 120 python3 -m pip download --quiet --disable-pip-version-check --no-deps --retries 1 --timeout 10 \
        --only-binary :all: --implementation cp --abi cp311 --python-version 3.11 --platform manylinux_2_28_x86_64 \
        --dest "$new" "onnx==$release" >"$new/log" 2>&1 &&
        echo "$sha256  $new/$wheel" | sha256sum --quiet --check - >>"$new/log" 2>&1 &&
        python3 -c 'import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
z.extractall(sys.argv[2], [n for n in z.namelist() if n.startswith("onnx/backend/test/data/")])' "$new/$wheel" "$new"; then
        rm -f "$new/$wheel"
        mv "$new" "$cache" 2>/dev/null || rm -r "$new" # somebody else may have been faster
        return 0
    fi
    tail -1 "$new/log"
    rm -r "$new"
    return 1
}

# check SET FOLDER: lines of this set to coverage.new, problems told.
check() {
    local set=$1 out=$1.txt known
    sets=$((sets + 1))
    "$CM_BUILD_DIR/tests/conformance" "$set" "$2" >"$out"
    sed -n 's/^test \([^ ]*\) failed.*/\1/p' "$out" | sort >"$set.failed"
    awk -v set="$set" '!/^#/ && ($1 == set || $1 == "*") { print $2 }' "$here/exceptions.txt" | sort >"$set.excepted"
    { grep "^set " "$out"; sed -n "s/^operator \(.*\)/operator $set \1/p" "$out"; } >"$set.coverage"
    cat "$set.coverage" >>coverage.new
    while read -r name; do
        grep "^test $name failed" "$out"
        failed=1
    done < <(comm -23 "$set.failed" "$set.excepted")
    known=$(awk -v set="$set" '$2 == set' "$here/coverage.txt")
    read -r _ _ folders hit passed < <(grep "^set " "$out")
    echo "$set: $folders tests, $hit meet the list, $passed pass, $((hit - passed)) are named exceptions"
    if [ $((passed * 100)) -lt $((hit * 99)) ]; then
        echo "fewer than 99 of 100 pass"
        failed=1
    fi
    [ -n "$known" ] || return 0 # another version than the ones that were counted
    # what fails no longer, as far as this set has it
    comm -13 "$set.failed" "$set.excepted" | while read -r name; do
        [ ! -e "$2/$name" ] || echo "passes now, take it out of exceptions.txt: $name"
    done | tee stale
    [ ! -s stale ] || failed=1
    if [ "$write" = no ] && ! diff <(echo "$known") "$set.coverage"; then
        echo "coverage.txt is old: $here/run.sh --write"
        failed=1
    fi
}

write=no
[ "${1:-}" = --write ] && write=yes
: >coverage.new
if [ -d $debian/node ]; then
    check "onnx-$(dpkg-query -W -f '${Version}' libonnx-testdata 2>/dev/null | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')" $debian
else
    echo "not run: Debian's package libonnx-testdata is not installed"
fi
if fetch; then
    check onnx-1.22 "$cache/onnx/backend/test/data"
else
    echo "not run: the tests of onnx $release could not be fetched"
fi
[ $failed = 0 ] || exit 1
[ $sets -gt 0 ] || { echo "skipped: none of ONNX's tests is here"; exit 77; }
if [ $write = yes ]; then
    [ $sets = 2 ] || { echo "both sets are needed"; exit 1; }
    {
        echo "# Written by run.sh --write: tests of ONNX's own that meet the list of operators."
        echo "# set NAME TESTS MEET PASS; operator SET NAME PASS MEET"
        cat coverage.new
    } >"$here/coverage.txt"
fi

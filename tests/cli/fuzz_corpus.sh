#!/usr/bin/env bash
# The committed seeds of the fuzz targets are what make_corpus writes. (Images are not compared: their bytes
# depend on the version of zlib.)
set -eu
corpus=$CM_TEST_DIR/fuzz/corpus
"$CM_BUILD_DIR/tests/make_corpus" "$corpus" fresh
compared=0
for kind in onnx tool_pack; do
    diff -rq --exclude='found-*' "fresh/$kind" "$corpus/$kind" || {
        echo "tests/fuzz/corpus/$kind is old: cmake --build --preset release --target fuzz_corpus"
        exit 1
    }
    compared=$((compared + $(ls "fresh/$kind" | wc -l)))
done
[ "$(ls fresh/image | wc -l)" -gt 0 ]
[ "$compared" -gt 40 ] # 55 texts, and what is written by hand

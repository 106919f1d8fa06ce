#!/usr/bin/env bash
# docs/operators.md and docs/limits.md are what the tables in the code say.
set -eu
for name in operators limits; do
    "$CM_BUILD_DIR/tests/print_operators" $name "$CM_TEST_DIR/conformance" > $name.md
    diff -u "$CM_SOURCE_DIR/docs/$name.md" $name.md || {
        echo "docs/$name.md is old: cmake --build --preset release --target operators_doc"
        exit 1
    }
done

#!/usr/bin/env bash
# Runs a test script in a scratch folder of its own that is removed afterwards. Exit 77 = skipped.
set -eu
script=$(realpath "$1")
shift
scratch=$(mktemp -d "${TMPDIR:-/tmp}/cohmark-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
bash "$script" "$@"

#!/usr/bin/env bash
# cohmark demo --source-only: the same files for any number of threads, another seed gives others, and usage errors.
set -eu
"$COHMARK" demo one --source-only --cases 7 --images 6 --seed 3 --threads 1 > out.txt
grep -qx 'one/segmentation/source' out.txt
"$COHMARK" demo two --source-only --cases 7 --images 6 --seed 3 --threads 4 > /dev/null
diff -r one two
"$COHMARK" demo other --source-only --cases 1 --images 1 --seed 4 > /dev/null
! cmp -s one/segmentation/source/images/case-0001.nii.gz other/segmentation/source/images/case-0001.nii.gz

[ "$(wc -l < one/segmentation/source/cases.csv)" = 8 ]
[ "$(wc -l < one/classification/source/cases.csv)" = 7 ]
[ "$(ls one/segmentation/source/images | wc -l)" = 7 ]
[ "$(ls one/segmentation/source/references | wc -l)" = 6 ] # one case has no reference
grep -q '^case-0006,site-c,test,images/case-0006.nii.gz,,' one/segmentation/source/cases.csv

expect() { # exit code, then the command
    wanted=$1 code=0
    shift
    "$@" > /dev/null 2> err.txt || code=$?
    [ "$code" = "$wanted" ] || { echo "expected exit $wanted, got $code: $*"; cat err.txt; exit 1; }
}
expect 3 "$COHMARK" demo one --source-only # is there already
expect 2 "$COHMARK" demo
expect 2 "$COHMARK" demo new --cases 0
expect 2 "$COHMARK" demo new --seed x
expect 2 "$COHMARK" demo new --no-such-option
"$COHMARK" demo --help | grep -q -- --source-only

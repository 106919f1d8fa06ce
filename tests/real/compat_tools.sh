#!/usr/bin/env bash
# The compatibility profiles against the tools themselves, with every interpreter that has one of them: python3 and
# those named in CM_COMPAT_PYTHON (with blanks between).
set -u
tried=0 wrong=0
for python in python3 ${CM_COMPAT_PYTHON:-}; do
    command -v "$python" >/dev/null && "$python" -c 'import numpy' 2>/dev/null || continue
    status=0
    "$python" -W ignore "$CM_TEST_DIR/real/compat_tools.py" "$COHMARK" 2>tools.txt || status=$?
    [ $status -eq 77 ] && continue
    tried=1
    [ $status -eq 0 ] || { cat tools.txt; wrong=1; }
done
[ $tried -eq 1 ] || { echo "skipped: no python3 with MONAI, surface-distance, MedPy or panoptica"; exit 77; }
exit $wrong

#!/usr/bin/env bash
# The engine against PyTorch, with the first python3 that has it.
for python in python3 /usr/bin/python3; do
    if command -v $python >/dev/null && $python -c 'import torch' 2>/dev/null; then
        exec $python "$CM_TEST_DIR/real/compare_pytorch.py" "$CM_BUILD_DIR/tests/run_model"
    fi
done
echo "skipped: no python3 with torch"
exit 77

#!/usr/bin/env bash
# Whole nets against PyTorch and ONNX Runtime, with the first interpreter that has torch (CM_BENCH_PYTHON, python3).
for python in "${CM_BENCH_PYTHON:-}" python3 /usr/bin/python3; do
    if [ -n "$python" ] && command -v "$python" >/dev/null && "$python" -c 'import torch' 2>/dev/null; then
        exec "$python" "$CM_TEST_DIR/real/compare_nets.py" "$CM_BUILD_DIR/tests/run_model"
    fi
done
echo "skipped: no python3 with torch"
exit 77

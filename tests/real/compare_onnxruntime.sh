#!/usr/bin/env bash
# The engine against ONNX Runtime, where python3 has it.
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
exec python3 "$CM_TEST_DIR/real/compare_onnxruntime.py" "$CM_BUILD_DIR/tests/run_model"

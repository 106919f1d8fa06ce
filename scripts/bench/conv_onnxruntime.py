#!/usr/bin/env python3
"""Speed of one convolution in ONNX Runtime, measured as bench_conv measures ours: GFLOP per second of CPU time.

usage: conv_onnxruntime.py IN OUT KERNEL SIZE [STRIDE [DILATION [REPEATS]]]
Needs onnx and onnxruntime. One thread; LeakyReLU follows, as in bench_conv.
"""
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

cin, cout, kernel, size = map(int, sys.argv[1:5])
stride, dilation, repeats = (int(v) for v in (sys.argv[5:8] + ["1", "1", "5"][len(sys.argv) - 5:]))
pad = dilation * (kernel - 1) // 2
random = np.random.default_rng(1)
weight = random.standard_normal((cout, cin, kernel, kernel, kernel)).astype(np.float32)
bias = random.standard_normal(cout).astype(np.float32)
graph = helper.make_graph(
    [helper.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[kernel] * 3, pads=[pad] * 6,
                      strides=[stride] * 3, dilations=[dilation] * 3),
     helper.make_node("LeakyRelu", ["c"], ["y"], alpha=0.01)],
    "conv",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, cin] + [size] * 3)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(bias, "b")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
x = random.standard_normal((1, cin) + (size,) * 3).astype(np.float32)
rates = []
for _ in range(repeats):
    start = time.process_time()
    y = session.run(None, {"x": x})[0]
    rates.append(2.0 * y.size * cin * kernel**3 / (time.process_time() - start) * 1e-9)
rates.sort()
print(f"onnxruntime {onnxruntime.__version__} {cin}->{cout} k{kernel} s{stride} d{dilation} @{size}^3: "
      f"best {rates[-1]:.1f} median {rates[len(rates) // 2]:.1f} GFLOP/s")

"""Compares the engine with ONNX Runtime, operator by operator over the opsets, and on small nets.

usage: compare_onnxruntime.py RUN_MODEL [NAME]   (NAME: only cases whose name holds it)

Every case is a small model made here: one input x, everything else constants. Both sides must agree in shape
and to 1e-5 of the largest value. Exit code 77 when onnx or onnxruntime is not installed.
"""

import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-5
onnxruntime.set_default_logger_severity(4)
random = np.random.RandomState(7)


def f32(*shape):
    return random.randn(*shape).astype(np.float32)


def i64(*values):
    return np.array(values, dtype=np.int64)


class Case:
    """One operator: x of a shape, constants for the other inputs (None = left out), attributes."""

    def __init__(self, op, opset, x, constants=(), outputs=1, x_at=0, data=None, positive=False, **attributes):
        self.name = f"{op}@{opset} x{list(x)} " + ",".join(f"{k}={v}" for k, v in attributes.items())
        self.opset, self.shape = opset, list(x)
        self.data = data if data is not None else f32(*x)
        if positive:
            self.data = np.abs(self.data) + np.float32(0.1)
        names, initializers = [], []
        for i, value in enumerate(constants):
            if value is None:
                names.append("")
                continue
            names.append(f"c{i}")
            initializers.append(numpy_helper.from_array(np.asarray(value), f"c{i}"))
        names.insert(x_at, "x")
        out = [f"y{i}" if i else "r" for i in range(outputs)]
        nodes = [helper.make_node(op, names, out, **attributes)]
        # the sum of all outputs would hide a swap: they are flattened and joined instead
        if outputs > 1:
            flat = [helper.make_node("Flatten", [o], [f"f{o}"], axis=0) for o in out]
            nodes += flat + [helper.make_node("Concat", [f"f{o}" for o in out], ["y"], axis=1)]
        else:
            nodes.append(helper.make_node("Cast", ["r"], ["y"], to=TensorProto.FLOAT))
        self.graph = (nodes, initializers)

    def model(self):
        nodes, initializers = self.graph
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        graph = helper.make_graph(nodes, "g", [x], [y], initializers)
        return finish(graph, self.opset)


class Net:
    """Several nodes, given as (op, inputs, output, attributes)."""

    def __init__(self, name, opset, x, nodes, constants, positive=False):
        self.name = f"net {name}@{opset}"
        self.shape = list(x)
        self.data = np.abs(f32(*x)) + np.float32(0.1) if positive else f32(*x)
        made = [helper.make_node(op, inputs.split(","), output.split(","), **attributes)
                for op, inputs, output, attributes in nodes]
        initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
        self.parts = (made, initializers, opset)

    def model(self):
        nodes, initializers, opset = self.parts
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [f"d{i}" for i in range(len(self.shape))])
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        return finish(helper.make_graph(nodes, "g", [x], [y], initializers), opset)


def finish(graph, opset):
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 7 if opset < 18 else 8
    return model


def convolutions():
    for opset in (9, 11, 22):
        yield Case("Conv", opset, (2, 3, 7), [f32(4, 3, 3)], pads=[1, 1])
        yield Case("Conv", opset, (1, 4, 9, 8), [f32(6, 2, 3, 2), f32(6)], group=2, strides=[2, 1], pads=[1, 0, 2, 1])
        yield Case("Conv", opset, (1, 2, 6, 7, 8), [f32(3, 2, 3, 3, 3), f32(3)], pads=[1] * 6)
        yield Case("Conv", opset, (1, 2, 9, 9, 9), [f32(3, 2, 3, 3, 3), f32(3)], dilations=[2, 1, 3], pads=[2, 1, 3] * 2)
        yield Case("Conv", opset, (1, 4, 7, 7), [f32(4, 1, 3, 3)], group=4, auto_pad="SAME_UPPER", strides=[2, 2])
        yield Case("Conv", opset, (1, 1, 8, 7), [f32(2, 1, 4, 4)], auto_pad="SAME_LOWER", kernel_shape=[4, 4])
        yield Case("Conv", opset, (1, 1, 8, 7), [f32(2, 1, 3, 3)], auto_pad="VALID")
        yield Case("Conv", opset, (1, 33, 5, 6), [f32(17, 33, 1, 1), f32(17)])
        yield Case("ConvTranspose", opset, (1, 3, 4, 5), [f32(3, 2, 2, 2), f32(2)], strides=[2, 2])
        yield Case("ConvTranspose", opset, (1, 3, 4, 5, 3), [f32(3, 2, 3, 3, 3), f32(2)], strides=[2] * 3,
                   pads=[1] * 6, output_padding=[1] * 3)
        yield Case("ConvTranspose", opset, (1, 4, 4, 5), [f32(4, 3, 3, 3)], group=2, strides=[2, 1], dilations=[1, 2])
        yield Case("ConvTranspose", opset, (1, 2, 6), [f32(2, 2, 4)], strides=[3], pads=[1, 2])
        yield Case("ConvTranspose", opset, (1, 1, 3, 3), [f32(1, 2, 3, 3)], strides=[3, 2], output_shape=[10, 8])
        yield Case("ConvTranspose", opset, (1, 1, 3, 3), [f32(1, 2, 3, 3)], strides=[2, 2], auto_pad="SAME_UPPER")


def pools():
    for opset in (9, 11, 12, 19, 22):
        yield Case("MaxPool", opset, (1, 2, 8, 9), kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
        yield Case("MaxPool", opset, (1, 2, 6, 7, 5), kernel_shape=[2, 2, 2], strides=[2, 2, 2])
        yield Case("MaxPool", opset, (1, 2, 9), kernel_shape=[3], auto_pad="SAME_UPPER", strides=[2])
        yield Case("AveragePool", opset, (1, 2, 8, 9), kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
        yield Case("AveragePool", opset, (1, 2, 8, 9), kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1)
        yield Case("AveragePool", opset, (1, 2, 6, 7, 5), kernel_shape=[2, 2, 2], strides=[2, 2, 2])
        yield Case("AveragePool", opset, (1, 2, 9), kernel_shape=[3], auto_pad="SAME_LOWER", strides=[2])
        if opset >= 10:
            yield Case("MaxPool", opset, (1, 2, 8, 8), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
            yield Case("MaxPool", opset, (1, 2, 8, 8), kernel_shape=[2, 2], dilations=[2, 3])
            yield Case("MaxPool", opset, (1, 1, 5, 5), kernel_shape=[2, 2], strides=[2, 2], pads=[1] * 4, ceil_mode=1)
            yield Case("AveragePool", opset, (1, 2, 8, 8), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
        if opset >= 19:
            yield Case("AveragePool", opset, (1, 2, 8, 8), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1,
                       count_include_pad=1, pads=[1] * 4)
            yield Case("AveragePool", opset, (1, 2, 8, 8), kernel_shape=[2, 2], dilations=[2, 3])
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        yield Case(op, 13, (2, 3, 5, 4))
        yield Case(op, 13, (1, 3, 5, 4, 2))


def normalisations():
    for opset in (9, 14, 15):
        yield Case("BatchNormalization", opset, (2, 3, 4, 5), [f32(3), f32(3), f32(3), np.abs(f32(3)) + 0.1], epsilon=1e-3)
        yield Case("BatchNormalization", opset, (4, 3), [f32(3), f32(3), f32(3), np.abs(f32(3)) + 0.1])
    for opset in (9, 13, 22):
        yield Case("InstanceNormalization", opset, (2, 3, 6, 5), [f32(3), f32(3)])
        yield Case("InstanceNormalization", opset, (1, 3, 4, 5, 6), [f32(3), f32(3)], epsilon=1e-2)
    for axis in (-1, 1, 2):
        shape = (2, 3, 4, 5)
        n = shape[axis:] if axis >= 0 else shape[-1:]
        yield Case("LayerNormalization", 17, shape, [f32(*n), f32(*n)], axis=axis)
    yield Case("LayerNormalization", 17, (2, 6), [f32(6)], epsilon=1e-3)
    yield Case("GroupNormalization", 18, (2, 6, 4, 5), [f32(3), f32(3)], num_groups=3)
    yield Case("GroupNormalization", 21, (2, 6, 4, 5), [f32(6), f32(6)], num_groups=3, epsilon=1e-2)


def elementwise():
    plain = ["Abs", "Ceil", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "LeakyRelu", "Neg", "Reciprocal", "Relu",
             "Selu", "Sigmoid", "Sign", "Softplus", "Tanh"]
    for op in plain:
        for opset in (9, 13, 16, 22):
            yield Case(op, opset, (2, 3, 7))
    for opset in (9, 13):
        yield Case("Log", opset, (3, 5), positive=True)
        yield Case("Sqrt", opset, (3, 5), positive=True)
    yield Case("Elu", 13, (40,), alpha=0.3)
    yield Case("LeakyRelu", 13, (40,), alpha=0.2)
    yield Case("Selu", 13, (40,), alpha=2.0, gamma=0.5)
    yield Case("HardSigmoid", 13, (40,), alpha=0.3, beta=0.4)
    yield Case("HardSwish", 14, (40,), data=4 * f32(40))
    yield Case("Round", 13, (6,), data=np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.4], np.float32))
    yield Case("Gelu", 20, (40,))
    yield Case("Gelu", 20, (40,), approximate="tanh")
    yield Case("Clip", 9, (40,), min=-0.5, max=0.25)
    yield Case("Clip", 9, (40,), max=0.25)
    for opset in (11, 12, 13):
        yield Case("Clip", opset, (40,), [np.float32(-0.5), np.float32(0.25)])
        yield Case("Clip", opset, (40,), [None, np.float32(0.25)])
        yield Case("Clip", opset, (40,), [np.float32(-0.5)])
    for op in ("Add", "Sub", "Mul", "Div"):
        for opset in (9, 13, 14):
            yield Case(op, opset, (2, 3, 4), [f32(3, 1)])
            yield Case(op, opset, (3, 1), [f32(2, 3, 4)], x_at=1)
            yield Case(op, opset, (2, 3, 4), [f32(2, 3, 4)])
    yield Case("Pow", 13, (3, 4), [np.float32(2.0)])
    yield Case("Pow", 13, (3, 4), [f32(3, 4)], positive=True)
    yield Case("Pow", 13, (3, 4), [np.array(3, np.int64)])
    for op in ("Equal", "Less", "Greater"):
        yield Case(op, 13, (6,), [np.array([0, 1, 2, 0, 1, 2], np.float32)], data=np.array([0, 0, 0, 1, 1, 3], np.float32))
    for op in ("LessOrEqual", "GreaterOrEqual"):
        yield Case(op, 13, (6,), [np.array([0, 1, 2, 0, 1, 2], np.float32)], data=np.array([0, 0, 0, 1, 1, 3], np.float32))
    yield Case("PRelu", 9, (2, 3, 4, 4), [f32(3, 1, 1)])
    yield Case("PRelu", 16, (2, 3, 4), [f32(1)])
    yield Case("Mod", 13, (6,), [np.array([3, 3, -3, -3, 2, 2], np.float32)], fmod=1,
               data=np.array([7, -7, 7, -7, 5.5, -5.5], np.float32))
    for op in ("Max", "Min", "Sum"):
        yield Case(op, 9, (3, 4))
        yield Case(op, 13, (3, 4), [f32(4)])
        yield Case(op, 13, (4,), [f32(3, 1), f32(2, 1, 4)])
    yield Case("Where", 16, (3, 4), [np.array([[True], [False], [True]]), f32(4)], x_at=1)
    for to in (TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8, TensorProto.BOOL):
        yield Case("Cast", 13, (6,), data=np.array([0, 0.9, 1.1, 2.5, 100.7, 3], np.float32), to=to)
    yield Case("Cast", 13, (4,), data=np.array([-0.9, -1.1, -2.5, -100.7], np.float32), to=TensorProto.INT64)
    yield Case("Identity", 13, (3,))
    yield Case("Dropout", 9, (3,), ratio=0.3)
    yield Case("Dropout", 13, (3,), [np.float32(0.3)])


def reductions():
    for op in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2"):
        for opset in (9, 11, 13, 18, 20):
            as_input = opset >= (13 if op == "ReduceSum" else 18)
            for axes in ([1], [-1, 0], [2, 3]):
                for keep in (0, 1):
                    if as_input:
                        yield Case(op, opset, (2, 3, 4, 5), [i64(*axes)], keepdims=keep)
                    elif opset >= 11 or min(axes) >= 0:
                        yield Case(op, opset, (2, 3, 4, 5), axes=axes, keepdims=keep)
            yield Case(op, opset, (2, 3, 4))
            if as_input and op != "ReduceL2":
                yield Case(op, opset, (2, 3), noop_with_empty_axes=1)
    for op in ("ArgMax", "ArgMin"):
        for opset in (9, 11, 13):
            yield Case(op, opset, (2, 5, 4), axis=1)
            yield Case(op, opset, (2, 5, 4), axis=1, keepdims=0)
            yield Case(op, opset, (2, 5, 4))
    for op in ("Softmax", "LogSoftmax"):
        for opset in (9, 11, 13):
            yield Case(op, opset, (2, 3, 4, 5))
            yield Case(op, opset, (2, 3, 4, 5), axis=2)
            if opset >= 11:
                yield Case(op, opset, (2, 3, 4), axis=-1)


def matrices():
    for opset in (9, 11, 13):
        yield Case("Gemm", opset, (3, 4), [f32(4, 5), f32(5)])
        yield Case("Gemm", opset, (4, 3), [f32(5, 4), f32(3, 1)], transA=1, transB=1, alpha=0.5, beta=2.0)
        yield Case("MatMul", opset, (2, 3, 4), [f32(4, 5)])
        yield Case("MatMul", opset, (2, 1, 3, 4), [f32(5, 4, 2)])
        yield Case("MatMul", opset, (4,), [f32(4, 5)])
        yield Case("MatMul", opset, (4,), [f32(2, 4, 5)])
        yield Case("MatMul", opset, (3, 4), [f32(4)])
        yield Case("MatMul", opset, (4,), [f32(4)])
    yield Case("Gemm", 13, (3, 4), [f32(4, 5)])


def movements():
    for opset in (9, 13):
        yield Case("Concat", opset, (2, 3, 4), [f32(2, 1, 4), f32(2, 2, 4)], axis=1)
        yield Case("Transpose", opset, (2, 3, 4, 5), perm=[0, 2, 3, 1])
        yield Case("Transpose", opset, (2, 3, 4))
        yield Case("Flatten", opset, (2, 3, 4), axis=2)
        yield Case("Flatten", opset, (2, 3, 4), axis=0)
        yield Case("Reshape", opset, (2, 3, 4), [i64(0, -1)])
        yield Case("Gather", opset, (4, 5), [np.array([[0, 2], [3, 1]], np.int64)], axis=0)
        yield Case("Gather", opset, (4, 5), [np.array(1, np.int64)], axis=1)
        yield Case("Expand", opset, (3, 1), [i64(2, 1, 4)])
        yield Case("Tile", opset, (2, 3), [i64(2, 3)])
        for mode in ("DCR", "CRD") if opset >= 11 else ("DCR",):
            extra = {"mode": mode} if opset >= 11 else {}
            yield Case("DepthToSpace", opset, (2, 8, 3, 2), blocksize=2, **extra)
        yield Case("SpaceToDepth", opset, (2, 2, 4, 6), blocksize=2)
    yield Case("Gather", 13, (4, 5), [i64(-1, 0)], axis=-1)
    yield Case("Reshape", 14, (2, 3, 4), [i64(4, 6)], allowzero=1)
    yield Case("Squeeze", 11, (1, 3, 1, 4), axes=[0, 2])
    yield Case("Squeeze", 13, (1, 3, 1, 4), [i64(-2)])
    yield Case("Squeeze", 13, (1, 3, 1, 4))
    yield Case("Unsqueeze", 11, (3, 4), axes=[0, 3])
    yield Case("Unsqueeze", 13, (3, 4), [i64(-1, 1)])
    yield Case("Split", 9, (6, 4), outputs=2, axis=0)
    yield Case("Split", 11, (6, 4), outputs=3, axis=1, split=[1, 2, 1])
    yield Case("Split", 13, (6, 4), [i64(4, 2)], outputs=2, axis=0)
    yield Case("Split", 18, (7, 4), outputs=3, axis=0, num_outputs=3)
    yield Case("Slice", 9, (6, 7), starts=[1, -3], ends=[5, 100], axes=[0, 1])
    for opset in (10, 13):
        yield Case("Slice", opset, (6, 7), [i64(1, -1), i64(5, -8), i64(0, 1), i64(2, -2)])
        yield Case("Slice", opset, (6, 7), [i64(1), i64(2**62), i64(-1)])
        yield Case("Slice", opset, (6, 7), [i64(0, 2), i64(3, 4)])
    yield Case("Pad", 9, (2, 3), pads=[1, 0, 2, 1], value=0.5)
    yield Case("Pad", 9, (3, 4), pads=[0, 2, 0, 1], mode="edge")
    for opset in (11, 13, 19):
        yield Case("Pad", opset, (2, 3), [i64(1, 0, 2, 1), np.float32(0.5)])
        yield Case("Pad", opset, (1, 2, 3, 4), [i64(0, 0, 1, 2, 0, 0, 2, 1)], mode="reflect")
        yield Case("Pad", opset, (1, 2, 3, 4), [i64(0, 0, 1, 2, 0, 0, 2, 1)], mode="edge")
        yield Case("Pad", opset, (4, 5), [i64(-1, 0, 0, -2)])
        yield Case("Pad", opset, (4, 5), [i64(0, 0, 0, 0)])
    yield Case("Pad", 18, (4, 5), [i64(1, 2), np.float32(3), i64(-1)])


def indexing():
    equations = [("bhwc,hkc->bhwk", (2, 3, 4, 5), (3, 6, 5)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
                 ("bhxd,bhyd->bhxy", (2, 3, 4, 5), (2, 3, 6, 5)), ("bhxy,bhyd->bhxd", (2, 3, 4, 5), (2, 3, 5, 6)),
                 ("ij,ij->j", (3, 4), (3, 4)), ("...ij,...jk", (2, 3, 4), (4, 5)), ("abc,cd->dab", (2, 3, 4), (4, 2)),
                 ("nctkv,kvw->nctw", (2, 3, 4, 2, 3), (2, 3, 5)), ("ij,kl->ljki", (2, 3), (4, 5)),
                 ("iij,jk->ki", (3, 3, 4), (4, 2)), ("bchw,bc->bhw", (2, 3, 4, 5), (2, 3))]
    for equation, a, b in equations:
        yield Case("Einsum", 13, a, [f32(*b)], equation=equation)
        yield Case("Einsum", 12, b, [f32(*a)], x_at=1, equation=equation)
    yield Case("Einsum", 13, (2, 3), [f32(3, 4), f32(4, 5)], equation="ij,jk,kl->il")
    yield Case("Einsum", 13, (2, 3, 3), equation="bii->b")
    rows = np.array([[0, 2, -1], [1, -3, 0]], np.int64)
    for opset in (11, 13):
        yield Case("GatherElements", opset, (2, 3), [rows], axis=1)
        yield Case("GatherElements", opset, (3, 4), [rows])
        yield Case("GatherND", opset, (2, 3, 4), [np.array([[1, 0], [0, -1]], np.int64)])
        yield Case("GatherND", opset, (2, 3, 4), [np.array([[[1]]], np.int64)])
    yield Case("GatherND", 13, (2, 3, 4), [np.array([[1], [2]], np.int64)], batch_dims=1)
    yield Case("Scatter", 9, (3, 4), [np.array([[1, 0], [2, 2]], np.int64), f32(2, 2)], axis=0)
    for opset in (11, 13, 16, 18):
        yield Case("ScatterElements", opset, (3, 4), [np.array([[1, 0], [2, 3]], np.int64), f32(2, 2)], axis=1)
        yield Case("ScatterND", opset, (3, 4), [np.array([[1], [2]], np.int64), f32(2, 4)])
        yield Case("ScatterND", opset, (3, 4), [np.array([[1, -1], [2, 0]], np.int64), f32(2)])
        for how in ("add", "mul") + (("min", "max") if opset >= 18 else ()):
            if opset >= 16:
                yield Case("ScatterElements", opset, (3, 4), [np.array([[1, 1], [2, 2]], np.int64), f32(2, 2)], axis=1, reduction=how)
                yield Case("ScatterND", opset, (3, 4), [np.array([[1], [1]], np.int64), f32(2, 4)], reduction=how)


def many_shapes():
    """What no test of ONNX's own covers: the operators of 3-D nets, 1-D to 3-D, on shapes drawn from a seed."""
    draw = np.random.RandomState(11)

    def between(low, high, n):
        return [int(v) for v in draw.randint(low, high + 1, n)]

    for spatial in (1, 2, 3) * 8:
        kernel, stride, dilation = between(1, 4, spatial), between(1, 3, spatial), between(1, 2, spatial)
        pads, groups = between(0, 2, 2 * spatial), between(1, 3, 1)[0]
        size = [max(n, (k - 1) * d + 1) for n, k, d in zip(between(4, 13, spatial), kernel, dilation)]
        per_group = between(1, 5, 2)
        yield Case("Conv", 11, (*between(1, 2, 1), groups * per_group[0], *size),
                   [f32(groups * per_group[1], per_group[0], *kernel), f32(groups * per_group[1])], group=groups,
                   strides=stride, dilations=dilation, pads=pads)
        stride = [max(s, 1) for s in between(1, 3, spatial)]
        extra = [int(draw.randint(0, s)) for s in stride]
        pads = [int(draw.randint(0, k)) for k in kernel] * 2
        yield Case("ConvTranspose", 11, (1, groups * per_group[0], *between(2, 7, spatial)),
                   [f32(groups * per_group[0], per_group[1], *kernel), f32(groups * per_group[1])], group=groups,
                   strides=stride, output_padding=extra, pads=pads if min(kernel) > 1 else [0] * 2 * spatial)
        channels = between(1, 9, 1)[0]
        yield Case("InstanceNormalization", 13, (*between(1, 2, 1), channels, *between(2, 12, spatial)),
                   [f32(channels), f32(channels)], epsilon=1e-3)
        old, new = between(1, 9, spatial), between(1, 14, spatial)
        for coordinates in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"):
            yield Case("Resize", 13, (1, 2, *old), [np.array([], np.float32), np.array([], np.float32), i64(1, 2, *new)],
                       mode="linear", coordinate_transformation_mode=coordinates)
        yield Case("Resize", 13, (1, 2, *old), [np.array([], np.float32), np.array([], np.float32), i64(1, 2, *new)],
                   mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        groups, per = between(1, 4, 1)[0], between(1, 4, 1)[0]
        shape = (2, groups * per, *between(2, 9, spatial))
        wide = (groups * per,) + (1,) * spatial
        yield Net(f"group norm as exported {list(shape)}", 13, shape, [
            ("Reshape", "x,grouped", "a", {}), ("InstanceNormalization", "a,one,zero", "b", {"epsilon": 1e-3}),
            ("Shape", "x", "s", {}), ("Reshape", "b,s", "c", {}), ("Mul", "c,scale", "d", {}), ("Add", "d,bias", "y", {})],
            {"grouped": i64(0, groups, -1), "one": np.ones(groups, np.float32), "zero": np.zeros(groups, np.float32),
             "scale": f32(*wide), "bias": f32(*wide)})
        yield Case("GroupNormalization", 21, shape, [f32(groups * per), f32(groups * per)], num_groups=groups)


def attentions():
    for opset, mode in ((16, "bilinear"), (16, "nearest"), (16, "bicubic"), (20, "linear"), (20, "nearest"), (20, "cubic")):
        for padding in ("zeros", "border", "reflection"):
            for corners in (0, 1):
                if mode == "nearest" and padding == "reflection" and not corners:
                    continue  # ONNX Runtime differs from PyTorch here, and the engine is with PyTorch
                grid = np.clip(f32(2, 5, 6, 2), -1.4, 1.4)
                yield Case("GridSample", opset, (2, 3, 5, 7), [grid], mode=mode, padding_mode=padding, align_corners=corners)
    for mode in ("linear", "nearest"):
        yield Case("GridSample", 20, (1, 2, 4, 5, 6), [np.clip(f32(1, 3, 4, 5, 3), -1.2, 1.2)], mode=mode)
    for axis in (0, 1, -1):
        yield Case("CumSum", 14, (4, 5, 6), [np.array(axis)])
        yield Case("Trilu", 14, (2, 5, 4), [np.array(axis)])
        yield Case("Hardmax", 13, (4, 5, 6), axis=axis)
    for op in ("ReduceL1", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"):
        yield Case(op, 13, (2, 3, 4, 5), axes=[1, 3], positive=True)
        yield Case(op, 18, (2, 3, 4), [i64(0)], keepdims=0, positive=True)
    for op in ("Sin", "Cos", "Tan", "Softsign", "Mish", "Celu", "ThresholdedRelu", "Shrink"):
        yield Case(op, 18, (50,))
    yield Case("LRN", 13, (2, 7, 4, 3), size=5, alpha=0.3, beta=0.6, bias=1.5)
    yield Case("Attention", 23, (2, 4, 5, 8), [f32(2, 2, 6, 8), f32(2, 2, 6, 8)])
    yield Case("Attention", 23, (2, 5, 32), [f32(2, 6, 16), f32(2, 6, 16), f32(5, 6)], q_num_heads=4, kv_num_heads=2)
    yield Case("RMSNormalization", 23, (2, 5, 32), [f32(32)])
    for opset in (11, 13, 19):
        yield Case("Resize", opset, (1, 2, 5, 6), [np.array([], np.float32), np.array([1, 1, 0.6, 1.7], np.float32)],
                   mode="cubic", exclude_outside=1)
    yield Case("Pad", 19, (1, 2, 3, 4), [i64(0, 0, 1, 2, 0, 0, 2, 1)], mode="wrap")
    for to in (TensorProto.INT8, TensorProto.INT16, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64):
        yield Case("Cast", 13, (6,), data=np.array([0, 0.9, 1.1, 2.5, 100.7, 3], np.float32), to=to)


def resizes():
    yield Case("Upsample", 9, (1, 2, 3, 4), [np.array([1, 1, 2, 2], np.float32)], mode="nearest")
    yield Case("Upsample", 9, (1, 2, 3, 4), [np.array([1, 1, 2, 3], np.float32)], mode="linear")
    yield Case("Resize", 10, (1, 2, 3, 4), [np.array([1, 1, 2, 2], np.float32)], mode="nearest")
    yield Case("Resize", 10, (1, 2, 6, 4), [np.array([1, 1, 0.5, 0.5], np.float32)], mode="nearest")
    yield Case("Resize", 10, (1, 2, 3, 4), [np.array([1, 1, 2, 3], np.float32)], mode="linear")
    empty = np.array([], np.float32)
    for opset in (11, 13, 18, 19):
        for coordinates in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"):
            c = {"coordinate_transformation_mode": coordinates}
            up, down = np.array([1, 1, 2.5, 2], np.float32), np.array([1, 1, 0.6, 0.5], np.float32)
            for scale in (up, down):
                yield Case("Resize", opset, (1, 2, 5, 4), [empty, scale], mode="linear", **c)
                yield Case("Resize", opset, (1, 2, 5, 6), [empty, scale], mode="cubic", **c)
                for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
                    yield Case("Resize", opset, (1, 2, 5, 4), [empty, scale], mode="nearest", nearest_mode=nearest, **c)
            yield Case("Resize", opset, (1, 2, 3, 4, 5), [empty, empty, i64(1, 2, 6, 7, 5)], mode="linear", **c)
            yield Case("Resize", opset, (1, 2, 3, 4, 5), [empty, np.array([1, 1, 2, 2, 2], np.float32)], mode="nearest", **c)
    yield Case("Resize", 18, (1, 2, 5, 4), [None, np.array([2, 3], np.float32)], mode="linear", axes=[2, 3])
    yield Case("Resize", 13, (1, 1, 5, 4), [None, None, i64(1, 1, 1, 1)], mode="linear",
               coordinate_transformation_mode="pytorch_half_pixel")


def nets():
    """Shapes that are computed, constants through Identity, and the patterns exporters write."""
    w = f32(4, 3, 3, 3)
    conv = {"pads": [1, 1, 1, 1]}
    for opset in (11, 13, 17):
        yield Net("conv leaky identity", opset, (1, 3, 6, 5), [
            ("Identity", "b0", "b", {}), ("Conv", "x,w,b", "a", conv), ("LeakyRelu", "a", "r", {"alpha": 0.1}),
            ("Conv", "r,w2,b", "y", conv)], {"w": w, "w2": f32(4, 4, 3, 3), "b0": f32(4)})
        yield Net("instance norm in place", opset, (1, 3, 6, 5), [
            ("Conv", "x,w", "a", conv), ("InstanceNormalization", "a,s,s", "n", {}), ("LeakyRelu", "n", "r", {}),
            ("Add", "r,a", "y", {})], {"w": w, "s": f32(4)})
        yield Net("residual that must not be overwritten", opset, (1, 3, 6, 5), [
            ("Sigmoid", "x", "a", {}), ("Relu", "a", "b", {}), ("Tanh", "b", "c", {}), ("Add", "c,a", "d", {}),
            ("Mul", "d,b", "y", {})], {})
        yield Net("shape of a tensor", opset, (2, 3, 4, 5), [
            ("Shape", "x", "s", {}), ("Gather", "s,zero", "n", {"axis": 0}), ("Gather", "s,one", "c", {"axis": 0}),
            ("Mul", "n,c", "nc", {}), ("Unsqueeze", "nc", "u", {"axes": [0]}) if opset < 13 else
            ("Unsqueeze", "nc,ax", "u", {}), ("Concat", "u,minus", "t", {"axis": 0}), ("Reshape", "x,t", "y", {})],
            {"zero": np.array(0, np.int64), "one": np.array(1, np.int64), "minus": i64(-1), "ax": i64(0)})
        yield Net("resize to another tensor's size", opset, (1, 3, 4, 6), [
            ("AveragePool", "x", "p", {"kernel_shape": [2, 2], "strides": [2, 2]}), ("Shape", "x", "s", {}),
            ("Resize", "p,roi,none,s", "q", {"mode": "linear"}), ("Add", "q,x", "y", {})],
            {"roi": np.array([], np.float32), "none": np.array([], np.float32)})
        yield Net("group norm as exported", opset, (2, 4, 3, 3), [
            ("Reshape", "x,grouped", "a", {}), ("InstanceNormalization", "a,one,zero", "b", {}), ("Shape", "x", "s", {}),
            ("Reshape", "b,s", "c", {}), ("Mul", "c,scale", "d", {}), ("Add", "d,bias", "y", {})],
            {"grouped": i64(0, 2, -1), "one": np.ones(2, np.float32), "zero": np.zeros(2, np.float32),
             "scale": f32(4, 1, 1), "bias": f32(4, 1, 1)})
        yield Net("roll as exported", opset, (1, 6, 4), [
            ("Slice", "x,s0,e0,a1", "a", {}), ("Slice", "x,s1,e1,a1", "b", {}), ("Concat", "a,b", "y", {"axis": 1})],
            {"s0": i64(-2), "e0": i64(2**63 - 1), "s1": i64(0), "e1": i64(-2), "a1": i64(1)})
        yield Net("gelu as exported", opset, (2, 5), [
            ("Div", "x,r2", "a", {}), ("Erf", "a", "b", {}), ("Add", "b,one", "c", {}), ("Mul", "x,c", "d", {}),
            ("Mul", "d,half", "y", {})], {"r2": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)})
        yield Net("attention", opset, (2, 5, 8), [
            ("MatMul", "x,wq", "q", {}), ("MatMul", "x,wk", "k", {}), ("Transpose", "k", "kt", {"perm": [0, 2, 1]}),
            ("MatMul", "q,kt", "l", {}), ("Softmax", "l", "p", {"axis": 2}), ("MatMul", "p,x", "y", {})],
            {"wq": f32(8, 8), "wk": f32(8, 8)})
        yield Net("views and reuse", opset, (2, 3, 4), [
            ("Relu", "x", "a", {}), ("Reshape", "a,flat", "b", {}), ("Sigmoid", "b", "c", {}), ("Reshape", "c,back", "d", {}),
            ("Add", "d,a", "y", {})], {"flat": i64(-1), "back": i64(2, 3, 4)})
        yield Net("constant folding", opset, (3, 4), [
            ("ConstantOfShape", "s", "c", {}), ("Add", "c,two", "d", {}), ("Range", "r0,r4,r1", "r", {}),
            ("Cast", "r", "f", {"to": TensorProto.FLOAT}), ("Mul", "d,f", "m", {}), ("Add", "x,m", "y", {})],
            {"s": i64(3, 4), "two": np.float32(2), "r0": np.array(0, np.int64), "r4": np.array(4, np.int64),
             "r1": np.array(1, np.int64)})
        yield Net("half weights", opset, (1, 4), [("Cast", "w", "f", {"to": TensorProto.FLOAT}), ("MatMul", "x,f", "y", {})],
                  {"w": f32(4, 3).astype(np.float16)})
        yield Net("argmax output", opset, (1, 4, 5), [("ArgMax", "x", "a", {"axis": 1}), ("Cast", "a", "y", {"to": 1})], {})
        yield Net("mask", opset, (2, 6), [
            ("Greater", "x,zero", "m", {}), ("Not", "m", "n", {}), ("Less", "x,one", "l", {}), ("And", "m,l", "k", {}),
            ("Or", "k,n", "o", {}), ("Where", "o,x,zero", "y", {})], {"zero": np.float32(0), "one": np.float32(1)})
        yield Net("split and join", opset, (1, 6, 3), [
            ("Split", "x", "a,b", {"axis": 1}), ("Sigmoid", "b", "g", {}), ("Mul", "a,g", "y", {})], {})


def expected_of(model, x):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": x})[0]


def ours(program, model, x, folder):
    paths = [os.path.join(folder, n) for n in ("m.onnx", "in.bin", "out.bin")]
    onnx.save(model, paths[0])
    x.tofile(paths[1])
    done = subprocess.run([program, *paths, ",".join(map(str, x.shape))], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip()
    shape = [int(v) for v in done.stdout.strip().split(",") if v]
    return np.fromfile(paths[2], np.float32).reshape(shape), ""


def difference(expected, got):
    if expected.shape != got.shape:
        return f"shape {list(got.shape)}, expected {list(expected.shape)}"
    if not np.array_equal(np.isfinite(expected), np.isfinite(got)):
        return "not finite in other places"
    largest = max(1e-3, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
    worst = float(np.abs(expected - got)[np.isfinite(expected)].max(initial=0))
    return "" if worst <= TOLERANCE * largest else f"differs by {worst:g}, largest value {largest:g}"


def main():
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    failed, compared, refused_by_peer = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for group in (convolutions, pools, normalisations, elementwise, reductions, matrices, movements, indexing, many_shapes,
                      attentions, resizes, nets):
            for case in group():
                if wanted not in case.name:
                    continue
                model = case.model()
                x = case.data.reshape(case.shape)
                try:
                    expected = expected_of(model, x)
                except Exception as reason:  # the peer does not take it: nothing to compare with
                    refused_by_peer += 1
                    print(f"no peer  {case.name}: {str(reason).splitlines()[0][:150]}")
                    continue
                got, problem = ours(sys.argv[1], model, x, folder)
                problem = problem or difference(expected, got)
                compared += 1
                if problem:
                    failed += 1
                    print(f"FAILED   {case.name}: {problem}")
    print(f"{compared} cases compared with ONNX Runtime {onnxruntime.__version__}, {failed} differ, "
          f"{refused_by_peer} not taken by it")
    return 1 if failed or not compared else 0


sys.exit(main())

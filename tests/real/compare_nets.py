"""Compares the engine with PyTorch and ONNX Runtime on the whole nets of scripts/bench/nets.py, in their small form.

usage: compare_nets.py RUN_MODEL [--all] [NAME...]

Each net is exported once, exporters, opsets and open dimensions taking turns over the nets; with --all every net in every
way. Agreement: the largest difference is at most 1e-4 of the largest output value. Why not less: the peers use other
algorithms and orders of addition in up to 200 layers; their own difference from each other is printed beside ours.
Exit code 77 when torch is missing; nets of a missing package and ONNX Runtime are left out with a line.
"""

import argparse
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "bench"))
try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
import export_nets
import nets

try:
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
except ImportError:
    onnxruntime = None

TOLERANCE = 1e-4
SCRIPT = [("script", 11, False), ("script", 13, True), ("script", 17, False), ("script", 17, True)]
DYNAMO = [("dynamo", 18, False), ("dynamo", 20, True), ("dynamo", 23, False)]
# The dynamo exporter takes ten times as long: in the quick run only here.
DYNAMO_QUICK = {"nnunet": DYNAMO[0], "unet": DYNAMO[1], "vit": DYNAMO[2]}

def distance(a, b):
    """Largest difference over the largest value of b; infinite where shapes or finiteness differ."""
    if a.shape != b.shape or not a.size or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max() / np.abs(b).max())


def ours(program, model, x, folder):
    given, answer = os.path.join(folder, "in"), os.path.join(folder, "out")
    x.tofile(given)
    done = subprocess.run([program, model, given, answer, ",".join(map(str, x.shape)), "y"], capture_output=True,
                          text=True)
    if done.returncode:
        return None, done.stderr.strip()
    shape = [int(v) for v in done.stdout.strip().split(",") if v]
    return np.fromfile(answer, np.float32).reshape(shape), ""


def theirs(model, x):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: x})[0]


def compare(program, name, way, net, folder):
    """One line, and whether it may stay so; None when the exporter does not write this net this way."""
    module, x, y = net
    exporter, opset, free = way
    path = os.path.join(folder, "net.onnx")
    label = f"{name} {exporter}@{opset}{' free' if free else ''}"
    try:
        export_nets.export(module, x, path, exporter, opset, free)
    except Exception as reason:
        return f"not exported  {label}: {(str(reason).splitlines() or [repr(reason)])[0][:120]}", None
    got, problem = ours(program, path, x.numpy(), folder)
    if problem:
        return f"FAILED   {label}: {problem}", False
    against_torch = distance(got, y.numpy())
    line = f"{label}: PyTorch {against_torch:.1e}"
    good = against_torch <= TOLERANCE
    if onnxruntime:
        peer = theirs(path, x.numpy())
        against_ort = distance(got, peer)
        good = good and against_ort <= TOLERANCE
        line += f", ONNX Runtime {against_ort:.1e}; those two {distance(peer, y.numpy()):.1e}"
    return ("" if good else "FAILED   ") + line, good


def ways_of(name, at, everything):
    if everything:
        return SCRIPT + DYNAMO
    return [SCRIPT[at % len(SCRIPT)]] + ([DYNAMO_QUICK[name]] if name in DYNAMO_QUICK else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_intermixed_args()
    compared, failed = 0, 0
    if not onnxruntime:
        print("ONNX Runtime is not installed: compared with PyTorch only")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for at, name in enumerate(nets.NETS):
            if args.names and name not in args.names:
                continue
            if nets.NETS[name].missing():
                print(f"left out {name}: needs {nets.NETS[name].missing()}")
                continue
            net = export_nets.prepared(name, "small")
            for way in ways_of(name, at, args.all):
                line, good = compare(args.program, name, way, net, folder)
                print(line, flush=True)
                compared += good is not None
                failed += good is False
    print(f"{compared} exports compared, PyTorch {torch.__version__}, {failed} differ")
    return 1 if failed or not compared else 0


sys.exit(main())

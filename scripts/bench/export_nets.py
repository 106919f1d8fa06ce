#!/usr/bin/env python3
"""Writes the nets of nets.py as ONNX files.

usage: export_nets.py FOLDER [--form small|bench] [--exporter script|dynamo] [--opset N] [--free] [NAME...]

For each net: NAME.onnx, NAME.in (its input x) and NAME.out (the output of PyTorch), float32, C order; the shapes go to
stdout. A single convolution also has its weights in NAME.w and NAME.b. --exporter script is the one that PyTorch up to 2.8 uses unless told otherwise, dynamo the one after it.
--free leaves the batch and the spatial dimensions open, so that shapes are computed inside the graph.
Needs torch; monai and torchvision for the nets that come from them (the others are written without).
"""

import argparse
import contextlib
import inspect
import io
import os
import sys
import warnings


def export(module, x, path, exporter, opset, free):
    """One ONNX file; the output of interest is the first."""
    import torch

    how = {"opset_version": opset, "input_names": ["x"], "output_names": ["y"]}
    chooses = "dynamo" in inspect.signature(torch.onnx.export).parameters
    if exporter == "dynamo" and not chooses:
        raise RuntimeError(f"torch {torch.__version__} has no dynamo exporter")
    if chooses:
        how["dynamo"] = exporter == "dynamo"
    open_axes = [i for i in range(x.dim()) if i != 1] if free else []
    if open_axes and exporter == "dynamo":
        how["dynamic_shapes"] = ({i: torch.export.Dim.DYNAMIC for i in open_axes if x.shape[i] > 1},)
    elif open_axes:
        how["dynamic_axes"] = {"x": {i: f"d{i}" for i in open_axes}}
    if exporter == "dynamo":
        how["external_data"] = False
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), path, **how)


def prepared(name, form):
    """Module, input and PyTorch's output; refuses a net whose output says nothing."""
    import nets
    import torch

    module, x = nets.make(name, form)
    y = nets.answer(module, x)
    other = nets.answer(module, torch.randn_like(x))
    if not (torch.isfinite(y).all() and y.std() > 0.01 and (y - other).std() > 0.01 and y.abs().max() < 100):
        raise RuntimeError(f"{name} {form}: its output is constant, not finite or too large to compare")
    return module, x, y


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--form", choices=("small", "bench"), default="small")
    parser.add_argument("--exporter", choices=("script", "dynamo"), default="script")
    parser.add_argument("--opset", type=int, default=17)
    parser.add_argument("--free", action="store_true")
    args = parser.parse_intermixed_args()
    import nets

    os.makedirs(args.folder, exist_ok=True)
    for name in args.names or nets.NETS:
        missing = nets.find(name).missing()
        if missing:
            print(f"{name}: skipped, needs {missing}")
            continue
        module, x, y = prepared(name, args.form)
        stem = os.path.join(args.folder, name)
        export(module, x, stem + ".onnx", args.exporter, args.opset, args.free)
        x.numpy().tofile(stem + ".in")
        y.numpy().tofile(stem + ".out")
        if isinstance(module, nets.OneConvolution):  # for programs that read no ONNX
            module.conv.weight.detach().numpy().tofile(stem + ".w")
            module.conv.bias.detach().numpy().tofile(stem + ".b")
        print(f"{name} {','.join(map(str, x.shape))} {','.join(map(str, y.shape))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

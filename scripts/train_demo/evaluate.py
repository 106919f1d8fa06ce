"""Dice of the demo's segmentation tools, computed without cohmark: preparation by data.py, models by ONNX Runtime.

usage: evaluate.py SOURCE TOOLS [TOOL ...]

SOURCE is DIR/segmentation/source of `cohmark demo DIR`, TOOLS the folder engine/demo/data/segmentation/tools. An
independent check of what the demo reports; clean-up is left out.
"""
import csv
import os
import sys

import numpy as np
import onnxruntime

import data

# spacing (z, y, x), orient, normalisation, dimension, multiple or window: as in each tool.xml.
TOOLS = {
    "unet3d": ((2.5, 2.5, 2.5), True, data.z_score, 3, (32, 48, 48)),
    "coarse3d": ((4, 4, 4), True, data.z_score, 3, 4),
    "unet2d": ((None, 2.5, 2.5), True, data.z_score, 2, 4),
    "onesite2d": (None, False, data.min_max, 2, 4),
    "threshold": (None, False, lambda x: np.minimum(data.z_score(x), 1.3), 3, 1),
}


def pad(x, sizes):
    """Zeros around, image centred; returns where the image lies."""
    grow = [max(0, m - n) for n, m in zip(x.shape, sizes)]
    before = [g // 2 for g in grow]
    out = np.pad(x, [(b, g - b) for b, g in zip(before, grow)])
    return out, tuple(slice(b, b + n) for b, n in zip(before, x.shape))


def gaussian(n):
    """nnU-Net: sigma is an eighth of the window."""
    at = np.arange(n) - (n - 1) / 2
    return np.exp(-0.5 * (at / (n / 8)) ** 2)


def windows(run, x, window):
    x, inner = pad(x, window)
    starts = []
    for n, w in zip(x.shape, window):
        steps = int(np.ceil((n - w) / (w * 0.5))) + 1
        starts.append([int(round(i * (n - w) / max(steps - 1, 1))) for i in range(steps)])
    weight = gaussian(window[0])[:, None, None] * gaussian(window[1])[:, None] * gaussian(window[2])
    weight = np.maximum(weight, weight[weight > 0].min())
    total, weights = 0, np.zeros(x.shape)
    for z in starts[0]:
        for y in starts[1]:
            for xx in starts[2]:
                box = tuple(slice(s, s + w) for s, w in zip((z, y, xx), window))
                scores = run(x[box][None, None])[0]
                if isinstance(total, int):
                    total = np.zeros((scores.shape[0],) + x.shape)
                total[(slice(None),) + box] += scores * weight
                weights[box] += weight
    return (total / weights)[(slice(None),) + inner]


def whole(run, x, multiple):
    x, inner = pad(x, [-(-n // multiple) * multiple for n in x.shape])
    return run(x[None, None])[0][(slice(None),) + inner]


def predict(session, image, affine, tool):
    spacing, orient, normal, dimension, size = tool
    run = lambda a: session.run(None, {"image": a.astype(np.float32)})[0]
    x = image.astype(np.float32)
    if orient:
        x = data.to_ras(x, affine)
    full = x.shape
    for axis in range(3):
        if spacing and spacing[axis]:
            x = data.resample_axis(x, axis, abs(affine[2 - axis, 2 - axis]), spacing[axis], False)
    x = normal(x)
    if dimension == 2:
        scores = np.stack([whole(run, s, size) for s in x], 1)
    elif isinstance(size, tuple):
        scores = windows(run, x, size)
    else:
        scores = whole(run, x, size)
    for axis in range(3):
        if scores.shape[axis + 1] != full[axis]:
            scores = stretch(scores, axis + 1, full[axis])
    labels = scores.argmax(0)
    return data.to_ras(labels, affine) if orient else labels


def stretch(v, axis, m):
    n = v.shape[axis]
    at = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
    low = np.minimum(at.astype(int), max(n - 2, 0))
    shape = [1] * v.ndim
    shape[axis] = m
    w = (at - low).reshape(shape)
    return np.take(v, low, axis) * (1 - w) + np.take(v, np.minimum(low + 1, n - 1), axis) * w


def dice(a, b):
    total = a.sum() + b.sum()
    return 2 * (a & b).sum() / total if total else np.nan


def main():
    source, tools = sys.argv[1:3]
    with open(os.path.join(source, "cases.csv"), encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if r["reference"]]
    for name in sys.argv[3:] or TOOLS:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(os.path.join(tools, name, "model.onnx"), options)
        found = []
        for row in rows:
            image, affine = data.read_nifti(os.path.join(source, row["channel:t1"]))
            reference, _ = data.read_nifti(os.path.join(source, row["reference"]))
            labels = predict(session, image, affine, TOOLS[name])
            found.append((row["provider"], dice(labels > 0, reference > 0), dice(labels == 2, reference == 2)))
        for provider in ("all", "site-a", "site-b", "site-c"):
            part = [f[1:] for f in found if provider in ("all", f[0])]
            organ, lesion = np.nanmean(np.array(part), 0)
            print(f"{name:10} {provider:7} organ-with-lesions {organ:.3f} lesion {lesion:.3f}", flush=True)


if __name__ == "__main__":
    main()

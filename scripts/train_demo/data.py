"""Reads the source folders that `cohmark demo --source-only` writes, and prepares images as tool.xml will.

Only what those folders hold is understood: little-endian NIfTI-1 written by cohmark, and 8-bit grey PNG.
"""
import csv
import gzip
import os
import struct
import zlib

import numpy as np

TYPES = {2: np.uint8, 4: np.dtype("<i2")}


def read_nifti(path):
    """Voxels [z][y][x] and the affine 3 x 4."""
    with gzip.open(path) as f:
        raw = f.read()
    dim = struct.unpack("<8h", raw[40:56])
    voxels = np.frombuffer(raw[352:], TYPES[struct.unpack("<h", raw[70:72])[0]])
    affine = np.array(struct.unpack("<12f", raw[280:328])).reshape(3, 4)
    return voxels.reshape(dim[3], dim[2], dim[1]), affine


def read_png(path):
    """Pixels [y][x] of an 8-bit grey PNG without interlace."""
    with open(path, "rb") as f:
        raw = f.read()
    at, packed = 8, b""
    while at < len(raw):
        n = struct.unpack(">I", raw[at:at + 4])[0]
        kind = raw[at + 4:at + 8]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", raw[at + 8:at + 16])
        if kind == b"IDAT":
            packed += raw[at + 8:at + 8 + n]
        at += 12 + n
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width + 1)
    out = np.zeros((height + 1, width + 1), np.int64)  # a row of zeros above, a column of zeros on the left
    for y in range(height):
        kind, row = rows[y, 0], rows[y, 1:].astype(np.int64)
        for x in range(width):
            a, b, c = out[y + 1, x], out[y, x + 1], out[y, x]
            nearest = min(((abs(b - c), 0), (abs(a - c), 1), (abs(a + b - 2 * c), 2)))[1]
            guess = [0, a, b, (a + b) // 2, (a, b, c)[nearest]][kind]
            out[y + 1, x + 1] = (row[x] + guess) & 255
    return out[1:, 1:].astype(np.uint8)


def to_ras(voxels, affine):
    """The demo's orientations keep the axis order, so flips are enough."""
    for axis in range(3):  # 0 = x
        if affine[axis, axis] < 0:
            voxels = np.flip(voxels, 2 - axis)
    return voxels


def resample_axis(v, axis, spacing, wanted, nearest):
    """Edges aligned, size rounded; linear between voxel centres, the edge voxel beyond them."""
    n = v.shape[axis]
    m = max(1, int(np.floor(n * spacing / wanted + 0.5)))
    at = (np.arange(m) + 0.5) * n / m - 0.5
    if nearest:
        return np.take(v, np.clip(np.floor(at + 0.5).astype(int), 0, n - 1), axis)
    at = np.clip(at, 0, n - 1)
    low = np.minimum(at.astype(int), max(n - 2, 0))
    shape = [1] * v.ndim
    shape[axis] = m
    weight = (at - low).reshape(shape).astype(np.float32)
    return np.take(v, low, axis) * (1 - weight) + np.take(v, np.minimum(low + 1, n - 1), axis) * weight


def load_patients(folder, spacing_mm, orient, provider=None):
    """Pairs (image float32, labels uint8), both [z][y][x].

    spacing_mm: (z, y, x) to resample to; None keeps an axis, or all of them.
    orient: bring to RAS, or leave as stored.
    """
    out = []
    with open(os.path.join(folder, "cases.csv"), encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        if not row["reference"] or (provider and row["provider"] != provider):
            continue
        image, affine = read_nifti(os.path.join(folder, row["channel:t1"]))
        labels, _ = read_nifti(os.path.join(folder, row["reference"]))
        image = image.astype(np.float32)
        if orient:
            image, labels = to_ras(image, affine), to_ras(labels, affine)
        for axis in range(3):
            if spacing_mm and spacing_mm[axis]:
                have = abs(affine[2 - axis, 2 - axis])
                image = resample_axis(image, axis, have, spacing_mm[axis], False)
                labels = resample_axis(labels, axis, have, spacing_mm[axis], True)
        out.append((np.ascontiguousarray(image), np.ascontiguousarray(labels)))
    return out


def z_score(image):
    return (image - image.mean()) / image.std()


def min_max(image):
    return (image - image.min()) / (image.max() - image.min())


def load_findings(folder, provider=None):
    """Images float32 [n][1][32][32] with values 0..255, and classes [n]."""
    with open(os.path.join(folder, "cases.csv"), encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if not provider or r["provider"] == provider]
    images = np.stack([read_png(os.path.join(folder, r["channel:image"])) for r in rows])
    return images[:, None].astype(np.float32), np.array([int(r["class"]) for r in rows])

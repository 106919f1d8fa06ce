"""What other evaluation tools say of seeded masks, beside the profile that `cohmark metrics compare` prints for them.

usage: compat_tools.py COHMARK   (in a folder that may be written; exit 77 when no such tool can be imported)
"""
import importlib
import json
import math
import struct
import subprocess
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
TOLERANCE = 2.0
for name, value in (("Inf", np.inf), ("NaN", np.nan), ("NAN", np.nan)):  # what surface-distance takes from NumPy 1
    if not hasattr(np, name):
        setattr(np, name, value)
# With one empty mask panoptica measures to a corner of the array; the profile says NaN and why.
MEANINGLESS = {("panoptica", "hd95")}


def write_nifti(path, mask, spacing):
    """mask[x, y, z] as an uncompressed NIfTI-1 file of bytes."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *mask.shape, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, 1.0, *spacing, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352.0, 1.0, 0.0)
    header[123] = 2  # mm
    struct.pack_into("<2h", header, 252, 0, 1)
    for row in range(3):
        values = [0.0] * 4
        values[row] = spacing[row]
        struct.pack_into("<4f", header, 280 + 16 * row, *values)
    header[344:348] = b"n+1\0"
    with open(path, "wb") as out:
        out.write(bytes(header) + mask.astype(np.uint8).tobytes(order="F"))


def pairs():
    """Noise, balls, plates, one voxel, full images and every way of being empty."""
    rng = np.random.default_rng(20260101)
    spacings = [(1, 1, 1), (0.5, 2, 4), (0.7, 0.7, 5), (1.25, 0.75, 3)]
    for k in range(16):
        shape = tuple(rng.integers(5, 15, 3))
        share = (0.05, 0.3, 0.7)[k % 3]
        masks = [rng.random(shape) < share for _ in range(2)]
        if k >= 8:  # balls, the second one moved
            grid = np.indices(shape)
            for m in range(2):
                centre = np.array(shape) / 2 + rng.uniform(-1.5, 1.5, 3)
                distance2 = sum((g - c) ** 2 for g, c in zip(grid, centre))
                masks[m] = distance2 < (min(shape) / 3) ** 2
            if k % 4 == 0:
                masks[1] &= ~(distance2 < 2)  # a cavity
        yield f"seed {k}", masks[0], masks[1], spacings[k % 4]
    shape = (9, 8, 7)
    nothing, one, plate, full = (np.zeros(shape, bool) for _ in range(4))
    one[4, 4, 3] = plate[:, :, 2] = full[:] = True
    yield "plates", plate, np.roll(plate, 1, 2), (1, 1, 5)
    yield "full and voxel", full, one, (0.5, 2, 4)
    yield "identical", plate | one, plate | one, (0.5, 2, 4)
    yield "both empty", nothing, nothing, (1, 1, 1)
    yield "reference empty", nothing, one, (1, 1, 1)
    yield "prediction empty", one, nothing, (1, 1, 1)


def attempt(function):
    try:
        return float(function())
    except Exception:  # whatever the tool raises is its answer
        return "error"


def ask_monai(ref, pred, spacing):
    import torch
    from monai import metrics
    y, p = (torch.from_numpy(m.astype(np.float32))[None, None] for m in (ref, pred))
    surface = dict(include_background=True, spacing=[float(s) for s in spacing])

    def aggregated(metric):
        return metric(p, y).numpy().reshape(-1)[0]
    return {
        "dice": attempt(lambda: aggregated(metrics.DiceMetric(reduction="none"))),
        "iou": attempt(lambda: aggregated(metrics.MeanIoU(reduction="none"))),
        "hd": attempt(lambda: metrics.compute_hausdorff_distance(p, y, **surface)),
        "hd95": attempt(lambda: metrics.compute_hausdorff_distance(p, y, percentile=95, **surface)),
        "assd": attempt(lambda: metrics.compute_average_surface_distance(p, y, symmetric=True, **surface)),
        "nsd": attempt(lambda: metrics.compute_surface_dice(p, y, [TOLERANCE], **surface)),
    }


def ask_deepmind(ref, pred, spacing):
    import surface_distance as sd
    d = sd.compute_surface_distances(ref, pred, spacing)

    def mean_of_both():
        return sum(sd.compute_average_surface_distance(d)) / 2
    return {
        "dice": attempt(lambda: sd.compute_dice_coefficient(ref, pred)),
        "hd": attempt(lambda: sd.compute_robust_hausdorff(d, 100)),
        "hd95": attempt(lambda: sd.compute_robust_hausdorff(d, 95)),
        "assd": attempt(mean_of_both),
        "nsd": attempt(lambda: sd.compute_surface_dice_at_tolerance(d, TOLERANCE)),
    }


def ask_medpy(ref, pred, spacing):
    from medpy.metric import binary
    return {
        "dice": attempt(lambda: binary.dc(pred, ref)),
        "iou": attempt(lambda: binary.jc(pred, ref)),
        "hd": attempt(lambda: binary.hd(pred, ref, spacing)),
        "hd95": attempt(lambda: binary.hd95(pred, ref, spacing)),
        "assd": attempt(lambda: binary.assd(pred, ref, spacing)),
    }


def ask_panoptica(ref, pred, spacing):
    from panoptica import metrics as m
    one = dict(reference=ref, prediction=pred)
    return {
        "dice": attempt(lambda: m._compute_dice_coefficient(**one)),
        "iou": attempt(lambda: m._compute_iou(ref, pred)),
        "hd": attempt(lambda: m._compute_hausdorff_distance(voxelspacing=spacing, **one)),
        "hd95": attempt(lambda: m._compute_hausdorff_distance95(voxelspacing=spacing, **one)),
        "assd": attempt(lambda: m._average_symmetric_surface_distance(voxelspacing=spacing, **one)),
        "nsd": attempt(lambda: m._compute_normalized_surface_dice(voxelspacing=spacing, threshold=TOLERANCE, **one)),
    }


# profile: module, function, relative tolerance (MONAI computes in float32)
TOOLS = {
    "monai": ("monai", ask_monai, 2e-6),
    "deepmind": ("surface_distance", ask_deepmind, 1e-9),
    "medpy": ("medpy.metric", ask_medpy, 1e-9),
    "panoptica": ("panoptica", ask_panoptica, 1e-9),
}


def same(column, said, tolerance):
    state, value = column["state"], column.get("value")
    if said == "error":
        return state == "error"
    if math.isnan(said):
        return state in ("nan", "undefined")
    if math.isinf(said):
        return state == "infinite"
    return state == "value" and abs(said - value) <= tolerance * max(abs(said), 1e-6)


def main():
    cohmark, found, wrong, checked = sys.argv[1], {}, 0, 0
    for profile, (module, ask, tolerance) in TOOLS.items():
        try:
            importlib.import_module(module)
            found[profile] = (ask, tolerance)
        except ImportError:
            pass
    if not found:
        print("skipped: none of", ", ".join(module for module, _, _ in TOOLS.values()), "can be imported")
        return 77
    for name, ref, pred, spacing in pairs():
        write_nifti("ref.nii", ref, spacing)
        write_nifti("pred.nii", pred, spacing)
        text = subprocess.run([cohmark, "metrics", "compare", "ref.nii", "pred.nii", "--label", "1", "--tolerance",
                               str(TOLERANCE), "--format", "json"], check=True, capture_output=True, text=True).stdout
        rows = {row["profile"]: row["columns"] for row in json.loads(text)["profiles"]}
        for profile, (ask, tolerance) in found.items():
            for column, said in ask(ref, pred, spacing).items():
                if ref.any() != pred.any() and (profile, column) in MEANINGLESS:
                    continue
                checked += 1
                if not same(rows[profile][column], said, tolerance):
                    wrong += 1
                    print(f"{name}: {profile} {column}: the tool says {said}, the profile {rows[profile][column]}")
    print(f"{checked} answers of {', '.join(found)}; {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

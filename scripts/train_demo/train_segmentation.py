"""Trains one segmentation tool of the demo and writes its model.onnx.

usage: train_segmentation.py SOURCE TOOL OUT.onnx [--steps N] [--threads N]

SOURCE is DIR/segmentation/source of `cohmark demo DIR --source-only --seed 101 --cases 180`: other patients than
those of the demo, which uses seed 1.
"""
import argparse
import time

import numpy as np
import torch

import data
import nets

# spacing: (z, y, x) in mm or None; patch: (z, y, x); orient: to RAS or as stored.
TOOLS = {
    "unet3d": dict(net=nets.UNet3d, spacing=(2.5, 2.5, 2.5), orient=True, normal=data.z_score, patch=(32, 48, 48),
                   batch=1, steps=1600, rate=4e-3),
    "coarse3d": dict(net=nets.Coarse3d, spacing=(4, 4, 4), orient=True, normal=data.z_score, patch=(24, 40, 40),
                     batch=1, steps=600, rate=5e-3),
    "unet2d": dict(net=nets.UNet2d, spacing=(None, 2.5, 2.5), orient=True, normal=data.z_score, patch=(1, 64, 64),
                   batch=12, steps=900, rate=3e-3),
    "onesite2d": dict(net=lambda: nets.UNet2d(c=6), spacing=None, orient=False, normal=data.min_max,
                      patch=(1, 64, 64), batch=12, steps=1000, rate=5e-3, provider="site-a"),
}


def place(n, size, rng):
    """Start of a patch along an axis; 0 when the image is not larger."""
    return int(rng.integers(0, n - size + 1)) if n > size else 0


def cut(volume, start, patch, fill):
    part = volume[tuple(slice(s, s + p) for s, p in zip(start, patch))]
    return np.pad(part, [(0, p - n) for p, n in zip(patch, part.shape)], constant_values=fill)


def draw_batch(cases, tool, rng):
    """Every other patch is centred near a lesion voxel where there is one."""
    images, labels = [], []
    for i in range(tool["batch"]):
        image, reference = cases[rng.integers(len(cases))]
        start = [place(n, p, rng) for n, p in zip(image.shape, tool["patch"])]
        lesion = np.argwhere(reference == 2)
        if i % 2 == (0 if tool["batch"] == 1 and rng.random() < 0.5 else 1) and len(lesion):
            centre = lesion[rng.integers(len(lesion))]
            start = [int(np.clip(c - rng.integers(0, p), 0, max(n - p, 0)))
                     for c, n, p in zip(centre, image.shape, tool["patch"])]
        scale, shift = rng.uniform(0.9, 1.1), rng.uniform(-0.1, 0.1)
        images.append(cut(image, start, tool["patch"], 0) * scale + shift)
        labels.append(cut(reference, start, tool["patch"], 0))
    x, y = np.stack(images)[:, None].astype(np.float32), np.stack(labels).astype(np.int64)
    if tool["patch"][0] == 1:
        x, y = x[:, :, 0], y[:, 0]
    return torch.from_numpy(x), torch.from_numpy(y)


def loss_of(logits, y):
    """Cross entropy plus one minus soft Dice of organ and lesion over the batch."""
    weight = torch.tensor([0.5, 1.0, 2.0])
    p = torch.softmax(logits, 1)
    dice = 0
    for k in (1, 2):
        a, b = p[:, k], (y == k).float()
        dice = dice + (2 * (a * b).sum() + 1) / (a.sum() + b.sum() + 1)
    return torch.nn.functional.cross_entropy(logits, y, weight) + 2 - dice


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("out")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    tool = TOOLS[args.tool]
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    cases = [(tool["normal"](image), labels) for image, labels in
             data.load_patients(args.source, tool["spacing"], tool["orient"], tool.get("provider"))]
    net = tool["net"]()
    steps = args.steps or tool["steps"]
    optimizer = torch.optim.Adam(net.parameters(), tool["rate"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, tool["rate"], steps)
    began, recent = time.time(), []
    for step in range(steps):
        x, y = draw_batch(cases, tool, rng)
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if (step + 1) % 50 == 0:
            print(f"{args.tool} step {step + 1} loss {np.mean(recent[-50:]):.3f} {time.time() - began:.0f} s", flush=True)
    export(net.eval(), tool["patch"], args.out)


def export(net, patch, path):
    """Opset 13; batch 1; the spatial sizes are left open, so that a whole image of any size fits."""
    flat = patch[0] == 1
    example = torch.zeros((1, 1) + (patch[1:] if flat else patch))
    axes = {k + 2: name for k, name in enumerate("yx" if flat else "zyx")}
    torch.onnx.export(net, example, path, opset_version=13, input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": axes, "logits": axes})


if __name__ == "__main__":
    main()

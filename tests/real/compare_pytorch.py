"""Compares the engine with PyTorch on nets of this field, as PyTorch's own exporter writes them.

usage: compare_pytorch.py RUN_MODEL [NAME]   (NAME: only nets whose name holds it)

Each net is exported at opsets 11, 13 and 16, once with fixed and once with free dimensions (then shapes are
computed inside the graph), and must agree to 1e-5 of the largest value. Exit code 77 when torch is missing.
"""

import os
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-5
warnings.filterwarnings("ignore")
torch.manual_seed(0)
torch.set_num_threads(1)


def norm_block(n_in, n_out, stride=1):
    layers = []
    for i, step in ((n_in, stride), (n_out, 1)):
        layers += [nn.Conv3d(i, n_out, 3, step, 1), nn.InstanceNorm3d(n_out, affine=True), nn.LeakyReLU(0.01, inplace=True)]
    return nn.Sequential(*layers)


class PlainUNet(nn.Module):
    """After nnU-Net."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = norm_block(1, 8), norm_block(8, 16, 2), norm_block(16, 24, 2)
        self.up1, self.d1 = nn.ConvTranspose3d(24, 16, 2, 2), norm_block(32, 16)
        self.up2, self.d2 = nn.ConvTranspose3d(16, 8, 2, 2), norm_block(16, 8)
        self.out = nn.Conv3d(8, 3, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        d = self.d1(torch.cat([self.up1(self.c(b)), b], 1))
        return self.out(self.d2(torch.cat([self.up2(d), a], 1)))


class Interpolating(nn.Module):
    """Sizes taken from other tensors, and scales, in one of the modes."""

    def __init__(self, mode, align, spatial):
        super().__init__()
        conv, norm = (nn.Conv2d, nn.BatchNorm2d) if spatial == 2 else (nn.Conv3d, nn.BatchNorm3d)
        self.conv, self.norm = conv(3, 6, 3, padding=1), norm(6)
        self.pool = F.max_pool2d if spatial == 2 else F.avg_pool3d
        self.how = {"mode": mode} if mode == "nearest" else {"mode": mode, "align_corners": align}

    def forward(self, x):
        y = F.relu(self.norm(self.conv(x)))
        z = F.interpolate(self.pool(y, 2), size=y.shape[2:], **self.how)
        small = F.interpolate(z, scale_factor=0.5, **self.how)
        return torch.cat([y, z, F.interpolate(small, size=x.shape[2:], **self.how)], 1)


class GroupNormResidual(nn.Module):
    """After SegResNet."""

    def __init__(self):
        super().__init__()
        self.c1, self.g1 = nn.Conv3d(1, 8, 3, padding=1), nn.GroupNorm(4, 8)
        self.c2, self.g2 = nn.Conv3d(8, 8, 3, 2, 1), nn.GroupNorm(8, 8)

    def forward(self, x):
        y = self.c1(x)
        z = F.interpolate(self.c2(F.relu(self.g1(y))), scale_factor=2, mode="trilinear", align_corners=False)
        return torch.sigmoid(F.relu(self.g2(z)) + y)


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.head, self.norm = nn.Conv2d(1, 32, 4, 4), nn.Linear(32, 5), nn.LayerNorm(32)
        self.position, self.first = nn.Parameter(torch.randn(1, 17, 32)), nn.Parameter(torch.randn(1, 1, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu", norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x):
        y = self.patch(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.first.expand(y.shape[0], -1, -1), y], 1) + self.position
        return F.softmax(self.head(self.norm(self.encoder(y)[:, 0])), -1)


class ShiftedWindows(nn.Module):
    """A block of a 3-D Swin transformer: roll, windows, attention, roll back, patch merging."""

    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(32, 96), nn.Linear(32, 32)
        self.norm, self.merge = nn.LayerNorm(32), nn.Linear(128, 64, bias=False)

    def attend(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, 4, c // 4).permute(2, 0, 3, 1, 4).unbind(0)
        weight = ((q @ k.transpose(-2, -1)) * (c // 4) ** -0.5).softmax(-1)
        return self.out((weight @ v).transpose(1, 2).reshape(b, n, c))

    def forward(self, x):
        x, w = x.permute(0, 2, 3, 4, 1), 4
        b, d, h, v, c = x.shape
        y = torch.roll(self.norm(x), (-2, -2, -2), (1, 2, 3)).view(b, d // w, w, h // w, w, v // w, w, c)
        y = self.attend(y.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, w**3, c))
        y = y.view(b, d // w, h // w, v // w, w, w, w, c).permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(b, d, h, v, c)
        y = torch.roll(y, (2, 2, 2), (1, 2, 3)) + x
        parts = [y[:, i::2, j::2, k::2] for i, j, k in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
        return self.merge(torch.cat(parts, -1)).permute(0, 4, 1, 2, 3)


class Gated(nn.Module):
    """Reflection padding, groups, PReLU, squeeze and excitation, pixel shuffle, a norm by hand."""

    def __init__(self):
        super().__init__()
        self.conv, self.slope, self.shuffle = nn.Conv2d(4, 16, 3, padding=1, groups=2), nn.PReLU(16), nn.PixelShuffle(2)
        self.squeeze, self.excite = nn.Linear(16, 4), nn.Linear(4, 16)

    def forward(self, x):
        y = self.slope(self.conv(F.pad(x, (1, 1, 2, 2), mode="reflect")))
        gate = self.excite(F.hardswish(self.squeeze(F.adaptive_avg_pool2d(y, 1).flatten(1))))
        y = self.shuffle(F.elu(y * torch.sigmoid(gate).view(-1, 16, 1, 1)))
        y = (y - y.mean((2, 3), keepdim=True)) / (y.std((2, 3), keepdim=True) + 1e-5)
        return F.log_softmax(torch.clamp(torch.where(y > 0, y, torch.tanh(y)), -2, 2), 1)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(1, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
        self.c2, self.b2, self.head = nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.Linear(8, 3)

    def forward(self, x):
        y = F.max_pool2d(F.relu(self.b1(self.c1(x))), 3, 2, 1, ceil_mode=True)
        y = F.relu(self.b2(self.c2(y)) + y)
        y = F.dropout(F.adaptive_avg_pool2d(y, (1, 1)), training=self.training)
        return F.softmax(self.head(torch.flatten(y, 1)), 1)


class Dense(nn.Module):
    """After DenseNet: batch norm that no convolution precedes."""

    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm3d(4 + 4 * i) for i in range(4)])
        self.convs = nn.ModuleList([nn.Conv3d(4 + 4 * i, 4, 3, padding=1) for i in range(4)])
        self.first = nn.Conv3d(1, 4, 3, 2, 1)

    def forward(self, x):
        y = self.first(x)
        for norm, conv in zip(self.norms, self.convs):
            y = torch.cat([y, conv(F.relu(norm(y)))], 1)
        return F.adaptive_avg_pool3d(F.avg_pool3d(y, 2, 2), 1).flatten(1)


class DownAndUp(nn.Module):
    """After MONAI: transposed convolution with output padding."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Conv3d(4, 4, 3, 2, 1), nn.ConvTranspose3d(4, 4, 3, 2, 1, output_padding=1)
        self.norm, self.slope = nn.InstanceNorm3d(4), nn.PReLU()

    def forward(self, x):
        return self.slope(self.norm(self.up(self.slope(self.norm(self.down(x)))))) + x


NETS = {
    "plain u-net": (PlainUNet, (1, 1, 16, 16, 24)),
    "bilinear": (lambda: Interpolating("bilinear", False, 2), (1, 3, 18, 22)),
    "bilinear, corners aligned": (lambda: Interpolating("bilinear", True, 2), (1, 3, 18, 22)),
    "nearest": (lambda: Interpolating("nearest", None, 2), (1, 3, 18, 22)),
    "bicubic": (lambda: Interpolating("bicubic", False, 2), (1, 3, 18, 22)),
    "trilinear": (lambda: Interpolating("trilinear", False, 3), (1, 3, 10, 12, 14)),
    "group norm residual": (GroupNormResidual, (1, 1, 8, 12, 10)),
    "vision transformer": (VisionTransformer, (2, 1, 16, 16)),
    "shifted windows": (ShiftedWindows, (1, 32, 8, 8, 8)),
    "gated": (Gated, (2, 4, 9, 11)),
    "classifier": (Classifier, (3, 1, 33, 31)),
    "dense": (Dense, (1, 1, 16, 16, 16)),
    "down and up": (DownAndUp, (1, 4, 8, 10, 12)),
}


def lifelike(net):
    """Batch statistics as after training; at their defaults they would change nothing."""
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    return net.eval()


def problem_of(program, net, x, expected, opset, free, folder):
    model, given, answer = (os.path.join(folder, n) for n in ("m.onnx", "in.bin", "out.bin"))
    axes = {"x": {i: f"d{i}" for i in range(x.dim()) if i != 1}} if free else None
    torch.onnx.export(net, x, model, opset_version=opset, input_names=["x"], output_names=["y"], dynamic_axes=axes)
    x.numpy().tofile(given)
    done = subprocess.run([program, model, given, answer, ",".join(map(str, x.shape))], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    got = np.fromfile(answer, np.float32).reshape([int(v) for v in done.stdout.strip().split(",")])
    if got.shape != expected.shape:
        return f"shape {list(got.shape)}, expected {list(expected.shape)}"
    worst, largest = float(np.abs(got - expected).max()), float(np.abs(expected).max())
    return "" if worst <= TOLERANCE * largest else f"differs by {worst:g}, largest value {largest:g}"


def main():
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    compared, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, shape) in NETS.items():
            if wanted not in name:
                continue
            net, x = lifelike(make()), torch.randn(*shape)
            with torch.no_grad():
                expected = net(x).numpy()
            for opset in (11, 13, 16):
                for free in (False, True):
                    problem = problem_of(sys.argv[1], net, x, expected, opset, free, folder)
                    compared += 1
                    failed += bool(problem)
                    if problem:
                        print(f"FAILED   {name}@{opset}{' free' if free else ''}: {problem}")
    print(f"{compared} exports compared with PyTorch {torch.__version__}, {failed} differ")
    return 1 if failed or not compared else 0


sys.exit(main())

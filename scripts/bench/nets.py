"""The nets of this field that cohmark is compared on: built with seeded weights, ready to export or to run.

Every net has a `small` form (2 GFLOP or less but for SwinUNETR; for tests) and a `bench` form (the size people use, for
speed). A single convolution is a net too, named by its channels and the edge of its cube: 32-64@96, 32-64@96k1s2d1.
Weights are random but the activations are those of a working net: convolutions keep the variance, norms have scales
and shifts, and the statistics of batch norms are taken from the net's own activations.
"""

import importlib.util
import re
import zlib
from dataclasses import dataclass
from typing import Callable

import nnunet
import torch
from torch import nn


@dataclass(frozen=True)
class Net:
    """One net: build(form) makes the module of one form, small and bench are the shapes of its input x."""

    build: Callable
    small: tuple
    bench: tuple
    needs: str = "torch"  # the package it comes from

    def shape(self, form):
        return {"small": self.small, "bench": self.bench}[form]

    def missing(self):
        return None if importlib.util.find_spec(self.needs) else self.needs


class OneConvolution(nn.Module):
    """A 3-D convolution, padded to keep its size at stride 1, and its LeakyReLU."""

    def __init__(self, n_in, n_out, kernel, stride, dilation):
        super().__init__()
        self.conv = nn.Conv3d(n_in, n_out, kernel, stride, dilation * (kernel - 1) // 2, dilation)

    def forward(self, x):
        return nn.functional.leaky_relu(self.conv(x), 0.01)


class UNet2d(nn.Module):
    """The U-Net of Ronneberger et al. 2015 as it is used today: padded, batch norm, bilinear upsampling."""

    def __init__(self, width, classes=3):
        super().__init__()
        down = [width, 2 * width, 4 * width, 8 * width, 8 * width]
        up = [4 * width, 2 * width, width, width]
        self.down = nn.ModuleList(self.pair(a, b) for a, b in zip([1] + down, down))
        self.up = nn.ModuleList(self.pair(2 * a, b) for a, b in zip(down[-2::-1], up))
        self.head = nn.Conv2d(width, classes, 1)

    @staticmethod
    def pair(n_in, n_out):
        layers = []
        for n in (n_in, n_out):
            layers += [nn.Conv2d(n, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers)

    def forward(self, x):
        kept = []
        for i, stage in enumerate(self.down):
            x = stage(nn.functional.max_pool2d(x, 2) if i else x)
            kept.append(x)
        for stage, skip in zip(self.up, reversed(kept[:-1])):
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = stage(torch.cat([skip, x], 1))
        return self.head(x)


def monai(name, small=None, bench=None, **always):
    """build(form) for a net of MONAI with the arguments of that form."""

    def build(form):
        from monai.networks import nets

        return getattr(nets, name)(**always, **((small if form == "small" else bench) or {}))

    return build


def resnet(name):
    def build(form):
        import torchvision

        return getattr(torchvision.models, name)(weights=None, num_classes=10)

    return build


def cube(channels, edge):
    return (1, channels, edge, edge, edge)


PLAIN, SMALL_PLAIN = (32, 64, 128, 256, 320), (12, 24, 40, 64, 64)


def dynunet(filters):
    steps = len(filters) - 1
    return dict(filters=filters, kernel_size=[3] * (steps + 1), strides=[1] + [2] * steps, upsample_kernel_size=[2] * steps)


NETS = {
    "nnunet": Net(lambda form: nnunet.plain(SMALL_PLAIN if form == "small" else PLAIN), cube(1, 32), cube(1, 64)),
    "nnunet128": Net(lambda form: nnunet.plain((6, 12, 16, 24, 24, 24) if form == "small" else PLAIN + (320,)),
                     (1, 1, 64, 64, 32), cube(1, 128)),
    "nnunet-residual": Net(lambda form: nnunet.residual_encoder(*(
        ((12, 24, 36, 64), (1, 2, 2, 1)) if form == "small" else (PLAIN, (1, 3, 4, 6, 6)))), cube(1, 32), cube(1, 64)),
    "unet": Net(monai("UNet", dict(channels=(8, 16, 24, 32), strides=(2, 2, 2)),
                      dict(channels=(32, 64, 128, 256, 320), strides=(2, 2, 2, 2)), spatial_dims=3, in_channels=1,
                      out_channels=3, num_res_units=2), cube(1, 32), cube(1, 96), "monai"),
    "segresnet": Net(monai("SegResNet", dict(init_filters=8), dict(init_filters=16), in_channels=4, out_channels=3),
                     cube(4, 24), cube(4, 96), "monai"),
    "dynunet": Net(monai("DynUNet", dynunet((8, 16, 24, 32)), dynunet(PLAIN), spatial_dims=3, in_channels=1,
                         out_channels=3, res_block=True), cube(1, 24), cube(1, 64), "monai"),
    "swinunetr": Net(monai("SwinUNETR", dict(feature_size=12), dict(feature_size=24), in_channels=1, out_channels=3,
                           norm_name=("instance", {"affine": True})),  # without: the script exporter gives up
                     cube(1, 64), cube(1, 64), "monai"),
    "unetr": Net(monai("UNETR", dict(img_size=32, feature_size=4, hidden_size=96, mlp_dim=192, num_heads=4),
                       dict(img_size=96, feature_size=16), in_channels=1, out_channels=3), cube(1, 32), cube(1, 96), "monai"),
    "densenet121": Net(monai("DenseNet121", dict(init_features=16, growth_rate=8, block_config=(2, 3, 4, 3)),
                             spatial_dims=3, in_channels=1, out_channels=3), cube(1, 64), cube(1, 96), "monai"),
    "vit": Net(monai("ViT", dict(img_size=(32,) * 3, patch_size=(8,) * 3, hidden_size=96, mlp_dim=192, num_layers=3,
                                 num_heads=4), dict(img_size=(96,) * 3, patch_size=(16,) * 3),
                     in_channels=1, classification=True, num_classes=3, post_activation=None), cube(1, 32), cube(1, 96),
               "monai"),
    "unet2d": Net(lambda form: UNet2d(16 if form == "small" else 64), (1, 1, 64, 64), (1, 1, 256, 256)),
    "resnet18": Net(resnet("resnet18"), (1, 3, 96, 96), (1, 3, 224, 224), "torchvision"),
    "resnet50": Net(resnet("resnet50"), (1, 3, 96, 96), (1, 3, 224, 224), "torchvision"),
}

# For scripts/bench/window.c: the window and the classes of a whole CT.
CT = Net(lambda form: nnunet.plain(PLAIN + (320,), classes=5), cube(1, 128), cube(1, 128))


def one_convolution(name):
    """[in, out, edge, kernel, stride, dilation] of a name such as 32-64@96 or 32-64@96k1s2d1, None for another name."""
    found = re.fullmatch(r"(\d+)-(\d+)@(\d+)(?:k(\d+))?(?:s(\d+))?(?:d(\d+))?", name)
    return [int(n or default) for n, default in zip(found.groups(), (0, 0, 0, 3, 1, 1))] if found else None


def find(name):
    """The net of that name, which may be that of a single convolution; KeyError when there is none."""
    layer = one_convolution(name)
    if not layer:
        return CT if name == "ct" else NETS[name]
    n_in, n_out, edge, *how = layer
    return Net(lambda form: OneConvolution(n_in, n_out, *how), cube(n_in, edge), cube(n_in, edge))


def make(name, form):
    """The net in evaluation mode and an input for it; the same numbers in every process with this torch."""
    net = find(name)
    torch.manual_seed(zlib.crc32(f"{name} {form}".encode()))
    module = net.build(form)
    x = torch.randn(net.shape(form))
    others = torch.randn(7 if form == "small" else 1, *net.shape(form)[1:])
    return working(module, torch.cat([x, others])), x


def answer(module, x):
    """The output of the net; of several (MONAI's ViT also gives hidden states) the first."""
    with torch.inference_mode():
        y = module(x)
    return y[0] if isinstance(y, (tuple, list)) else y


def working(module, samples):
    """Sets random weights under which activations neither fade nor grow, and every parameter matters."""
    norms = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (nn.modules.conv._ConvNd, nn.Linear)):
                nn.init.kaiming_normal_(part.weight, a=1.0 if isinstance(part, nn.Linear) else 0.01)
                if part.bias is not None:
                    nn.init.normal_(part.bias, 0, 0.1)
            if isinstance(part, norms) and getattr(part, "weight", None) is not None:
                nn.init.uniform_(part.weight, 0.7, 1.3)
                nn.init.normal_(part.bias, 0, 0.2)
        for part in module.modules():  # training leaves the branches of a ResNet smaller than its trunk
            last = getattr(part, "bn3", None)
            if last is not None:
                last.weight *= 0.3
        batch_norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        module.eval()
        for part in batch_norms:  # cumulative average of what passes through
            part.momentum = None
            part.reset_running_stats()
            part.train()
        if batch_norms:
            module(samples)
    return module.eval()

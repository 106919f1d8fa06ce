"""The two networks of nnU-Net v2, from their own package where it is installed, else written here after it.

Both have InstanceNorm with affine parameters and LeakyReLU(0.01), strided convolutions on the way down, and
transposed convolutions with kernel = stride on the way up (github.com/MIC-DKFZ/dynamic-network-architectures).
"""

import torch
from torch import nn

try:
    from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
except ImportError:
    PlainConvUNet = ResidualEncoderUNet = None

SOURCE = "dynamic_network_architectures" if PlainConvUNet else "scripts/bench/nnunet.py"


def settings(features, classes):
    return dict(input_channels=1, n_stages=len(features), features_per_stage=list(features), conv_op=nn.Conv3d,
                kernel_sizes=3, strides=[1] + [2] * (len(features) - 1), num_classes=classes, conv_bias=True,
                n_conv_per_stage_decoder=2 if PlainConvUNet is None else [2] * (len(features) - 1),
                norm_op=nn.InstanceNorm3d, norm_op_kwargs={"eps": 1e-5, "affine": True},
                nonlin=nn.LeakyReLU, nonlin_kwargs={"inplace": True}, deep_supervision=False)


def plain(features, classes=3):
    """The plain U-Net: two convolutions per stage."""
    if PlainConvUNet:
        return PlainConvUNet(n_conv_per_stage=[2] * len(features), **settings(features, classes))
    return Own(features, [2] * len(features), classes, residual=False)


def residual_encoder(features, blocks, classes=3):
    """The residual-encoder U-Net: `blocks` residual blocks per stage, one convolution per stage of the decoder."""
    if ResidualEncoderUNet:
        how = settings(features, classes)
        how["n_conv_per_stage_decoder"] = [1] * (len(features) - 1)
        return ResidualEncoderUNet(n_blocks_per_stage=list(blocks), **how)
    return Own(features, blocks, classes, residual=True)


class Unit(nn.Sequential):
    """Convolution, norm, and LeakyReLU unless what follows is an addition."""

    def __init__(self, n_in, n_out, kernel=3, stride=1, bias=True, activation=True):
        super().__init__(nn.Conv3d(n_in, n_out, kernel, stride, kernel // 2, bias=bias),
                         nn.InstanceNorm3d(n_out, affine=True),
                         *([nn.LeakyReLU(0.01, inplace=True)] if activation else []))


class Residual(nn.Module):
    """Two units and a shortcut: average pooling where it strides, 1x1x1 convolution where the channels change."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.body = nn.Sequential(Unit(n_in, n_out, 3, stride), Unit(n_out, n_out, activation=False))
        shortcut = [nn.AvgPool3d(stride, stride)] if stride > 1 else []
        if n_in != n_out:
            shortcut.append(Unit(n_in, n_out, 1, 1, bias=False, activation=False))
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x):
        return nn.functional.leaky_relu(self.body(x) + self.shortcut(x), 0.01)


class Own(nn.Module):
    """Either of the two, without their package."""

    def __init__(self, features, depth, classes, residual):
        super().__init__()
        stem = [Unit(1, features[0])] if residual else []
        n_in, stages = features[0] if residual else 1, []
        for i, (n_out, n) in enumerate(zip(features, depth)):
            layers = stem if i == 0 else []
            for k in range(n):
                stride = 2 if i and k == 0 else 1
                layers.append(Residual(n_in, n_out, stride) if residual else Unit(n_in, n_out, 3, stride))
                n_in = n_out
            stages.append(nn.Sequential(*layers))
        self.encoder = nn.ModuleList(stages)
        pairs = list(zip(features[:0:-1], features[-2::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose3d(below, n, 2, 2) for below, n in pairs)
        self.decoder = nn.ModuleList(
            Unit(2 * n, n) if residual else nn.Sequential(Unit(2 * n, n), Unit(n, n)) for _, n in pairs)
        self.head = nn.Conv3d(features[0], classes, 1)

    def forward(self, x):
        kept = []
        for stage in self.encoder:
            x = stage(x)
            kept.append(x)
        for up, stage, skip in zip(self.up, self.decoder, reversed(kept[:-1])):
            x = stage(torch.cat([up(x), skip], 1))
        return self.head(x)

"""The networks of the demo tools. Small on purpose: the demo must run in two minutes on two cores."""
import torch
from torch import nn


def block(conv, norm, inside, outside, stride=1):
    return nn.Sequential(conv(inside, outside, 3, stride=stride, padding=1, bias=False), norm(outside, affine=True),
                         nn.LeakyReLU(0.01))


class UNet3d(nn.Module):
    """Three levels, strided convolutions down, transposed convolutions up, instance norm: as nnU-Net builds them."""

    def __init__(self, classes=3, c=8):
        super().__init__()
        conv, norm = nn.Conv3d, nn.InstanceNorm3d
        self.enc1 = nn.Sequential(block(conv, norm, 1, c), block(conv, norm, c, c))
        self.enc2 = nn.Sequential(block(conv, norm, c, 2 * c, 2), block(conv, norm, 2 * c, 2 * c))
        self.enc3 = nn.Sequential(block(conv, norm, 2 * c, 4 * c, 2), block(conv, norm, 4 * c, 4 * c))
        self.up2 = nn.ConvTranspose3d(4 * c, 2 * c, 2, stride=2)
        self.dec2 = block(conv, norm, 4 * c, 2 * c)
        self.up1 = nn.ConvTranspose3d(2 * c, c, 2, stride=2)
        self.dec1 = block(conv, norm, 2 * c, c)
        self.head = nn.Conv3d(c, classes, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(a)
        y = self.dec2(torch.cat([self.up2(self.enc3(b)), b], 1))
        return self.head(self.dec1(torch.cat([self.up1(y), a], 1)))


class Coarse3d(nn.Module):
    """For 4 mm voxels: strided convolutions down, one dilated, trilinear resizing up, batch norm, ELU. Any size that
    4 divides."""

    def __init__(self, classes=3, c=8):
        super().__init__()

        def one(inside, outside, stride=1, dilation=1):
            return nn.Sequential(nn.Conv3d(inside, outside, 3, stride, dilation, dilation, bias=False),
                                 nn.BatchNorm3d(outside, momentum=0.03), nn.ELU())

        self.enc1 = one(1, c)
        self.enc2 = nn.Sequential(one(c, 2 * c, 2), one(2 * c, 2 * c))
        self.enc3 = nn.Sequential(one(2 * c, 2 * c, 2), one(2 * c, 2 * c, 1, 2))
        self.up = nn.Upsample(scale_factor=2, mode="trilinear", align_corners=False)
        self.dec2, self.dec1 = one(4 * c, 2 * c), one(3 * c, c)
        self.head = nn.Conv3d(c, classes, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(a)
        y = self.dec2(torch.cat([self.up(self.enc3(b)), b], 1))
        return self.head(self.dec1(torch.cat([self.up(y), a], 1)))


class UNet2d(nn.Module):
    """Slice by slice: max pooling down, resize and convolution up, batch norm."""

    def __init__(self, classes=3, c=8):
        super().__init__()

        def two(inside, outside):
            return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside),
                                 nn.ReLU(), nn.Conv2d(outside, outside, 3, padding=1, bias=False),
                                 nn.BatchNorm2d(outside), nn.ReLU())

        self.enc1, self.enc2, self.enc3 = two(1, c), two(c, 2 * c), two(2 * c, 4 * c)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.dec2, self.dec1 = two(6 * c, 2 * c), two(3 * c, c)
        self.head = nn.Conv2d(c, classes, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(self.pool(a))
        y = self.dec2(torch.cat([self.up(self.enc3(self.pool(b))), b], 1))
        return self.head(self.dec1(torch.cat([self.up(y), a], 1)))


def least(a, b):
    """The smaller of two, from operators that every engine has."""
    return a - torch.relu(a - b)


class Threshold3d(nn.Module):
    """No training. On z-scored images, clipped at 1.3 so that fat does not stand out: organ where a narrow and a wide
    mean are both bright, lesion where the wide mean is bright and the narrow one darker. Limits were chosen by eye.
    """

    def __init__(self):
        super().__init__()

        def mean(z, y, x):
            conv = nn.Conv3d(1, 1, (z, y, x), padding=(z // 2, y // 2, x // 2), bias=False)
            conv.weight.data.fill_(1 / (z * y * x))
            return conv

        self.narrow = nn.Sequential(mean(3, 3, 3), mean(3, 3, 3))
        self.wide = nn.Sequential(*[mean(*size) for size in ((9, 1, 1), (1, 9, 1), (1, 1, 9))] * 2)

    def forward(self, x):
        narrow, wide = self.narrow(x), self.wide(x)
        organ = least(narrow - 0.7, wide - 0.8)
        lesion = 8 * least(wide - 0.9, wide - narrow - 0.1)
        return torch.cat([0 * narrow, organ, lesion], 1)


class Cnn(nn.Module):
    """Three convolutions, global average, two classes."""

    def __init__(self, c=8):
        super().__init__()
        layers, inside = [], 1
        for outside in (c, 2 * c, 4 * c):
            layers += [nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(),
                       nn.MaxPool2d(2)]
            inside = outside
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(4 * c, 2)

    def forward(self, x):
        return torch.softmax(self.head(self.body(x).mean((2, 3))), 1)


class Shape(nn.Module):
    """Three hand-made features, few learned weights: how large the bright part is, how long its edge, and the ratio of
    the two, which is larger for a ragged outline."""

    def __init__(self):
        super().__init__()
        self.smooth = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        self.smooth.weight.data.fill_(1 / 9)
        self.bright = nn.Conv2d(1, 1, 1)
        self.bright.weight.data.fill_(8.0)
        self.bright.bias.data.fill_(-1.0)
        self.slope = nn.Conv2d(1, 2, 3, bias=False)
        sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        self.slope.weight.data[:] = torch.stack([sobel, sobel.T])[:, None]
        self.smooth.weight.requires_grad = self.slope.weight.requires_grad = False
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        inside = torch.sigmoid(self.bright(self.smooth(x)))
        area = inside.mean((2, 3))
        edge = torch.abs(self.slope(inside)).mean((2, 3)).sum(1, keepdim=True)
        return torch.softmax(self.head(torch.cat([4 * area, 20 * edge, edge / (area + 0.02) * 4], 1)), 1)

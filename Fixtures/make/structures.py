#!/usr/bin/env python3
"""Known networks without their weights: structures.py FOLDER [NAME…]

Builds networks of torchvision, timm and the CIFAR paper with random weights, exports them, strips the weights (structure.py)
and writes FOLDER/NAME.onnx, and what each consists of to FOLDER/expected.json: how many residual blocks, and how many of
their shortcuts project, counted in the framework's own modules and never in Skiff's output. Every second network keeps its
BatchNormalization, the others are folded as exporters do. Needs torch, torchvision, timm and onnx.
"""
import io
import json
import sys
import warnings
from pathlib import Path

import onnx
import torch
from structure import stripped
from torch import nn

warnings.filterwarnings("ignore")


class OptionA(nn.Module):
    """A shortcut of He et al. 2015, option A: every second position, zeros in the channels that come anew."""

    def __init__(self, extra):
        super().__init__()
        self.extra = extra

    def forward(self, x):
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra // 2, self.extra // 2))


class CIFARBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = OptionA(outputs - inputs) if stride > 1 else None

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


def cifar(blocks):
    """ResNet-(6n+2) for CIFAR-10."""
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for stage, width in enumerate((16, 32, 64)):
        for index in range(blocks):
            layers.append(CIFARBlock(channels, width, 2 if stage and not index else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def torchvision(name):
    import torchvision.models
    return lambda: getattr(torchvision.models, name)(weights=None)


def segmentation(name):
    import torchvision.models.segmentation
    return lambda: getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None)


def video(name):
    import torchvision.models.video
    return lambda: getattr(torchvision.models.video, name)(weights=None)


def timm(name):
    import timm
    return lambda: timm.create_model(name, pretrained=False)


IMAGE, SMALL = (1, 3, 224, 224), (1, 3, 32, 32)
# Name, how it is built, its input, the family Skiff has to name (null: none that is known).
NETWORKS = [
    ("cifar-resnet20", lambda: cifar(3), SMALL, "ResNet-20"),
    ("cifar-resnet110", lambda: cifar(18), SMALL, "ResNet-110"),
    ("resnet18", torchvision("resnet18"), IMAGE, "ResNet-18"),
    ("resnet34", torchvision("resnet34"), IMAGE, "ResNet-34"),
    ("resnet50", torchvision("resnet50"), IMAGE, "ResNet-50"),
    ("resnet101", torchvision("resnet101"), IMAGE, "ResNet-101"),
    ("resnet152", torchvision("resnet152"), IMAGE, "ResNet-152"),
    ("resnext50", torchvision("resnext50_32x4d"), IMAGE, "ResNeXt-50 32×4d"),
    ("wide-resnet50", torchvision("wide_resnet50_2"), IMAGE, "Wide ResNet-50-2"),
    ("mobilenet-v2", torchvision("mobilenet_v2"), IMAGE, "MobileNetV2"),
    ("mobilenet-v3-large", torchvision("mobilenet_v3_large"), IMAGE, "MobileNetV3-Large"),
    ("efficientnet-b0", torchvision("efficientnet_b0"), IMAGE, "EfficientNet-B0"),
    ("convnext-tiny", torchvision("convnext_tiny"), IMAGE, "ConvNeXt-Tiny"),
    ("regnet-y-400mf", torchvision("regnet_y_400mf"), IMAGE, "RegNetY-400MF"),
    ("densenet121", torchvision("densenet121"), IMAGE, "DenseNet-121"),
    ("vgg11", torchvision("vgg11"), IMAGE, None),
    ("fcn-resnet50", segmentation("fcn_resnet50"), IMAGE, "ResNet-50"),
    ("r3d-18", video("r3d_18"), (1, 3, 8, 64, 64), "R3D-18"),
    ("resnet50d", timm("resnet50d"), IMAGE, "ResNet-50"),
    ("seresnet50", timm("seresnet50"), IMAGE, "SE-ResNet-50"),
    ("res2net50", timm("res2net50_26w_4s"), IMAGE, "Res2Net-50 26w×4s"),
    ("resnetv2-50", timm("resnetv2_50"), IMAGE, "ResNet-50"),
    ("resnest14d", timm("resnest14d"), IMAGE, "ResNeSt-14"),
    ("skresnet18", timm("skresnet18"), IMAGE, "SK-ResNet-18"),
    ("darknet53", timm("darknet53"), IMAGE, "DarkNet-53"),
]

# Modules that are residual blocks, by the name of their class.
BLOCKS = {"BasicBlock", "Bottleneck", "CIFARBlock", "InvertedResidual", "MBConv", "CNBlock", "ResBottleneckBlock",
          "Bottle2neck", "PreActBottleneck", "ResNestBottleneck", "SelectiveKernelBasic", "DarkBlock"}


def counted(model):
    """How many modules are residual blocks, and on how many shortcuts a convolution lies."""
    blocks = projections = 0
    for module in model.modules():
        name = type(module).__name__
        if name not in BLOCKS:
            continue
        # MobileNet's and EfficientNet's blocks have a shortcut only where they keep extent and channels.
        if not getattr(module, "use_res_connect", True):
            continue
        blocks += 1
        shortcut = getattr(module, "downsample", None) or getattr(module, "proj", None)
        convolutions = [m for m in shortcut.modules() if isinstance(m, (nn.Conv2d, nn.Conv3d))] if shortcut else []
        projections += bool(convolutions)
    return blocks, projections


def export(model, shape, keeps_normalization):
    file = io.BytesIO()
    mode = torch.onnx.TrainingMode.PRESERVE if keeps_normalization else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(
        model, (torch.zeros(shape),), file, dynamo=False, opset_version=13, training=mode,
        do_constant_folding=not keeps_normalization, input_names=["image"], dynamic_axes={"image": {0: "batch"}})
    return stripped(onnx.load_model_from_string(file.getvalue()))


def main():
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "expected.json"
    expected = json.loads(listing.read_text()) if listing.exists() else {}
    for index, (name, build, shape, family) in enumerate(NETWORKS):
        if names and name not in names:
            continue
        torch.manual_seed(0)
        model = build().eval()
        # The exporter keeps equal tensors once, and fresh normalizations are all equal.
        for module in model.modules():
            for tensor in [*module.parameters(False), *module.buffers(False)]:
                if tensor.is_floating_point() and tensor.numel() > 1:
                    nn.init.uniform_(tensor, 0.5, 1.5)
        blocks, projections = counted(model)
        onnx.save(export(model, shape, index % 2 == 1), folder / f"{name}.onnx")
        parameters = sum(p.numel() for p in model.parameters())
        expected[name] = {"family": family, "blocks": blocks, "projections": projections}
        # Folded, a network has fewer parameters than its modules.
        if index % 2:
            expected[name]["parameters"] = parameters
        print(name, expected[name], (folder / f"{name}.onnx").stat().st_size, flush=True)
    order = [entry[0] for entry in NETWORKS]
    expected = {name: expected[name] for name in sorted(expected, key=order.index)}
    listing.write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes files of weights without an architecture, and what their networks compute. Run by crosscheck.py:

    crosscheck_weights.py SCRATCH       needs requirements-keras3.txt, scikit-image, timm and transformers

Networks of torchvision, timm, Hugging Face transformers, and those for CIFAR under the names of the implementations
people use. Weights are random and seeded; BatchNormalization's statistics are those of natural images (scikit-image's
photographs), so that a network rebuilt otherwise than it was made does not meet them. A case is a folder as
crosscheck_models.py makes it, its case.json with `architecture`, what `skiff` has to recognise.
"""
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from crosscheck_models import case, finish, seed_of

warnings.filterwarnings("ignore")
MEAN, DEVIATION = np.array([.485, .456, .406], "f"), np.array([.229, .224, .225], "f")


def photographs(count, size, seed):
    """Random crops of scikit-image's photographs, scaled, as (count, 3, size, size) in 0…1."""
    from skimage import data, transform

    pictures = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket(), data.immunohistochemistry()]
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        picture = pictures[rng.integers(len(pictures))]
        side = int(rng.uniform(.4, 1) * min(picture.shape[:2]))
        y, x = rng.integers(picture.shape[0] - side + 1), rng.integers(picture.shape[1] - side + 1)
        crop = transform.resize(picture[y:y + side, x:x + side], (size, size), anti_aliasing=True)
        out.append(crop[:, ::-1] if rng.random() < .5 else crop)
    return np.stack(out).astype("f").transpose(0, 3, 1, 2)


def calibrated(model, name, size, channels=3, rounds=3):
    """Random weights, and the statistics that training would leave."""
    torch.manual_seed(seed_of(name))
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, .4, 1.2)
            nn.init.normal_(module.bias, 0, .2)
            module.momentum = None
    model.train()
    with torch.no_grad():
        for step in range(rounds):
            x = (photographs(8, size, step) - MEAN[:, None, None]) / DEVIATION[:, None, None]
            model(torch.from_numpy(x[:, :channels].copy()))
    return model.eval()


def save(scratch, name, model, size, architecture, *, channels=3, files=("safetensors",), prefix="", drop=(), output=None,
         blocks=None):
    folder = case(scratch, "weights-" + name)
    if folder is None:
        return
    calibrated(model, name, size, channels)
    x = torch.from_numpy(np.random.default_rng(seed_of(name)).standard_normal((2, channels, size, size)).astype("f"))
    with torch.no_grad():
        y = (output or model)(x)
    y = (y.logits if hasattr(y, "logits") else y).numpy()
    state = {prefix + k: v.contiguous() for k, v in model.state_dict().items() if not any(k.startswith(d) for d in drop)}
    names = []
    for kind in files:
        names.append(f"model.{kind}")
        if kind == "npz":
            np.savez(folder / "model.npz", **{k: v.numpy() for k, v in state.items()})
        else:
            save_file(state, folder / names[-1], metadata={"format": "pt"})
    finish(folder, x.numpy(), {"output": y}, names, framework=f"torch {torch.__version__}", architecture=architecture,
           **({"blocks": blocks} if blocks else {}))


# ---------------------------------------------------------------- networks for CIFAR

class Basic(nn.Module):
    def __init__(self, before, after, stride, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.stride, self.pad = stride, after - before
        if shortcut and (stride > 1 or self.pad):
            setattr(self, shortcut, nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)))
        self.name = shortcut

    def around(self, x):
        if self.name and hasattr(self, self.name):
            return getattr(self, self.name)(x)
        x = x[:, :, ::self.stride, ::self.stride]
        return nn.functional.pad(x, (0, 0, 0, 0, self.pad // 2, self.pad // 2)) if self.pad else x

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.around(x))


class PreActivation(Basic):
    def __init__(self, before, after, stride, shortcut):
        super().__init__(before, after, stride, shortcut)
        self.bn1 = nn.BatchNorm2d(before)
        if hasattr(self, shortcut):
            setattr(self, shortcut, nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False)))

    def forward(self, x):
        y = torch.relu(self.bn1(x))
        around = getattr(self, self.name)(y) if hasattr(self, self.name) else x
        return self.conv2(torch.relu(self.bn2(self.conv1(y)))) + around


class CIFAR(nn.Module):
    def __init__(self, stages, widths, shortcut, head, block=Basic, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        if block is Basic:
            self.bn1 = nn.BatchNorm2d(widths[0])
        before = widths[0]
        for stage, (count, width) in enumerate(zip(stages, widths)):
            layers = []
            for index in range(count):
                layers.append(block(before, width, 2 if stage and not index else 1, shortcut))
                before = width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        setattr(self, head, nn.Linear(before, classes))
        self.stages, self.head = len(stages), head

    def forward(self, x):
        x = self.conv1(x)
        x = torch.relu(self.bn1(x)) if hasattr(self, "bn1") else x
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return getattr(self, self.head)(x.mean((2, 3)))


def strided_first(model):
    """torchvision's bottlenecks as the paper and Caffe have them: the stride in the first 1×1."""
    for stage in range(2, 5):
        block = getattr(model, f"layer{stage}")[0]
        block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)
    return model


class Trunk(nn.Module):
    """A model without its head: the last feature map, channels last as skiff leaves them by file."""
    def __init__(self, model):
        super().__init__()
        self.layers = nn.Sequential(*list(model.children())[:-2])

    def forward(self, x):
        return self.layers(x)


def main(scratch):
    import torchvision.models as tv

    for depth, count in ((18, 8), (34, 16), (50, 16), (101, 33), (152, 50)):
        model = getattr(tv, f"resnet{depth}")(weights=None)
        save(scratch, f"resnet{depth}", model, 224, f"torchvision/resnet{depth}",
             files=("safetensors", "npz") if depth == 50 else ("safetensors",), blocks=count)
    save(scratch, "resnext50", tv.resnext50_32x4d(weights=None), 160, "torchvision/resnext50_32x4d", blocks=16)
    save(scratch, "resnext101", tv.resnext101_32x8d(weights=None), 96, "torchvision/resnext101_32x8d", blocks=33)
    save(scratch, "wide50", tv.wide_resnet50_2(weights=None), 96, "torchvision/wide_resnet50_2", blocks=16)
    save(scratch, "wide101", tv.wide_resnet101_2(weights=None), 96, "torchvision/wide_resnet101_2", blocks=33)
    save(scratch, "resnet50-v1", strided_first(tv.resnet50(weights=None)), 224, "torch-v1/resnet50", blocks=16)
    save(scratch, "resnet18-module", tv.resnet18(weights=None, num_classes=7), 128, "torchvision/resnet18", prefix="module.", blocks=8)
    grey = tv.resnet34(weights=None, num_classes=3)
    grey.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    save(scratch, "resnet34-grey", grey, 128, "torchvision/resnet34", channels=1, prefix="backbone.", blocks=16)
    headless = tv.resnet50(weights=None)
    save(scratch, "resnet50-headless", headless, 128, "torchvision/resnet50", drop=("fc.",), output=Trunk(headless), blocks=16)

    import timm
    for name, architecture, count in (("resnet26", "torchvision/resnet26", 8), ("resnet26d", "timm-deep/resnet26", 8),
                                      ("resnet50d", "timm-deep/resnet50", 16), ("resnet50.a1_in1k", "torchvision/resnet50", 16)):
        save(scratch, "timm-" + name.split(".")[0], timm.create_model(name, pretrained=False), 128, architecture, blocks=count)

    from transformers import ResNetConfig, ResNetForImageClassification
    for depths, kind, architecture, count in (([3, 4, 6, 3], "bottleneck", "huggingface/resnet50", 16), ([2, 2, 2, 2], "basic", "huggingface/resnet18", 8)):
        sizes = [256, 512, 1024, 2048] if kind == "bottleneck" else [64, 128, 256, 512]
        model = ResNetForImageClassification(ResNetConfig(depths=depths, layer_type=kind, hidden_sizes=sizes, num_labels=1000))
        save(scratch, "transformers-" + architecture.split("/")[1], model, 128, architecture, blocks=count)

    for depth in (20, 32, 44, 56, 110):
        n = (depth - 2) // 6
        save(scratch, f"cifar{depth}-a", CIFAR([n] * 3, [16, 32, 64], None, "linear"), 32, f"torch-cifar-a/resnet{depth}", blocks=3 * n)
        save(scratch, f"cifar{depth}", CIFAR([n] * 3, [16, 32, 64], "downsample", "fc"), 32, f"torch-cifar/resnet{depth}", blocks=3 * n)
    save(scratch, "cifar-resnet18", CIFAR([2] * 4, [64, 128, 256, 512], "shortcut", "linear"), 32, "torch-cifar/resnet18", blocks=8)
    save(scratch, "cifar-preact18", CIFAR([2] * 4, [64, 128, 256, 512], "shortcut", "linear", PreActivation), 32,
         "torch-cifar-v2/resnet18v2", blocks=8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

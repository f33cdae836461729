#!/usr/bin/env python3
"""Compare `skiff inspect --weights` with NumPy, every figure of every tensor and channel.

    crosscheck_statistics.py SKIFF MODEL…       (.onnx, .h5/.hdf5, .safetensors, .npz)

Reads each MODEL with the format's own library and computes the figures in float64. Sums may differ by their rounding;
all else has to be equal. One line per model; the exit status is 1 if any differs.
Needs NumPy, and onnx, h5py, safetensors or ml_dtypes for what lies in such files.
"""
import json
import subprocess
import sys

import numpy as np

BINS = 64


def onnx_tensors(path):
    import onnx
    from onnx import numpy_helper
    model = onnx.load(path)
    found = {}

    def walk(graph):
        for tensor in graph.initializer:
            found[tensor.name] = numpy_helper.to_array(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.name == "value" and node.op_type == "Constant":
                    found[node.output[0]] = numpy_helper.to_array(attribute.t)
    walk(model.graph)
    return found


def hdf5_tensors(path):
    import h5py
    found = {}
    with h5py.File(path, "r") as file:
        group = file["model_weights"] if "model_weights" in file else file

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                # Skiff calls a variable by its layer and what it is to the layer.
                parts = name.split(":")[0].split("/")
                found[name] = item[()]
                for short in ("/".join(parts[1:]), f"{parts[0]}/{parts[-1]}", "/".join(name.split("/")[1:])):
                    found.setdefault(short, item[()])
        group.visititems(visit)
    return found


def tensors(path):
    if path.endswith(".onnx"):
        return onnx_tensors(path)
    if path.endswith((".h5", ".hdf5")):
        return hdf5_tensors(path)
    if path.endswith(".safetensors"):
        from safetensors.numpy import load_file
        return load_file(path)
    return dict(np.load(path))


def close(found, expected, scale):
    """Equal but for the rounding of sums whose terms are of that scale."""
    if found is None or not np.isfinite(expected):
        return found is None
    return abs(found - expected) <= 1e-12 * max(scale, abs(expected)) + 1e-300


def distinct_bits(values):
    return len(np.unique(np.where(values == 0, 0, values)[~np.isnan(values)]))


def check(entry, stored):
    """The names of the figures that are not what NumPy says."""
    wrong = []
    with np.errstate(all="ignore"):
        values = np.ascontiguousarray(stored)
        wide = values.astype(np.float64)
        finite = wide[np.isfinite(wide)]
        scale = float(np.abs(finite).max()) if finite.size else 1.0
    if list(stored.shape) != entry["shape"]:
        return ["shape"]
    exact = {
        "elements": values.size, "zeros": int((wide == 0).sum()), "nan": int(np.isnan(wide).sum()),
        "infinite": int(np.isinf(wide).sum()),
    }
    if finite.size:
        exact |= {"minimum": float(finite.min()), "maximum": float(finite.max())}
    kind = values.dtype
    if str(kind) in ("float16", "bfloat16", "float32", "float64"):
        smallest = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}[str(kind)]
        exact["denormal"] = int(((np.abs(wide) < smallest) & (wide != 0)).sum())
    for name, value in exact.items():
        if entry[name] != value:
            wrong.append(f"{name} is {entry[name]}, NumPy says {value}")
    if not finite.size:
        return wrong
    for name, value in (("mean", finite.mean()), ("standardDeviation", finite.std())):
        if not close(entry[name], float(value), scale):
            wrong.append(f"{name} is {entry[name]}, NumPy says {value}")
    different = distinct_bits(wide)
    if entry["distinct"] is not None and not np.isnan(wide).any() and entry["distinct"] != different:
        wrong.append(f"distinct is {entry['distinct']}, NumPy says {different}")
    if entry["distinct"] is None and different <= 256 and not np.isnan(wide).any():
        wrong.append(f"distinct is missing, NumPy says {different}")
    histogram = entry["histogram"]
    lower, upper = float(finite.min()), float(finite.max())
    if lower < upper:
        bins = np.clip((finite - lower) * (BINS / (upper - lower)), 0, BINS - 1).astype(np.int64)
        counts = np.bincount(bins, minlength=BINS).tolist()
    else:
        counts = [int(finite.size)]
    if histogram["counts"] != counts:
        wrong.append("histogram")
    other = finite[finite != 0]
    if other.size:
        exponents = np.floor(np.frexp(np.abs(other))[1] - 1).astype(int)
        if str(kind) in ("float32", "float64"):
            floor = -127 if str(kind) == "float32" else -1023
            exponents = np.maximum(exponents, floor)
        expected = np.bincount(exponents - exponents.min()).tolist()
        if entry["exponents"] != {"lowest": int(exponents.min()), "counts": expected}:
            wrong.append("exponents")
    if "perChannel" in entry:
        wrong += check_channels(entry, wide, scale)
    return wrong


def check_channels(entry, wide, scale):
    """Compares all figures along each axis of so many channels; one has to fit."""
    per, count = entry["perChannel"], entry["channels"]
    axes = [(axis,) for axis in range(wide.ndim) if wide.shape[axis] == count]
    if wide.ndim > 1 and wide.shape[-1] * wide.shape[-2] == count:
        axes.append((wide.ndim - 2, wide.ndim - 1))
    least = ["channels"]
    for axis in axes:
        rows = np.moveaxis(wide, axis, range(len(axis))).reshape(count, -1)
        with np.errstate(all="ignore"):
            finite = np.where(np.isfinite(rows), rows, np.nan)
            some = np.isfinite(rows).any(axis=1)
            means = np.where(some, np.nanmean(finite, axis=1), 0)
            spreads = np.where(some, np.nanstd(finite, axis=1), 0)
        wrong = []
        for i in range(count):
            good = ((per["minimum"][i] is None) != some[i]
                    and close(per["mean"][i], float(means[i]), scale)
                    and close(per["standardDeviation"][i], float(spreads[i]), scale)
                    and per["zeros"][i] == int((rows[i] == 0).sum())
                    and per["nonFinite"][i] == int((~np.isfinite(rows[i])).sum())
                    and (not some[i] or per["minimum"][i] == np.nanmin(finite[i]))
                    and (not some[i] or per["maximum"][i] == np.nanmax(finite[i])))
            if not good:
                wrong.append(f"channel {i}")
        if not wrong:
            return []
        least = wrong if least == ["channels"] or len(wrong) < len(least) else least
    return least


def main():
    skiff, failed = sys.argv[1], False
    for path in sys.argv[2:]:
        run = subprocess.run([skiff, "inspect", path, "--weights", "--channels", "--json"], capture_output=True)
        if not run.stdout:
            print(f"FAIL  {path}: {run.stderr.decode()[:200]}")
            failed = True
            continue
        answer = json.loads(run.stdout)
        if "weights" not in answer:
            print(f"skip  {path}: {answer.get('text', '')[:120]}")
            continue
        entries = answer["weights"]["tensors"]
        try:
            stored = tensors(path)
        except (AttributeError, KeyError, TypeError) as error:
            print(f"skip  {path}: its own library does not read it here: {error}")
            continue
        wrong, compared = [], 0
        for entry in entries:
            name = entry["name"]
            if name not in stored or list(stored[name].shape) != entry["shape"]:
                continue
            compared += 1
            wrong += [f"{name}: {text}" for text in check(entry, stored[name])]
        passed = compared > 0 and not wrong
        failed |= not passed
        print(f"{'pass' if passed else 'FAIL'}  {path}: {compared} of {len(entries)} tensors compared"
              + "".join(f"\n      {text}" for text in wrong[:10]), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

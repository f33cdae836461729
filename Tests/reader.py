#!/usr/bin/env python3
"""Test the readers in Docs/reader on files that a built skiff writes.

    reader.py SKIFF [FIXTURES]

Fixtures are converted in every encoding and read back: what is lossless has to be the source's bits, what is rounded
what NumPy's own rounding makes of them. A model of every element type, large enough for several blocks and made here,
says what the elements have to be, so that no code of Skiff's takes part in that. Files are damaged. Last, capsules are
made of recordings, and NumPy makes the same numbers of them, to the last bit.

Needs NumPy alone.
"""
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Docs" / "reader"))
sys.dont_write_bytecode = True
import capsule_reader  # noqa: E402
from skiff_reader import SkiffError, SkiffFile  # noqa: E402

ENCODINGS = ("raw", "lossless", "float16", "bfloat16", "int8")
MODELS = ("mobile-like/model.h5", "keras3-bottleneck/model.h5", "keras3-formats/bfloat16.keras",
          "torch-basic/model.onnx")
RECORDED = (("torch-basic/model.onnx", "torch-basic/io.npz"), ("mobile-like/model.h5", "mobile-like/io.npz"),
            ("keras3-formats/bfloat16.keras", "keras3-formats/io-bfloat16.npz"),
            ("conv1d-dilated/model.h5", "conv1d-dilated/io.npz"))
checked = 0


def check(condition, text):
    global checked
    checked += 1
    if not condition:
        sys.exit(f"reader: {text}")


# ---------------------------------------------------------------- a model of every type, as ONNX

def varint(value):
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(made) + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_info(name, kind, shape):
    dimensions = b"".join(field(1, field(1, extent)) for extent in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dimensions)))


def packed(codes, bits):
    """Codes of less than a byte in bytes, the first one lowest."""
    stream = (codes.reshape(-1, 1) >> np.arange(bits, dtype=np.uint8) & 1).astype(np.uint8)
    return np.packbits(stream.reshape(-1), bitorder="little").tobytes()


def every_type(path):
    """Writes the model; gives the arrays that have to be read, by name."""
    generator = np.random.default_rng(5)
    weights = generator.normal(0, 0.05, (700, 300)).astype(np.float32)
    weights *= 2.0 ** generator.integers(-3, 3, (700, 1))
    row = generator.normal(0, 1, (1, 300)).astype(np.float32)
    pruned = np.where(generator.random(weights.shape) < 0.8, np.float32(0), weights)
    codes = generator.integers(0, 16, 300_001).astype(np.uint8)
    pairs = generator.integers(0, 4, 4097).astype(np.uint8)
    plain = {
        "float32": (1, weights), "scalar": (1, np.float32(2.5)), "empty": (1, np.zeros((3, 0), np.float32)),
        "pruned": (1, pruned), "masked": (1, weights * (generator.random(weights.shape) < 0.2)),
        "rows": (1, np.concatenate([row if i % 5 else weights[i:i + 1] for i in range(400)])),
        "constant": (1, np.full((256, 300), 0.1, np.float32)),
        "once half": (1, weights.astype(np.float16).astype(np.float32)),
        "special": (1, np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-45] * 40, np.float32)),
        "noise": (1, generator.integers(0, 1 << 32, 70_000, np.uint32).view(np.float32)),
        "float64": (11, weights.astype(np.float64)), "float16": (10, weights.astype(np.float16)),
        "uint8": (2, generator.integers(0, 40, 300_000).astype(np.uint8)),
        "int8": (3, generator.normal(0, 20, 300_000).astype(np.int8)),
        "uint16": (4, generator.integers(0, 999, 9000).astype(np.uint16)),
        "int16": (5, generator.integers(-99, 99, 140_000).astype(np.int16)),
        "int32": (6, generator.integers(-99, 999, 70_000).astype(np.int32)),
        "int64": (7, generator.integers(-99, 999, 40_000)), "bool": (9, generator.random(5000) < 0.1),
        "uint32": (12, generator.integers(0, 1 << 20, 3000).astype(np.uint32)),
        "uint64": (13, generator.integers(0, 1 << 40, 3000).astype(np.uint64)),
        "complex64": (14, (weights[0] + 1j * weights[1]).astype(np.complex64)),
        "complex128": (15, weights[:9] + 1j * weights[1:10].astype(np.float64)),
    }
    expected = {name: array for name, (_, array) in plain.items()}
    tensors = [(name, kind, array.shape, array.tobytes()) for name, (kind, array) in plain.items()]
    halves = (weights.view(np.uint32) >> 16).astype(np.uint16)
    tensors.append(("bfloat16", 16, halves.shape, halves.tobytes()))
    expected["bfloat16"] = (halves.astype(np.uint32) << 16).view(np.float32)
    for name, kind, made, bits in (("uint4", 21, codes, 4), ("int4", 22, codes, 4), ("uint2", 25, pairs, 2)):
        tensors.append((name, kind, made.shape, packed(made, bits)))
        expected[name] = (made.astype(np.int8) ^ 8) - 8 if name == "int4" else made
    nodes = b"".join(field(1, field(1, name) + field(2, name + " out") + field(4, "Identity"))
                     for name, _, _, _ in tensors)
    nodes += field(1, field(1, "x") + field(1, "float32") + field(2, "y") + field(4, "MatMul"))
    graph = nodes + field(2, "every type")
    for name, kind, shape, data in tensors:
        extents = b"".join(field(1, extent) for extent in shape)
        graph += field(5, extents + field(2, kind) + field(8, name) + field(9, data))
    graph += field(11, value_info("x", 1, (1, 700)))
    graph += b"".join(field(12, value_info(name + " out", kind, shape)) for name, kind, shape, _ in tensors)
    graph += field(12, value_info("y", 1, (1, 300)))
    path.write_bytes(field(1, 10) + field(2, "reader.py") + field(7, graph) + field(8, field(1, "") + field(2, 25)))
    return expected


# ---------------------------------------------------------------- what rounding has to give

def rounded(array, encoding):
    if encoding == "float16":
        return array.astype(np.float16).astype(np.float32)
    bits = array.view(np.uint32)
    return ((bits + (0x7FFF + (bits >> 16 & 1))) & 0xFFFF0000).view(np.float32)


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def compare(file, sources, title, has_parts=False):
    """Every tensor of a file, and parts of each, with what it was made of."""
    file.check()
    found = dict(file.arrays())
    for name, tensor in file.tensors.items():
        array, source = found[name], sources[name]
        if tensor.encoding in ("raw", "lossless"):
            check(same(array, source), f"{title}: {name} is not what it was made of")
        elif tensor.encoding == "int8":
            axes = tuple(i for i in range(source.ndim) if i != tensor.axis)
            largest = np.abs(source).max(axis=axes, keepdims=True)
            check((np.abs(array - source) <= largest / 127 * 0.5001).all(),
                  f"{title}: {name} is further off than half a step")
        else:
            check(same(array, rounded(source, tensor.encoding)), f"{title}: {name} is not rounded as NumPy rounds it")
        if not has_parts:
            continue
        for start, stop in ((tensor.count // 3, tensor.count // 3 * 2), (0, min(8, tensor.count))):
            start -= start % 8
            part = file.elements(name, start, stop)
            check(part.tobytes() == array.reshape(-1)[start:stop].tobytes(), f"{title}: elements of {name}")
    return found


# ---------------------------------------------------------------- damage

def refused(path, title):
    """Whether the reader says of a damaged file that it is damaged, in its own words."""
    try:
        SkiffFile(path).check()
    except SkiffError as error:
        return str(error)
    check(False, f"{title}: nothing is noticed")


def damage(path, folder):
    data = path.read_bytes()
    dice = random.Random(1)
    broken = folder / "broken.skiff"
    for _ in range(80):
        place = dice.choice((dice.randrange(64), dice.randrange(len(data)), len(data) - 1 - dice.randrange(2000)))
        changed = bytearray(data)
        changed[place] ^= 1 << dice.randrange(8)
        broken.write_bytes(changed)
        refused(broken, f"a flipped bit in byte {place}")
    for _ in range(30):
        broken.write_bytes(data[:dice.randrange(len(data))])
        refused(broken, "a file that is cut off")
    # Blocks that are changed and whose checksum is not asked for: an error or elements, and nothing else.
    name = max(SkiffFile(path).tensors.values(), key=lambda tensor: tensor.byte_count).name
    for _ in range(60):
        file = SkiffFile(path)
        tensor = file.tensors[name]
        changed = bytearray(data)
        for _ in range(3):
            changed[tensor.offset + dice.randrange(min(200, tensor.byte_count))] = dice.randrange(256)
        file.data = memoryview(changed)
        try:
            check(len(file.elements(name, 0, tensor.count)) == tensor.count, "a damaged block has other elements")
        except SkiffError:
            pass


# ---------------------------------------------------------------- capsules

def capsules(skiff, fixtures, folder):
    path = folder / "made.capsule"
    for model, io in RECORDED:
        run = subprocess.run([skiff, "verify", fixtures / model, "--against", fixtures / io, "--capsule", path],
                             capture_output=True, text=True)
        check(run.returncode == 0, f"{model}: {run.stdout}{run.stderr}")
        text, tables = capsule_reader.read(path)
        recording = np.load(fixtures / io)
        check(len(text["values"]) > 10, f"{model}: {len(text['values'])} values")
        for place, entry in enumerate(text["values"]):
            array = recording[f"{entry['role']}:{entry['name']}"]
            check(list(array.shape) == entry["shape"], f"{model}: shape of {entry['name']}")
            moments, counts, fingerprint, projections = capsule_reader.sketch(array, entry.get("axes"))
            title = f"{model}: {entry['name']}"
            check((tables["moments"][place] == moments).all(), f"{title}: moments")
            check((tables["nonfinite"][place] == counts).all(), f"{title}: counts")
            check(tables["fingerprints"][place] == fingerprint, f"{title}: fingerprint")
            check((tables["projections"][place] == projections).all(), f"{title}: projections")
        for name, array in capsule_reader.inputs(text, tables).items():
            check((array == recording[f"input:{name}"]).all(), f"{model}: input {name}")
    run = subprocess.run([skiff, "verify", fixtures / RECORDED[1][0], "--capsule", path], capture_output=True, text=True)
    check(run.returncode == 0, run.stderr)
    text, tables = capsule_reader.read(path)
    entry = text["inputs"][0]
    check(capsule_reader.inputs(text, tables)[entry["name"]].shape == tuple(entry["shape"]), "a made-up input")
    check(any("axes" in value for value in text["values"]), "no value lies channels last")
    check(not any(name.startswith("input:") for name in tables), "made-up inputs are kept")


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    skiff, fixtures = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else HERE.parent / "Fixtures")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def converted(source, encoding):
            target = folder / f"{encoding}.skiff"
            run = subprocess.run([skiff, "convert", source, "-o", target, "--encoding", encoding],
                                 capture_output=True, text=True)
            check(run.returncode == 0, f"{source} as {encoding}: {run.stdout}{run.stderr}")
            return SkiffFile(target)

        made = folder / "every-type.onnx"
        expected = every_type(made)
        for encoding in ENCODINGS:
            file = converted(made, encoding)
            compare(file, expected, f"every type, {encoding}", has_parts=encoding in ("raw", "int8"))
            used = {tensor.encoding for tensor in file.tensors.values()}
            check(encoding in used, f"nothing is stored as {encoding}")
            operators = {node["operator"] for node in file.graph()["nodes"]}
            check(operators == {"identity", "matrixMultiplication"}, "every type: there are other operators")
        for model in MODELS:
            sources, nodes = None, None
            for encoding in ENCODINGS:
                file = converted(fixtures / model, encoding)
                graph = file.graph()
                if sources is None:
                    sources, nodes = dict(file.arrays()), graph["nodes"]
                compare(file, sources, f"{model}, {encoding}")
                check(graph["nodes"] == nodes and nodes, f"{model}: nodes hang on the encoding")
        damage(folder / "lossless.skiff", folder)
        capsules(skiff, fixtures, folder)
    print(f"reader: {checked} checks passed")


if __name__ == "__main__":
    main()

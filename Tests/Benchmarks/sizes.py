#!/usr/bin/env python3
"""Compare the lossless encoding with ZipNN on the weights of networks: size, and speed of decoding and encoding.

    sizes.py CODEC MODEL… [--threads 1 2] [--rounds 5] [--json FILE] [--page]

CODEC is `.build/throughput`, which `make throughput` builds. MODEL is an .onnx, .h5 or .hdf5; its weights
are all float32 initializers or datasets. ZipNN gets them in one piece, with the best of its settings for float32, and
ours tensor by tensor, with everything that the file holds to find the blocks again: 4 bytes for each block of a
tensor but its last. Names, shapes and checksums are counted for neither.

Times are of memory to memory. Rounds alternate between the two, and the figure is the median over rounds of the
fastest of three passes in each; ours runs in one process of its own per round. Needs requirements-sizes.txt.
With --page the table goes into Docs/Benchmarks.md, between its markers.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "Docs" / "Benchmarks.md"
BEGIN, END = "<!-- sizes:begin -->", "<!-- sizes:end -->"
BLOCK = 65536
PASSES = 3


def weights(path):
    """All float32 weights of a file, in its order."""
    import numpy as np
    if path.suffix == ".onnx":
        import onnx
        from onnx import numpy_helper
        arrays = [numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer]
    else:
        import h5py
        arrays = []
        with h5py.File(path) as file:
            group = file["model_weights"] if "model_weights" in file else file
            group.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    return [np.ascontiguousarray(array) for array in arrays if array.dtype == np.float32]


def smallest_zipnn(data):
    """ZipNN's stream and the settings that make it the smallest."""
    from zipnn import ZipNN
    best = None
    for settings in ({}, {"method": "HUFFMAN"}, {"compression_chunk": 128 * 1024}, {"compression_chunk": 512 * 1024}):
        stream = bytes(ZipNN(bytearray_dtype="float32", **settings).compress(bytearray(data)))
        if best is None or len(stream) < len(best[0]):
            best = stream, settings
    return best


def zipnn_speeds(data, stream, settings, threads):
    """GB/s of encoding and decoding, the best of a few passes."""
    from zipnn import ZipNN
    codec = ZipNN(bytearray_dtype="float32", threads=threads, **settings)
    encoding, decoding = [], []
    for _ in range(PASSES):
        copy = bytearray(data)
        start = time.perf_counter()
        codec.compress(copy)
        middle = time.perf_counter()
        codec.decompress(stream)
        decoding.append(time.perf_counter() - middle)
        encoding.append(middle - start)
    return len(data) / min(encoding) / 1e9, len(data) / min(decoding) / 1e9


def ours(program, file, counts, threads):
    """Bytes, and GB/s of encoding and decoding, as the program measures them."""
    run = subprocess.run([program, file, str(threads), str(PASSES)], input="\n".join(map(str, counts)),
                         capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def measure(program, path, threads, rounds):
    arrays = weights(path)
    data = b"".join(array.tobytes() for array in arrays)
    counts = [array.size for array in arrays]
    stream, settings = smallest_zipnn(data)
    row = {"model": path.name, "bytes": len(data), "tensors": len(arrays), "zipnn": len(stream), "speeds": []}
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for number in threads:
            pairs = []
            for turn in range(rounds):
                both = [None, None]
                for which in ((0, 1), (1, 0))[turn % 2]:
                    if which == 0:
                        both[0] = zipnn_speeds(data, stream, settings, number)
                    else:
                        found = ours(program, file.name, counts, number)
                        row["ours"] = found["bytes"] + sum(4 * max(0, -(-n // BLOCK) - 1) for n in counts)
                        both[1] = found["encode"], found["decode"]
                pairs.append(both)
            row["speeds"].append({
                "threads": number,
                "zipnn_encode": statistics.median(p[0][0] for p in pairs),
                "zipnn_decode": statistics.median(p[0][1] for p in pairs),
                "encode": statistics.median(p[1][0] for p in pairs),
                "decode": statistics.median(p[1][1] for p in pairs),
                "decode_ratio": statistics.median(p[1][1] / p[0][1] for p in pairs)})
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codec")
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    rows, lines = [], []

    def tell(line):
        lines.append(line)
        print(line, flush=True)

    speeds = "".join(f" | GB/s with {n}: ZipNN | ours | ×" for n in options.threads)
    tell(f"| weights of | MB | ZipNN | ours | ours / ZipNN{speeds} |")
    tell("| --- |" + " --: |" * (4 + 3 * len(options.threads)))
    for path in options.models:
        row = measure(options.codec, path, options.threads, options.rounds)
        rows.append(row)
        cells = [row["model"], f"{row['bytes'] / 1e6:.1f}", f"{row['zipnn'] / row['bytes']:.4f}",
                 f"{row['ours'] / row['bytes']:.4f}", f"{row['ours'] / row['zipnn']:.4f}"]
        for speed in row["speeds"]:
            cells += [f"{speed['zipnn_decode']:.2f}", f"{speed['decode']:.2f}", f"{speed['decode_ratio']:.2f}"]
        tell("| " + " | ".join(cells) + " |")
    total, peer, mine = (sum(row[key] for row in rows) for key in ("bytes", "zipnn", "ours"))
    tell(f"| all | {total / 1e6:.1f} | {peer / total:.4f} | {mine / total:.4f} | {mine / peer:.4f} |"
         + " |" * (3 * len(options.threads)))
    if options.page:
        before, rest = PAGE.read_text().split(BEGIN)
        PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END)[1])
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    worst = max(row["ours"] / row["zipnn"] for row in rows)
    slowest = min(speed["decode_ratio"] for row in rows for speed in row["speeds"])
    sys.exit(0 if mine <= peer and worst <= 1.002 and slowest >= 1 else 1)


if __name__ == "__main__":
    main()

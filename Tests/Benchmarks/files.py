#!/usr/bin/env python3
"""Compare converting and checking files with cp, sha256sum and the Python packages that do the same.

    files.py SKIFF MODEL… [--synthetic GIGABYTES] [--rounds 7] [--json FILE] [--dry-run]

For each MODEL (.onnx, .h5) rounds alternate: cp, `convert --no-verify`, `convert`, `convert --encoding lossless`, and
for ONNX onnx.load + onnx.save and onnx.load + safetensors.save_file in a process of their own; then `check` beside
sha256sum of the same native file. Outputs are new files each time, in the folder of --scratch; the page cache is warm,
nothing waits for the disk. Memory is the peak of the whole process. --synthetic makes an ONNX model with external data
of that size and converts it too. The table goes into Docs/Benchmarks.md, between its markers.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "Docs" / "Benchmarks.md"
BEGIN, END = "<!-- files:begin -->", "<!-- files:end -->"
SAVE = "import onnx,sys; onnx.save(onnx.load(sys.argv[1]), sys.argv[2])"
SAFE = """import onnx,sys
from onnx import numpy_helper
from safetensors.numpy import save_file
model = onnx.load(sys.argv[1])
save_file({t.name: numpy_helper.to_array(t).copy() for t in model.graph.initializer}, sys.argv[2])"""


def run(command):
    """Seconds and peak MiB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} failed with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measured(skiff, model, scratch, rounds, peers):
    """Figures of one model: of each way the seconds of all rounds and the largest peak."""
    native, target = scratch / "native.skiff", scratch / "target"
    ways = {
        "cp": ["cp", str(model), str(target)],
        "raw": [skiff, "convert", "-q", "--no-verify", str(model), "-o", str(scratch / "target.skiff")],
        "proved": [skiff, "convert", "-q", str(model), "-o", str(scratch / "target.skiff")],
        "lossless": [skiff, "convert", "-q", "--encoding", "lossless", str(model), "-o", str(scratch / "target.skiff")],
    }
    if peers and model.suffix == ".onnx":
        ways["onnx"] = [sys.executable, "-c", SAVE, str(model), str(scratch / "target.onnx")]
        ways["safetensors"] = [sys.executable, "-c", SAFE, str(model), str(scratch / "target.safetensors")]
    subprocess.run([skiff, "convert", "-q", str(model), "-o", str(native)], check=True)
    ways["check"] = [skiff, "check", "-q", str(native)]
    ways["sha256sum"] = ["sha256sum", str(native)]
    seconds, peak, sizes = {way: [] for way in ways}, {}, {}
    # The first round warms the cache. Each round begins with another, and nobody pays for what another left to write.
    for index in range(rounds + 1):
        order = list(ways.items())
        for way, command in order[index % len(order):] + order[:index % len(order)]:
            for path in scratch.glob("target*"):
                path.unlink()
            os.sync()
            taken, memory = run(command)
            if index:
                seconds[way].append(taken)
                peak[way] = max(peak.get(way, 0), memory)
            if way in ("raw", "lossless"):
                sizes[way] = (scratch / "target.skiff").stat().st_size
    return {"seconds": seconds, "peak": peak, "bytes": sizes, "nativeBytes": native.stat().st_size}


def synthetic(folder, gigabytes):
    """An ONNX model of products of that many bytes of drawn weights, in external data."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper
    generator = np.random.default_rng(0)
    side, count = 8192, round(gigabytes * 1e9 / (8192 * 8192 * 4))
    initializers, nodes, value = [], [], "x"
    with open(folder / "weights.bin", "wb") as data:
        for index in range(count):
            tensor = onnx.TensorProto(name=f"w{index}", data_type=TensorProto.FLOAT, dims=[side, side])
            tensor.data_location = TensorProto.EXTERNAL
            for key, text in (("location", "weights.bin"), ("offset", str(data.tell())), ("length", str(side * side * 4))):
                tensor.external_data.add(key=key, value=text)
            data.write((generator.standard_normal((side, side), dtype=np.float32) / 90).tobytes())
            initializers.append(tensor)
            nodes.append(helper.make_node("MatMul", [value, f"w{index}"], [f"y{index}"]))
            value = f"y{index}"
    io = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, side]) for name in ("x", value)]
    graph = helper.make_graph(nodes, "synthetic", io[:1], io[1:], initializers)
    (folder / "synthetic.onnx").write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return folder / "synthetic.onnx"


def median(values):
    return statistics.median(values)


def ratio(figures, way, to="cp"):
    """The median over rounds of the ratio within a round."""
    seconds = figures["seconds"]
    return median([one / other for one, other in zip(seconds[way], seconds[to])])


def text(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def cell(figures, way, to="cp"):
    if way not in figures["seconds"]:
        return "–"
    return f"{text(median(figures['seconds'][way]))}, {ratio(figures, way, to):.2f} ×, {figures['peak'][way]:.0f} MiB"


def table(results):
    lines = ["Seconds, times `cp` of the same file in the same round, and peak memory of the process; medians.", "",
             "| file | `cp` | raw, `--no-verify` | raw, proved | lossless, proved | `onnx.load` + `onnx.save` "
             "| `onnx.load` + `save_file` |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, figures in results.items():
        lines.append(" | ".join([f"| {name}", text(median(figures["seconds"]["cp"]))]
                                + [cell(figures, way) for way in ("raw", "proved", "lossless", "onnx", "safetensors")]) + " |")
    lines += ["", "| native file | bytes | `skiff check` | `sha256sum` | ratio | throughput |", "| --- | --- | --- | --- | --- | --- |"]
    for name, figures in results.items():
        check = median(figures["seconds"]["check"])
        lines.append(f"| {name} | {figures['nativeBytes']:,} | {text(check)} | {text(median(figures['seconds']['sha256sum']))} "
                     f"| {ratio(figures, 'check', 'sha256sum'):.2f} | {figures['nativeBytes'] / check / 1e9:.2f} GB/s |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff")
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--synthetic", type=float, metavar="GIGABYTES")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scratch", type=Path, help="folder for outputs (default: a temporary one)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    skiff = shutil.which(options.skiff) or options.skiff
    results = {}
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        scratch = Path(folder)
        for model in options.models:
            results[model.name] = measured(skiff, model, scratch, options.rounds, True)
            print(table({model.name: results[model.name]}), file=sys.stderr)
        if options.synthetic:
            model = synthetic(scratch, options.synthetic)
            # cp is of the external data, where the weights are.
            figures = measured(skiff, model, scratch, min(options.rounds, 2), False)
            seconds = []
            for _ in range(len(figures["seconds"]["raw"])):
                os.sync()
                seconds.append(run(["cp", str(scratch / "weights.bin"), str(scratch / "target")])[0])
                (scratch / "target").unlink()
            figures["seconds"]["cp"] = seconds
            results[f"synthetic, {options.synthetic:g} GB"] = figures
    page = table(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.dry_run:
        print(page)
        return
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + page + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()

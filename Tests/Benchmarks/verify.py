#!/usr/bin/env python3
"""Compare verifying all values of a model with what Polygraphy takes for it.

    verify.py SKIFF MODEL.onnx… [--rounds 5] [--batch 1] [--json FILE] [--dry-run]

Of each MODEL, with one input of --batch samples, the rounds alternate:

  skiff, recording     skiff verify MODEL --against recorded.npz --all      all values as ONNX Runtime gave them
  skiff, results       skiff verify MODEL --against outputs.json            the same in Polygraphy's own file
  skiff, capsule       skiff verify MODEL --against recorded.capsule        the same in sketches
  skiff, two models    skiff verify MODEL MODEL.skiff --all
  polygraphy, results  polygraphy run MODEL --onnxrt --onnx-outputs mark all --load-inputs … --load-outputs …
  polygraphy, twice    polygraphy run MODEL --onnxrt --onnxrt --onnx-outputs mark all --load-inputs …

Each is a process of its own, from start to end; memory is the peak of the whole process. What they read is made before, by
the program that `skiff verify --record` prints and by Polygraphy. Needs polygraphy, onnx, onnxruntime and NumPy in this
interpreter's environment. The table goes into Docs/Benchmarks.md, between its markers.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "Docs" / "Benchmarks.md"
BEGIN, END = "<!-- verify:begin -->", "<!-- verify:end -->"
POLYGRAPHY = str(Path(sys.executable).parent / "polygraphy")
INPUTS = """import json, sys, numpy, io, base64
def encoded(array):
    data = io.BytesIO()
    numpy.save(data, array)
    return {"array": base64.b64encode(data.getvalue()).decode(), "polygraphy_class": "ndarray"}
file = numpy.load(sys.argv[1])
json.dump([{k[6:]: encoded(file[k]) for k in file.files if k.startswith("input:")}], open(sys.argv[2], "w"))"""


def run(command, text):
    """Seconds and peak MiB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{text}: {' '.join(map(str, command))} failed with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def prepared(skiff, model, batch, scratch):
    """Records the model, and gives the commands by what they are called."""
    names = ("record.py", "recorded.npz", "inputs.json", "outputs.json", "recorded.capsule", "model.skiff")
    record, recorded, inputs, outputs, capsule, native = (scratch / name for name in names)
    program = subprocess.run([skiff, "verify", model, "--record", "--batch", str(batch)], check=True, capture_output=True)
    record.write_bytes(program.stdout)
    polygraphy = [POLYGRAPHY, "run", model, "--onnxrt", "--onnx-outputs", "mark", "all", "--load-inputs", inputs]
    for command in ([sys.executable, record, recorded], [sys.executable, "-c", INPUTS, recorded, inputs],
                    [*polygraphy, "--save-outputs", outputs], [skiff, "convert", "-q", model, "-o", native],
                    [skiff, "verify", model, "--against", recorded, "--capsule", capsule]):
        run(command, "making what is read")
    return {
        "skiff, recording": [skiff, "verify", model, "--against", recorded, "--all"],
        "skiff, results": [skiff, "verify", model, "--against", outputs, "--inputs-from", inputs, "--all"],
        "skiff, capsule": [skiff, "verify", model, "--against", capsule, "--all"],
        "skiff, two models": [skiff, "verify", model, native, "--all", "--batch", batch],
        "polygraphy, results": [*polygraphy, "--load-outputs", outputs],
        "polygraphy, twice": [*polygraphy[:4], "--onnxrt", *polygraphy[4:]],
    }, {path.name: path.stat().st_size for path in (recorded, outputs, capsule)}


def measured(skiff, model, batch, rounds, scratch):
    ways, sizes = prepared(skiff, model, batch, scratch)
    seconds, peak = {way: [] for way in ways}, {}
    # The first round warms the cache; each begins with another.
    for index in range(rounds + 1):
        order = list(ways.items())
        for way, command in order[index % len(order):] + order[:index % len(order)]:
            taken, memory = run(command, way)
            if index:
                seconds[way].append(taken)
                peak[way] = max(peak.get(way, 0), memory)
    return {"seconds": seconds, "peak": peak, "bytes": sizes}


def table(results):
    lines = ["Seconds, times `polygraphy run --load-outputs` in the same round, and peak memory of the process; medians.", "",
             "| model | " + " | ".join(next(iter(results.values()))["seconds"]) + " |"]
    lines.append("| --- " * lines[-1].count(" | ") + "| --- |")
    for name, figures in results.items():
        cells = []
        for way, seconds in figures["seconds"].items():
            ratios = [one / other for one, other in zip(seconds, figures["seconds"]["polygraphy, results"])]
            cells.append(f"{statistics.median(seconds):.2f} s, {statistics.median(ratios):.3f} ×, {figures['peak'][way]:.0f} MiB")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name, figures in results.items():
        sizes = ", ".join(f"{file} {size / 1e6:.2f} MB" for file, size in figures["bytes"].items())
        lines += ["", f"{name}: {sizes}."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff", type=lambda path: str(Path(path).resolve()))
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--scratch", type=Path, help="folder for what is made (default: a temporary one)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="print the table and write no page")
    options = parser.parse_args()
    results = {}
    for model in options.models:
        with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
            results[model.name] = measured(options.skiff, model.resolve(), options.batch, options.rounds, Path(folder))
    page = table(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    text = PAGE.read_text()
    if options.dry_run or BEGIN not in text:
        print(page)
        return
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + page + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()

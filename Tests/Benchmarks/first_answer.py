#!/usr/bin/env python3
"""Measure how long a network takes from its file to its first answer, beside ONNX Runtime.

    first_answer.py SKIFF MODELS [--rounds 11] [--only TEXT …] [--json FILE] [--dry-run]
    first_answer.py --from FILE

MODELS is a folder with what models.py makes; beside each .onnx its .skiff is made where it is missing or older.

Skiff's figure is of the whole process: from where it is started to where it has ended, `skiff run MODEL --input
image.npy --output scores.npy`, with its default of threads. ONNX Runtime's leaves out what it could be blamed for:
Python runs, onnxruntime is imported and the input lies in memory; only `InferenceSession(path)` and the first `run`
count. It is measured with its default of threads, with one and with two, and in each round the least of the three
is what Skiff is compared with. What its process takes from start to end is told, too.

A round is one fresh process of each, and begins with another one each time, so that a machine whose speed drifts
is fast or slow for all. The ratio is of figures of one round; what counts is the median of all rounds. Files are
read beforehand, so that they lie in the system's cache. The page gets a table between its markers.
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

import peers
import table

# title, model
ROWS = [
    ("ResNet-50, Keras", "resnet50"),
    ("ResNet-18, torchvision", "resnet18"),
    ("ResNet-152, Keras", "resnet152"),
    ("`age-v1.onnx`", "age-v1"),
]
# Most of ONNX Runtime's time that may be taken, by the format that is run.
AIMS = {"skiff": 1 / 3, "onnx": 1 / 2}
THREADS = [0, 1, 2]  # 0 is ONNX Runtime's default


# ---------------------------------------------------------------- inside ONNX Runtime's process

def contend(model, folder, threads):
    import numpy as np
    import onnxruntime
    feeds = {}
    for entry in json.loads((Path(folder) / "inputs.json").read_text()):
        feeds[entry["name"]] = np.load(Path(folder) / entry["file"])
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads:
        options.intra_op_num_threads = threads
    begin = time.perf_counter()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    loaded = time.perf_counter()
    outputs = session.run(None, feeds)
    end = time.perf_counter()
    np.savez(Path(folder) / "expected.npz", **{str(index): output for index, output in enumerate(outputs)})
    print(json.dumps({"milliseconds": (end - begin) * 1e3, "loadMilliseconds": (loaded - begin) * 1e3}))


# ---------------------------------------------------------------- the rounds

def timed(command):
    """Milliseconds from start to end of a process, and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    elapsed = (time.perf_counter() - begin) * 1e3
    if done.returncode:
        raise peers.Refused(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}")
    return elapsed, done.stdout


def prepare(skiff, model, folder):
    """The native file beside the model, inputs as files, and everything in the system's cache."""
    native = model.with_suffix(".skiff")
    if not native.exists() or native.stat().st_mtime < max(model.stat().st_mtime, Path(skiff).stat().st_mtime):
        timed([skiff, "convert", model, "-o", native, "--no-verify", "--quiet"])
    import numpy as np
    ports = peers.bench(skiff, model, threads=1, batch=1, iterations=1)["inputs"]
    entries = []
    for index, (name, array) in enumerate(peers.arrays(ports).items()):
        np.save(folder / f"{index}.npy", array)
        entries.append({"name": name, "file": f"{index}.npy"})
    (folder / "inputs.json").write_text(json.dumps(entries))
    for file in (model, native, Path(skiff)):
        file.read_bytes()
    inputs = [word for entry in entries for word in ("--input", f"{entry['name']}={folder / entry['file']}")]
    return native, inputs


def difference(folder):
    """Relative RMS between the two answers, the worst of all outputs."""
    import numpy as np
    with np.load(folder / "expected.npz") as expected, np.load(folder / "scores.npz") as found:
        pairs = [(expected[str(index)], found[name]) for index, name in enumerate(found.files)]
    return max(float(np.sqrt(np.mean((a.astype("f8") - b) ** 2) / max(np.mean(a.astype("f8") ** 2), 1e-300)))
               for a, b in pairs)


def measure(skiff, model, *, rounds, say=lambda text: None):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        native, inputs = prepare(skiff, model, folder)
        # A round takes one reading of each; the list begins with another one each time.
        readings = [("skiff", None), ("onnx", None)] + [("onnxruntime", threads) for threads in THREADS]
        runs = {}
        for turn in range(rounds):
            say(f"{model.name}, round {turn + 1} of {rounds}")
            shift = turn % len(readings)
            for kind, threads in readings[shift:] + readings[:shift]:
                if kind == "onnxruntime":
                    elapsed, text = timed([sys.executable, "-W", "ignore", __file__, "--contend", model, folder, threads])
                    told = json.loads(text.strip().splitlines()[-1])
                    runs.setdefault(f"onnxruntime/{threads}", []).append(told["milliseconds"])
                    runs.setdefault(f"process/{threads}", []).append(elapsed)
                else:
                    file = native if kind == "skiff" else model
                    runs.setdefault(kind, []).append(
                        timed([skiff, "run", file, *inputs, "--output", folder / "scores.npz", "--quiet"])[0])
        rms = difference(folder)
    least = [min(found) for found in zip(*(runs[f"onnxruntime/{threads}"] for threads in THREADS))]
    ratios = {kind: [ours / theirs for ours, theirs in zip(runs[kind], least)] for kind in AIMS}
    return {"model": model.name, "bytes": model.stat().st_size, "rounds": rounds, "runs": runs, "least": least,
            "relativeRMS": rms, "ratios": ratios, "ratio": {kind: statistics.median(ratios[kind]) for kind in AIMS}}


def line(row):
    median = {kind: statistics.median(values) for kind, values in row["runs"].items()}
    theirs = ", ".join(f"{median[f'onnxruntime/{threads}']:.0f}" for threads in THREADS)
    parts = [f"{kind} {median[kind]:.1f} ms, ratio {row['ratio'][kind]:.3f} "
             f"({min(row['ratios'][kind]):.3f} to {max(row['ratios'][kind]):.3f})" for kind in AIMS]
    return (f"{row['model']}: {'; '.join(parts)}; ONNX Runtime {theirs} ms (default, 1, 2 threads), "
            f"its process {median['process/0']:.0f} ms; answers differ by {row['relativeRMS']:.1e}")


def markdown(results):
    lines = [f"Measured {results['date']}, {results['rounds']} rounds, {results['versions']}. Milliseconds; ratios are to the least",
             "reading of ONNX Runtime in the same round, in brackets their least and greatest.", "",
             "| network | file | `.skiff` | `.onnx` | ONNX Runtime, default, 1, 2 threads | its process "
             "| ratio `.skiff` (≤ 0.33) | ratio `.onnx` (≤ 0.50) |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in results["rows"]:
        median = {kind: statistics.median(values) for kind, values in row["runs"].items()}
        ratios = []
        for kind, aim in AIMS.items():
            text = f"{row['ratio'][kind]:.2f}"
            ratios.append((f"**{text}**" if row["ratio"][kind] <= aim else text)
                          + f" ({min(row['ratios'][kind]):.2f}–{max(row['ratios'][kind]):.2f})")
        lines.append("| " + " | ".join([
            row["title"], f"{row['bytes'] / 1e6:.0f} MB", f"{median['skiff']:.0f}", f"{median['onnx']:.0f}",
            ", ".join(f"{median[f'onnxruntime/{threads}']:.0f}" for threads in THREADS), f"{median['process/0']:.0f}",
            *ratios]) + " |")
    return "\n".join(lines)


def run(arguments):
    versions = f"{table.output(arguments.skiff, '--version').strip()}, ONNX Runtime {table.metadata.version('onnxruntime')}"
    results = {"date": time.strftime("%Y-%m-%d"), "rounds": arguments.rounds, "versions": versions, "rows": []}
    for title, model in ROWS:
        if arguments.only and not any(text in title for text in arguments.only):
            continue
        try:
            row = measure(arguments.skiff, arguments.models / f"{model}.onnx", rounds=arguments.rounds,
                          say=lambda text: print(text, file=sys.stderr, flush=True) if arguments.verbose else None)
        except peers.Refused as refusal:
            sys.exit(f"first_answer: {title}: {refusal}")
        print(line(row), file=sys.stderr, flush=True)
        results["rows"].append({"title": title, **row})
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff", nargs="?")
    parser.add_argument("models", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", nargs="+", metavar="TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    if arguments.source:
        results = json.loads(arguments.source.read_text())
    elif arguments.skiff and arguments.models:
        results = run(arguments)
    else:
        parser.error("give SKIFF and MODELS, or --from FILE")
    if arguments.dry_run:
        print(markdown(results))
    else:
        table.write(markdown(results), "first-answer")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contend"]:
        contend(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()

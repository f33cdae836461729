#!/usr/bin/env python3
"""Measure a built skiff beside OpenVINO and ONNX Runtime on one ONNX model.

    peers.py SKIFF MODEL.onnx [--threads 1 2] [--batch 1] [--rounds 5] [--iterations 15] [--exact] [--json FILE]

Each contender runs in a process of its own: it reads the model, runs it twice to warm up, and times runs on inputs
made up beforehand; its figure is the median of those. A round is one such process of each, and begins with another
contender each time, so a machine whose speed drifts is fast or slow for all. What counts is the ratio of skiff's
figure to the better of the two others in the same round, and of all rounds the median of that.

All get the shapes that `skiff bench` says it took, Float arithmetic, and the number of threads; OpenVINO is set to
latency, ONNX Runtime optimises as it does by default. Needs requirements.txt. A model that one of the two cannot run
is compared with the other.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

PEERS = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
WARM_UP = 2


# ---------------------------------------------------------------- inside a contender's process

def arrays(ports):
    """Inputs by name: normal numbers, or small whole ones where those are asked for."""
    import numpy as np
    generator = np.random.default_rng(0)
    made = {}
    for port in ports:
        kind = np.dtype(port["elementType"])
        if kind.kind == "f":
            made[port["name"]] = generator.standard_normal(port["shape"]).astype(kind)
        else:
            made[port["name"]] = generator.integers(0, 2 if kind.kind == "b" else 8, port["shape"]).astype(kind)
    return made


def open_onnxruntime(model, ports, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = arrays(ports)
    return lambda: session.run(None, feeds)


def open_openvino(model, ports, threads):
    import openvino
    network = openvino.Core().read_model(model)
    network.reshape({port["name"]: port["shape"] for port in ports})
    compiled = openvino.Core().compile_model(network, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    feeds = arrays(ports)
    return lambda: request.infer(feeds)


def peak_mebibytes():
    """Peak of resident memory since this program began; getrusage would tell its parent's, too, on Linux."""
    try:
        line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def contend(engine, model, task):
    opened = time.perf_counter()
    run = {"onnxruntime": open_onnxruntime, "openvino": open_openvino}[engine](model, task["inputs"], task["threads"])
    run()
    first = time.perf_counter() - opened
    for _ in range(WARM_UP - 1):
        run()
    seconds = []
    for _ in range(task["iterations"]):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"medianMilliseconds": statistics.median(seconds) * 1e3, "minimumMilliseconds": min(seconds) * 1e3,
                      "loadToFirstMilliseconds": first * 1e3, "peakMiB": peak_mebibytes()}))


# ---------------------------------------------------------------- the rounds

class Refused(Exception):
    pass


def last_object(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise Refused(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}")
    return json.loads(lines[-1])


def bench(skiff, model, *, threads, batch, iterations, exact=False, extra=()):
    """What `skiff bench --json` prints."""
    return last_object([skiff, "bench", model, "--threads", threads, "--batch", batch, "--iterations", iterations,
                        *(["--exact"] if exact else []), *extra, "--json"])


def measure(skiff, model, *, threads, batch=1, rounds=5, iterations=15, exact=False, say=lambda text: None):
    """One row: figures of every contender by round, medians, and the ratio to the better peer."""
    inputs = bench(skiff, model, threads=threads, batch=batch, iterations=1, exact=exact)["inputs"]
    task = json.dumps({"inputs": inputs, "threads": threads, "iterations": iterations})
    contenders = ["skiff", *PEERS]
    runs = {name: [] for name in contenders}
    refusals = {}
    for turn in range(rounds):
        for name in contenders[turn % 3:] + contenders[:turn % 3]:
            if name in refusals:
                continue
            say(f"{Path(model).name}, threads {threads}, round {turn + 1} of {rounds}: {name}")
            if name == "skiff":
                runs[name].append(bench(skiff, model, threads=threads, batch=batch, iterations=iterations, exact=exact))
                continue
            try:
                runs[name].append(last_object([sys.executable, "-W", "ignore", __file__, "--contend", name, model, task]))
            except Refused as refusal:
                refusals[name] = str(refusal)
    present = [name for name in PEERS if name not in refusals]
    if not present:
        raise Refused("; ".join(refusals.values()))
    figures = {name: [run["medianMilliseconds"] for run in runs[name]] for name in ["skiff", *present]}
    ratios = [ours / min(theirs) for ours, theirs in zip(figures["skiff"], zip(*(figures[name] for name in present)))]
    return {
        "model": Path(model).name, "threads": threads, "batch": batch, "exact": exact, "rounds": rounds,
        "iterations": iterations, "inputs": inputs, "ratio": statistics.median(ratios), "ratios": ratios,
        "medianMilliseconds": {name: statistics.median(values) for name, values in figures.items()},
        "refusals": refusals, "runs": runs,
    }


def line(row):
    times = ", ".join(f"{'skiff' if name == 'skiff' else PEERS[name]} {value:.2f} ms"
                      for name, value in row["medianMilliseconds"].items())
    return (f"{row['model']}  threads {row['threads']}  batch {row['batch']}{'  exact' if row['exact'] else ''}: {times}"
            f"  ratio {row['ratio']:.3f} ({min(row['ratios']):.3f} to {max(row['ratios']):.3f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff")
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=15)
    parser.add_argument("--exact", action="store_true", help="skiff without Winograd")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all figures go")
    arguments = parser.parse_args()
    rows = []
    for threads in arguments.threads:
        try:
            rows.append(measure(
                arguments.skiff, arguments.model, threads=threads, batch=arguments.batch, rounds=arguments.rounds,
                iterations=arguments.iterations, exact=arguments.exact,
                say=lambda text: print(text, file=sys.stderr, flush=True)))
        except Refused as refusal:
            sys.exit(f"peers: {refusal}")
        print(line(rows[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contend"]:
        contend(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
    else:
        main()

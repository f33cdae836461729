#!/usr/bin/env python3
"""Compare a built skiff with the frameworks themselves, on networks too large to commit.

    crosscheck.py SKIFF SCRATCH --keras3-python PY --tf-python PY [--real FOLDER] [--conformance OUT] [--only TEXT …]
                  [--json FILE]

SCRATCH receives the models and what the frameworks computed on them (about 2.3 GB, made once, kept), and what
skiff makes of them. PY are interpreters with requirements-keras3.txt and requirements-tf.txt; this script itself
needs NumPy. For each model: `skiff convert M -o M.skiff`, `skiff run M.skiff --input x.npy --output y.npz`, outputs
within 1e-4 of their range, and residual blocks as `skiff inspect M --json` counts them. --real adds the five real
networks (open-nsfw.onnx, age-v1.onnx, u2netp.onnx, emotion.hdf5, deepcon.hdf5) lying in FOLDER, --conformance ONNX's
own tests in OUT (crosscheck_conformance.py says how they lie there). One line per comparison; the exit status is 1 if any failed.

--generate-only makes the models and stops; --no-generate compares what is there.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import crosscheck_conformance

MAKE = Path(__file__).resolve().parent
FIXTURES = MAKE.parent
TOLERANCE = 1e-4
results = []


def report(name, passed, detail="", **facts):
    results.append({"name": name, "passed": bool(passed), "detail": detail} | facts)
    print(f"{'pass' if passed else 'FAIL'}  {name}{': ' if detail else ''}{detail}", flush=True)


# ---------------------------------------------------------------- running skiff

class Run:
    def __init__(self, command, timeout):
        """Runs a command; keeps its status, output, seconds and peak memory (Linux: of this program alone)."""
        start = time.perf_counter()
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = subprocess.Popen(list(map(str, command)), stdout=stdout, stderr=stderr)
            status_file = Path(f"/proc/{process.pid}/status")
            self.peak = None
            self.timed_out = False
            while process.poll() is None:
                try:
                    self.peak = int(status_file.read_text().split("VmHWM:")[1].split()[0]) / 1024
                except (OSError, IndexError, ValueError):
                    pass
                if time.perf_counter() - start > timeout:
                    process.kill()
                    self.timed_out = True
                time.sleep(0.002)
            self.seconds = time.perf_counter() - start
            stdout.seek(0), stderr.seek(0)
            self.stdout, self.stderr = stdout.read().decode(errors="replace"), stderr.read().decode(errors="replace")
        self.status = process.returncode

    @property
    def failed(self):
        if self.timed_out:
            return f"no end after {self.seconds:.0f} s"
        if self.status:
            lines = [line for line in self.stderr.strip().splitlines() if line.strip()]
            return f"exit {self.status}: {' | '.join(lines[-2:])[:300]}"
        return None

    @property
    def cost(self):
        return f"{self.seconds:.2f} s" + (f", {self.peak:.0f} MiB" if self.peak else "")


def skiff(*command, timeout=None):
    return Run([arguments.skiff, *command], timeout or arguments.timeout)


# ---------------------------------------------------------------- comparisons

def compare(expected, got, tolerance=TOLERANCE):
    """(passed, detail) for two dictionaries of arrays. One output on either side needs no common name."""
    if len(expected) == 1 and len(got) == 1:
        pairs = [(next(iter(expected.values())), next(iter(got.values())), next(iter(got)))]
    else:
        missing = [n for n in expected if n not in got]
        if missing:
            return False, f"no output {missing[0]!r} among {sorted(got)}"
        pairs = [(expected[n], got[n], n) for n in expected]
    worst, where = 0.0, None
    for want, have, name in pairs:
        if want.shape != have.shape:
            return False, f"{name}: shape {have.shape}, expected {want.shape}"
        if have.dtype.kind != "f":
            return False, f"{name}: not floating values but {have.dtype}"
        if not np.isfinite(have).all():
            return False, f"{name}: not finite"
        spread = float(np.ptp(want)) or 1.0
        error = float(np.abs(want.astype(np.float64) - have.astype(np.float64)).max()) / spread
        if where is None or error > worst:
            worst, where = error, name
    return worst <= tolerance, f"{worst:.1e} of the range at {where}"


def read_npz(path):
    with np.load(path) as archive:
        return {k: archive[k] for k in archive.files}


def same_kind(expected, got):
    return expected is None or str(got).lower().replace("_", "-") == expected


def check_blocks(name, model, facts):
    """Inspects a model; counts, kinds and shortcuts of its residual blocks. Blocks inside blocks do not count."""
    run = skiff("inspect", model, "--json")
    if run.failed:
        return report(f"{name} inspect", False, run.failed)
    try:
        blocks = json.loads(run.stdout)["blocks"]
    except (ValueError, KeyError) as error:
        return report(f"{name} inspect", False, f"not the JSON promised: {error!r}")
    if facts.get("topLevelOnly"):
        blocks = [b for b in blocks if not b.get("depth") and b.get("parent") is None]
    shortcuts = [b.get("shortcut") for b in blocks]
    wrong = []
    if len(blocks) != facts["blocks"]:
        wrong.append(f"{len(blocks)} blocks, expected {facts['blocks']}")
    for key, label in (("projections", "projection"), ("pools", "pool"), ("pads", "pad")):
        if key in facts and shortcuts.count(label) != facts[key]:
            wrong.append(f"{shortcuts.count(label)} with shortcut {label}, expected {facts[key]}")
    odd = sorted({str(b.get("kind")) for b in blocks if not same_kind(facts.get("kind"), b.get("kind"))})
    if odd:
        wrong.append(f"kinds {odd}, expected {facts['kind']}")
    report(f"{name} inspect", not wrong, "; ".join(wrong) or f"{len(blocks)} blocks, {shortcuts.count('projection')} projections, {run.cost}",
           seconds=run.seconds, peakMiB=run.peak)


def check_architecture(name, model, expected):
    """What a file of weights was recognised as; random weights cannot tell two strides apart, so a rival is enough."""
    run = skiff("inspect", model, "--json")
    if run.failed:
        return report(f"{name} architecture", False, run.failed)
    metadata = json.loads(run.stdout)["metadata"]
    found, rivals = metadata.get("architecture"), metadata.get("architectures_that_fit_too", "").split(", ")
    report(f"{name} architecture", expected == found or expected in rivals, f"{found}{', or ' + ', '.join(rivals) if rivals[0] else ''}")


def check_block_list(name, model, expected):
    """Every block as the manifest describes it, in order."""
    run = skiff("inspect", model, "--json")
    if run.failed:
        return report(f"{name} inspect", False, run.failed)
    try:
        blocks = json.loads(run.stdout)["blocks"]
    except (ValueError, KeyError) as error:
        return report(f"{name} inspect", False, f"not the JSON promised: {error!r}")
    if len(blocks) != len(expected):
        return report(f"{name} inspect", False, f"{len(blocks)} blocks, expected {len(expected)}")
    for i, (want, have) in enumerate(zip(expected, blocks), 1):
        stride = have.get("stride")
        stride = stride if isinstance(stride, int) else max(stride or [1])
        found = {"kind": have.get("kind"), "shortcut": have.get("shortcut"), "stride": stride,
                 "inChannels": have.get("inputChannels"), "outChannels": have.get("outputChannels")}
        for key, value in found.items():
            if value != want[key]:
                return report(f"{name} inspect", False, f"block {i} ({have.get('name')}): {key} {value}, expected {want[key]}")
    report(f"{name} inspect", True, f"{len(blocks)} blocks")


def convert(name, model, target, *options):
    run = skiff("convert", model, "-o", target, *options)
    if run.failed:
        report(f"{name} convert", False, run.failed)
        return None
    return run


def check_outputs(name, native, x, expected, tolerance=TOLERANCE, note=""):
    y = arguments.work / (name.replace("/", "-") + ".npz")
    y.unlink(missing_ok=True)
    run = skiff("run", native, "--input", x, "--output", y)
    if run.failed:
        return report(f"{name} run", False, run.failed)
    passed, detail = compare(expected, read_npz(y), tolerance)
    report(f"{name} run", passed, f"{detail}, {run.cost}{note}", seconds=run.seconds, peakMiB=run.peak)


def check_case(folder):
    facts = json.loads((folder / "case.json").read_text())
    for file in facts["files"]:
        name = f"{facts['name']}/{file}"
        if not wanted(name):
            continue
        native = arguments.work / (name.replace("/", "-") + ".skiff")
        run = convert(name, folder / file, native, *(["--architecture", facts["architecture"]] if "architecture" in facts else []))
        if run:
            report(f"{name} convert", True, f"{native.stat().st_size / 2**20:.1f} MiB, {run.cost}", seconds=run.seconds, peakMiB=run.peak)
            if (folder / "expected.npz").exists():
                expected = read_npz(folder / "expected.npz")
                if file.endswith(".onnx") and facts["framework"].startswith("keras"):
                    expected = {k: v for k, v in list(expected.items())[-1:]}
                elif facts["framework"].startswith("keras"):
                    expected = {"predictions": expected["predictions"]}
                theirs = facts.get("onnxruntime")
                note = f"; ONNX Runtime {json.dumps(theirs)}" if theirs else ""
                noise = facts.get("differsFromItselfBy", 0.0)
                if noise > TOLERANCE / 10:
                    note += f"; ONNX Runtime with its optimisations differs from itself without by {noise:.1e}"
                check_outputs(name, native, folder / "x.npy", expected, TOLERANCE, note)
            if not arguments.keep:
                native.unlink(missing_ok=True)
        if "blocks" in facts:
            check_blocks(name, folder / file, facts)
        if "architecture" in facts:
            check_architecture(name, folder / file, facts["architecture"])


def check_fixture(entry):
    for run in entry.get("runs", []):
        io = read_npz(FIXTURES / entry["name"] / run["io"])
        (input_key,) = [k for k in io if k.startswith("input:")]
        expected = {k.removeprefix("output:"): v for k, v in io.items() if k.startswith("output:")}
        for file in run["models"]:
            name = f"{entry['name']}/{file}"
            if not wanted(name):
                continue
            model = FIXTURES / entry["name"] / file
            native = arguments.work / (name.replace("/", "-") + ".skiff")
            x = arguments.work / "x.npy"
            if entry.get("mustRefuseToRun"):
                refused = skiff("run", model, "--input", input_file(x, io[input_key]), "--output", arguments.work / "y.npz")
                report(f"{name} refuses to run", refused.status == 2, f"exit {refused.status}: {refused.stderr.strip()[:200]}")
                inspected = skiff("inspect", model, "--json")
                report(f"{name} inspect", not inspected.failed, inspected.failed or "")
                continue
            if not convert(name, model, native):
                continue
            tolerance = 5e-3 if run.get("halfPrecision") else TOLERANCE
            check_outputs(name, native, input_file(x, io[input_key]), expected, tolerance)
            if "heldout" in run:
                held = read_npz(FIXTURES / entry["name"] / run["heldout"])
                y = arguments.work / "held.npz"
                y.unlink(missing_ok=True)
                done = skiff("run", native, "--input", input_file(x, held[input_key.removeprefix("input:")]), "--output", y)
                if done.failed:
                    report(f"{name} held-out", False, done.failed)
                else:
                    ours = next(iter(read_npz(y).values())).argmax(-1)
                    differ = int((ours != held["predictions"]).sum())
                    report(f"{name} held-out", differ == 0, f"{differ} of {len(ours)} predictions differ; accuracy "
                           f"{float((ours == held['labels']).mean()):.4f}, framework {entry['accuracy']}")
            native.unlink(missing_ok=True)
            check_block_list(name, model, run.get("blocks", entry.get("blocks", [])))


def check_conformance(out):
    crosscheck_conformance.check(out, arguments.work, skiff, report, wanted)


def input_file(path, array):
    np.save(path, np.ascontiguousarray(array))
    return path


def wanted(name):
    return not arguments.only or any(text in name for text in arguments.only)


def guarded(name, check, argument):
    """An error of this script, or output of skiff it cannot read, fails that comparison and no other."""
    try:
        check(argument)
    except Exception as error:
        report(f"{name}", False, f"{type(error).__name__}: {str(error)[:300]}")


# ---------------------------------------------------------------- generation

def generate():
    stages = [(arguments.keras3_python, "weights"), (arguments.keras3_python, "torchvision"), (arguments.keras3_python, "keras3"), (arguments.tf_python, "keras2"),
              (arguments.keras3_python, "depth")]
    if arguments.real:
        stages += [(arguments.keras3_python, "real-onnx"), (arguments.tf_python, "real-keras")]
    for python, stage in stages:
        if arguments.only and not any(text in stage or stage in text for text in arguments.only):
            continue
        if not python:
            print(f"skipping {stage}: no interpreter given", file=sys.stderr)
            continue
        command = [python, MAKE / "crosscheck_models.py", stage, arguments.scratch]
        if stage == "weights":
            command = [python, MAKE / "crosscheck_weights.py", arguments.scratch]
        command += [arguments.real] if stage.startswith("real") else []
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(list(map(str, command)), stdout=sys.stderr, env=environment)
        if done.returncode:
            report(f"make {stage}", False, f"exit {done.returncode}")


def main():
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    arguments.work = arguments.scratch / "skiff"
    arguments.work.mkdir(exist_ok=True)
    if not arguments.no_generate:
        generate()
    if not arguments.generate_only:
        if not arguments.no_fixtures:
            for entry in json.loads((FIXTURES / "manifest.json").read_text())["fixtures"]:
                guarded(entry["name"], check_fixture, entry)
        for path in sorted(arguments.scratch.glob("*/case.json")):
            if arguments.real or not path.parent.name.startswith("real-"):
                guarded(path.parent.name, check_case, path.parent)
        if arguments.conformance:
            guarded("conformance", check_conformance, arguments.conformance)
    failed = sum(not r["passed"] for r in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    if arguments.json:
        arguments.json.write_text(json.dumps({"schema": "skiff.crosscheck/1", "passed": len(results) - failed, "failed": failed,
                                              "comparisons": results}, indent=1) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff", type=Path)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--keras3-python", metavar="PY")
    parser.add_argument("--tf-python", metavar="PY")
    parser.add_argument("--real", type=Path, metavar="FOLDER")
    parser.add_argument("--conformance", type=Path, metavar="OUT")
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="comparisons whose name contains one of these")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for each command of skiff")
    parser.add_argument("--keep", action="store_true", help="keep the .skiff files made of the large models")
    parser.add_argument("--no-fixtures", action="store_true")
    parser.add_argument("--no-generate", action="store_true")
    parser.add_argument("--generate-only", action="store_true")
    arguments = parser.parse_args()
    main()

#!/usr/bin/env python3
"""Compares what `skiff diff` says of pairs of models with how the pairs were made.

    crosscheck_diff.py SKIFF SCRATCH [FIXTURES]

SCRATCH/torch.json and SCRATCH/keras.json are written by diff_pairs.py. Every pair is compared both ways round: what is
added the one way has to be removed the other. Prints a table and ends with 1 where an expectation is not met.
"""
import json
import subprocess
import sys
import time
from pathlib import Path

SWAPPED = {"added": "removed", "removed": "added"}


def run(skiff, left, right, *options):
    start = time.perf_counter()
    done = subprocess.run([skiff, "diff", left, right, "--json", *options], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        report = {"text": done.stdout[:200] + done.stderr[:200]}
    return done.returncode, report if "verdict" in report else {"error": report["text"]}, seconds


def facts(report):
    """What the pairs' expectations are about."""
    blocks, layers = report["blocks"], report["layers"]
    weights = [w for l in layers for w in l["weights"] if w["state"] not in ("identical", "rearranged", "folded")]
    return {
        "changedLayers": sum(l["change"] == "changed" for l in layers),
        "added": sum(l["change"] == "added" for l in layers), "removed": sum(l["change"] == "removed" for l in layers),
        "blocks": sum(b["change"] in ("same", "changed") for b in blocks),
        "sameBlocks": sum(b["change"] == "same" for b in blocks),
        "addedBlocks": sum(b["change"] == "added" for b in blocks),
        "removedBlocks": sum(b["change"] == "removed" for b in blocks),
        "interface": bool(report["interface"]),
        "changedElements": weights[0]["changedElements"] if weights else 0,
        "changedChannels": weights[0]["changedChannels"] if weights else 0,
        "largestAt": weights[0]["largestAt"] if weights else None,
        "quantized": all(w["state"] in ("rounded", "added") for w in weights if w["role"] == "weight"),
    }


def problems(pair, code, report):
    if "error" in report:
        return ["no report: " + report["error"]]
    found = []
    if code != pair["exit"]:
        found.append(f"exit {code}, expected {pair['exit']}")
    if report["verdict"] != pair["verdict"]:
        found.append(f"verdict {report['verdict']!r}, expected {pair['verdict']!r}")
    seen = facts(report)
    for name, expected in pair["facts"].items():
        if seen[name] != expected:
            found.append(f"{name} {seen[name]}, expected {expected}")
    return found


def reversed_problems(report, back):
    """The other way round says the reverse."""
    if "error" in back or "error" in report:
        return []
    found = []
    if back["verdict"] != report["verdict"]:
        found.append(f"backwards {back['verdict']!r}")
    for kind in ("blocks", "layers"):
        def count(side, change):
            return sum(x["change"] == change for x in side[kind])
        for change in ("same", "changed", "added", "removed"):
            one, other = count(report, change), count(back, SWAPPED.get(change, change))
            if one != other:
                found.append(f"backwards {other} {kind} {SWAPPED.get(change, change)}, forwards {one} {change}")
    return found


def fixture_pairs(folder):
    def row(name, left, right, exit, verdict, **more):
        return {"name": name, "left": str(folder / left), "right": str(folder / right), "done": name, "exit": exit,
                "verdict": verdict, "facts": more}
    return [
        row("keras3 .h5 and .keras", "keras3-bottleneck/model.h5", "keras3-bottleneck/model.keras", 0, "same"),
        row("keras3 .h5 and export", "keras3-bottleneck/model.h5", "keras3-bottleneck/model.onnx", 0, "same but for rounding"),
        row("keras3 .h5 and tf2onnx", "keras3-bottleneck/model.h5", "keras3-bottleneck/model-tf2onnx.onnx", 0, "same but for rounding"),
        row("keras3 weights alone", "keras3-bottleneck/model.keras", "keras3-bottleneck/model.weights.h5", 0, "same"),
        row("torch, folded", "torch-basic/model.onnx", "torch-basic-folded/model.onnx", 0, "same but for rounding"),
        row("torch, dynamo", "torch-basic/model.onnx", "torch-basic-folded/model-dynamo.onnx", 0, "same but for rounding"),
        row("external data", "torch-basic-folded/model.onnx", "torch-basic-folded/model-external.onnx", 0, "same"),
        row("dilated .h5 and .keras", "conv1d-dilated/model.h5", "conv1d-dilated/model.keras", 0, "same"),
        row("dilated torch, dynamo", "conv1d-dilated-torch/model.onnx", "conv1d-dilated-torch/model-dynamo.onnx", 0,
            "same but for rounding"),
        row("mobile .h5 and .keras", "mobile-like/model.h5", "mobile-like/model.keras", 0, "same"),
        row("keras 2 weights alone", "keras2-preact/model.h5", "keras2-preact/model.weights.h5", 0, "same"),
        row("two networks", "keras3-bottleneck/model.h5", "torch-basic/model.onnx", 1, "different"),
    ]


def main():
    skiff, scratch = sys.argv[1], Path(sys.argv[2])
    pairs = fixture_pairs(Path(sys.argv[3])) if len(sys.argv) > 3 else []
    for part in ("torch", "keras"):
        path = scratch / f"{part}.json"
        pairs += json.loads(path.read_text()) if path.exists() else []
    failed = 0
    for pair in pairs:
        code, report, seconds = run(skiff, pair["left"], pair["right"])
        back_code, back, _ = run(skiff, pair["right"], pair["left"])
        found = problems(pair, code, report) + reversed_problems(report, back)
        failed += bool(found)
        print(f"{'ok  ' if not found else 'FAIL'} {pair['name']:28} {seconds:6.2f} s  {report.get('summary', '')[:110]}")
        for text in found:
            print(f"       {text}")
    print(f"{len(pairs) - failed} of {len(pairs)} as made")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

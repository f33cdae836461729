#!/usr/bin/env python3
"""Compare a built skiff with every generation of Keras, on what keras_matrix.sh made.

    crosscheck_matrix.py SKIFF MATRIX SCRATCH [--only TEXT …] [--json FILE]

One row per file: opened, recognised (weights alone), agrees with the framework to 1e-4 of the range; weights alone
once more with the architecture beside them (`--config`). The exit status is 1 if any failed. It needs NumPy.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np

import crosscheck
from crosscheck import compare, read_npz, report, skiff


def check(folder):
    facts = json.loads((folder / "matrix.json").read_text())
    expected = read_npz(folder / "expected.npz")
    for entry in facts["files"]:
        ways = [("", [])]
        if entry["kind"] == "weights":
            ways.append((" with config", ["--config", folder / "config.json"]))
        for title, options in ways:
            name = f"{folder.name}/{entry['file']}{title}"
            if not crosscheck.wanted(name):
                continue
            native, y = arguments.work / "matrix.skiff", arguments.work / "matrix.npz"
            native.unlink(missing_ok=True)
            y.unlink(missing_ok=True)
            run = skiff("convert", folder / entry["file"], *options, "-o", native)
            if facts["architecture"] == "nested" and entry["kind"] == "weights" and not options:
                # Nobody published this network: its weights alone have to be refused, and say so.
                refused = run.status == 2 and "architecture that Skiff does not know" in run.stderr
                report(name, refused, "refused: no known architecture" if refused else f"exit {run.status}", opened=True,
                       recognised=False)
                continue
            if run.failed:
                report(name, False, run.failed, opened=False, recognised=False)
                continue
            done = skiff("run", native, "--input", folder / "x.npy", "--output", y)
            passed, detail = (False, done.failed) if done.failed else compare(expected, read_npz(y))
            report(name, passed, detail, opened=True, layout=entry["layout"], generation=facts["generation"],
                   recognised=None if entry["kind"] == "model" or options else True,
                   architecture=facts["architecture"])


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("skiff", type=lambda path: Path(path).resolve())
parser.add_argument("matrix", type=Path)
parser.add_argument("scratch", type=Path)
parser.add_argument("--only", nargs="+", metavar="TEXT", help="rows whose name contains one of these")
parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for each command of skiff")
arguments = crosscheck.arguments = parser.parse_args()
arguments.work = arguments.scratch
arguments.scratch.mkdir(parents=True, exist_ok=True)
for path in sorted(arguments.matrix.glob("*/matrix.json")):
    crosscheck.guarded(path.parent.name, check, path.parent)
failed = sum(not r["passed"] for r in crosscheck.results)
print(f"{len(crosscheck.results) - failed} passed, {failed} failed")
if arguments.json:
    arguments.json.write_text(json.dumps({"schema": "skiff.crosscheck/1", "comparisons": crosscheck.results}, indent=1) + "\n")
sys.exit(1 if failed else 0)

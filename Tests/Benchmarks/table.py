#!/usr/bin/env python3
"""Measure the benchmark's whole table and write it into Docs/Benchmarks.md, between its markers.

    table.py SKIFF MODELS [--rounds 5] [--iterations 15] [--threads 1 2] [--only TEXT …] [--json FILE] [--dry-run]
    table.py --from FILE

MODELS is a folder with what models.py makes. --json keeps every figure of every round; --from writes the page from
such a file again. --only takes rows whose title has one of the texts in it, --dry-run prints the table instead.
peers.py says how one row is measured.
"""
import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import peers

PAGE = Path(__file__).resolve().parents[2] / "Docs" / "Benchmarks.md"

# title, model, batch, exact, the ratio that is aimed at
ROWS = [
    ("ResNet-50, Keras", "resnet50", 1, False, 0.80),
    ("ResNet-18, torchvision", "resnet18", 1, False, 0.60),
    ("ResNet-152, Keras", "resnet152", 1, False, 0.85),
    ("ResNet-50, `--exact`", "resnet50", 1, True, 1.00),
    ("`u2netp.onnx`", "u2netp", 1, False, 0.70),
    ("`open-nsfw.onnx`", "open-nsfw", 1, False, 0.85),
    ("`age-v1.onnx`", "age-v1", 1, False, 1.00),
    ("ResNet-50, batch 8", "resnet50", 8, False, 0.85),
]


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def cache_size(text):
    """`96 KiB` as lscpu counts it, whatever it says of instances."""
    return text.split("(")[0].strip()


def machine(skiff):
    facts = [("operating system", f"{platform.system()} {platform.release()}, {platform.machine()}")]
    if platform.system() == "Darwin":
        facts += [("processor", output("sysctl", "-n", "machdep.cpu.brand_string").strip()),
                  ("cores", output("sysctl", "-n", "hw.physicalcpu").strip())]
        for name, key in (("L1d", "hw.l1dcachesize"), ("L2", "hw.l2cachesize"), ("L3", "hw.l3cachesize")):
            size = output("sysctl", "-n", key).strip()
            facts += [(name, f"{int(size) >> 10} KiB")] if size.isdigit() and int(size) else []
    else:
        told = dict(re.findall(r"^([^:\n]+):\s*(.*)$", output("lscpu"), re.MULTILINE))
        model = f"family {told.get('CPU family', '?')}, model {told.get('Model', '?')}"
        extensions = [name for name in ("avx2", "fma", "avx512f", "avx512_bf16", "asimd", "sve")
                      if name in told.get("Flags", "").split()]
        facts += [("processor", f"{told.get('Model name', platform.processor())}, {model}"),
                  ("cores", f"{os.cpu_count()}, {told.get('Thread(s) per core', '?')} thread each"),
                  ("vectors", ", ".join(extensions) or "not told")]
        facts += [(f"{name} cache", told[f"{name} cache"]) for name in ("L1d", "L2", "L3") if f"{name} cache" in told]
        facts += [("virtual machine", told["Hypervisor vendor"])] if "Hypervisor vendor" in told else []
    versions = [f"{title} {metadata.version(name)}" for name, title in peers.PEERS.items()]
    facts += [("skiff", output(skiff, "--version").strip()), ("beside it", ", ".join(versions))]
    return facts


def peak(skiff, model, threads):
    """GFLOP/s of a loop of multiply-adds, best of three: other work on the machine only makes it less."""
    found = [peers.bench(skiff, model, threads=threads, batch=1, iterations=1, extra=["--profile"]) for _ in range(3)]
    return max(run["profile"]["peakGflops"] or 0 for run in found)


def milliseconds(value):
    return f"{value:.2f}" if value < 100 else f"{value:.1f}"


def markdown(results):
    lines = ["| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in results["machine"]]
    lines += [f"| measured | {results['date']}, {results['rounds']} rounds of {results['iterations']} runs |"]
    if results["peak"]:
        speeds = ", ".join(f"{speed:.0f} GFLOP/s on {threads} {'thread' if threads == '1' else 'threads'}"
                           for threads, speed in results["peak"].items())
        lines.append(f"| Float multiply-adds at most | {speeds}, by a loop that does nothing else |")
    lines += ["", "Milliseconds of one run; the ratio is skiff's to the better of the two others, in brackets its least and",
              "greatest round.", "",
              "| network | threads | skiff | OpenVINO | ONNX Runtime | ratio | aim | GFLOP/s | of peak | plan | peak memory |",
              "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in results["rows"]:
        times = row["medianMilliseconds"]
        cells = [milliseconds(times[name]) if name in times else "refuses" for name in ("skiff", "openvino", "onnxruntime")]
        ours = sorted(row["runs"]["skiff"], key=lambda run: run["medianMilliseconds"])[len(row["runs"]["skiff"]) // 2]
        ceiling = results["peak"].get(str(row["threads"]))
        speed = ours.get("gflops") or 0
        ratio = f"**{row['ratio']:.2f}**" if row["ratio"] <= row["aim"] else f"{row['ratio']:.2f}"
        lines.append("| " + " | ".join([
            row["title"], str(row["threads"]), *cells,
            f"{ratio} ({min(row['ratios']):.2f}–{max(row['ratios']):.2f})", f"≤ {row['aim']:.2f}",
            f"{speed:.0f}" if speed else "", f"{speed / ceiling * 100:.0f} %" if speed and ceiling else "",
            f"{ours['planMilliseconds']:.0f} ms", f"{ours['peakMiB']:.0f} MiB"]) + " |")
    return "\n".join(lines)


def write(text, section="results"):
    """Puts text between the page's markers of a section."""
    page = PAGE.read_text()
    begin, end = f"<!-- {section}:begin -->", f"<!-- {section}:end -->"
    begin, end = page.index(begin) + len(begin), page.index(end)
    PAGE.write_text(f"{page[:begin]}\n\n{text}\n\n{page[end:]}")
    print(f"{PAGE.name} updated")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff", nargs="?")
    parser.add_argument("models", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", nargs="+", metavar="TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE")
    parser.add_argument("--dry-run", action="store_true")
    arguments = parser.parse_args()
    if arguments.source:
        results = json.loads(arguments.source.read_text())
    elif arguments.skiff and arguments.models:
        results = measure(arguments)
    else:
        parser.error("give SKIFF and MODELS, or --from FILE")
    print(markdown(results)) if arguments.dry_run else write(markdown(results))


def measure(arguments):
    chosen = [row for row in ROWS if not arguments.only or any(text in row[0] for text in arguments.only)]
    results = {"machine": machine(arguments.skiff), "date": time.strftime("%Y-%m-%d"), "rounds": arguments.rounds,
               "iterations": arguments.iterations, "peak": {}, "rows": []}
    for threads in arguments.threads:
        if chosen:
            found = peak(arguments.skiff, arguments.models / f"{chosen[0][1]}.onnx", threads)
            results["peak"].update({str(threads): found} if found else {})
    for title, model, batch, exact, aim in chosen:
        for threads in arguments.threads:
            try:
                row = peers.measure(
                    arguments.skiff, str(arguments.models / f"{model}.onnx"), threads=threads, batch=batch,
                    rounds=arguments.rounds, iterations=arguments.iterations, exact=exact)
            except peers.Refused as refusal:
                sys.exit(f"table: {title}: {refusal}")
            print(peers.line(row), file=sys.stderr, flush=True)
            results["rows"].append({"title": title, "aim": aim, **row})
            if arguments.json:
                arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    return results


if __name__ == "__main__":
    main()

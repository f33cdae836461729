"""Memory and time on models of six gigabytes: crosscheck_large.py SKIFF FOLDER, where large_models.py FOLDER was run.

Peaks are of the whole process, its mapped pages too, above what `skiff --version` takes. Each model is shown within a
second, and converted, with the default comparison, within 64 MiB; files whose datasets are compressed take longer to
open, since that decodes them. Needs room for one converted model at a time. The exit status is 1 if any row failed.
"""
import sys
from pathlib import Path

from crosscheck import Run

SECONDS, MEBIBYTES = 1, 64


def check(folder, skiff, report):
    idle = max(skiff("--version").peak or 0 for _ in range(20))
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".onnx", ".h5", ".keras", ".safetensors"):
            continue
        name = f"large/{path.name}"
        run = skiff("inspect", path)
        over = (run.peak or 0) - idle
        is_quick = run.seconds < SECONDS or path.name.startswith("chunked")
        report(f"{name} inspect", not run.failed and is_quick and over <= MEBIBYTES,
               run.failed or f"{run.cost}, {over:.0f} MiB above idle")
        if path.suffix == ".safetensors":
            continue  # Weights of no known architecture: shown, not converted.
        for ending in (".skiff", ".safetensors"):
            target = folder / f"converted{ending}"
            run = skiff("convert", path, "-o", target, timeout=3600)
            size = target.stat().st_size if target.exists() else 0
            target.unlink(missing_ok=True)
            over = (run.peak or 0) - idle
            identical = "parity: identical" in run.stdout
            report(f"{name} to {ending}", not run.failed and identical and over <= MEBIBYTES,
                   run.failed or f"{size / 1e9:.2f} GB, {run.cost}, {over:.0f} MiB above idle")


def main():
    failed = []

    def skiff(*arguments, timeout=600):
        return Run([sys.argv[1], *arguments], timeout)

    def report(name, passed, detail):
        print(f"{'pass' if passed else 'FAIL'}  {name}: {detail}", flush=True)
        failed.extend([] if passed else [name])

    check(Path(sys.argv[2]), skiff, report)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

"""Memory and time on models of six gigabytes (large_models.py); crosscheck.py calls it for --large FOLDER.

Peaks are of the whole process, its mapped pages too, above what `skiff --version` takes. Each model is shown within a
second, and converted, with the default comparison, within 64 MiB; for files whose datasets are compressed the second
does not count. Needs room for one converted model at a time.
"""
SECONDS, MEBIBYTES = 1, 64


def check(folder, skiff, report):
    idle = max(skiff("--version").peak or 0 for _ in range(20))
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".onnx", ".h5", ".keras", ".safetensors"):
            continue
        name = f"large/{path.name}"
        run = skiff("inspect", path)
        unknown = path.suffix == ".safetensors" and "without an architecture" in run.stderr
        over = (run.peak or 0) - idle
        report(f"{name} inspect", (unknown or not run.failed) and run.seconds < SECONDS and over <= MEBIBYTES,
               run.failed if run.failed and not unknown else f"{run.cost}, {over:.0f} MiB above idle",
               seconds=run.seconds, peakMiB=run.peak)
        if unknown:
            continue
        for ending in (".skiff", ".safetensors"):
            target = folder / f"converted{ending}"
            run = skiff("convert", path, "-o", target, timeout=3600)
            size = target.stat().st_size if target.exists() else 0
            target.unlink(missing_ok=True)
            over = (run.peak or 0) - idle
            identical = "parity: identical" in run.stdout
            report(f"{name} to {ending}", not run.failed and identical and over <= MEBIBYTES,
                   run.failed or f"{size / 1e9:.2f} GB, {run.cost}, {over:.0f} MiB above idle",
                   seconds=run.seconds, peakMiB=run.peak)

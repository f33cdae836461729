"""Holds folders that `skiff verify … --minimize FOLDER` wrote against onnx and ONNX Runtime:

    python crosscheck_minimized.py FOLDER...

The model passes onnx.checker with full shape inference; ONNX Runtime, fed input_*.pb, gives skiff_output_0.pb within
rounding, and not output_0.pb; the lines in README.txt run as they stand. Exit code 1 where one does not."""

import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def tensor(path):
    return numpy_helper.to_array(onnx.load_tensor(str(path)))


def program(text):
    """The indented lines of a README."""
    return textwrap.dedent("\n".join(line for line in text.splitlines() if line.startswith("    ") or not line))


def check(folder):
    model = onnx.load(str(folder / "model.onnx"))
    onnx.checker.check_model(model, full_check=True)
    data = folder / "test_data_set_0"
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    names = [value.name for value in session.get_inputs()]
    files = sorted(data.glob("input_*.pb"))
    assert len(files) == len(names), f"{len(files)} inputs for {names}"
    stored = [onnx.load_tensor(str(data / f"input_{i}.pb")).name for i in range(len(names))]
    assert stored == names, f"{stored} for {names}"
    feeds = {name: tensor(data / f"input_{i}.pb") for i, name in enumerate(names)}
    output = session.run(None, feeds)[0]
    own, expected = tensor(data / "skiff_output_0.pb"), tensor(data / "output_0.pb")
    assert output.shape == own.shape == expected.shape
    scale = np.sqrt(np.mean(np.square(own, dtype=np.float64)))
    from_own, from_reference = np.abs(output - own).max() / scale, np.abs(output - expected).max() / scale
    operators = [node.op_type for node in model.graph.node]
    print(f"{folder}: {operators}, {output.shape}, off from skiff's {from_own:.1e}, from the reference's {from_reference:.1e}")
    assert from_own < 1e-5, "ONNX Runtime computes something else"
    assert from_reference > 5 * from_own, "the difference does not show"
    lines = program((folder / "README.txt").read_text())
    run = subprocess.run([sys.executable, "-c", lines], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.count("off by at most") == 2, run.stdout + run.stderr


failed = 0
for name in sys.argv[1:]:
    try:
        check(pathlib.Path(name))
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}")
        failed = 1
sys.exit(failed)

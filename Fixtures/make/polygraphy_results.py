"""Writes Fixtures/polygraphy with Polygraphy (polygraphy in an environment with requirements-keras3.txt): what
`polygraphy run` saves of Fixtures/torch-basic/model.onnx with two runners and two iterations.

inputs.json    --save-inputs
outputs.json   --save-outputs: logits and two values inside
"""
import subprocess
import sys
from pathlib import Path

from common import FIXTURES, folder

MODEL = FIXTURES / "torch-basic" / "model.onnx"
OUTPUTS = ["logits", "/maxpool/MaxPool_output_0", "/layer2/layer2.0/Add_output_0"]

where = folder("polygraphy")
subprocess.run(
    [Path(sys.executable).parent / "polygraphy", "run", MODEL, "--onnxrt", "--onnxrt", "--onnx-outputs", *OUTPUTS,
     "--iterations", "2", "--save-inputs", where / "inputs.json", "--save-outputs", where / "outputs.json"],
    check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

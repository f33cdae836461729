#!/usr/bin/env python3
"""No false accusation: what honest frameworks compute, before `skiff verify`.

    crosscheck_verify.py SKIFF SCRATCH --keras3-python PY --tf-python PY [MODEL …] [--only TEXT …] [--json FILE]

For every fixture with a model, and for the models given: ONNX files run in ONNX Runtime at every level of optimization, and
in OpenVINO in float32, with all values marked and with outputs alone; fixtures of PyTorch run in PyTorch with the weights of
the ONNX file; Keras files in the Keras that wrote them. Keras and ONNX Runtime are recorded by the programs that
`skiff verify MODEL --record` prints. Every value has to be `identical` or `rounding`. OpenVINO in bfloat16 has to differ.

One line per recording: verdict, values, the largest ratio and where, the largest local ratio. The exit status is 1 if any
value was accused, or bfloat16 was not. PY are interpreters with requirements-keras3.txt and requirements-tf.txt; this script
runs in the first one, which needs openvino besides.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

MAKE = Path(__file__).resolve().parent
FIXTURES = MAKE.parent
LEVELS = ("none", "basic", "extended", "all")
os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore")
# Where OpenVINO 2026.4 computes other numbers than the file says, and is rightly accused.
OPENVINO_DEFECTS = {
    "onnx-opsets/opset18.onnx": "reads bfloat16 weights that lie in int32_data as other numbers",
}
results = []


def report(name, passed, detail="", **facts):
    results.append({"name": name, "passed": bool(passed), "detail": detail} | facts)
    print(f"{'pass' if passed else 'FAIL'}  {name}{': ' if detail else ''}{detail}", flush=True)


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=arguments.timeout)
    return done.returncode, done.stdout, done.stderr.strip()


def last(text):
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")[:300]


# ---------------------------------------------------------------- verdicts

def verify(name, model, recording, differs=False):
    """Judges a recording; `differs` where it has to be found different."""
    status, out, errors = run(arguments.skiff, "verify", model, "--against", recording, "--json")
    if status not in (0, 1) or not out:
        return report(name, False, f"exit {status}: {last(errors)}")
    found = json.loads(out)
    values = found["values"]
    accused = [v for v in values if v["verdict"] not in ("identical", "rounding")]
    rated = [v for v in values if v["ratio"] is not None]
    worst = max(rated, key=lambda v: v["ratio"], default=None)
    local = max((v for v in rated if v.get("localRatio") is not None), key=lambda v: v["localRatio"], default=None)
    facts = {"verdict": found["verdict"], "values": len(values), "ratio": worst and worst["ratio"],
             "at": worst and worst["name"], "localRatio": local and local["localRatio"], "localAt": local and local["name"],
             "accused": [{k: v.get(k) for k in ("name", "verdict", "reason", "ratio", "worstRatio", "localRatio", "node")}
                         for v in accused]}
    detail = f"{found['verdict']}, {len(values)} values"
    if worst:
        detail += f", {worst['ratio']:.2f} × noise at {worst['name']}"
    if local:
        detail += f", {local['localRatio']:.2f} × alone at {local['name']}"
    if differs:
        explained = [e.get("sentence", "") for g in found.get("guilty", []) for e in g.get("explanations", [])]
        explained += [e.get("sentence", "") for e in found.get("explanations", [])]
        return report(name, found["verdict"] == "differs", detail + (f"; {explained[0]}" if explained else ""), **facts)
    if accused:
        first = accused[0]
        detail += f"; {len(accused)} accused, the first {first['name']}: {first['verdict']}, {first['reason']}"
    report(name, not accused and found["passed"], detail, **facts)


def recorded(name, model, interpreter, *levels):
    """Prints the program that records a model, runs it, and judges what it recorded."""
    status, program, errors = run(arguments.skiff, "verify", model, "--record", *shapes(model))
    if status:
        return report(name, False, f"no program: {last(errors)}")
    script, io = arguments.scratch / "record.py", arguments.scratch / "io.npz"
    script.write_text(program)
    for level in levels or (None,):
        io.unlink(missing_ok=True)
        title = f"{name} {level}" if level else name
        status, _, errors = run(interpreter, script, io, *(["", level] if level else []))
        if status and ("opset" in errors or "Unsupported model IR" in errors):
            print(f"skip  {title}: the framework does not know this opset")
            continue
        if status or not io.exists():
            report(title, False, f"the framework: {last(errors)}")
            continue
        verify(title, model, io)
    return io


def shapes(model):
    """Of the models given on the command line: NAME=SHAPE behind a comma."""
    return [part for shape in arguments.shapes.get(str(model), []) for part in ("--input-shape", shape)]


# ---------------------------------------------------------------- OpenVINO

def openvino_recording(model, inputs, precision, marks):
    import onnx
    import openvino

    core = openvino.Core()
    network = core.read_model(str(model))
    names = [o.name for o in onnx.load(str(model), load_external_data=False).graph.output]
    known = {name for output in network.outputs for name in output.get_names()}
    inside = []
    if marks:
        for operation in network.get_ordered_ops():
            if operation.get_type_name() in ("Constant", "Parameter", "Result"):
                continue
            for output in operation.outputs():
                fresh = sorted(output.get_names() - known)
                if fresh and not output.get_names() & known:
                    known.update(output.get_names())
                    inside.append(fresh[0])
                    network.add_outputs([fresh[0]])
    compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    fed = {port.get_any_name(): inputs[next(n for n in port.get_names() if n in inputs)] for port in compiled.inputs}
    found = compiled(fed)
    arrays = {f"input:{name}": array for name, array in inputs.items()}
    for port in compiled.outputs:
        for name in port.get_names():
            if name in names or name in inside:
                arrays[("output:" if name in names else "value:") + name] = np.array(found[port])
    return arrays


def check_openvino(name, model, io):
    with np.load(io) as file:
        inputs = {key[6:]: file[key] for key in file.files if key.startswith("input:")}
    target = arguments.scratch / "openvino.npz"
    for title, precision, marks in (("all values", "f32", True), ("outputs", "f32", False), ("bfloat16", "bf16", True)):
        if name in OPENVINO_DEFECTS and precision == "f32":
            print(f"skip  {name} OpenVINO {title}: {OPENVINO_DEFECTS[name]}")
            continue
        try:
            arrays = openvino_recording(model, inputs, precision, marks)
        except Exception as error:
            report(f"{name} OpenVINO {title}", precision == "bf16", f"not run: {last(str(error))}")
            continue
        np.savez(target, **arrays)
        verify(f"{name} OpenVINO {title}", model, target, differs=precision == "bf16")


# ---------------------------------------------------------------- PyTorch

def torch_name(path, count):
    """The scope that the exporter gives a module: children of sequences bear their parent's name."""
    parts, scope = path.split("."), []
    for part in parts:
        scope.append(f"{scope[-1]}.{part}" if part.isdigit() and scope else part)
    return "/" + "/".join(scope) + (f"_{count}" if count else "")


def check_torch(name, model, network, io):
    import onnx
    import onnx.numpy_helper
    import torch

    graph = onnx.load(str(model)).graph
    weights = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in graph.initializer}
    with np.load(io) as file:
        # Of weights that are the same the exporter keeps one, and an Identity for each other.
        weights |= {key[6:]: torch.from_numpy(file[key]) for key in file.files if key[6:] not in weights}
        inputs = {key[6:]: file[key] for key in file.files if key.startswith("input:")}
    state = network.state_dict()
    network.load_state_dict({key: weights.get(key, value) for key, value in state.items()})
    missing = [key for key in state if key not in weights and not key.endswith("num_batches_tracked")]
    if missing:
        return report(f"{name} PyTorch", False, f"the file has no weight {missing[0]}")
    nodes = {node.name.rsplit("/", 1)[0]: node.output[0] for node in graph.node}
    values, calls = {}, {}

    def hook(path):
        def record(module, given, result):
            calls[path] = calls.get(path, -1) + 1
            output = nodes.get(torch_name(path, calls[path]))
            if output and torch.is_tensor(result):
                values[output] = result.numpy().copy()
        return record

    for path, module in network.named_modules():
        if path and not list(module.children()):
            module.register_forward_hook(hook(path))
    with torch.no_grad():
        result = network.eval()(*map(torch.from_numpy, inputs.values())).numpy()
    target = arguments.scratch / "torch.npz"
    output = graph.output[0].name
    np.savez(target, **{f"input:{k}": v for k, v in inputs.items()}, **{f"output:{output}": result},
             **{f"value:{k}": v for k, v in values.items() if k != output})
    verify(f"{name} PyTorch", model, target)


def torch_network(model):
    """The module that a fixture, or a model called resnetN-torchvision, was exported from; None for others."""
    sys.path.insert(0, str(MAKE))
    if model.parent.name == "torch-basic":
        import torch_basic

        return torch_basic.Network()
    if model.stem.endswith("-torchvision"):
        import torchvision

        return getattr(torchvision.models, model.stem.split("-")[0])(weights=None)
    return None


# ---------------------------------------------------------------- models

def backend_of(model):
    status, out, _ = run(arguments.skiff, "inspect", model, "--json")
    found = json.loads(out) if not status else {"metadata": {}, "producer": "keras 3"}
    return "tensorflow" if found["producer"].split()[-1][0] != "3" else found["metadata"].get("backend")


def check(model):
    name = f"{model.parent.name}/{model.name}"
    if arguments.only and not any(text in name for text in arguments.only):
        return
    if model.suffix == ".onnx":
        io = recorded(f"{name} ONNX Runtime", model, arguments.keras3_python, *LEVELS)
        if io and io.exists():
            if not arguments.no_openvino:
                check_openvino(name, model, io)
            network = torch_network(model)
            if network:
                check_torch(name, model, network, io)
        return
    # Of the two files of one model only HDF5 says the backend, and backends do not compute all the same: where padding is
    # uneven, PyTorch's repeats the border and takes it into averages.
    backend = next((found for found in map(backend_of, (model, model.with_suffix(".h5"))) if found), None)
    recorded(f"{name} Keras", model, arguments.tf_python if backend == "tensorflow" else arguments.keras3_python)


def fixtures():
    manifest = json.loads((FIXTURES / "manifest.json").read_text())
    for fixture in manifest["fixtures"]:
        if fixture.get("mustRefuseToRun"):
            continue
        for model in sorted({model for run in fixture.get("runs", []) for model in run["models"]}):
            yield FIXTURES / fixture["name"] / model


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("skiff", type=lambda path: Path(path).resolve())
parser.add_argument("scratch", type=Path)
parser.add_argument("models", nargs="*", metavar="MODEL[,NAME=SHAPE]")
parser.add_argument("--keras3-python", default=sys.executable)
parser.add_argument("--tf-python", default=sys.executable)
parser.add_argument("--no-fixtures", action="store_true")
parser.add_argument("--no-openvino", action="store_true")
parser.add_argument("--only", nargs="+", metavar="TEXT", help="models whose name contains one of these")
parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
parser.add_argument("--timeout", type=float, default=900, metavar="SECONDS", help="for each command")
arguments = parser.parse_intermixed_args()
arguments.scratch.mkdir(parents=True, exist_ok=True)
arguments.shapes = {text.split(",")[0]: text.split(",")[1:] for text in arguments.models}
for path in ([] if arguments.no_fixtures else [*fixtures()]) + [Path(text.split(",")[0]) for text in arguments.models]:
    try:
        check(path)
    except Exception as error:
        report(f"{path.parent.name}/{path.name}", False, f"{type(error).__name__}: {last(str(error))}")
failed = sum(not row["passed"] for row in results)
print(f"{len(results) - failed} passed, {failed} failed")
if arguments.json:
    arguments.json.write_text(json.dumps({"schema": "skiff.crosscheck/1", "comparisons": results}, indent=1) + "\n")
sys.exit(1 if failed else 0)

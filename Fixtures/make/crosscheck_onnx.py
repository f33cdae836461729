#!/usr/bin/env python3
"""What skiff writes as ONNX, before ONNX's checker, ONNX Runtime and OpenVINO.

    crosscheck_onnx.py SKIFF SCRATCH [MODEL …] [--fixtures] [--conformance OUT] [--opsets N …] [--only TEXT …]

Each model is converted to ONNX, for the operator set that skiff chooses and for those of --opsets. What is written has
to pass `onnx.checker.check_model(full_check=True)`, to load in ONNX Runtime and OpenVINO, and to give there what the
original gives: an ONNX model in ONNX Runtime without optimizations, a Keras model what Keras gives or what a fixture has
recorded. Outputs agree within 1e-4 of their range (5e-3 for half precision); where ONNX Runtime's own optimizations move
the original by more, what is written is compared with them as without them, and OpenVINO may differ by twice that. A source from ONNX goes to .skiff and back
for its own operator set as well, and then nodes, names, attributes and weights are compared by onnx itself.

The interpreter needs requirements-keras3.txt and openvino. OUT is as crosscheck_conformance.py describes it. `not implemented`
is what a runtime says of an operator or a type it has no kernel for; it counts as no failure, and is listed. The exit
status is 1 if any comparison failed.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
import numpy as np
import onnx
import onnxruntime as ort
import openvino

FIXTURES = Path(__file__).resolve().parent.parent
counts = collections.Counter()
skipped = collections.Counter()


def report(name, problem, detail=""):
    counts["failed" if problem else "passed"] += 1
    if problem or not arguments.quiet:
        print(f"{'FAIL' if problem else 'pass'}  {name}: {problem or detail}", flush=True)


def skiff(*command):
    return subprocess.run([arguments.skiff, *map(str, command)], capture_output=True, text=True)


# ---------------------------------------------------------------- runtimes

class NotImplementedThere(Exception):
    pass


def run_onnxruntime(path, inputs, level=ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 4
    options.intra_op_num_threads = 2
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = {i.name for i in session.get_inputs()} | {i.name for i in session.get_overridable_initializers()}
        return dict(zip([o.name for o in session.get_outputs()],
                        session.run(None, {k: v for k, v in inputs.items() if k in names})))
    except Exception as error:
        text = str(error)
        if "NOT_IMPLEMENTED" in text or "is not supported" in text or "only *guarantees* support" in text \
                or "Could not find an implementation" in text or "is under development" in text:
            raise NotImplementedThere(text.splitlines()[0][:160])
        raise


def run_openvino(path, inputs, names):
    core = openvino.Core()
    try:
        model = core.read_model(path)
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 2})
    except Exception as error:
        raise NotImplementedThere(str(error).strip().splitlines()[-1][:160])
    given = {}
    for port in compiled.inputs:
        found = [n for n in port.get_names() if n in inputs]
        if found:
            given[port] = inputs[found[0]]
    results = compiled(given)
    # Copies: the arrays are views of memory that the compiled model owns.
    return {name: np.array(results[port]) for name, port in zip(names, compiled.outputs)}


def difference(expected, got, tolerance):
    """What does not agree, in words; None where all does. And the worst error, of the range."""
    worst = 0.0
    if len(expected) == len(got) and set(expected) != set(got):
        got = dict(zip(expected, got.values()))
    for name, want in expected.items():
        if name not in got:
            return f"no output {name!r} among {sorted(got)}", worst
        have, want = np.asarray(got[name]), np.asarray(want)
        if want.shape != have.shape:
            return f"{name}: shape {have.shape}, expected {want.shape}", worst
        if want.dtype.kind not in "fc" and want.dtype != np.dtype("V2"):
            if not (have == want).all():
                return f"{name}: {int((have != want).sum())} of {want.size} elements differ", worst
            continue
        want, have = want.astype(np.complex128 if want.dtype.kind == "c" else np.float64), have.astype(np.float64)
        same = (want == have) | (np.isnan(want) & np.isnan(have))
        finite = np.isfinite(want) & np.isfinite(have)
        if not (same | finite).all():
            return f"{name}: not finite where it should be, or the other way round", worst
        if not finite.any():
            continue
        spread = float(np.ptp(want[finite])) or float(np.abs(want[finite]).max()) or 1.0
        error = float(np.abs(want - have)[finite].max()) / spread
        worst = max(worst, error)
        if error > tolerance:
            return f"{name}: {error:.1e} of the range", worst
    return None, worst


# ---------------------------------------------------------------- one model

def made_up(model_path):
    """Inputs for an ONNX model, open extents as small as they go."""
    model = onnx.load(model_path, load_external_data=False)
    weights = {w.name for w in model.graph.initializer}
    rng = np.random.default_rng(0)
    inputs = {}
    for value in model.graph.input:
        if value.name in weights:
            continue
        tensor = value.type.tensor_type
        shape = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else (1 if i == 0 else arguments.extent)
                 for i, d in enumerate(tensor.shape.dim)]
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        array = rng.standard_normal(shape)
        inputs[value.name] = (array > 0) if kind == np.bool_ else (array * 3).astype(kind)
    return inputs


def takes_bfloat16(path):
    """NumPy has no such type to give OpenVINO."""
    graph = onnx.load(path, load_external_data=False).graph
    return any(v.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16 for v in list(graph.input) + list(graph.output))


def check_written(name, path, inputs, expected, tolerance, optimized=None):
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:
        return report(name, f"checker: {str(error).strip().splitlines()[0][:200]}")
    details = []
    plain = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    runtimes = [("ONNX Runtime", lambda: run_onnxruntime(path, inputs), optimized or expected, tolerance)]
    noise = 0
    if optimized:
        noise = difference(expected, optimized, 1)[1]
        runtimes.append(("without optimizations", lambda: run_onnxruntime(path, inputs, plain), expected, tolerance))
    runtimes.append(
        ("OpenVINO", lambda: run_openvino(path, inputs, list(expected)), expected, max(tolerance, 2 * noise)))
    for runtime, run, wanted_, allowed in runtimes:
        if runtime == "OpenVINO" and (arguments.no_openvino or takes_bfloat16(path)):
            continue
        try:
            problem, worst = difference(wanted_, run(), allowed)
        except NotImplementedThere as why:
            skipped[f"{runtime}: {str(why)[:110]}"] += 1
            details.append(f"{runtime} not implemented")
            continue
        except Exception as error:
            problem, worst = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}", 0
        if problem:
            return report(name, f"{runtime}: {problem}")
        details.append(f"{runtime} {worst:.0e}")
    report(name, None, ", ".join(details))


def check_model(name, source, inputs, expected, tolerance=1e-4, architecture=(), optimized=None):
    for opset in [None] + arguments.opsets:
        target = arguments.scratch / "written.onnx"
        for old in arguments.scratch.glob("written.onnx*"):
            old.unlink()
        label = f"{name} opset {opset or 'chosen'}"
        run = skiff("convert", source, "-o", target, *(["--opset", opset, "--no-verify"] if opset else ["--no-verify"]), *architecture)
        if run.returncode == 2 and opset and "needs opset" in run.stderr:
            counts["refused"] += 1
            continue
        if run.returncode:
            report(label, run.stderr.strip().replace("\n", " | ")[:300])
            continue
        check_written(label, target, inputs, expected, tolerance, optimized)


def without(message, *fields):
    copy = type(message)()
    copy.CopyFrom(message)
    for field in fields:
        copy.ClearField(field)
    return copy


def check_return(name, source):
    """From ONNX to .skiff to ONNX for the same operator set: nodes, names and weights as onnx reads them."""
    native, back = arguments.scratch / "native.skiff", arguments.scratch / "back.onnx"
    original = onnx.load(source)
    (opset,) = [o.version for o in original.opset_import if o.domain in ("", "ai.onnx")] or [0]
    if opset < 9 or original.functions:
        return
    for command in (["convert", source, "-o", native, "--no-verify"], ["convert", native, "-o", back, "--opset", opset]):
        run = skiff(*command)
        if run.returncode:
            return report(f"{name} and back", run.stderr.strip().replace("\n", " | ")[:300])
    returned = onnx.load(back)
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in original.graph.initializer}
    constants = {n.output[0] for n in original.graph.node if n.op_type == "Constant"}
    found = {w.name: onnx.numpy_helper.to_array(w) for w in returned.graph.initializer}
    for key, value in weights.items():
        if key not in found or value.dtype != found[key].dtype or value.tobytes() != found[key].tobytes():
            return report(f"{name} and back", f"weight {key!r} is not the same")
    if set(found) - set(weights) - constants:
        return report(f"{name} and back", f"weights {sorted(set(found) - set(weights) - constants)[:3]} are new")
    mine = [n for n in original.graph.node if n.op_type != "Constant"]
    if len(mine) != len(returned.graph.node):
        return report(f"{name} and back", f"{len(returned.graph.node)} nodes, expected {len(mine)}")
    for one, other in zip(mine, returned.graph.node):
        trimmed = [list(x) for x in (one.input, one.output)]
        while trimmed[0] and not trimmed[0][-1]:
            trimmed[0].pop()
        if (one.name, one.op_type, trimmed[0]) != (other.name, other.op_type, list(other.input)):
            return report(f"{name} and back", f"node {one.name or one.output[0]!r}: {other.op_type} {list(other.input)}")
        given = {a.name: onnx.helper.get_attribute_value(a) for a in other.attribute}
        schema = onnx.defs.get_schema(one.op_type, opset, "" if one.domain == "ai.onnx" else one.domain)
        mode = next((a.s for a in one.attribute if a.name == "mode"), b"")
        for attribute in one.attribute:
            # Read by the nearest mode only.
            if one.op_type == "Resize" and attribute.name == "nearest_mode" and mode not in (b"", b"nearest"):
                continue
            value = onnx.helper.get_attribute_value(attribute)
            default = schema.attributes[attribute.name].default_value if attribute.name in schema.attributes else None
            default = onnx.helper.get_attribute_value(default) if default is not None and default.type else None
            if attribute.name in given and given[attribute.name] != value and not isinstance(value, onnx.TensorProto):
                return report(f"{name} and back", f"node {one.name!r}: {attribute.name} is {given[attribute.name]}, was {value}")
            if attribute.name not in given and value != default and not (attribute.name == "kernel_shape") \
                    and not (attribute.name == "auto_pad" and value in (b"NOTSET", b"")) and any(np.ravel([value])) \
                    and attribute.name not in ("consumed_inputs", "ratio", "seed", "sorted", "saturate", "momentum"):
                return report(f"{name} and back", f"node {one.name!r}: {attribute.name} {value} is gone")
    names = [[v.name for v in field] for field in (original.graph.output, returned.graph.output)]
    if names[0] != names[1]:
        return report(f"{name} and back", f"outputs {names[1]}")
    report(f"{name} and back", None, f"{len(mine)} nodes, {len(weights)} weights")


def check_onnx(name, source):
    inputs = made_up(source)
    half = any(w.data_type in (10, 16) for w in onnx.load(source, load_external_data=False).graph.initializer)
    expected = run_onnxruntime(source, inputs, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
    optimized = run_onnxruntime(source, inputs)
    check_model(name, source, inputs, expected, 5e-3 if half else 1e-4, optimized=optimized)
    check_return(name, source)


def check_keras(name, source):
    import keras
    model = keras.models.load_model(source, compile=False)
    rng = np.random.default_rng(0)
    inputs = {}
    for tensor in model.inputs:
        shape = [1 if i == 0 else arguments.extent if e is None else e for i, e in enumerate(tensor.shape)]
        inputs[tensor.name] = rng.standard_normal(shape).astype("f")
    outputs = model.predict([inputs[t.name] for t in model.inputs], verbose=0)
    outputs = outputs if isinstance(outputs, list) else list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    check_model(name, source, inputs, {f"output_{i}": o for i, o in enumerate(outputs)})


def check_fixtures():
    for entry in json.loads((FIXTURES / "manifest.json").read_text())["fixtures"]:
        for run in entry.get("runs", []):
            with np.load(FIXTURES / entry["name"] / run["io"]) as io:
                inputs = {k.removeprefix("input:"): io[k] for k in io.files if k.startswith("input:")}
                expected = {k.removeprefix("output:"): io[k] for k in io.files if k.startswith("output:")}
            for file in run["models"]:
                name, path = f"{entry['name']}/{file}", FIXTURES / entry["name"] / file
                if not wanted(name):
                    continue
                if entry.get("mustRefuseToRun"):
                    run_ = skiff("convert", path, "-o", arguments.scratch / "written.onnx")
                    refused = run_.returncode == 2 and 'node "' in run_.stderr
                    report(f"{name} refused", None if refused else run_.stderr.strip()[:200], run_.stderr.strip()[:100])
                    continue
                given = inputs
                if file.endswith(".onnx"):
                    types = {v.name: onnx.helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type)
                             for v in onnx.load(path, load_external_data=False).graph.input}
                    given = {k: v.astype(types.get(k, v.dtype)) for k, v in inputs.items()}
                check_model(name, path, given, expected, 5e-3 if run.get("halfPrecision") else 1e-4)
                if file.endswith(".onnx"):
                    check_return(name, path)


def check_conformance(out):
    for kind in ("node", "simple", "pytorch-operator", "pytorch-converted"):
        for path in sorted((out / kind).glob("*/model.onnx")):
            name = f"{kind}/{path.parent.name}"
            if not wanted(name) or skiff("verify", path.parent, "-q").returncode:
                continue
            model = onnx.load(path)
            data = path.parent / "test_data_set_0"
            weights = {w.name for w in model.graph.initializer}
            listed = [v for v in model.graph.input if v.name not in weights or True]
            inputs = {}
            for i, value in enumerate(listed):
                file = data / f"input_{i}.pb"
                if file.exists():
                    inputs[value.name] = onnx.numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes()))
            expected = {v.name: onnx.numpy_helper.to_array(onnx.TensorProto.FromString((data / f"output_{i}.pb").read_bytes()))
                        for i, v in enumerate(model.graph.output)}
            # Where a runtime does not agree with the recording on the original itself, there is nothing to compare.
            try:
                theirs = run_onnxruntime(path, inputs, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
                agrees = difference(expected, theirs, 1e-3)[0] is None
            except Exception:
                agrees = False
            if not agrees:
                counts["original not run by ONNX Runtime"] += 1
                continue
            check_model(name, path, inputs, expected, 1e-3)


def wanted(name):
    return not arguments.only or any(text in name for text in arguments.only)


def main():
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    if arguments.fixtures:
        check_fixtures()
    if arguments.conformance:
        check_conformance(arguments.conformance)
    for path in arguments.models:
        if not wanted(path.name):
            continue
        try:
            (check_onnx if path.suffix == ".onnx" else check_keras)(path.name, path)
        except Exception as error:
            report(path.name, f"{type(error).__name__}: {str(error)[:300]}")
    for why, count in skipped.most_common():
        print(f"{count} × {why}")
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff", type=Path)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("models", type=Path, nargs="*")
    parser.add_argument("--fixtures", action="store_true")
    parser.add_argument("--conformance", type=Path, metavar="OUT")
    parser.add_argument("--opsets", type=int, nargs="+", default=[], metavar="N")
    parser.add_argument("--extent", type=int, default=64, help="for extents that a model leaves open")
    parser.add_argument("--only", nargs="+", metavar="TEXT")
    parser.add_argument("--no-openvino", action="store_true")
    parser.add_argument("-q", "--quiet", action="store_true", help="failures only")
    arguments = parser.parse_args()
    main()

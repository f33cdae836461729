"""ONNX's own tests as comparisons of crosscheck.py.

OUT has node/, simple/, pytorch-operator/ and pytorch-converted/ with <case>/model.onnx and its test_data_set_<k>, and
light/<model>.onnx with <model>_output_0.pb, as onnx.backend.test of onnx 1.23.2 gives them. A case is `skiff verify
CASE`: passed, refused by name, or failed. The nine light models are run on the ramp that onnx recorded them with.
"""
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Recordings that nothing can agree with.
UNUSABLE = {
    "test_averagepool_2d_ceil_last_window_starts_on_pad": "recorded to four decimals",
    "test_gridsample_bicubic": "recorded to four decimals",
    "test_operator_add_broadcast": "recorded from memory that was not written",
    "test_operator_add_size1_broadcast": "recorded from memory that was not written",
    "test_operator_add_size1_right_broadcast": "recorded from memory that was not written",
    "test_operator_add_size1_singleton_broadcast": "recorded from memory that was not written",
    "test_operator_addconstant": "recorded from memory that was not written",
}


def varint(number):
    parts = []
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(parts + [number])


def tensor_message(name, array):
    """A float TensorProto: dims 1, data_type 2, name 8, raw_data 9."""
    data = array.astype("<f4").tobytes()
    dims = b"".join(b"\x08" + varint(extent) for extent in array.shape)
    text = name.encode()
    return dims + b"\x10\x01\x42" + varint(len(text)) + text + b"\x4a" + varint(len(data)) + data


def check_cases(out, skiff, report, wanted):
    for kind in ("node", "simple", "pytorch-operator", "pytorch-converted"):
        cases = sorted(path.parent for path in (out / kind).glob("*/model.onnx"))
        cases = [case for case in cases if case.name not in UNUSABLE and wanted(f"conformance/{kind}/{case.name}")]
        if not cases:
            continue
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda case: skiff("verify", case, "-q"), cases))
        failed = [(case, run) for case, run in zip(cases, runs) if run.timed_out or run.status not in (0, 2)]
        for case, run in failed:
            report(f"conformance/{kind}/{case.name}", False, run.failed)
        refused = sum(run.status == 2 for run in runs)
        report(f"conformance/{kind}", not failed,
               f"{len(cases) - len(failed) - refused} agree, {refused} refused, {len(failed)} fail")


def check_light(out, work, skiff, report, wanted):
    for model in sorted((out / "light").glob("light_*.onnx")):
        name = f"conformance/light/{model.stem}"
        if not wanted(name):
            continue
        data = work / model.stem / "test_data_set_0"
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(model, work / model.stem / "model.onnx")
        shutil.copy(out / "light" / f"{model.stem}_output_0.pb", data / "output_0.pb")
        inspected = skiff("inspect", model, "--json")
        if inspected.failed:
            report(name, False, inspected.failed)
            continue
        for index, value in enumerate(json.loads(inspected.stdout)["inputs"]):
            count = int(np.prod(value["shape"]))
            ramp = (np.arange(count).reshape(value["shape"]) / count).astype("f")
            (data / f"input_{index}.pb").write_bytes(tensor_message(value["name"], ramp))
        run = skiff("verify", work / model.stem)
        parity = [line for line in run.stdout.splitlines() if line.startswith("parity")]
        report(name, not run.failed, run.failed or (parity[-1] if parity else ""), seconds=run.seconds)


def check(out, work, skiff, report, wanted):
    check_cases(out, skiff, report, wanted)
    check_light(out, work, skiff, report, wanted)

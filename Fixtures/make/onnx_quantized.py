"""Quantizes Fixtures/torch-basic-folded/model.onnx with ONNX Runtime, in both of its formats, into Fixtures/onnx-quantized.

model-qdq.onnx has QuantizeLinear and DequantizeLinear around float operators, model-operators.onnx has QLinearConv and
its kin (weights by channel). io-qdq.npz and io-operators.npz hold what ONNX Runtime computes, optimisations off, and the
classes it gives all held-out digits. Calibrated on the held-out digits themselves: the numbers matter, not the score.
"""
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

FIXTURES = Path(__file__).resolve().parent.parent
TARGET = FIXTURES / "onnx-quantized"
held = np.load(FIXTURES / "torch-basic" / "heldout.npz")
images, labels = held["image"], held["labels"]


class Digits(CalibrationDataReader):
    def __init__(self):
        self.batches = iter(np.array_split(images, 12))

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"image": batch}


def main():
    TARGET.mkdir(exist_ok=True)
    for name, options in {
        "qdq": dict(quant_format=QuantFormat.QDQ, weight_type=QuantType.QInt8),
        "operators": dict(quant_format=QuantFormat.QOperator, per_channel=True, weight_type=QuantType.QInt8),
    }.items():
        path = TARGET / f"model-{name}.onnx"
        quantize_static(str(FIXTURES / "torch-basic-folded" / "model.onnx"), str(path), Digits(), **options)
        model = onnx.load(path)
        # What the numbers do not hang on is left out, to be small.
        del model.graph.value_info[:]
        for node in model.graph.node:
            node.ClearField("name")
        onnx.save(model, path)
        settings = onnxruntime.SessionOptions()
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        logits = session.run(None, {"image": images})[0]
        np.savez_compressed(TARGET / f"io-{name}.npz", **{
            "input:image": images[:8], "output:logits": logits[:8], "predictions": logits.argmax(1)})
        print(f"{path.name}: {path.stat().st_size} bytes, {(logits.argmax(1) == labels).mean():.3f} right")


if __name__ == "__main__":
    main()

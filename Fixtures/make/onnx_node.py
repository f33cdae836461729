#!/usr/bin/env python3
"""Copies a small, representative part of ONNX's own operator tests into Fixtures/onnx-node.

    onnx_node.py CASES     CASES/node/<case>/model.onnx + test_data_set_<k>/{input,output}_<i>.pb, as
                           onnx.backend.test.case.node of onnx 1.23.2 gives them (Apache-2.0)

Of every operator that Skiff runs the smallest cases are taken, of Resize and the pools, whose rules are
many, more. Cases of types that Skiff does not compute with are left out.
"""
import json
import shutil
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "onnx-node"
BUDGET = 400_000
LARGEST = 9_000
MANY = {"Resize": 60, "AveragePool": 20, "MaxPool": 20, "Pad": 12, "ConvTranspose": 12, "Conv": 8, "Upsample": 4,
        "LpPool": 8, "Mod": 6, "Slice": 4, "Softmax": 6, "BitShift": 4, "TopK": 8, "LRN": 1, "GridSample": 5,
        "ScatterND": 3, "ScatterElements": 3, "Einsum": 3, "OneHot": 3, "GatherND": 3, "QuantizeLinear": 3,
        "DequantizeLinear": 3, "BatchNormalization": 4}
OPERATORS = """Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift
BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast Ceil Celu Clip Concat ConstantOfShape Conv ConvTranspose Cos Cosh
CumSum DepthToSpace DequantizeLinear Div Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool
GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization
IsInf IsNaN LRN LeakyRelu Less LessOrEqual Log LogSoftmax LpPool MatMul Max MaxPool Mean Min Mish Mod Mul Neg Not
OneHot Or PRelu Pad Pow QuantizeLinear Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice
Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose
Unsqueeze Upsample Where Xor""".split()
LEFT_OUT = ("string", "sequence", "_opt", "8E", "INT4", "INT2", "FLOAT4", "FLOAT6", "expanded", "mode_example",
            "f8", "e4m3", "e5m2", "uint4", "int4", "test_not_", "FLOAT8")


def main(source: Path):
    cases: dict[str, list[tuple[int, str]]] = {}
    for name, facts in json.loads((source / "cases.json").read_text()).items():
        if len(facts["operators"]) != 1 or facts["operators"][0] not in OPERATORS:
            continue
        if any(word.lower() in name.lower() for word in LEFT_OUT) and "spacetodepth_example" not in name:
            continue
        size = sum(f.stat().st_size for f in (source / name).rglob("*") if f.is_file())
        cases.setdefault(facts["operators"][0], []).append((size, name))
    shutil.rmtree(TARGET, ignore_errors=True)
    total = 0
    for operator, found in sorted(cases.items()):
        for size, name in sorted(found)[: MANY.get(operator, 2)]:
            if size <= LARGEST:
                shutil.copytree(source / name, TARGET / Path(name).name)
                total += size
    print(f"{len(list(TARGET.iterdir()))} cases, {total} bytes; without a case: {sorted(set(OPERATORS) - set(cases))}")
    assert total <= BUDGET


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

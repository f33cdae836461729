#!/usr/bin/env python3
"""Makes pairs of models that differ in one known way. Run by crosscheck_diff.py:

    diff_pairs.py torch OUT       needs requirements-keras3.txt and onnxruntime (onnxsim where it is installed)
    diff_pairs.py keras OUT       needs requirements-keras3.txt

Each pair is a row of OUT/<part>.json: the two files, what was done, and what `skiff diff` has to say: its exit code,
its verdict, and facts of the JSON. BatchNormalization's numbers are drawn, so that folding it moves every weight.
"""
import copy
import json
import sys
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
PAIRS = []


def pair(name, left, right, done, exit, verdict, **facts):
    PAIRS.append({"name": name, "left": str(left), "right": str(right), "done": done, "exit": exit, "verdict": verdict,
                  "facts": facts})


def torch_part(out):
    import onnx
    import onnx.numpy_helper as nh
    import torch
    import torchvision
    from onnx import version_converter
    from torch import nn

    def drawn(model, seed):
        torch.manual_seed(seed)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight, .5, 1.5)
                nn.init.normal_(module.bias, 0, .2)
                nn.init.normal_(module.running_mean, 0, .2)
                nn.init.uniform_(module.running_var, .5, 1.5)
        return model.eval()

    def make(name, seed=1, **more):
        torch.manual_seed(seed)
        return drawn(getattr(torchvision.models, name)(weights=None, **more), seed)

    def export(model, name, fold=False, size=64, dynamo=False, **more):
        path = out / f"{name}.onnx"
        x = torch.zeros(1, 3, size, size)
        if dynamo:
            torch.onnx.export(model, (x,), str(path), dynamo=True, external_data=False, verbose=False, **more)
        else:
            torch.onnx.export(model, (x,), str(path), dynamo=False, do_constant_folding=fold,
                              training=torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE, **more)
        return path

    base = make("resnet18")
    plain = export(base, "r18")
    folded = export(base, "r18-folded", fold=True)
    pair("same file", plain, plain, "nothing", 0, "same")
    pair("folded", plain, folded, "BatchNormalization folded by torch's exporter", 0, "same but for rounding")
    dynamo = export(base, "r18-dynamo", dynamo=True)
    pair("dynamo", plain, dynamo, "torch's newer exporter, which folds", 0, "same but for rounding")
    pair("named", plain, export(base, "r18-named", input_names=["image"], output_names=["logits"]), "other names of input and output", 0, "same")
    pair("dynamic", plain, export(base, "r18-dynamic", input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}}), "open extents", 0, "same")
    pair("other size", plain, export(base, "r18-96", size=96), "exported at 96 pixels", 1, "different", interface=True, sameBlocks=8)

    model = onnx.load(plain)
    for version in (11, 15, 21):
        path = out / f"r18-opset{version}.onnx"
        try:
            onnx.save(version_converter.convert_version(model, version), path)
        except RuntimeError as error:
            print("version_converter:", error)
            continue
        pair(f"opset {version}", plain, path, "operator set changed by onnx.version_converter", 0, "same")

    scrambled = onnx.load(plain)
    rename = {}

    def name_of(name):
        return rename.setdefault(name, f"t{(len(rename) * 7919) % 100003}") if name else name

    for node in scrambled.graph.node:
        node.name = ""
        node.input[:] = [name_of(n) for n in node.input]
        node.output[:] = [name_of(n) for n in node.output]
    for item in list(scrambled.graph.initializer) + list(scrambled.graph.input) + list(scrambled.graph.output):
        item.name = name_of(item.name)
    del scrambled.graph.value_info[:]
    onnx.save(scrambled, out / "r18-scrambled.onnx")
    pair("names scrambled", plain, out / "r18-scrambled.onnx", "all names replaced", 0, "same")

    try:
        import onnxsim
        simple, _ = onnxsim.simplify(onnx.load(plain))
        onnx.save(simple, out / "r18-sim.onnx")
        pair("simplified", plain, out / "r18-sim.onnx", "onnxsim", 0, "same but for rounding")
    except ImportError:
        pass

    import onnxruntime as ort
    for level, name in ((ort.GraphOptimizationLevel.ORT_ENABLE_BASIC, "basic"), (ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED, "extended")):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        options.optimized_model_filepath = str(out / f"r18-ort-{name}.onnx")
        ort.InferenceSession(str(plain), options, providers=["CPUExecutionProvider"])
        pair(f"onnxruntime {name}", plain, options.optimized_model_filepath, "optimized by ONNX Runtime", 0, "same but for rounding")

    def changed(name, seed, change):
        net = copy.deepcopy(base)
        torch.manual_seed(seed)
        with torch.no_grad():
            change(net)
        return export(net, name)

    def one(net):
        net.layer3[1].conv2.weight[5, 7, 1, 2] += .5
    pair("one weight", plain, changed("r18-one", 2, one), "one element of layer3.1.conv2 moved by 0.5", 1, "other weights",
         changedLayers=1, changedElements=1, largestAt=[5, 7, 1, 2])

    def noise(net):
        for p in net.parameters():
            p += .01 * p.std() * torch.randn_like(p) if p.numel() > 1 else 0
    pair("fine-tuned", plain, changed("r18-tuned", 3, noise), "noise of 1 % on all parameters", 1, "other weights", sameBlocks=0,
         blocks=8, added=0, removed=0)
    torch.manual_seed(3)
    tuned = copy.deepcopy(base)
    with torch.no_grad():
        noise(tuned)
    pair("fine-tuned, folded", plain, export(tuned, "r18-tuned-folded", fold=True), "noise of 1 % on all, folded", 1, "other weights",
         blocks=8, added=0, removed=0)

    def head(net):
        net.fc = nn.Linear(512, 10)
    pair("head replaced", plain, changed("r18-head", 4, head), "Linear of 10 classes", 1, "different", changedLayers=1,
         added=0, removed=0, sameBlocks=8)

    def head_same(net):
        net.fc = nn.Linear(512, 1000)
    pair("head retrained", plain, changed("r18-head2", 4, head_same), "another Linear of 1000", 1, "other weights", changedLayers=1,
         sameBlocks=8)

    def less(net):
        net.layer2 = nn.Sequential(net.layer2[0])
    pair("block removed", plain, changed("r18-less", 5, less), "layer2.1 left out", 1, "different", removedBlocks=1, addedBlocks=0,
         sameBlocks=7)
    fewer = make("resnet50")
    p50 = export(fewer, "r50")
    cut = copy.deepcopy(fewer)
    cut.layer3 = nn.Sequential(*[cut.layer3[i] for i in (0, 1, 3, 4, 5)])
    pair("block of 16 removed", p50, export(cut, "r50-less"), "layer3.2 left out", 1, "different", removedBlocks=1, sameBlocks=15)
    torch.manual_seed(6)
    with torch.no_grad():
        for p in cut.parameters():
            p += .01 * p.std() * torch.randn_like(p)
    pair("block removed, fine-tuned", p50, export(cut, "r50-less-tuned"), "layer3.2 left out, noise on all", 1, "different",
         removedBlocks=1, addedBlocks=0, blocks=15)
    pair("block removed, folded", p50, export(cut, "r50-less-folded", fold=True), "the same with BatchNormalization folded", 1, "different",
         removedBlocks=1, addedBlocks=0)

    def stride(net):
        net.layer2[0].conv1.stride, net.layer2[0].conv2.stride = (1, 1), (2, 2)
    pair("stride moved", plain, changed("r18-stride", 7, stride), "layer2.0: stride in the second convolution", 1, "different",
         changedLayers=2, sameBlocks=7)
    v1 = copy.deepcopy(fewer)
    for layer in (v1.layer2, v1.layer3, v1.layer4):
        layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
    pair("v1.5 and v1", p50, export(v1, "r50-v1"), "stride in the 1×1", 1, "different", changedLayers=6, sameBlocks=13)

    def dilate(net):
        net.layer4[1].conv1.dilation, net.layer4[1].conv1.padding = (2, 2), (2, 2)
    pair("dilation", plain, changed("r18-dilated", 8, dilate), "layer4.1.conv1 dilated", 1, "different", changedLayers=1)

    def epsilon(net):
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.eps = 1e-3
    pair("epsilon", plain, changed("r18-epsilon", 8, epsilon), "epsilon 1e-3 in all", 1, "different", changedLayers=20)
    pair("epsilon, folded", plain, export((lambda n: (epsilon(n), n)[1])(copy.deepcopy(base)), "r18-epsilon-folded", fold=True),
         "epsilon 1e-3 in all, folded", 1, "other weights")

    def activation(net):
        net.layer1[1].relu = nn.LeakyReLU(.1)
    pair("activation", plain, changed("r18-leaky", 8, activation), "LeakyReLU in layer1.1", 1, "different", changedLayers=2)

    def softmaxed(net):
        net.fc = nn.Sequential(net.fc, nn.Softmax(-1))
    pair("softmax at the end", plain, changed("r18-softmax", 9, softmaxed), "Softmax behind the logits", 1, "different", added=1,
         removed=0, sameBlocks=8)

    def prune(net):
        net.layer4[0].conv1.weight[[3, 99, 200]] = 0
    pair("pruned", plain, changed("r18-pruned", 9, prune), "three channels of layer4.0.conv1 zero", 1, "other weights",
         changedLayers=1, changedChannels=3)

    half = onnx.load(plain)
    for tensor in half.graph.initializer:
        if tensor.data_type == 1:
            value = nh.to_array(tensor).astype(np.float16).astype(np.float32)
            tensor.CopyFrom(nh.from_array(value, tensor.name))
    onnx.save(half, out / "r18-half-values.onnx")
    pair("float16 values", plain, out / "r18-half-values.onnx", "weights rounded to float16, kept as float32", 1, "rounded")
    try:
        h = copy.deepcopy(base).half()
        x = torch.zeros(1, 3, 64, 64, dtype=torch.float16)
        torch.onnx.export(h, (x,), str(out / "r18-half.onnx"), dynamo=False, do_constant_folding=False,
                          training=torch.onnx.TrainingMode.PRESERVE)
        pair("float16 model", plain, out / "r18-half.onnx", "exported in float16", 1, "rounded")
    except Exception as error:
        print("float16:", error)

    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self, name):
            rng = np.random.default_rng(0)
            self.items = iter([{name: rng.normal(size=(1, 3, 64, 64)).astype("f")} for _ in range(2)])

        def get_next(self):
            return next(self.items, None)
    for per_channel in (False, True):
        path = out / f"r18-qdq-{per_channel}.onnx"
        quantize_static(str(folded), str(path), Reader(onnx.load(folded).graph.input[0].name), quant_format=QuantFormat.QDQ,
                        per_channel=per_channel, weight_type=QuantType.QInt8)
        pair("QDQ" + (" per channel" if per_channel else ""), folded, path, "quantized by ONNX Runtime", 1, "rounded",
             quantized=True, removed=0)

    pair("18 and 34", plain, export(make("resnet34", 11), "r34"), "other depth, other weights", 1, "different", addedBlocks=8,
         removedBlocks=0)
    pair("50 and 101", p50, export(make("resnet101", 12), "r101"), "other depth, other weights", 1, "different", addedBlocks=17,
         removedBlocks=0)
    pair("101 and 50", out / "r101.onnx", p50, "the other way round", 1, "different", addedBlocks=0, removedBlocks=17)
    pair("50 and wide", p50, export(make("wide_resnet50_2", 13), "r50-wide"), "twice as wide", 1, "different", addedBlocks=0,
         removedBlocks=0, sameBlocks=0)
    pair("50 and ResNeXt", p50, export(make("resnext50_32x4d", 14), "rx50"), "groups", 1, "different", addedBlocks=0, removedBlocks=0)
    mobile = make("mobilenet_v2", 15)
    pair("MobileNetV2 folded", export(mobile, "mv2"), export(mobile, "mv2-folded", fold=True), "BatchNormalization folded", 0,
         "same but for rounding")
    pair("18 and MobileNetV2", plain, out / "mv2.onnx", "another family", 1, "different")
    dense = make("densenet121", 16)
    pair("DenseNet folded", export(dense, "dn"), export(dense, "dn-folded", fold=True), "BatchNormalization folded", 0,
         "same but for rounding")
    from safetensors.torch import save_file
    save_file({k: v for k, v in base.state_dict().items() if "num_batches" not in k}, out / "r18.safetensors")
    pair("safetensors", plain, out / "r18.safetensors", "weights alone", 0, "same")
    pair("onnx and tuned safetensors", out / "r18-tuned.onnx", out / "r18.safetensors", "weights alone, base", 1, "other weights")


def keras_part(out):
    import os
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    rng = np.random.default_rng(0)

    def draw(model):
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                g, b, m, v = layer.get_weights()
                layer.set_weights([rng.uniform(.5, 1.5, g.shape), rng.normal(0, .2, b.shape), rng.normal(0, .2, m.shape),
                                   rng.uniform(.5, 1.5, v.shape)])
        return model

    keras.utils.set_random_seed(1)
    for name, make in (("k50", keras.applications.ResNet50), ("k50v2", keras.applications.ResNet50V2)):
        model = draw(make(weights=None, input_shape=(64, 64, 3), classes=100))
        model(np.zeros((1, 64, 64, 3), "f"))
        model.save(out / f"{name}.keras")
        model.save(out / f"{name}.h5")
        pair(f"{name} two saves", out / f"{name}.h5", out / f"{name}.keras", "Keras 3 saved both", 0, "same")
        try:
            model.export(str(out / f"{name}.onnx"), format="onnx", verbose=False)
            pair(f"{name} export", out / f"{name}.h5", out / f"{name}.onnx", "Keras' own export", 0, "same but for rounding")
        except Exception as error:
            print("export:", str(error)[:200])
        w = model.get_weights()
        if name == "k50":
            tuned = [x + rng.normal(0, .01, x.shape).astype("f") * x.std() for x in w]
            model.set_weights(tuned)
            model.save(out / "k50-tuned.keras")
            pair("k50 tuned", out / "k50.h5", out / "k50-tuned.keras", "noise on all", 1, "other weights", removedBlocks=0, addedBlocks=0,
                 added=0, removed=0)
            model.set_weights(w)
            flat = keras.Sequential([keras.layers.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(),
                                     keras.layers.Dense(5)])
            flat(np.zeros((1, 8, 8, 3), "f"))
            flat.save(out / "flat.keras")
            flat.export(str(out / "flat.onnx"), format="onnx", verbose=False)
            pair("flattened", out / "flat.keras", out / "flat.onnx", "Flatten in channels-last order", 0, "same")


if __name__ == "__main__":
    part, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    {"torch": torch_part, "keras": keras_part}[part](out)
    (out / f"{part}.json").write_text(json.dumps(PAIRS, indent=1))

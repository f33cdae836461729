"""Deliberately altered ResNets for crosscheck_topology.py: real exports, edited one place at a time."""
import copy

import numpy as np


class Editor:
    """A model whose nodes are found by the exporter's names."""

    def __init__(self, path):
        import onnx

        self.onnx = onnx
        self.model = onnx.load(path)
        self.graph = self.model.graph

    def node(self, name):
        return next(node for node in self.graph.node if node.name == name)

    def weight(self, name):
        return next(tensor for tensor in self.graph.initializer if tensor.name == name)

    def array(self, name):
        return self.onnx.numpy_helper.to_array(self.weight(name))

    def set_array(self, name, array):
        self.weight(name).CopyFrom(self.onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))

    def root(self, value):
        """The weight that a value is, behind Identity."""
        while maker := next((node for node in self.graph.node if value in node.output), None):
            value = maker.input[0]
        return value

    def bypass(self, name):
        """Takes a node of one data input out."""
        node = self.node(name)
        self.read_instead(node.output[0], node.input[0])
        self.graph.node.remove(node)

    def read_instead(self, old, new):
        for node in self.graph.node:
            node.input[:] = [new if value == old else value for value in node.input]

    def attribute(self, name, key, value):
        node = self.node(name)
        for attribute in list(node.attribute):
            if attribute.name == key:
                node.attribute.remove(attribute)
        if value is not None:
            node.attribute.append(self.onnx.helper.make_attribute(key, value))

    def insert_before(self, name, *nodes):
        position = list(self.graph.node).index(self.node(name))
        for offset, node in enumerate(nodes):
            self.graph.node.insert(position + offset, node)

    def block(self, prefix):
        return [node for node in self.graph.node if node.name.startswith(prefix + "/")]

    def input_of(self, prefix):
        return self.node(f"{prefix}/conv1/Conv").input[0]

    def output_of(self, prefix):
        return self.block(prefix)[-1].output[0]

    def remove_block(self, prefix):
        nodes = self.block(prefix)
        self.read_instead(nodes[-1].output[0], self.input_of(prefix))
        for node in nodes:
            self.graph.node.remove(node)

    def save(self, path):
        del self.graph.value_info[:]
        self.onnx.save(self.model, path)


def drop_relu(e):
    e.bypass("/layer3/layer3.2/relu_2/Relu")


def remove_block(e):
    e.remove_block("/layer3/layer3.4")


def move_stride(e):
    e.attribute("/layer3/layer3.0/conv1/Conv", "strides", [2, 2])
    e.attribute("/layer3/layer3.0/conv2/Conv", "strides", [1, 1])


def bare_projection(e):
    e.bypass("/layer2/layer2.0/downsample/downsample.1/BatchNormalization")


def dilate(e):
    e.attribute("/layer3/layer3.3/conv2/Conv", "dilations", [2, 2])
    e.attribute("/layer3/layer3.3/conv2/Conv", "pads", [2, 2, 2, 2])


def group(e):
    name = "/layer2/layer2.1/conv2/Conv"
    weight = e.node(name).input[1]
    e.set_array(weight, e.array(weight)[:, :4])
    e.attribute(name, "group", 32)


def drop_shortcut(e):
    add = e.node("/layer3/layer3.4/Add")
    branch = next(value for value in add.input if value != e.input_of("/layer3/layer3.4"))
    e.read_instead(add.output[0], branch)
    e.graph.node.remove(add)


def pool_and_project(e):
    name = "/layer3/layer3.0/downsample/downsample.0/Conv"
    node = e.node(name)
    pool = e.onnx.helper.make_node(
        "AveragePool", [node.input[0]], ["pooled"], name="/layer3/layer3.0/downsample/pool", kernel_shape=[2, 2], strides=[2, 2])
    e.insert_before(name, pool)
    node.input[0] = "pooled"
    e.attribute(name, "strides", [1, 1])


def relu6(e):
    node = e.node("/layer2/layer2.2/relu_1/Relu")
    for name, value in (("low", 0), ("high", 6)):
        e.graph.initializer.append(e.onnx.numpy_helper.from_array(np.float32(value), name))
    node.op_type = "Clip"
    node.input.extend(["low", "high"])


def swish(e):
    node = e.node("/layer4/layer4.1/relu_2/Relu")
    sum_value, output = node.input[0], node.output[0]
    sigmoid = e.onnx.helper.make_node("Sigmoid", [sum_value], ["gate"], name="/layer4/layer4.1/act/Sigmoid")
    product = e.onnx.helper.make_node("Mul", [sum_value, "gate"], [output], name="/layer4/layer4.1/act/Mul")
    e.insert_before(node.name, sigmoid, product)
    e.graph.node.remove(node)


def duplicate(e):
    prefix = "/layer3/layer3.5"
    nodes = e.block(prefix)
    start, end = e.input_of(prefix), nodes[-1].output[0]
    position = list(e.graph.node).index(nodes[-1]) + 1
    e.read_instead(end, end + "_copy")
    names = {start: end}
    for offset, node in enumerate(nodes):
        twin = copy.deepcopy(node)
        twin.name = node.name.replace("layer3.5", "layer3.6")
        for output in node.output:
            names[output] = output + "_copy"
        twin.input[:] = [names.get(value, value) for value in node.input]
        twin.output[:] = [names[value] for value in node.output]
        e.graph.node.insert(position + offset, twin)


def wider_kernel(e):
    name = "/layer1/layer1.1/conv2/Conv"
    weight = e.node(name).input[1]
    e.set_array(weight, np.pad(e.array(weight), ((0, 0), (0, 0), (1, 1), (1, 1))))
    e.attribute(name, "kernel_shape", [5, 5])
    e.attribute(name, "pads", [2, 2, 2, 2])


def drop_normalization(e):
    e.bypass("/layer4/layer4.1/bn2/BatchNormalization")


def drop_inner_relu(e):
    e.bypass("/layer2/layer2.3/relu/Relu")


def prune_channels(e):
    prefix, kept = "/layer3/layer3.2", 200
    for layer, norm, axes in (("conv1", "bn1", (0,)), ("conv2", "bn2", (0, 1)), ("conv3", None, (1,))):
        weight = e.node(f"{prefix}/{layer}/Conv").input[1]
        array = e.array(weight)
        for axis in axes:
            array = np.take(array, range(kept), axis)
        e.set_array(weight, array)
        if norm:
            node = e.node(f"{prefix}/{norm}/BatchNormalization")
            for slot in range(1, 5):
                # Equal weights are one in an export, read through Identity.
                fresh = f"pruned_{norm}_{slot}"
                array = e.array(e.root(node.input[slot]))[:kept]
                e.graph.initializer.append(e.onnx.numpy_helper.from_array(np.ascontiguousarray(array), fresh))
                node.input[slot] = fresh


def keep_extent(e):
    e.attribute("/layer4/layer4.0/conv2/Conv", "strides", [1, 1])
    e.attribute("/layer4/layer4.0/downsample/downsample.0/Conv", "strides", [1, 1])


def remove_two(e):
    e.remove_block("/layer3/layer3.2")
    e.remove_block("/layer2/layer2.2")


def pad_shortcut(e):
    """Option A in the place of one projection of ResNet-18."""
    prefix = "/layer2/layer2.0"
    conv = e.node(f"{prefix}/downsample/downsample.0/Conv")
    norm = e.node(f"{prefix}/downsample/downsample.1/BatchNormalization")
    e.graph.initializer.append(e.onnx.numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 64, 0, 0], np.int64), "pads"))
    pool = e.onnx.helper.make_node("AveragePool", [conv.input[0]], ["small"], name=f"{prefix}/pool", kernel_shape=[1, 1], strides=[2, 2])
    pad = e.onnx.helper.make_node("Pad", ["small", "pads"], [norm.output[0]], name=f"{prefix}/pad")
    e.insert_before(conv.name, pool, pad)
    e.graph.node.remove(conv)
    e.graph.node.remove(norm)


# name: (edit, base network, family that has to stay, block in question (depth-first number) or None, words of the deviation)
VARIANTS = {
    "ReLU after an addition dropped": (drop_relu, "resnet50", "ResNet-50 v1.5", 9, ["no activation after the addition"]),
    "block removed": (remove_block, "resnet50", "ResNet-50 v1.5", None, ["stage 3 has 5 blocks, ResNet-50 has 6"]),
    "stride in the first 1×1": (move_stride, "resnet50", "ResNet-50 v1.5", 7, ["strides in the 1×1 conv #1"]),
    "projection without normalization": (bare_projection, "resnet50", "ResNet-50 v1.5", 3, ["projection without normalization"]),
    "dilation": (dilate, "resnet50", "ResNet-50 v1.5", 10, ["has dilation 2"]),
    "groups": (group, "resnet50", "ResNet-50 v1.5", 4, ["has 32 groups"]),
    "shortcut removed": (drop_shortcut, "resnet50", "ResNet-50 v1.5", None, ["no shortcut around them"]),
    "pooled projection": (pool_and_project, "resnet50", "ResNet-50 v1.5", 7, ["pooled projection"]),
    "ReLU6 for ReLU": (relu6, "resnet50", "ResNet-50 v1.5", 5, ["relu6"]),
    "swish after an addition": (swish, "resnet50", "ResNet-50 v1.5", 14, ["has swish after the addition"]),
    "block twice": (duplicate, "resnet50", "ResNet-50 v1.5", None, ["stage 3 has 7 blocks, ResNet-50 has 6"]),
    "5×5 for 3×3": (wider_kernel, "resnet50", "ResNet-50 v1.5", 1, ["5×5"]),
    "normalization on a branch dropped": (drop_normalization, "resnet50", "ResNet-50 v1.5", 14, ["has 2 normalizations"]),
    "ReLU on a branch dropped": (drop_inner_relu, "resnet50", "ResNet-50 v1.5", 6, ["has relu on its branch"]),
    "channels pruned": (prune_channels, "resnet50", "ResNet-50 v1.5", 9, ["has 200 channels"]),
    "last stage at stride one": (keep_extent, "resnet50", "ResNet-50 v1.5", None, ["stage 4 keeps its extent"]),
    "two blocks removed": (remove_two, "resnet50", "ResNet-50 v1.5", None, ["stage 2 has 3 blocks", "stage 3 has 5 blocks"]),
    "option A for one projection": (pad_shortcut, "resnet18", "ResNet-18 v1", 2, ["has a shortcut by pad"]),
}


def check(arguments, rows, inspect, scramble, export, locked, wanted):
    import torch
    import torchvision

    for base in ("resnet50", "resnet18"):
        chosen = {name: entry for name, entry in VARIANTS.items() if entry[1] == base and wanted(name)}
        if not chosen:
            continue
        path = arguments.work / f"base-{base}.onnx"
        with locked():
            export(getattr(torchvision.models, base)(weights=None), (torch.zeros(1, 3, 64, 64),), path, "unfolded")
        for name, (edit, _, family, block, words) in chosen.items():
            for is_scrambled in (False, True):
                altered = arguments.work / "variant.onnx"
                editor = Editor(path)
                edit(editor)
                editor.save(altered)
                if is_scrambled:
                    scramble(altered)
                found, error = inspect(altered)
                passed, told = False, error
                if found:
                    deviations = found["family"]["deviations"]
                    told = f"{found['family']['text']}; " + " | ".join(entry["text"] for entry in deviations)
                    passed = found["family"]["text"].startswith(family) and len(deviations) <= len(words) + 1
                    for word in words:
                        here = [entry for entry in deviations if word in entry["text"]]
                        passed = passed and any(block is None or entry["block"] == block for entry in here)
                rows.append((name, "scrambled" if is_scrambled else "edited", passed, told))
                print(f"{'pass' if passed else 'FAIL'}  {name:34} {rows[-1][1]:10} {told}", flush=True)
                altered.unlink()
        path.unlink()

"""torch-basic, torch-basic-folded: a basic-block ResNet in PyTorch, exported three ways."""
from common import *

keras_threads()
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(SEED)
NAMES = ("torch", "onnx", "onnxruntime", "onnxscript", "numpy", "scikit-learn")


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + shortcut)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 1, 1)
        self.layer1 = nn.Sequential(BasicBlock(8, 8, 1), BasicBlock(8, 8, 1))
        self.layer2 = nn.Sequential(BasicBlock(8, 16, 2), BasicBlock(16, 16, 1))
        self.layer3 = nn.Sequential(BasicBlock(16, 32, 2), BasicBlock(32, 32, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


BLOCKS = [block("basic", "identity", 8, 8), block("basic", "identity", 8, 8),
          block("basic", "projection", 8, 16, 2), block("basic", "identity", 16, 16),
          block("basic", "projection", 16, 32, 2), block("basic", "identity", 32, 32)]


def train(net, feed, epochs=14, rate=0.01):
    images, labels, held, held_labels = digits()
    rng = np.random.default_rng(SEED)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    net.train()
    for _ in range(epochs):
        x, y = augmented(images, labels, 1, rng)
        for rows in np.array_split(rng.permutation(len(x)), len(x) // 64):
            loss = nn.functional.cross_entropy(net(torch.from_numpy(feed(x[rows]))), torch.from_numpy(y[rows]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    net.eval()
    with torch.no_grad():
        scores = net(torch.from_numpy(feed(held))).numpy()
    return scores, feed(held), held_labels


def record(path, io, input_name, fed, scores):
    """Records an ONNX file's values on the first images, and checks it against the framework's scores."""
    inputs = {input_name: fed[:RECORDED]}
    outputs, values = onnx_all_values(path, inputs)
    first = next(iter(outputs.values()))
    assert np.abs(first - scores[:RECORDED]).max() < 1e-4 * np.ptp(scores), path
    everything = next(iter(onnx_run(path, {input_name: fed}).values()))
    assert (everything.argmax(-1) == scores.argmax(-1)).all(), path
    save_npz(io, recording(inputs, outputs, values, first.argmax(-1)))


def script_export(net, example, path, kept, opset, names=("image", "logits")):
    options = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False} if kept else {}
    torch.onnx.export(net, (example,), str(path), dynamo=False, opset_version=opset, input_names=[names[0]],
                      output_names=[names[1]], dynamic_axes={n: {0: "batch"} for n in names}, **options)


def dynamo_export(net, example, path, opset, names=("image", "logits"), external=False):
    torch.onnx.export(net, (example,), str(path), dynamo=True, opset_version=opset, input_names=[names[0]],
                      output_names=[names[1]], dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
                      external_data=external, verbose=False)
    strip_build_paths(path)


def main():
    net = Network()
    scores, fed, labels = train(net, lambda x: (x / 16.0)[:, None].astype(np.float32))
    parameters = sum(p.numel() for p in net.parameters())
    buffers = sum(b.numel() for n, b in net.named_buffers() if "running" in n)
    example = torch.from_numpy(fed[:2])
    common = {"inputs": {"image": ["batch", 1, 8, 8]}, "preprocessing": "image / 16, [N,1,8,8] float32",
              "parameters": parameters, "buffers": buffers, "blocks": BLOCKS, "versions": versions(*NAMES)}

    kept = folder("torch-basic")
    script_export(net, example, kept / "model.onnx", True, 17)
    record(kept / "model.onnx", kept / "io.npz", "image", fed, scores)
    accuracy = save_heldout(kept / "heldout.npz", "image", fed, labels, scores)
    record_fixture("torch-basic", "Basic-block ResNet in PyTorch, widths 8/16/32, convolutions without bias, max-pool stem; "
                   "TorchScript exporter with BatchNormalization kept.", __file__, accuracy=accuracy,
                   runs=[{"models": ["model.onnx"], "io": "io.npz", "heldout": "heldout.npz"}], **common)

    folded = folder("torch-basic-folded")
    script_export(net, example, folded / "model.onnx", False, 13)
    dynamo_export(net, example, folded / "model-dynamo.onnx", 20)
    import onnx
    from onnx.external_data_helper import convert_model_to_external_data

    (folded / "model-external.data").unlink(missing_ok=True)
    external = onnx.load(str(folded / "model.onnx"))
    convert_model_to_external_data(external, all_tensors_to_one_file=True, location="model-external.data", size_threshold=0)
    onnx.save(external, str(folded / "model-external.onnx"))
    record(folded / "model.onnx", folded / "io.npz", "image", fed, scores)
    record(folded / "model-dynamo.onnx", folded / "io-dynamo.npz", "image", fed, scores)
    assert onnx_run(folded / "model-external.onnx", {"image": fed})["logits"].argmax(-1).tolist() == scores.argmax(-1).tolist()
    accuracy = save_heldout(folded / "heldout.npz", "image", fed, labels, scores)
    record_fixture("torch-basic-folded", "The network of torch-basic with BatchNorm folded into the convolutions: TorchScript "
                   "exporter (model.onnx, and the same with external data) and the dynamo exporter (model-dynamo.onnx).",
                   __file__, accuracy=accuracy,
                   runs=[{"models": ["model.onnx", "model-external.onnx"], "io": "io.npz", "heldout": "heldout.npz"},
                         {"models": ["model-dynamo.onnx"], "io": "io-dynamo.npz", "heldout": "heldout.npz"}], **common)


if __name__ == "__main__":
    main()

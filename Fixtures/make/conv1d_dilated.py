"""conv1d-dilated, conv1d-dilated-torch: 1-D dilated residual networks over a digit read as a 64-long sequence."""
from keras_common import *
import torch_basic
from torch import nn


def build():
    x = signal = L.Input((64, 1), name="signal")
    x = L.Conv1D(12, 5, strides=2, padding="same", name="stem")(x)
    for i, dilation in enumerate((1, 2, 4)):
        y = L.BatchNormalization(name=f"block{i}_bn1")(x)
        y = L.Activation("elu", name=f"block{i}_elu1")(y)
        y = L.Conv1D(12, 3, padding="same", dilation_rate=dilation, use_bias=False, name=f"block{i}_conv1")(y)
        y = L.BatchNormalization(name=f"block{i}_bn2")(y)
        y = L.LeakyReLU(negative_slope=0.1, name=f"block{i}_leaky")(y)
        y = L.Dropout(0.05, name=f"block{i}_dropout")(y)
        y = L.Conv1D(12, 3, padding="same", dilation_rate=dilation, name=f"block{i}_conv2")(y)
        x = L.Add(name=f"block{i}_add")([x, y])
    # A WaveNet-like tail: causal padding, and a block that downsamples both paths by averaging.
    y = L.Conv1D(24, 3, padding="causal", dilation_rate=2, activation="relu", name="down_conv1")(x)
    y = L.Conv1D(24, 3, strides=2, padding="same", name="down_conv2")(y)
    shortcut = L.AveragePooling1D(2, padding="same", name="down_pool")(x)
    shortcut = L.Conv1D(24, 1, name="down_project")(shortcut)
    x = L.Activation("relu", name="down_out")(L.Add(name="down_add")([shortcut, y]))
    x = L.MaxPooling1D(2, name="pool")(x)
    x = L.Flatten(name="flatten")(x)
    return keras.Model(signal, L.Dense(10, activation="softmax", name="digit")(x), name="dilated")


BLOCKS = [block("pre-activation", "identity", 12, 12, 1, f"block{i}") for i in range(3)] + \
         [block("basic", "projection", 12, 24, 2, "down")]


class TorchBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm1d(channels), nn.BatchNorm1d(channels)
        self.conv1 = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.conv2 = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.act = nn.ELU()

    def forward(self, x):
        return x + self.conv2(self.act(self.norm2(self.conv1(self.act(self.norm1(x))))))


def torch_network():
    return nn.Sequential(nn.Conv1d(1, 12, 5, stride=2, padding=2), *[TorchBlock(12, d) for d in (1, 2, 4, 8)],
                         nn.BatchNorm1d(12), nn.PReLU(12), nn.AvgPool1d(3, 2, padding=1, count_include_pad=False),
                         nn.Flatten(), nn.Linear(12 * 16, 10))


def main():
    keras.utils.set_random_seed(SEED)
    where = folder("conv1d-dilated")
    feed = lambda images: (images / 16.0).reshape(len(images), 64, 1).astype(np.float32)
    model = build()
    scores, fed, labels = train(model, feed)
    save_keras(model, where)
    check_reload(model, where, fed, scores)
    record_keras(model, where / "io.npz", "signal", fed, scores)
    accuracy = save_heldout(where / "heldout.npz", "signal", fed, labels, scores)
    record_fixture("conv1d-dilated", "1-D dilated pre-activation residual network over 64-long sequences: Conv1D same, causal, "
                   "strided and dilated, ELU, LeakyReLU, pools; Keras 3 .keras and .h5.", __file__, accuracy=accuracy,
                   inputs={"signal": ["batch", 64, 1]}, preprocessing="image / 16, rows joined, [N,64,1] float32", blocks=BLOCKS,
                   runs=[{"models": ["model.keras", "model.h5"], "io": "io.npz", "heldout": "heldout.npz"}],
                   versions=versions(*NAMES), **count(model))

    torch.manual_seed(SEED)
    where = folder("conv1d-dilated-torch")
    net = torch_network()
    scores, fed, labels = torch_basic.train(net, lambda images: (images / 16.0).reshape(len(images), 1, 64).astype(np.float32))
    example = torch.from_numpy(fed[:2])
    torch_basic.script_export(net, example, where / "model.onnx", True, 14, ("signal", "logits"))
    torch_basic.dynamo_export(net, example, where / "model-dynamo.onnx", 20, ("signal", "logits"))
    torch_basic.record(where / "model.onnx", where / "io.npz", "signal", fed, scores)
    torch_basic.record(where / "model-dynamo.onnx", where / "io-dynamo.npz", "signal", fed, scores)
    accuracy = save_heldout(where / "heldout.npz", "signal", fed, labels, scores)
    record_fixture("conv1d-dilated-torch", "The same kind of network in PyTorch (ELU, PReLU, padded AvgPool that leaves padding "
                   "out of the count): TorchScript export with BatchNormalization kept, and the dynamo export.", __file__,
                   accuracy=accuracy, inputs={"signal": ["batch", 1, 64]}, preprocessing="image / 16, rows joined, [N,1,64] float32",
                   parameters=sum(p.numel() for p in net.parameters()),
                   buffers=sum(b.numel() for n, b in net.named_buffers() if "running" in n),
                   blocks=[block("pre-activation", "identity", 12, 12) for _ in range(4)],
                   runs=[{"models": ["model.onnx"], "io": "io.npz", "heldout": "heldout.npz"},
                         {"models": ["model-dynamo.onnx"], "io": "io-dynamo.npz", "heldout": "heldout.npz"}],
                   versions=versions(*torch_basic.NAMES))


if __name__ == "__main__":
    main()

"""Training and saving shared by the Keras makers (Keras 3, on its torch backend unless KERAS_BACKEND says otherwise)."""
import os

from common import *

keras_threads()
os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

if keras.backend.backend() == "torch":
    import torch

    torch.set_num_threads(1)
L = keras.layers
NAMES = ("keras", "torch", "tensorflow-cpu", "h5py", "onnx", "onnxruntime", "numpy", "scikit-learn")


def train(model, feed, epochs=12, rate=0.01):
    """Trains on the digits; returns (held-out scores, held-out feed, labels)."""
    images, labels, held, held_labels = digits()
    rng = np.random.default_rng(SEED)
    x, y = augmented(images, labels, 1, rng)
    order = rng.permutation(len(x))
    steps = epochs * (len(x) // 64)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
                  loss="sparse_categorical_crossentropy")
    model.fit(feed(x[order]), y[order], batch_size=64, epochs=epochs, verbose=0)
    fed = feed(held)
    return model.predict(fed, batch_size=HELD_OUT, verbose=0), fed, held_labels


def uncompiled(model):
    """The same network without training state."""
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


def save_keras(model, where, optimizer=False):
    """model.keras and model.h5; without `optimizer`, of an uncompiled copy, so no training state is saved."""
    if not optimizer:
        model = uncompiled(model)
    model.save(where / "model.keras")
    model.save(where / "model.h5")


def record_keras(model, path, input_name, fed, scores):
    inputs = {input_name: fed[:RECORDED]}
    outputs, values = keras_all_values(model, inputs)
    first = next(iter(outputs.values()))
    assert np.abs(first - scores[:RECORDED]).max() < 1e-4, "recording differs from the model's own prediction"
    save_npz(path, recording(inputs, outputs, values, first.argmax(-1)))


def record_onnx(path, io, input_name, fed, scores, images=2):
    inputs = {input_name: fed[:images]}
    outputs, values = onnx_all_values(path, inputs)
    first = next(iter(outputs.values()))
    assert np.abs(first - scores[:images]).max() < 1e-4 * max(1, np.ptp(scores)), path
    everything = next(iter(onnx_run(path, {input_name: fed}).values()))
    assert (everything.argmax(-1) == scores.argmax(-1)).all(), path
    save_npz(io, recording(inputs, outputs, values, first.argmax(-1)))


def check_reload(model, where, fed, scores):
    """The saved files give back the network that was trained."""
    for name in ("model.keras", "model.h5"):
        if (where / name).exists():
            again = keras.models.load_model(where / name, compile=False)
            assert np.abs(again.predict(fed, batch_size=HELD_OUT, verbose=0) - scores).max() < 1e-5, name


def count(model):
    return {"parameters": int(model.count_params()),
            "trainableParameters": int(sum(np.prod(w.shape) for w in model.trainable_weights))}

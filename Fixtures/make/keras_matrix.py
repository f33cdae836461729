"""The matrix of Keras files: one generation of Keras, every architecture and layout that it can write.

    keras_matrix.py OUT GENERATION [--ordering tf|th] [--divide N] [--only TEXT ...]

runs in an environment with requirements-matrix-GENERATION.txt (keras_matrix.sh makes them all) and writes
OUT/GENERATION-ARCHITECTURE/: the files, config.json (the architecture), x.npy, expected.npz (what the framework
computes from x) and matrix.json, which says what each file is. Weights are random, seeded, and not degenerate: scale
and offset differ by channel, moving statistics are those that natural images give. N divides the channels of
keras.applications' networks (1 keeps them).

It runs on Python 3.6 and Keras 1.2 as on the newest.
"""
import argparse
import inspect
import json
import os
import shutil
import sys
import zipfile

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("generation")
parser.add_argument("--backend", default="")
parser.add_argument("--ordering", default="tf", choices=("tf", "th"))
parser.add_argument("--divide", type=int, default=4)
parser.add_argument("--only", nargs="+", default=[])
arguments = parser.parse_args()

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1")
os.environ.setdefault("THEANO_FLAGS", "cxx=g++,optimizer=fast_compile,base_compiledir=" + os.path.abspath(
    os.path.join(arguments.out, "theano")))
if arguments.backend:
    os.environ["KERAS_BACKEND"] = arguments.backend
import numpy as np

if arguments.backend == "theano":
    import theano.ifelse  # noqa: F401: Keras 1 forgets to
if arguments.generation.startswith("tf_keras"):
    import tf_keras as keras
else:
    import keras
from keras import backend as K

if arguments.generation.startswith("tf_keras"):
    K = keras.backend
VERSION = tuple(int(n) for n in keras.__version__.split(".")[:2])
MAJOR = VERSION[0]
L = keras.layers
if MAJOR == 1:
    K.set_image_dim_ordering(arguments.ordering)
elif arguments.ordering == "th":
    K.set_image_data_format("channels_first")
FIRST = arguments.ordering == "th"
AXIS = 1 if FIRST else 3
rng = np.random.RandomState(20)


# ---------------------------------------------------------------- architectures

class Narrow(object):
    """keras.layers with fewer channels in convolutions."""

    def __getattr__(self, name):
        layer = getattr(L, name)
        if name not in ("Conv2D", "Convolution2D"):
            return layer
        return lambda filters, *rest, **options: layer(max(1, filters // arguments.divide), *rest, **options)


def image(side, channels=3):
    return (channels, side, side) if FIRST else (side, side, channels)


def application(module, function, side, **options):
    """keras.applications' own code, with narrow convolutions."""
    options.update(weights=None, input_shape=image(side))
    narrow = Narrow()
    if MAJOR == 1:
        from keras.applications import resnet50 as code

        code._obtain_input_shape = lambda shape, **rest: shape
        code.Convolution2D = narrow.Convolution2D
        return code.ResNet50(**options)
    if VERSION < (2, 3):
        import importlib

        code = importlib.import_module("keras_applications." + module)
        return getattr(code, function)(backend=K, layers=narrow, models=keras.models, utils=keras.utils, **options)
    if MAJOR == 2:
        import importlib

        package = "tf_keras.src" if arguments.generation.startswith("tf_keras") else \
            "keras.src" if VERSION >= (2, 13) else "keras"
        importlib.import_module(package + ".applications.resnet").VersionAwareLayers = lambda: narrow
        code = importlib.import_module(package + ".applications." + module.replace("resnet50", "resnet"))
        return getattr(code, function)(**options)
    from keras.src.applications import resnet as code

    original, code.layers = code.layers, narrow
    try:
        return getattr(keras.applications, function)(**options)
    finally:
        code.layers = original


def convolution(filters, size, name=None, stride=1, bias=True, same=True):
    padding = "same" if same else "valid"
    if MAJOR == 1:
        return L.Convolution2D(filters, size, size, subsample=(stride, stride), border_mode=padding, bias=bias, name=name)
    return L.Conv2D(filters, size, strides=stride, padding=padding, use_bias=bias, name=name)


def normalization(name=None):
    return L.BatchNormalization(axis=AXIS, name=name)


def added(a, b, name=None):
    return L.merge([a, b], mode="sum", name=name) if MAJOR == 1 else L.Add(name=name)([a, b])


def model(inputs, outputs, name):
    if MAJOR == 1:
        return keras.models.Model(inputs, outputs, name=name)
    return keras.models.Model(inputs, outputs, name=name)


def cifar(width=8 if arguments.divide <= 8 else 2):
    """ResNet-20 v1 as Keras' own CIFAR-10 example builds it: automatic names, projections without normalisation."""
    def unit(x, filters, size=3, stride=1, activation=True, batch=True):
        x = convolution(filters, size, stride=stride)(x)
        x = normalization()(x) if batch else x
        return L.Activation("relu")(x) if activation else x

    start = L.Input(shape=image(32))
    x = unit(start, width)
    for stage in range(3):
        for block in range(3):
            stride = 2 if stage and not block else 1
            y = unit(x, width << stage, stride=stride)
            y = unit(y, width << stage, activation=False)
            if stride == 2:
                x = unit(x, width << stage, size=1, stride=2, activation=False, batch=False)
            x = L.Activation("relu")(added(x, y))
    x = L.AveragePooling2D(pool_size=(8, 8))(x)
    return model(start, L.Dense(10, activation="softmax")(L.Flatten()(x)), "resnet20")


def nested():
    """A residual unit used twice (shared), with a frozen layer in it; a frozen model; a Sequential inside."""
    inner = L.Input(shape=(8, None, None) if FIRST else (None, None, 8), name="inside")
    frozen = convolution(8, 3, "unit_conv1")
    frozen.trainable = False
    y = L.Activation("relu", name="unit_relu1")(normalization("unit_bn1")(frozen(inner)))
    y = normalization("unit_bn2")(convolution(8, 3, "unit_conv2")(y))
    unit = model(inner, L.Activation("relu", name="unit_relu2")(added(inner, y, "unit_add")), "unit")
    start = L.Input(shape=image(12), name="image")
    x = L.Activation("relu", name="stem_relu")(normalization("stem_bn")(convolution(8, 3, "stem_conv")(start)))
    x = unit(unit(x))
    other = L.Input(shape=(8, None, None) if FIRST else (None, None, 8), name="inside2")
    y = normalization("tail_bn")(convolution(12, 3, "tail_conv", stride=1)(other))
    tail = model(other, L.Activation("relu", name="tail_relu")(y), "tail")
    tail.trainable = False
    x = tail(x)
    head = keras.models.Sequential(name="head")
    head.add(L.GlobalAveragePooling2D(input_shape=(12, 12, 12), name="pool") if MAJOR < 3
             else L.GlobalAveragePooling2D(name="pool"))
    head.add(L.Dense(10, name="scores"))
    return model(start, L.Activation("softmax", name="predictions")(head(x)), "nested")


def resnet50(**options):
    # Up to keras-applications 1.0.1 the head pools 7 x 7.
    side = 200 if MAJOR == 1 else 64
    return application("resnet50", "ResNet50", side, classes=10, **options)


ARCHITECTURES = {
    "resnet50": resnet50,
    "resnet50-notop": lambda: resnet50(include_top=False),
    "resnet50v2": lambda: application("resnet_v2", "ResNet50V2", 64, classes=10),
    "resnet20": cifar,
    "nested": nested,
}
if MAJOR == 1:
    del ARCHITECTURES["resnet50v2"]


# ---------------------------------------------------------------- weights

def is_model(layer):
    return hasattr(layer, "layers") and hasattr(layer, "get_layer")


def all_layers(network):
    """The layers with weights of a model and of those in it, each once."""
    found = []
    for layer in network.layers:
        for inner in (all_layers(layer) if is_model(layer) else [layer]):
            if not any(inner is known for known in found):
                found.append(inner)
    return found


def randomized(layer):
    values = []
    for weight, array in zip(layer.weights, layer.get_weights()):
        name = weight.name.split("/")[-1].split(":")[0]
        shape = array.shape
        if name.endswith("gamma"):
            values.append(rng.uniform(0.6, 1.4, shape))
        elif name.endswith(("variance", "running_std")):
            values.append(rng.uniform(0.5, 1.5, shape))
        elif name.endswith(("beta", "mean")):
            values.append(rng.normal(0, 0.2, shape))
        elif len(shape) == 1:
            values.append(rng.normal(0, 0.1, shape))
        else:
            fan = np.prod(shape) / shape[0 if FIRST and MAJOR == 1 and len(shape) == 4 else -1]
            values.append(rng.normal(0, np.sqrt(2.0 / fan), shape))
    layer.set_weights([v.astype("float32") for v in values])


def images(shape, count, noise=8):
    """Smooth random pictures, as keras.applications prepares them for ResNet50: BGR, mean taken away; smaller ones
    from -2 to 2."""
    side = max(shape)
    coarse = rng.uniform(0, 255, (count, 6, 6, 3))
    grid = np.linspace(0, 4.999, side)
    low, part = grid.astype(int), grid - grid.astype(int)
    rows = coarse[:, low] * (1 - part)[None, :, None, None] + coarse[:, low + 1] * part[None, :, None, None]
    wide = rows[:, :, low] * (1 - part)[None, None, :, None] + rows[:, :, low + 1] * part[None, None, :, None]
    x = np.round(wide + rng.normal(0, 1, wide.shape) * noise) - np.array([103.939, 116.779, 123.68])
    x = x / 64 if side < 64 else x
    return (x.transpose(0, 3, 1, 2) if FIRST else x).astype("float32")


def calibrate(network, x):
    """Gives each normalisation the statistics of what reaches it."""
    bns = [l for l in network.layers if isinstance(l, L.BatchNormalization)]
    if not bns or any(is_model(l) for l in network.layers):
        return
    probe = keras.models.Model(network.inputs, [l.input for l in bns])
    for index, layer in enumerate(bns):
        values = probe.predict(x)
        value = values[index] if len(bns) > 1 else values
        axes = (0, 2, 3) if FIRST else (0, 1, 2)
        arrays = layer.get_weights()
        arrays[-2], arrays[-1] = value.mean(axes), value.var(axes) + 1e-4
        layer.set_weights([a.astype("float32") for a in arrays])


# ---------------------------------------------------------------- files

def shard(network, where):
    total = sum(a.nbytes for a in network.get_weights())
    largest = max(a.nbytes for a in network.get_weights())
    network.save_weights(os.path.join(where, "sharded.weights.json"), max_shard_size=max(largest * 1.01, total / 3) / 2**30)


def archive(network, path):
    """A .keras file of whatever release can write one."""
    if VERSION == (2, 12):
        from keras.saving import saving_lib

        return saving_lib.save_model(network, path)
    network.save(path)
    assert zipfile.is_zipfile(path)


def archive_npz(network, path):
    """A .keras file whose weights are NumPy's."""
    if MAJOR == 3:
        from keras.src.saving import saving_lib
    elif arguments.generation.startswith("tf_keras"):
        from tf_keras.src.saving import saving_lib
    elif VERSION == (2, 12):
        from keras.saving import saving_lib
    else:
        from keras.src.saving import saving_lib
    if hasattr(saving_lib, "_save_model_to_fileobj"):
        with open(path, "wb") as file:
            return saving_lib._save_model_to_fileobj(network, file, "npz")
    arity = inspect.signature(saving_lib.save_model).parameters
    if "weights_format" not in arity:
        raise NotImplementedError("no weights_format")
    saving_lib.save_model(network, path, weights_format="npz")


def save_in_chunks(network, path):
    """What Keras does to lists of names that are too long for an attribute, from fewer names on."""
    import importlib

    code = importlib.import_module(
        "tf_keras.src.saving.legacy.hdf5_format" if arguments.generation.startswith("tf_keras")
        else "keras.src.saving.legacy.hdf5_format" if VERSION >= (2, 13)
        else "keras.saving.legacy.hdf5_format" if VERSION == (2, 12) else "keras.engine.saving")
    limit, code.HDF5_OBJECT_HEADER_LIMIT = code.HDF5_OBJECT_HEADER_LIMIT, 400
    try:
        network.save_weights(path)
    finally:
        code.HDF5_OBJECT_HEADER_LIMIT = limit


def write(network, where):
    """Every layout; those that a release cannot write are left out, and said."""
    files = []

    def attempt(file, layout, kind, action, *rest):
        path = os.path.join(where, file)
        try:
            action(path, *rest)
        except Exception as error:
            print("  %s: not written: %s: %s" % (file, type(error).__name__, str(error)[:120].replace("\n", " ")))
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)
            return
        files.append({"file": file, "layout": layout, "kind": kind})

    attempt("model.h5", "full HDF5", "model", network.save)
    if MAJOR < 3:
        attempt("weights.h5", "save_weights, legacy HDF5", "weights", network.save_weights)
    if MAJOR == 2:
        attempt("chunked.h5", "save_weights, names in chunks", "weights", lambda path: save_in_chunks(network, path))
    if VERSION >= (2, 12):
        attempt("model.weights.h5", ".weights.h5", "weights", network.save_weights)
        attempt("model.keras", ".keras", "model", lambda path: archive(network, path))
        attempt("npz.keras", ".keras with npz", "model", lambda path: archive_npz(network, path))
    if os.path.exists(os.path.join(where, "model.keras")):
        attempt("unpacked", ".keras folder", "model",
                lambda path: zipfile.ZipFile(os.path.join(where, "model.keras")).extractall(path))
    if "max_shard_size" in inspect.signature(network.save_weights).parameters:
        attempt("sharded.weights.json", "sharded", "weights", lambda path: shard(network, where))
    return files


def make(name):
    where = os.path.join(arguments.out, "%s-%s" % (label(), name))
    if os.path.exists(os.path.join(where, "matrix.json")):
        return
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    rng.seed(20)
    if hasattr(K, "clear_session"):
        K.clear_session()
    network = ARCHITECTURES[name]()
    for layer in all_layers(network):
        if layer.weights:
            randomized(layer)
    shape = network.input_shape[1:]
    calibrate(network, images(shape, 8))
    x = images(shape, 1 if arguments.divide > 8 else 2, noise=0)
    y = network.predict(x)
    files = write(network, where)
    with open(os.path.join(where, "config.json"), "w") as file:
        file.write(network.to_json())
    np.save(os.path.join(where, "x.npy"), x)
    np.savez(os.path.join(where, "expected.npz"), y=y)
    facts = {"generation": label(), "keras": keras.__version__, "backend": K.backend(), "architecture": name,
             "ordering": arguments.ordering, "divide": arguments.divide, "files": files}
    with open(os.path.join(where, "matrix.json"), "w") as file:
        json.dump(facts, file, indent=1)
    print("%s-%s: %s; y %.4f to %.4f" % (label(), name, ", ".join(f["file"] for f in files), y.min(), y.max()), flush=True)


def label():
    extra = "-th" if FIRST else ""
    return arguments.generation + extra


for name in sorted(ARCHITECTURES):
    if not arguments.only or any(text in name for text in arguments.only):
        make(name)

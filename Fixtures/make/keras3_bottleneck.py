"""keras3-bottleneck: a bottleneck ResNet (v1) in the style of keras.applications, 10 x 8 input."""
from keras_common import *


def bottleneck(x, width, stride, project, name):
    """keras.applications' block of ResNet v1: biased convolutions, the stride in the first 1x1."""
    bn = lambda suffix: L.BatchNormalization(epsilon=1.001e-5, name=name + suffix)
    if project:
        shortcut = bn("_0_bn")(L.Conv2D(4 * width, 1, strides=stride, name=name + "_0_conv")(x))
    else:
        shortcut = x
    x = bn("_1_bn")(L.Conv2D(width, 1, strides=stride, name=name + "_1_conv")(x))
    x = L.Activation("relu", name=name + "_1_relu")(x)
    x = bn("_2_bn")(L.Conv2D(width, 3, padding="SAME", name=name + "_2_conv")(x))
    x = L.Activation("relu", name=name + "_2_relu")(x)
    x = bn("_3_bn")(L.Conv2D(4 * width, 1, name=name + "_3_conv")(x))
    return L.Activation("relu", name=name + "_out")(L.Add(name=name + "_add")([shortcut, x]))


def build():
    image = L.Input((10, 8, 1), name="image")
    x = L.ZeroPadding2D(((1, 1), (1, 1)), name="conv1_pad")(image)
    x = L.Conv2D(16, 3, name="conv1_conv")(x)
    x = L.BatchNormalization(epsilon=1.001e-5, name="conv1_bn")(x)
    x = L.Activation("relu", name="conv1_relu")(x)
    x = L.ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
    x = L.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, width, stride in ((2, 8, 1), (3, 16, 2)):
        x = bottleneck(x, width, stride, True, f"conv{stage}_block1")
        x = bottleneck(x, width, 1, False, f"conv{stage}_block2")
    x = L.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(image, L.Dense(10, activation="softmax", name="predictions")(x), name="bottleneck_resnet")


def feed(images):
    """image / 16 with one row of zeros above and below: 10 x 8."""
    return np.pad(images / 16.0, ((0, 0), (1, 1), (0, 0)))[..., None].astype(np.float32)


BLOCKS = [block("bottleneck", "projection", 16, 32, 1, "conv2_block1"), block("bottleneck", "identity", 32, 32, 1, "conv2_block2"),
          block("bottleneck", "projection", 32, 64, 2, "conv3_block1"), block("bottleneck", "identity", 64, 64, 1, "conv3_block2")]


def main():
    """`train` makes the files, `record` (after keras3_tf2onnx.py, which exports model.keras once more) their values."""
    where = folder("keras3-bottleneck")
    if sys.argv[1] == "train":
        keras.utils.set_random_seed(SEED)
        model = build()
        scores, fed, _ = train(model, feed)
        save_keras(model, where)
        model.save_weights(where / "model.weights.h5")
        model.export(where / "model.onnx", format="onnx", verbose=False)
        check_reload(model, where, fed, scores)
        return
    model = keras.models.load_model(where / "model.keras", compile=False)
    _, _, held, labels = digits()
    fed = feed(held)
    scores = model.predict(fed, batch_size=HELD_OUT, verbose=0)
    record_keras(model, where / "io.npz", "image", fed, scores)
    record_onnx(where / "model.onnx", where / "io-onnx.npz", "image", fed, scores)
    record_onnx(where / "model-tf2onnx.onnx", where / "io-tf2onnx.npz", "image", fed, scores)
    accuracy = save_heldout(where / "heldout.npz", "image", fed, labels, scores)
    record_fixture("keras3-bottleneck", "Bottleneck ResNet v1 as in keras.applications (biased convolutions, epsilon 1.001e-5, "
                   "stride in the first 1x1), H != W; Keras 3: .keras, legacy .h5, .weights.h5, ONNX exported by Keras on "
                   "torch (model.onnx) and on TensorFlow through tf2onnx (model-tf2onnx.onnx).", __file__, accuracy=accuracy,
                   inputs={"image": ["batch", 10, 8, 1]}, preprocessing="image / 16, one zero row above and below, [N,10,8,1] float32",
                   blocks=BLOCKS, weightsOnly=["model.weights.h5"], versions=versions(*NAMES), **count(model),
                   runs=[{"models": ["model.keras", "model.h5"], "io": "io.npz", "heldout": "heldout.npz"},
                         {"models": ["model.onnx"], "io": "io-onnx.npz", "heldout": "heldout.npz"},
                         {"models": ["model-tf2onnx.onnx"], "io": "io-tf2onnx.npz", "heldout": "heldout.npz"}])


if __name__ == "__main__":
    main()

"""mobile-like: inverted residuals, squeeze-excite, separable convolutions and the layers around them.

Made on Keras' TensorFlow backend: its torch backend fills a `same` average pool with copies of the edge, where
TensorFlow and JAX leave the padding out of the mean.
"""
from keras_common import *


def inverted(x, width, stride, name, activation="relu6"):
    """MobileNetV2's block; a strided one pads by hand, right and below only, as keras.applications does."""
    inputs = x.shape[-1]
    relu = lambda suffix: L.ReLU(max_value=6.0, name=name + suffix)
    y = L.Conv2D(3 * inputs, 1, use_bias=False, name=name + "_expand")(x)
    y = relu("_expand_relu")(L.BatchNormalization(epsilon=1e-3, momentum=0.9, name=name + "_expand_BN")(y))
    if stride == 2:
        y = L.ZeroPadding2D(((0, 1), (0, 1)), name=name + "_pad")(y)
    y = L.DepthwiseConv2D(3, strides=stride, use_bias=False, padding="same" if stride == 1 else "valid", name=name + "_depthwise")(y)
    y = relu("_depthwise_relu")(L.BatchNormalization(epsilon=1e-3, momentum=0.9, name=name + "_depthwise_BN")(y))
    y = L.BatchNormalization(epsilon=1e-3, momentum=0.9, name=name + "_project_BN")(
        L.Conv2D(width, 1, use_bias=False, name=name + "_project")(y))
    return L.Add(name=name + "_add")([x, y]) if stride == 1 and inputs == width else y


def squeeze_excite(x, name):
    width = x.shape[-1]
    y = L.GlobalAveragePooling2D(name=name + "_squeeze")(x)
    y = L.Reshape((1, 1, width), name=name + "_reshape")(y)
    y = L.Dense(width // 4, activation="relu", name=name + "_reduce")(y)
    y = L.Dense(width, activation="sigmoid", name=name + "_expand")(y)
    return L.Multiply(name=name + "_excite")([x, y])


def separable(x, width, name):
    """Xception's entry block: separable convolutions, max-pool, a strided 1x1 on the shortcut."""
    shortcut = L.BatchNormalization(name=name + "_residual_bn")(
        L.Conv2D(width, 1, strides=2, padding="same", use_bias=False, name=name + "_residual")(x))
    y = L.Activation("relu", name=name + "_act")(x)
    y = L.BatchNormalization(name=name + "_bn1")(L.SeparableConv2D(width, 3, padding="same", use_bias=False, name=name + "_sep1")(y))
    y = L.Activation("swish", name=name + "_swish")(y)
    y = L.SeparableConv2D(width, 3, padding="same", depth_multiplier=2, dilation_rate=2, name=name + "_sep2")(y)
    y = L.MaxPooling2D(3, strides=2, padding="same", name=name + "_pool")(y)
    return L.Add(name=name + "_add")([y, shortcut])


def build(adapted):
    image = L.Input((8, 8, 1), name="image")
    x = L.Rescaling(1 / 16.0, offset=0.0, name="rescale")(image)
    normalise = L.Normalization(axis=-1, name="normalise")
    normalise.adapt(adapted / 16.0)
    x = normalise(x)
    x = L.UpSampling2D(2, interpolation="nearest", name="enlarge")(x)
    x = L.Cropping2D(((2, 2), (3, 1)), name="crop")(x)
    x = L.Conv2D(12, 3, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = L.ReLU(max_value=6.0, name="stem_relu")(L.BatchNormalization(name="stem_bn")(x))
    x = inverted(x, 12, 1, "block_1")
    x = squeeze_excite(x, "block_1_se")
    x = inverted(x, 20, 2, "block_2")
    x = inverted(x, 20, 1, "block_3")
    x = separable(x, 24, "block_4")
    wide = L.Conv2D(24, 3, padding="same", groups=4, activation="hard_sigmoid", name="grouped")(x)
    mean = L.Average(name="average")([x, wide])
    most = L.Maximum(name="maximum")([x, wide])
    gap = L.Subtract(name="subtract")([x, wide])
    x = L.Concatenate(name="concatenate")([mean, most, gap])
    x = L.Permute((3, 1, 2), name="permute")(x)
    x = L.Reshape((72, -1), name="rows")(x)
    x = L.Permute((2, 1), name="permute_back")(x)
    x = L.Reshape((2, 2, 72), name="image_again")(x)
    x = L.UpSampling2D(2, interpolation="bilinear", name="enlarge_again")(x)
    x = L.AveragePooling2D(3, strides=2, padding="same", name="average_pool")(x)
    x = L.Dropout(0.1, name="dropout")(x)
    x = L.Conv2D(32, 1, activation="gelu", name="head")(x)
    x = L.GlobalMaxPooling2D(name="top")(x)
    return keras.Model(image, L.Softmax(name="softmax")(L.Dense(10, name="scores")(x)), name="mobile_like")


BLOCKS = [block("inverted", "identity", 12, 12, 1, "block_1"), block("inverted", "identity", 20, 20, 1, "block_3"),
          block("separable", "projection", 20, 24, 2, "block_4")]


def main():
    keras.utils.set_random_seed(SEED)
    where = folder("mobile-like")
    feed = lambda images: images[..., None].astype(np.float32)
    model = build(feed(digits()[0]))
    scores, fed, labels = train(model, feed, epochs=10)
    save_keras(model, where)
    check_reload(model, where, fed, scores)
    record_keras(model, where / "io.npz", "image", fed, scores)
    accuracy = save_heldout(where / "heldout.npz", "image", fed, labels, scores)
    record_fixture("mobile-like", "MobileNetV2- and Xception-like Keras 3 network: depthwise, separable, grouped and dilated "
                   "convolutions, ReLU6, squeeze-excite, Average, Maximum, Subtract, Concatenate, UpSampling2D, Cropping2D, "
                   "Reshape, Permute, Rescaling, Normalization, Dropout.", __file__, accuracy=accuracy,
                   inputs={"image": ["batch", 8, 8, 1]}, preprocessing="none: raw images 0…16, [N,8,8,1] float32",
                   blocks=BLOCKS, runs=[{"models": ["model.keras", "model.h5"], "io": "io.npz", "heldout": "heldout.npz"}],
                   versions=versions(*NAMES), **count(model))


if __name__ == "__main__":
    main()

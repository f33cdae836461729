"""keras2-preact, keras2-nested: pre-activation ResNets from Keras 2 (tf_keras), the second with nesting and sharing."""
from common import *

keras_threads()
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
import tf_keras as keras

L = keras.layers
NAMES = ("tf_keras", "tensorflow-cpu", "h5py", "numpy", "scikit-learn")


def preactivation(x, width, stride, project, name):
    """keras.applications' block of ResNet v2: the stride in the 3x3, a max-pool on the shortcut that strides."""
    bn = lambda suffix: L.BatchNormalization(epsilon=1.001e-5, name=name + suffix)
    pre = L.Activation("relu", name=name + "_preact_relu")(bn("_preact_bn")(x))
    if project:
        shortcut = L.Conv2D(4 * width, 1, strides=stride, name=name + "_0_conv")(pre)
    else:
        shortcut = L.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    y = L.Conv2D(width, 1, use_bias=False, name=name + "_1_conv")(pre)
    y = L.Activation("relu", name=name + "_1_relu")(bn("_1_bn")(y))
    y = L.ZeroPadding2D(((1, 1), (1, 1)), name=name + "_2_pad")(y)
    y = L.Conv2D(width, 3, strides=stride, use_bias=False, name=name + "_2_conv")(y)
    y = L.Activation("relu", name=name + "_2_relu")(bn("_2_bn")(y))
    return L.Add(name=name + "_out")([shortcut, L.Conv2D(4 * width, 1, name=name + "_3_conv")(y)])


def preact():
    image = L.Input((8, 8, 1), name="image")
    x = L.ZeroPadding2D(((1, 1), (1, 1)), name="conv1_pad")(image)
    x = L.Conv2D(16, 3, name="conv1_conv")(x)
    x = L.ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
    x = L.MaxPooling2D(3, strides=1, name="pool1_pool")(x)
    x = preactivation(x, 4, 1, True, "conv2_block1")
    x = preactivation(x, 4, 2, False, "conv2_block2")
    x = preactivation(x, 8, 1, True, "conv3_block1")
    x = preactivation(x, 8, 2, False, "conv3_block2")
    x = L.Activation("relu", name="post_relu")(L.BatchNormalization(epsilon=1.001e-5, name="post_bn")(x))
    x = L.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(image, L.Dense(10, activation="softmax", name="predictions")(x), name="preact")


PREACT_BLOCKS = [block("pre-activation bottleneck", "projection", 16, 16, 1, "conv2_block1"),
                 block("pre-activation bottleneck", "pool", 16, 16, 2, "conv2_block2"),
                 block("pre-activation bottleneck", "projection", 16, 32, 1, "conv3_block1"),
                 block("pre-activation bottleneck", "pool", 32, 32, 2, "conv3_block2")]


def nested():
    """A tower used as one layer, called on two crops; inside it a convolution called twice (weights shared); a frozen layer."""
    inner = L.Input((8, 4, 1), name="half")
    x = L.Conv2D(12, 3, padding="same", name="stem")(inner)
    x = L.BatchNormalization(name="stem_bn")(x)
    x = L.ReLU(name="stem_relu")(x)
    shared = L.Conv2D(12, 3, padding="same", name="shared_conv")
    y = L.BatchNormalization(name="bn1")(shared(x))
    y = L.ReLU(name="relu1")(y)
    y = L.BatchNormalization(name="bn2")(shared(y))
    x = L.ReLU(name="out")(L.Add(name="add")([x, y]))
    tower = keras.Model(inner, L.MaxPooling2D(2, name="shrink")(x), name="tower")

    head = keras.Sequential([L.InputLayer((4, 2, 24), name="joined"), L.SeparableConv2D(16, 3, padding="same", name="mix"),
                             L.BatchNormalization(scale=False, center=False, name="plain_bn"), L.PReLU(shared_axes=[1, 2], name="prelu"),
                             L.GlobalMaxPooling2D(name="top")], name="head")

    image = L.Input((8, 8, 1), name="image")
    left = tower(L.Cropping2D(((0, 0), (0, 4)), name="left")(image))
    right = tower(L.Cropping2D(((0, 0), (4, 0)), name="right")(image))
    x = L.Concatenate(name="both")([left, right])
    return keras.Model(image, L.Dense(10, name="scores")(head(x)), name="nested")


def train(model, feed, epochs=14, rate=0.01, from_logits=False):
    images, labels, held, held_labels = digits()
    rng = np.random.default_rng(SEED)
    x, y = augmented(images, labels, 1, rng)
    order = rng.permutation(len(x))
    steps = epochs * (len(x) // 64)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits))
    model.fit(feed(x[order]), y[order], batch_size=64, epochs=epochs, verbose=0)
    fed = feed(held)
    return model.predict(fed, batch_size=HELD_OUT, verbose=0), fed, held_labels


def make(name, model, description, blocks, optimizer, from_logits, **facts):
    where = folder(name)
    feed = lambda images: (images / 16.0)[..., None].astype(np.float32)
    scores, fed, labels = train(model, feed, from_logits=from_logits)
    if name == "keras2-nested":
        # Freezing reorders a nested model's weights in the file (trainable ones first), not its function.
        model.get_layer("tower").get_layer("stem_bn").trainable = False
    model.save(where / "model.h5", include_optimizer=optimizer)
    model.save_weights(where / "model-weights.h5")
    model.save_weights(where / "model.weights.h5")
    again = keras.models.load_model(where / "model.h5", compile=False)
    assert np.abs(again.predict(fed, batch_size=HELD_OUT, verbose=0) - scores).max() < 1e-5
    inputs = {"image": fed[:RECORDED]}
    outputs, values = keras_all_values(model, inputs)
    first = next(iter(outputs.values()))
    assert np.abs(first - scores[:RECORDED]).max() < 1e-4
    save_npz(where / "io.npz", recording(inputs, outputs, values, first.argmax(-1)))
    accuracy = save_heldout(where / "heldout.npz", "image", fed, labels, scores)
    record_fixture(name, description, __file__, accuracy=accuracy, inputs={"image": ["batch", 8, 8, 1]},
                   preprocessing="image / 16, [N,8,8,1] float32", parameters=int(model.count_params()),
                   trainableParameters=int(sum(np.prod(w.shape) for w in model.trainable_weights)), blocks=blocks,
                   runs=[{"models": ["model.h5"], "io": "io.npz", "heldout": "heldout.npz"}],
                   weightsOnly=["model-weights.h5", "model.weights.h5"], versions=versions(*NAMES), **facts)


def main():
    keras.utils.set_random_seed(SEED)
    make("keras2-preact", preact(), "Pre-activation ResNet (v2) as in keras.applications, shortcut strides by MaxPooling2D(1); "
         "Keras 2 (tf_keras) .h5 with optimizer state, and weights alone: model-weights.h5 is the legacy layout, "
         "model.weights.h5 what tf_keras writes under that name.", PREACT_BLOCKS, True, False)
    keras.utils.set_random_seed(SEED)
    make("keras2-nested", nested(), "Keras 2 .h5: a nested Functional model called twice, a convolution called twice inside it, "
         "a nested Sequential with SeparableConv2D, PReLU and a BatchNorm without gamma and beta; stem_bn frozen.",
         [block("basic", "identity", 12, 12, 1, "tower"), block("basic", "identity", 12, 12, 1, "tower:1")], False, True,
         note="The residual block stands once in the nested model `tower`, which is called twice: once inlined there are two.")


if __name__ == "__main__":
    main()

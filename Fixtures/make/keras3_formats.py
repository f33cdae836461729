"""keras3-formats: what else Keras 3 writes: sharded weights, bfloat16 weights, nesting with sharing, a Sequential."""
from keras_common import *


def network(dtype=None):
    """A nested Functional model called twice, and a nested Sequential whose batch normalisation stands before its Dense."""
    options = {"dtype": dtype} if dtype else {}
    inner = L.Input((None, None, 8), name="inside", **options)
    y = L.Conv2D(8, 3, padding="same", name="conv", **options)(inner)
    y = L.Activation("relu", name="relu", **options)(y)
    y = L.Conv2D(8, 3, padding="same", name="conv_again", **options)(y)
    unit = keras.Model(inner, L.Add(name="add", **options)([inner, y]), name="unit")
    image = L.Input((8, 6, 1), name="image", **options)
    x = L.Conv2D(8, 3, padding="same", activation="relu", name="stem", **options)(image)
    x = unit(x)
    x = L.MaxPooling2D(2, name="pool", **options)(x)
    x = unit(x)
    head = keras.Sequential([L.Input((4, 3, 8), **options), L.Flatten(name="flat", **options),
                             L.BatchNormalization(name="norm", **options), L.Dense(10, activation="softmax", name="digit", **options)],
                            name="head")
    return keras.Model(image, head(x), name="recurrent")


def second_call(model):
    """The tensor the nested model's second call yields in `model`."""
    return next(t for node in model.get_layer("head")._inbound_nodes if node in model._nodes_by_depth[0] for t in node.input_tensors)


def main():
    keras.utils.set_random_seed(SEED)
    where = folder("keras3-formats")
    feed = lambda images: (images[:, :, 1:7, None] / 16.0).astype(np.float32)
    model = network()
    scores, fed, labels = train(model, feed)
    model.get_layer("unit").get_layer("conv").trainable = False
    save_keras(model, where, optimizer=True)
    bare = uncompiled(model)
    bare.save_weights(where / "model.weights.h5")
    bare.save_weights(where / "sharded.weights.json", max_shard_size=4200 / 1024 ** 3)
    check_reload(model, where, fed, scores)
    record_keras(model, where / "io.npz", "image", fed, scores)
    accuracy = save_heldout(where / "heldout.npz", "image", fed, labels, scores)

    # Ends in the nested model's second call: `output_layers` then counts calls from 1, `inbound_nodes` from 0.
    features = keras.Model(model.input, second_call(model), name="features")
    features.save(where / "features.keras")
    features.save(where / "features.h5")
    outputs, values = keras_all_values(features, {"image": fed[:RECORDED]})
    save_npz(where / "io-features.npz", recording({"image": fed[:RECORDED]}, outputs, values))

    low = network("bfloat16")
    low.set_weights(model.get_weights())
    low.save(where / "bfloat16.keras")
    # What the network computes in float32 with the weights rounded to bfloat16, for a reader that widens them.
    wide = network()
    wide.set_weights([np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(w, "float32"))) for w in low.weights])
    outputs, values = keras_all_values(wide, {"image": fed[:RECORDED]})
    save_npz(where / "io-bfloat16.npz", recording({"image": fed[:RECORDED]}, outputs, values, next(iter(outputs.values())).argmax(-1)))
    record_fixture("keras3-formats", "Keras 3: a nested Functional model called twice (one convolution in it frozen), a nested Sequential, "
                   "H != W; .keras and .h5 with optimizer state, .weights.h5, sharded weights (sharded.weights.json), and the network with bfloat16 weights "
                   "(bfloat16.keras; io-bfloat16.npz is float32 arithmetic on those weights); features.* end in the nested model.", __file__, accuracy=accuracy,
                   inputs={"image": ["batch", 8, 6, 1]}, preprocessing="image / 16, columns 1 to 6, [N,8,6,1] float32",
                   blocks=[block("basic", "identity", 8, 8, 1, "unit"), block("basic", "identity", 8, 8, 1, "unit:1")],
                   runs=[{"models": ["model.keras", "model.h5"], "io": "io.npz", "heldout": "heldout.npz"},
                         {"models": ["features.keras", "features.h5"], "io": "io-features.npz"},
                         {"models": ["bfloat16.keras"], "io": "io-bfloat16.npz", "halfPrecision": True}],
                   weightsOnly=["model.weights.h5", "sharded.weights.json"], versions=versions(*NAMES), **count(model))


if __name__ == "__main__":
    main()

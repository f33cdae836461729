"""lambda-refused, custom-refused: models holding code a reader must not run; they can only be inspected."""
from keras_common import *


# Compiled under a bare file name: the saved bytecode carries it.
CODE = eval(compile("lambda x: 2.0 * x", "lambda_refused.py", "eval"))


def doubled(x):
    return 2.0 * x


@keras.saving.register_keras_serializable(package="fixtures")
class Scale(L.Layer):
    """A custom layer with one weight per channel."""

    def __init__(self, start=1.0, **options):
        super().__init__(**options)
        self.start = start

    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer=keras.initializers.Constant(self.start))

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return super().get_config() | {"start": self.start}


def build(middle):
    image = L.Input((8, 8, 1), name="image")
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="stem")(image)
    y = middle(L.Conv2D(4, 3, padding="same", name="conv")(x))
    x = L.GlobalAveragePooling2D(name="pool")(L.Add(name="add")([x, y]))
    return keras.Model(image, L.Dense(10, name="scores")(x))


def main():
    fed = (digits()[2][:RECORDED, ..., None] / 16.0).astype(np.float32)
    facts = {"inputs": {"image": ["batch", 8, 8, 1]}, "preprocessing": "image / 16, [N,8,8,1] float32", "mustRefuseToRun": True,
             "blocks": [], "versions": versions(*NAMES)}
    for name, make, extra, why in (
            ("lambda-refused", lambda: L.Lambda(CODE, name="code"), L.Lambda(doubled, name="named"),
             "A Lambda layer: model.keras and model.h5 carry marshalled bytecode of a lambda, model-named.keras the name of a function."),
            ("custom-refused", lambda: Scale(0.5, name="scale"), None, "A custom registered layer (fixtures>Scale) with a weight.")):
        where = folder(name)
        keras.utils.set_random_seed(SEED)
        model = build(make())
        model.save(where / "model.keras")
        model.save(where / "model.h5")
        if extra is not None:
            keras.utils.set_random_seed(SEED)
            build(extra).save(where / "model-named.keras")
        outputs, values = keras_all_values(model, {"image": fed})
        save_npz(where / "io.npz", recording({"image": fed}, outputs, values))
        record_fixture(name, why + " Untrained. A reader must refuse to run it; what the framework computed is in io.npz all the same.",
                       __file__, accuracy=None, runs=[{"models": ["model.keras", "model.h5"], "io": "io.npz"}], **facts, **count(model))


if __name__ == "__main__":
    main()

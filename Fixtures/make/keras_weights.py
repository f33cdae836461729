"""weights: small residual networks of every layout in which Keras keeps weights, out of the matrix of keras_matrix.py.

    DIVIDE=32 keras_matrix.sh MATRIX ENVIRONMENTS keras1 keras2.2 keras2.12 keras2.13 keras3.0 keras3.9 keras3
    keras_weights.py MATRIX

copies them to Fixtures/weights with what the frameworks computed. Weights alone have to be recognised, or need the
architecture that stands beside some of them.
"""
import json
import shutil
import sys
from pathlib import Path

from common import *

# Name of the fixture, folder of the matrix, file in it, and whether the architecture is kept.
CHOSEN = [
    ("keras1-th.h5", "keras1.2-theano-th-resnet50", "weights.h5", True),
    ("keras1-tf.h5", "keras1.2-tensorflow-resnet20", "weights.h5", True),
    ("keras2.2-notop.h5", "keras2.2-resnet50-notop", "weights.h5", False),
    ("keras2.12.weights.h5", "keras2.12-resnet20", "model.weights.h5", True),
    ("keras2.13-chunked.h5", "keras2.13-resnet20", "chunked.h5", False),
    ("keras3.0.weights.h5", "keras3.0-resnet50", "model.weights.h5", False),
    ("keras3.9.weights.h5", "keras3.9-resnet20", "model.weights.h5", True),
    ("sharded.weights.json", "keras3.15-resnet20", "sharded.weights.json", False),
]
WHOLE = [("keras2.13-npz.keras", "keras2.13-resnet20", "npz.keras"), ("keras3-npz.keras", "keras3.9-resnet20", "npz.keras")]

matrix = Path(sys.argv[1])
target = FIXTURES / "weights"
shutil.rmtree(target, ignore_errors=True)
target.mkdir()
recognition, models, made = [], [], []


def copy(name, case, file):
    shutil.copy(matrix / case / file, target / name)
    for shard in (matrix / case).glob("sharded_*.weights.h5") if name.startswith("sharded") else []:
        shutil.copy(shard, target / shard.name)
    facts = json.loads((matrix / case / "matrix.json").read_text())
    io = name.split(".weights")[0].removesuffix(".h5").removesuffix(".keras") + "-io.npz"
    np.savez_compressed(target / io, x=np.load(matrix / case / "x.npy"), y=np.load(matrix / case / "expected.npz")["y"])
    entry = {"file": name, "io": io} | {k: facts[k] for k in ("keras", "backend", "architecture", "ordering", "divide")}
    return entry


for name, case, file, keeps in CHOSEN:
    if not (matrix / case / file).exists():
        sys.exit(f"{case}/{file} is not there")
    entry = copy(name, case, file)
    if keeps:
        entry["config"] = entry["io"].replace("-io.npz", ".json")
        # One line, without the spaces that a reader does not need.
        text = json.loads((matrix / case / "config.json").read_text())
        (target / entry["config"]).write_text(json.dumps(text, separators=(",", ":")))
    recognition.append(entry)
for name, case, file in WHOLE:
    models.append(copy(name, case, file))
record_fixture(
    "weights", "Weights of narrow residual networks without their architectures, as each generation of Keras saves them "
    "(recognition: what has to be recognised), and archives whose weights are NumPy's (models).", __file__,
    recognition=recognition, models=models)

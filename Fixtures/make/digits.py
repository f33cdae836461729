"""Fixtures/digits: the held-out digits every classifier here is judged on."""
from common import HELD_OUT, SEED, digits, folder, record_fixture, save_npz, versions

_, _, images, labels = digits()
save_npz(folder("digits") / "digits-heldout.npz", {"images": images, "labels": labels})
record_fixture("digits", f"{HELD_OUT} held-out images of scikit-learn's digits: images [N,8,8] float32 0…16, labels int64 "
               f"(permutation seed {SEED}, first {HELD_OUT}).", __file__, versions=versions("numpy", "scikit-learn"))

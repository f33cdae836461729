"""Writes Fixtures/numpy: arrays of every element type as NumPy itself stores them. Deterministic."""

import io
import pathlib
import zipfile

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "numpy"
TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def npy(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=True)
    return buffer.getvalue()


def npz(path, members, method=zipfile.ZIP_STORED):
    """As numpy.savez does it, with zip64 local headers, but with a fixed date."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            with archive.open(info, "w", force_zip64=True) as member:
                member.write(data)


def main():
    FOLDER.mkdir(exist_ok=True)
    values = np.arange(-3, 9).reshape(3, 4)
    types = []
    for order in "<>":
        for code in TYPES:
            array = (values if code[0] != "u" else values + 3).astype(order + code)
            types.append((f"{'little' if order == '<' else 'big'}_{code}", npy(array)))
    types.append(("bool", npy(values > 2)))
    npz(FOLDER / "types.npz", types)
    cube = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    shapes = [
        ("scalar", npy(np.float64(2.5))),
        ("vector", npy(np.arange(5, dtype="<i8"))),
        ("empty", npy(np.zeros((0, 3), "<f4"))),
        ("cube", npy(cube)),
        ("fortran", npy(np.asfortranarray(cube))),
        ("fortran_big", npy(np.asfortranarray(cube.astype(">i2")))),
        ("version2", npy(cube, (2, 0))),
        ("version3", npy(cube, (3, 0))),
    ]
    npz(FOLDER / "shapes.npz", shapes, zipfile.ZIP_DEFLATED)
    (FOLDER / "cube.npy").write_bytes(npy(cube))
    refused = [
        ("objects", npy(np.array([1, "a"], dtype=object))),
        ("structure", npy(np.zeros(2, [("a", "<f4"), ("b", "<i4")]))),
        ("text", npy(np.array(["ab", "c"]))),
        ("complex", npy(np.zeros(2, "<c8"))),
        ("opaque", npy(np.zeros(2, "V2"))),
    ]
    for name, data in refused:
        (FOLDER / f"refused_{name}.npy").write_bytes(data)


main()

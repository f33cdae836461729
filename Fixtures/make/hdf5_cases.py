"""hdf5-cases: one small HDF5 file per layout, type, filter and link that the Keras reader takes or refuses."""
from common import *

import h5py
from h5py import h5d, h5p, h5s, h5t

VALUES = np.arange(60, dtype=np.float32).reshape(5, 12) / 8 - 3


def main():
    where = folder("hdf5-cases")
    def file(name):
        return h5py.File(where / f"{name}.h5", "w")

    with file("layouts") as f:
        f["contiguous"] = VALUES
        f["scalar"] = np.float32(2.5)
        f["empty"] = np.zeros((0, 3), np.float32)
        f["big"] = VALUES.astype(">f4")
        f["half"] = VALUES.astype(np.float16)
        f["double"] = VALUES.astype(np.float64)
        f["integer"] = VALUES.astype(">i8")
        f.create_dataset("chunked", data=VALUES, chunks=(2, 5))
        f.create_dataset("deflated", data=VALUES, chunks=(2, 5), compression="gzip")
        f.create_dataset("everything", data=VALUES, chunks=(2, 5), compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("cube", data=np.arange(105, dtype=np.float64).reshape(3, 5, 7), chunks=(2, 2, 3), shuffle=True, compression="gzip")
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_layout(h5d.COMPACT)
        compact = h5d.create(f.id, b"compact", h5t.IEEE_F32LE, h5s.create_simple((5, 12)), plist)
        compact.write(h5s.ALL, h5s.ALL, VALUES)
        bfloat = f.create_dataset("bfloat16", data=(VALUES.view(np.uint32) >> 16).astype(np.uint16).view("V2"))
        bfloat.attrs["dtype"] = "bfloat16"
        f.attrs["fixed"] = np.array([b"one", b"three"])
        f.attrs["variable"] = ["one", "zw\u00f6lf"]
        f.attrs["text"] = "t\u00e9xt"
        f.attrs["none"] = []
        f.attrs["number"] = 7
        f.attrs["real"] = 0.25
    with file("refused") as f:
        f.create_dataset("lzf", data=VALUES, chunks=(2, 5), compression="lzf")
        f.create_dataset("scaleoffset", data=VALUES.astype(np.int32), chunks=(2, 5), scaleoffset=0)
        f.create_dataset("unwritten", (4, 4), "f4")
        sparse = f.create_dataset("sparse", (4, 4), "f4", chunks=(2, 2))
        sparse[:2, :2] = 1
        f.create_dataset("external", (4,), "f4", external=[("/etc/passwd", 0, 16)])
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
        f.create_virtual_dataset("virtual", layout)
        f["opaque"] = np.zeros(3, "V2")
        f["text"] = np.array([b"one", b"two"])
        f["compound"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
        f["odd"] = np.zeros(2, np.longdouble)
    with file("soft-link") as f:
        f["real"] = VALUES
        f["soft"] = h5py.SoftLink("/real")
    with file("external-link") as f:
        f["outside"] = h5py.ExternalLink("/etc/passwd", "/x")
    with file("cycle") as f:
        group = f.create_group("a").create_group("b")
        group["up"] = f["a"]
    with file("userblock-source") as f:
        f["x"] = VALUES
    body = (where / "userblock-source.h5").read_bytes()
    (where / "userblock-source.h5").unlink()
    (where / "userblock.h5").write_bytes(bytes(512) + body)
    with h5py.File(where / "newest.h5", "w", libver=("earliest", "v110")) as f:
        f["contiguous"] = VALUES
        f.create_dataset("everything", data=VALUES, chunks=(2, 5), compression="gzip", shuffle=True, fletcher32=True)
        f.create_group("g").attrs["name"] = "inner"
    record_fixture("hdf5-cases", "HDF5 layouts, types, filters, attributes and links, taken and refused; no network.", __file__,
                   versions=versions("h5py", "numpy"))


if __name__ == "__main__":
    main()

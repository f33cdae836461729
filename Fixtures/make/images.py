"""Writes Fixtures/images: PNG files of every colour type, bit depth, filter and interlacing, as PngSuite has them, some
written by Pillow; PPM and PGM; and expected.npz with their pixels as RGBA of 8 bits, and what Pillow makes of them by
resizing and conversion. Needs numpy and pillow. Deterministic."""

import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

from common import save_npz

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "images"
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_row(row, depth):
    """Samples of one row as bytes."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = ((row[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8).ravel()
    return np.packbits(bits).tobytes()


def filtered(kind, row, above, step):
    out = bytearray([kind])
    for i, value in enumerate(row):
        left = row[i - step] if i >= step else 0
        up = above[i]
        corner = above[i - step] if i >= step else 0
        if kind == 4:
            p = left + up - corner
            distances = [abs(p - left), abs(p - up), abs(p - corner)]
            predicted = (left, up, corner)[distances.index(min(distances))]
        else:
            predicted = (0, left, up, (left + up) // 2)[kind]
        out.append((value - predicted) & 0xFF)
    return bytes(out)


def png(samples, colour, depth, interlaced=False, palette=None, transparency=None, parts=3, extra=b""):
    """A file of `samples`, (height, width, samples of a pixel); rows take the filters in turn."""
    height, width, count = samples.shape
    stream, kind = b"", 0
    step = max(1, count * depth // 8)
    for x, y, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size == 0:
            continue
        above = None
        for row in part:
            row = packed_row(row.reshape(-1), depth)
            stream += filtered(kind % 5, row, above or bytes(len(row)), step)
            above, kind = row, kind + 1
    data = zlib.compress(stream, 9)
    size = max(1, -(-len(data) // parts))
    out = b"\x89PNG\r\n\x1a\n"
    out += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
    out += extra
    if palette is not None:
        out += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        out += chunk(b"tRNS", transparency)
    for start in range(0, len(data), size):
        out += chunk(b"IDAT", data[start : start + size])
    return out + chunk(b"tEXt", b"Software\0images.py") + chunk(b"IEND", b"")


def rgba(samples, colour, depth, palette=None, alphas=None, clear=None):
    """What the samples mean, with 8 bits."""
    if colour == PALETTE:
        table = np.concatenate([palette, np.full((len(palette), 1), 255)], 1)
        if alphas is not None:
            table[: len(alphas), 3] = alphas
        return table[samples[..., 0]].astype(np.uint8)
    scaled = samples >> 8 if depth == 16 else samples * 255 // (2**depth - 1)
    alpha = np.full(samples.shape[:2], 255)
    if clear is not None:
        alpha[(samples == clear).all(-1)] = 0
    if colour in (GREY_ALPHA, COLOUR_ALPHA):
        alpha = scaled[..., -1]
        scaled = scaled[..., :-1]
    if scaled.shape[-1] == 1:
        scaled = np.repeat(scaled, 3, -1)
    return np.dstack([scaled, alpha]).astype(np.uint8)


def checked(name, data, expected, depth):
    """Holds what we expect against Pillow, where it reads such files to 8 bits."""
    (FOLDER / name).write_bytes(data)
    with Image.open(FOLDER / name) as image:
        if image.mode.startswith("I"):
            found = np.asarray(image).astype(np.int64) >> 8
            assert (found == expected[..., 0]).all(), name
        else:
            found = np.asarray(image.convert("RGBA"))
            # The transparent colour of other depths Pillow compares with samples that it has scaled to 8 bits.
            same = found == expected if depth == 8 or image.mode == "P" else found[..., :3] == expected[..., :3]
            assert same.all(), name
    return expected


def photograph(height, width):
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 5 + c) * np.cos(y / (4 + c)) + (x * (c + 1) + y * 3) / 90 for c in range(3)]
    noise = np.random.default_rng(1).normal(0, 0.2, (height, width, 3))
    return np.clip(np.stack(waves, -1) * 70 + noise * 60 + 60, 0, 255).astype(np.uint8)


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    random = np.random.default_rng(20240607)
    expected = {}
    depths = {GREY: [1, 2, 4, 8, 16], COLOUR: [8, 16], PALETTE: [1, 2, 4, 8], GREY_ALPHA: [8, 16], COLOUR_ALPHA: [8, 16]}
    for colour in depths:
        for depth in depths[colour]:
            for interlaced in (False, True):
                for clear in (False, True) if colour in (GREY, COLOUR, PALETTE) else (False,):
                    samples = random.integers(0, 2**depth, (11, 13, SAMPLES[colour]))
                    samples[3:6, 2:9] = samples[3, 2]
                    options, meaning = {}, {}
                    if colour == PALETTE:
                        options["palette"] = meaning["palette"] = random.integers(0, 256, (2**depth, 3))
                    if clear and colour == PALETTE:
                        meaning["alphas"] = random.integers(0, 256, 2**depth - 1)
                        options["transparency"] = meaning["alphas"].astype(np.uint8).tobytes()
                    elif clear:
                        meaning["clear"] = samples[3, 2]
                        options["transparency"] = samples[3, 2].astype(">u2").tobytes()
                    name = f"type{colour}-{depth:02}{'-interlaced' * interlaced}{'-clear' * clear}.png"
                    data = png(samples, colour, depth, interlaced, **options)
                    expected[name] = checked(name, data, rgba(samples, colour, depth, **meaning), depth)
    # Extents around those of Adam7's grid, some of whose passes are empty.
    for width, height in [(1, 1), (1, 9), (9, 1), (2, 3), (4, 4), (5, 2), (7, 8), (8, 5)]:
        samples = random.integers(0, 4, (height, width, 1))
        name = f"size-{width}x{height}.png"
        expected[name] = checked(name, png(samples, GREY, 2, True, parts=1), rgba(samples, GREY, 2), 2)
    photo = photograph(29, 37)
    image = Image.fromarray(photo)
    written = {
        "pillow-rgb.png": (image, {"optimize": True}),
        "pillow-grey.png": (image.convert("L"), {}),
        "pillow-palette.png": (image.quantize(32), {}),
        "pillow-bits.png": (image.convert("1"), {}),
        "pillow-alpha.png": (Image.fromarray(np.dstack([photo, photo[..., 0]])), {}),
        "pillow-grey-alpha.png": (Image.fromarray(photo[..., :2].copy(), "LA"), {}),
    }
    for name, (picture, options) in written.items():
        picture.save(FOLDER / name, **options)
        expected[name] = np.asarray(Image.open(FOLDER / name).convert("RGBA"))
    image.save(FOLDER / "pillow.ppm")
    image.convert("L").save(FOLDER / "pillow.pgm")
    wide = photo.astype(np.uint16) * 3
    (FOLDER / "wide.ppm").write_bytes(b"P6\n# 16 bits\n37 29\n765\n" + wide.astype(">u2").tobytes())
    expected["pillow.ppm"] = expected["wide.ppm"] = np.asarray(image.convert("RGBA"))
    expected["pillow.pgm"] = np.asarray(image.convert("L").convert("RGBA"))
    expected["grey"] = np.asarray(image.convert("L"))
    for width, height in [(16, 16), (64, 48), (37, 10), (5, 60), (224, 7), (1, 1), (36, 29), (3, 2)]:
        resized = image.resize((width, height), Image.Resampling.BILINEAR)
        expected[f"resize-{width}x{height}"] = np.asarray(resized)
    # torchvision's Resize(16) and CenterCrop(16) on the same image.
    scaled = image.resize((16 * 37 // 29, 16), Image.Resampling.BILINEAR)
    left = int(round((scaled.width - 16) / 2.0))
    expected["centre-16"] = np.asarray(scaled.crop((left, 0, left + 16, 16)))
    save_npz(FOLDER / "expected.npz", expected)


main()

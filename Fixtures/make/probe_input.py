"""The rule of ProbeInput (Sources/SkiffVerify/Inputs/ProbeInput.swift) in NumPy, and nothing of its code: test images
that are the same in every language. Prints checksums for Tests/SkiffVerifyTests/ProbeTests.swift."""

import numpy as np

G = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
f32 = np.float32


def mix(words):
    """SplitMix64's finalizer of words, an array of uint64 or a whole number."""
    z = np.asarray(words, np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def start(seed, number):
    return int(mix([(seed + (number + 1) * G) & MASK])[0])


class Draws:
    """The n-th number is mix(seed + n · G) div 2¹¹ · 2⁻⁵³, from n = 1."""

    def __init__(self, seed):
        self.seed, self.count = seed, 0

    def units(self, count):
        numbers = np.arange(self.count + 1, self.count + count + 1, dtype=np.uint64)
        self.count += count
        words = mix(np.uint64(self.seed & MASK) + numbers * np.uint64(G))
        return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def unit(self):
        return float(self.units(1)[0])

    def normal(self):
        total = -6.0
        for unit in self.units(12):
            total += float(unit)
        return total


def picture(height, width, seed):
    """Dead leaves, (height, width, 3) in 0…255: NaturalImages.make(count: 1, …)."""
    draws = Draws(seed)
    rows, columns = 2 * height, 2 * width
    fine = np.empty((rows, columns, 3), f32)
    fine[:] = [f32(60 + 120 * draws.unit()) for _ in range(3)]
    most, least = min(rows, columns) / 2, 1.5
    for _ in range(max(64, rows * columns // 24)):
        draw = draws.unit()
        radius = 1 / np.sqrt((1 - draw) / (least * least) + draw / (most * most))
        centre = (draws.unit() * rows, draws.unit() * columns)
        light = 128 + 62 * draws.normal()
        tint = [24 * draws.normal() for _ in range(3)]
        colour = np.array([f32(min(255, max(0, light + t))) for t in tint], f32)
        grain = f32(6 * draws.unit())
        for row in range(max(0, int(centre[0] - radius)), max(0, min(rows, int(centre[0] + radius) + 1))):
            reach = radius * radius - (row - centre[0]) * (row - centre[0])
            if not reach > 0:
                continue
            half = np.sqrt(reach)
            first = max(0, int(centre[1] - half))
            end = max(0, min(columns, int(centre[1] + half) + 1))
            if end <= first:
                continue
            noise = grain * (draws.units(end - first) - 0.5).astype(f32)
            fine[row, first:end] = np.minimum(f32(255), np.maximum(f32(0), colour[None, :] + noise[:, None]))
    total = ((fine[0::2, 0::2] + fine[0::2, 1::2]) + fine[1::2, 0::2]) + fine[1::2, 1::2]
    return total / f32(4)


def natural(q, words, depth, height, width, channels, is_sequence):
    rows = 8 if is_sequence else depth + height - 1
    pictures = [picture(rows, width, start(q, j)) for j in range(min(4, (channels + 2) // 3))]
    level = np.empty((depth, height, width, channels), f32)
    for z in range(depth):
        for c in range(channels):
            part = slice(4, 5) if is_sequence else slice(z, z + height)
            image = pictures[c // 3 % 4][part]
            if channels == 1:
                level[z, :, :, 0] = ((image[..., 0] + image[..., 1]) + image[..., 2]) / f32(3)
                continue
            level[z, :, :, c] = image[..., c % 3] + f32(12 - 12 * (c % 3))
            if c >= 12:
                level[z, :, :, c] += (words[z, :, :, c] % np.uint64(33)).astype(f32) - f32(16)
    return level


def edges(depth, height, width):
    """Where each side's band is: top, bottom, left, right, front, back, as arrays that broadcast to (D, H, W)."""
    b = max(1, min(e for e in (width, height if height > 1 else width, depth if depth > 1 else width)) // 16)
    z, y, x = np.ogrid[0:depth, 0:height, 0:width]
    high, deep = height > 1, depth > 1
    return (y < b) & high, (y >= height - b) & high, x < b, x >= width - b, (z < b) & deep, (z >= depth - b) & deep


def adversarial(words, depth, height, width, channels):
    level = (words % np.uint64(193)).astype(np.int64) - 96
    top, bottom, left, right, front, back = edges(depth, height, width)
    _, y, x = np.ogrid[0:depth, 0:height, 0:width]
    for c in range(channels):
        own, following, other = c % 3, (c + 1) % 3, (c + 2) % 3
        part = level[..., c]
        part += 40 * own - 40 + 8 * (c // 3 % 5)
        part += (following + 1) * (24 * x // width) - (own + 1) * (32 * y // height)
        part += top * (64 + 16 * own) - bottom * (160 + 16 * following)
        part += right * (176 + 16 * own) - left * (64 + 16 * other)
        part += 160 * (top & left) - 144 * (bottom & right) + 64 * front - 96 * back
    return (128 + level).astype(f32)


def probe_input(shape, channels_last, seed=0, position=0, scale="normalised"):
    """Input `position` of `shape`, three to five axes: float32."""
    axes = list(shape[1:])
    channels = axes.pop(-1 if channels_last else 0)
    depth, height, width = [1] * (3 - len(axes)) + axes
    samples = shape[0]
    s = start(seed, position)
    levels = np.empty((samples, depth, height, width, channels), f32)
    for n in range(samples):
        q = start(s, n)
        count = depth * height * width * channels
        words = mix(np.uint64(q) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(G))
        words = words.reshape(depth, height, width, channels)
        if samples == 1 or n % 2 == 0:
            levels[n] = natural(q, words, depth, height, width, channels, len(shape) == 3)
        if samples == 1:
            edge = np.logical_or.reduce(np.broadcast_arrays(*edges(depth, height, width)))
            levels[n][edge] = adversarial(words, depth, height, width, channels)[edge]
        elif n % 2:
            levels[n] = adversarial(words, depth, height, width, channels)
    values = {
        "normalised": lambda: (levels - f32(128)) / f32(64),
        "unit": lambda: levels / f32(256),
        "centred": lambda: levels - f32(128),
        "bytes": lambda: np.minimum(f32(255), np.maximum(f32(0), levels)),
    }[scale]()
    if not channels_last:
        values = np.moveaxis(values, -1, 1)
    return np.ascontiguousarray(values.reshape(shape), f32)


def checksum(values):
    """FNV-1a over the words of the elements."""
    result = 0xCBF29CE484222325
    for bits in values.ravel().view(np.uint32).tolist():
        result = ((result ^ bits) * 0x100000001B3) & MASK
    return result


if __name__ == "__main__":
    np.seterr(over="ignore")
    cases = [
        ((2, 65, 47, 3), True, 0), ((2, 3, 65, 47), False, 0), ((1, 3, 40, 33), False, 7), ((3, 20, 17, 1), True, 1),
        ((2, 14, 9, 9), False, 3), ((2, 60, 4), True, 2), ((1, 1, 33), False, 0), ((2, 5, 9, 7, 2), True, 4),
    ]
    for shape, channels_last, seed in cases:
        layout = "channelsLast" if channels_last else "channelsFirst"
        value = checksum(probe_input(shape, channels_last, seed))
        print(f"        ({list(shape)}, .{layout}, {seed}, 0x{value:016X}),")

#!/usr/bin/env python3
"""Read .skiff files with NumPy alone: what Docs/Format.md says, in one file.

    skiff_reader.py FILE             lists the tensors, nodes, inputs and outputs
    skiff_reader.py FILE TENSOR      prints one tensor
    skiff_reader.py FILE --check     verifies every checksum and digest

    from skiff_reader import SkiffFile
    file = SkiffFile("resnet50.skiff")
    weight = file["conv1.weight"]                    # numpy.ndarray
    part = file.elements("conv1.weight", 100, 200)   # of its elements in row-major order; only their blocks are read
    everything = dict(file.arrays())                 # faster than one after the other: blocks are decoded together

Numbers in brackets are the rules of Docs/Format.md. Every error is a SkiffError.
"""
import hashlib
import mmap
import sys
import zlib

import numpy as np


class SkiffError(Exception):
    """A file that breaks a rule."""


def need(condition, text):
    if not condition:
        raise SkiffError(text)


# ---------------------------------------------------------------- header: Protocol Buffers, as far as the schema goes

# Message: {field number: (name, kind)}. Kinds: a message's name, or a scalar's; in [] repeated, with ? optional.
SCHEMA = {
    "Header": {1: ("name", "text"), 2: ("provenance", "Provenance"), 3: ("values", ["Value"]),
               4: ("operators", ["Operator"]), 5: ("nodes", ["Node"]), 6: ("inputs", ["unsigned"]),
               7: ("outputs", ["Output"])},
    "Provenance": {1: ("source_format", "text"), 2: ("producer", "text"), 3: ("entries", ["Entry"]),
                   4: ("tool", "text"), 5: ("sources", ["Source"]), 6: ("parity", "text?"),
                   7: ("measurements", ["Entry"])},
    "Source": {1: ("name", "text"), 2: ("byte_count", "unsigned"), 3: ("sha256", "bytes?")},
    "Entry": {1: ("key", "text"), 2: ("value", "text")},
    "Value": {1: ("name", "text"), 2: ("tensor", "Tensor?"), 3: ("overridable", "unsigned?"), 4: ("fact", "Fact?")},
    "Tensor": {1: ("element_type", "text"), 2: ("extents", ["unsigned"]), 3: ("encoding", "Encoding?"),
               4: ("offset", "unsigned"), 5: ("byte_count", "unsigned"), 6: ("sha256", "bytes"), 7: ("digest", "bytes"),
               8: ("canonical_axes", ["unsigned"]), 9: ("origin", "Origin?")},
    "Encoding": {1: ("name", "text"), 2: ("axis", "unsigned?"), 3: ("source_digest", "bytes?")},
    "Origin": {1: ("name", "text?"), 2: ("source", "unsigned?"), 3: ("member", "text?"), 4: ("offset", "unsigned?"),
               5: ("transforms", ["text"])},
    "Fact": {1: ("element_type", "text"), 2: ("extents", "Extents?")},
    "Extents": {1: ("extents", ["Extent"])},
    "Extent": {1: ("fixed", "unsigned?"), 2: ("symbolic", "text?")},
    "Operator": {1: ("name", "text"), 2: ("source", "text"), 3: ("attributes", ["Attribute"])},
    "Attribute": {1: ("name", "text"), 2: ("kind", "unsigned"), 3: ("integer", "signed?"), 4: ("real", "float?"),
                  5: ("number", "double?"), 6: ("text", "text?"), 7: ("integers", ["signed"]), 8: ("reals", ["float"]),
                  9: ("texts", ["text"])},
    "Node": {1: ("name", "text"), 2: ("operator_index", "unsigned"), 3: ("inputs", ["unsigned"]),
             4: ("outputs", ["unsigned"])},
    "Output": {1: ("name", "text"), 2: ("value", "unsigned")},
}
ATTRIBUTE_FIELDS = {1: "integer", 2: "real", 3: "number", 4: "text", 5: "integers", 6: "reals", 7: "texts", 8: "text"}
WIDTHS = {"float": 4, "double": 8}


def varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        need(at < len(data), "header: a varint is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            need(value < 1 << 64, "header: a varint of more than 64 bits")
            return value, at
    raise SkiffError("header: a varint of more than ten bytes")


def scalar(kind, data, at):
    """One scalar of a packed field, or behind its tag."""
    if kind in WIDTHS:
        width = WIDTHS[kind]
        need(at + width <= len(data), "header: a number is cut off")
        return float(np.frombuffer(data, "<f4" if width == 4 else "<f8", 1, at)[0]), at + width
    value, at = varint(data, at)
    return (value >> 1) ^ -(value & 1) if kind == "signed" else value, at


def values_of(kind, part):
    """What a field of bytes holds: one message, text or bytes, or any number of scalars."""
    if kind in SCHEMA:
        return [message(kind, part)]
    if kind == "text":
        try:
            return [str(part, "utf-8")]
        except UnicodeDecodeError:
            raise SkiffError("header: a name is not UTF-8 [F7]") from None
    if kind == "bytes":
        return [bytes(part)]
    values, at = [], 0
    while at < len(part):
        value, at = scalar(kind, part, at)
        values.append(value)
    return values


def message(kind, data):
    """A message as a dictionary; a field that is absent is None, or empty where it is repeated."""
    fields = SCHEMA[kind]
    made = {name: [] if isinstance(what, list) else None for name, what in fields.values()}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        need(tag >> 3 in fields, f"header: {kind} has a field {tag >> 3}, which the schema does not have [F8]")
        name, what = fields[tag >> 3]
        repeated = isinstance(what, list)
        what = what[0] if repeated else what.rstrip("?")
        has_length = repeated or what in SCHEMA or what in ("text", "bytes")
        need(tag & 7 == (2 if has_length else {"float": 5, "double": 1}.get(what, 0)),
             f"header: {kind}.{name} is of another kind [F7]")
        if has_length:
            length, at = varint(data, at)
            need(length <= len(data) - at, "header: a field is longer than its message [F7]")
            values = values_of(what, data[at:at + length])
            at += length
        else:
            value, at = scalar(what, data, at)
            values = [value]
        if repeated:
            made[name] += values
        else:
            need(made[name] is None, f"header: {kind}.{name} stands more than once [F7]")
            made[name] = values[0]
    for name, what in fields.values():
        need(made[name] is not None or what[-1] == "?", f"header: {kind} has no {name} [F7]")
    return made


# ---------------------------------------------------------------- element types

# Bits of an element, and the NumPy type of the words that hold it; what NumPy does not have is given as codes.
TYPES = {
    "float64": (64, "<f8"), "float32": (32, "<f4"), "float16": (16, "<f2"), "bfloat16": (16, "<u2"),
    "int64": (64, "<i8"), "int32": (32, "<i4"), "int16": (16, "<i2"), "int8": (8, "i1"),
    "uint64": (64, "<u8"), "uint32": (32, "<u4"), "uint16": (16, "<u2"), "uint8": (8, "u1"), "bool": (8, "?"),
    "complex64": (64, "<c8"), "complex128": (128, "<c16"),
    "float8e4m3fn": (8, "u1"), "float8e4m3fnuz": (8, "u1"), "float8e5m2": (8, "u1"), "float8e5m2fnuz": (8, "u1"),
    "float8e8m0": (8, "u1"), "float6e2m3": (6, "u1"), "float6e3m2": (6, "u1"),
    "int4": (4, "i1"), "uint4": (4, "u1"), "float4e2m1": (4, "u1"), "int2": (2, "i1"), "uint2": (2, "u1"),
}
# Bytes that a block's planes are cut from, and bits that these are rotated by; others have planes of whole integers.
ROTATIONS = {"float32": (4, 1), "complex64": (4, 1), "float16": (2, 1), "bfloat16": (2, 1),
             "float64": (8, 4), "complex128": (8, 4)}


def unpacked(kind, data, count):
    """Elements of `kind` from their bytes. bfloat16 is given as float32, small floats as their codes."""
    bits, numpy_type = TYPES[kind]
    if bits >= 8:
        words = np.frombuffer(data, numpy_type, count)
        return (words.astype("<u4") << 16).view("<f4") if kind == "bfloat16" else words
    stream = np.unpackbits(np.frombuffer(data, "u1"), bitorder="little")[:count * bits].reshape(count, bits)
    codes = (stream << np.arange(bits, dtype="u1")).sum(axis=1, dtype="u1")
    if numpy_type == "i1":
        codes = codes - ((codes >> (bits - 1)).astype("u1") << bits)
    return codes.astype(numpy_type) if numpy_type != "i1" else codes.view("i1")


# ---------------------------------------------------------------- coded blocks: Docs/Blocks.md

class Coded:
    """A coded section that waits to be decoded: `count` bytes, from `at` on in `data`."""

    def __init__(self, data, at, count):
        need(at + 3 <= len(data), "block ends before its last plane does")
        self.count = count
        self.log, self.lanes_log = data[at] & 15, data[at] >> 4
        first, last = data[at + 1], data[at + 2]
        at += 3
        need(1 <= self.log <= 12 and self.lanes_log <= 6 and first < last, "block has sizes that break a rule")
        bits, held, frequencies = 0, 0, []
        for _ in range(first, last + 1):
            while held < 16 and at < len(data):
                bits |= data[at] << held
                at, held = at + 1, held + 8
            width = bits & 15
            taken = 4 + max(0, width - 1)
            need(taken <= held and width <= self.log, "block has a table of frequencies that breaks a rule")
            frequencies.append(0 if width == 0 else 1 << (width - 1) | (bits >> 4) & ((1 << (width - 1)) - 1))
            bits, held = bits >> taken, held - taken
        at -= held // 8
        need(bits & ((1 << held % 8) - 1) == 0 and sum(frequencies) == 1 << self.log and frequencies[0] > 0
             and frequencies[-1] > 0, "block has a table of frequencies that breaks a rule")
        frequencies = np.array(frequencies, np.uint32)
        starts = np.cumsum(frequencies, dtype=np.uint32) - frequencies
        symbols = np.arange(first, last + 1, dtype=np.uint32)
        offsets = np.arange(1 << self.log, dtype=np.uint32) - np.repeat(starts, frequencies)
        # For each slot: frequency, slot less start, symbol.
        self.table = np.repeat(frequencies << 20 | symbols, frequencies) | offsets << 8
        lanes = 1 << self.lanes_log
        need(at + 4 * lanes <= len(data), "block ends before its last plane does")
        self.states = np.frombuffer(data, "<u4", lanes, at)
        need((self.states >= 1 << 16).all(), "block has a lane that does not begin where it has to")
        self.words_at = at + 4 * lanes
        self.words = np.frombuffer(data, "<u2", min((len(data) - self.words_at) // 2, count), self.words_at)


def decode_lanes(coded):
    """Decodes sections of the same number of lanes together; gives the bytes of each and where it ends in its block."""
    order = sorted(range(len(coded)), key=lambda i: -coded[i].count)
    items = [coded[i] for i in order]
    lanes = 1 << items[0].lanes_log
    counts = np.array([item.count for item in items])
    steps = counts // lanes
    table = np.concatenate([item.table for item in items])
    base = np.cumsum([0] + [len(item.table) for item in items[:-1]])[:, None]
    mask = np.array([[len(item.table) - 1] for item in items], np.uint32)
    log = np.array([[item.log] for item in items], np.uint32)
    # A symbol takes a word at most; words that are not there are zero and noticed at the end.
    begin = np.cumsum([0] + [item.count for item in items])
    words = np.zeros(begin[-1] + lanes, np.uint32)
    for item, place in zip(items, begin):
        words[place:place + len(item.words)] = item.words
    begin = begin[:-1]
    state = np.stack([item.states for item in items])
    place = begin.copy()
    symbols = np.empty((int(steps[0]) + 1, len(items), lanes), np.uint8)

    def step(x, row, log, mask, base, place):
        entry = table.take((x & mask) + base)
        row[...] = entry
        x = (entry >> 20) * (x >> log) + (entry >> 8 & 0xFFF)
        is_short = x < 1 << 16
        taken = is_short.cumsum(axis=1)
        word = words.take(taken + (place - 1)[:, None])
        return np.where(is_short, x << 16 | word, x), taken[:, -1]

    active = len(items)
    for index in range(int(steps[0])):
        while steps[active - 1] <= index:
            active -= 1
        now = slice(0, active)
        state[now], taken = step(state[now], symbols[index, now], log[now], mask[now], base[now], place[now])
        place[now] += taken
    results = [None] * len(items)
    for index, item in enumerate(items):
        here, left, whole = slice(index, index + 1), item.count % lanes, int(steps[index])
        if left:
            row = symbols[whole, here, :left]
            state[here, :left], taken = step(state[here, :left], row, log[here], mask[here], base[here], place[here])
            place[here] += taken
        used = int(place[index] - begin[index])
        need(used <= len(item.words), "block ends before its last plane does")
        need((state[index] == 1 << 16).all(), "block has a lane that does not end where it has to")
        found = symbols[:whole + (left > 0), index].reshape(-1)[:item.count]
        results[order[index]] = found, item.words_at + 2 * used
    return results


class Block:
    """A block to decode: `data` are its bytes, `count` its elements of `width` bytes, rotated by `rotation` bits."""

    def __init__(self, data, count, width, rotation):
        self.data, self.count, self.width, self.rotation = data, count, width, rotation

    def byte(self, at):
        need(at < len(self.data), "block ends before its last plane does")
        return self.data[at]

    def number(self, at):
        value = 0
        for shift in (0, 7, 14):
            byte = self.byte(at)
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                need(byte > 0 or shift == 0, "block has a number of more bytes than it takes")
                return value, at
        raise SkiffError("block has a number of more than 21 bits")

    def section(self, mode, at, count):
        """A plane or a part of one: yields Coded, is sent its result, returns the bytes and where they end."""
        if mode == 0:
            return np.full(count, self.byte(at), np.uint8), at + 1
        if mode == 1:
            need(at + count <= len(self.data), "block ends before its last plane does")
            return np.frombuffer(self.data, np.uint8, count, at), at + count
        need(mode == 2, "block has a plane mode that there is not")
        return (yield Coded(self.data, at, count))

    def split(self, top, at, count):
        modes = self.byte(at)
        filled = top != 0
        number = int(np.count_nonzero(filled))
        need(0 < number < count, "block has a split plane with an empty part")
        plane = np.empty(count, np.uint8)
        plane[filled], at = yield from self.section(modes & 15, at + 1, number)
        plane[~filled], at = yield from self.section(modes >> 4, at, count - number)
        return plane, at

    def read_repeats(self, at):
        number, at = self.number(at)
        need(0 < number <= self.count, "block has no repeats, or more than elements")
        repeats, made = [], 0
        for _ in range(number):
            run, at = self.number(at)
            length, at = self.number(at)
            distance, at = self.number(at)
            made += run
            need(distance < made and made + length < self.count, "block repeats what does not stand before")
            made += length + 1
            repeats.append((run, length + 1, distance + 1))
        return repeats, at

    def decode(self):
        """Yields what has to be decoded, is sent the results, and returns the elements' bytes."""
        if len(self.data) == self.count * self.width:
            return np.frombuffer(self.data, np.uint8)
        need(len(self.data) < self.count * self.width, "block is longer than its elements")
        at = self.width // 2 + 1
        nibbles = [nibble for i in range(at) for nibble in (self.byte(i) & 15, self.byte(i) >> 4)]
        need(nibbles[0] <= 1 and not any(nibbles[1 + self.width:]), "block has flags that there are not")
        repeats, left = [], self.count
        if nibbles[0] == 1:
            repeats, at = self.read_repeats(at)
            left -= sum(length for _, length, _ in repeats)
        planes = []
        for index, mode in enumerate(nibbles[1:1 + self.width]):
            if mode == 3 and index > 0:
                plane, at = yield from self.split(planes[0], at, left)
            else:
                plane, at = yield from self.section(mode, at, left)
            planes.append(plane)
        need(at == len(self.data), "block is longer than its planes are")
        return self.repeated(self.joined(planes), repeats)

    def joined(self, planes):
        if self.width == 1:
            return planes[0]
        words = np.empty((len(planes[0]), self.width), np.uint8)
        for index, plane in enumerate(planes):
            words[:, self.width - 1 - index] = plane
        words = words.reshape(-1).view(f"<u{self.width}")
        if self.rotation:
            words = words >> self.rotation | words << (8 * self.width - self.rotation)
        return words.view(np.uint8)

    def repeated(self, literals, repeats):
        if not repeats:
            return literals
        literals = literals.reshape(-1, self.width)
        made, at, taken = np.empty((self.count, self.width), np.uint8), 0, 0
        for run, length, distance in repeats:
            made[at:at + run] = literals[taken:taken + run]
            at, taken = at + run, taken + run
            start, end = at - distance, at + length
            while at < end:
                piece = min(at - start, end - at)
                made[at:at + piece] = made[start:start + piece]
                at += piece
        made[at:] = literals[taken:]
        return made.reshape(-1)


def decode_blocks(blocks):
    """The elements' bytes of each block; what has to be decoded is, all blocks at once."""
    results, waiting = [None] * len(blocks), []

    def advance(index, routine, value):
        try:
            waiting.append((index, routine, routine.send(value)))
        except StopIteration as end:
            results[index] = end.value

    for index, block in enumerate(blocks):
        advance(index, block.decode(), None)
    while waiting:
        # Tails of many lengths waste little where those of one number of lanes go together.
        lanes = waiting[0][2].lanes_log
        chosen = [item for item in waiting if item[2].lanes_log == lanes]
        waiting[:] = [item for item in waiting if item[2].lanes_log != lanes]
        for (index, routine, _), found in zip(chosen, decode_lanes([item[2] for item in chosen])):
            advance(index, routine, found)
    return results


# ---------------------------------------------------------------- tensors

class Tensor:
    """Where a tensor lies and how: name, element_type, shape, encoding, offset, byte_count, origin and digests."""

    def __init__(self, name, record):
        self.name, self.element_type, self.shape = name, record["element_type"], tuple(record["extents"])
        need(self.element_type in TYPES, f"{name}: element type {self.element_type!r} is not known [F12]")
        self.offset, self.byte_count = record["offset"], record["byte_count"]
        self.sha256, self.digest, self.origin = record["sha256"], record["digest"], record["origin"]
        self.canonical_axes = record["canonical_axes"]
        self.count = 1
        for extent in self.shape:
            self.count *= extent
        self.bits = TYPES[self.element_type][0]
        encoding = record["encoding"] or {"name": "raw", "axis": None}
        self.encoding, self.axis = encoding["name"], encoding["axis"]
        is_rounded = self.encoding in ("float16", "bfloat16", "int8")
        need(is_rounded or self.encoding in ("raw", "lossless"),
             f"{name}: encoding {self.encoding!r} is not known [F13]")
        need(not is_rounded or self.element_type == "float32", f"{name}: {self.encoding} holds float32 [F13]")
        need((self.axis is not None) == (self.encoding == "int8") and (self.axis or 0) < max(1, len(self.shape)),
             f"{name}: the channels are on axis {self.axis} [F13]")
        need(len(encoding.get("source_digest") or b"") == (16 if is_rounded else 0),
             f"{name}: {self.encoding} has no fitting source digest [F13]")
        own = list(range(len(self.shape)))
        need(not self.canonical_axes or sorted(self.canonical_axes) == own != self.canonical_axes,
             f"{name}: the canonical axes are no other order of its axes [F22]")
        self.stored_type = self.encoding if is_rounded else self.element_type
        self.scales = self.shape[self.axis] if self.encoding == "int8" else 0
        bits = TYPES[self.stored_type][0]
        # What blocks count: elements, of packed types bytes.
        self.stored_bytes = max(1, bits // 8)
        self.units = self.count if bits >= 8 else (self.count * bits + 7) // 8
        self.block_units = (1 << 18) * (3 if bits == 6 else 4) // 4 // self.stored_bytes
        self.blocks = -(-self.units // self.block_units)
        least = (self.units * self.stored_bytes if self.encoding == "raw"
                 else 4 * self.scales + 4 * max(0, self.blocks - 1) + self.blocks)
        need(self.byte_count == least if self.encoding == "raw" else self.byte_count >= least,
             f"{name}: its payload has {self.byte_count} bytes, expected {least} [F14]")

    def place(self):
        """What tensors that share a payload have in common [F10]."""
        step = 1
        for extent in self.shape[self.axis + 1:] if self.axis is not None else ():
            step *= extent
        return (self.offset, self.byte_count, self.sha256, self.encoding, self.element_type, self.count, self.scales,
                step)

    def block_list(self, payload, first, last):
        """Blocks from `first` to `last`, not decoded yet."""
        end = len(payload) - 4 * (self.blocks - 1)
        lengths = np.frombuffer(payload[end:], "<u4").astype(np.int64)
        bounds = np.append(np.cumsum(np.append(4 * self.scales, lengths)), end)
        need(bounds[-2] < end, f"{self.name}: a block ends outside its payload [F21]")
        width, rotation = ROTATIONS.get(self.stored_type, (min(8, self.stored_bytes), 0))
        made = []
        for index in range(first, last):
            units = min(self.block_units, self.units - index * self.block_units)
            data = payload[bounds[index]:bounds[index + 1]]
            made.append(Block(data, units * self.stored_bytes // width, width, rotation))
        return made

    def restored(self, payload, data, start):
        """Elements as they are used, from the bytes of those stored from position `start` on."""
        if self.encoding in ("raw", "lossless"):
            return data
        stored = np.frombuffer(data, {"float16": "<f2", "bfloat16": "<u2", "int8": "i1"}[self.encoding])
        if self.encoding == "float16":
            return stored.astype("<f4").view(np.uint8)
        if self.encoding == "bfloat16":
            return (stored.astype("<u4") << 16).view(np.uint8)
        scales = np.frombuffer(payload, "<f4", self.scales)
        step = 1
        for extent in self.shape[self.axis + 1:]:
            step *= extent
        channels = np.arange(start, start + len(stored)) // step % self.scales
        return (stored.astype("<f4") * scales[channels]).view(np.uint8)


BITS, INDEX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
MIX, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def hashes(bits, index):
    """Both words of the sum over elements of the hash of each one's bits and canonical index."""
    word = (bits + np.uint64(1)) * BITS ^ index * INDEX
    word ^= word >> np.uint64(32)
    word *= MIX
    word ^= word >> np.uint64(29)
    second = word * SECOND
    second ^= second >> np.uint64(32)
    return np.array([word.sum(dtype=np.uint64), second.sum(dtype=np.uint64)])


def canonical_digest(tensor, data):
    """The 16 bytes that do not hang on the order of the axes in memory, of the elements' bytes `data` [F21]."""
    text = tensor.element_type.encode()
    preamble = [tensor.count] + [int.from_bytes(text[i:i + 8], "little") for i in range(0, len(text), 8)]
    total = hashes(np.array(preamble, np.uint64), np.arange(len(preamble), dtype=np.uint64) + np.uint64(1 << 63))
    width = min(8, max(1, tensor.bits // 8))
    words = np.frombuffer(data, f"<u{width}")
    if tensor.canonical_axes and 8 <= tensor.bits <= 64 and len(words):
        shape = [tensor.shape[axis] for axis in tensor.canonical_axes]
        order = np.argsort(tensor.canonical_axes)
        index = np.arange(len(words), dtype=np.uint64).reshape(shape).transpose(order).reshape(-1)
    else:
        index = np.arange(len(words), dtype=np.uint64)
    for start in range(0, len(words), 1 << 16):
        piece = slice(start, start + (1 << 16))
        total += hashes(words[piece].astype(np.uint64), index[piece])
    return total.astype("<u8").tobytes()


# ---------------------------------------------------------------- files

class SkiffFile:
    """A file, mapped: `header` is all it says, `tensors` its weights by name."""

    BATCH = 64 << 20  # bytes of elements that are decoded together

    def __init__(self, path):
        with open(path, "rb") as file:
            try:
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:
                raise SkiffError("the file is empty [F1]") from None
        data = memoryview(self.map)
        need(data[:8] == b"\x89SKIFF\r\n", "this is no .skiff file [F1]")
        need(len(data) >= 64, "the file is cut off [F4]")
        version, inflated = (int(word) for word in np.frombuffer(data, "<u4", 2, 8))
        length, file_bytes = (int(word) for word in np.frombuffer(data, "<u8", 2, 16))
        need(version == 2, f"the file has version {version}, this reads version 2 [F2]")
        need(file_bytes == len(data), f"the file has {len(data)} bytes, its header says {file_bytes} [F4]")
        need(inflated <= 64 << 20, "the header is to inflate to more than 64 MiB [F3]")
        need(1 <= length <= min(len(data) - 64, 64 << 20), "the header lies outside the file [F5]")
        stored = data[len(data) - length:]
        found = hashlib.sha256(data[:32])
        found.update(stored)
        need(found.digest() == data[32:64], "the header is damaged [F6]")
        if inflated:
            stream = zlib.decompressobj()
            try:
                stored = memoryview(stream.decompress(stored, inflated))
            except zlib.error as error:
                raise SkiffError(f"the header: {error} [F7]") from None
            need(len(stored) == inflated and stream.eof and not stream.unused_data,
                 "the header does not have its length when inflated [F7]")
        self.data, self.end = data, len(data) - length
        self.header = message("Header", stored)
        self.tensors, end, earlier = {}, 64, set()
        for value in self.header["values"]:
            if not value["tensor"]:
                continue
            tensor = Tensor(value["name"], value["tensor"])
            source = (tensor.origin or {}).get("source")
            need(source is None or source < len(self.header["provenance"]["sources"]),
                 f"{tensor.name}: its origin is in source {source}, which is not there [F22]")
            need(tensor.name not in self.tensors, f"{tensor.name}: two tensors have this name [F19]")
            self.tensors[tensor.name] = tensor
            if tensor.place() not in earlier:
                start = -(-end // 64) * 64 if tensor.encoding == "raw" else end
                need(tensor.offset == start,
                     f"{tensor.name}: its payload is at {tensor.offset}, expected {start} [F10]")
                end = start + tensor.byte_count
                earlier.add(tensor.place())
        need(end == self.end, f"the payloads end at {end}, the header begins at {self.end} [F11]")

    def payload(self, tensor):
        return self.data[tensor.offset:tensor.offset + tensor.byte_count]

    def bytes_of(self, tensors):
        """The elements' bytes of several tensors, all blocks decoded together."""
        blocks, counts = [], []
        for tensor in tensors:
            has_blocks = tensor.encoding != "raw" and tensor.count > 0
            made = tensor.block_list(self.payload(tensor), 0, tensor.blocks) if has_blocks else []
            blocks += made
            counts.append(len(made))
        try:
            decoded = decode_blocks(blocks)
        except SkiffError as error:
            if len(tensors) > 1:
                # One of them is damaged: alone it says its name.
                return [self.bytes_of([tensor])[0] for tensor in tensors]
            raise SkiffError(f"{tensors[0].name}: {error} [F21]") from None
        made, at = [], 0
        for tensor, count in zip(tensors, counts):
            payload = self.payload(tensor)
            if tensor.encoding == "raw":
                made.append(np.frombuffer(payload, np.uint8))
            elif count == 0:
                made.append(np.empty(0, np.uint8))
            else:
                made.append(tensor.restored(payload, np.concatenate(decoded[at:at + count]), 0))
            at += count
        return made

    def array(self, tensor, data):
        return unpacked(tensor.element_type, data, tensor.count).reshape(tensor.shape)

    def __getitem__(self, name):
        tensor = self.tensors[name]
        return self.array(tensor, self.bytes_of([tensor])[0])

    def batches(self):
        batch, size = [], 0
        for tensor in self.tensors.values():
            batch.append(tensor)
            size += tensor.count * tensor.bits // 8
            if size >= self.BATCH:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def arrays(self):
        """All tensors: pairs of name and array."""
        for batch in self.batches():
            for tensor, data in zip(batch, self.bytes_of(batch)):
                yield tensor.name, self.array(tensor, data)

    def elements(self, name, start, stop):
        """Elements `start` to `stop` in row-major order; only the blocks that they lie in are decoded."""
        tensor = self.tensors[name]
        need(0 <= start <= stop <= tensor.count, f"{name} has {tensor.count} elements")
        bits = tensor.bits
        need(bits >= 8 or start * bits % 8 == 0, f"{name}: element {start} does not begin with a byte")
        low, high = (start, stop) if bits >= 8 else (start * bits // 8, -(-stop * bits // 8))
        payload = self.payload(tensor)
        if tensor.encoding == "raw":
            part = payload[low * tensor.stored_bytes:high * tensor.stored_bytes]
            return unpacked(tensor.element_type, part, stop - start)
        if low == high:
            return unpacked(tensor.element_type, b"", 0)
        first, last = low // tensor.block_units, -(-high // tensor.block_units)
        decoded = decode_blocks(tensor.block_list(payload, first, last))
        data = tensor.restored(payload, np.concatenate(decoded), first * tensor.block_units)
        width, skipped = max(1, bits // 8), first * tensor.block_units
        return unpacked(tensor.element_type, data[(low - skipped) * width:(high - skipped) * width], stop - start)

    def check(self):
        """Verifies every payload's checksum and its elements' digest, and that the bytes between are zero."""
        end = 64
        for tensor in self.tensors.values():
            need(hashlib.sha256(self.payload(tensor)).digest() == tensor.sha256,
                 f"{tensor.name}: the payload does not have its checksum [F20]")
            if tensor.offset >= end:
                need(not any(self.data[end:tensor.offset]), f"bytes before {tensor.name} are not zero [F9]")
                end = tensor.offset + tensor.byte_count
        for batch in self.batches():
            for tensor, data in zip(batch, self.bytes_of(batch)):
                need(canonical_digest(tensor, data) == tensor.digest,
                     f"{tensor.name}: the elements do not have their digest [F21]")

    def graph(self):
        """Nodes as dictionaries, with the names of the values they read and give; outputs as pairs of names."""
        names, operators = [value["name"] for value in self.header["values"]], self.header["operators"]

        def name(position):
            need(position < len(names), "header: a position of a value that is not there [F16]")
            return names[position]

        nodes = []
        for node in self.header["nodes"]:
            need(node["operator_index"] < len(operators), "header: a position of an operator that is not there [F16]")
            operator = operators[node["operator_index"]]
            need(all(item["kind"] in ATTRIBUTE_FIELDS for item in operator["attributes"]),
                 "header: an attribute of no kind [F18]")
            nodes.append({
                "name": node["name"], "operator": operator["name"], "source": operator["source"],
                "attributes": {item["name"]: item[ATTRIBUTE_FIELDS[item["kind"]]] for item in operator["attributes"]},
                "inputs": [name(i - 1) if i else "" for i in node["inputs"]],
                "outputs": [name(i) for i in node["outputs"]]})
        return {"name": self.header["name"], "nodes": nodes,
                "inputs": [name(i) for i in self.header["inputs"]],
                "outputs": [(output["name"], name(output["value"])) for output in self.header["outputs"]]}


def described(tensor):
    return f"{tensor.name}  {tensor.element_type} {list(tensor.shape)}  {tensor.encoding}, {tensor.byte_count} bytes"


def main(arguments):
    if not 1 <= len(arguments) <= 2:
        sys.exit(__doc__)
    file = SkiffFile(arguments[0])
    if arguments[1:] == ["--check"]:
        file.check()
        print(f"{len(file.tensors)} tensors are intact")
        return
    if arguments[1:]:
        need(arguments[1] in file.tensors, f"there is no tensor {arguments[1]!r}")
        print(described(file.tensors[arguments[1]]))
        print(file[arguments[1]])
        return
    graph, origin = file.graph(), file.header["provenance"]
    print(f"{graph['name']}: {origin['source_format']}, {origin['producer']}, written by {origin['tool']}")
    for tensor in file.tensors.values():
        print(f"  tensor  {described(tensor)}")
    for node in graph["nodes"]:
        reads, gives = ", ".join(node["inputs"]), ", ".join(node["outputs"])
        print(f"  node    {node['name']}  {node['operator']}  {reads} -> {gives}")
    print(f"  inputs  {', '.join(graph['inputs'])}")
    print(f"  outputs {', '.join(f'{name} = {value}' for name, value in graph['outputs'])}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SkiffError as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:
        pass

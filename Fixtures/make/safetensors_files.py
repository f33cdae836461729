"""Writes Fixtures/safetensors with the safetensors package, PyTorch and huggingface_hub (requirements-keras3.txt, and
huggingface_hub for the shards). Deterministic.

types.safetensors  every element type, extents of zero, rank 0, names that have to be escaped, metadata
types.npz          the same values as float64 (complex numbers left out)
block.safetensors  the state dictionary of a small residual block, as torch saves it; block.npz is numpy.savez of it
sharded/           the same in shards, with their index
"""
import json
import shutil
import struct

import numpy as np
import torch
from huggingface_hub import save_torch_state_dict
from safetensors.torch import save_file
from torch import nn

from common import FIXTURES

FOLDER = FIXTURES / "safetensors"
TYPES = ["bool", "uint8", "int8", "float8_e5m2", "float8_e4m3fn", "float8_e8m0fnu", "float8_e4m3fnuz",
         "float8_e5m2fnuz", "int16", "uint16", "float16", "bfloat16", "int32", "uint32", "float32", "complex64",
         "float64", "int64", "uint64"]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.downsample = nn.Sequential(nn.Conv2d(4, 8, 1, 2, bias=False), nn.BatchNorm2d(8))


def packed(path, dtype, shape, data):
    """A file of a type that PyTorch does not write: header and bytes by the format's description."""
    header = json.dumps({"packed": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    values = torch.tensor([[0.0, 1.0, 2.0], [4.0, 0.5, 8.0]])
    tensors = {f"type/{name}": values.to(getattr(torch, name)) for name in TYPES}
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["empty.half"] = torch.zeros(2, 0, dtype=torch.bfloat16)
    tensors["odd \u0001\b\t\n\f\r\"\\/\u007f é \u202e 😀"] = torch.tensor([-1, 7])
    save_file(tensors, FOLDER / "types.safetensors", metadata={"format": "pt"})
    np.savez(FOLDER / "types.npz", **{
        name.replace("/", "."): tensor.to(torch.float64).numpy() for name, tensor in tensors.items()
        if not tensor.is_complex() and not name.startswith("odd")})
    packed(FOLDER / "packed.safetensors", "F4", [3, 2], bytes([0x21, 0x43, 0x65]))

    torch.manual_seed(7)
    block = nn.ModuleDict({"layer1": nn.Sequential(Block())})
    state = {name: tensor.contiguous() for name, tensor in block.state_dict().items()}
    save_file(state, FOLDER / "block.safetensors", metadata={"format": "pt"})
    np.savez(FOLDER / "block.npz", **{name: tensor.numpy() for name, tensor in state.items()})
    (FOLDER / "sharded").mkdir()
    save_torch_state_dict(state, FOLDER / "sharded", max_shard_size=2000)


main()

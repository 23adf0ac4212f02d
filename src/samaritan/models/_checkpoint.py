"""Reading tensors from a file that nobody has to trust."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from samaritan.core import ModelError

#: Under these keys training scripts keep the network beside optimizer and epoch.
_WRAPPERS = ("model", "state_dict", "model_state_dict")

#: Put before every name by data-parallel wrappers, by a parent module or by the compiler.
_PREFIXES = ("module.", "model.", "sam.", "_orig_mod.")

#: Limit of the safetensors format for the header, in bytes.
_HEADER_LIMIT = 100_000_000


def read_checkpoint(path: Path, *, only_look: bool = False) -> dict[str, Tensor]:
    """Tensors by name from a PyTorch checkpoint (zip) or a safetensors file, on the CPU.

    The network is taken out of ``{"model": ...}`` and common prefixes such as ``module.`` are removed.

    Args:
        path: the file.
        only_look: check what kind of file it is and return nothing.

    Raises:
        ModelError: missing, damaged, of another format, running code, holding no tensors, or tensors that cannot be weights.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ModelError(f"{path} {what}; give the weight file itself (.pth or .safetensors).")
    read = _reader(path)
    if read is None:
        raise _unusable(path)
    if only_look:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = read(path)
    except Exception as error:  # the readers raise anything on damaged or hostile files
        raise _unusable(path) from error
    state = _strip_prefixes(_unwrap(content, path))
    _check_values(state, path)
    return state


def _unusable(path: Path) -> ModelError:
    return ModelError(
        f"{path} cannot be used as weights: it is damaged, or something else than plain tensors in a PyTorch checkpoint "
        "(.pth as zip) or a safetensors file; get the file again from where it is published."
    )


def _reader(path: Path) -> Any:
    """How to read the file, judged by its content; None when it is neither format."""
    with path.open("rb") as stream:
        start = stream.read(9)
    if start[:4] == b"PK\x03\x04":
        return _read_zip if zipfile.is_zipfile(path) else None
    if start[8:9] == b"{":
        return _read_safetensors
    return None


def _read_zip(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > 2 * path.stat().st_size:
            raise ValueError("PyTorch stores tensors uncompressed; this archive would unpack to far more than its size")
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_safetensors(path: Path) -> object:
    from safetensors.torch import load_file  # noqa: PLC0415  not every model needs it

    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > _HEADER_LIMIT:
            raise ValueError("the header is too long")
        json.loads(stream.read(length), object_pairs_hook=_without_duplicates)
    return load_file(path, device="cpu")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _unwrap(content: object, path: Path) -> dict[str, Tensor]:
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise _unusable(path)
    if not all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in content.items()):
        raise _unusable(path)
    return dict(content)


def _strip_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Remove prefixes that every name has, one after the other."""
    while prefix := next((p for p in _PREFIXES if all(name.startswith(p) for name in state)), None):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state


def _check_values(state: dict[str, Tensor], path: Path) -> None:
    floating = {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
    broken = next((name for name, tensor in floating.items() if not bool(torch.isfinite(tensor).all())), None)
    if broken is not None:
        raise ModelError(f"{path} has weights that are not finite numbers, first in {broken}; training had diverged.")
    if not any(bool(tensor.any()) for tensor in floating.values()):
        raise ModelError(f"{path} has only zeros for weights; it was saved before they were trained or loaded.")

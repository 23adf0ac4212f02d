"""What travels through the pipe between server and model process: values of known classes and arrays, never code.

A message is a frame: the sizes of its two parts, a JSON tree, and the bytes of the arrays that the tree counts. Masks (bool)
travel as one bit per voxel. Nothing but the classes below can come out of a frame.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import (
    Attention,
    CaseAnswer,
    CaseQuestion,
    ChainEnd,
    ImageRef,
    SliceAnswer,
    SliceQuestion,
    VolumeAnswer,
    VolumeQuestion,
)
from samaritan.annotate.engine.settings import EngineSettings
from samaritan.core import Box, FormatError, MaskHint, Points, PromptSet


@dataclass(frozen=True)
class Use:
    """Load this adapter, or the plain model, and take it if that succeeds."""

    adapter: Path | None


@dataclass(frozen=True, eq=False)
class Request:
    """Something to do; answered by exactly one of Answered, Failed and Stopped."""

    number: int
    body: SliceQuestion | VolumeQuestion | CaseQuestion | Attention | Use


@dataclass(frozen=True)
class Cancel:
    """Nobody waits for a request any more."""

    number: int


@dataclass(frozen=True)
class Ready:
    """A model is loaded: its name, the adapter's name, and the prompts that the weights know."""

    name: str
    adapter: str | None
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Unusable:
    """No model could be loaded; the process ends."""

    error: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Answered:
    """The end of a request that went well."""

    number: int
    body: SliceAnswer | VolumeAnswer | CaseAnswer | Ready | None


@dataclass(frozen=True)
class Progressed:
    """A request is under way: slices done and slices at most."""

    number: int
    done: int
    total: int


@dataclass(frozen=True)
class Failed:
    """The end of a request that was refused or went wrong: name of the error's class, and its sentence."""

    number: int
    error: str
    sentence: str


@dataclass(frozen=True)
class Stopped:
    """The end of a request that was cancelled."""

    number: int


_CLASSES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Answered, Attention, Box, Cancel, CaseAnswer, CaseQuestion, ChainEnd, EngineSettings, Failed, ImageRef, MaskHint,
        Points, Progressed, PromptSet, Ready, Request, SliceAnswer, SliceQuestion, Stopped, Unusable, Use,
        VolumeAnswer, VolumeQuestion,
    )
}  # fmt: skip

#: Sizes of the tree and of the arrays, in bytes.
HEAD = struct.Struct(">QQ")

_KINDS_OF_NUMBERS = "biuf"


def pack(message: object) -> list[bytes]:
    """A message of one of the classes above as chunks of bytes, to be written one after the other."""
    arrays: list[bytes] = []
    tree = json.dumps(_down(message, arrays)).encode()
    return [HEAD.pack(len(tree), sum(map(len, arrays))) + tree, *arrays]


def unpack(tree: bytes, arrays: bytes) -> Any:
    """The message of a frame; its arrays are the caller's to change.

    Raises:
        FormatError: the frame holds something else.
    """
    try:
        rest = memoryview(arrays)
        message, rest = _up(json.loads(tree), rest)
        if len(rest):
            raise ValueError("bytes are left over")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"A message of the model process cannot be read ({type(error).__name__}).") from error
    return message


def _down(value: object, arrays: list[bytes]) -> object:
    if is_dataclass(value) and type(value).__name__ in _CLASSES:
        named = {one.name: _down(getattr(value, one.name), arrays) for one in fields(value)}
        return {"class": type(value).__name__, "fields": named}
    if isinstance(value, np.ndarray):
        return _array_down(value, arrays)
    if isinstance(value, Mapping):
        return {"pairs": [[_down(key, arrays), _down(one, arrays)] for key, one in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_down(one, arrays) for one in value]
    if isinstance(value, Path):
        return {"path": str(value)}
    if value is None or isinstance(value, (str, bool, int, float, np.generic)):
        return value.item() if isinstance(value, np.generic) else value
    raise TypeError(f"{type(value).__name__} does not travel to or from the model process")


def _array_down(array: NDArray[Any], arrays: list[bytes]) -> object:
    if array.dtype.kind not in _KINDS_OF_NUMBERS:
        raise TypeError(f"arrays of {array.dtype} do not travel to or from the model process")
    packed = np.packbits(array) if array.dtype.kind == "b" else np.ascontiguousarray(array)
    arrays.append(packed.tobytes())
    return {"array": array.dtype.str, "shape": list(array.shape)}


def _up(tree: Any, rest: memoryview) -> tuple[Any, memoryview]:
    """The value of a tree, and the bytes that it left over."""
    if isinstance(tree, list):
        values, rest = _all_up(tree, rest)
        return tuple(values), rest
    if not isinstance(tree, dict):
        return tree, rest
    if "class" in tree:
        values, rest = _all_up(list(tree["fields"].values()), rest)
        return _CLASSES[tree["class"]](**dict(zip(tree["fields"], values, strict=True))), rest
    if "pairs" in tree:
        pairs, rest = _all_up(tree["pairs"], rest)
        return dict(pairs), rest
    if "path" in tree:
        return Path(tree["path"]), rest
    return _array_up(np.dtype(tree["array"]), tuple(tree["shape"]), rest)


def _all_up(trees: Sequence[Any], rest: memoryview) -> tuple[list[Any], memoryview]:
    values = []
    for tree in trees:
        value, rest = _up(tree, rest)
        values.append(value)
    return values, rest


def _array_up(dtype: np.dtype[Any], shape: tuple[int, ...], rest: memoryview) -> tuple[NDArray[Any], memoryview]:
    if dtype.kind not in _KINDS_OF_NUMBERS:
        raise ValueError(f"no array of {dtype} travels")
    count = math.prod(shape)
    size = -(-count // 8) if dtype.kind == "b" else count * dtype.itemsize
    if len(rest) < size:
        raise ValueError("the arrays are cut off")
    if dtype.kind == "b":
        array = np.unpackbits(np.frombuffer(rest[:size], np.uint8), count=count).astype(bool)
    else:
        array = np.frombuffer(rest[:size], dtype).copy()
    return array.reshape(shape), rest[size:]

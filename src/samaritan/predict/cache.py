"""Embeddings kept on disk, so that a second question about the same image costs the decoder alone.

The key of an entry is a hash of all that decides what the encoder answers: the prepared pictures, value by value, the weights
and structure of the encoder, the preparation of its input, the runtime, the versions of libraries, and the source of the rooms
of this package that take part. An entry is therefore never out of date; it can only be unused, and then it goes when room is
needed.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from functools import cache as remember
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from samaritan.core import UsageError
from samaritan.core.store import ArrayStore
from samaritan.models._base import Embedding, RepeatableSegmenter, Segmenter
from samaritan.models._source import cache_folder

#: The environment variable that says how many gigabytes embeddings may take; 0 keeps none.
LIMIT, LIMIT_GB = "SAMARITAN_EMBEDDINGS_GB", 2.0

#: Rooms whose source decides what an encoder answers to a picture, and libraries that do.
_ROOMS, _LIBRARIES = ("models", "adapt", "predict"), ("torch", "transformers")

#: Types that a file keeps to the last bit.
_KEPT = (torch.float32, torch.float16, torch.float64)

#: Features are kept in half precision only as long as their values fit.
LARGEST_HALF = float(np.finfo(np.float16).max)

#: The entries, in warnings.
WHAT = "stored embeddings"

Pictures = Sequence[NDArray[np.float32]]


class EmbeddingCache:
    """Embeddings of stacks of pictures (of single ones for most models) in a store that several processes may share.

    Args:
        store: where they are kept.
        half: keep half precision: half the disk, and masks may differ by single pixels. Such entries are apart from the others,
            and also the first answer is rounded, so that it does not depend on what is there already.
    """

    def __init__(self, store: ArrayStore, *, half: bool = False) -> None:
        self.store = store
        self.half = half
        self._fingerprints: dict[int, tuple[Segmenter, object, str | None]] = {}

    def key(self, segmenter: Segmenter, pictures: Pictures) -> str | None:
        """The name of what ``segmenter`` answers to ``pictures``; None where that must not be kept.

        Args:
            segmenter: the model.
            pictures: each (x, y, 3) float32 in 0..255; those of one stack, in order.
        """
        fingerprint = self._fingerprint(segmenter)
        if fingerprint is None:
            return None
        digest = hashlib.sha256(f"{_code()} half={self.half} {fingerprint}\n".encode())
        for picture in pictures:
            digest.update(f"{picture.dtype} {picture.shape}\n".encode())
            digest.update(np.ascontiguousarray(picture).data)
        return digest.hexdigest()

    def read(self, key: str, pictures: Pictures) -> list[Embedding] | None:
        """The embeddings of all ``pictures``, or None; they are the caller's to change."""
        arrays = self.store.read(key)
        if arrays is None:
            return None
        found: list[dict[str, Tensor]] = [{} for _ in pictures]
        for label, array in arrays.items():
            place, _, name = label.partition("/")
            found[int(place)][name] = self._tensor(array)
        return [
            Embedding(features, (picture.shape[0], picture.shape[1]))
            for features, picture in zip(found, pictures, strict=True)
        ]

    def write(self, key: str, embeddings: list[Embedding]) -> list[Embedding]:
        """Keep the embeddings of one stack, and return what :meth:`read` will give."""
        tensors = {f"{place}/{name}": t for place, one in enumerate(embeddings) for name, t in one.features.items()}
        if any(tensor.dtype not in _KEPT for tensor in tensors.values()):
            return embeddings
        arrays = {label: self._array(tensor) for label, tensor in tensors.items()}
        self.store.write(key, arrays)
        if not self.half:
            return embeddings
        rounded = [
            {name: self._tensor(arrays[f"{place}/{name}"]).to(t.device) for name, t in one.features.items()}
            for place, one in enumerate(embeddings)
        ]
        return [Embedding(features, one.shape) for features, one in zip(rounded, embeddings, strict=True)]

    def _array(self, tensor: Tensor) -> NDArray[Any]:
        """What a file holds; values that half precision cannot hold stay as they are."""
        array: NDArray[Any] = tensor.cpu().numpy()
        return array.astype(np.float16) if self.half and np.abs(array).max(initial=0) < LARGEST_HALF else array

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array.astype(np.float32) if self.half else array)

    def _fingerprint(self, segmenter: Segmenter) -> str | None:
        """Computed once, and again when a weight was changed, moved, or put in place of another."""
        if not isinstance(segmenter, RepeatableSegmenter):
            return None
        stamp = _stamp(segmenter.network), str(getattr(segmenter, "runtime", None))
        known = self._fingerprints.get(id(segmenter))
        if known is None or known[1] != stamp:
            # the segmenter is held, so that no other one gets its id
            known = self._fingerprints[id(segmenter)] = (segmenter, stamp, segmenter.encoder_fingerprint())
        return known[2]


def default_folder() -> Path:
    """Where embeddings are kept where nobody says otherwise; it need not exist."""
    return cache_folder() / "embeddings"


def default_cache(*, half: bool = False) -> EmbeddingCache | None:
    """The user's cache; None where its size is set to 0.

    Raises:
        UsageError: the size is no number.
    """
    limit = default_limit()
    return EmbeddingCache(ArrayStore(default_folder(), limit=limit, what=WHAT), half=half) if limit else None


def default_limit() -> int:
    """How many bytes the user's cache may take, :data:`LIMIT_GB` unless the environment says otherwise.

    Raises:
        UsageError: what it says is no number.
    """
    text = os.environ.get(LIMIT) or str(LIMIT_GB)
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not 0 <= limit < math.inf:
        raise UsageError(f"{LIMIT} is a number of gigabytes, 0 to keep no embeddings; received {text!r}.")
    return int(limit * 1e9)


def _stamp(network: torch.nn.Module) -> object:
    """Something that changes when any tensor of the network does."""
    tensors = [*network.parameters(), *network.buffers()]
    versions = [(id(t), t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors]
    return versions, getattr(network, "encoder_recipe", None)


@remember
def _code() -> str:
    """Hash of the rooms' source and the libraries' versions."""
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library} {metadata.version(library)}\n".encode())
    package = Path(str(resources.files("samaritan")))
    for room in _ROOMS:
        for file in sorted((package / room).rglob("*.py")):
            digest.update(f"{file.relative_to(package)}\n".encode() + file.read_bytes())
    return digest.hexdigest()

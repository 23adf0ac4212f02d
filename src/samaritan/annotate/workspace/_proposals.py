"""Masks that an improved model proposed, case by case, until they are taken or dropped. A cache: they can be proposed again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.core.store import ArrayStore

Masks = Mapping[str, NDArray[np.bool_]]


class Proposals:
    """Label -> (i, j, k) bool mask on the native grid, for any number of cases.

    Args:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._store = ArrayStore(folder, what="proposals")

    def __contains__(self, case: str) -> bool:
        return self._store.path(case).is_file()

    def write(self, case: str, masks: Masks) -> None:
        """Keep the masks of a case in place of earlier ones."""
        about = {label: mask.shape for label, mask in masks.items()}
        packed = [zlib.compress(np.packbits(mask).tobytes(), 1) for mask in masks.values()]
        arrays = {f"{number}": np.frombuffer(content, np.uint8) for number, content in enumerate(packed)}
        self._store.write(case, {"about": np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays})

    def read(self, case: str, shape: tuple[int, int, int]) -> dict[str, NDArray[np.bool_]]:
        """The masks of a case that lie on a grid of that shape; nothing where none were proposed."""
        arrays = self._store.read(case) or {}
        if "about" not in arrays:
            return {}
        masks = {}
        for number, (label, size) in enumerate(json.loads(arrays["about"].tobytes()).items()):
            if tuple(size) == shape:
                bits = np.frombuffer(zlib.decompress(arrays[f"{number}"].tobytes()), np.uint8)
                masks[label] = np.unpackbits(bits, count=int(np.prod(shape))).astype(bool).reshape(shape)
        return masks

    def drop(self, case: str) -> None:
        """Forget the masks of a case."""
        self._store.path(case).unlink(missing_ok=True)

    def drop_all(self) -> None:
        """Forget all masks; raises ResourceError where that fails."""
        self._store.clear()

"""How many volumes a file says it holds, from its first bytes: a person should read that in the list, not after a click."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

_ENDINGS = (".nii", ".nii.gz")


def count_of(path: Path) -> int:
    """Of NIfTI files; 1 for all others, and for those that cannot be read, which is said when they are opened."""
    name = path.name.lower()
    if not name.endswith(_ENDINGS):
        return 1
    try:
        with gzip.open(path, "rb") if name.endswith(".gz") else path.open("rb") as file:
            head = file.read(80)
        return _fourth(head)
    except (OSError, EOFError, zlib.error, struct.error):
        return 1


def _fourth(head: bytes) -> int:
    """The size along the fourth axis, of version 1 or 2 of the format in either order of bytes."""
    for order in "<>":
        (size,) = struct.unpack_from(f"{order}i", head)
        if size in (348, 540):
            numbers, place = ("5h", 40) if size == 348 else ("5q", 16)
            axes, _, _, _, fourth = struct.unpack_from(f"{order}{numbers}", head, place)
            return max(int(fourth), 1) if axes >= 4 else 1
    return 1


def sentence(name: str, count: int) -> str:
    """Why a file of several volumes cannot be annotated, and what to do."""
    return (
        f"{name} holds {count} volumes, and a case is one; save those that are wanted as files of their own "
        f"(samaritan.io.read_volume(..., volume=0) to volume={count - 1} reads them)."
    )

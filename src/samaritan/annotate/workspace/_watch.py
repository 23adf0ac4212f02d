"""Whether somebody replaced the file of an image while its case is open."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from samaritan.datasets._case import stamp

#: Seconds between two looks at the disk: a series has hundreds of files, and every request asks.
LOOK_EVERY = 1.0

#: Endings of headers whose voxels lie in a file beside them.
_HEADERS = frozenset({".hdr", ".mhd", ".nhdr"})


class Watch:
    """Sizes and times of an image's files, as they were when it was read.

    Args:
        path: of the file, or of the folder of a series.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked = 0.0
        self._taken: str | None = None

    @property
    def stamp(self) -> str:
        """As it was when the image was read; as it is where it was not read."""
        return self._taken if self._taken is not None else _of(self._path)

    def take(self) -> None:
        """The image is being read now."""
        self._taken, self._looked = _of(self._path), time.monotonic()

    def is_replaced(self) -> bool:
        """Whether the image is another one than was read; one that is gone is not: what was read can be annotated."""
        now = time.monotonic()
        if self._taken is None or now - self._looked < LOOK_EVERY:
            return False
        self._looked = now
        return _of(self._path) not in ("", self._taken)


def _of(path: Path) -> str:
    """Something short that changes when one of the files is rewritten; empty where there is none."""
    beside = sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix.lower() in _HEADERS else []
    stamps = [stamp(one) for one in (path, *beside)]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16] if stamps[0] else ""

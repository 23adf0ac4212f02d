"""What an edit changes in the label array: old XOR new in a box, so that applying it twice changes nothing."""

from __future__ import annotations

import base64
import zlib
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]


class Delta(BaseModel):
    """Attributes: ``low``, first voxel (i, j, k) of the box; ``shape`` of it; ``xor``, base64 of zlib of old XOR new."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: tuple[Count, Count, Count]
    shape: tuple[Count, Count, Count]
    xor: str

    @classmethod
    def between(cls, before: NDArray[np.uint8], after: NDArray[np.uint8], low: tuple[int, ...]) -> Delta | None:
        """What changed in an (i, j, k) box whose first voxel is ``low``; None where nothing did."""
        difference = before ^ after
        box = []
        for axis in range(3):
            hits = np.flatnonzero(difference.any(axis=tuple(other for other in range(3) if other != axis)))
            if not hits.size:
                return None
            box.append(slice(int(hits[0]), int(hits[-1]) + 1))
        first = [start + part.start for start, part in zip(low, box, strict=True)]
        cut = difference[tuple(box)]
        packed = base64.b64encode(zlib.compress(cut.tobytes(order="F"), 1)).decode("ascii")
        return cls(low=(first[0], first[1], first[2]), shape=cut.shape, xor=packed)

    @cached_property
    def values(self) -> NDArray[np.uint8]:
        """(i, j, k) old XOR new.

        Raises:
            ValueError: the text is damaged.
        """
        count = int(np.prod(self.shape, dtype=object))
        inflater = zlib.decompressobj()
        try:
            content = inflater.decompress(base64.b64decode(self.xor, validate=True), count + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        return np.frombuffer(content, np.uint8).reshape(self.shape, order="F")

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Index of the box in the label array."""
        i, j, k = (slice(first, first + size) for first, size in zip(self.low, self.shape, strict=True))
        return i, j, k

    def fits(self, labels: NDArray[Any]) -> bool:
        """Whether the box lies in an array of this shape."""
        return all(part.stop <= size for part, size in zip(self.box, labels.shape, strict=True))

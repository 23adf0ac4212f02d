"""What a person (or a simulation of one) tells the model: points, a box, an earlier mask.

Coordinates are voxel positions (i, j, k) of the image that the prompt belongs to, voxel centres at whole numbers, so a
picture's pixel in column 7, row 3 is (7, 3, 0). The (x, y) pixels of SAM exist in ``models/_frame.py`` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samaritan.core.errors import PromptError

#: Name of a target that nobody named.
UNNAMED = "target"


@dataclass(frozen=True, eq=False)
class Points:
    """Clicks.

    Attributes:
        ijk: (n, 3) float voxel positions.
        labels: (n,) int, 1 = belongs to the target, 0 = does not.
    """

    ijk: NDArray[np.float64]
    labels: NDArray[np.int64]

    def __init__(self, ijk: ArrayLike, labels: ArrayLike) -> None:
        try:
            positions = np.atleast_2d(np.array(ijk, dtype=np.float64))
            signs = np.atleast_1d(np.asarray(labels))
        except (TypeError, ValueError) as error:
            raise PromptError(f"Points must be numbers; received {ijk!r}.") from error
        if (
            positions.ndim != 2
            or signs.ndim != 1
            or positions.shape[1] not in (2, 3)
            or len(positions) != len(signs)
            or not len(positions)
        ):
            raise PromptError(
                f"Points need n >= 1 positions (i, j[, k]) and n labels; received {positions.shape} and {signs.shape}."
            )
        if positions.shape[1] == 2:
            positions = np.column_stack([positions, np.zeros(len(positions))])
        if not np.isfinite(positions).all():
            raise PromptError("A point has a position that is not finite; give numbers inside the image.")
        if not np.isin(signs, (0, 1)).all():
            raise PromptError(f"Point labels are 1 (target) or 0 (background); received {sorted(set(signs.tolist()))}.")
        object.__setattr__(self, "ijk", positions)
        object.__setattr__(self, "labels", signs.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Box:
    """A box from voxel centre ``lo`` to voxel centre ``hi``, both included; a 2D box has lo[2] == hi[2].

    Attributes:
        lo: (3,) float, the smaller corner (i, j, k).
        hi: (3,) float, the larger corner.
    """

    lo: NDArray[np.float64]
    hi: NDArray[np.float64]

    def __init__(self, lo: ArrayLike, hi: ArrayLike) -> None:
        try:
            low, high = (np.array(corner, dtype=np.float64).ravel() for corner in (lo, hi))
        except (TypeError, ValueError) as error:
            raise PromptError(f"A box needs two corners of numbers; received {lo!r} and {hi!r}.") from error
        if low.size not in (2, 3) or low.size != high.size:
            raise PromptError(f"A box needs two corners (i, j[, k]); received {lo!r} and {hi!r}.")
        low, high = (np.append(corner, [0.0] * (3 - corner.size)) for corner in (low, high))
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise PromptError("A box has a corner that is not finite; give numbers inside the image.")
        if (high < low).any():
            raise PromptError(
                f"The box is inverted: from {low.tolist()} to {high.tolist()}; the first corner must be the smaller one."
            )
        object.__setattr__(self, "lo", low)
        object.__setattr__(self, "hi", high)


@dataclass(frozen=True, eq=False)
class MaskHint:
    """An earlier or rough mask of the slice, as logits (> 0 = target).

    Attributes:
        logits: (i, j) float32 on the slice's grid when ``frame`` is "image"; with "model" the ``low_res`` logits
            of an earlier :class:`samaritan.models.Prediction`, fed back as they are.
        frame: which of the two grids.

    Raises:
        PromptError: the logits are not a picture of finite numbers, or ``frame`` is neither.
    """

    logits: NDArray[np.float32]
    frame: Literal["image", "model"] = "image"

    def __post_init__(self) -> None:
        logits = np.asarray(self.logits, dtype=np.float32)
        if logits.ndim != 2 or not np.isfinite(logits).all():
            raise PromptError(f"A mask hint is one slice (i, j) of finite logits; received shape {logits.shape}.")
        if self.frame not in ("image", "model"):
            raise PromptError(f"A mask hint lies on the grid of the image or of the model; received {self.frame!r}.")
        object.__setattr__(self, "logits", logits)

    @classmethod
    def from_mask(cls, mask: NDArray[Any], strength: float = 10.0) -> MaskHint:
        """(i, j) bool mask -> logits of +-``strength`` (SAM was trained on logits of about this size)."""
        return cls(np.where(np.asarray(mask, bool), strength, -strength).astype(np.float32))


@dataclass(frozen=True, eq=False)
class PromptSet:
    """All prompts for one target on one slice (or, before it is split into slices, on a volume). Empty = no prompt.

    Attributes:
        points: clicks.
        box: around the target.
        mask: a rough mask.
        text: name of the target; only models that were taught names look at it. It is no act of a person.
    """

    points: Points | None = None
    box: Box | None = None
    mask: MaskHint | None = None
    text: str | None = None

    @property
    def interactions(self) -> int:
        """How many acts of a person this is: a click, a box and a rough mask count 1 each, the model's own logits nothing."""
        drawn = self.mask is not None and self.mask.frame == "image"
        return (len(self.points) if self.points else 0) + (self.box is not None) + drawn

    def check_inside(self, shape: tuple[int, ...]) -> None:
        """Refuse positions outside an image of ``shape`` (i, j[, k]).

        Voxel centres run from 0 to n - 1; half a voxel around them still belongs to the image.

        Raises:
            PromptError: a point or a corner of the box lies outside.
        """
        full = np.append(np.asarray(shape[:3], float), [1.0] * (3 - len(shape[:3])))
        places = [("point", p) for p in (self.points.ijk if self.points else ())]
        places += [("box corner", c) for c in ((self.box.lo, self.box.hi) if self.box else ())]
        for kind, place in places:
            if (place < -0.5).any() or (place > full - 0.5).any():
                allowed = ", ".join(f"{axis} 0..{int(n) - 1}" for axis, n in zip("ijk", full, strict=True))
                raise PromptError(
                    f"The {kind} {tuple(np.round(place, 2).tolist())} lies outside the image ({allowed})."
                )

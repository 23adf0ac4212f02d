"""Images and label maps: an array with its geometry. A 2D image is one slice thick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core.errors import InputError
from samaritan.core.geometry import Geometry
from samaritan.core.term import Term


@dataclass(frozen=True, eq=False)
class Volume:
    """An image.

    Attributes:
        data: (i, j, k) grey, or (i, j, k, 3) RGB uint8; real numbers, finite, rescale slope applied.
        geometry: the grid of the first three axes.
        modality: a name of :data:`samaritan.core.intensity.MODALITIES`, or None where the file does not say.
        meta: what the reader learned beside voxels and affine (window, header codes, warnings); never patient data.

    Raises:
        InputError: array and geometry differ in shape, or the last axis is not RGB.
    """

    data: NDArray[Any]
    geometry: Geometry
    modality: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.data.shape[:3] != self.geometry.shape:
            raise InputError(f"The voxels have shape {self.data.shape}, the grid {self.geometry.shape}.")
        if (self.data.ndim == 4 and self.data.shape[3] != 3) or self.data.ndim not in (3, 4):
            raise InputError(f"An image has axes (i, j, k) or (i, j, k, 3 colours); received shape {self.data.shape}.")

    @property
    def is_colour(self) -> bool:
        """True for RGB."""
        return self.data.ndim == 4


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A segmentation: one unsigned integer per voxel, 0 = background.

    Attributes:
        data: (i, j, k) unsigned integers.
        geometry: the grid.
        names: label value -> name, for some or all of the values.
        terms: label value -> coded meaning, where somebody gave one.

    Raises:
        InputError: the array is not of unsigned integers, or differs from the geometry in shape.
    """

    data: NDArray[Any]
    geometry: Geometry
    names: Mapping[int, str] = field(default_factory=dict)
    terms: Mapping[int, Term] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.data.dtype.kind != "u":
            raise InputError(f"Labels must be unsigned integers; received {self.data.dtype}.")
        if self.data.shape != self.geometry.shape:
            raise InputError(f"The labels have shape {self.data.shape}, the grid {self.geometry.shape}.")

    def labels(self) -> list[int]:
        """The label values present, ascending, without 0."""
        return [int(v) for v in np.unique(self.data) if v]

    def name(self, label: int) -> str:
        """The label's name; ``label_7`` where none was given."""
        return self.names.get(label, f"label_{label}")

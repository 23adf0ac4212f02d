"""What :func:`samaritan.predict.predict` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samaritan.core import LabelMap, PromptSet, SliceView, UsageError
from samaritan.core.intensity import Scaling
from samaritan.predict.overlap import Overlap

if TYPE_CHECKING:
    from samaritan.predict._course import Course


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Masks on the grid of the source, and how they came about.

    Attributes:
        labelmap: every voxel with the one target that got it, values 1..n in the order of ``targets``.
        targets: their names.
        prompts: slice -> target -> what was asked there, at (x, y, 0) of the slice's picture.
        quality: target -> slice -> the model's own estimate of IoU, mean over the target's prompts on that slice.
        view: the slices that the model saw.
        scaling: grey-value limits that were used.
        overlap: the rule for voxels that several targets claim.
        overlap_voxels: how many there were.
        warnings: sentences that a person should see.
        encode_calls: how often the encoder ran: once for each prompted slice, or part of one, that no cache held.
        encode_seconds: how long it ran.
        seconds: encoding, decoding and the rest.
        claims: only with the rule "separate": target -> slice -> its whole mask, one bit per pixel.
        read_calls: how many slices, or parts, were read from a cache instead of being encoded.
        framing: which parts of a slice the model looked at.
        planes: plane -> its weight where several planes voted; None where one decided.
        mask_warnings: those of ``warnings`` that are about the masks, and no longer true of others.
        course: how the masks of each target got from prompted slices to others; None where they did not.
    """

    labelmap: LabelMap
    targets: tuple[str, ...]
    prompts: Mapping[int, Mapping[str, tuple[PromptSet, ...]]]
    quality: Mapping[str, Mapping[int, float]]
    view: SliceView
    scaling: Scaling
    overlap: Overlap
    overlap_voxels: int
    warnings: tuple[str, ...]
    encode_calls: int
    encode_seconds: float
    seconds: float
    claims: Mapping[str, Mapping[int, NDArray[np.uint8]]]
    read_calls: int = 0
    framing: str = "whole"
    course: Course | None = None
    planes: Mapping[str, float] | None = None
    mask_warnings: tuple[str, ...] = ()

    @property
    def plane(self) -> str:
        """Which slices the model saw."""
        return self.view.plane

    @property
    def intensity(self) -> str:
        """The intensity policy, as text."""
        return self.scaling.policy

    def mask(self, target: str) -> NDArray[np.bool_]:
        """(i, j, k) bool mask of one target, made when asked for; with "separate" it may overlap other targets.

        Raises:
            UsageError: there is no such target.
        """
        label = self._label(target)
        if self.overlap != "separate":
            return np.asarray(self.labelmap.data == label)
        mask = np.zeros(self.view.geometry.shape, bool)
        for index, bits in self.claims.get(target, {}).items():
            self.view.insert(mask, index, unpack(bits, self.view.shape))
        return mask

    def areas(self) -> dict[str, dict[int, int]]:
        """Target -> slice -> pixels of its mask there, where there are any."""
        found: dict[str, dict[int, int]] = {name: {} for name in self.targets}
        for index in sorted({index for slices in self.quality.values() for index in slices}):
            counts = self._counts(index)
            for name, count in zip(self.targets, counts, strict=True):
                if count:
                    found[name][index] = count
        return found

    def picture_mask(self, target: str, index: int) -> NDArray[np.bool_]:
        """(x, y) bool mask of one target on slice ``index`` of :attr:`view`; raises as :meth:`mask`."""
        label = self._label(target)
        if self.overlap != "separate":
            return np.asarray(self.view.slice(self.labelmap.data, index) == label)
        bits = self.claims.get(target, {}).get(index)
        return np.zeros(self.view.shape, bool) if bits is None else unpack(bits, self.view.shape)

    def parts(self) -> Iterator[tuple[str, LabelMap]]:
        """What belongs into files: one label map named "", or with "separate" one for each target, value 1."""
        if self.overlap != "separate":
            yield "", self.labelmap
            return
        for name in self.targets:
            yield name, LabelMap(self.mask(name).astype(np.uint8), self.labelmap.geometry, {1: name})

    def _counts(self, index: int) -> list[int]:
        if self.overlap == "separate":
            return [int(self.picture_mask(name, index).sum()) for name in self.targets]
        labels = self.view.slice(self.labelmap.data, index)
        return [int(n) for n in np.bincount(labels.ravel(), minlength=len(self.targets) + 1)[1:]]

    def _label(self, target: str) -> int:
        if target not in self.targets:
            raise UsageError(
                f"There is no target {target!r} in this segmentation; there are {', '.join(self.targets)}."
            )
        return self.targets.index(target) + 1


def pack(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(x, y) bool -> one bit per pixel."""
    return np.packbits(mask)


def unpack(bits: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The inverse of :func:`pack` for a picture of ``shape`` (x, y)."""
    return np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape).astype(bool)

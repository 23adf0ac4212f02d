"""What the server asks the model process, and what it answers. Plain values and arrays: no torch, no web.

Slices are those of ``SliceView.of(volume.geometry, plane)``, prompts lie at (x, y, 0) of the slice's picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Plane, PromptSet


@dataclass(frozen=True)
class ImageRef:
    """Which image the model process is to look at; it reads the file itself, through :func:`samaritan.io.read_volume`.

    Attributes:
        key: the case's id; one key is one image.
        path: the file, or the folder of a DICOM series.
        series: which DICOM series of a folder.
        volume: which volume of a 4D file.
        modality: what is known about the image; the file's own otherwise.
        intensity: intensity policy, or None where modality and image decide.
        stamp: something that changes when the file is rewritten; with another one the image is read again.
    """

    key: str
    path: Path
    series: str | None = None
    volume: int | None = None
    modality: str | None = None
    intensity: str | None = None
    stamp: str = ""


@dataclass(frozen=True, eq=False)
class SliceQuestion:
    """Masks of one object on one slice.

    Attributes:
        image: of the case.
        plane: of the slice.
        index: of the slice.
        prompts: all of them; a drawn mask is its ``mask`` hint.
        current: (x, y) bool, the object's mask there before this question; None where it has none.
        several: whether candidates are wanted, or the model's single answer.
        lane: requests of one lane ("case/object" for edits, "preview") take each other's place: the last one wins.
    """

    image: ImageRef
    plane: Plane
    index: int
    prompts: PromptSet
    current: NDArray[np.bool_] | None = None
    several: bool = True
    lane: str = ""


@dataclass(frozen=True, eq=False)
class SliceAnswer:
    """Candidates, best first.

    Attributes:
        masks: each (x, y) bool.
        qualities: the model's own estimates of IoU.
        encoded: whether the encoder ran for it.
        seconds: in the model process.
    """

    masks: tuple[NDArray[np.bool_], ...]
    qualities: tuple[float, ...]
    encoded: bool
    seconds: float


@dataclass(frozen=True, eq=False)
class VolumeQuestion:
    """One object in the whole volume, from what was said on some slices.

    Attributes:
        image: of the case.
        plane: of the slices.
        prompts: slice -> its prompts, with a mask hint where the slice was drawn.
        fixed: slice -> (x, y) bool, masks that a person made or accepted: they are answered as they are.
        bounds: first and last slice that the object spans, where a person said so.
        propagation: name of the strategy.
        lane: as in :class:`SliceQuestion`.
    """

    image: ImageRef
    plane: Plane
    prompts: Mapping[int, PromptSet]
    fixed: Mapping[int, NDArray[np.bool_]] = field(default_factory=dict)
    bounds: tuple[int, int] | None = None
    propagation: str = "auto"
    lane: str = ""


@dataclass(frozen=True)
class ChainEnd:
    """Where slices that were found one after the other end.

    Attributes:
        start: the slice that they came from.
        step: +1 or -1.
        last: the last one with a mask; ``start`` where there is none.
        reason: why it went no further.
        expected: it went as far as it could, or was told to.
    """

    start: int
    step: int
    last: int
    reason: str
    expected: bool


@dataclass(frozen=True, eq=False)
class VolumeAnswer:
    """Masks of the slices that show the object.

    Attributes:
        masks: slice -> (x, y) bool.
        qualities: slice -> the model's own estimate of IoU.
        stops: where the chains of slices ended, and why.
        seconds: in the model process.
    """

    masks: Mapping[int, NDArray[np.bool_]]
    qualities: Mapping[int, float]
    stops: tuple[ChainEnd, ...]
    seconds: float


@dataclass(frozen=True)
class Attention:
    """Where a person looks: the slice is encoded first, then its neighbours; what waited for another place is dropped."""

    image: ImageRef
    plane: Plane
    index: int
    ahead: int = 2


@dataclass(frozen=True, eq=False)
class CaseQuestion:
    """A whole image without a person's prompts: which masks would the model propose, and how sure is it?

    Attributes:
        image: of the case.
        names: labels that are wanted.
        repeats: how often each is asked with jittered prompts, or drawn where the adapter draws samples.
        lane: as in :class:`SliceQuestion`.
    """

    image: ImageRef
    names: tuple[str, ...]
    repeats: int = 3
    lane: str = "case"


@dataclass(frozen=True, eq=False)
class CaseAnswer:
    """Proposals, and how uncertain they are.

    Attributes:
        masks: label -> (i, j, k) bool on the image's own grid.
        uncertainty: 0 (all answers agree) to 1; see :mod:`samaritan.annotate.learn`.
        seconds: in the model process.
    """

    masks: Mapping[str, NDArray[np.bool_]]
    uncertainty: float
    seconds: float

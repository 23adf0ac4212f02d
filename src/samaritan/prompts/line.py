"""The line that a radiologist measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from samaritan.core import Box, Points, PromptSet
from samaritan.prompts._base import Mask
from samaritan.prompts._looseness import clip
from samaritan.prompts._options import choice
from samaritan.prompts._region import as_box, components, positives
from samaritan.prompts._solid import Solid
from samaritan.prompts._strategy import Option, VolumeStrategy, strategy

Form = Literal["disc", "points"]

#: Where on the line clicks are put: its middle, and half-way from there to both ends.
PLACES = (0.5, 0.25, 0.75)


@strategy("line")
@dataclass(frozen=True, kw_only=True)
class Line(VolumeStrategy):
    """``line``, ``line:points``: the longest diameter on the slice of largest area (RECIST 1.1, Eisenhauer et al. 2009).

    The line joins the two pixels of the largest component on that slice that lie furthest apart, in millimetres. No model here
    was trained on lines, so it is told as something that models know. One act of a person.

    Attributes:
        form: "disc" is the box around the disc that has the line as its diameter: right for a round lesion, too large across a
            long one. "points" are up to three clicks on the line, where it lies inside.
    """

    form: Annotated[Form, Option(choice(*get_args(Form)), positional=True)] = "disc"

    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:  # noqa: ARG002 - the contract's signature
        """What stands for the line, on its slice."""
        index = ref.largest
        mask, spacing = ref.picture(index), np.array(ref.spacing[:2])
        ends = longest(mask, spacing)
        if self.form == "points":
            return {index: PromptSet(points=_on(ends, mask))}
        return {index: PromptSet(box=_disc(ends, spacing, mask.shape))}

    def interactions(self, prompts: Mapping[int, PromptSet]) -> int:
        """One line."""
        return int(bool(prompts))


def longest(mask: Mask, spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 2) both ends (x, y) of the longest line between two pixels of the largest component; of equals the first.

    Args:
        mask: (x, y) bool, not empty.
        spacing: (2,) of pixel centres along x and y.
    """
    corner, piece = next(components(mask, 1))
    places = _outermost(piece)
    apart = squareform(pdist(places * spacing)) if len(places) > 1 else np.zeros((1, 1))
    return np.asarray(corner + places[list(np.unravel_index(np.argmax(apart), apart.shape))])


def _outermost(piece: Mask) -> NDArray[np.float64]:
    """(n, 2) the first and the last pixel of each column: the ends of any longest line are among them."""
    columns = np.flatnonzero(piece.any(axis=1))
    first, last = piece[columns].argmax(axis=1), piece.shape[1] - 1 - piece[columns, ::-1].argmax(axis=1)
    return np.unique(np.concatenate([np.stack([columns, end], axis=1) for end in (first, last)]), axis=0).astype(float)


def _disc(ends: NDArray[np.float64], spacing: NDArray[np.float64], shape: tuple[int, ...]) -> Box:
    """The box around the disc on the line, clipped to the picture."""
    middle = ends.mean(axis=0)
    reach = np.linalg.norm((ends[1] - ends[0]) * spacing) / 2 / spacing
    return as_box(clip(np.stack([middle - reach, middle + reach]), shape))


def _on(ends: NDArray[np.float64], mask: Mask) -> Points:
    """Clicks on the line, in the middle of pixels of the mask; one of its ends where the line runs outside."""
    places = np.array([ends[0] + share * (ends[1] - ends[0]) for share in PLACES]).round()
    inside = [place for place in dict.fromkeys(map(tuple, places.tolist())) if mask[tuple(map(int, place))]]
    return positives(np.array(inside or [ends[0]]))

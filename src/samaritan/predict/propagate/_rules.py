"""When a chain of slices stops, and how the next slice is asked: numbers with reasons, measured by a script."""

from __future__ import annotations

import math
from dataclasses import dataclass

from samaritan.predict._patch import Patch


@dataclass(frozen=True)
class Rules:
    """Settings of propagation; the values were chosen with ``benchmarks/propagation_rules.py``.

    Attributes:
        margin: room between the last mask and the next box, as a share of the mask's side.
        margin_px: and at least so many pixels.
        part: a connected part of a mask gets a box of its own when it has this share of the largest part's area.
        shrink: a chain stops when the area falls below this share of the last one; less where slices are thick.
        grow: or rises above this multiple of it; more where slices are thick.
        quality: or when the model's own estimate of IoU falls below this share of its estimate on the prompted slice.
        overlap: or when the Dice coefficient with the last mask falls below this.
        patience: so many empty slices in a row a model with a memory may pass over; others have nothing to go on from.
        recent: so many of its last slices a model with a memory is given, beside the prompted ones (SAM 2 looks at 15).
    """

    margin: float = 0.05
    margin_px: float = 1.0
    part: float = 0.2
    shrink: float = 0.5
    grow: float = 2.0
    quality: float = 0.75
    overlap: float = 0.5
    patience: int = 3
    recent: int = 15

    def reason(self, patch: Patch, quality: float, last: Patch, first_quality: float, thickness: float) -> str | None:
        """Why a chain must not take ``patch`` as the target's mask on its next slice; None where it may.

        Thick slices change more from one to the next. The limits of area and overlap are multiplied by what a step may take
        from a ball cut through its middle, 1 - (2 h / d)^2 for slices h apart and a section d across, but not below 0.1.

        Args:
            patch: the answer on the next slice.
            quality: the model's own estimate of its IoU.
            last: the last mask of the chain.
            first_quality: the estimate on the prompted slice.
            thickness: distance between slices, in sides of a pixel.
        """
        if not patch.area:
            return "empty: the model found nothing"
        ratio, allowed = patch.area / last.area, _allowed(last, thickness)
        if ratio < self.shrink * allowed:
            return f"shrinks too fast: {ratio:.2f} of the last area"
        if ratio > self.grow / allowed:
            return f"grows too fast: {ratio:.2f} of the last area"
        if quality < self.quality * first_quality:
            return f"predicted quality {quality:.2f}, on the prompted slice {first_quality:.2f}"
        overlap = patch.overlap(last)
        if overlap < self.overlap * allowed:
            return f"overlap with the last mask {overlap:.2f}"
        return None


def _allowed(last: Patch, thickness: float) -> float:
    """(0, 1]: what is left of the section of a ball as large as ``last`` on the next slice, at the least."""
    across = 2 * math.sqrt(last.area / math.pi)
    return max(1 - (2 * thickness / across) ** 2, 0.1)

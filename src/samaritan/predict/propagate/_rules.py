"""When a chain of slices stops, and how the next slice is asked: numbers with reasons, measured by a script."""

from __future__ import annotations

from dataclasses import dataclass

from samaritan.predict._patch import Patch


@dataclass(frozen=True)
class Rules:
    """Settings of propagation; the values were chosen with ``benchmarks/propagation_rules.py``.

    Attributes:
        margin: room between the last mask and the next box, as a share of the mask's side.
        margin_px: and at least so many pixels.
        part: a connected part of a mask gets a box of its own when it has this share of the largest part's area.
        shrink: a chain stops when the area falls below this share of the last one.
        grow: or rises above this multiple of it.
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
    quality: float = 0.8
    overlap: float = 0.5
    patience: int = 3
    recent: int = 15

    def reason(self, patch: Patch, quality: float, last: Patch, first_quality: float) -> str | None:
        """Why a chain must not take ``patch`` as the target's mask on its next slice; None where it may."""
        if not patch.area:
            return "empty: the model found nothing"
        ratio = patch.area / last.area
        if ratio < self.shrink:
            return f"shrinks too fast: {ratio:.2f} of the last area"
        if ratio > self.grow:
            return f"grows too fast: {ratio:.2f} of the last area"
        if quality < self.quality * first_quality:
            return f"predicted quality {quality:.2f}, on the prompted slice {first_quality:.2f}"
        overlap = patch.overlap(last)
        if overlap < self.overlap:
            return f"overlap with the last mask {overlap:.2f}"
        return None

"""From the mask of a slice to what is asked on the next one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, MaskHint, Points, PromptSet
from samaritan.predict._patch import Mask, Patch
from samaritan.predict.propagate._rules import Rules
from samaritan.prompts._region import centre, components, positives


def questions_after(
    patch: Patch, rules: Rules, trained_for: tuple[str, ...], text: str | None = None
) -> tuple[PromptSet, ...]:
    """One question for each large connected part of a mask, at (x, y, 0).

    The box has a margin, since a structure may be larger on the next slice; weights that know points are given the pixel
    deepest inside too, and weights that know mask hints the part itself. Nothing is asked after an empty mask.

    Args:
        patch: the last mask.
        rules: margins.
        trained_for: kinds of prompt the weights know, as on their card.
        text: name of the target, for models that were taught names.
    """
    if not patch.area:
        return ()
    parts = list(components(patch.cropped()))
    least = rules.part * float(parts[0][1].sum())
    asked = []
    for corner, part in parts:
        if part.sum() < least:
            break  # the largest come first
        low = corner + patch.low
        points, hint = _inside(low, part, trained_for), _hint(low, part, patch.shape, trained_for)
        asked.append(PromptSet(points, around(low, low + np.array(part.shape) - 1, patch.shape, rules), hint, text))
    return tuple(asked)


def around(low: NDArray[np.float64], high: NDArray[np.float64], shape: tuple[int, int], rules: Rules) -> Box:
    """The box from pixel (x, y) ``low`` to ``high`` with a margin, inside the picture."""
    margin = np.maximum(rules.margin_px, rules.margin * (high - low + 1))
    return Box(np.maximum(low - margin, 0), np.minimum(high + margin, np.array(shape) - 1))


def _inside(low: NDArray[np.float64], part: Mask, trained_for: tuple[str, ...]) -> Points | None:
    if "points" not in trained_for:
        return None
    return positives((low + centre(part, np.random.default_rng(0)))[None])


def _hint(
    low: NDArray[np.float64], part: Mask, shape: tuple[int, int], trained_for: tuple[str, ...]
) -> MaskHint | None:
    if "mask" not in trained_for:
        return None
    x, y = low.astype(int)
    whole = np.zeros(shape, bool)
    whole[x : x + part.shape[0], y : y + part.shape[1]] = part
    return MaskHint.from_mask(whole)

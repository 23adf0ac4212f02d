"""Clicks that correct a mask: whatever the model makes of them, the mask obeys.

A model of boxes that is given corrective clicks beside its box gets worse with every click and does not obey them
(``benchmarks/annotate/corrections.py``). So a click that the mask is wrong about changes it by a disc that reaches as far as
the mask's edge. Where the model, asked with box and clicks, obeys all of them and says almost the same, its answer is taken,
since it follows what is in the image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.clicks import box_of
from samaritan.core import Points, PromptSet
from samaritan.predict.volume import VolumePredictor

Mask = NDArray[np.bool_]

#: From this Dice coefficient on, a model that obeys the clicks says the same as the mask that was edited.
SAME = 0.9


def wrong(mask: Mask, points: Points) -> NDArray[np.bool_]:
    """(n,) bool: clicks that an (x, y) mask does not obey."""
    return np.asarray(mask[_pixels(mask, points)] != (points.labels == 1))


def edited(mask: Mask, points: Points) -> Mask:
    """The (x, y) mask with a disc at each click that it is wrong about; the mask given stays as it is.

    A disc reaches as far as the mask's edge, but never over a click of the other kind, so that all are obeyed; of two on one
    pixel the later.
    """
    mask = mask.copy()
    places = np.stack(_pixels(mask, points), axis=1)
    inside = points.labels == 1
    for place, label in zip(places, inside, strict=True):
        if mask[tuple(place)] != label:
            others = ((places[inside != label] - place) ** 2).sum(axis=1)
            mask[_disc(mask, place, int(others.min(initial=mask.size**2)) - 1)] = label
    return mask


def corrected(predictor: VolumePredictor, index: int, mask: Mask, prompt: PromptSet) -> list[tuple[Mask, float]]:
    """Masks that obey all clicks of a prompt, with estimates of their IoU, the likeliest first.

    Args:
        predictor: the model.
        index: of the slice.
        mask: (x, y) bool, what is there.
        prompt: with points at (x, y, 0).
    """
    points = prompt.points
    mask = mask if points is None else edited(mask, points)
    if points is None or not mask.any():
        return [(mask, 0.0)]
    box = PromptSet(None, box_of(mask), None, prompt.text)
    beside = PromptSet(points, prompt.box or box.box, prompt.mask, prompt.text)
    plain, told = ((one.logits[0] > 0, float(one.quality[0])) for one in predictor.decode(index, [box, beside]))
    found = [(mask, plain[1] * _iou(mask, plain[0]))]
    if not wrong(told[0], points).any():
        found.insert(0 if dice(told[0], mask) >= SAME else 1, told)
    return found if wrong(plain[0], points).any() else [*found, plain]


def dice(one: Mask, other: Mask) -> float:
    """Dice coefficient; 1 where both are empty."""
    both = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
    return 2.0 * int(np.count_nonzero(one & other)) / both if both else 1.0


def _iou(one: Mask, other: Mask) -> float:
    return int(np.count_nonzero(one & other)) / max(int(np.count_nonzero(one | other)), 1)


def _pixels(mask: Mask, points: Points) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    places = np.clip(np.rint(points.ijk[:, :2]), 0, np.array(mask.shape) - 1).astype(int)
    return places[:, 0], places[:, 1]


def _disc(mask: Mask, place: NDArray[np.int_], most: int) -> Mask:
    """Pixels no further away than the nearest one of the other kind, or than the square root of ``most``.

    Beyond the picture is of the other kind, too. Where nothing is there that it could reach to, a click is a pixel.
    """
    columns, rows = np.ogrid[: mask.shape[0], : mask.shape[1]]
    squared = (columns - place[0]) ** 2 + (rows - place[1]) ** 2
    other = mask != mask[tuple(place)]
    edge = int(min(*(place + 1), *(np.array(mask.shape) - place)))
    reach = min(int(squared[other].min()), edge**2, most) if other.any() else 0
    return np.asarray(squared <= max(reach, 0))

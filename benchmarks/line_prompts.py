"""What box a RECIST line should become: Dice on the slice with the largest section, by the ratio of its diameters.

Usage: python benchmarks/line_prompts.py FOLDER/CASE [FOLDER/CASE ...] [--model litemedsam]

The line is the largest diameter of the reference. The box is that of an ellipse along the line whose short diameter is RATIO of
the long one; 1 is a square with the line's length as its side, as in MedSAM2. FOLDER and CASE as in propagation_rules.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from samaritan.core import Box, PromptSet
from samaritan.io import read_labels, read_volume
from samaritan.models import load_model
from samaritan.predict import VolumePredictor

RATIOS = (1.0, 0.8, 0.7, 0.6, 0.5)

#: Smaller targets say little.
LEAST_VOXELS = 30


def ellipse_box(ends: NDArray[np.float64], ratio: float, shape: tuple[int, int]) -> Box:
    along = ends[1] - ends[0]
    unit = along / max(float(np.linalg.norm(along)), 1e-9)
    half = np.linalg.norm(along) / 2 * np.sqrt(unit**2 + (ratio * unit[::-1]) ** 2)
    return Box(np.maximum(ends.mean(axis=0) - half, 0), np.minimum(ends.mean(axis=0) + half, np.array(shape) - 1))


def dices(predictor: VolumePredictor, mask: NDArray[np.bool_]) -> list[float]:
    """Of the tight box and of each ratio."""
    view = predictor.view
    index = max(range(view.count), key=lambda k: int(view.slice(mask, k).sum()))
    section = view.slice(mask, index)
    places = np.argwhere(section).astype(float)
    far = np.unravel_index(np.argmax(squareform(pdist(places))), (len(places), len(places)))
    ends = places[list(far)]
    boxes = [Box(places.min(axis=0), places.max(axis=0)), *(ellipse_box(ends, ratio, view.shape) for ratio in RATIOS)]
    answers = [one.masks[0] for one in predictor.decode(index, [PromptSet(box=box) for box in boxes])]
    return [2 * float((found & section).sum()) / float(found.sum() + section.sum()) for found in answers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--model", default="litemedsam")
    args = parser.parse_args()
    segmenter, rows = load_model(args.model), []
    print("case                targets  tight  " + "  ".join(f"{ratio:>5}" for ratio in RATIOS))
    for case in args.cases:
        image, labels = (sorted((case.parent / part).glob(f"{case.name}*"))[0] for part in ("images", "masks"))
        predictor, reference = VolumePredictor(segmenter, read_volume(image)), read_labels(labels)
        masks = [reference.data == value for value in reference.labels()]
        found = [dices(predictor, mask) for mask in masks if mask.sum() >= LEAST_VOXELS]
        rows.append(np.mean(found, axis=0))
        print(f"{case.name:<20}{len(found):>7}  " + "  ".join(f"{dice:.3f}" for dice in rows[-1]), flush=True)
    print(f"{'mean':<27}  " + "  ".join(f"{dice:.3f}" for dice in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()

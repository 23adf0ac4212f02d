"""Where an object is, by its name alone: one linear layer on the image embedding, fitted in closed form.

A person's first accepted cases are few, and a network that is to answer without prompts needs many. Ridge regression from the
embedding of each cell of the network's grid, its surroundings and its place to "inside" or "outside" needs seconds, and finds
from a few cases what is large and has its place. It is coarse: the model answers to the box
around it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save
from torch import Tensor
from torch.nn import functional

from samaritan.core import FormatError, InputError, write_bytes
from samaritan.models._frame import Frame

#: Name of the file beside an adapter.
FILE_NAME = "proposer.safetensors"

#: Sides of the squares of cells over which the embedding is averaged besides, as shares of the grid.
SURROUNDINGS = (1 / 8, 3 / 8)

#: Weights of the penalty that are tried, as multiples of the mean of squares of a feature.
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)

#: Scores from which a cell belongs to the object, tried likewise; the regression's targets are -1 and 1.
THRESHOLDS = tuple(round(-0.8 + 0.1 * n, 1) for n in range(15))

#: Parts into which groups are dealt, each of which is left out once.
FOLDS = 5

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shown:
    """One picture that shows what objects look like.

    Attributes:
        group: pictures of one group (a patient) are left out together where the fit is tried.
        features: (cell, feature) as :func:`features_of` gives them.
        inside: (label, cell) 0..1, the share of each cell that belongs to the object; the labels of the proposer.
        weight: (cell,) 0..1, the share of each cell that belongs to the picture.
    """

    group: str
    features: Floats
    inside: Floats
    weight: Floats


@dataclass(frozen=True, eq=False)
class Proposer:
    """The layer.

    Attributes:
        labels: what it was taught.
        weights: (label, feature).
        thresholds: (label,).
        found: label -> mean Dice, on the network's grid, of pictures that were left out of the fit, by groups. Penalty and
            threshold were chosen by it.
        pictures: how many it was fitted to.
    """

    labels: tuple[str, ...]
    weights: Floats
    thresholds: Floats
    found: Mapping[str, float]
    pictures: int

    @classmethod
    def fit(cls, labels: Sequence[str], pictures: Sequence[Shown]) -> Self:
        """Fit it.

        Raises:
            InputError: there is no picture.
        """
        if not pictures:
            raise InputError("Nothing was accepted that could be learned from.")
        grams = _Grams(pictures)
        tried = grams.tried()
        # of equals the threshold in the middle, so that what lies between cells is cut half-way
        best = [max(values, key=lambda key: (values[key], -abs(key[1])), default=(0.3, 0.0)) for values in tried]
        weights = np.stack([grams.solve(penalty)[number] for number, (penalty, _) in enumerate(best)])
        found = {label: values.get(key, math.nan) for label, values, key in zip(labels, tried, best, strict=True)}
        thresholds = np.array([threshold for _, threshold in best], np.float32)
        return cls(tuple(labels), weights, thresholds, found, len(pictures))

    def masks(self, features: Floats, frame: Frame, shape: tuple[int, int]) -> dict[str, Mask]:
        """Label -> (x, y) bool on a picture of ``shape``, from its (cell, feature)."""
        side = round(len(features) ** 0.5)
        scores = (features @ self.weights.T - self.thresholds).T.reshape(-1, 1, side, side)
        fine = functional.interpolate(torch.from_numpy(scores), (frame.grid, frame.grid), mode="bilinear")
        full = frame.restore(fine, shape)[:, 0].numpy() > 0
        return dict(zip(self.labels, full, strict=True))

    def write(self, path: Path) -> None:
        """Keep it in a file, whole or not at all."""
        about = {
            "labels": self.labels,
            "found": {k: v for k, v in self.found.items() if np.isfinite(v)},
            "pictures": self.pictures,
        }
        tensors = {"weights": self.weights, "thresholds": self.thresholds}
        write_bytes(path, save(tensors, metadata={"samaritan": json.dumps(about)}), overwrite=True)

    @classmethod
    def beside(cls, adapter: Path | None) -> Self | None:
        """The one that lies beside an adapter, in its folder; None where there is none.

        Raises:
            FormatError: it is damaged.
        """
        if adapter is None:
            return None
        path = (adapter if adapter.is_dir() else adapter.parent) / FILE_NAME
        return cls.read(path) if path.is_file() else None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what :meth:`write` wrote.

        Raises:
            FormatError: it is damaged.
        """
        try:
            with safe_open(str(path), framework="numpy") as file:
                about: dict[str, Any] = json.loads(file.metadata()["samaritan"])
            tensors = load_file(path)
            found = {label: float(about["found"].get(label, "nan")) for label in about["labels"]}
            return cls(tuple(about["labels"]), tensors["weights"], tensors["thresholds"], found, int(about["pictures"]))
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{path} is damaged; let Improve train again.") from error


def features_of(embedding: Tensor) -> Floats:
    """(1, channel, y, x) image embedding -> (cell, feature): the cell, its surroundings, its place, and 1."""
    image = embedding[:1].float()
    side = image.shape[-1]
    parts = [image]
    for share in SURROUNDINGS:
        width = 2 * max(round(side * share / 2), 1) + 1
        parts.append(functional.avg_pool2d(image, width, 1, width // 2, count_include_pad=False))
    steps = torch.linspace(-1, 1, side, device=image.device)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    place = torch.stack([x, y, x * x, y * y, x * y, x**3, y**3, torch.ones_like(x)])
    parts.append(place[None])
    return torch.cat(parts, dim=1)[0].flatten(1).T.contiguous().cpu().numpy()


def cells_of(masks: Iterable[Mask], frame: Frame, shape: tuple[int, int], cells: int) -> tuple[Floats, Floats]:
    """(x, y) masks of a picture -> (mask, cell) shares of cells, and (cell,) the share of each that belongs to the picture."""
    several = np.stack([frame.shrink(mask.astype(np.float32)) for mask in masks])
    size = (round(cells**0.5),) * 2
    inside = functional.adaptive_avg_pool2d(frame.reference(several)[None], size)[0].flatten(1).numpy()
    return inside, functional.adaptive_avg_pool2d(frame.inside(shape)[None, None], size).flatten().numpy()


class _Grams:
    """Sums over folds of the pictures, from which a fit to all of them, and one without a fold, is solved."""

    def __init__(self, pictures: Sequence[Shown]) -> None:
        groups = sorted({picture.group for picture in pictures})
        folds = [groups.index(picture.group) % FOLDS for picture in pictures]
        self._folds = [
            [p for p, own in zip(pictures, folds, strict=True) if own == fold] for fold in sorted(set(folds))
        ]
        squares = sum((picture.features**2 * picture.weight[:, None]).sum(axis=0) for picture in pictures)
        self._scale = np.sqrt(squares / sum(picture.weight.sum() for picture in pictures)) + 1e-6
        self._sums = [self._summed(fold) for fold in self._folds]

    def _summed(self, pictures: Sequence[Shown]) -> tuple[Floats, Floats]:
        scaled = np.concatenate([picture.features for picture in pictures]) / self._scale
        weighted = scaled * np.concatenate([picture.weight for picture in pictures])[:, None]
        wanted = np.concatenate([2 * picture.inside - 1 for picture in pictures], axis=1)
        return weighted.T @ scaled, weighted.T @ wanted.T

    def solve(self, penalty: float, without: int | None = None) -> Floats:
        """(label, feature), fitted to all folds but one."""
        used = [sums for number, sums in enumerate(self._sums) if number != without]
        square = np.sum([one for one, _ in used], axis=0)
        wanted = np.sum([other for _, other in used], axis=0)
        ridge = penalty * square.trace() / len(square) * np.eye(len(square), dtype=np.float32)
        return np.asarray(np.linalg.solve(square + ridge, wanted).T / self._scale, np.float32)

    def tried(self) -> list[dict[tuple[float, float], float]]:
        """For each label (penalty, threshold) -> mean Dice of the pictures that show it, each by the fit without its fold."""
        found: list[dict[tuple[float, float], list[float]]] = [{} for _ in self._folds[0][0].inside]
        for penalty in PENALTIES if len(self._folds) > 1 else ():
            for number, fold in enumerate(self._folds):
                weights = self.solve(penalty, without=number)
                for picture in fold:
                    _score(picture, picture.features @ weights.T, penalty, found)
        return [{key: float(np.mean(values)) for key, values in one.items()} for one in found]


def _score(
    picture: Shown, scores: Floats, penalty: float, found: Sequence[dict[tuple[float, float], list[float]]]
) -> None:
    """Enter the Dice of each label and threshold."""
    for label, inside in enumerate(picture.inside):
        if inside.any():
            for threshold in THRESHOLDS:
                value = _soft_dice(scores[:, label] > threshold, inside, picture.weight)
                found[label].setdefault((penalty, threshold), []).append(value)


def _soft_dice(mask: Mask, inside: Floats, weight: Floats) -> float:
    chosen = mask * weight
    return float(2 * (chosen * inside).sum() / max((chosen + inside).sum(), 1e-6))

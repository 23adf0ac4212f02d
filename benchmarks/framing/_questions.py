"""What looks.py stored, question by question, with what a rule may see of each look; the reference is for the score alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, PromptSet, Window
from samaritan.predict.framing import make_framing
from samaritan.predict.framing.auto import agreement, extent_iou

#: The looks that rules choose among; the last one at long and thin boxes only.
LOOKS = ("whole", "zoom:1.3", "zoom:2", "zoom:3", "along:3")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Question:
    """One target on one slice under every framing, on the part of the picture where anything was found.

    Attributes:
        dataset: its set.
        picture: (case, slice).
        framings: names, in the order of the arrays.
        windows: framing -> parts of the picture that were looked at.
        logits: (framing, x, y).
        quality: (framing,) the model's estimates of IoU.
        ref: (x, y) reference.
        corners: smallest and largest pixel of the tight box, on the same part.
        share: longer side of the box, in longer sides of the picture.
        side: longer side of the box in pixels.
    """

    dataset: str
    picture: tuple[str, int]
    framings: Sequence[str]
    windows: dict[str, tuple[Window, ...]]
    logits: NDArray[np.float32]
    quality: NDArray[np.float64]
    ref: Mask
    corners: tuple[NDArray[np.float64], NDArray[np.float64]]
    share: float
    side: float

    @cached_property
    def masks(self) -> NDArray[np.bool_]:
        """(framing, x, y)."""
        return self.logits > 0

    @cached_property
    def dice(self) -> NDArray[np.float64]:
        """(framing,) against the reference."""
        return np.array([dice(mask, self.ref) for mask in self.masks])

    @cached_property
    def fit(self) -> NDArray[np.float64]:
        """(framing,) how well the mask fills the box."""
        return np.array([extent_iou(mask, self.corners) for mask in self.masks])

    @cached_property
    def stability(self) -> NDArray[np.float64]:
        """(framing,) IoU of the mask cut a little higher and a little lower."""
        return np.array([(one > 1).sum() / max((one > -1).sum(), 1) for one in self.logits])

    def agreement(self, looks: Sequence[int]) -> NDArray[np.float64]:
        """(look,) mean Dice with the other looks."""
        return agreement(self.masks[list(looks), None])[:, 0]

    def looks(self, names: Sequence[str] = LOOKS) -> list[int]:
        """Numbers of the framings, each part of the picture once."""
        chosen = {self.windows[name]: self.framings.index(name) for name in reversed(names) if name in self.framings}
        return sorted(chosen.values())


def dice(pred: Mask, ref: Mask) -> float:
    """2 * intersection / sum of areas."""
    return float(2 * (pred & ref).sum() / max(pred.sum() + ref.sum(), 1))


def read(folder: Path) -> Iterator[Question]:
    """All questions of a folder."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            about = json.loads(stored["about"].tobytes())
            for number, said in enumerate(about["questions"]):
                yield _question(about, said, stored[f"{number}/logits"], stored[f"{number}/ref"])


def _question(about: dict, said: dict, logits: NDArray[np.float16], ref: NDArray[np.uint8]) -> Question:
    size, shape = said["size"], (said["shape"][0], said["shape"][1])
    low, high = np.array(said["box"][:2]), np.array(said["box"][2:])
    prompt = PromptSet(box=Box(low, high))
    side = float((high - low + 1).max())
    return Question(
        about["dataset"], (about["case"], said["slice"]), said["framings"],
        {name: tuple(make_framing(name).next(prompt, shape, [])) for name in said["framings"]},
        logits.astype(np.float32), np.array(said["quality"]),
        np.unpackbits(ref, count=size[0] * size[1]).reshape(size).astype(bool),
        (low - said["low"], high - said["low"]), side / max(shape), side,
    )  # fmt: skip


def by_set(questions: Sequence[Question], value: Callable[[Question], float]) -> dict[str, float]:
    """Data set -> mean over its cases of the mean over a case's questions."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        found[question.dataset][question.picture[0]].append(value(question))
    return {name: float(np.mean([np.mean(values) for values in cases.values()])) for name, cases in found.items()}

"""One click and a model of boxes: what the annotator answers, against asking the model with the click itself.

    python -m benchmarks.annotate.clicks DATA... [--cases 10] [--targets 6] [--model litemedsam] [--seed 0] [--write]

DATA are data sets as ``samaritan benchmark`` takes them. Of every case the largest component of each target, on the slice that
shows most of it, is clicked once at a random place well inside (nearer to its middle than to its edge). Prints mean Dice over
targets of: the model asked with the click, the annotator's first answer, the best of its candidates (which a person steps
through), and the model asked with the tight box; and the seconds that an answer took. With ``--write`` the table becomes
docs/annotate-clicks.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.annotate.engine.answers import answer_slice
from samaritan.annotate.engine.clicks import box_of
from samaritan.annotate.engine.requests import ImageRef, SliceQuestion
from samaritan.core import Points, PromptSet
from samaritan.datasets import Case, open_datasets
from samaritan.models import Segmenter, load_model
from samaritan.predict import VolumePredictor
from samaritan.process import bind_threads

Mask = NDArray[np.bool_]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "annotate-clicks.md"

#: Smallest targets, in pixels: a person draws smaller ones.
SMALLEST = 20

COLUMNS = (
    "the model, asked with the click",
    "the annotator, first answer",
    "best of its candidates",
    "the model, tight box",
)

HEAD = """# One click, and a model of boxes

LiteMedSAM was trained with boxes. Asked with a click alone it answers nothing of use, so the annotator finds the box that is
meant by asking ([engine/clicks.py](../src/samaritan/annotate/engine/clicks.py)): squares of eight sizes around the click, then
the boxes of the answers that hold it. Mean Dice over targets, each clicked once at a random place well inside; seconds of an
answer on a slice that was encoded, as the machine was. Sets called `samples/` are built in, and most of them drawn by code.
Printed by

<!-- not run: minutes of a model on a processor -->
```bash
{command}
```

"""


@dataclass
class Score:
    """Dice of every target in each of the columns, and seconds of the annotator's answers on a slice that was encoded."""

    dice: list[list[float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Of the table."""
        means = " | ".join(f"{statistics.mean(column):.2f}" for column in zip(*self.dice, strict=True))
        return f"| {name} | {len(self.dice)} | {means} | {statistics.median(self.seconds):.2f} |"


def measure(segmenter: Segmenter, cases: list[Case], targets: int, chance: np.random.Generator) -> Score:
    """Click on every target of the cases."""
    score = Score()
    for case in cases:
        predictor = VolumePredictor(segmenter, case.read_image())
        for index, target in _targets(case, predictor, targets):
            click = PromptSet(points=Points([_inside(target, chance)], [1]))
            (raw,) = predictor.decode(index, [click])
            (boxed,) = predictor.decode(index, [PromptSet(box=box_of(target))])
            began = time.perf_counter()
            answer = answer_slice(
                predictor, SliceQuestion(ImageRef("case", Path()), predictor.view.plane, index, click)
            )
            score.seconds.append(time.perf_counter() - began)
            found = [_dice(mask, target) for mask in answer.masks]
            score.dice.append(
                [_dice(raw.logits[0] > 0, target), found[0], max(found), _dice(boxed.logits[0] > 0, target)]
            )
    return score


def _targets(case: Case, predictor: VolumePredictor, most: int) -> Iterator[tuple[int, Mask]]:
    """(slice, (x, y) mask) of some targets."""
    labels = next(iter(case.read_references.values()))().data
    for value in [value for value in np.unique(labels) if value][:most]:
        areas = [
            np.count_nonzero(predictor.view.slice(labels, index) == value) for index in range(predictor.view.count)
        ]
        index = int(np.argmax(areas))
        parts, _ = ndimage.label(predictor.view.slice(labels, index) == value)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        if sizes.max() >= SMALLEST:
            yield index, parts == sizes.argmax()


def _inside(target: Mask, chance: np.random.Generator) -> tuple[float, float]:
    depth = ndimage.distance_transform_edt(np.pad(target, 1))[1:-1, 1:-1]
    x, y = chance.choice(np.argwhere(depth > 0.5 * depth.max()))
    return float(x), float(y)


def _dice(one: Mask, other: Mask) -> float:
    return 2 * int(np.count_nonzero(one & other)) / max(int(np.count_nonzero(one)) + int(np.count_nonzero(other)), 1)


def main(asked: argparse.Namespace) -> int:
    data: list[str] = asked.data
    segmenter = load_model(asked.model)
    lines = [f"| data set | targets | {' | '.join(COLUMNS)} | seconds |", f"|---|{'---:|' * (len(COLUMNS) + 2)}"]
    for dataset in open_datasets(data):
        score = measure(segmenter, list(dataset.cases[: asked.cases]), asked.targets, np.random.default_rng(asked.seed))
        lines.append(score.line(dataset.name))
        print(lines[-1], flush=True)
    table = "\n".join([*lines, ""])
    names = " ".join(Path(name).name if Path(name).is_dir() else name for name in data)
    options = f"--cases {asked.cases} --targets {asked.targets} -m {asked.model} --seed {asked.seed} --write"
    command = f"python -m benchmarks.annotate.clicks {names} {options}"
    if asked.write:
        PAGE.write_text(HEAD.format(command=command) + table, encoding="utf-8")
    print(table)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--targets", type=int, default=6)
    parser.add_argument("-m", "--model", default="litemedsam")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    bind_threads(chosen.threads)
    sys.exit(main(chosen))

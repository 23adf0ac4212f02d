"""How far the answers of exported graphs are from those of eager fp32, by runtime and kind of prompt."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from samaritan.core import Box, Points, PromptSet
from samaritan.export._run import Graphs
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes._gate import EXACT, dice
from samaritan.predict.runtimes._questions import Question, questions

#: Pictures that are looked at.
PICTURES = 20

#: The example resizes with numpy and not with torch; its masks may differ so much.
EXAMPLE = 0.99


@dataclass(frozen=True)
class Row:
    """Masks of one kind of prompt on one runtime, against eager fp32.

    Attributes:
        runtime: that ran the graphs; "example.py" is the example on the first of them.
        kind: of prompt.
        masks: how many.
        mean: Dice.
        worst: the smallest Dice.
        at: the picture of the worst mask.
    """

    runtime: str
    kind: str
    masks: int
    mean: float
    worst: float
    at: str

    @property
    def floor(self) -> float:
        """The smallest Dice that is allowed."""
        return EXAMPLE if self.runtime == "example.py" else EXACT


@dataclass(frozen=True)
class Parity:
    """What a comparison found.

    Attributes:
        pictures: their names.
        embedding_error: runtime -> largest absolute difference in the image embedding.
        logits_error: runtime -> largest absolute difference in the mask logits, from picture to logits in the graphs.
        rows: Dice by runtime and kind of prompt.
    """

    pictures: tuple[str, ...]
    embedding_error: dict[str, float]
    logits_error: dict[str, float]
    rows: tuple[Row, ...]

    @property
    def worst(self) -> Row:
        """The row that is farthest below, or nearest above, what is allowed."""
        return min(self.rows, key=lambda row: row.worst - row.floor)

    @property
    def holds(self) -> bool:
        """The graphs give the masks of eager fp32."""
        return bool(self.rows) and all(row.worst >= row.floor for row in self.rows)

    def data(self) -> dict[str, Any]:
        """In plain values."""
        return {"holds": self.holds, "allowed": {"graphs": EXACT, "example.py": EXAMPLE}, **asdict(self)}

    def markdown(self) -> str:
        """For a person."""
        lines = [
            "# Parity with eager fp32 in torch", "",
            f"{len(self.pictures)} pictures of samaritan's built-in samples; no mask of the graphs may be below Dice {EXACT}, "
            f"none of example.py, which resizes with numpy, below {EXAMPLE}.", "",
            "| runtime | prompt | masks | mean Dice | worst Dice | worst at |", "|---|---|---|---|---|---|",
        ]  # fmt: skip
        lines += [
            f"| {row.runtime} | {row.kind} | {row.masks} | {row.mean:.6f} | {row.worst:.6f} | {row.at} |"
            for row in self.rows
        ]
        lines += ["", "| runtime | largest error of the embedding | of the logits |", "|---|---|---|"]
        lines += [
            f"| {name} | {self.embedding_error[name]:.2e} | {self.logits_error[name]:.2e} |"
            for name in self.logits_error
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, eq=False)
class Expected:
    """What eager fp32 answers to one picture's prompts.

    Attributes:
        question: the picture and its prompts.
        pixels: (1, 3, side, side) the encoder's input.
        features: (1, hidden, cells, cells).
        logits: (prompt, grid, grid).
        masks: (prompt, x, y).
    """

    question: Question
    pixels: NDArray[np.float32]
    features: NDArray[np.float32]
    logits: NDArray[np.float32]
    masks: NDArray[np.bool_]

    @classmethod
    def of(cls, segmenter: SamSegmenter, question: Question) -> Expected:
        """Ask the eager model."""
        embedding = segmenter.encode(question.picture)
        answers = segmenter.decode(embedding, [prompt for _, prompt in question.prompts])
        return cls(
            question,
            segmenter.frame.pixels(question.picture).numpy(),
            segmenter.network.join(embedding.features).numpy(),
            np.concatenate([answer.low_res for answer in answers]),
            np.concatenate([answer.masks for answer in answers]),
        )


def asked(count: int) -> list[Question]:
    """The gate's pictures and prompts; of each picture's largest target also several points, and a point beside its box."""
    return [
        Question(question.name, question.picture, (*question.prompts, *_more(question)))
        for question in questions(count)
    ]


def _more(question: Question) -> Iterator[tuple[str, PromptSet]]:
    box = question.prompts[0][1].box
    assert box is not None  # noqa: S101  the first prompt of a picture is one
    middle = (box.lo + box.hi) / 2
    corners = [middle, np.where([True, False, False], box.lo, box.hi), box.lo]
    distinct = len({tuple(corner) for corner in corners}) == len(corners)
    if distinct:
        yield "several points", PromptSet(Points(np.stack(corners), [1, 0, 0]))
    yield "box and point", PromptSet(Points([middle], [1]), Box(box.lo, box.hi))


def compare(segmenter: SamSegmenter, expected: Sequence[Expected], graphs: Graphs) -> Parity:
    """Graphs on one runtime against the eager model."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    embedding_error = logits_error = 0.0
    for one in expected:
        features = graphs.encode(one.pixels)
        logits = _logits(segmenter, one.question, features, graphs)
        embedding_error = max(embedding_error, _distance(features, one.features))
        logits_error = max(logits_error, _distance(logits, one.logits))
        shape = one.question.picture.shape[0], one.question.picture.shape[1]
        masks = segmenter.frame.restore(torch.from_numpy(logits)[:, None], shape)[:, 0].numpy() > 0
        for (kind, _), mask, other in zip(one.question.prompts, masks, one.masks, strict=True):
            found[kind].append((dice(mask, other), one.question.name))
    names = tuple(one.question.name for one in expected)
    return Parity(
        names, {graphs.runtime: embedding_error}, {graphs.runtime: logits_error}, _rows(graphs.runtime, found)
    )


def compare_example(folder: Path, expected: Sequence[Expected]) -> tuple[Row, ...]:
    """The example of a folder, from picture to mask, on every box."""
    example = _import(folder / "example.py")
    encoder, decoder = _remembering(example.load("encoder")), example.load("decoder")
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for one in expected:
        picture = one.question.picture.transpose(1, 0, 2)
        for (kind, prompt), mask in zip(one.question.prompts, one.masks, strict=True):
            if prompt.box is not None and prompt.points is None:
                corners = [*prompt.box.lo[:2], *prompt.box.hi[:2]]
                answer = example.segment(picture, corners, encoder, decoder)
                found[kind].append((dice(answer.T, mask), one.question.name))
    return _rows("example.py", found)


def joined(parts: Sequence[Parity], rows: Sequence[Row]) -> Parity:
    """Several runtimes, and more rows, in one report."""
    return Parity(
        parts[0].pictures,
        {name: error for part in parts for name, error in part.embedding_error.items()},
        {name: error for part in parts for name, error in part.logits_error.items()},
        (*(row for part in parts for row in part.rows), *rows),
    )


def points_of(segmenter: SamSegmenter, prompt: PromptSet, shape: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A prompt without a mask as the decoder graph takes it: (k, 2) positions and (k,) labels."""
    tensors = segmenter.prompt_tensors([prompt], shape)
    placed = segmenter.network.prompt_encoder.places(tensors.points, tensors.labels, tensors.boxes)
    if placed is None:
        return np.zeros((1, 2), np.float32), np.full(1, -1)
    points, labels = (part[0, 0].numpy() for part in placed)
    return points, labels.astype(np.int64)


def _logits(
    segmenter: SamSegmenter, question: Question, features: NDArray[np.float32], graphs: Graphs
) -> NDArray[np.float32]:
    """(prompt, grid, grid); prompts of as many points run together."""
    shape = question.picture.shape[0], question.picture.shape[1]
    prepared = [points_of(segmenter, prompt, shape) for _, prompt in question.prompts]
    sizes = np.array([len(labels) for _, labels in prepared])
    logits = np.empty((len(prepared), segmenter.frame.grid, segmenter.frame.grid), np.float32)
    for size in np.unique(sizes):
        members = np.flatnonzero(sizes == size)
        points, labels = (np.stack([prepared[n][part] for n in members]) for part in (0, 1))
        logits[members] = graphs.decode(features, points, labels)[0][:, 0]
    return logits


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max())


def _rows(runtime: str, found: dict[str, list[tuple[float, str]]]) -> tuple[Row, ...]:
    return tuple(
        Row(runtime, kind, len(scores), float(np.mean([score for score, _ in scores])), *min(scores))
        for kind, scores in found.items()
    )


def _remembering(encoder: Callable[..., Any]) -> Callable[..., Any]:
    """The same answers, without running it again for the same picture."""
    kept: list[Any] = []

    def encode(*, pixels: NDArray[np.float32]) -> Any:
        if not kept or not np.array_equal(kept[0], pixels):
            kept[:] = pixels, encoder(pixels=pixels)
        return kept[1]

    return encode


class _Loader(SourceFileLoader):
    """Leaves no compiled copy beside the file."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Nothing."""


def _import(path: Path) -> ModuleType:
    loader = _Loader("samaritan_exported_example", str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None  # noqa: S101  for mypy: there is a loader
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module

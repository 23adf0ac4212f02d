"""One line of results.jsonl, and which fields identify it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast

from samaritan.core.public_data import Seen
from samaritan.evaluate import METRICS

Level = Literal["target", "instance"]

#: What the field ``adaptation`` says for a model as it is.
UNADAPTED = "none"


class Chain(TypedDict):
    """Where propagation followed a target to, from one prompted slice in one direction."""

    step: int
    """+1 or -1."""
    start: int
    """The prompted slice."""
    last: int
    """The last slice with a mask of this chain."""
    edge: int
    """The last slice of the reference in this direction."""
    reason: str
    """Why it went no further."""


class VolumeScores(TypedDict, total=False):
    """What rows of prompts about volumes hold beside the others; None in other rows, absent in those of older runs."""

    propagation: str | None
    """How the target was found on slices where nobody was asked about it."""
    nsd_by_round: list[float | None] | None
    """Corrective clicks only: NSD after each round, as ``dice_by_round``."""
    interactions_by_round: list[int] | None
    """Acts of a person until each round; one more for a round that was not needed any more."""
    dice_auc: float | None
    """Area under Dice against interactions, divided by their range."""
    nsd_auc: float | None
    dice_by_distance: list[float | None] | None
    """Dice over the slices 0, 1, 2, ... slices from the nearest one where a person said something."""
    chains: list[Chain] | None
    case_calls: int | None
    """Pictures that this prompt needed encoded, for all targets of the case together."""
    case_seconds: float | None
    """By the clock, for all targets of the case together: encoding (at the mean time of a picture in this case, as if nothing
    had been kept from other prompts), decoding and following; not scoring."""


#: Of a row about pictures.
NO_VOLUME = VolumeScores(
    propagation=None, nsd_by_round=None, interactions_by_round=None, dice_auc=None, nsd_auc=None, dice_by_distance=None,
    chains=None, case_calls=None, case_seconds=None,
)  # fmt: skip


class Row(VolumeScores):
    """The score of one target (or of one instance) under one prompt.

    ``level`` is "target" for a label of a case; an instance-labelled case has one "target" row (all objects united)
    and one "instance" row for each object. Metrics of a failed or undefined measurement are None.
    Distances ("_mm" fields) are millimetres where ``unit`` is "mm", else pixels.
    """

    dataset: str
    case_id: str
    patient_id: str
    modality: str | None
    target: str
    label: int
    level: Level
    instance: int | None
    rater: str
    model: str
    adaptation: str
    prompt: str
    repeat: int
    candidates: str
    interactions: int
    """Acts of a person that the prompt stands for, summed over slices."""
    dice: float | None
    iou: float | None
    nsd: float | None
    hd95_mm: float | None
    assd_mm: float | None
    volume_difference: float | None
    dice_by_round: list[float] | None
    """Corrective clicks only: Dice after 1, 2, ... rounds, of which the first may be a box."""
    unit: Literal["mm", "px"]
    spacing: list[float]
    voxels: int
    """Size of the reference in voxels."""
    slices: int
    """Number of slices that were prompted."""
    sampled: bool
    """True when the score is over a declared sample only: of slices (``max_slices``; overlap is then over these slices
    together, and all distances of the run are means of each slice's own) or, in the "target" row of an instance-labelled
    image, of objects (``max_instances``)."""
    quality: float | None
    """The model's own estimate of IoU, mean over the prompted slices."""
    intensity: str
    plane: str
    framing: str
    """Which part of a slice the model looked at; see :mod:`samaritan.predict.framing`."""
    status: Literal["ok", "failed"]
    error: str | None
    seen: NotRequired[Seen]
    """Whether the weights, an adapter's included, were trained on these images; absent in rows of older runs."""
    seconds: float
    """Decoding by the clock, while other cases are read and scored beside, and scoring as processor time; encoding is in
    ``encode_seconds``, by the clock, shared by all rows of the case."""
    encode_seconds: float
    encode_calls: int
    """How often the encoder ran for the case, shared by all its rows; what a cache held is not among them."""


#: Fields that :func:`samaritan.evaluate.evaluate` fills, under its own names; a metric that somebody adds is one more
#: (:func:`metrics_measured`).
SCORES = ("dice", "iou", "nsd", "hd95_mm", "assd_mm", "volume_difference")

#: Fields that together name one measurement: a rerun skips those that are there.
KEY = (
    "dataset", "case_id", "target", "level", "instance", "rater", "model", "adaptation", "prompt", "repeat",
)  # fmt: skip

#: Fields that may differ between two runs of the same work.
VOLATILE = ("seconds", "encode_seconds", "encode_calls", "case_seconds")


def metrics_measured() -> tuple[str, ...]:
    """Every metric that a row holds: the package's own, then those that were added to METRICS."""
    return (*SCORES, *metrics_added())


def metrics_added() -> tuple[str, ...]:
    """Names in METRICS beyond :data:`SCORES`; a row has a field for each, behind the others."""
    return tuple(name for name in METRICS.names() if name not in SCORES)


def with_more(row: Row, volume: VolumeScores, scores: Mapping[str, float | None]) -> Row:
    """The row with what prompts about volumes have beside the others, and the metrics that somebody added.

    Args:
        row: everything else.
        volume: :data:`NO_VOLUME` of a row about pictures.
        scores: by name; a metric that is not among them is None, as in rows of failed cases.
    """
    return cast(Row, {**row, **volume, **{name: scores.get(name) for name in metrics_added()}})


def system(model: str, adaptation: str) -> str:
    """What makes the masks, in words: ``litemedsam``, or ``litemedsam + vessels`` where an adaptation is attached."""
    return model if adaptation in ("", UNADAPTED) else f"{model} + {adaptation}"


def key(row: Row | dict[str, Any]) -> tuple[Any, ...]:
    """The identity of a row."""
    return tuple(row[name] for name in KEY)  # type: ignore[literal-required]

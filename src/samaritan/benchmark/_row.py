"""One line of results.jsonl, and which fields identify it."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from samaritan.core.public_data import Seen

Level = Literal["target", "instance"]

#: What the field ``adaptation`` says for a model as it is.
UNADAPTED = "none"


class Row(TypedDict):
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
    """Corrective clicks only: Dice after 1, 2, ... rounds."""
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


#: Fields that :func:`samaritan.evaluate.evaluate` fills, under its own names.
SCORES = ("dice", "iou", "nsd", "hd95_mm", "assd_mm", "volume_difference")

#: Fields that together name one measurement: a rerun skips those that are there.
KEY = (
    "dataset", "case_id", "target", "level", "instance", "rater", "model", "adaptation", "prompt", "repeat",
)  # fmt: skip

#: Fields that may differ between two runs of the same work.
VOLATILE = ("seconds", "encode_seconds", "encode_calls")


def system(model: str, adaptation: str) -> str:
    """What makes the masks, in words: ``litemedsam``, or ``litemedsam + vessels`` where an adaptation is attached."""
    return model if adaptation in ("", UNADAPTED) else f"{model} + {adaptation}"


def key(row: Row | dict[str, Any]) -> tuple[Any, ...]:
    """The identity of a row."""
    return tuple(row[name] for name in KEY)  # type: ignore[literal-required]

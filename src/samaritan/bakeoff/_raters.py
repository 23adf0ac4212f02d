"""Where several raters drew the test cases: how far a method's answers are from the set of their masks."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from samaritan.benchmark._patients import Bootstrap, Patients, patient_means
from samaritan.benchmark.statistics import Summary
from samaritan.core import read_text, write_text
from samaritan.evaluate._raters import RATER_DEFINITIONS

#: The file in an arm's folder.
FILE = "raters.jsonl"

#: Scores in the order of their columns: title, better, definition.
SCORES = {
    **RATER_DEFINITIONS,
    "ece": (
        "ECE",
        "lower",
        "Expected calibration error of the mean probability over the whole picture, every rater a vote (Naeini et al. 2015).",
    ),
}


@dataclass(frozen=True)
class RaterScore:
    """The scores of one target of one case under one prompt.

    Attributes:
        dataset: of the case.
        patient_id: whose it is.
        case_id: the case.
        target: its name.
        prompt: that asked.
        samples: number of answers.
        raters: number of raters.
        scores: name in :data:`SCORES` -> value.
    """

    dataset: str
    patient_id: str
    case_id: str
    target: str
    prompt: str
    samples: int
    raters: int
    scores: dict[str, float]


def write_scores(folder: Path, scores: Sequence[RaterScore]) -> None:
    """Write an arm's scores, whole or not at all."""
    write_text(folder / FILE, "".join(json.dumps(asdict(score)) + "\n" for score in scores))


def read_scores(folder: Path) -> list[RaterScore]:
    """The scores of an arm; none where its test cases have one rater each."""
    path = folder / FILE
    return [RaterScore(**json.loads(line)) for line in read_text(path).splitlines()] if path.is_file() else []


def summarise_raters(scores: Sequence[RaterScore], metric: str, *, seed: int = 0) -> Summary:
    """Mean over patients of one score with its interval."""
    values = [((s.dataset, s.patient_id, s.case_id, s.target, "", ""), s.scores[metric]) for s in scores]
    patients = Patients.of({(): patient_means(values)})
    low, high = Bootstrap(seed).interval(patients) if values else (math.nan, math.nan)
    return Summary(
        group={}, n_rows=len(scores), n_patients=len(patients.names), n_undefined=0, n_failed=0,
        mean=float(patients.mean()[0]) if values else math.nan, low=low, high=high, median=math.nan,
        best_is_high=SCORES[metric][1] == "higher",
    )  # fmt: skip

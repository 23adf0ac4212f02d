"""Where several raters drew the test cases: how far a method's answers are from the set of their masks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from samaritan.benchmark._patients import Bootstrap, Patients, patient_means
from samaritan.benchmark.compare import holm, signed_rank
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
    patients = Patients.of({(): _patient_means(scores, metric)})
    low, high = Bootstrap(seed).interval(patients) if scores else (math.nan, math.nan)
    return Summary(
        group={}, n_rows=len(scores), n_patients=len(patients.names), n_undefined=0, n_failed=0,
        mean=float(patients.mean()[0]) if scores else math.nan, low=low, high=high, median=math.nan,
        best_is_high=SCORES[metric][1] == "higher",
    )  # fmt: skip


@dataclass(frozen=True)
class RaterPair:
    """A model that draws several answers against one that gives one, on the same patients.

    Attributes:
        a: the first's label.
        b: the second's.
        prompt: that both were asked with.
        difference: mean of a - b over patients.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
        p: two-sided, Wilcoxon signed-rank test over patients.
        p_holm: after Holm's correction over the pairs under that prompt.
        n_patients: with both.
    """

    a: str
    b: str
    prompt: str
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    n_patients: int


def pair_raters(
    arms: Mapping[str, Sequence[RaterScore]], prompt: str, metric: str = "ged", *, seed: int = 0
) -> list[RaterPair]:
    """Every arm that draws against every arm that does not, under one prompt.

    Args:
        arms: label -> scores.
        prompt: that is looked at.
        metric: name in :data:`SCORES`.
        seed: of the bootstrap.
    """
    asked = {label: [s for s in scores if s.prompt == prompt] for label, scores in arms.items()}
    drawing = [label for label, scores in asked.items() if scores and scores[0].samples > 1]
    others = [label for label, scores in asked.items() if scores and scores[0].samples == 1]
    means = {label: _patient_means(scores, metric) for label, scores in asked.items()}
    found = [_pair((a, b, prompt), means[a], means[b], seed) for a in drawing for b in others]
    corrected = holm([one.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def _pair(names: tuple[str, str, str], a: Mapping[Any, float], b: Mapping[Any, float], seed: int) -> RaterPair:
    differences = Patients.of({(): {name: a[name] - b[name] for name in a if name in b}})
    low, high = Bootstrap(seed).interval(differences) if differences.names else (math.nan, math.nan)
    p, _, _ = signed_rank(differences.values.ravel())
    mean = float(differences.mean()[0]) if differences.names else math.nan
    return RaterPair(*names, mean, low, high, p, p, len(differences.names))


def _patient_means(scores: Sequence[RaterScore], metric: str) -> dict[Any, float]:
    return patient_means(((s.dataset, s.patient_id, s.case_id, s.target, "", ""), s.scores[metric]) for s in scores)

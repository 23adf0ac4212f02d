"""What the numbers say, for the first paragraph; the words are in the template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from samaritan.benchmark._case import EVERY_TARGET
from samaritan.benchmark._folder import Unit
from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import REFERENCE_PROMPT, Arm, Arms
from samaritan.benchmark.report._differences import Differences
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._tables import Line, Table
from samaritan.benchmark.statistics import FEW_PATIENTS, Summary, summarise
from samaritan.core import UsageError
from samaritan.prompts import Solid, VolumeStrategy, make_strategy

#: How many data sets or targets are named as the best and the worst ones.
NAMED = 3

#: Prompts of a box that is not where it should be.
LOOSE = ("box:margin=", "box:jitter=", "box:shift=")


@dataclass(frozen=True)
class Extent:
    """How much was run.

    Attributes:
        models: with their adaptations.
        datasets: number of data sets.
        modalities: their names.
        prompts: number of prompts.
        cases: images or volumes.
        patients: over all data sets.
        targets: data set and label.
        slices: pictures and slices that were encoded, once each whatever the number of models; 0 where a cache held all.
        rows: measurements.
        failed: rows that failed.
        undefined: rows that ran and have no Dice.
    """

    models: tuple[str, ...]
    datasets: int
    modalities: tuple[str, ...]
    prompts: int
    cases: int
    patients: int
    targets: int
    slices: int
    rows: int
    failed: int
    undefined: int

    @classmethod
    def of(cls, rows: Sequence[Row], arms: Arms, encode_calls: Mapping[Unit, int]) -> Extent:
        """Count; ``encode_calls`` is (data set, case, model, adaptation) -> number of slices that were encoded."""
        most: dict[tuple[str, str], int] = {}
        for (dataset, case, *_), calls in encode_calls.items():
            most[dataset, case] = max(most.get((dataset, case), 0), calls)
        for row in rows:  # prompts about volumes know what a cache held, too
            key = row["dataset"], row["case_id"]
            most[key] = max(most.get(key, 0), row.get("case_calls") or 0)
        return cls(
            models=tuple(arms.systems),
            datasets=len({row["dataset"] for row in rows}),
            modalities=tuple(dict.fromkeys(row["modality"] or "unknown" for row in rows)),
            prompts=len(arms.prompts),
            cases=len({(row["dataset"], row["case_id"]) for row in rows}),
            patients=len({(row["dataset"], row["patient_id"]) for row in rows}),
            targets=len({(row["dataset"], row["target"]) for row in rows if row["target"] != EVERY_TARGET}),
            slices=sum(most.values()),
            rows=len(rows),
            failed=sum(row["status"] == "failed" for row in rows),
            undefined=sum(row["status"] == "ok" and row["dice"] is None for row in rows),
        )


@dataclass(frozen=True)
class Place:
    """A data set (or a target of the only one) and its score under the best arm."""

    name: str
    summary: Summary


@dataclass(frozen=True)
class Change:
    """Mean paired difference of an arm to another, with its interval and p after Holm's correction."""

    arm: Arm
    mean: float
    low: float
    high: float
    p: float

    @property
    def is_shown(self) -> bool:
        """True where the difference is not likely to be chance."""
        return self.p < 0.05


@dataclass(frozen=True)
class Finding:
    """The numbers of the first paragraph.

    Attributes:
        best: arm with the highest mean Dice; oracles do not compete.
        second: the next one, or None.
        lead: of the best over the second, on what both measured; or None.
        box: the tight box of the best model, where something else is best; or None.
        looser: what each box that is not tight changes, of the same model.
        clicks: the best prompt made of clicks alone, or None.
        kind: "data sets" or "targets", whichever are named below.
        highest: where the best arm scores most.
        lowest: where it scores least, the worst first.
        few: data sets with so few patients that an interval is too narrow.
    """

    best: Line
    second: Line | None
    lead: Change | None
    box: Line | None
    looser: tuple[Change, ...]
    clicks: Line | None
    kind: str
    highest: tuple[Place, ...]
    lowest: tuple[Place, ...]
    few: int


def find(rows: Sequence[Row], table: Table, arms: Arms, differences: Differences | None) -> Finding | None:
    """Look at the table of all rows; None where nothing was scored."""
    ranked = sorted(
        (line for line in table.lines if line.arm.prompt not in arms.oracles and math.isfinite(line.dice.mean)),
        key=lambda line: -line.dice.mean,
    )
    if not ranked:
        return None
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    same = [line for line in ranked if line.arm[:2] == best.arm[:2]]
    box = next((line for line in same if line.arm.prompt == REFERENCE_PROMPT), None)
    clicks = (line for line in same if line.arm.prompt.startswith(("point", "clicks")))
    kind, places = _places(rows, best.arm)
    half = min(NAMED, len(places) // 2)
    return Finding(
        best=best,
        second=second,
        lead=_change(differences, best.arm, second.arm) if differences and second else None,
        box=box,
        looser=_changes(differences, box, table) if box and differences else (),
        clicks=next(clicks, None),
        kind=kind,
        highest=tuple(places[:half]),
        lowest=tuple(reversed(places[len(places) - half :])) if half else (),
        few=_few(rows),
    )


def untrained_prompts(run: Run, arms: Arms) -> dict[str, list[str]]:
    """Model, with its adaptation -> prompts of this run for which it was not trained, as far as the cards say."""
    found: dict[str, list[str]] = {}
    for arm in arms.all:
        kinds = set(_prompts_of(run, "models", arm.model))
        adapted = [kind for prompt in _prompts_of(run, "adaptations", arm.adaptation) for kind in _uses(prompt)]
        if kinds and not _uses(arm.prompt) <= kinds.union(adapted):
            found.setdefault(arm.system, []).append(arm.prompt)
    return found


def _prompts_of(run: Run, kind: str, name: str) -> list[str]:
    """What the card of a model or an adapter in provenance.json says under ``prompts``."""
    cards = run.provenance.get(kind)
    card = cards.get(name) if isinstance(cards, dict) else None
    return list(card.get("prompts") or ()) if isinstance(card, dict) else []


def _uses(prompt: str) -> set[str]:
    """The kinds of prompt that a strategy asks with; none where this version does not know it."""
    try:
        strategy, mask, rng = make_strategy(prompt), np.pad(np.ones((4, 4), bool), 4), np.random.default_rng(0)
    except UsageError:
        return set()
    if isinstance(strategy, VolumeStrategy):
        solid = Solid.of(mask[..., None])
        first = strategy.first(solid, rng)
        # what corrects is a kind of its own
        asked = [*first.values(), *strategy.correct(solid, Solid.of(np.zeros_like(mask)[..., None]), rng).values()]
    else:
        asked = strategy.first(mask, rng)
    return {kind for one in asked for kind in ("points", "box", "mask") if getattr(one, kind) is not None}


def _places(rows: Sequence[Row], arm: Arm) -> tuple[str, list[Place]]:
    several = len({row["dataset"] for row in rows}) > 1
    by = "dataset" if several else "target"
    summaries = summarise([row for row in rows if Arm.of(row) == arm], (by,), "dice")
    places = [Place(str(s.group[by]), s) for s in summaries if math.isfinite(s.mean)]
    return ("data sets" if several else "targets"), sorted(places, key=lambda place: -place.summary.mean)


def _changes(differences: Differences, box: Line, table: Table) -> tuple[Change, ...]:
    loose = [line.arm for line in table.lines if line.arm[:2] == box.arm[:2] and line.arm.prompt.startswith(LOOSE)]
    return tuple(change for arm in loose if (change := _change(differences, arm, box.arm)))


def _change(differences: Differences, a: Arm, b: Arm) -> Change | None:
    found = differences.between(a, b)
    return Change(a, found.difference, found.low, found.high, found.p_holm) if found else None


def _few(rows: Sequence[Row]) -> int:
    patients: dict[str, set[str]] = {}
    for row in rows:
        patients.setdefault(row["dataset"], set()).add(row["patient_id"])
    return sum(len(of_dataset) < FEW_PATIENTS for of_dataset in patients.values())

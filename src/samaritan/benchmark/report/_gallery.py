"""Which pictures to show: the best, the median and the worst of each target, and one case under every prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arm, Arms
from samaritan.benchmark.report._numbers import plural
from samaritan.benchmark.report._plates import Hanging, Plate, draw_plates
from samaritan.benchmark.report._run import Run

#: At most this many targets of a data set are shown, an atlas has a hundred; more where each is one picture.
MAX_TARGETS = 4
MAX_SINGLES = 6

#: Pictures (in bytes, encoded) that one report may hold; more of them are made smaller to fit.
BUDGET = 6_000_000

#: Longest sides to try, in pixels, and the bytes that a pixel takes (measured on noisy ultrasound; most take less).
SIDES = (480, 400, 320, 240, 180)
BYTES_PER_PIXEL = 0.18

#: How wide a picture of one case under every prompt is, compared with the others.
SMALLER = 0.75


@dataclass(frozen=True)
class Strip:
    """Plates side by side.

    Attributes:
        title: the target, or what the strip is about.
        note: beside the title.
        plates: the pictures.
    """

    title: str
    note: str
    plates: tuple[Plate, ...]


@dataclass(frozen=True)
class Hall:
    """The pictures of one data set.

    Attributes:
        dataset: its name.
        targets: best, median and worst of each target; of targets with one picture each, all in one strip.
        prompts: the median case of the first target under every prompt; None where there is one prompt.
        left_out: number of targets that are not shown.
    """

    dataset: str
    targets: tuple[Strip, ...]
    prompts: Strip | None
    left_out: int


@dataclass(frozen=True)
class _StripPlan:
    """A strip before it is drawn; ``same_case`` where one case is shown several times."""

    title: str
    note: str
    hung: list[Hanging]
    same_case: bool = False

    def draw(self, run: Run, side: int) -> Strip:
        return Strip(self.title, self.note, draw_plates(run, self.hung, side, same_window=self.same_case))


@dataclass(frozen=True)
class _Plan:
    """A hall before it is drawn."""

    dataset: str
    targets: list[_StripPlan]
    prompts: _StripPlan | None
    left_out: int

    @property
    def area(self) -> float:
        """Of all pictures, in units of a large one."""
        return sum(len(strip.hung) for strip in self.targets) + SMALLER**2 * len(
            self.prompts.hung if self.prompts else ()
        )


def make_gallery(run: Run, rows: Sequence[Row], arms: Arms) -> list[Hall]:
    """Choose and draw.

    Cases are ranked by Dice under the reference prompt and the first model. Where a data set has more than
    :data:`MAX_TARGETS` targets, those are taken that are evenly spread from the best to the worst mean Dice.
    """
    shown = [
        Hanging(arms.label(Arm.of(row)), row, preview)
        for row in rows
        if row["dice"] is not None and row["repeat"] == 0 and (preview := run.preview(row))
    ]
    ranked = [one for one in shown if one.row["prompt"] == arms.reference and Arm.of(one.row).system == arms.systems[0]]
    plans = [_plan(name, members, shown, arms) for name, members in _by(ranked, "dataset").items()]
    area = sum(plan.area for plan in plans)
    side = next((side for side in SIDES if area * side * side * BYTES_PER_PIXEL <= BUDGET), SIDES[-1])
    return [
        Hall(
            plan.dataset,
            tuple(strip.draw(run, side) for strip in plan.targets),
            plan.prompts.draw(run, round(SMALLER * side)) if plan.prompts else None,
            plan.left_out,
        )
        for plan in plans
    ]


def _plan(dataset: str, members: list[Hanging], shown: Sequence[Hanging], arms: Arms) -> _Plan:
    targets = _by(members, "target")
    singles = len(targets) > 1 and all(len(of_target) == 1 for of_target in targets.values())
    names = _spread(targets, MAX_SINGLES if singles else MAX_TARGETS)
    if singles:
        hung = [replace(targets[name][0], title=name) for name in names]
        strips = [_StripPlan("One picture of each target", "", hung)]
    else:
        strips = [_StripPlan(name, plural(len(targets[name]), "picture"), _extremes(targets[name])) for name in names]
    prompts = _every_prompt(_median(targets[names[0]]), shown, arms)
    return _Plan(dataset, strips, prompts if len(prompts.hung) > 1 else None, len(targets) - len(names))


def _every_prompt(chosen: Hanging, shown: Sequence[Hanging], arms: Arms) -> _StripPlan:
    same = ("dataset", "case_id", "target", "rater")
    found = [one for one in shown if all(one.row[name] == chosen.row[name] for name in same)]  # type: ignore[literal-required]
    place = {arm: n for n, arm in enumerate(arms.all)}
    found.sort(key=lambda one: place[Arm.of(one.row)])
    return _StripPlan(
        "One case, every prompt", f"{chosen.row['target']}, {chosen.row['case_id']}", found, same_case=True
    )


def _extremes(hung: Sequence[Hanging]) -> list[Hanging]:
    """Best, median and worst, as far as there are so many."""
    ordered = sorted(hung, key=lambda one: -one.dice)
    if len(ordered) < 3:
        titles = ("the only one",) if len(ordered) == 1 else ("better of two", "worse of two")
        return [replace(one, title=title) for one, title in zip(ordered, titles, strict=True)]
    chosen = (("best", ordered[0]), ("median", _median(hung)), ("worst", ordered[-1]))
    return [replace(one, title=title) for title, one in chosen]


def _median(hung: Sequence[Hanging]) -> Hanging:
    return sorted(hung, key=lambda one: -one.dice)[len(hung) // 2]


def _spread(targets: dict[str, list[Hanging]], most: int) -> list[str]:
    """All targets in their order; of more than ``most`` those evenly spread from the best to the worst."""
    names = list(targets)
    if len(names) <= most:
        return names
    ranked = sorted(names, key=lambda name: -float(np.mean([one.dice for one in targets[name]])))
    return [ranked[n] for n in np.linspace(0, len(ranked) - 1, most).round().astype(int)]


def _by(hung: Sequence[Hanging], field: str) -> dict[str, list[Hanging]]:
    found: dict[str, list[Hanging]] = {}
    for one in hung:
        found.setdefault(one.row[field], []).append(one)  # type: ignore[literal-required]
    return found

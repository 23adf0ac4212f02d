"""The numbers of the report, arranged: one line per arm, and matrices of one score over groups and prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samaritan.benchmark._patients import patient_means, unit
from samaritan.benchmark._row import Level, Row
from samaritan.benchmark._seen import mark
from samaritan.benchmark.report._arms import ARM_FIELDS, Arm, Arms
from samaritan.benchmark.statistics import Summary, number, summarise

#: Scores in the order of the columns; the first is the one that is drawn.
COLUMNS = ("dice", "nsd", "iou", "hd95_mm", "assd_mm")
DISTANCES = ("hd95_mm", "assd_mm")

#: At most this many patients are drawn as single marks; more would be a smear.
MAX_MARKS = 150


@dataclass(frozen=True)
class Line:
    """One arm in a table.

    Attributes:
        arm: what was run.
        scores: metric -> its mean over patients with interval and counts.
        patients: mean Dice of each patient, ascending.
        seen: mark of data that the weights may have been trained on, or "".
    """

    arm: Arm
    scores: dict[str, Summary]
    patients: tuple[float, ...]
    seen: str = ""

    @property
    def dice(self) -> Summary:
        """The score that is drawn."""
        return self.scores["dice"]


@dataclass(frozen=True)
class Table:
    """Lines about the same rows.

    Attributes:
        lines: one per arm, in the order of the arms.
        metrics: columns; distances are absent where millimetres and pixels would be averaged.
        unit: "mm", "px", or "" where rows differ.
    """

    lines: tuple[Line, ...]
    metrics: tuple[str, ...]
    unit: str


@dataclass(frozen=True)
class MatrixRow:
    """A group of rows under every prompt.

    Attributes:
        label: name of the group.
        anchor: where in the page it is told in detail, or "".
        patients: in the group.
        cells: one per column; None where the prompt was not run.
        note: behind the label.
        seen: mark of data that the model may have been trained on, or "".
        is_mean: True for the line that averages the others.
    """

    label: str
    anchor: str
    patients: int
    cells: tuple[Summary | None, ...]
    note: str = ""
    seen: str = ""
    is_mean: bool = False


@dataclass(frozen=True)
class Matrix:
    """Dice of one model over groups (data sets, modalities, targets) and prompts."""

    system: str
    prompts: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def make_table(rows: Sequence[Row], arms: Arms, *, level: Level = "target") -> Table:
    """Summarise ``rows``, all of one level, arm by arm."""
    units = {row["unit"] for row in rows if row["status"] == "ok"}
    metrics = tuple(name for name in COLUMNS if len(units) == 1 or name not in DISTANCES)
    scores: dict[Arm, dict[str, Summary]] = defaultdict(dict)
    for name in metrics:
        for summary in summarise(rows, ARM_FIELDS, name, level=level):
            scores[Arm.of(summary.group)][name] = summary
    of_arm = group(rows, Arm.of)
    lines = tuple(Line(arm, scores[arm], marks(of_arm[arm]), mark(of_arm[arm])) for arm in arms.all if arm in scores)
    return Table(lines, metrics, units.pop() if len(units) == 1 else "")


def make_matrices(rows: Sequence[Row], arms: Arms, by: str) -> list[Matrix]:
    """Dice by the row field ``by`` ("dataset", "modality", "target") and prompt, one matrix per model.

    The best group under the reference prompt comes first.
    """
    cells = {(Arm.of(s.group), s.group[by]): s for s in summarise(rows, (*ARM_FIELDS, by), "dice")}
    members = group(rows, by)
    matrices = []
    for system in arms.systems:
        columns = [arm for arm in arms.all if arm.system == system]
        lines = [
            MatrixRow(
                str(name or "unknown"),
                "",
                len(group(of_group, patient)),
                tuple(cells.get((c, name)) for c in columns),
                seen=mark([row for row in of_group if Arm.of(row).system == system]),
            )
            for name, of_group in members.items()
        ]
        prompts = tuple(arm.prompt for arm in columns)
        if arms.reference in prompts:
            lines.sort(key=_by_column(prompts.index(arms.reference)))
        matrices.append(Matrix(system, prompts, tuple(lines)))
    return matrices


def make_overview(rows: Sequence[Row], arms: Arms, anchors: Mapping[str, str]) -> list[Matrix]:
    """Dice by data set, data sets of a modality together; the last line is the mean of the data sets.

    Args:
        rows: of several data sets.
        arms: gives models and prompts, in order.
        anchors: data set -> its place in the page.
    """
    modality = {row["dataset"]: row["modality"] or "" for row in rows}
    order = list(dict.fromkeys(modality.values()))
    patients = len(group(rows, patient))
    means = {Arm.of(s.group): s for s in summarise(rows, ARM_FIELDS, "dice", macro=("dataset",))}
    matrices = []
    for matrix in make_matrices(rows, arms, "dataset"):
        lines = [replace(row, anchor=anchors[row.label], note=modality[row.label]) for row in matrix.rows]
        lines.sort(key=lambda row: order.index(row.note))
        columns = [arm for arm in arms.all if arm.system == matrix.system]
        mean = MatrixRow("Mean of the data sets", "", patients, tuple(means.get(c) for c in columns), is_mean=True)
        matrices.append(replace(matrix, rows=(*lines, mean)))
    return matrices


def marks(rows: Sequence[Row]) -> tuple[float, ...]:
    """Mean Dice of each patient that has one, ascending; at most :data:`MAX_MARKS` of them, evenly chosen."""
    scored = ((unit(row), value) for row in rows if (value := number(row, "dice")) is not None)
    means = sorted(patient_means(scored).values())
    if len(means) > MAX_MARKS:
        means = [means[n] for n in np.linspace(0, len(means) - 1, MAX_MARKS).round().astype(int)]
    return tuple(means)


def patient(row: Row) -> tuple[str, str]:
    """Who was examined; the same id in two data sets is two people."""
    return row["dataset"], row["patient_id"]


def group(rows: Sequence[Row], by: str | Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Rows by a field or a function, in the order in which groups first occur."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(by(row) if callable(by) else row[by], []).append(row)  # type: ignore[literal-required]
    return found


def _by_column(column: int) -> Callable[[MatrixRow], float]:
    def rank(row: MatrixRow) -> float:
        cell = row.cells[column]
        return -cell.mean if cell and np.isfinite(cell.mean) else 1.0

    return rank

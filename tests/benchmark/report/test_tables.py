from __future__ import annotations

import numpy as np
import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arms
from samaritan.benchmark.report._tables import make_matrices, make_overview, make_table
from samaritan.benchmark.statistics import summarise


def test_distances_are_averaged_only_within_a_unit(fake_rows: list[Row]) -> None:
    arms = Arms.of(fake_rows)

    assert "hd95_mm" not in make_table(fake_rows, arms).metrics
    table = make_table([row for row in fake_rows if row["dataset"] == "hippocampus"], arms)
    assert table.unit == "mm"
    assert table.lines[0].scores["hd95_mm"].mean > 0


def test_every_patient_is_a_mark(fake_rows: list[Row]) -> None:
    rows = [row for row in fake_rows if row["dataset"] == "polyps" and row["prompt"] == "box"]
    line = make_table(rows, Arms.of(rows)).lines[0]
    of_first = [row["dice"] for row in rows if row["patient_id"] == "patient_000"]

    assert len(line.patients) == 4
    assert np.mean([dice for dice in of_first if dice is not None]) in [pytest.approx(mark) for mark in line.patients]
    assert line.dice.n_failed == 1


def test_objects_are_their_own_table(fake_rows: list[Row]) -> None:
    objects = [row for row in fake_rows if row["level"] == "instance"]
    table = make_table(objects, Arms.of(fake_rows), level="instance")

    assert table.lines[0].dice.n_rows == 5 * 3


def test_matrix_holds_the_statistics_best_group_first(fake_rows: list[Row]) -> None:
    (matrix,) = make_matrices(fake_rows, Arms.of(fake_rows), "modality")
    means = {
        s.group["modality"]: s.mean
        for s in summarise([r for r in fake_rows if r["prompt"] == "box"], ("modality",), "dice")
    }
    column = matrix.prompts.index("box")

    found = [cell.mean for row in matrix.rows if (cell := row.cells[column])]
    assert found == sorted(means.values(), reverse=True)


def test_overview_ends_with_the_mean_of_data_sets(fake_rows: list[Row]) -> None:
    names = {row["dataset"] for row in fake_rows}
    (matrix,) = make_overview(fake_rows, Arms.of(fake_rows), {name: f"to-{name}" for name in names})
    *lines, mean = matrix.rows

    assert {line.label: line.anchor for line in lines} == {name: f"to-{name}" for name in names}
    assert mean.is_mean
    cell = mean.cells[0]
    assert cell
    assert cell.mean == pytest.approx(np.mean([line.cells[0].mean for line in lines if line.cells[0]]))


def test_prompt_that_was_not_run_somewhere_is_an_empty_cell(fake_rows: list[Row]) -> None:
    rows = [
        row for row in fake_rows if row["prompt"] == "box" or (row["prompt"], row["dataset"]) == ("point", "organs")
    ]
    (matrix,) = make_matrices(rows, Arms.of(rows), "dataset")
    cells = {row.label: row.cells for row in matrix.rows}

    assert cells["polyps"][1] is None
    assert cells["organs"][1] is not None

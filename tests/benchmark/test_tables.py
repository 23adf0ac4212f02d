from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from samaritan.benchmark._case import failed_rows
from samaritan.benchmark._row import SCORES, Row
from samaritan.benchmark._tables import summaries, to_csv, write_tables
from samaritan.prompts import make_prompt


@pytest.fixture
def rows(make_case: Any, picture: Any) -> list[Row]:
    """Two patients under one prompt, of whom one failed."""
    good, bad = (failed_rows(make_case(name, picture), "m", [make_prompt("clicks:2")], "Odd.")[0] for name in "ab")
    good |= {"status": "ok", "error": None, "dice": 0.5, "dice_by_round": [0.25, 1 / 3], "spacing": [1.0, 0.5, 2.0]}
    return [good, bad]


def test_csv_has_every_field_and_lists_are_numbers(rows: list[Row]) -> None:
    rows[0]["case_id"], rows[0]["patient_id"] = "+1", 'quote " and, comma'
    first, second = csv.DictReader(io.StringIO(to_csv(rows)))
    assert set(first) == set(Row.__annotations__)
    assert list(first)[:3] == ["dataset", "case_id", "patient_id"]
    assert (first["dice"], first["dice_by_round"], first["spacing"]) == ("0.5", "0.25 0.333333", "1 0.5 2")
    assert (first["case_id"], first["patient_id"]) == ("'+1", 'quote " and, comma')
    assert (second["dice"], second["error"]) == ("", "Odd.")


def test_a_metric_that_was_added_has_its_column(tmp_path: Path, rows: list[Row], added_metric: str) -> None:
    rows[0][added_metric] = 0.75  # type: ignore[literal-required]
    first, second = csv.DictReader(io.StringIO(to_csv(rows)))
    assert list(first)[-1] == added_metric
    assert (first[added_metric], second[added_metric]) == ("0.75", "")
    write_tables(tmp_path, rows, seed=0)
    assert pl.read_parquet(tmp_path / "results.parquet")[added_metric].to_list() == [0.75, None]
    (group,) = next(one["groups"] for one in summaries(rows, seed=0) if one["metric"] == added_metric)
    assert (group["mean"], group["n_failed"]) == (0.75, 1)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_text_is_a_formula(rows: list[Row], text: str) -> None:
    rows[0]["target"] = text
    assert next(csv.DictReader(io.StringIO(to_csv(rows))))["target"] == "'" + text


def test_a_carriage_return_ends_no_line(rows: list[Row]) -> None:
    rows[0]["target"], rows[0]["error"] = "a\rb", "two\nlines"
    first, second = csv.DictReader(io.StringIO(to_csv(rows), newline=""))
    assert (first["target"], first["error"], second["case_id"]) == ("a b", "two\nlines", "b")


def test_a_summary_says_what_is_missing(rows: list[Row]) -> None:
    found = summaries(rows, seed=0)
    assert {(entry["level"], entry["metric"]) for entry in found} == {("target", metric) for metric in SCORES}
    (group,) = next(e for e in found if e["metric"] == "dice" and "target" not in e["by"])["groups"]
    assert (group["n_rows"], group["n_patients"], group["n_failed"], group["mean"]) == (2, 1, 1, 0.5)
    assert (group["low"], group["high"]) == (None, None)  # one patient has no interval
    json.dumps(found, allow_nan=False)


def test_parquet_holds_the_rows_also_when_a_column_is_empty(rows: list[Row], tmp_path: Path) -> None:
    write_tables(tmp_path, rows, seed=0)
    assert pl.read_parquet(tmp_path / "results.parquet").to_dicts() == [row | {"seen": None} for row in rows]
    write_tables(tmp_path, [], seed=0)
    assert pl.read_parquet(tmp_path / "results.parquet")["hd95_mm"].dtype == pl.Float64
    assert json.loads((tmp_path / "summary.json").read_text()) == []

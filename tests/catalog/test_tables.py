from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.catalog.record import Paper
from samaritan.catalog.tables import harmless, to_csv, to_data, to_markdown
from tests.catalog.conftest import said


def test_csv_has_a_column_for_each_field_and_facet(papers: list[Paper]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(papers))))
    assert len(rows) == len(papers)
    assert list(rows[0])[:3] == ["key", "month", "title"]
    assert (rows[0]["family"], rows[0]["modality"], rows[0]["code"]) == (
        "peft", "ultrasound", "https://github.com/someone/something",
    )  # fmt: skip
    assert rows[5]["authors"] == "F. Hörst; M. Rempe"
    assert rows[7]["implemented"] == "lora"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", " =1", "\r=1", "\uff1d1"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@given(st.tuples(st.sampled_from(["", " ", "=", "+1", "-", "@", "\uff1d"]), said()).map("".join))
def test_no_cell_is_a_formula(title: str) -> None:
    paper = Paper(key="lee2024sam", title=title, authors=(title,), month="2024-05")
    (row,) = list(csv.reader(io.StringIO(to_csv([paper]), newline="")))[1:]
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
    assert row[2].removeprefix("'") == " ".join(title.split()).removeprefix("'")


def test_markdown_is_the_survey_s_form(papers: list[Paper]) -> None:
    lines = to_markdown(papers[5:6]).splitlines()
    assert lines == [
        "|Date|Authors|Title|Code|", "|---|---|---|---|",
        "|202306|F. Hörst and M. Rempe et al.|CellViT: Transformers for Nuclei|None|",
    ]  # fmt: skip


def test_data_is_a_record_again(papers: list[Paper]) -> None:
    assert [Paper.model_validate(to_data(paper)) for paper in papers] == papers

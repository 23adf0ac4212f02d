"""From the arms' folders to tables, Markdown and report."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from samaritan.bakeoff.collect import read_bakeoff, write_results
from samaritan.bakeoff.markdown import write_markdown
from samaritan.core import InputError
from samaritan.datasets import Split

METHODS = ["decoder", "lora", "lora:rank=2"]


def steady(label: str, seed: int, few: int | None) -> float:
    """Decoder gains 0.1, LoRA 0.3, LoRA of rank 2 nothing; fewer patients gain less; seeds differ by 0.02."""
    return {"decoder": 0.1, "lora": 0.3, "lora:rank=2": -0.001}[label] * (0.5 if few else 1) + 0.02 * seed * (
        label == "lora"
    )


@pytest.fixture
def folder(made_up: Callable[..., Path]) -> Path:
    return made_up({"methods": METHODS, "seeds": [0, 1], "few": [2]}, steady)


def test_seeds_are_averaged_per_patient(folder: Path) -> None:
    (table,) = read_bakeoff(folder).tables
    lines = {line.label: line for line in table.lines}
    assert table.base.dice.mean == pytest.approx(0.37, abs=0.006)
    assert lines["lora"].dice.mean - table.base.dice.mean == pytest.approx(0.31, abs=0.006)
    assert lines["lora"].dice.n_patients == 8
    assert lines["lora"].seeds == 2


def test_p_is_corrected_over_the_methods_of_a_table(folder: Path) -> None:
    (table,) = read_bakeoff(folder).tables
    found = {line.label: line.to_base for line in table.lines}
    assert found["lora"] is not None
    assert found["lora"].p == pytest.approx(2 / 2**8)
    assert found["lora"].p_holm == pytest.approx(3 * 2 / 2**8)


def test_methods_are_compared_with_decoder_only(folder: Path) -> None:
    (table,) = read_bakeoff(folder).tables
    found = {line.label: line.to_simplest for line in table.lines}
    assert found["decoder"] is None
    assert found["lora"] is not None
    assert found["lora"].difference == pytest.approx(0.21, abs=0.006)
    assert found["lora"].p_holm == pytest.approx(2 * 2 / 2**8)


def test_the_table_says_it_in_words(folder: Path) -> None:
    (table,) = read_bakeoff(folder).tables
    words = {line.label: line.words for line in table.lines}
    assert (words["decoder"], words["lora"]) == ("helps", "helps")
    assert words["lora:rank=2"].startswith("does not help")


def test_the_few_shot_lines_are_apart(folder: Path) -> None:
    (table,) = read_bakeoff(folder).tables
    assert [(line.label, line.few) for line in table.few] == [(name, 2) for name in METHODS]
    assert table.few[1].dice.mean - table.base.dice.mean == pytest.approx(0.16, abs=0.006)


def test_everything_is_written(folder: Path) -> None:
    write_results(folder)
    content = json.loads((folder / "bakeoff.json").read_text(encoding="utf-8"))
    assert [line["label"] for line in content["tables"][0]["lines"]] == METHODS
    with (folder / "table.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 7
    assert float(rows[2]["difference_to_base"]) == pytest.approx(0.31, abs=0.006)
    assert (folder / "few-shot.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<code>lora</code> lifts it to" in page
    assert "Not shown to help: <code>lora:rank=2</code>" in page
    assert "better than training the mask decoder alone: <code>lora</code>" in page
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []


def test_only_what_was_shown_is_bold(folder: Path, tmp_path: Path) -> None:
    page = write_markdown(folder, tmp_path / "page.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    table = page.split("## Dice")[1].split("###")[0]
    bold = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `") and "**" in line]
    assert bold == ["`decoder`", "`lora`"]
    written = (tmp_path / "page.csv").read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in written][:2] == ["method", "base"]
    assert "does not help" in table
    assert "5 kB" in rows["lora"]
    assert "1\N{NARROW NO-BREAK SPACE}200 (2.00 %)" in rows["lora"]


def test_the_split_is_told_as_it_is(folder: Path, tmp_path: Path) -> None:
    page = write_markdown(folder, tmp_path / "page.md").read_text(encoding="utf-8")
    assert "Split by case, each counted as a patient: " in page
    path = folder / "split.json"
    split = Split.read(path)
    replace(split, patients={key: f"{key[1][:-1]}-" for key in split.places}).write(path)
    page = write_markdown(folder, tmp_path / "page.md").read_text(encoding="utf-8")
    assert "Split by patient: " in page


def test_a_method_that_harms_is_not_bold(made_up: Callable[..., Path], tmp_path: Path) -> None:
    folder = made_up({"methods": ["lora"]}, lambda *_: -0.1)
    page = write_markdown(folder, tmp_path / "page.md").read_text(encoding="utf-8")
    assert "harms" in page
    assert page.count("**") == 2  # the note that explains it


def test_a_failed_and_a_waiting_arm_are_said(made_up: Callable[..., Path]) -> None:
    folder = made_up({"methods": METHODS}, steady, leave_out=("lora-seed0", "decoder-seed0"))
    (folder / "failures.json").write_text('{"lora-seed0": "It was <killed>."}', encoding="utf-8")
    write_results(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "It was &lt;killed&gt;." in page
    assert "Not run yet: decoder-seed0" in page
    assert not (folder / "few-shot.png").exists()


def test_nothing_but_the_base(made_up: Callable[..., Path]) -> None:
    folder = made_up({"methods": ["lora"]}, steady, leave_out=("lora-seed0",))
    write_results(folder)
    assert "No method has a result yet." in (folder / "report.html").read_text(encoding="utf-8")


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bakeoff\.yaml"):
        read_bakeoff(tmp_path)

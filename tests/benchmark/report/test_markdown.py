"""Beside the tests of the report, whose made-up runs it shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from samaritan.benchmark._markdown import write_markdown_table
from samaritan.benchmark._row import Row
from samaritan.benchmark.statistics import summarise
from samaritan.core import InputError


def _cells(text: str, first: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.fixture(scope="module")
def text(fake_run: tuple[Path, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_markdown_table(fake_run[0], tmp_path_factory.mktemp("docs") / "results.md").read_text(encoding="utf-8")


def test_one_line_per_data_set_with_the_numbers_of_the_statistics(text: str, fake_rows: list[Row]) -> None:
    rows = [row for row in fake_rows if row["dataset"] == "polyps"]
    dice, surface = ({s.group["prompt"]: s for s in summarise(rows, ("prompt",), metric)} for metric in ("dice", "nsd"))
    cells = _cells(text, "polyps")
    box = dice["box"]

    assert cells[1:4] == ["endoscopy", "9", "5"]
    assert cells[4] == f"{box.mean:.2f} [{box.low:.2f}, {box.high:.2f}] \\*"
    assert cells[-1].startswith(f"{surface['box'].mean:.2f} [")
    assert len(cells) == len(dice) + 5
    assert all(len(_cells(text, name)) == len(cells) for name in ("data set", "organs", "**mean of the data sets**"))


def test_one_patient_has_no_interval(text: str) -> None:
    assert "[" not in _cells(text, "organs")[4]


def test_objects_have_their_own_table(text: str) -> None:
    whole, objects = text.split("object by object")

    assert "| nuclei |" in whole
    assert "| nuclei |" in objects
    assert "| polyps |" not in objects


def test_header_tells_command_versions_oracle_and_what_is_missing(text: str) -> None:
    assert (
        "`samaritan benchmark polyps hippocampus organs nuclei vessels -m litemedsam -p box -p box:margin=0.1" in text
    )
    assert "with samaritan 0.1.0, torch 2.13.0." in text
    assert "0 undefined and 8 failed of 440 measurements" in text
    assert "`everything` (oracle)" in text


def test_paths_are_left_out_and_names_are_text(make_run: Callable[..., Path], tmp_path: Path, fake_data: Any) -> None:
    odd = type(fake_data[0])("a|b<i>_x_", "MR", 2, ("t",), 0.8)
    run = make_run(data=(odd,), prompts=("box",), pictures=False)
    settings = yaml.safe_load((run / "config.yaml").read_text()) | {"data": ["/home/someone/data/a set"]}
    (run / "config.yaml").write_text(yaml.safe_dump(settings))
    text = write_markdown_table(run, tmp_path / "results.md").read_text()

    assert "/home" not in text
    assert "samaritan benchmark 'a set'" in text
    assert "| a\\|b\\<i\\>\\_x\\_ | MR | 3 | 2 |" in text


def test_two_models_have_a_table_each(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = make_run(models=("first", "second"), prompts=("box",), pictures=False)
    text = write_markdown_table(run, tmp_path / "results.md").read_text()

    assert text.index("## first\n") < text.index("## second\n")


def test_run_without_results_is_refused(make_run: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no results yet"):
        write_markdown_table(make_run(data=()), tmp_path / "results.md")

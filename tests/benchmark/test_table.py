from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from samaritan.benchmark._case import failed_rows
from samaritan.benchmark.table import print_table
from samaritan.core import FormatError, InputError
from samaritan.prompts import make_prompt


def printed(run: Any) -> str:
    stream = io.StringIO()
    print_table(run, Console(file=stream, width=120))
    return stream.getvalue()


def test_the_table_shows_means_intervals_and_failures(bench: Any, make_case: Any, picture: Any) -> None:
    def read() -> Any:
        raise FormatError("cut off")

    bench.cases = [*(make_case(name, picture) for name in "abc"), replace(make_case("d", picture), read_image=read)]
    bench.run("box", "box:first")
    lines = [words for line in printed(bench.out).splitlines() if (words := line.split()) and "box" in line]
    assert lines[0] == ["phantoms", "box", "1.000", "[1.000,", "1.000]", "1.000", "3", "1"]
    assert lines[1][0] == "box:candidates=first"  # the data set is named once
    assert lines[1][1] == "0.000"


@pytest.mark.parametrize(
    ("adaptations", "told"), [(["none"], []), (["vessels"], ["vessels"]), (["none", "vessels"], ["none", "vessels"])]
)
def test_adaptations_are_told_where_there_are_any(
    tmp_path: Path, make_case: Any, picture: Any, adaptations: list[str], told: list[str]
) -> None:
    case, strategies = make_case("a", picture), [make_prompt("box")]
    rows = [row for name in adaptations for row in failed_rows(case, "m", strategies, "Odd.", name)]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [word for word in printed(tmp_path).split() if word in ("none", "vessels")] == told


def test_a_folder_without_results(tmp_path: Any) -> None:
    with pytest.raises(InputError, match=r"no results\.jsonl"):
        printed(tmp_path)

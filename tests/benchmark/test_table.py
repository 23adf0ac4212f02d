from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from samaritan.benchmark.table import print_table
from samaritan.core import FormatError, InputError


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


def test_a_folder_without_results(tmp_path: Any) -> None:
    with pytest.raises(InputError, match=r"no results\.jsonl"):
        printed(tmp_path)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from samaritan.benchmark._row import key
from samaritan.benchmark.report._run import Run
from samaritan.core import FormatError


def test_all_files_are_read(make_run: Callable[..., Path]) -> None:
    run = Run.read(make_run())
    first = run.rows[0]
    preview = run.preview(first)

    assert run.config["seed"] == 0
    assert run.provenance["models"]["litemedsam"]["licence"] == "Apache-2.0"
    assert preview
    assert tuple(preview["key"]) == key(first)
    assert run.encode_calls[first["dataset"], first["case_id"], first["model"], "none"] == 4


def test_line_that_a_kill_cut_short_is_left_out(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    whole = Run.read(folder).rows
    content = (folder / "results.jsonl").read_bytes()
    (folder / "results.jsonl").write_bytes(content[:-20])

    assert Run.read(folder).rows == whole[:-1]


def test_damaged_settings_are_named(make_run: Callable[..., Path]) -> None:
    folder = make_run(data=())
    (folder / "config.yaml").write_text("{[")

    with pytest.raises(FormatError, match=r"config\.yaml"):
        Run.read(folder)

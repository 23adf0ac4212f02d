"""The verb annotate: what it refuses, and what it hands on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import samaritan.annotate.start
from samaritan.annotate.learn import simulate
from samaritan.annotate.start import Start
from samaritan.show.annotator import TerminalTeller

from .conftest import Run


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "Give the folder that holds the images: samaritan annotate FOLDER."),
        (("{}", "--simulate", "samples"), 2, "--simulate takes its data itself; leave FOLDER out."),
        (("--simulate", "samples", "--first-act", "x"), 2, "--first-act is box or click; received 'x'."),
        (("--simulate", "samples", "-a", "x"), 2, "--simulate starts from the base; leave --adapter out."),
        (("{}/none",), 3, "is not a folder; give the folder that holds the images."),
        (("{}", "--host", "0.0.0.0"), 2, "add --allow-remote if that is wanted"),
        (("{}", "--labels", "a/b"), 2, "cannot be used"),
    ],
)
def test_what_is_refused(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    assert run("annotate", *(argument.format(tmp_path) for argument in arguments)) == code
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""
    assert not Start(tmp_path).results.exists()


def test_options_reach_the_annotator(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[tuple[Start, TerminalTeller]] = []

    def instead(start: Start, teller: TerminalTeller) -> int:
        seen.append((start, teller))
        return 130

    monkeypatch.setattr(samaritan.annotate.start, "annotate_folder", instead)
    options = ["--labels", "liver, spleen,", "-m", "medsam", "--port", "8400", "--no-browser", "--json", "--no-cache"]
    assert run("annotate", tmp_path, *options, "-o", tmp_path / "out", "--allow-origin", "http://localhost:3000") == 130
    ((start, teller),) = seen
    assert (start.folder, start.results, start.labels) == (tmp_path, tmp_path / "out", ("liver", "spleen"))
    assert (start.port, start.host, start.remote, start.origins) == (
        8400,
        "127.0.0.1",
        False,
        ("http://localhost:3000",),
    )
    assert (start.engine.model, start.engine.cache, start.engine.runtime) == ("medsam", False, "auto")
    assert (teller.browser, teller.as_json) == (False, True)


def test_results_lie_beside_the_folder(tmp_path: Path) -> None:
    assert Start(tmp_path).results == tmp_path.with_name(f"{tmp_path.name}-annotated")


def test_a_simulation_is_told_its_settings(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    seen: list[Any] = []

    def instead(config: Any, out: Path, *_: object, **options: object) -> simulate.Simulated:
        seen.append((config, out, options))
        return simulate.Simulated(out, "| a table |", ("a is left out: it is damaged.",))

    monkeypatch.setattr(simulate, "run_simulation", instead)
    more = ["--every", 4, "--limit", 9, "--seed", 2, "--meta", tmp_path / "meta.yaml", "-o", tmp_path / "out"]
    assert run("annotate", "--simulate", "one", "--simulate", "two", *more, "--json") == 1  # a case failed
    ((config, out, options),) = seen
    assert (config.data, config.every, config.limit, config.seed) == (("one", "two"), 4, 9, 2)
    assert (config.model, config.meta) == ("litemedsam", str(tmp_path / "meta.yaml"))
    assert (out, options) == (tmp_path / "out", {"overwrite": False})
    assert json.loads(capsys.readouterr().out) == {
        "folder": str(tmp_path / "out"),
        "left_out": ["a is left out: it is damaged."],
    }

"""``samaritan bakeoff`` as a person meets it; what it does is tested in tests/bakeoff."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from samaritan.bakeoff import BakeoffConfig
from samaritan.bakeoff._command import command
from samaritan.cli.bakeoff import names

from .conftest import Run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[BakeoffConfig]:
    """Settings that the verb would have run with; it stops there."""
    found: list[BakeoffConfig] = []

    def take(config: BakeoffConfig, *_: object, **__: object) -> None:
        found.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr("samaritan.bakeoff.run_bakeoff", take)
    return found


def test_options_become_settings(run: Run, asked: list[BakeoffConfig]) -> None:
    line = (
        "bakeoff vessels membranes --methods lora,decoder --methods lora:rank=8,targets=q,k --budget 3 --seeds 0,1 --few 1,5 "
        "-p box -p point --test-prompt box --split 0.5,0.1,0.4 --train batch=2 --train patience=none --max-slices 4 -o out"
    )
    assert run(*line.split()) == 130
    (config,) = asked
    assert config.methods == ("lora", "decoder", "lora:rank=8,targets=q,k")
    assert (config.seeds, config.few) == ((0, 1), (1, 5))
    assert config.train.data == ("vessels", "membranes")
    assert (config.train.minutes, config.train.batch, config.train.patience) == (3.0, 2, None)
    assert config.train.fractions == (0.5, 0.1, 0.4)
    assert config.train.prompts == ("box", "point")
    assert (config.score.prompts, config.score.max_slices) == (("box",), 4)


@pytest.mark.parametrize(
    "line",
    [
        "bakeoff vessels --methods lora -o out --markdown page.md",
        "bakeoff vessels --methods lora:rank=8,targets=q,k --methods decoder --budget 2.5 --seeds 0,3 --few 1,2 -o runs/v "
        "--markdown page.md",
        "bakeoff a b --methods lora --steps 30 -p box -p box:jitter=0.1 --split 0.5,0.1,0.4 --train batch=2 --train "
        "patience=3 -m tiny-sam --max-slices 3 --max-instances 20 --raters random --split-seed 4 -o out --markdown page.md",
        "bakeoff a --methods lora -p none --test-prompt box --intensity full --plane coronal --threads 1 -o o --markdown p.md",
        "bakeoff 'two words' --methods lora --test-prompt point -o out --markdown page.md",
    ],
)
def test_the_command_in_the_head_of_a_page_makes_the_same_settings(
    run: Run, asked: list[BakeoffConfig], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    run(*words)
    said = command(asked[0], Path(words[words.index("-o") + 1]), Path(words[-1]))
    run(*shlex.split(said)[1:])
    assert asked[1] == asked[0]


def test_the_command_names_no_place_of_the_machine(run: Run, asked: list[BakeoffConfig], tmp_path: Path) -> None:
    split = tmp_path / "split.json"
    split.write_text("{}")
    run("bakeoff", tmp_path / "vessels", "--methods", "lora", "--split", split, "-o", tmp_path / "out")
    said = command(asked[0], tmp_path / "out", tmp_path / "page.md")
    assert str(tmp_path) not in said
    assert "vessels" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--methods", "lora", "--seeds", "one"), 2, "--seeds"),
        (("--methods", "lora", "--few", "1,x"), 2, "--few"),
        (("--methods", "lora,lora"), 3, "twice"),
        (("--methods", "lora", "--budget", "1", "--steps", "1"), 2, "one of the two"),
        (("--methods", "lora", "--budget", "-1"), 3, "minutes"),
        (("--methods", "lorra"), 2, "lora"),
        (("--methods", "lora", "--markdown", "nowhere/page.md"), 3, "nowhere"),
        ((), 2, "methods"),
    ],
)
def test_mistakes(
    run: Run,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    assert run("bakeoff", "samples/nuclei", *arguments, "-m", "tiny-litemedsam", "-o", tmp_path / "out") == code
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_names_may_be_listed_and_settings_keep_their_commas() -> None:
    assert names("lora, decoder,") == ["lora", "decoder"]
    assert names("lora:rank=2,alpha=4") == ["lora:rank=2,alpha=4"]


def test_json_is_json(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from samaritan.bakeoff import BakeoffResult

    result = BakeoffResult(tmp_path, 3, {"lora-seed0": "It was killed."})
    monkeypatch.setattr("samaritan.bakeoff.run_bakeoff", lambda *_, **__: result)
    assert run("bakeoff", "x", "--methods", "lora", "-o", tmp_path, "--json") == 1
    assert json.loads(capsys.readouterr().out)["failed"] == {"lora-seed0": "It was killed."}

"""``samaritan models``: the list, a card, fetching and converting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from samaritan.models import MODELS, _fetch, load_model
from samaritan.models._keys import published_names
from samaritan.models._source import HubFile, WeightSource
from samaritan.show import models as shown
from tests.cli.conftest import Run
from tests.models.file_server import FileServer, serving

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileServer]:
    """Has the weights of tiny-sam, which nobody published; the cache is empty."""
    network = load_model("tiny-sam").network
    names = published_names(network.state_dict())
    torch.save({names[ours]: tensor for ours, tensor in network.state_dict().items()}, tmp_path / "w.pth")
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_fetch, "PAUSE", 0.0)
    with serving(FileServer((tmp_path / "w.pth").read_bytes())) as files:
        source = WeightSource(
            "tiny-sam", "w.pth", "https://example.org/tiny", None, None, download=f"{files.url}/w.pth"
        )
        monkeypatch.setitem(MODELS._entries, "tiny-sam", replace(MODELS.get("tiny-sam"), source=source))
        yield files


def test_every_model_is_listed_with_how_to_get_it(run: Run, capsys: Capture) -> None:
    assert run("models", "--json") == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(listed) == {name for name in MODELS.names() if "tiny" not in MODELS.get(name).tags}
    for one in listed.values():
        assert one["licence"]
        assert one["training_data"]
        assert one["get"]["way"] in ("here", "pull", "gated", "hand")
        assert one["get"]["how"]
    assert listed["litemedsam"]["present"]


def test_the_table_fits_a_hundred_columns(run: Run, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "console", Console(highlight=False, width=100))
    assert run("models") == 0
    table = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("pull:")]
    assert max(map(len, table)) <= 100
    assert [name for name in MODELS.names() if not any(line.split()[:1] == [name] for line in table)] == [
        name for name in MODELS.names() if "tiny" in MODELS.get(name).tags
    ]


@pytest.mark.parametrize(
    ("changes", "way", "words"),
    [
        ({"download": "https://example.org/w"}, "pull", "samaritan models pull toy"),
        ({"hub": HubFile("a/b", "w.pth")}, "pull", "samaritan models pull toy"),
        ({"hub": HubFile("a/b", "w.pth", gated=True)}, "gated", "https://huggingface.co/a/b, set HF_TOKEN"),
        ({}, "hand", "get w.pth from https://example.org, then samaritan models pull toy --from FILE"),
    ],
)
def test_a_card_says_how_to_get_the_weights(
    run: Run, capsys: Capture, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], way: str, words: str
) -> None:
    source = replace(WeightSource("toy", "w.pth", "https://example.org", None, None), **changes)  # type: ignore[arg-type]
    monkeypatch.setitem(MODELS._entries, "toy", replace(MODELS.get("tiny-sam"), source=source))
    assert run("models", "show", "toy", "--json") == 0
    get = json.loads(capsys.readouterr().out)["get"]
    assert get["way"] == way
    assert words in get["how"]
    assert run("models", "show", "toy") == 0
    assert words.split(maxsplit=1)[0] in capsys.readouterr().out


def test_pulling_prints_the_checksum_that_nobody_published(run: Run, server: FileServer, capsys: Capture) -> None:
    assert run("models", "pull", "tiny-sam") == 0
    told = capsys.readouterr()
    digest = hashlib.sha256(server.content).hexdigest()
    assert told.out.strip().endswith("tiny-sam/w.pth")
    assert f"Nobody published a checksum of this file; it is {digest}" in told.err

    assert run("models", "pull", "tiny-sam", "--json") == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["sha256"], about["verified"]) == (digest, False)
    assert len(server.asked) == 1


def test_a_refusal_is_one_sentence_and_exit_code_4(run: Run, server: FileServer, capsys: Capture) -> None:
    server.status = [404]
    assert run("models", "pull", "tiny-sam") == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "does not exist" in told.err


def test_an_interruption_ends_with_130_and_keeps_the_part(
    run: Run, server: FileServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = _fetch._copy

    def interrupted(*arguments: object) -> None:
        copy(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(_fetch, "_copy", interrupted)
    assert run("models", "pull", "tiny-sam") == 130
    assert "run the command again to continue" in capsys.readouterr().err
    assert (tmp_path / "cache" / "weights" / "tiny-sam" / "w.pth.part").is_file()


@pytest.mark.slow
def test_converting_says_which_model_it_is(run: Run, server: FileServer, capsys: Capture, tmp_path: Path) -> None:
    out = tmp_path / "o.safetensors"
    assert run("models", "convert", tmp_path / "w.pth", "-o", out) == 0
    told = capsys.readouterr().out
    assert "tensors of tiny-sam." in told
    assert "needs --allow-unverified" in told
    assert run("models", "convert", tmp_path / "w.pth", "-o", out) == 5
    assert run("models", "convert", tmp_path / "w.pth", "-o", out, "--overwrite", "-m", "tiny-litemedsam") == 4
    assert run("models", "convert", tmp_path / "w.pth", "-o", out, "--overwrite", "-m", "tiny-sam", "--json") == 0
    capsys.readouterr()

"""The verb embed, the cache in the other verbs, and what doctor says about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan.models import load_model
from samaritan.predict.runtimes import prepare
from tests.predict.runtimes.conftest import Pretender

Run = Callable[..., int]


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture, and a cache of its own."""
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SAMARITAN_EMBEDDINGS_GB", "0.1")
    path = tmp_path / "picture.png"
    rows, columns = np.mgrid[:40, :60]
    Image.fromarray((((columns - 25) ** 2 + (rows - 18) ** 2 < 99) * 150 + 50).astype(np.uint8)).save(path)
    return path


def segment(run: Run, capsys: Any, picture: Path, *more: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run("segment", picture, "--box", "10,5,40,30", "-m", "tiny-sam", "--json", "--overwrite", *more) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_segment_encodes_a_picture_once(run: Run, capsys: pytest.CaptureFixture[str], picture: Path) -> None:
    first = segment(run, capsys, picture)
    again = segment(run, capsys, picture)
    without = segment(run, capsys, picture, "--no-cache")
    half = segment(run, capsys, picture, "--half-cache")
    assert [(one["encode_calls"], one["cached"]) for one in (first, again, without, half)] == [
        (1, 0), (0, 1), (1, 0), (1, 0),
    ]  # fmt: skip
    assert first["targets"] == again["targets"] == without["targets"]


def test_embed_then_segment(run: Run, capsys: pytest.CaptureFixture[str], picture: Path) -> None:
    assert run("embed", picture, "-m", "tiny-sam", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["encoded"], said["known"], said["failed"]) == (1, 0, {})
    assert run("embed", picture, "-m", "tiny-sam") == 0
    assert "0 slices encoded, 1 were there already" in capsys.readouterr().out
    assert segment(run, capsys, picture)["encode_calls"] == 0


@pytest.mark.slow
def test_embed_takes_the_runtime_that_segment_takes(
    run: Run, capsys: pytest.CaptureFixture[str], picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Pretender.alone(monkeypatch)
    prepare(load_model("tiny-sam"))
    assert run("embed", picture, "-m", "tiny-sam", "-q") == 0
    found = segment(run, capsys, picture)
    assert (found["runtime"]["name"], found["encode_calls"]) == ("pretender", 0)
    assert run("embed", picture, "-m", "tiny-sam", "--runtime", "torch", "--json") == 0
    capsys.readouterr()
    found = segment(run, capsys, picture, "--runtime", "torch")
    assert (found["runtime"]["name"], found["encode_calls"]) == ("torch", 0)


def test_embed_says_which_image_failed(run: Run, capsys: pytest.CaptureFixture[str], picture: Path) -> None:
    broken = picture.with_name("broken.png")
    broken.write_bytes(picture.read_bytes()[:60])
    assert run("embed", broken, picture, "-m", "tiny-sam", "-q") == 1
    assert "failed broken.png" in capsys.readouterr().err.replace("\n", " ")


def test_embed_without_a_cache_is_refused(
    run: Run, capsys: pytest.CaptureFixture[str], picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMARITAN_EMBEDDINGS_GB", "0")
    assert run("embed", picture, "-m", "tiny-sam") == 2
    assert "no embeddings are kept" in capsys.readouterr().err


def test_doctor_tells_and_clears(run: Run, capsys: pytest.CaptureFixture[str], picture: Path, tmp_path: Path) -> None:
    segment(run, capsys, picture)
    assert run("doctor", "--json") == 0
    found = json.loads(capsys.readouterr().out)["embeddings"]
    assert (found["entries"], found["limit"]) == (1, 10**8)
    assert found["folder"] == str(tmp_path / "cache" / "embeddings")
    assert run("doctor", "--json", "--clear-embeddings") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["embeddings"]["entries"] == 0
    assert "Removed 1 entries" in said.err


@pytest.mark.slow
def test_benchmark_with_the_cache_gives_the_same_scores(
    run: Run, capsys: pytest.CaptureFixture[str], picture: Path, tmp_path: Path
) -> None:
    for name in ("first", "again", "without"):
        more = ["--no-cache"] if name == "without" else ["--cache"]
        assert run("benchmark", "samples/lesion-us", "-m", "tiny-sam", "-o", tmp_path / name, "-q", *more) == 0
    runs = [
        [json.loads(line) for line in (tmp_path / name / "results.jsonl").read_text().splitlines()]
        for name in ("first", "again", "without")
    ]
    calls = [json.loads((tmp_path / name / "cases.jsonl").read_text().splitlines()[0])["encode_calls"] for name in ("first", "again", "without")]  # fmt: skip  # noqa: E501
    timing = {"seconds", "encode_seconds", "encode_calls"}
    scores = [[{key: value for key, value in row.items() if key not in timing} for row in rows] for rows in runs]
    assert scores[0] == scores[1] == scores[2]
    assert calls == [1, 0, 1]


@pytest.mark.slow
def test_a_profile_tells_where_the_time_went(
    run: Run, capsys: pytest.CaptureFixture[str], picture: Path, tmp_path: Path
) -> None:
    parts = {row["part"] for row in segment(run, capsys, picture, "--profile")["profile"]}
    assert parts == {"load", "read", "prepare", "encode", "cache", "decode", "measure", "write", "other"}
    assert "profile" not in segment(run, capsys, picture)
    out = tmp_path / "run"
    assert run("benchmark", "samples/lesion-us", "-m", "tiny-sam", "-o", out, "--json", "--profile") == 0
    rows = json.loads(capsys.readouterr().out)["profile"]
    assert {row["part"] for row in rows} == {
        "load", "read", "prepare", "encode", "decode", "score", "write", "report", "other",
    }  # fmt: skip
    assert sum(row["share"] for row in rows) == pytest.approx(1, abs=0.01)
    assert run("segment", picture, "--box", "10,5,40,30", "-m", "tiny-sam", "--overwrite", "--profile") == 0
    assert "beside others" in capsys.readouterr().out


@pytest.mark.slow
def test_segment_and_benchmark_with_a_framing(
    run: Run, capsys: pytest.CaptureFixture[str], picture: Path, tmp_path: Path
) -> None:
    zoomed = segment(run, capsys, picture, "--framing", "zoom:1.5")
    assert (zoomed["framing"], zoomed["encode_calls"] + zoomed["cached"]) == ("zoom:1.5", 1)
    out = tmp_path / "tiles"
    arguments = ["-m", "tiny-sam", "-p", "clicks:2", "--framing", "tiles:2", "-q"]
    assert run("benchmark", "samples/lesion-us", "-o", out, *arguments) == 0
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert {row["framing"] for row in rows} == {"tiles:2"}
    assert all(len(row["dice_by_round"]) == 2 for row in rows)
    assert all(1 <= row["encode_calls"] <= 4 for row in rows)
    assert run("embed", "samples/lesion-us", "-m", "tiny-sam", "--framing", "zoom:2") == 2
    assert "depends on prompts" in capsys.readouterr().err

"""``samaritan export``: what it hands on, what it prints, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import samaritan.export
from samaritan.adapt import AdapterHeader, attach, base_sha256, save_adapter
from samaritan.export._parity import Parity, Row
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from tests.cli.conftest import Run

PARITY = Parity(
    ("disc",), {"onnxruntime": 1e-6}, {"onnxruntime": 1e-5}, (Row("onnxruntime", "box", 3, 1.0, 0.9995, "disc"),)
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What :func:`samaritan.export.export_model` is called with, in place of its minutes."""
    calls: list[dict[str, Any]] = []

    def export_model(segmenter: SamSegmenter, folder: Path, **options: Any) -> Parity:
        calls.append({"model": segmenter.name, "adaptation": segmenter.network.adaptation, "folder": folder, **options})
        return PARITY

    monkeypatch.setattr(samaritan.export, "export_model", export_model)
    return calls


def test_it_says_how_near_the_graphs_are(
    run: Run, asked: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", "tiny-sam", "--to", "openvino", "-o", tmp_path / "out", "--overwrite") == 0
    assert "at Dice 0.999500 or better" in capsys.readouterr().out
    assert asked == [
        {
            "model": "tiny-sam", "adaptation": None, "folder": tmp_path / "out", "to": "openvino", "adapter": None,
            "overwrite": True,
        }
    ]  # fmt: skip


def test_for_programs_it_prints_the_parity(
    run: Run, asked: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", "tiny-sam", "-o", tmp_path / "out", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["folder"] == str(tmp_path / "out")
    assert (printed["holds"], printed["rows"][0]["worst"]) == (True, 0.9995)
    assert asked[0]["to"] == "onnx"
    assert run("export", "tiny-sam", "-o", tmp_path / "out", "-q") == 0
    assert capsys.readouterr().out == ""


def test_an_adapter_brings_its_base(run: Run, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    file = tmp_path / "adapter.safetensors"
    header = AdapterHeader(method="lora", base="tiny-litemedsam", base_sha256=base_sha256(segmenter))
    save_adapter(file, header, attach(segmenter, "lora").state())
    assert run("export", "-a", file, "-o", tmp_path / "out") == 0
    assert (asked[0]["model"], asked[0]["adapter"].header.method) == ("tiny-litemedsam", "lora")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tiny-sam", "--to", "tensorrt"], 2, "onnx"),
        (["tiny-samm"], 2, "did you mean tiny-sam"),
        (["-a", "nowhere.safetensors"], 3, "nowhere.safetensors"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    run: Run,
    asked: list[dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    assert run("export", *arguments, "-o", tmp_path / "out") == code
    assert words in capsys.readouterr().err
    assert (asked, list(tmp_path.iterdir())) == ([], [])

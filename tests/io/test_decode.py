from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, RLELossless

from samaritan.core import FormatError, InputError
from samaritan.io import _decode, read_volume
from samaritan.io._dicom_file import load

PIXELS = np.random.default_rng(2).integers(0, 4000, (64, 48)).astype(np.uint16)  # (row, col)
Make = Callable[..., Any]


@pytest.fixture
def compressed(make_dataset: Make) -> Make:
    """A slice in a syntax, with tags changed after compression."""

    def make(path: Path, syntax: str, **tags: Any) -> Path:
        dataset = make_dataset(PIXELS)
        dataset.compress(syntax, **({} if syntax == RLELossless else {"encoding_plugin": "pylibjpeg"}))
        for name, value in tags.items():
            setattr(dataset, name, value)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return make


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize(
    "wrong",
    [{"Rows": 128}, {"Columns": 8}, {"SamplesPerPixel": 3}, {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}],
)
def test_a_header_that_does_not_fit_the_stream(syntax: str, wrong: Any, compressed: Make, tmp_path: Path) -> None:
    path = compressed(tmp_path / "a.dcm", syntax, **wrong)
    with pytest.raises(InputError, match=r"a\.dcm"):
        read_volume(path)


@pytest.mark.parametrize("count", [2, 3])
def test_a_wrong_number_of_frames(count: int, compressed: Make, tmp_path: Path) -> None:
    path = compressed(tmp_path / "a.dcm", RLELossless, NumberOfFrames=count)
    with pytest.raises(FormatError, match=f"declares {count} frames and the pixel data hold 1"):
        read_volume(path, volume=0)


def test_frames_beyond_the_declared_ones(make_dataset: Make, tmp_path: Path) -> None:
    dataset = make_dataset(PIXELS)
    dataset.Columns = 8
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(FormatError, match="declares 1024 bytes of pixels and the file holds 6144"):
        read_volume(tmp_path / "a.dcm")


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_stream_is_refused_or_read(seed: int, compressed: Make, tmp_path: Path) -> None:
    path = compressed(tmp_path / "a.dcm", JPEG2000Lossless)
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in rng.integers(len(content) - 3000, len(content) - 8, 3):
        content[place] = rng.integers(256)
    path.write_bytes(content)
    with suppress(InputError):  # and nothing else
        assert read_volume(path).data.shape == (48, 64, 1)


def test_a_codec_that_dies_takes_only_the_child_with_it(
    compressed: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = compressed(tmp_path / "a.dcm", RLELossless)
    receive = _decode._receive

    def killed(stream: Any) -> Any:
        os.kill(decoder._child.pid, signal.SIGKILL)  # type: ignore[union-attr]
        decoder._child.wait()  # type: ignore[union-attr]
        stream.read()
        return receive(stream)

    dataset = load(path, pixels=True)
    with _decode.Decoder() as decoder:
        monkeypatch.setattr(_decode, "_receive", killed)
        with pytest.raises(FormatError, match="RLE Lossless and stopped the decoder"):
            list(decoder.frames(dataset, [0]))
        monkeypatch.setattr(_decode, "_receive", receive)
        assert np.array_equal(next(decoder.frames(dataset, [0])), PIXELS)
    assert decoder._child is not None
    assert decoder._child.returncode is not None


def test_a_codec_that_works_without_end_is_stopped(
    compressed: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = compressed(tmp_path / "a.dcm", RLELossless)
    child = "import samaritan.io._decode as d, sys; d._limit(0); d.SECONDS = 0; d._limit(0)\nwhile True: pass"
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **settings: popen([command[0], "-c", child], **settings))
    with pytest.raises(FormatError, match="stopped the decoder"):
        read_volume(path)


def test_what_a_codec_raises_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = io.BytesIO()
    monkeypatch.setattr(_decode, "_limit", lambda _size: None)
    _decode.serve(io.BytesIO(b'{"path": "nowhere.dcm", "frames": [0]}\n'), answers)
    assert b"fault" in answers.getvalue()
    answers.seek(0)
    with pytest.raises(FormatError, match="No such file"):
        _decode._receive(answers)

"""Stored features."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch import Tensor

from samaritan.adapt import attach
from samaritan.core import ResourceError, UsageError
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.train._features import Trunk


def trunk(store: Path | None, method: str = "decoder", base: str = "abc", **settings: Any) -> Trunk:
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    return Trunk(attach(segmenter, method, settings), store, base)


@pytest.fixture
def pixels(segmenter: SamSegmenter) -> Tensor:
    picture = np.random.default_rng(0).uniform(0, 255, (50, 64, 3)).astype(np.float32)
    return segmenter.frame.pixels(picture)


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.safetensors"))


def types(folder: Path) -> list[np.dtype[Any]]:
    return [array.dtype for path in files(folder) for array in load_file(path).values()]


def test_what_is_read_is_what_was_computed_to_half_precision(pixels: Tensor, tmp_path: Path) -> None:
    first = trunk(tmp_path)
    computed, exact = first.features(pixels), first.compute(pixels)
    assert torch.equal(computed, exact.half().float())
    assert not torch.equal(computed, exact)
    again = trunk(tmp_path)
    read = again.features(pixels)
    assert torch.equal(read, computed)
    assert read.stride() == computed.stride()  # else sums are added in another order, and a resumed run is another one
    assert (again.computed, again.read) == (0, 1)
    assert types(tmp_path) == [np.float16]


@pytest.mark.parametrize("method", ["decoder", "late-layers", "full"])
def test_both_parts_together_are_the_encoder(
    pixels: Tensor, tmp_path: Path, segmenter: SamSegmenter, method: str
) -> None:
    for store in (tmp_path, None):
        split = trunk(store, method)
        with torch.no_grad():
            found, whole = split.embed(split.features(pixels)), segmenter.network.encode(pixels)
        assert torch.allclose(found, whole, atol=5e-3 * float(whole.abs().max()))
    assert split.frozen == (method == "decoder")
    assert (split.name == "") == (method == "full")


def test_where_everything_trains_nothing_is_stored(pixels: Tensor, tmp_path: Path) -> None:
    assert torch.equal(trunk(tmp_path, "full").features(pixels), pixels)
    assert files(tmp_path) == []


def test_nothing_is_mixed_up(pixels: Tensor, tmp_path: Path) -> None:
    trunk(tmp_path).features(pixels)
    other_picture, other_base = trunk(tmp_path), trunk(tmp_path, base="abd")
    other_picture.features(pixels.flip(-1))
    other_base.features(pixels)
    other_split = trunk(tmp_path, "late-layers")
    assert other_split.name != other_base.name
    assert other_split.features(pixels).shape != other_base.features(pixels).shape
    assert (other_picture.read, other_base.read, other_split.read) == (0, 1, 0)
    assert len(files(tmp_path)) == 4


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"", lambda content: content[:-7], lambda content: b"no array", lambda content: content[:40]],
    ids=["empty", "truncated", "garbage", "half a header"],
)
def test_a_damaged_file_is_computed_again(
    pixels: Tensor, tmp_path: Path, damage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    expected = trunk(tmp_path).features(pixels)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    again = trunk(tmp_path)
    assert torch.equal(again.features(pixels), expected)
    assert (again.computed, again.read) == (1, 0)
    assert f"({path.name}) is damaged" in caplog.text
    assert path.read_bytes() == whole


def test_a_full_disk_changes_nothing_but_the_time(
    pixels: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = [trunk(tmp_path / "there").features(picture) for picture in (pixels, pixels.flip(-1))]

    def full(*_: Any) -> Any:
        raise ResourceError("No space left on device.")

    monkeypatch.setattr("samaritan.core.store.atomic_path", full)
    short = trunk(tmp_path / "absent")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            found = [short.features(picture) for picture in (pixels, pixels.flip(-1))]
            assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert caplog.text.count("Nothing is added to the stored features any more: No space left") == 1
    assert short.computed == 4


def test_values_beyond_half_precision_are_stored_in_single(
    pixels: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = trunk(tmp_path)
    large = torch.tensor([[1.0, 70000.0]])
    monkeypatch.setattr(split, "compute", lambda _: large)
    assert torch.equal(split.features(pixels), large)
    assert torch.equal(split.features(pixels), large)
    assert types(tmp_path) == [np.float32]
    assert split.read == 1


def test_blocks_that_pass_a_code_on_cannot_be_computed_one_by_one() -> None:
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    with pytest.raises(UsageError, match="those of ua-sam hand a code on"):
        Trunk(attach(segmenter, "ua-sam"), None, "abc", checkpointing=True)

"""Embeddings on disk: found again when everything is the same, and never otherwise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import attach
from samaritan.core import Box, Geometry, PromptSet, UsageError, Volume
from samaritan.core.store import ArrayStore
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.predict import EmbeddingCache, VolumePredictor, default_cache
from samaritan.predict import cache as cache_module

BOX = PromptSet(box=Box((4, 5), (20, 22)))


def load(name: str = "tiny-litemedsam") -> SamSegmenter:
    segmenter = load_model(name)
    assert isinstance(segmenter, SamSegmenter)
    return segmenter


def adapted(method: str, model: str = "tiny-litemedsam", **settings: Any) -> SamSegmenter:
    return attach(load(model), method, settings).segmenter


@pytest.fixture
def volume() -> Volume:
    voxels = np.random.default_rng(0).integers(0, 256, (30, 26, 5)).astype(np.uint8)
    return Volume(voxels, Geometry.from_spacing(voxels.shape, (1, 1, 3)), "MR")


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (20, 31, 3)).astype(np.float32)


def on_disk(folder: Path, *, half: bool = False) -> EmbeddingCache:
    return EmbeddingCache(ArrayStore(folder), half=half)


def ask(segmenter: Any, volume: Volume, cache: EmbeddingCache | None, index: int = 2) -> tuple[Any, VolumePredictor]:
    predictor = VolumePredictor(segmenter, volume, cache=cache)
    return predictor.decode(index, [BOX])[0], predictor


@pytest.mark.parametrize("model", ["tiny-litemedsam", "tiny-sam", "tiny-sam2"])
def test_the_second_time_nothing_is_encoded_and_the_answer_has_the_same_bits(
    volume: Volume, tmp_path: Path, model: str
) -> None:
    plain, _ = ask(load(model), volume, None)
    first, before = ask(load(model), volume, on_disk(tmp_path))
    again, after = ask(load(model), volume, on_disk(tmp_path))
    assert (before.encode_calls, before.read_calls) == (1, 0)
    assert (after.encode_calls, after.read_calls, after.encode_seconds) == (0, 1, 0.0)
    for other in (first, again):
        assert np.array_equal(other.logits, plain.logits)
        assert np.array_equal(other.quality, plain.quality)


def test_a_changed_embedding_does_not_reach_the_cache(volume: Volume, tmp_path: Path) -> None:
    """A runtime once worked in the memory that it was given."""
    expected, before = ask(load(), volume, on_disk(tmp_path))
    _, middle = ask(load(), volume, on_disk(tmp_path))
    with torch.inference_mode():
        for predictor in (before, middle):
            predictor.embedding(2).features["image"].zero_()
    again, after = ask(load(), volume, on_disk(tmp_path))
    assert (middle.read_calls, after.read_calls) == (1, 1)
    assert np.array_equal(again.logits, expected.logits)


def test_everything_that_decides_the_answer_is_in_the_key(
    picture: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, segmenter = on_disk(tmp_path), load()
    nudged = picture.copy()
    nudged[3, 4, 1] = np.nextafter(nudged[3, 4, 1], 300)
    other = load()
    with torch.no_grad():
        next(other.network.image_encoder.parameters())[0] += 1e-6
    keys = {
        "itself": cache.key(segmenter, [picture]),
        "one value": cache.key(segmenter, [nudged]),
        "turned": cache.key(segmenter, [np.ascontiguousarray(picture.transpose(1, 0, 2))]),
        "another model": cache.key(load("tiny-sam"), [picture]),
        "other weights": cache.key(other, [picture]),
        "an adapter": cache.key(adapted("lora"), [picture]),
        "other settings": cache.key(adapted("lora", alpha=3), [picture]),
        "stack": cache.key(segmenter, [picture, nudged]),
        "stack turned": cache.key(segmenter, [nudged, picture]),
        "half": on_disk(tmp_path, half=True).key(segmenter, [picture]),
    }
    monkeypatch.setattr(cache_module, "_code", lambda: "another version")
    keys["code"] = cache.key(segmenter, [picture])
    assert None not in keys.values()
    assert len(set(keys.values())) == len(keys)


def test_the_same_model_loaded_again_has_the_same_key(picture: np.ndarray, tmp_path: Path) -> None:
    assert on_disk(tmp_path).key(load(), [picture]) == on_disk(tmp_path).key(load(), [picture.copy()])


def test_the_code_is_this_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "package"
    for room in ("models", "adapt", "predict"):
        (package / room).mkdir(parents=True)
    file = package / "models" / "net.py"
    file.write_text("1")
    monkeypatch.setattr("samaritan.predict.cache.resources.files", lambda _: package)
    digests = []
    for text in ("1", "2"):
        file.write_text(text)
        digests.append(cache_module._code.__wrapped__())
    assert digests[0] != digests[1]


@pytest.mark.parametrize("change", ["in place", "loaded", "attached", "detached"])
def test_weights_that_change_in_memory_are_noticed(picture: np.ndarray, tmp_path: Path, change: str) -> None:
    cache, segmenter = on_disk(tmp_path), load()
    key = cache.key(segmenter, [picture])
    encoder = segmenter.network.image_encoder
    if change == "in place":
        with torch.no_grad():
            next(encoder.parameters()).mul_(1.01)
    elif change == "loaded":
        encoder.load_state_dict({name: t + 0.01 for name, t in encoder.state_dict().items()})
    else:
        made = attach(segmenter, "lora", {})
        assert cache.key(segmenter, [picture]) != key
        if change == "detached":
            made.detach()
            assert cache.key(segmenter, [picture]) == key
            return
    assert cache.key(segmenter, [picture]) != key


def test_adapters_that_leave_the_encoder_alone_share_the_embeddings_of_their_base(
    volume: Volume, tmp_path: Path
) -> None:
    ask(load(), volume, on_disk(tmp_path))
    for method in ("decoder", "probabilistic-sam"):
        _, predictor = ask(adapted(method), volume, on_disk(tmp_path))
        assert (predictor.encode_calls, predictor.read_calls) == (0, 1), method
    _, predictor = ask(adapted("lora"), volume, on_disk(tmp_path))
    assert predictor.encode_calls == 1


def test_an_encoder_that_draws_samples_is_not_kept(volume: Volume, tmp_path: Path) -> None:
    segmenter = adapted("ua-sam")
    assert segmenter.encoder_fingerprint() is None
    for _ in range(2):
        _, predictor = ask(segmenter, volume, on_disk(tmp_path))
        assert predictor.encode_calls == 1
    assert ArrayStore(tmp_path).size().entries == 0


def test_a_model_that_says_nothing_about_itself_is_not_kept(segmenter: Any, phantom: Volume, tmp_path: Path) -> None:
    predictor = VolumePredictor(segmenter, phantom, cache=on_disk(tmp_path))
    predictor.embedding(1)
    assert (predictor.encode_calls, ArrayStore(tmp_path).size().entries) == (1, 0)


def test_slices_of_a_stack_are_kept_with_their_neighbours(volume: Volume, tmp_path: Path) -> None:
    def stack() -> SamSegmenter:
        return adapted("med-sa", "tiny-sam", depth=3)

    plain = VolumePredictor(stack(), volume)
    VolumePredictor(stack(), volume, cache=on_disk(tmp_path)).embedding(1)
    again = VolumePredictor(stack(), volume, cache=on_disk(tmp_path))
    for index in range(5):
        assert torch.equal(again.embedding(index).features["image"], plain.embedding(index).features["image"])
    assert (again.read_calls, again.encode_calls) == (3, 3)
    voxels = volume.data.copy()
    voxels[..., 0] = 255 - voxels[..., 0]
    changed = VolumePredictor(stack(), Volume(voxels, volume.geometry, "MR"), cache=on_disk(tmp_path), intensity="asis")
    changed.embedding(1)  # slice 1 is as it was, its neighbour is not
    assert changed.read_calls == 0


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-9], lambda c: c[:-50] + b"x" + c[-49:]], ids=["truncated", "one byte"]
)
def test_a_damaged_entry_is_encoded_again(
    volume: Volume, tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    expected, _ = ask(load(), volume, on_disk(tmp_path))
    (path,) = tmp_path.rglob("*.safetensors")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    found, predictor = ask(load(), volume, on_disk(tmp_path))
    assert predictor.encode_calls == 1
    assert np.array_equal(found.logits, expected.logits)
    assert "stored arrays" in caplog.text
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_one_warning(
    volume: Volume, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    predictor = VolumePredictor(load(), volume, cache=on_disk(tmp_path / "file" / "store"))
    with caplog.at_level(logging.WARNING):
        for index in range(3):
            predictor.decode(index, [BOX])
    assert caplog.text.count("Nothing is added") == 1
    assert predictor.encode_calls == 3


@pytest.mark.parametrize("model", ["tiny-litemedsam", "tiny-sam2"])
def test_half_precision_takes_half_the_disk_and_answers_the_same_from_the_start(
    volume: Volume, tmp_path: Path, model: str
) -> None:
    plain, _ = ask(load(model), volume, on_disk(tmp_path / "full"))
    first, _ = ask(load(model), volume, on_disk(tmp_path / "half", half=True))
    again, predictor = ask(load(model), volume, on_disk(tmp_path / "half", half=True))
    assert predictor.read_calls == 1
    assert np.array_equal(first.logits, again.logits)
    assert not np.array_equal(first.logits, plain.logits)
    assert np.abs(first.logits - plain.logits).max() < 0.02 * max(1, np.abs(plain.logits).max())
    sizes = [ArrayStore(tmp_path / name).size().bytes for name in ("half", "full")]
    assert sizes[0] < 0.55 * sizes[1]


def test_values_too_large_for_half_precision_stay(tmp_path: Path) -> None:
    cache = on_disk(tmp_path, half=True)
    assert cache._array(torch.tensor([1.0, 70000.0])).dtype == np.float32
    assert cache._array(torch.tensor([1.0, 60000.0])).dtype == np.float16


def test_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path))
    assert default_cache() is None
    monkeypatch.setenv("SAMARITAN_EMBEDDINGS_GB", "0.5")
    found = default_cache()
    assert found is not None
    assert (found.store.folder, found.store.limit) == (tmp_path / "embeddings", 500_000_000)
    for wrong in ("much", "-1", "inf", "nan"):
        monkeypatch.setenv("SAMARITAN_EMBEDDINGS_GB", wrong)
        with pytest.raises(UsageError, match="number of gigabytes"):
            default_cache()

"""Embeddings in advance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samaritan.adapt import attach
from samaritan.core import Box, Geometry, InputError, PromptSet, ResourceError, UsageError, Volume
from samaritan.core.store import ArrayStore
from samaritan.models import load_model
from samaritan.predict import EmbeddingCache, VolumePredictor
from samaritan.predict.embed import Item, embed, items_of


def volume(seed: int = 0, slices: int = 4) -> Volume:
    voxels = np.random.default_rng(seed).integers(0, 256, (24, 20, slices)).astype(np.uint8)
    return Volume(voxels, Geometry.from_spacing(voxels.shape, (1, 1, 3)), "MR")


def item(name: str, image: Volume, slices: Any = None) -> Item:
    return Item(name, lambda: image, lambda view: range(view.count) if slices is None else slices)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(ArrayStore(tmp_path / "store", limit=10**8))


def test_what_was_made_in_advance_is_found_and_a_second_run_makes_nothing(cache: EmbeddingCache) -> None:
    model, told = load_model("tiny-sam"), []
    items = [item("a", volume(0), [1, 2]), item("b", volume(1, 1))]
    done = embed(items, model, cache, progress=lambda *what: told.append(what))
    assert (done.encoded, done.known, done.exit_code) == (3, 0, 0)
    assert told == [("a", 1, 2), ("a", 2, 2), ("b", 1, 1)]
    again = embed(items, model, cache)
    assert (again.encoded, again.known) == (0, 3)
    predictor = VolumePredictor(load_model("tiny-sam"), volume(0), cache=cache)
    for index in (1, 2, 3):
        predictor.embedding(index)
    assert (predictor.read_calls, predictor.encode_calls) == (2, 1)


def test_a_bad_image_does_not_stop_the_others(cache: EmbeddingCache) -> None:
    def broken() -> Volume:
        raise InputError("It is damaged.")

    items = [Item("bad", broken, lambda _: [0]), item("good", volume(), [0])]
    done = embed(items, load_model("tiny-sam"), cache)
    assert (done.encoded, done.failed, done.exit_code) == (1, {"bad": "It is damaged."}, 1)


def test_refuses_what_cannot_be_kept(cache: EmbeddingCache, tmp_path: Path) -> None:
    drawing = load_model("tiny-litemedsam")
    attach(drawing, "ua-sam", {})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="cannot be kept"):
        embed([item("a", volume())], drawing, cache)
    small = EmbeddingCache(ArrayStore(tmp_path / "small", limit=60_000))
    with pytest.raises(ResourceError, match="raise SAMARITAN_EMBEDDINGS_GB"):
        embed([item("a", volume(0, 40))], load_model("tiny-sam"), small)
    (tmp_path / "file").write_text("")
    nowhere = EmbeddingCache(ArrayStore(tmp_path / "file" / "store"))
    with pytest.raises(ResourceError, match="cannot be kept in"):
        embed([item("a", volume())], load_model("tiny-sam"), nowhere)


def test_of_a_volume_with_a_reference_the_slices_with_something_on_them() -> None:
    (found,) = items_of(["samples/abdomen-mr"])
    (whole,) = items_of(["samples/abdomen-mr"], every_slice=True)
    image = found.read()
    view = VolumePredictor(load_model("tiny-sam"), image).view
    assert list(whole.slices(view)) == list(range(view.count))
    assert set(found.slices(view)) <= set(range(view.count))
    assert len(found.slices(view)) > 0


def test_square_pixels_are_made_in_advance(cache: EmbeddingCache) -> None:
    model, image = load_model("tiny-sam"), volume(0)
    done = embed([item("a", image, [1, 2])], model, cache, plane="coronal", framing="square")
    assert (done.encoded, done.known) == (2, 0)
    predictor = VolumePredictor(model, image, plane="coronal", cache=cache, framing="square")
    predictor.decode(2, [PromptSet(box=Box((0, 0), (23, 3)))])
    assert (predictor.read_calls, predictor.encode_calls) == (1, 0)


def test_tiles_are_made_in_advance_and_framings_that_depend_on_prompts_are_refused(cache: EmbeddingCache) -> None:
    model, image = load_model("tiny-sam"), volume(0)
    done = embed([item("a", image, [1])], model, cache, framing="tiles:2")
    assert (done.encoded, done.known) == (4, 0)
    predictor = VolumePredictor(model, image, cache=cache, framing="tiles:2")
    predictor.decode(1, [PromptSet(box=Box((0, 0), (23, 19)))])
    assert (predictor.read_calls, predictor.encode_calls) == (4, 0)
    with pytest.raises(UsageError, match="zoom:2 depends on prompts"):
        embed([item("a", image)], model, cache, framing="zoom:2")

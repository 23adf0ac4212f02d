"""The SAM family: cards that say what the networks are, other input sides, and preparation as data."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from samaritan import models
from samaritan.core import Box, MaskHint, ModelError, PromptSet, UsageError
from samaritan.models import MODELS, load_model
from samaritan.models._base import ModelEntry
from samaritan.models._family import Preparation, Recipe
from samaritan.models._frame import imagenet, min_max
from samaritan.models._keys import hub_names, published_names
from samaritan.models._sam import SamSegmenter


def recipes() -> Iterator[Recipe]:
    for found in pkgutil.iter_modules(models.__path__):
        if not found.name.startswith("_"):
            recipe = getattr(importlib.import_module(f"samaritan.models.{found.name}"), "RECIPE", None)
            if isinstance(recipe, Recipe):
                yield recipe


@pytest.fixture(params=list(recipes()), ids=lambda recipe: str(recipe.card.name))
def recipe(request: pytest.FixtureRequest) -> Recipe:
    found: Recipe = request.param
    return found


def tiny(name: str) -> SamSegmenter:
    segmenter = load_model(name)
    assert isinstance(segmenter, SamSegmenter)
    return segmenter


def test_cards_count_what_the_network_holds(recipe: Recipe) -> None:
    card, network = recipe.card, recipe.outline()
    assert card.parameters == sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert card.normalisation == recipe.preparation.words(card.input_size)
    if recipe.source is not None:
        source = recipe.source
        assert (card.name, card.url, card.sha256, card.size) == (source.name, source.url, source.sha256, source.size)


def test_names_are_one_to_one_in_both_layouts(recipe: Recipe) -> None:
    state = recipe.outline().state_dict()
    published = published_names(state)
    for names in (published, hub_names(state)):
        assert len(set(names.values())) == len(state)
    assert recipe.layout() == {published[name]: tuple(t.shape) for name, t in state.items()} | dict(recipe.spare)


def test_the_encoder_gives_what_the_decoder_takes(recipe: Recipe) -> None:
    network, side = recipe.outline(), recipe.card.input_size
    cells = side // recipe.stride
    assert network.encode(torch.empty(1, 3, side, side, device="meta")).shape == network.feature_shapes["image"]
    assert network.feature_shapes["image"] == (1, recipe.decoder[0] + recipe.early, cells, cells)
    assert recipe.frame(side).grid == 4 * cells


# other input sides
def test_another_side_is_told_by_card_frame_and_fingerprint() -> None:
    card = MODELS.get("sam-vit-b@512").card
    assert (card.name, card.input_size) == ("sam-vit-b@512", 512)
    assert card.normalisation.startswith("longest side to 512")
    fewer = (64**2 - 32**2) * 768 + 4 * 2 * (127 - 63) * 64
    assert card.parameters == 93_735_472 - fewer

    base, wide = tiny("tiny-sam"), tiny("tiny-sam@256")
    assert wide.name == wide.card.name == "tiny-sam@256"
    assert (wide.frame.side, wide.frame.grid, wide.network.cells) == (256, 64, 16)
    assert wide.network.prompt_encoder.input_image_size == 256
    assert wide.card.parameters == sum(p.numel() for p in wide.network.parameters() if p.requires_grad)
    assert base.encoder_fingerprint() != wide.encoder_fingerprint()
    same = {name for name, tensor in base.network.state_dict().items() if torch.equal(tensor, _state(wide, name))}
    changed = {f"image_encoder.{name}" for name in ("pos_embed", "layers.1.attn.rel_pos_h", "layers.1.attn.rel_pos_w")}
    assert set(base.network.state_dict()) - same == changed


def _state(segmenter: SamSegmenter, name: str) -> torch.Tensor:
    tensor: torch.Tensor = segmenter.network.state_dict()[name]
    return tensor


@pytest.mark.parametrize(
    "name", ["tiny-sam@160", "tiny-sam@256", "tiny-sam-hq@160", "tiny-sam-med2d@144", "tiny-mobilesam@192"]
)
def test_a_model_answers_at_another_side(name: str) -> None:
    segmenter = tiny(name)
    picture = np.random.default_rng(0).uniform(0, 255, (90, 50, 3)).astype(np.float32)
    embedding = segmenter.encode(picture)
    (answer,) = segmenter.decode(embedding, [PromptSet(box=Box([10, 5], [60, 40]))])
    side = segmenter.card.input_size
    assert embedding.features["image"].shape[2:] == (side // 16, side // 16)
    assert answer.logits.shape == (1, 90, 50)
    assert answer.low_res.shape == (1, side // 4, side // 4)
    assert np.isfinite(answer.logits).all()


def test_its_own_side_is_the_model_itself() -> None:
    assert MODELS.get("tiny-sam@128").card is MODELS.get("tiny-sam").card
    one, other = tiny("tiny-sam"), tiny("tiny-sam@128")
    assert all(torch.equal(t, _state(other, name)) for name, t in one.network.state_dict().items())


@pytest.mark.parametrize("name", ["sam-vit-b@500", "sam-vit-b@64", "sam-vit-b@4096", "sam-vit-b@0"])
def test_sides_that_no_network_has(name: str) -> None:
    with pytest.raises(
        UsageError, match=rf"multiples of 16 from 128 to 2048 pixels; received {name.partition('@')[2]}\."
    ):
        MODELS.get(name)


@pytest.mark.parametrize("side", ["", "big", "-512", "51.2", "²"])
def test_what_is_no_side(side: str) -> None:
    with pytest.raises(UsageError, match="stands the side of the square in pixels, as in sam-vit-b@512"):
        MODELS.get(f"sam-vit-b@{side}")


def test_models_of_one_side_say_so() -> None:
    with pytest.raises(UsageError, match="litemedsam runs at 256 pixels alone; leave @512 out"):
        MODELS.get("litemedsam@512")


# preparation
ASKED = ("sam-vit-b", "medsam", "mobilesam", "sam-hq-tiny", "sam-med2d")


def test_what_each_does_to_a_picture() -> None:
    frames = {name: _recipe(name).frame(_recipe(name).card.input_size) for name in ASKED}
    square = (1024, 1024)
    assert [frame.side for frame in frames.values()] == [1024, 1024, 1024, 1024, 256]
    assert [frame.normalise for frame in frames.values()] == [imagenet, min_max, imagenet, imagenet, imagenet]
    assert [f.fit((200, 100)) for f in frames.values()] == [(1024, 512), square, (1024, 512), (1024, 512), (256, 256)]
    assert [f.interpolation for f in frames.values()] == ["linear", "cubic", "linear", "linear", "nearest"]
    assert [f.hints for f in frames.values()] == ["logits", "logits", "logits", "logits", "probabilities"]


def _recipe(name: str) -> Recipe:
    recipe: Recipe = importlib.import_module(f"samaritan.models.{name.replace('-', '_')}").RECIPE
    return recipe


def test_medsam_sees_a_square_from_nought_to_one() -> None:
    picture = np.random.default_rng(0).uniform(30, 200, (40, 20, 3)).astype(np.float32)
    pixels = _recipe("medsam").frame(1024).pixels(picture)
    assert pixels.shape == (1, 3, 1024, 1024)
    assert (float(pixels.min()), float(pixels.max())) == (0.0, 1.0)
    assert float(pixels[..., -1, -1].min()) > 0  # no padding


def test_nearest_takes_single_pixels_and_hints_may_be_probabilities() -> None:
    frame = Preparation("imagenet", keep_aspect=False, interpolation="nearest", hints="probabilities").frame(4, 4)
    picture = np.zeros((8, 8, 3), np.float32)
    picture[::2, ::2] = 255
    assert torch.equal(frame.pixels(picture), imagenet(torch.full((1, 3, 4, 4), 255.0)))
    hint = frame.hint(MaskHint(np.full((4, 4), 2, np.float32), "model"), (8, 8))
    torch.testing.assert_close(hint, torch.full((1, 4, 4), 2.0).sigmoid())


# files
def test_weights_of_a_miniature_need_permission() -> None:
    with pytest.raises(ModelError, match="no published weights to compare"):
        load_model("tiny-sam", weights="x.pth")


def test_entries_name_their_source() -> None:
    entries: list[ModelEntry] = [MODELS.get(recipe.card.name) for recipe in recipes() if "tiny" not in recipe.tags]
    assert len(entries) == 10
    unknown = {"sam-hq-vit-b", "sam-hq-vit-l", "sam-med2d"}  # nobody published a checksum
    for entry in entries:
        assert entry.source is not None
        assert entry.layout is not None
        assert entry.source.fetchable == (entry.card.name != "sam-med2d")
        assert (entry.card.sha256 is None) == (entry.card.name in unknown)
        assert entry.card.sha256 is None or len(entry.card.sha256) == 64

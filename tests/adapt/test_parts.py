"""Methods that add nothing: which of the base's parameters they train."""

from __future__ import annotations

import pytest

from samaritan.adapt import attach
from samaritan.models._sam import SamSegmenter


def _tuned(segmenter: SamSegmenter, method: str) -> set[str]:
    adapted = attach(segmenter, method)
    tuned = set(adapted.surgery.tuned)
    assert not adapted.surgery.wrappers
    assert adapted.counts().own == 0
    adapted.detach()
    return tuned


@pytest.mark.parametrize("model", ["tiny_sam", "tiny_litemedsam"])
def test_what_trains(model: str, request: pytest.FixtureRequest) -> None:
    segmenter: SamSegmenter = request.getfixturevalue(model)
    names = {name for name, _ in segmenter.network.named_parameters()}
    encoder = {name for name in names if name.startswith("image_encoder.")}
    decoder = {name for name in names if name.startswith("mask_decoder.")}

    assert _tuned(segmenter, "decoder") == decoder
    assert _tuned(segmenter, "full") == encoder | decoder
    assert _tuned(segmenter, "biases") == decoder | {name for name in encoder if name.endswith(".bias")}
    norms = _tuned(segmenter, "norms")
    assert norms > decoder
    assert all("norm" in name or ".bn." in name for name in norms - decoder)
    assert not [name for name in norms if ".neck." in name]


def test_the_card_of_full_fine_tuning_tells_the_size_of_its_file(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "full")

    assert "as large as the model" in adapted.method.card.title
    assert sum(tensor.numel() for tensor in adapted.state().values()) == adapted.counts().trained
    assert adapted.counts().share > 0.9

"""Late layers: what trains lies at the end, so that most of the encoder runs once."""

from __future__ import annotations

import pytest

from samaritan.adapt import attach
from samaritan.core import UsageError
from samaritan.models._anatomy import first_changed, steps
from samaritan.models._sam import SamSegmenter


@pytest.mark.parametrize(("blocks", "first"), [("last:1", 2), ("last:2", 1), ("none", 3)])
def test_what_comes_before_does_not_change(tiny_sam: SamSegmenter, blocks: str, first: int) -> None:
    adapted = attach(tiny_sam, "late-layers", {"blocks": blocks})

    assert first_changed(steps(tiny_sam.network), list(adapted.surgery.tuned)) == first
    assert {name.split(".")[0] for name in adapted.surgery.tuned} == {"image_encoder", "mask_decoder"}
    assert not adapted.surgery.wrappers


def test_between_stages_nothing_trains(tiny_litemedsam: SamSegmenter) -> None:
    adapted = attach(tiny_litemedsam, "late-layers")

    assert not [name for name in adapted.surgery.tuned if "downsample" in name]
    assert "image_encoder.layers.3.blocks.0.local_conv.bn.weight" in adapted.surgery.tuned
    assert not [name for name in adapted.surgery.tuned if name.startswith("image_encoder.layers.1.")]


def test_blocks_that_are_not_there(tiny_sam: SamSegmenter) -> None:
    with pytest.raises(UsageError, match="has 2"):
        attach(tiny_sam, "late-layers", {"blocks": "12"})

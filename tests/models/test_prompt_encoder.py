"""SAM's prompt encoder against that of ``transformers``: the same names, the same function."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from samaritan.models._prompt_encoder import PromptEncoder

HIDDEN, SIDE, CELLS = 32, 96, 6


@pytest.fixture(scope="module")
def theirs() -> Any:
    from transformers.models.sam.configuration_sam import (
        SamConfig,
        SamPromptEncoderConfig,
        SamVisionConfig,
    )
    from transformers.models.sam.modeling_sam import SamPromptEncoder

    prompts = SamPromptEncoderConfig(hidden_size=HIDDEN, image_size=SIDE, patch_size=SIDE // CELLS)
    vision = SamVisionConfig(hidden_size=HIDDEN, num_pos_feats=HIDDEN // 2, output_channels=HIDDEN)
    torch.manual_seed(0)
    encoder = SamPromptEncoder(SamConfig(prompt_encoder_config=prompts, vision_config=vision))
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter)
    return encoder.eval()


@pytest.fixture(scope="module")
def ours(theirs: Any) -> PromptEncoder:
    encoder = PromptEncoder(HIDDEN, SIDE, CELLS)
    encoder.load_state_dict(theirs.state_dict(), strict=True)
    return encoder.eval()


def draw(*shape: int) -> Tensor:
    return SIDE * torch.rand(shape, generator=torch.Generator().manual_seed(len(shape)))


POINTS, LABELS = draw(3, 1, 4, 2), torch.tensor([[[1, 0, 1, 0]]] * 3)
BOXES, MASKS = draw(3, 1, 4), draw(3, 1, 4 * CELLS, 4 * CELLS)


@pytest.mark.parametrize(
    "asked",
    [
        (None, None, None, None),
        (POINTS, LABELS, None, None),
        (None, None, BOXES, None),
        (POINTS, LABELS, BOXES, None),
        (None, None, None, MASKS),
        (POINTS, LABELS, BOXES, MASKS),
    ],
    ids=["nothing", "points", "boxes", "points and boxes", "masks", "all"],
)
@torch.no_grad()
def test_embeds_as_transformers_does(theirs: Any, ours: PromptEncoder, asked: tuple[Tensor | None, ...]) -> None:
    sparse, dense = ours(*asked)
    expected_sparse, expected_dense = theirs(*asked)
    torch.testing.assert_close(dense.expand_as(expected_dense), expected_dense, rtol=1e-5, atol=1e-5)
    if expected_sparse is None:
        assert sparse is None
    else:
        torch.testing.assert_close(sparse, expected_sparse, rtol=1e-5, atol=1e-5)


def test_the_frequencies_are_never_trained() -> None:
    embedding = PromptEncoder(HIDDEN, SIDE, CELLS).shared_embedding
    assert not embedding.positional_embedding.requires_grad

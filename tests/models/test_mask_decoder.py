"""SAM's mask decoder against that of ``transformers``: the same names, the same function."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from samaritan.models._mask_decoder import MaskDecoder

HIDDEN, HEADS, MLP, CELLS = 32, 4, 48, 6


@pytest.fixture(scope="module")
def theirs() -> Any:
    from transformers.models.sam.configuration_sam import SamMaskDecoderConfig
    from transformers.models.sam.modeling_sam import SamMaskDecoder

    config = SamMaskDecoderConfig(
        hidden_size=HIDDEN, mlp_dim=MLP, num_attention_heads=HEADS, iou_head_hidden_dim=HIDDEN, layer_norm_eps=1e-5
    )
    config._attn_implementation = "sdpa"
    torch.manual_seed(0)
    decoder = SamMaskDecoder(config)
    for parameter in decoder.parameters():  # norms and biases start as ones and zeros, which would hide mistakes
        torch.nn.init.normal_(parameter, std=0.3)
    return decoder.eval()


@pytest.fixture(scope="module")
def ours(theirs: Any) -> MaskDecoder:
    decoder = MaskDecoder(HIDDEN, HEADS, MLP)
    decoder.load_state_dict(theirs.state_dict(), strict=True)
    return decoder.eval()


def question(tokens: int | None) -> dict[str, Tensor | None]:
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    return {
        "image_embeddings": draw(3, HIDDEN, CELLS, CELLS),
        "image_positional_embeddings": draw(1, HIDDEN, CELLS, CELLS),
        "sparse_prompt_embeddings": None if tokens is None else draw(3, 1, tokens, HIDDEN),
        "dense_prompt_embeddings": draw(3, HIDDEN, CELLS, CELLS),
    }


@pytest.mark.parametrize("multimask", [False, True])
@pytest.mark.parametrize("tokens", [None, 2, 5])
def test_answers_as_transformers_does(theirs: Any, ours: MaskDecoder, tokens: int | None, multimask: bool) -> None:
    asked = question(tokens)
    with torch.no_grad():
        masks, quality = ours(**asked, multimask_output=multimask)
        positions = asked["image_positional_embeddings"]
        assert positions is not None
        expected = theirs(
            **asked | {"image_positional_embeddings": positions.expand(3, -1, -1, -1)}, multimask_output=multimask
        )
    candidates = 3 if multimask else 1
    assert masks.shape == (3, 1, candidates, 4 * CELLS, 4 * CELLS)
    for found, wanted in zip((masks, quality), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_gradients_reach_every_weight(ours: MaskDecoder) -> None:
    masks, quality = ours(**question(2), multimask_output=True)
    (masks.sum() + quality.square().sum()).backward()
    missing = [name for name, weight in ours.named_parameters() if weight.grad is None or not weight.grad.any()]
    ours.zero_grad()
    # keys' biases shift all scores of a query alike; the first mask token gives the mask that was not asked for
    assert [name for name in missing if not name.endswith("k_proj.bias")] == [
        f"output_hypernetworks_mlps.0.{name}"
        for name in (
            "proj_in.weight",
            "proj_in.bias",
            "layers.0.weight",
            "layers.0.bias",
            "proj_out.weight",
            "proj_out.bias",
        )
    ]

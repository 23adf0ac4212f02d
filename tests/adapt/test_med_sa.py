"""Med-SA: counts, where its adapters stand, and its switches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from samaritan.adapt import Adaptation, attach
from samaritan.core import Box, Geometry, Points, PromptSet, UsageError, Volume
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.predict import VolumePredictor

Vit = Callable[[str], SamSegmenter]

PROMPTS = (
    PromptSet(box=Box([3, 4], [20, 15])),
    PromptSet(points=Points([[10, 9], [2, 17]], [1, 0])),
    PromptSet(),
)
#: Of one hyper-prompting adapter on 256 channels: down, up, reduction, two generated layers, two norms.
HYPER = 16_448 + 16_640 + 8_224 + 2 * 135_168 + 2 * 128


@pytest.fixture(params=["tiny_sam", "tiny_litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SamSegmenter)
    return found


def grown(segmenter: SamSegmenter, **settings: Any) -> Adaptation:
    """Attached, with values where training would have put some."""
    adapted = attach(segmenter, "med-sa", settings)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            if not parameter.any():
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    adapted.train(False)
    return adapted


def on_meta(segmenter: SamSegmenter, settings: dict[str, Any] | None = None) -> Adaptation:
    with torch.device("meta"):
        return attach(segmenter, "med-sa", settings)


def picture(seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 255, (31, 22, 3)).astype(np.float32)


def answers(segmenter: SamSegmenter, prompts: Sequence[PromptSet] = PROMPTS) -> Tensor:
    found = segmenter.decode(segmenter.encode(picture()), prompts)
    return torch.from_numpy(np.stack([answer.logits for answer in found]))


@pytest.mark.parametrize(
    ("size", "two", "three"),
    [("b", 7_100_928, 10_651_392), ("l", 25_227_264, 37_840_896), ("h", 52_531_200, 78_796_800)],
)
def test_encoder_counts_are_the_published_ones(vit_network: Vit, size: str, two: int, three: int) -> None:
    for depth, count in ((1, two), (5, three)):
        counts = on_meta(vit_network(size), {"decoder": "none", "depth": depth}).counts()
        assert counts.trained == counts.own == count


def test_hidden_80_is_the_papers_budget(vit_network: Vit) -> None:
    counts = on_meta(vit_network("h"), {"decoder": "none", "hidden": 80}).counts()
    assert counts.own == 13_194_240
    assert round(100 * counts.share) == 2


def test_decoder_counts(vit_network: Vit) -> None:
    plain = on_meta(vit_network("b"), {"blocks": "none", "hyper": False}).counts()
    assert plain.own == 198_528
    hyper = on_meta(vit_network("b"), {"blocks": "none"}).counts()
    assert hyper.own == 2 * (2 * 33_088 + HYPER)
    whole = on_meta(vit_network("b")).counts()
    assert whole.own == whole.trained == 7_100_928 + hyper.own
    release = on_meta(vit_network("b"), {"decoder": "none", "train": ["decoder"]}).counts()
    assert release.trained == 7_100_928 + 4_058_340


@pytest.mark.parametrize(
    "settings",
    [
        {"hyper": False, "act": "relu"},
        {"hyper_per_token": True, "hyper_layers": 3, "hyper_length": 5},
        {"scale": 0.0},
        {"decoder": "none", "ratio": 0.01},
        {"depth": 4, "hidden": 3},
    ],
)
def test_untrained_it_answers_as_the_base(segmenter: SamSegmenter, settings: dict[str, Any]) -> None:
    plain = answers(segmenter)
    adapted = attach(segmenter, "med-sa", settings)
    adapted.train(False)
    torch.testing.assert_close(answers(segmenter), plain, atol=1e-6, rtol=0)
    adapted.detach()
    assert torch.equal(answers(segmenter), plain)


def test_released_values_change_answers(segmenter: SamSegmenter) -> None:
    plain = answers(segmenter)
    attach(segmenter, "med-sa", {"start": "released", "decoder": "none"}).train(False)
    assert not torch.allclose(answers(segmenter), plain, atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("index", [0, 1])
def test_a_vit_block_by_hand(tiny_sam: SamSegmenter, index: int) -> None:
    """x + u + A(u), then x + mlp(norm2 x) + s A(norm2 x); the first block has windows, the second has not."""
    block: Any = tiny_sam.network.get_submodule(f"image_encoder.layers.{index}")
    x = torch.randn(2, 8, 8, 32, generator=torch.Generator().manual_seed(1))
    silence = block.mlp.register_forward_hook(lambda *_: torch.zeros(()))
    u = block(x) - x
    silence.remove()
    adapted = grown(tiny_sam, scale=0.7)
    behind, beside = (adapted.surgery.wrappers[f"image_encoder.layers.{index}.{part}"] for part in ("attn", "mlp"))
    first = x + u + _bottleneck(behind, u)
    normed = block.layer_norm2(first)
    expected = first + beside.base(normed) + 0.7 * _bottleneck(beside, normed)
    torch.testing.assert_close(block(x), expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_tinyvit_block_by_hand(tiny_litemedsam: SamSegmenter) -> None:
    adapted = grown(tiny_litemedsam)
    place = adapted.surgery.blocks("0")[0].path
    block: Any = tiny_litemedsam.network.get_submodule(place)
    behind, beside = (adapted.surgery.wrappers[f"{place}.{part}"] for part in ("attn", "mlp"))
    width = adapted.surgery.blocks("0")[0].width
    tokens = torch.randn(2, block.window**2, width, generator=torch.Generator().manual_seed(1))
    u = behind.base(tokens)
    torch.testing.assert_close(block.attn(tokens), u + _bottleneck(behind, u))
    norm = beside.base.get_submodule("norm")
    torch.testing.assert_close(block.mlp(tokens), beside.base(tokens) + 0.5 * _bottleneck(beside, norm(tokens)))


@torch.no_grad()
def test_a_decoder_block_by_hand(tiny_sam: SamSegmenter) -> None:
    adapted = grown(tiny_sam, blocks="none", hyper=False)
    block: Any = tiny_sam.network.mask_decoder.transformer.layers[1]
    found = adapted.surgery.wrappers
    place = "mask_decoder.transformer.layers.1"
    first, second, third = (found[f"{place}.{part}"] for part in ("cross_attn_token_to_image", "mlp", "layer_norm4"))
    generator = torch.Generator().manual_seed(1)
    tokens, image, marks, positions = (torch.randn(2, 1, n, 32, generator=generator) for n in (7, 64, 7, 64))
    asked, seen = block(tokens, image, marks, positions)

    t = block.layer_norm1(tokens + block.self_attn(tokens + marks, tokens + marks, tokens))
    heard = first.base(t + marks, image + positions, image)
    t = block.layer_norm2(t + heard + _bottleneck(first, heard))
    t = block.layer_norm3(t + second.base(t) + 0.5 * _bottleneck(second, t))
    k = third.base(image + block.cross_attn_image_to_token(image + positions, t + marks, t))
    torch.testing.assert_close(asked, t)
    torch.testing.assert_close(seen, k + _bottleneck(third, k))


def _bottleneck(wrapper: Any, tokens: Tensor) -> Tensor:
    adapter = wrapper.adapter
    found: Tensor = adapter.up(functional.gelu(adapter.down(tokens)))
    return found


@pytest.mark.parametrize("per_token", [False, True])
def test_the_prompt_shapes_the_decoder(tiny_sam: SamSegmenter, per_token: bool) -> None:
    """The generators matter where something is asked; without a prompt they are as good as not there."""
    adapted = grown(tiny_sam, hyper_per_token=per_token)
    generators = [p for name, p in adapted.named_trainable().items() if ".generators." in name and p.ndim == 2]
    with torch.no_grad():
        for weight in generators:
            weight.mul_(1000)  # as if trained
        shaped = answers(tiny_sam)
        for weight in generators:
            weight.zero_()
        static = answers(tiny_sam)
    different = [not torch.allclose(a, b, atol=1e-4) for a, b in zip(shaped, static, strict=True)]
    assert different == [True, True, False]


def test_without_a_scale_nothing_stands_beside_an_mlp(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "med-sa", {"scale": 0})
    assert not [path for path in adapted.surgery.wrappers if path.endswith(".mlp")]
    counts = adapted.counts().own
    adapted.detach()
    assert counts < attach(segmenter, "med-sa").counts().own


class Counting:
    """A volume under a model whose encoder's calls are written down by the number of pictures they got."""

    def __init__(self, segmenter: SamSegmenter, count: int) -> None:
        data = np.random.default_rng(0).uniform(0, 100, (12, 9, count)).astype(np.float32)
        self.stacks: list[int] = []
        encode = segmenter.network.encode

        def counting(pixels: Tensor) -> Tensor:
            self.stacks.append(len(pixels))
            return encode(pixels)

        segmenter.network.encode = counting  # type: ignore[method-assign]
        self.volume = Volume(data, Geometry.from_spacing(data.shape, (1, 1, 3)), "MR")
        self.segmenter = segmenter

    def embeddings(self, order: Sequence[int]) -> dict[int, Tensor]:
        predictor = VolumePredictor(self.segmenter, self.volume)
        return {k: predictor.embedding(k).features["image"].clone() for k in order}


def test_a_volume_is_encoded_in_stacks(segmenter: SamSegmenter) -> None:
    grown(segmenter, depth=3)
    run = Counting(segmenter, 5)
    forwards = run.embeddings(range(5))
    assert run.stacks == [3, 3]
    backwards = run.embeddings(range(4, -1, -1))
    assert all(torch.equal(forwards[k], backwards[k]) for k in range(5))
    predictor = VolumePredictor(segmenter, run.volume)
    alone = segmenter.encode(predictor.picture(0)).features["image"]
    assert not torch.allclose(alone, forwards[0], atol=1e-4), "it hears its neighbours"


def test_fewer_slices_than_a_stack_will_do(segmenter: SamSegmenter) -> None:
    grown(segmenter, depth=3, depth_rel_pos="learned_1d")
    for count in (1, 2):
        run = Counting(segmenter, count)
        run.embeddings(range(count))
        assert run.stacks == [count]


def test_slices_cannot_attend_along_where_attention_halves_its_map() -> None:
    segmenter = load_model("tiny-sam2")
    assert isinstance(segmenter, SamSegmenter)
    with pytest.raises(UsageError, match="encoder block 1, whose attention halves its map; name the other blocks"):
        attach(segmenter, "med-sa", {"depth": 2})
    adapted = attach(segmenter, "med-sa", {"depth": 2, "blocks": "0,3"})
    adapted.train(False)
    embeddings = segmenter.encode_stack([picture(0), picture(1)])
    assert len(embeddings) == 2
    assert all(bool(tensor.isfinite().all()) for tensor in embeddings[0].features.values())

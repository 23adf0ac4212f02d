"""UA-SAM: counts, and the release's defects that must not come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.adapt import Adaptation, attach
from samaritan.adapt.ua_sam import LatentResidual, UaSamConfig, UncertaintyAdapter, gelu_mlp
from samaritan.core import ModelError
from samaritan.models._sam import SamSegmenter

#: Of a block of ViT-B in the paper, and its part that conditions on prompts, which does not exist here.
PER_BLOCK, PROMPT_BRANCH = 458_448, 128_512


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def grown(segmenter: SamSegmenter, **settings: Any) -> Adaptation:
    """Attached, with values where training would have put some."""
    adapted = attach(segmenter, "ua-sam", settings)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            if not parameter.any():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
    adapted.train(False)
    return adapted


def residual_of(adapted: Adaptation) -> LatentResidual:
    return next(w for w in adapted.surgery.wrappers.values() if isinstance(w, LatentResidual))


def picture(seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 255, (31, 22, 3)).astype(np.float32)


def pixels(segmenter: SamSegmenter, *seeds: int) -> Tensor:
    return torch.cat([segmenter.frame.pixels(picture(seed)) for seed in seeds])


@pytest.fixture(params=["tiny_sam", "tiny_litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SamSegmenter)
    return found


def test_a_block_is_as_large_as_published() -> None:
    adapter = UncertaintyAdapter(768, 192, UaSamConfig(), passes_on=True)
    assert count(adapter) == PER_BLOCK - PROMPT_BRANCH
    assert count(adapter.down) + count(adapter.up) == 295_872
    assert count(gelu_mlp(768, 256, 12)) == 199_948


def test_vit_b_is_as_large_as_published(vit_network: Callable[[str], SamSegmenter]) -> None:
    unread = 6 * 12 + 12 + 12 * 12 + 12  # position code of the last adapter
    blocks = 12 * (PER_BLOCK - PROMPT_BRANCH) - unread
    adapted = attach(vit_network("b"), "ua-sam")
    assert count(residual_of(adapted).residual) == 371_136
    assert adapted.counts().trained == blocks + 199_948 + 371_136 + 1_368_396 + 1_368_684


@pytest.mark.parametrize(("size", "width"), [("l", 1024), ("h", 1280)])
def test_larger_encoders_get_larger_adapters(vit_network: Callable[[str], SamSegmenter], size: str, width: int) -> None:
    adapted = attach(vit_network(size), "ua-sam", {"blocks": "last:2"})
    block = adapted.surgery.blocks("last:2")[0]
    adapter = adapted.network.get_submodule(block.path).get_submodule("adapter")
    assert adapter.get_submodule("down").weight.shape == (width // 4, width)


def test_rows_of_the_attention_sum_to_one() -> None:
    adapter = UncertaintyAdapter(8, 2, UaSamConfig(), passes_on=False)
    key, query = torch.randn(3, 6), torch.randn(3, 6)
    found = adapter.attention(key, query)
    torch.testing.assert_close(found.sum(dim=2), torch.ones(3, 6))
    by_hand = torch.exp(key[1, 2] * query[1] / 6**0.5)
    torch.testing.assert_close(found[1, 2], by_hand / by_hand.sum())


def test_a_block_by_hand() -> None:
    """The formulas once more, for one item, with loops."""
    torch.manual_seed(0)
    adapter = UncertaintyAdapter(8, 4, UaSamConfig(), passes_on=True)
    torch.nn.init.normal_(adapter.up.weight)
    tokens, position, code = torch.randn(1, 2, 3, 8), torch.randn(1, 12), torch.randn(1, 6)
    with torch.no_grad():
        update, following = adapter(tokens, position, code)
        gelu = torch.nn.functional.gelu
        read = adapter.read(position)[0]
        key, value = adapter.key(read), gelu(adapter.value(read))
        query, content = adapter.query(code[0]), adapter.content(code[0])
        logits = torch.stack([torch.stack([key[i] * query[j] / 6**0.5 for j in range(6)]) for i in range(6)])
        rows = logits.softmax(dim=1)
        mixed = torch.stack([sum(content[i] * rows[i, j] for i in range(6)) for j in range(6)])
        middle = gelu(adapter.down(tokens[0, 1, 2])) + adapter.shift(mixed * value)
        torch.testing.assert_close(update[0, 1, 2], adapter.up(middle))
        assert adapter.next is not None
        torch.testing.assert_close(following[0], adapter.next(value))


def test_attached_it_answers_as_before_for_any_code(segmenter: SamSegmenter) -> None:
    before = segmenter.encode(picture()).features["image"]
    adapted = attach(segmenter, "ua-sam")
    for seed in (None, 1, 2):
        adapted.behaviour.draw(None if seed is None else torch.Generator().manual_seed(seed))
        torch.testing.assert_close(segmenter.encode(picture()).features["image"], before, atol=1e-5, rtol=0)


def test_other_codes_give_other_features_and_the_same_code_the_same(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)

    def features(seed: int | None) -> Tensor:
        adapted.behaviour.draw(None if seed is None else torch.Generator().manual_seed(seed))
        return segmenter.encode(picture()).features["image"]

    assert torch.equal(features(1), features(1))
    assert torch.equal(features(None), features(None))
    assert not torch.allclose(features(1), features(2), atol=1e-3)
    assert not torch.allclose(features(1), features(None), atol=1e-3)


def test_both_ways_of_the_code_are_heard(segmenter: SamSegmenter) -> None:
    """Adapters and the residual, each without the other."""
    adapted = grown(segmenter)
    wrappers = adapted.surgery.wrappers.values()
    residual = residual_of(adapted).residual[-1]
    saved = [p.detach().clone() for p in residual.parameters()]

    def moved() -> float:
        found = []
        for seed in (1, 2):
            adapted.behaviour.draw(torch.Generator().manual_seed(seed))
            found.append(segmenter.encode(picture()).features["image"])
        return float((found[0] - found[1]).abs().max())

    with torch.no_grad():
        for parameter in residual.parameters():
            parameter.zero_()
        assert moved() > 1e-3
        for parameter, old in zip(residual.parameters(), saved, strict=True):
            parameter.copy_(old)
        for wrapper in wrappers:
            if not isinstance(wrapper, LatentResidual):
                wrapper.get_submodule("adapter.up").weight.zero_()  # type: ignore[operator]
    assert moved() > 1e-3


def test_pictures_do_not_influence_each_other(segmenter: SamSegmenter) -> None:
    """In training too, where each has its own mask; any number of pictures, also one that 12 is no multiple of."""
    adapted = grown(segmenter)
    several = pixels(segmenter, 0, 1, 2, 3, 4)
    generator = torch.Generator().manual_seed(0)
    masks, noise = torch.rand(5, 1, 32, 32, generator=generator), torch.randn(5, 6, generator=generator)
    space = residual_of(adapted).space
    adapted.train(True)

    def run(chosen: list[int]) -> Tensor:
        with torch.no_grad():
            space.learn(several[chosen], masks[chosen], noise[chosen])
            return adapted.network.encode(several[chosen])

    together = run([0, 1, 2, 3, 4])
    assert not torch.allclose(together[0], together[1])
    for chosen in ([0], [0, 3]):
        torch.testing.assert_close(run(chosen)[0], together[0], atol=1e-4, rtol=1e-4)


def test_the_mask_matters_in_training_and_not_in_evaluation(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    inputs = pixels(segmenter, 0)

    def run(mask: Tensor) -> Tensor:
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            adapted.behaviour.observe(inputs, mask)
            found = adapted.network.encode(inputs)
        adapted.behaviour.finish()
        return found

    nothing, everything = torch.zeros(1, 1, 32, 32), torch.ones(1, 1, 32, 32)
    adapted.train(False)
    assert torch.equal(run(nothing), run(everything))
    adapted.train(True)
    assert not torch.equal(run(nothing), run(everything))


def test_a_prediction_between_steps_asks_the_prior(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    expected = segmenter.encode(picture()).features["image"]
    adapted.train(True)
    adapted.behaviour.observe(pixels(segmenter, 0), torch.ones(1, 1, 32, 32))
    assert torch.equal(segmenter.encode(picture()).features["image"], expected)


def test_the_residual_trains_from_the_first_step(segmenter: SamSegmenter) -> None:
    adapted = attach(segmenter, "ua-sam")
    adapted.train(True)
    inputs = pixels(segmenter, 0)
    adapted.behaviour.observe(inputs, torch.ones(1, 1, 32, 32))
    adapted.network.encode(inputs).square().mean().backward()  # type: ignore[no-untyped-call]
    last = residual_of(adapted).residual[-1]
    assert all(p.grad is not None and p.grad.any() for p in last.parameters())


def test_the_norms_of_the_latent_networks_are_part_of_the_penalty(tiny_sam: SamSegmenter) -> None:
    found = []
    for norms in (0.0, 1.0):
        adapted = attach(tiny_sam, "ua-sam", {"norms": norms, "beta": 0.0})
        adapted.train(True)
        adapted.behaviour.observe(pixels(tiny_sam, 0), torch.ones(1, 1, 32, 32))
        penalty = adapted.behaviour.penalty()
        assert penalty is not None
        found.append(float(penalty.detach()))
        expected = sum(float(p.detach().norm()) for p in residual_of(adapted).space.parameters())
        adapted.detach()
    assert found[0] == 0
    assert found[1] == pytest.approx(expected, rel=1e-5)


def test_detached_nothing_listens_any_more(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "ua-sam")
    assert tiny_sam.network.image_encoder._forward_pre_hooks
    adapted.detach()
    assert not tiny_sam.network.image_encoder._forward_pre_hooks


@pytest.mark.parametrize("method", ["ua-sam", "probabilistic-sam"])
def test_what_only_training_needs_is_left_out_of_what_is_shipped(segmenter: SamSegmenter, method: str) -> None:
    adapted = attach(segmenter, method)
    whole, shipped = adapted.state(), adapted.state(training=False)
    gone = whole.keys() - shipped.keys()
    assert gone
    assert all(".posterior." in name for name in gone)
    assert not any(".posterior." in name for name in shipped)
    with pytest.raises(ModelError, match="missing"):
        adapted.load_state(shipped)
    adapted.load_state(shipped, training=False)

"""The adapter whose weights come from the prompt."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._hyper_prompt import Asked, HyperPrompt, asked_of
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork

POINTS = torch.tensor([[[[9.0, 5.0], [30.0, 11.0]]], [[[2.0, 8.0], [60.0, 50.0]]]])
LABELS = torch.tensor([[[1, 0]], [[1, 1]]])
BOXES = torch.tensor([[[3.0, 4.0, 40.0, 50.0]], [[1.0, 2.0, 9.0, 9.0]]])


def asked(seed: int, tokens: int = 3) -> Asked:
    sparse = torch.randn(2, 1, tokens, 8, generator=torch.Generator().manual_seed(seed))
    return Asked(sparse.mean(dim=2, keepdim=True), sparse)


def adapter(what: Asked | None, *, per_token: bool = False, grown: bool = True) -> Any:
    torch.manual_seed(0)
    made: Any = HyperPrompt(8, 4, 2, 6, per_token=per_token, asked=lambda: what)
    if grown:
        torch.nn.init.normal_(made.up.weight)
        for generator in made.generators:
            generator.weight.data *= 1000  # as if trained
    return made


def tokens() -> Tensor:
    return torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(9))


def test_it_starts_as_the_identity() -> None:
    for what in (asked(0), None):
        assert torch.equal(adapter(what, grown=False)(tokens()), tokens())


def test_by_hand() -> None:
    what = asked(0)
    made, x = adapter(what), tokens()
    for n in range(2):
        code = functional.gelu(made.reduce(what.tokens[n, 0].mean(dim=0)))
        middle = made.down(x[n, 0])
        for generator, norm in zip(made.generators, made.norms, strict=True):
            matrix = generator(code).reshape(4, 4)
            middle = norm(torch.stack([token @ matrix for token in middle])).clamp(min=0)
        torch.testing.assert_close(made(x)[n, 0], x[n, 0] + made.up(middle))


def test_per_token_by_hand() -> None:
    what = asked(0)
    made, x = adapter(what, per_token=True), tokens()
    for place in range(8):
        own = (
            what.tokens[1, 0, place - 5] if place >= 5 else what.mean[1, 0, 0]
        )  # three of eight tokens are the prompt's
        code = functional.gelu(made.reduce(own))
        middle = made.down(x[1, 0, place])
        for generator, norm in zip(made.generators, made.norms, strict=True):
            middle = norm(middle @ generator(code).reshape(4, 4)).clamp(min=0)
        torch.testing.assert_close(made(x)[1, 0, place], x[1, 0, place] + made.up(middle))


@pytest.mark.parametrize("per_token", [False, True])
def test_prompts_make_a_difference_through_the_generators_alone(per_token: bool) -> None:
    first, second = (adapter(asked(seed), per_token=per_token) for seed in (0, 1))
    assert not torch.allclose(first(tokens()), second(tokens()))
    for made in (first, second):
        for generator in made.generators:
            torch.nn.init.zeros_(generator.weight)
    torch.testing.assert_close(first(tokens()), second(tokens()))


def test_without_a_prompt_the_generators_see_zeros() -> None:
    made = adapter(None)
    expected = adapter(None)
    for generator in expected.generators:
        torch.nn.init.zeros_(generator.weight)
    torch.testing.assert_close(made(tokens()), expected(tokens()))


def test_gradients_reach_generators_and_reduction() -> None:
    made = adapter(asked(0))
    made(tokens()).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in made.parameters())


def counts(made: nn.Module) -> dict[str, int]:
    return {name: sum(p.numel() for p in part.parameters()) for name, part in made.named_children()}


def test_counts() -> None:
    made: Any = HyperPrompt(256, 64, 2, 32, per_token=False, asked=lambda: None)
    assert counts(made) == {
        "down": 16_448, "up": 16_640, "reduce": 8_224, "generators": 2 * 135_168, "norms": 2 * 128,
    }  # fmt: skip
    for generator in made.generators:
        assert torch.equal(generator(torch.zeros(32)).view(64, 64), torch.eye(64))
        assert 0.9e-3 < float(generator.weight.detach().std()) < 1.1e-3


def running(network: SamNetwork, prompts: PromptTensors) -> Asked | None:
    """What is known in the middle of a call."""
    seen: list[Asked | None] = []
    handle = network.mask_decoder.register_forward_pre_hook(lambda *_: seen.append(asked_of(network)))
    with torch.no_grad():
        network.decode(torch.zeros_like(network.position_grid), prompts, multimask=False)
    handle.remove()
    return seen[0]


def test_what_is_asked_is_the_mean_without_the_filling_token(tiny_sam: SamSegmenter) -> None:
    network = tiny_sam.network
    points, boxes = PromptTensors(POINTS, LABELS), PromptTensors(boxes=BOXES)
    both = PromptTensors(POINTS, LABELS, BOXES)
    sparse, _ = network.embed_prompts(points)
    assert sparse is not None
    assert sparse.shape[2] == 3
    found = running(network, points)
    assert found is not None
    torch.testing.assert_close(found.mean, sparse[:, :, :2].mean(dim=2, keepdim=True))
    torch.testing.assert_close(found.tokens, torch.cat([sparse[:, :, :2], found.mean], dim=2))
    for prompts, count in ((boxes, 2), (both, 4)):
        sparse, _ = network.embed_prompts(prompts)
        found = running(network, prompts)
        assert found is not None
        assert sparse is not None
        assert found.tokens.shape[2] == count
        torch.testing.assert_close(found.mean, sparse.mean(dim=2, keepdim=True))
    assert running(network, PromptTensors()) is None
    assert running(network, PromptTensors(masks=torch.zeros(1, 1, tiny_sam.frame.grid, tiny_sam.frame.grid))) is None


def test_nothing_is_known_between_calls(tiny_sam: SamSegmenter) -> None:
    running(tiny_sam.network, PromptTensors(boxes=BOXES))
    assert tiny_sam.network.sparse is None
    assert asked_of(tiny_sam.network) is None
    assert asked_of(copy.deepcopy(tiny_sam.network)) is None

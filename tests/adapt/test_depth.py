"""Attention along slices, on the attentions of both architectures."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from samaritan.adapt import Adaptation, attach
from samaritan.adapt._depth import SpaceDepth
from samaritan.core import UsageError
from samaritan.models._anatomy import Block
from samaritan.models._sam import SamSegmenter

SLICES = 3


@pytest.fixture(params=["tiny_sam", "tiny_litemedsam"])
def segmenter(request: pytest.FixtureRequest) -> SamSegmenter:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SamSegmenter)
    return found


def grown(segmenter: SamSegmenter, **settings: Any) -> Adaptation:
    """Attached with the branch, and with values where training would have put some."""
    adapted = attach(segmenter, "med-sa", {"depth": SLICES, "decoder": "none", "start": "released", **settings})
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            if not parameter.any():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
    adapted.train(False)
    return adapted


def branches(adapted: Adaptation) -> list[tuple[Block, SpaceDepth]]:
    found = [(b, adapted.surgery.wrappers[b.at("attention")]) for b in adapted.surgery.blocks()]
    return [(block, branch) for block, branch in found if isinstance(branch, SpaceDepth)]


def fused(adapted: Adaptation, branch: SpaceDepth, tokens: Tensor) -> Tensor:
    """Queries, keys and values of tokens as they come out of the block's normalisation."""
    block = next(b for b, found in branches(adapted) if found is branch)
    normed = branch.base.get_submodule("norm")(tokens) if block.plan.attention_norm else tokens
    found: Tensor = branch.base.get_submodule("qkv")(normed)
    return found


def split(block: Block, whole: Tensor) -> Tensor:
    """(..., 3 width) -> (q k v, ..., head, channel)."""
    interleaved = block.plan.interleaved
    parts = (block.heads, 3) if interleaved else (3, block.heads)
    return whole.view(*whole.shape[:-1], *parts, -1).movedim(-2 if interleaved else -3, 0)


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


def pixels(segmenter: SamSegmenter, count: int, seed: int = 0) -> Tensor:
    side = segmenter.frame.side
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def encode(segmenter: SamSegmenter, pictures: Tensor, slices: int) -> Tensor:
    segmenter.network.depth = slices
    with torch.no_grad():
        found = segmenter.network.encode(pictures)
    segmenter.network.depth = 1
    return found


@torch.no_grad()
def test_by_hand(segmenter: SamSegmenter) -> None:
    """Two stacks, each slice cut into two windows, with loops."""
    adapted = grown(segmenter, depth_rel_pos="learned_1d")
    block, branch = branches(adapted)[0]
    width, heads = block.width, block.heads
    x = noise(2, SLICES, 2, 4, width)  # (stack, slice, window, token, width)
    whole = fused(adapted, branch, x)
    q, k, v = split(block, whole)
    expected = torch.zeros(2, SLICES, 2, 4, width)
    bias = branch.bias
    assert bias is not None
    for stack, window, token in [(0, 0, 0), (0, 1, 2), (1, 0, 3), (1, 1, 1)]:
        for i in range(SLICES):
            heard = []
            for head in range(heads):
                at = [(stack, j, window, token, head) for j in range(SLICES)]
                scores = torch.stack(
                    [
                        q[at[i]] @ k[at[j]] / (width // heads) ** 0.5 + bias[head, j - i + SLICES - 1]
                        for j in range(SLICES)
                    ]
                )
                heard.append(sum(w * v[at[j]] for j, w in enumerate(scores.softmax(0))))
            expected[stack, i, window, token] = torch.cat(heard)
    segmenter.network.depth = SLICES
    branch.count(nn.Identity(), (torch.empty(2 * SLICES),))
    found = branch.attend(whole.view(12, 4, 3 * width)).view(expected.shape)
    asked = expected.abs().sum(dim=-1) > 0
    assert int(asked.sum()) == 4 * SLICES
    torch.testing.assert_close(found[asked], expected[asked])


@torch.no_grad()
def test_windows_make_no_difference(segmenter: SamSegmenter) -> None:
    """The branch of a picture in windows is that of the whole picture, cut."""
    adapted = grown(segmenter)
    block, branch = branches(adapted)[0]
    x = noise(SLICES, 6, 6, block.width)
    segmenter.network.depth = SLICES
    branch.count(nn.Identity(), (x,))
    whole = branch.attend(fused(adapted, branch, x))
    windows = x.view(SLICES, 2, 3, 2, 3, -1).transpose(2, 3).reshape(SLICES * 4, 3, 3, -1)
    cut = branch.attend(fused(adapted, branch, windows))
    together = cut.view(SLICES, 2, 2, 3, 3, -1).transpose(2, 3).reshape(x.shape)
    torch.testing.assert_close(together, whole)


@torch.no_grad()
def test_places_and_slices_may_be_permuted(segmenter: SamSegmenter) -> None:
    for rel_pos, equivariant in (("off", True), ("learned_1d", False)):
        adapted = grown(segmenter, depth_rel_pos=rel_pos)
        block, branch = branches(adapted)[0]
        x = noise(SLICES, 9, block.width)
        segmenter.network.depth = SLICES
        branch.count(nn.Identity(), (x,))
        found = branch.attend(fused(adapted, branch, x))
        places, slices = torch.tensor([4, 1, 8, 0, 2, 7, 3, 6, 5]), torch.tensor([2, 0, 1])
        torch.testing.assert_close(branch.attend(fused(adapted, branch, x[:, places])), found[:, places])
        permuted = branch.attend(fused(adapted, branch, x[slices]))
        assert torch.allclose(permuted, found[slices], atol=1e-5) == equivariant
        adapted.detach()


@torch.no_grad()
def test_a_slice_alone_attends_to_itself(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter, depth_rel_pos="learned_1d")
    block, branch = branches(adapted)[0]
    x = noise(2, 9, block.width)
    branch.count(nn.Identity(), (x,))
    whole = fused(adapted, branch, x)
    torch.testing.assert_close(branch.attend(whole), split(block, whole)[2].flatten(-2))


@torch.no_grad()
def test_a_block_adds_space_and_depth(segmenter: SamSegmenter) -> None:
    """u = [u_s + A_space(u_s)] + A_depth(proj(attended)), through the wrapper as the block calls it."""
    adapted = grown(segmenter)
    block, branch = branches(adapted)[0]
    side = int(getattr(segmenter.network.get_submodule(block.path), "window_size", 0))
    x = noise(SLICES, side, side, block.width) if side else noise(SLICES, 49, block.width)
    segmenter.network.depth = SLICES
    branch.count(nn.Identity(), (x,))
    answer, space = branch(x), branch.base(x)
    answer, space = (found[0] if isinstance(found, tuple) else found for found in (answer, space))
    along = branch.base.get_submodule("proj")(branch.attend(fused(adapted, branch, x)))
    torch.testing.assert_close(answer, branch.space(space) + branch.depth(along))


def test_slices_hear_each_other_within_their_stack_alone(segmenter: SamSegmenter) -> None:
    grown(segmenter)
    first, other = pixels(segmenter, 2 * SLICES), pixels(segmenter, 2 * SLICES)
    other[1] = pixels(segmenter, 1, seed=1)[0]
    before, after = (encode(segmenter, pictures, SLICES) for pictures in (first, other))
    changed = [bool((a - b).abs().max() > 1e-5) for a, b in zip(before, after, strict=True)]
    assert changed == [True] * SLICES + [False] * SLICES
    for start in (0, SLICES):
        stack = encode(segmenter, first[start : start + SLICES], SLICES)
        torch.testing.assert_close(stack, before[start : start + SLICES], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("rel_pos", ["off", "learned_1d"])
def test_untrained_it_is_the_base_slice_by_slice(segmenter: SamSegmenter, rel_pos: str) -> None:
    pictures = pixels(segmenter, SLICES)
    plain = encode(segmenter, pictures, 1)
    adapted = attach(segmenter, "med-sa", {"depth": SLICES, "depth_rel_pos": rel_pos})
    adapted.train(False)
    torch.testing.assert_close(encode(segmenter, pictures, SLICES), plain, atol=1e-6, rtol=0)
    assert segmenter.depth == SLICES
    adapted.detach()
    assert segmenter.depth == 1
    assert torch.equal(encode(segmenter, pictures, 1), plain)
    modules = list(segmenter.network.modules())
    assert not [m for m in modules if m._forward_hooks or m._forward_pre_hooks]


def test_everything_trains_in_stacks(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter, depth_rel_pos="learned_1d")
    adapted.train(True)
    segmenter.network.depth = SLICES
    segmenter.network.encode(pixels(segmenter, SLICES)).square().sum().backward()  # type: ignore[no-untyped-call]
    assert [n for n, p in adapted.named_trainable().items() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("rel_pos", ["off", "learned_1d"])
def test_half_precision(segmenter: SamSegmenter, rel_pos: str) -> None:
    grown(segmenter, depth_rel_pos=rel_pos)
    pictures = pixels(segmenter, SLICES)
    expected = encode(segmenter, pictures, SLICES)
    with torch.autocast("cpu", torch.bfloat16):
        half = encode(segmenter, pictures, SLICES)
    assert float((half - expected).abs().max()) < 0.1 * float(expected.abs().max())


def test_the_projection_runs_once(segmenter: SamSegmenter) -> None:
    adapted = grown(segmenter)
    calls: list[int] = []
    for _, branch in branches(adapted):
        branch.base.get_submodule("qkv").register_forward_hook(lambda *_: calls.append(1))
    encode(segmenter, pixels(segmenter, SLICES), SLICES)
    assert len(calls) == len(branches(adapted))
    assert all(branch._fused.numel() == 0 for _, branch in branches(adapted)), "nothing is kept"


def test_a_copy_looks_at_its_own_network(segmenter: SamSegmenter) -> None:
    grown(segmenter)
    other = copy.deepcopy(segmenter)
    pictures = pixels(segmenter, SLICES)
    expected = encode(segmenter, pictures, SLICES)
    assert torch.equal(encode(other, pictures, SLICES), expected)
    other.network.depth = SLICES
    assert segmenter.network.depth == 1
    assert not torch.allclose(encode(segmenter, pictures, 1), expected)


def test_what_is_no_stack_is_refused(segmenter: SamSegmenter) -> None:
    grown(segmenter, depth_rel_pos="learned_1d")
    with pytest.raises(UsageError, match="4 pictures are no whole number of stacks of 3 slices"):
        encode(segmenter, pixels(segmenter, 4), 3)
    with pytest.raises(UsageError, match="up to 3 slices; received 4"):
        encode(segmenter, pixels(segmenter, 4), 4)
    assert encode(segmenter, pixels(segmenter, 2), 2).shape[0] == 2

"""Layers of the peft library as wrappers: what is theirs, what is the base's, and what folding leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from samaritan.adapt import attach
from samaritan.adapt._peft import PeftWrapper
from samaritan.core import InputError
from samaritan.models._sam import SamSegmenter

METHODS = ("dora", "ia3", "oft", "vera")


def _wrapper(segmenter: SamSegmenter, method: str) -> PeftWrapper:
    adapted = attach(segmenter, method, {"targets": ("qkv",), "blocks": "0", "train": ()})
    wrapper = adapted.surgery.wrappers["image_encoder.layers.0.attn.qkv"]
    assert isinstance(wrapper, PeftWrapper)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return wrapper


@pytest.mark.parametrize("method", METHODS)
@torch.no_grad()
def test_any_number_of_axes(tiny_sam: SamSegmenter, method: str) -> None:
    wrapper = _wrapper(tiny_sam, method)
    tokens = torch.rand(2, 3, 4, 32)

    whole = wrapper(tokens)
    assert whole.shape == (2, 3, 4, 96)
    torch.testing.assert_close(wrapper(tokens.flatten(0, 2)), whole.flatten(0, 2))
    torch.testing.assert_close(wrapper(tokens[1]), whole[1])
    assert not torch.allclose(whole, wrapper.base(tokens), atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
@torch.no_grad()
def test_folding_gives_a_plain_projection_and_leaves_the_base(tiny_sam: SamSegmenter, method: str) -> None:
    wrapper, tokens = _wrapper(tiny_sam, method), torch.rand(5, 32)
    weight, bias, expected = wrapper.base.weight.clone(), wrapper.base.bias.clone(), wrapper(tokens)
    folded = wrapper.fold()

    assert type(folded) is nn.Linear
    torch.testing.assert_close(folded(tokens), expected)
    assert torch.equal(wrapper.base.weight, weight)
    assert torch.equal(wrapper.base.bias, bias)
    assert folded.weight.data_ptr() != wrapper.base.weight.data_ptr()
    assert torch.equal(wrapper(tokens), expected)


@pytest.mark.parametrize("method", METHODS)
def test_the_base_is_not_in_the_state(tiny_sam: SamSegmenter, method: str) -> None:
    adapted = attach(tiny_sam, method, {"train": ()})

    assert not [name for name in adapted.state() if "base" in name]
    assert sum(t.numel() for t in adapted.state().values()) == adapted.counts().own


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_written(
    tiny_sam: SamSegmenter, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    attach(tiny_sam, method).detach()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("wrong", [{"targets": ()}, {"targets": ("q",)}, {"train": ("all",)}, {"blocks": 3}])
def test_settings_that_make_no_sense(tiny_sam: SamSegmenter, method: str, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"Method {method}"):
        attach(tiny_sam, method, wrong)


@pytest.mark.parametrize("method", METHODS)
def test_every_role_of_every_block(tiny_litemedsam: SamSegmenter, method: str) -> None:
    adapted = attach(tiny_litemedsam, method, {"targets": ("qkv", "proj", "lin1", "lin2")})

    assert len(adapted.surgery.wrappers) == 4 * 3
    assert {path.rpartition(".")[2] for path in adapted.surgery.wrappers} == {"qkv", "proj", "fc1", "fc2"}

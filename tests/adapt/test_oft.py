"""OFT keeps what it promises to keep: lengths of rows and angles between them."""

from __future__ import annotations

import pytest
import torch

from samaritan.adapt import attach
from samaritan.adapt._peft import PeftWrapper
from samaritan.adapt.oft import group_of
from samaritan.models._sam import SamSegmenter


@pytest.mark.parametrize(
    ("width", "limit", "group"), [(768, 16, 16), (320, 16, 16), (160, 24, 20), (8, 16, 8), (31, 16, 1), (12, 12, 12)]
)
def test_groups_divide_the_width(width: int, limit: int, group: int) -> None:
    assert group_of(width, limit) == group


@torch.no_grad()
def test_rows_are_rotated_together(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "oft", {"targets": ("qkv",), "group": 8, "train": ()})
    generator = torch.Generator().manual_seed(0)
    for parameter in adapted.named_trainable().values():
        parameter.copy_(
            torch.randn(parameter.shape, generator=generator)
        )  # far from the start, where a series would fail
    for wrapper in adapted.surgery.wrappers.values():
        assert isinstance(wrapper, PeftWrapper)
        before, after = wrapper.base.weight, wrapper.fold().weight
        assert (after - before).abs().max() > 0.1
        torch.testing.assert_close(after @ after.T, before @ before.T)
        for start in range(0, 32, 8):  # within groups: each keeps its own length
            group = slice(start, start + 8)
            torch.testing.assert_close(after[:, group].norm(dim=1), before[:, group].norm(dim=1))

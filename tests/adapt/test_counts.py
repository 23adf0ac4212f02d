"""Numbers of parameters on SAM's published sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from samaritan.adapt import attach
from samaritan.models._sam import SamSegmenter


@pytest.mark.parametrize(("size", "count"), [("b", 93_735_472), ("l", 312_342_832), ("h", 641_090_608)])
def test_sam_is_counted_as_published(vit_network: Callable[[str], SamSegmenter], size: str, count: int) -> None:
    counts = attach(vit_network(size), "decoder").counts()

    assert counts.base == count
    assert counts.trained == 4_058_340
    assert counts.own == 0
    assert counts.share == 4_058_340 / count

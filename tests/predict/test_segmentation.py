from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.core import Box, PromptSet, Volume
from samaritan.predict import predict
from samaritan.predict.segmentation import pack, unpack

from .conftest import ThresholdSegmenter


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 8), (17, 3)])
def test_packing_is_undone(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) > 0.5
    assert np.array_equal(unpack(pack(mask), shape), mask)
    assert pack(mask).nbytes == -(-mask.size // 8)


@pytest.mark.parametrize("overlap", ["first", "separate"])
def test_areas_and_pictures_agree_with_the_masks(segmenter: ThresholdSegmenter, phantom: Volume, overlap: Any) -> None:
    targets = {
        "left": [PromptSet(box=Box((2, 3, 1), (4, 6, 2)))],
        "air": [PromptSet(box=Box((8, 0, 0), (11, 1, 0)))],
        "right": [PromptSet(box=Box((4, 3, 2), (5, 6, 3)))],
    }
    found = predict(segmenter, phantom, targets, overlap=overlap)
    areas = found.areas()
    assert areas == {
        "left": {1: 12, 2: 12},
        "air": {},
        "right": {2: 8 if overlap == "separate" else 4, 3: 8},
    }
    for name in found.targets:
        mask = found.mask(name)
        assert mask.sum() == sum(areas[name].values())
        for index in range(found.view.count):
            assert np.array_equal(found.picture_mask(name, index), found.view.slice(mask, index))

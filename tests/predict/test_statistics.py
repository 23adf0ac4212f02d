from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.core import Box, Geometry, PromptSet, Volume
from samaritan.predict import Segmentation, predict
from samaritan.predict.statistics import statistics

from .conftest import ThresholdSegmenter

AFFINE = np.array([[0.0, 2.0, 0, -10], [1.5, 0, 0, 20], [0, 0, 4, 7], [0, 0, 0, 1]])


@pytest.fixture
def volume() -> Volume:
    """A block of 4 x 3 x 2 voxels that is brighter by one from voxel to voxel, axes of 1.5, 2 and 4 mm."""
    data = np.zeros((20, 16, 8), np.float32)
    data[6:10, 5:8, 3:5] = 160 + np.arange(24).reshape(4, 3, 2)
    return Volume(data, Geometry((20, 16, 8), AFFINE), "CT")


def segmented(segmenter: ThresholdSegmenter, volume: Volume, overlap: Any = "quality") -> Segmentation:
    whole = PromptSet(box=Box((4, 4, 3), (11, 9, 4)))
    air = PromptSet(box=Box((14, 11, 3), (18, 14, 3)))
    return predict(segmenter, volume, {"block": [whole], "air": [air]}, overlap=overlap, intensity="asis")


@pytest.mark.parametrize("overlap", ["quality", "separate"])
def test_measures_are_those_of_the_voxels(segmenter: ThresholdSegmenter, volume: Volume, overlap: Any) -> None:
    found = statistics(segmented(segmenter, volume, overlap), volume)
    block = found["block"]
    assert block["extent_mm"] == [4 * 1.5, 3 * 2.0, 2 * 4.0]
    assert block["centroid_mm"] == (AFFINE @ (7.5, 6, 3.5, 1))[:3].tolist()
    values = 160 + np.arange(24)
    assert block["intensity"] == {
        "unit": "HU", "mean": 171.5, "sd": round(float(values.std()), 4), "min": 160.0, "max": 183.0, "p5": 161.15,
        "p25": 165.75, "p50": 171.5, "p75": 177.25, "p95": 181.85,
    }  # fmt: skip
    assert found["air"] == {"extent_mm": None, "centroid_mm": None, "intensity": None}


def test_one_target_amid_another_is_measured_alone(segmenter: ThresholdSegmenter, volume: Volume) -> None:
    inner = PromptSet(box=Box((7, 6, 3), (8, 6, 4)))
    outer = PromptSet(box=Box((4, 4, 3), (11, 9, 4)))
    found = predict(segmenter, volume, {"outer": [outer], "inner": [inner]}, overlap="last", intensity="asis")
    values = volume.data[7:9, 6:7, 3:5]
    told = statistics(found, volume)
    assert told["inner"]["intensity"]["mean"] == values.mean()
    assert told["outer"]["intensity"]["mean"] == pytest.approx((171.5 * 24 - values.sum()) / 20)


def test_pictures_are_measured_in_pixels_and_colours_not_at_all(segmenter: ThresholdSegmenter) -> None:
    data = np.full((30, 20, 1, 3), 20, np.uint8)
    data[5:9, 4:14] = 200
    volume = Volume(data, Geometry.pixels(30, 20))
    found = predict(segmenter, volume, {"a": [PromptSet(box=Box((2, 2), (20, 18)))]})
    assert statistics(found, volume) == {
        "a": {"extent_px": [4, 10, 1], "centroid_px": [6.5, 8.5, 0], "intensity": None}
    }


def test_other_values_have_no_unit(segmenter: ThresholdSegmenter, volume: Volume) -> None:
    found = segmented(segmenter, volume)
    assert statistics(found, volume, "MR")["block"]["intensity"]["unit"] is None

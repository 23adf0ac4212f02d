from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.core import Box, Geometry, PromptSet, Volume
from samaritan.core.colour import colour_of
from samaritan.predict import predict
from samaritan.predict._sheet import MARGIN, SIDES
from samaritan.predict.preview import AMONG_OTHERS, _panels, _title, describe_size, preview

from .conftest import ThresholdSegmenter


def box(lo: tuple[int, ...], hi: tuple[int, ...]) -> list[PromptSet]:
    return [PromptSet(box=Box(lo, hi))]


def colours(image: Any, colour: tuple[int, int, int]) -> int:
    return int((np.abs(np.asarray(image).astype(int) - colour).max(axis=-1) <= 12).sum())


def test_picture_fills_one_panel_with_every_targets_colour(segmenter: ThresholdSegmenter) -> None:
    data = np.full((60, 40, 1, 3), 40, np.uint8)
    data[8:18, 8:18] = data[33:47, 9:26] = 180
    volume = Volume(data, Geometry.pixels(60, 40))
    found = predict(segmenter, volume, {"a": box((5, 5), (20, 20)), "b": box((30, 5), (50, 30))})
    image = preview(found, volume)
    assert image.width == 1000 + 2 * MARGIN
    for number in (0, 1):
        assert colours(image, colour_of(number)) > 500
    assert describe_size(found, 256) == "256 px"


def test_volume_shows_its_planes(segmenter: ThresholdSegmenter) -> None:
    data = np.full((30, 40, 20), 10, np.float32)
    data[5:15, 10:30, 4:12] = 200
    volume = Volume(data, Geometry.from_spacing((30, 40, 20), (1, 1, 2)))
    found = predict(segmenter, volume, {"a": box((0, 0, 0), (29, 39, 19))})
    image = preview(found, volume)
    assert image.width > 2 * AMONG_OTHERS[1]  # three panels in a row
    assert describe_size(found, 1600) == "3.2 ml"
    assert np.array_equal(np.asarray(image), np.asarray(preview(found, volume)))


@pytest.mark.parametrize("shape", [(30, 1, 20), (30, 20, 2), (1, 1, 1), (300, 2, 1)])
def test_extreme_shapes_are_drawn(segmenter: ThresholdSegmenter, shape: tuple[int, int, int]) -> None:
    volume = Volume(np.full(shape, 150, np.uint8), Geometry.from_spacing(shape, (1, 1, 3)))
    found = predict(segmenter, volume, {"a": box((0, 0, 0), tuple(n - 1 for n in shape))}, intensity="asis")
    assert found.mask("a").all()
    assert min(preview(found, volume).size) > 0


@pytest.mark.parametrize("overlap", ["quality", "separate"])
def test_nothing_found_still_shows_what_was_asked(segmenter: ThresholdSegmenter, overlap: Any) -> None:
    volume = Volume(np.zeros((30, 20, 6), np.int16), Geometry.from_spacing((30, 20, 6), (1, 1, 5)))
    found = predict(segmenter, volume, {"a": box((3, 3, 4), (9, 9, 4))}, overlap=overlap)
    image = preview(found, volume)
    assert colours(image, (255, 255, 255)) > 300  # the box


def test_many_targets_and_odd_names_fit(segmenter: ThresholdSegmenter) -> None:
    volume = Volume(np.full((60, 40, 1), 200, np.uint8), Geometry.pixels(60, 40))
    targets = {f"Ziel\n{'sehr ' * 20}{n}": box((n, 3), (n, 9)) for n in range(60)}
    image = preview(predict(segmenter, volume, targets, intensity="asis"), volume)
    assert image.width < 1300
    assert image.height < 1600


def test_sides_of_a_radiological_display() -> None:
    assert SIDES["axial"] == ("R", "L", "A", "P")
    assert SIDES["coronal"] == ("R", "L", "S", "I")
    assert SIDES["sagittal"] == ("A", "P", "S", "I")


def test_square_millimetres_of_a_picture_with_spacing(segmenter: ThresholdSegmenter) -> None:
    volume = Volume(np.full((30, 20, 1), 200, np.uint8), Geometry.from_spacing((30, 20, 1), (0.5, 0.5, 7)))
    found = predict(segmenter, volume, {"a": box((0, 0, 0), (9, 9, 0))}, intensity="asis")
    assert describe_size(found, 100) == "25 mm²"
    assert describe_size(found, 50_000) == "12,500 mm²"


@pytest.mark.parametrize("corner", [(0, 0), (90, 50), (45, 20)])
def test_small_target_is_shown_once_more_from_near(segmenter: ThresholdSegmenter, corner: tuple[int, int]) -> None:
    x, y = corner
    data = np.full((100, 60, 1), 20, np.uint8)
    data[x : x + 8, y : y + 8] = 200
    volume = Volume(data, Geometry.pixels(100, 60))
    small = predict(segmenter, volume, {"a": box((x, y), (x + 7, y + 7))}, intensity="asis")
    large = predict(segmenter, Volume(np.full_like(data, 200), volume.geometry), {"a": box((0, 0), (99, 59))})
    assert preview(small, volume).width == 560 + 12 + 400 + 2 * MARGIN  # the whole image and a square
    assert preview(large, volume).width == 1000 + 2 * MARGIN


def test_propagated_volume_shows_a_prompted_slice_and_two_on_the_way(segmenter: ThresholdSegmenter) -> None:
    data = np.full((30, 40, 20), 10, np.float32)
    data[5:15, 10:30, 2:18] = 200
    volume = Volume(data, Geometry.from_spacing((30, 40, 20), (1, 1, 2)))
    found = predict(segmenter, volume, {"a": box((4, 8, 8), (16, 31, 8))}, propagation="sequence", intensity="asis")
    titles = [_title(panel, propagated=True) for panel in _panels(found)]
    assert [title for title in titles if title.startswith("axial")] == [
        "axial slice 2 of 0-19", "axial slice 5 of 0-19", "axial slice 8 of 0-19, prompted", "axial slice 12 of 0-19",
    ]  # fmt: skip
    assert min(preview(found, volume).size) > 0

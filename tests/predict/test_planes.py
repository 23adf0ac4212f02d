from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samaritan.core import Box, Geometry, PromptSet, SliceView, UsageError, Volume
from samaritan.predict import Segmentation, predict
from samaritan.predict.planes import three_planes, votes_of

from .conftest import ThresholdSegmenter

#: Voxel axes that point to the front, down and to the left, so that every view turns and flips them.
AFFINE = np.array([[0.0, 0, -1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


def blocks(spacing: tuple[float, float, float] = (1, 1, 1)) -> Volume:
    data = np.full((30, 26, 22), 20, np.float32)
    data[5:13, 6:12, 4:15] = data[20:27, 15:22, 12:20] = 200
    return Volume(data, Geometry((30, 26, 22), AFFINE @ np.diag([*spacing, 1])))


def asked(segmenter: ThresholdSegmenter, volume: Volume, hole: bool = False) -> Segmentation:
    whole = {"a": [PromptSet(box=Box((4, 5, 3), (14, 13, 16)))], "b": [PromptSet(box=Box((19, 14, 11), (28, 23, 20)))]}
    found = predict(segmenter, volume, whole, intensity="asis")
    if hole:  # the first plane missed a part, and saw what is not there
        found.labelmap.data[8:10, 8:10, 8:10] = 0
        found.labelmap.data[5:13, 12, 4:15] = 1
    return found


def test_other_planes_mend_what_the_first_got_wrong(segmenter: ThresholdSegmenter) -> None:
    volume = blocks()
    found = asked(segmenter, volume, hole=True)
    assert not np.array_equal(found.labelmap.data > 0, volume.data > 100)
    before = segmenter.encoded
    voted = three_planes(found, segmenter, volume, intensity="asis")
    assert np.array_equal(voted.labelmap.data > 0, volume.data > 100)
    assert voted.mask("a")[5, 6, 4]
    assert voted.mask("b")[20, 15, 12]
    assert voted.planes == {"axial": 1.0, "coronal": 1.0, "sagittal": 1.0}
    assert voted.encode_calls - found.encode_calls == segmenter.encoded - before
    assert voted.warnings == ()


def test_planes_with_long_pixels_count_less_or_not_at_all(segmenter: ThresholdSegmenter) -> None:
    volume = blocks((1, 2, 1))
    view = SliceView.of(volume.geometry, "auto")
    assert view.plane == "axial"
    weights = {each.plane: each.weight for each in votes_of(view)}
    assert weights == {"axial": pytest.approx(0.99), "coronal": 0.5, "sagittal": 0.5}
    thick = blocks((1, 4, 1))
    before = asked(segmenter, thick, hole=True)
    encoded = segmenter.encoded
    voted = three_planes(before, segmenter, thick, intensity="asis")
    assert (voted.planes, segmenter.encoded) == (None, encoded)
    assert "axial slices decide: pixels of the coronal and sagittal plane" in voted.warnings[-1]
    assert np.array_equal(voted.labelmap.data, asked(segmenter, thick, hole=True).labelmap.data)


@pytest.mark.parametrize("thickness", [1.5, 2.0, 2.5, 3.0])
def test_two_planes_that_agree_outvote_any_one(segmenter: ThresholdSegmenter, thickness: float) -> None:
    volume = blocks((1, thickness, 1))
    voted = three_planes(asked(segmenter, volume, hole=True), segmenter, volume, intensity="asis")
    assert voted.mask("a")[8:10, 8:10, 8:10].all()


def test_vote_stays_within_the_bounds_of_a_box_with_depth(segmenter: ThresholdSegmenter) -> None:
    volume = blocks()
    inner = {"a": [PromptSet(box=Box((7, 5, 3), (9, 13, 16)))]}  # voxel axis 0 runs through axial slices or others
    for propagation in ("none", "sequence"):
        found = predict(segmenter, volume, inner, intensity="asis", propagation=propagation)
        voted = three_planes(found, segmenter, volume, intensity="asis")
        axis = found.view.axes[2]
        others = tuple(other for other in range(3) if other != axis)
        crossed = np.flatnonzero(voted.mask("a").any(axis=others))
        assert crossed.min() >= inner["a"][0].box.lo[axis]  # type: ignore[union-attr]
        assert crossed.max() <= inner["a"][0].box.hi[axis]  # type: ignore[union-attr]


def test_what_is_said_about_masks_is_about_those_of_the_vote(segmenter: ThresholdSegmenter) -> None:
    volume = blocks()
    found = asked(segmenter, volume)
    stale = replace(found, warnings=("of the file", "no longer true"), mask_warnings=("no longer true",))
    voted = three_planes(stale, segmenter, volume, intensity="asis")
    assert voted.warnings == ("of the file",)
    assert voted.seconds > found.seconds


def test_targets_that_were_not_found_stay_so(segmenter: ThresholdSegmenter) -> None:
    volume = blocks()
    targets = {
        "air": [PromptSet(box=Box((1, 20, 1), (3, 24, 3)))],
        "b": [PromptSet(box=Box((19, 14, 11), (28, 23, 20)))],
    }
    found = predict(segmenter, volume, targets, intensity="asis", overlap="separate")
    voted = three_planes(found, segmenter, volume, intensity="asis")
    assert not voted.mask("air").any()
    assert np.array_equal(voted.mask("b"), found.mask("b"))


def test_pictures_have_one_plane(segmenter: ThresholdSegmenter) -> None:
    volume = Volume(np.full((9, 9, 1), 200, np.uint8), Geometry.pixels(9, 9))
    found = predict(segmenter, volume, {"a": [PromptSet(box=Box((1, 1), (4, 4)))]}, intensity="asis")
    with pytest.raises(UsageError, match="Three planes need a volume"):
        three_planes(found, segmenter, volume)

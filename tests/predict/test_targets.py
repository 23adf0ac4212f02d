from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from samaritan.core import Box, Geometry, MaskHint, Points, PromptError, PromptSet, UsageError, Volume
from samaritan.predict import predict
from samaritan.predict._ask import BATCH

from .conftest import ThresholdSegmenter


def box(lo: tuple[int, ...], hi: tuple[int, ...]) -> PromptSet:
    return PromptSet(box=Box(lo, hi))


LEFT = box((2, 3, 1), (3, 6, 3))
RIGHT = box((4, 3, 1), (5, 6, 3))
WHOLE = box((0, 0, 0), (11, 8, 4))


def test_box_with_depth_is_segmented_slice_by_slice(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    found = predict(segmenter, phantom, {"block": [WHOLE]})
    assert np.array_equal(found.mask("block"), phantom.data > 100)
    assert found.labelmap.geometry is phantom.geometry
    assert found.labelmap.names == {1: "block"}
    assert sorted(found.quality["block"]) == [0, 1, 2, 3, 4]
    assert found.encode_calls == segmenter.encoded == 5


def test_encoder_runs_once_per_slice_not_per_target(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    found = predict(segmenter, phantom, {"left": [LEFT], "right": [RIGHT], "again": [LEFT, RIGHT]}, overlap="first")
    assert found.encode_calls == segmenter.encoded == 3
    assert segmenter.batches == [4, 4, 4]


def test_values_follow_the_order_of_the_targets(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    found = predict(segmenter, phantom, {"right": [RIGHT], "left": [LEFT]})
    assert found.labelmap.names == {1: "right", 2: "left"}
    assert set(np.unique(found.labelmap.data[2:4, 3:7, 1:4])) == {2}
    assert set(np.unique(found.labelmap.data[4:6, 3:7, 1:4])) == {1}
    assert found.overlap_voxels == 0
    assert found.warnings == ()


def test_prompts_on_several_slices_of_mixed_kinds(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    targets = {
        "clicked": [PromptSet(Points([(3, 4, 1), (3, 4, 3), (5, 6, 3)], [1, 1, 0]))],
        "boxed": [box((4, 3, 2), (5, 6, 2)), PromptSet(Points([(2, 3, 2)], [1]), Box((2, 3, 2), (2, 3, 2)))],
    }
    found = predict(segmenter, phantom, targets, overlap="first")
    assert sorted(found.prompts) == [1, 2, 3]
    assert segmenter.batches == [1, 2, 1]
    assert sorted(found.quality["clicked"]) == [1, 3]
    assert list(found.quality["boxed"]) == [2]
    clicked = found.mask("clicked")
    assert clicked[:, :, 1].sum() == clicked[:, :, 3].sum() + 1 + 2  # the negative click at (5, 6) takes three away
    assert not clicked[:, :, 2].any()


@pytest.mark.parametrize(("overlap", "winner"), [("quality", 1), ("first", 1), ("last", 2)])
def test_overlap_is_decided_by_the_rule_and_reported(
    segmenter: ThresholdSegmenter, phantom: Volume, overlap: Any, winner: int
) -> None:
    found = predict(
        segmenter, phantom, {"a": [box((2, 3, 2), (4, 6, 2))], "b": [box((4, 3, 2), (5, 6, 2))]}, overlap=overlap
    )
    assert found.overlap_voxels == 4
    assert set(np.unique(found.labelmap.data[4, 3:7, 2])) == {winner}
    assert found.warnings == (f"4 voxels were claimed by more than one of a, b; the rule {overlap!r} decided.",)


def test_overlap_can_be_refused(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    targets = {"a": [box((2, 3, 2), (4, 6, 2))], "b": [box((4, 3, 2), (5, 6, 2))]}
    with pytest.raises(PromptError, match="'a' and 'b' overlap on slice 2"):
        predict(segmenter, phantom, targets, overlap="refuse")
    assert predict(segmenter, phantom, {"left": [LEFT], "right": [RIGHT]}, overlap="refuse").overlap_voxels == 0


def test_separate_targets_keep_their_whole_masks(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    targets = {"all": [WHOLE], "left": [LEFT, box((4, 3, 1), (4, 6, 1))]}
    found = predict(segmenter, phantom, targets, overlap="separate")
    assert np.array_equal(found.mask("all"), phantom.data > 100)
    assert found.mask("left").sum() == 2 * 4 * 3 + 4
    assert [(name, part.labels(), part.name(1)) for name, part in found.parts()] == [
        ("all", [1], "all"),
        ("left", [1], "left"),
    ]
    assert found.overlap_voxels == 28


def test_resolved_segmentation_is_one_file(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    found = predict(segmenter, phantom, {"left": [LEFT], "right": [RIGHT]})
    ((name, part),) = found.parts()
    assert name == ""
    assert part is found.labelmap


def test_best_rated_candidate_on_request(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    single = predict(segmenter, phantom, {"block": [WHOLE]})
    rated = predict(segmenter, phantom, {"block": [WHOLE]}, candidates="quality")
    assert set(single.quality["block"].values()) == {0.5}
    assert list(rated.quality["block"].values()) == pytest.approx([0.9] * 5)


def test_many_targets_are_decoded_in_bounded_batches_and_wide_labels(segmenter: ThresholdSegmenter) -> None:
    data = np.full((20, 15, 1), 10, np.float32)
    data[0, 0] = 200
    data[1:, :] = 180
    volume = Volume(data, Geometry.pixels(20, 15))
    places = [(i, j) for i in range(20) for j in range(15)]
    found = predict(
        segmenter, volume, {f"p{i}-{j}": [box((i, j), (i, j))] for i, j in places}, intensity="window:128/256"
    )
    assert found.labelmap.data.dtype == np.uint16
    assert found.labelmap.data[19, 14, 0] == 300
    assert max(segmenter.batches) <= BATCH
    assert sum(segmenter.batches) == 300
    assert found.encode_calls == 1


def test_memory_does_not_grow_with_targets_times_voxels(segmenter: ThresholdSegmenter) -> None:
    data = np.full((48, 48, 48), 200, np.uint8)
    volume = Volume(data, Geometry.from_spacing((48, 48, 48), (1, 1, 1)))
    targets = {f"t{n}": [box((n, 0, 0), (n, 47, 47))] for n in range(40)}
    tracemalloc.start()
    try:
        found = predict(segmenter, volume, targets, overlap="separate", intensity="asis")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.mask("t39").sum() == 48 * 48
    assert peak < data.size * len(targets)  # a byte per voxel and target; float logits would take four


def test_empty_target_is_said(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    found = predict(segmenter, phantom, {"air": [box((8, 0, 0), (11, 2, 0))], "left": [LEFT]})
    assert found.warnings == ("Target 'air' is empty: the model found nothing under its prompts.",)


def test_untrained_kind_of_prompt_is_said(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    hint = MaskHint.from_mask(np.ones((12, 9)))
    found = predict(segmenter, phantom, {"left": [PromptSet(Points([(2, 3, 1)], [1]), mask=hint)]})
    assert any("answers to mask are less reliable" in text for text in found.warnings)


def test_progress_counts_slices(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    seen: list[tuple[int, int]] = []
    predict(segmenter, phantom, {"left": [LEFT]}, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({}, "0 targets"),
        ({"a": []}, "'a' has no prompt"),
        ({"a": [LEFT], "b": [PromptSet()]}, "'b' has no prompt"),
        ({"a": [LEFT], "b": [box((0, 0, 0), (3, 9, 0))]}, r"'b': The box corner \(3.0, 9.0, 0.0\) lies outside"),
        ({"a": [PromptSet(Points([(0, 0, 5)], [1]))]}, "lies outside the image"),
    ],
)
def test_unusable_prompts_are_refused_before_any_work(
    segmenter: ThresholdSegmenter, phantom: Volume, targets: dict[str, list[PromptSet]], message: str
) -> None:
    with pytest.raises(PromptError, match=message):
        predict(segmenter, phantom, targets)
    assert segmenter.encoded == 0


def test_unknown_rule_and_candidates_are_refused(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    with pytest.raises(UsageError, match="overlap rule"):
        predict(segmenter, phantom, {"left": [LEFT]}, overlap="biggest")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="candidates"):
        predict(segmenter, phantom, {"left": [LEFT]}, candidates="oracle")  # type: ignore[arg-type]


def test_unknown_target_of_a_segmentation_is_refused(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    with pytest.raises(UsageError, match="there are left"):
        predict(segmenter, phantom, {"left": [LEFT]}).mask("right")


def test_inputs_are_not_changed(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    before = phantom.data.copy()
    predict(segmenter, phantom, {"left": [LEFT]})
    assert np.array_equal(phantom.data, before)


def test_propagation_goes_beyond_the_prompted_slices(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    targets = {"block": [box((1, 2, 2), (6, 7, 2))], "left": [box((2, 3, 1), (3, 6, 1))]}
    found = predict(segmenter, phantom, targets, propagation="sequence", overlap="separate")
    assert np.array_equal(found.mask("block"), phantom.data > 100)
    assert found.mask("left").any(axis=(0, 1)).tolist() == [False, True, True, True, False]
    assert found.encode_calls == segmenter.encoded == 5
    assert found.areas()["block"] == {1: 16, 2: 16, 3: 16}
    assert {index: sorted(asked) for index, asked in found.prompts.items()} == {1: ["left"], 2: ["block"]}
    assert found.course is not None
    assert found.course.prompted("block") == [2]
    assert found.course.visited == {"block": 5, "left": 5}
    assert predict(segmenter, phantom, targets).course is None


def test_strands_of_a_target_are_united(segmenter: ThresholdSegmenter) -> None:
    data = np.full((20, 12, 12), 10, np.float32)
    data[2:6, 2:8, 1:6] = data[12:17, 3:9, 6:11] = 200
    volume = Volume(data, Geometry.from_spacing((20, 12, 12), (1, 1, 1)))
    asked = [box((1, 1, 1), (7, 9, 5)), box((11, 2, 6), (18, 10, 10))]
    found = predict(segmenter, volume, {"both": asked}, propagation="sequence", intensity="asis")
    assert np.array_equal(found.mask("both"), data > 100)
    assert found.course is not None
    assert found.course.prompted("both") == list(range(1, 11))
    assert found.course.visited["both"] == 10


@pytest.mark.parametrize("order", [("shape", "asked"), ("asked", "shape")])
def test_interpolated_shape_gives_way_to_an_answer_of_the_model(
    segmenter: ThresholdSegmenter, order: tuple[str, str]
) -> None:
    volume = Volume(
        np.full((60, 60, 11), 102, np.float32), Geometry.from_spacing((60, 60, 11), (1, 1, 1))
    )  # logits of 2
    targets = {"shape": [box((10, 10, k), (49, 49, k)) for k in (2, 8)], "asked": [box((25, 25, 5), (34, 34, 5))]}
    asked = {name: targets[name] for name in order}
    found = predict(segmenter, volume, asked, propagation="interpolate", intensity="asis")
    assert found.mask("asked")[..., 5].sum() == 10 * 10
    assert found.mask("shape")[..., 5].sum() == 40 * 40 - 10 * 10


def test_picture_has_nowhere_to_go(segmenter: ThresholdSegmenter) -> None:
    volume = Volume(np.full((9, 9, 1), 200, np.uint8), Geometry.pixels(9, 9))
    found = predict(segmenter, volume, {"a": [box((1, 1), (4, 4))]}, propagation="auto", intensity="asis")
    assert found.course is None
    assert found.mask("a").sum() == 16


def test_clicks_between_boxes_correct_what_came_from_them(segmenter: ThresholdSegmenter, phantom: Volume) -> None:
    boxes = [box((1, 2, 1), (6, 7, 1)), box((1, 2, 3), (6, 7, 3))]
    click = PromptSet(points=Points([[3, 4, 2]], [1]))
    plain = predict(segmenter, phantom, {"block": boxes}, propagation="sequence")
    corrected = predict(segmenter, phantom, {"block": [*boxes, click]}, propagation="sequence")
    (asked,) = corrected.prompts[2]["block"]
    assert asked.box is not None  # that of the mask which was there
    assert asked.points is not None
    assert np.array_equal(plain.mask("block"), corrected.mask("block"))
    assert sorted(predict(segmenter, phantom, {"block": [click]}, propagation="sequence").prompts) == [2]

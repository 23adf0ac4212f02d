from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._measure import groups_of
from samaritan.benchmark._targets import Target, targets_of
from samaritan.core import InputError, SliceView


def find(case: Any, **settings: Any) -> list[Target]:
    volume = case.read_image()
    config = RunConfig(data=("memory",), models=("threshold",), prompts=("box",), **settings)
    return targets_of(case, volume, SliceView.of(volume.geometry, config.plane), config)


def test_targets_hold_the_reference_of_every_slice(make_case: Any, two_targets: Any) -> None:
    one, three = find(make_case("a", two_targets, names={1: "left"}))
    assert (one.name, three.name) == ("left", "label_3")
    for target in (one, three):
        drawn = np.stack([np.zeros((20, 16), bool)] * 6, axis=2)
        for k, area in target.areas.items():
            drawn[:, :, k] = area.unpack((20, 16))
        assert (drawn == (two_targets == target.label)).all()


@pytest.mark.parametrize(("limit", "slices"), [(1, [4]), (2, [2, 6]), (3, [1, 4, 7]), (9, list(range(9)))])
def test_slices_are_taken_evenly(make_case: Any, limit: int, slices: list[int]) -> None:
    labels = np.ones((4, 4, 9), np.uint8)
    (target,) = find(make_case("a", labels), max_slices=limit)
    assert list(target.areas) == list(target.prompted) == slices
    assert (target.sampled, target.by_slice) == (limit < 9, True)


def test_distances_are_of_one_kind_in_a_run(make_case: Any, two_targets: Any, picture: Any) -> None:
    """A target that loses no slice is measured as the others are; a picture has no other way."""
    two_targets[12, 4, :] = 3  # on six slices now, beside three of label 1
    targets = find(make_case("a", two_targets), max_slices=3)
    assert [(target.sampled, target.by_slice) for target in targets] == [(False, True), (True, True)]
    assert [target.by_slice for target in find(make_case("b", two_targets))] == [False, False]
    assert [target.by_slice for target in find(make_case("c", picture), max_slices=3)] == [False]


def test_large_label_values_are_found(make_case: Any) -> None:
    labels = np.zeros((4, 4, 1), np.uint32)
    labels[0, 0], labels[1, 1] = 3_000_000_000, 70_000
    assert [target.label for target in find(make_case("a", labels))] == [70_000, 3_000_000_000]


def test_no_label_at_all_is_an_error(make_case: Any) -> None:
    with pytest.raises(InputError, match="case a holds no labels"):
        find(make_case("a", np.zeros((4, 4, 1), np.uint8)))


def test_objects_make_one_group(make_case: Any, plate: Any) -> None:
    (group,) = groups_of(find(make_case("a", plate, instances=True)), (30, 24))
    assert len(group.parts) == 6
    assert (group.whole.instance, group.whole.name, group.whole.voxels, group.whole.sampled) == (
        None,
        "object",
        96,
        False,
    )

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.benchmark._masks import PackedMask
from samaritan.benchmark._targets import Target
from samaritan.benchmark._volume import Cost, Followed, Round, area_under, as_solid, dice, dice_by_distance
from samaritan.core import Geometry, SliceView
from samaritan.prompts import VolumeStrategy, make_strategy

SHAPE = (8, 6)


def block(*place: slice) -> PackedMask:
    mask = np.zeros(SHAPE, bool)
    mask[place] = True
    return PackedMask.of(mask)


LEFT, RIGHT = block(np.s_[0:2], np.s_[0:3]), block(np.s_[4:6], np.s_[0:3])
WIDE = block(np.s_[0:4], np.s_[0:3])


def target(areas: dict[int, PackedMask], **given: Any) -> Target:
    return Target("liver", 1, None, "reference", areas, tuple(areas), by_slice=False, sampled=False, **given)


def followed(text: str, areas: dict[int, PackedMask], *rounds: Round, **given: Any) -> Followed:
    strategy = make_strategy(text)
    assert isinstance(strategy, VolumeStrategy)
    masks = dict(rounds[-1].masks) if rounds else {}
    return Followed(target(areas), strategy, 0, masks=masks, rounds=list(rounds), **given)


@pytest.fixture
def view() -> SliceView:
    return SliceView.of(Geometry.from_spacing((8, 6, 9), (1.0, 2.0, 4.0)), "axial")


def test_dice_is_over_all_slices_of_both_masks() -> None:
    assert dice({2: LEFT, 5: LEFT}, {2: LEFT, 3: LEFT}) == pytest.approx(2 * 6 / (12 + 12))
    assert dice({}, {2: LEFT}) == 0


def test_dice_by_distance_pools_both_sides_and_knows_gaps() -> None:
    """Asked on slice 4; found wide on 3, right on 5, missed on 6, and too much on 8."""
    ref = {3: LEFT, 4: LEFT, 5: LEFT, 6: LEFT}
    pred = {3: WIDE, 4: LEFT, 5: LEFT, 8: LEFT}
    assert dice_by_distance(pred, ref, [4]) == [1.0, pytest.approx(2 * 12 / (18 + 12)), 0.0, None, 0.0]
    assert dice_by_distance(pred, ref, [4, 8])[0] == pytest.approx(2 * 6 / (12 + 6))
    assert dice_by_distance(pred, ref, []) == []


def test_the_area_is_the_mean_on_the_way() -> None:
    assert area_under([1, 2, 3], [0.2, 0.6, 1.0]) == pytest.approx(0.6)
    assert area_under([1, 2, 5], [0.2, 0.6, 1.0]) == pytest.approx((0.4 + 3 * 0.8) / 4)
    assert area_under([1, 2], [0.5, None]) is None
    assert area_under([1], [0.5]) is None
    assert area_under(None, None) is None


def test_a_target_that_needed_fewer_rounds_keeps_its_last_answer() -> None:
    one = followed("clicks3d:3", {2: LEFT, 3: LEFT}, Round({2: LEFT}, 1), Round({2: LEFT, 3: LEFT}, 2))
    assert one.dice_by_round == pytest.approx([2 * 6 / 18, 1.0, 1.0, 1.0])
    assert one.interactions_by_round == [1, 2, 3, 4]


def test_one_round_has_no_curve(view: SliceView) -> None:
    one = followed("centre-box", {2: LEFT}, Round({2: LEFT}, 1), cost=Cost(7, 2.0), prompts={2: []})
    scores = one.scores(view, nsd_tolerance=2.0, propagation="auto", encode_seconds=0.5)
    assert (scores["dice_auc"], scores["nsd_by_round"], scores["interactions_by_round"]) == (None, None, None)
    assert (scores["case_calls"], scores["case_seconds"], scores["dice_by_distance"]) == (7, 5.5, [1.0])


def test_surface_dice_after_each_round_is_in_millimetres(view: SliceView) -> None:
    """A second slice that is missing is 4 mm away: within 4 mm every surface is near, within 1 mm it is not."""
    ref = {2: LEFT, 3: LEFT}
    one = followed("clicks3d:2", ref, Round({2: LEFT}, 1), Round(ref, 2))
    near, far = (one.nsd_by_round(view, tolerance) for tolerance in (4.0, 1.0))
    assert near == [1.0, 1.0, 1.0]
    assert far is not None
    assert far[0] is not None
    assert far[0] < 1
    assert far[1:] == [1.0, 1.0]


def test_nobody_was_asked(view: SliceView) -> None:
    one = followed("clicks3d:2", {2: LEFT})
    assert one.dice_by_round == [0, 0, 0]
    scores = one.scores(view, nsd_tolerance=2.0, propagation="auto", encode_seconds=0.0)
    assert scores["dice_by_distance"] == []


def test_objects_are_united_round_by_round() -> None:
    parts = [
        followed(
            "clicks3d:2", {0: LEFT}, Round({}, 1), Round({0: LEFT, 1: LEFT}, 2), interactions=2, cost=Cost(3, 1.0)
        ),
        followed("clicks3d:2", {0: RIGHT}, Round({0: RIGHT}, 1), interactions=1, cost=Cost(3, 1.0)),
    ]
    whole = parts[0].united(target({0: block(np.s_[0:6], np.s_[0:3])}), parts, 0, SHAPE)
    assert [sorted(one.masks) for one in whole.rounds] == [[0], [0, 1]]
    assert [one.interactions for one in whole.rounds] == [2, 3]
    assert (whole.masks[0].area, whole.interactions, whole.cost) == (12, 3, Cost(3, 1.0))


def test_the_preview_shows_where_most_is_wrong() -> None:
    one = followed("centre-box", {2: LEFT, 3: LEFT}, Round({2: LEFT, 3: RIGHT, 5: WIDE}, 1))
    assert one.worst == 3  # 12 pixels wrong, as on slice 5
    one = followed("centre-box", {2: LEFT, 3: LEFT}, Round({2: LEFT, 3: LEFT, 5: WIDE}, 1))
    assert one.worst == 5


def test_a_solid_is_the_target_in_the_volume(view: SliceView) -> None:
    solid = as_solid({2: RIGHT, 4: LEFT}, view)
    assert (solid.corner, solid.crop.shape, solid.shape, solid.spacing) == ((0, 0, 2), (6, 3, 3), (8, 6, 9), (1, 2, 4))
    assert (solid.picture(2) == RIGHT.unpack(SHAPE)).all()
    assert not as_solid({}, view)

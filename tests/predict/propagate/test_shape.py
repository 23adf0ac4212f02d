from __future__ import annotations

import numpy as np
import pytest

from samaritan.predict._patch import Patch
from samaritan.predict.propagate import Found, Target
from samaritan.predict.propagate._shape import between, close_gaps


def disc(x: float, radius: float) -> Patch:
    i, j = np.indices((80, 60))
    return Patch.of(np.where((i - x) ** 2 + (j - 30) ** 2 <= radius**2, 5, -9).astype(np.float32))


NOTHING = Patch.of(np.full((80, 60), -9, np.float32))


@pytest.mark.parametrize(("share", "radius"), [(0.0, 8), (0.25, 11), (0.5, 14), (1.0, 20)])
def test_radius_changes_evenly_between_two_discs(share: float, radius: float) -> None:
    found, expected = between(disc(40, 8), disc(40, 20), share), disc(40, radius)
    assert found.overlap(expected) > 0.97
    assert share not in (0, 1) or found.overlap(expected) == 1


def test_disc_moves_when_the_two_overlap() -> None:
    found = between(disc(36, 12), disc(44, 12), 0.5)
    places = np.argwhere(found.mask())
    assert places[:, 0].mean() == pytest.approx(40, abs=0.5)


def test_shapes_are_never_sure_and_surer_towards_their_middle() -> None:
    row = between(disc(40, 28), disc(40, 28), 0.5).logits()[40:69, 30]
    assert 0 < row.min() <= row.max() <= 1
    assert (np.diff(row) <= 0).all()
    assert len(np.unique(row)) >= 4


def test_bodies_apart_vanish_in_the_middle_rather_than_bridging() -> None:
    assert between(disc(15, 8), disc(65, 8), 0.5).area == 0
    assert between(disc(15, 8), disc(65, 8), 0.01).overlap(disc(15, 8)) > 0.8


def test_towards_nothing_it_shrinks() -> None:
    areas = [between(disc(40, 12), NOTHING, share).area for share in (0.0, 0.1, 0.2, 0.6)]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] == disc(40, 12).area
    assert areas[-1] == 0
    assert between(NOTHING, NOTHING, 0.5).area == 0


def test_only_slices_without_a_mask_are_filled() -> None:
    target = Target("t", 0, 20)
    for index, radius in ((2, 8), (3, 9), (6, 12), (8, 12)):
        target.found[index] = Found(disc(40, radius), 0.8, "chain")
    kept = dict(target.found)
    assert close_gaps(target, [(2, 8)]) == {4, 5, 7}
    assert all(target.found[index] is kept[index] for index in kept)
    assert {target.found[index].origin for index in (4, 5, 7)} == {"shape"}
    assert target.found[4].patch.overlap(disc(40, 10)) > 0.97

"""Augmented versions of a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from samaritan.datasets._base import REFERENCE
from samaritan.train._augment import resolve, variant
from samaritan.train._examples import Example, Target


def corner_example() -> Example:
    """One bright square near the corner at the origin of a square picture."""
    mask = np.zeros((32, 32), np.float32)
    mask[4:9, 5:12] = 1
    picture = np.repeat(mask[None, ..., None] * 200, 3, axis=-1).astype(np.float16)
    return Example("set/corner/0", "p", None, picture, (Target("a", {REFERENCE: mask}),))


def centre(mask: NDArray[Any]) -> NDArray[np.float64]:
    """Centre of mass relative to the picture's, (x, y)."""
    return np.asarray(ndimage.center_of_mass(mask)) - (np.array(mask.shape) - 1) / 2


def test_version_nought_is_the_example_itself(example: Example) -> None:
    assert variant(example, 0, "all", seed=3) is example
    assert variant(example, 5, "none", seed=3) is example


def test_a_number_always_gives_the_same_version_and_others_give_others(example: Example) -> None:
    def pictures(seed: int = 1) -> list[bytes]:
        return [variant(example, n, "all", seed).pictures.tobytes() for n in range(1, 9)]

    first = pictures()
    assert pictures() == first  # the random state is not carried over from one call to the next
    assert pictures(seed=2) != first
    assert len(set(first)) > 5  # a version may change nothing, or only mirror
    before = variant(example, 1, "all", 1)
    variant(example, 2, "all", 1)
    assert np.array_equal(variant(example, 1, "all", 1).pictures, before.pictures)
    other = replace(example, key="set/other/0")
    assert [variant(other, n, "all", 1).pictures.tobytes() for n in range(1, 9)] != first


def test_picture_and_masks_move_together(example: Example) -> None:
    moved = 0
    for number in range(1, 25):
        found = variant(example, number, "all", seed=0)
        mask, less = (found.targets[0].masks[name] for name in (REFERENCE, "bob"))
        bright = found.pictures[0, ..., 0].astype(float)
        assert bright[mask > 0.95].mean() > 180
        assert bright[mask < 0.05].mean() < 8
        assert (less <= mask + 1e-5).all()  # the rater's part stays a part
        assert found.pictures.shape[1:3] == mask.shape
        assert 0.6 < mask.sum() / example.targets[0].mask.sum() < 1.5
        moved += mask.shape != (40, 32) or not np.array_equal(mask, example.targets[0].mask)
    assert moved > 12


def test_values_stay_where_they_belong(example: Example) -> None:
    for number in range(1, 12):
        found = variant(example, number, "all", seed=4)
        assert found.pictures.dtype == np.float16
        assert 0 <= found.pictures.min() <= found.pictures.max() <= 255
        assert 0 <= found.targets[0].mask.min() <= found.targets[0].mask.max() <= 1
        assert (found.key, found.patient, found.place) == (example.key, example.patient, example.place)


def test_all_pictures_of_a_stack_move_alike(example: Example) -> None:
    stack = replace(example, pictures=np.repeat(example.pictures, 3, axis=0), place=2)
    for number in range(1, 12):
        found = variant(stack, number, "all", seed=0)
        for picture in found.pictures:
            bright = picture[..., 0] > 100
            assert np.abs(centre(bright) - centre(found.targets[0].mask > 0.5)).max() < 0.7
        assert found.place == 2


@pytest.mark.parametrize(
    ("mode", "mirrored", "upside"), [("still", False, False), ("upright", True, False), ("all", True, True)]
)
def test_only_what_the_mode_allows_is_turned(mode: Any, mirrored: bool, upside: bool) -> None:
    start = corner_example()
    signs = set()
    for number in range(1, 40):
        mask = variant(start, number, mode, seed=0).targets[0].mask > 0.5
        x, y = centre(mask)
        wide, high = (np.ptp(np.nonzero(mask)[axis]) for axis in (0, 1))
        signs.add((bool(x > 0), bool(y > 0), bool(wide > high)))
    assert any(x for x, _, _ in signs) == mirrored
    assert any(y for _, y, _ in signs) == upside
    assert any(turned for *_, turned in signs) == upside  # quarter turns make the high rectangle wide
    assert (False, False, False) in signs


@pytest.mark.parametrize(
    ("mode", "modalities", "names", "by_name", "expected"),
    [
        ("auto", ["CT"], ["liver"], False, "upright"),
        ("auto", [None], ["liver"], False, "upright"),
        ("auto", [], ["liver"], False, "upright"),
        ("auto", ["Dermoscopy"], ["lesion"], False, "all"),
        ("auto", ["fundus", None, "microscopy"], ["cup"], False, "all"),
        ("auto", ["fundus", "CT"], ["cup"], False, "upright"),
        ("auto", ["CT"], ["Left Kidney"], True, "still"),
        ("auto", ["fundus"], ["kidney_R"], True, "still"),
        ("auto", ["CT"], ["left kidney"], False, "upright"),  # boxes do not say left
        ("none", ["fundus"], ["left kidney"], True, "none"),
        ("all", ["CT"], ["left kidney"], True, "all"),
    ],
)
def test_automatic_means_what_data_and_names_allow(
    mode: Any, modalities: list[str | None], names: list[str], by_name: bool, expected: str
) -> None:
    assert resolve(mode, modalities, names, by_name=by_name) == expected

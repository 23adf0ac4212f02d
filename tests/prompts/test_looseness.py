from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.core import Box
from samaritan.prompts import make_prompt
from samaritan.prompts._looseness import iou, overlapping


@pytest.fixture
def ref() -> NDArray[np.bool_]:
    """A block of 20 x 10 pixels, from (40, 30) to (59, 39), in a picture of 100 x 60."""
    mask = np.zeros((100, 60), dtype=bool)
    mask[40:60, 30:40] = True
    return mask


def box(text: str, ref: NDArray[np.bool_], seed: int = 0) -> Box:
    (prompt,) = make_prompt(text).first(ref, np.random.default_rng(seed))
    assert prompt.box is not None
    return prompt.box


def corners(found: Box) -> NDArray[np.float64]:
    return np.stack([found.lo[:2], found.hi[:2]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("box", [[40, 30], [59, 39]]),
        ("box:margin=0.1", [[38, 29], [61, 40]]),
        ("box:margin=3px", [[37, 27], [62, 42]]),
        ("box:margin=35px", [[5, 0], [94, 59]]),
        ("box:margin=5", [[0, 0], [99, 59]]),
    ],
)
def test_margin_by_hand(text: str, expected: list[list[float]], ref: NDArray[np.bool_]) -> None:
    assert corners(box(text, ref)).tolist() == expected


@pytest.mark.parametrize("text", ["box:jitter=0px", "box:jitter=0", "box:shift=0px", "box:margin=0", "box:overlap=1"])
def test_nothing_wrong_is_tight(text: str, ref: NDArray[np.bool_]) -> None:
    assert corners(box(text, ref)).tolist() == [[40, 30], [59, 39]]


def moves(text: str, ref: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(seed, corner, axis) how far each side moved."""
    return np.stack([corners(box(text, ref, seed)) for seed in range(200)]) - [[40, 30], [59, 39]]


def test_jitter_moves_each_side_by_itself(ref: NDArray[np.bool_]) -> None:
    moved = moves("box:jitter=4px", ref)
    assert 3.5 < moved.max() <= 4
    assert -4 <= moved.min() < -3.5
    assert abs(moved.mean()) < 0.3
    assert np.abs(np.corrcoef(moved.reshape(200, 4).T) - np.eye(4)).max() < 0.3


def test_jitter_as_a_fraction_of_the_side(ref: NDArray[np.bool_]) -> None:
    moved = np.abs(moves("box:jitter=0.1", ref))
    assert 1.8 < moved[..., 0].max() <= 2
    assert 0.9 < moved[..., 1].max() <= 1


def test_jitter_range_keeps_its_distance(ref: NDArray[np.bool_]) -> None:
    moved = np.abs(moves("box:jitter=2-3px", ref))
    assert moved.min() >= 2
    assert moved.max() <= 3


def test_medsam_jitter_is_outward_at_1024_scale(ref: NDArray[np.bool_]) -> None:
    outward = moves("box:jitter=medsam", ref) * [[-1], [1]]
    steps = outward * 1024 / [100, 60]
    assert np.allclose(steps, np.round(steps))
    assert steps.min() == pytest.approx(0)
    assert steps.max() == pytest.approx(20)


def test_sam_med2d_jitter_is_normal_and_clipped(ref: NDArray[np.bool_]) -> None:
    assert moves("box:jitter=sam-med2d", ref).std() == pytest.approx(1.0, abs=0.1)  # 0.1 x 10 pixels
    large = np.zeros((400, 400), dtype=bool)
    large[100:300, 100:300] = True
    moved = np.stack([corners(box("box:jitter=sam-med2d", large, seed)) for seed in range(50)]) - [[100] * 2, [299] * 2]
    assert np.abs(moved).max() == 5


def test_shift_keeps_the_size_and_uses_every_direction(ref: NDArray[np.bool_]) -> None:
    moved = moves("box:shift=10-20px", ref)
    assert np.allclose(moved[:, 0], moved[:, 1])
    assert np.abs(moved).min() >= 10
    assert np.abs(moved).max() <= 20
    assert {tuple(signs) for signs in np.sign(moved[:, 0]).tolist()} == {(-1, -1), (-1, 1), (1, -1), (1, 1)}


def test_iou_by_hand() -> None:
    a, b = np.array([[0.0, 0], [3, 3]]), np.array([[2.0, 2], [5, 5]])
    assert iou(a, b) == 4 / 28
    assert iou(a, a) == 1
    assert iou(a, a + 9) == 0


@settings(max_examples=40)
@given(
    st.integers(0, 10_000), st.sampled_from([0.5, 0.75]), st.tuples(st.integers(0, 20), st.integers(0, 15)),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
)  # fmt: skip
def test_overlap_is_met_exactly(seed: int, target: float, corner: tuple[int, int], size: tuple[int, int]) -> None:
    shape = (32, 27)
    low = np.array(corner, float)
    tight = np.stack([low, low + np.array(size) - 1])
    found = overlapping(tight, target, shape, np.random.default_rng(seed))
    assert iou(tight, found) == pytest.approx(target, abs=1e-9)
    assert (found[1] >= found[0]).all()


def test_overlap_without_room_shrinks_or_stays() -> None:
    full = np.ones((30, 20), dtype=bool)
    shrunk = corners(box("box:overlap=0.5", full))
    assert iou(shrunk, np.array([[0.0, 0], [29, 19]])) == pytest.approx(0.5)
    assert corners(box("box:overlap=0.5", np.ones((1, 1), dtype=bool))).tolist() == [[0, 0], [0, 0]]


def test_overlap_moves_and_scales(ref: NDArray[np.bool_]) -> None:
    found = [box("box:overlap=0.5", ref, seed) for seed in range(60)]
    areas = [float(np.prod((b.hi - b.lo + 1)[:2])) for b in found]
    assert min(areas) < 150 < 250 < max(areas)
    assert np.std([b.lo[0] + b.hi[0] for b in found]) > 2

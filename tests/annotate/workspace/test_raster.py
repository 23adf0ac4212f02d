from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.annotate.workspace._raster import brush, polygon

SHAPE = (24, 17)
spots = st.tuples(st.floats(-8, 30), st.floats(-8, 25))


def disc_along(path: NDArray[np.float64], radius: float, spacing: tuple[float, float]) -> NDArray[np.bool_]:
    """By brute force: the distance of every pixel to many positions along the path."""
    steps = np.linspace(0, 1, 400)[:, None]
    dense = np.concatenate([path[:1], *(a + (b - a) * steps for a, b in pairwise(path))])
    x, y = np.indices(SHAPE)
    apart = ((x[..., None] - dense[:, 0]) * spacing[0]) ** 2 + ((y[..., None] - dense[:, 1]) * spacing[1]) ** 2
    return np.asarray(apart.min(axis=-1) <= radius**2)


@settings(max_examples=40)
@given(st.lists(spots, min_size=1, max_size=4), st.floats(0.5, 6), st.sampled_from([(1.0, 1.0), (0.5, 2.0)]))
def test_a_disc_along_a_path(path: list[tuple[float, float]], radius: float, spacing: tuple[float, float]) -> None:
    line = np.array(path)
    found = brush(line, radius, spacing, SHAPE)
    wide, narrow = disc_along(line, radius + 0.35, spacing), disc_along(line, radius - 0.35, spacing)
    assert not (narrow & ~found).any()
    under = np.floor(line + 0.5).astype(int)
    for x, y in under[((under >= 0) & (under < SHAPE)).all(axis=1)]:
        assert found[x, y]
    thin = brush(line, 1e-6, spacing, SHAPE)  # what lies under the pointer is painted, however small the brush is
    assert not (found & ~wide & ~thin).any()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-8, 30), st.integers(-8, 25)), min_size=1, max_size=5),
    st.one_of(st.integers(1, 40), st.floats(0.5, 40)),
    st.sampled_from([(1.0, 1.0), (0.5, 2.0)]),
)
def test_exactly_the_pixels_that_are_near_enough(
    path: list[tuple[int, int]], radius: float, spacing: tuple[float, float]
) -> None:
    """Against the distance of every pixel to every piece, also where pieces are level, upright, or of no length."""
    line = np.array(path, float)
    x, y = np.indices(SHAPE)
    places = np.stack([x, y], axis=-1) * spacing
    near = np.zeros(SHAPE, bool)
    for start, end in pairwise([*line, line[-1]]):
        along = (end - start) * spacing
        part = ((places - start * spacing) @ along / max(along @ along, 1e-9)).clip(0, 1)[..., None]
        near |= np.linalg.norm(places - start * spacing - part * along, axis=-1) <= radius * (1 + 1e-9)
    under = brush(line, 1e-6, spacing, SHAPE)
    assert np.array_equal(brush(line, radius, spacing, SHAPE), near | under)


def test_a_huge_brush_covers_the_picture_or_misses_it() -> None:
    path = 1000 + 5 * np.random.default_rng(0).normal(0, 1, (20, 2)).cumsum(axis=0)
    assert brush(path, 2000, (1.0, 1.0), (2000, 2000)).all()
    assert not brush(path - 9000, 2000, (1.0, 1.0), (2000, 2000)).any()


def test_millimetres_count_on_anisotropic_pixels() -> None:
    found = brush(np.array([[12.0, 8.0]]), 2.0, (0.5, 2.0), SHAPE)
    x, y = np.nonzero(found)
    assert (x.min(), x.max(), y.min(), y.max()) == (8, 16, 7, 9)


def test_a_small_brush_leaves_no_gaps() -> None:
    found = brush(np.array([[1.0, 1.0], [20.0, 13.0]]), 0.01, (1.0, 1.0), SHAPE)
    assert set(np.nonzero(found)[0]) == set(range(1, 21))
    assert brush(np.array([[-5.0, 3.0]]), 0.5, (1.0, 1.0), SHAPE).sum() == 0


def test_a_polygon_holds_what_it_goes_around() -> None:
    square = np.array([[2.0, 3.0], [10.0, 3.0], [10.0, 9.0], [2.0, 9.0]])
    found = polygon(square, SHAPE)
    x, y = np.nonzero(found)
    assert found.sum() == pytest.approx(8 * 6, abs=15)
    assert found[3:10, 4:9].all()
    assert min(x) >= 2
    assert max(x) <= 10
    assert min(y) >= 3
    assert max(y) <= 9
    assert np.array_equal(found, polygon(square[::-1], SHAPE))  # either way around
    assert np.array_equal(found, polygon(np.roll(square, 1, axis=0), SHAPE))


def test_a_line_that_crosses_itself_has_no_holes() -> None:
    """A pentagram drawn in one line: its middle belongs to it."""
    angles = np.arange(5) * 4 * np.pi / 5
    star = np.column_stack([12 + 8 * np.cos(angles), 8 + 8 * np.sin(angles)])
    assert polygon(star, SHAPE)[12, 8]


def test_a_polygon_that_leaves_the_picture_or_is_tiny() -> None:
    assert polygon(np.array([[-50.0, -50.0], [100.0, -50.0], [100.0, 100.0], [-50.0, 100.0]]), SHAPE).all()
    tiny = polygon(np.array([[5.2, 5.2], [5.3, 5.2], [5.3, 5.3]]), SHAPE)
    assert np.argwhere(tiny).tolist() == [[5, 5]]
    assert not polygon(np.array([[-5.0, -5.0], [-4.0, -5.0], [-4.0, -4.0]]), SHAPE).any()

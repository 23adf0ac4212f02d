from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.evaluate import evaluate

DISTANCES = ("nsd", "hd95_mm", "assd_mm")
THICK = (0.5, 0.5, 10.0)


def ball(radius: float, spacing: tuple[float, float, float], size: tuple[int, int, int]) -> np.ndarray:
    """A ball (mm) around the central voxel."""
    grid = np.indices(size)
    parts = [((g - n // 2) * s) ** 2 for g, n, s in zip(grid, size, spacing, strict=True)]
    return np.asarray(np.sum(parts, axis=0) <= radius**2)


def bars() -> tuple[np.ndarray, np.ndarray]:
    """40 x 30 x 6 voxels, and the same with one slice more at the end of k."""
    pred, ref = np.zeros((50, 40, 12), bool), np.zeros((50, 40, 12), bool)
    pred[5:45, 5:35, 2:8] = True
    ref[5:45, 5:35, 2:9] = True
    return pred, ref


def test_one_thick_slice_too_many() -> None:
    """Of the border of the longer bar, one slice (10 mm) is new: 1200 cap voxels, of which 136 on the rim."""
    pred, ref = bars()
    found = evaluate(pred=pred, ref=ref, spacing=THICK)
    rim, cap = 2 * (40 + 30) - 4, 40 * 30
    n_pred, n_ref = 2 * cap + 4 * rim, 2 * cap + 5 * rim
    # From ref: the new cap is 10 mm off, everything else lies on pred's border. From pred: the interior of its last cap is
    # inside ref now; the nearest border of ref is the new cap (10 mm) or the side (less).
    i, j = np.meshgrid(np.arange(40), np.arange(30), indexing="ij")
    to_side = np.minimum(np.minimum(i, 39 - i), np.minimum(j, 29 - j)) * 0.5
    inner = np.minimum(to_side, 10.0).sum()
    assert found["assd_mm"] == pytest.approx((cap * 10 + inner) / (n_pred + n_ref), abs=1e-9)
    assert found["hd95_mm"] == pytest.approx(10)
    assert found["volume_difference"] == pytest.approx(1 / 7)


def test_surfaces_count_by_their_area() -> None:
    """The bars again: a wall element is 5 mm2 and one of a cap 0.25 mm2, so the walls, which agree, decide."""
    pred, ref = bars()
    found = evaluate(pred=pred, ref=ref, spacing=THICK, metrics=["nsd"])
    corner = float(np.linalg.norm(np.array([0.5 * 10, 0.5 * 10, 0.5 * 0.5]))) / 8
    around = 2 * (39 + 29)  # elements of one layer of the walls, without its four edges
    rim = around * 0.5 * np.hypot(0.5, 10) / 2 + 4 * corner
    cap = rim + 39 * 29 * 0.25
    layer = around * 0.5 * 10 + 4 * 10 * np.hypot(0.5, 0.5) / 2
    # The lower caps and the walls lie on each other; of pred's upper cap, inside ref, what is near ref's walls is within 2 mm.
    n_far = (39 - 8) * (29 - 8)
    within = (cap + 6 * layer) + (cap + 5 * layer) + (cap - n_far * 0.25)
    assert found["nsd"] == pytest.approx(within / (4 * cap + 11 * layer), abs=1e-12)


def test_shifted_in_plane_by_two_millimetres() -> None:
    pred = np.zeros((60, 40, 12), bool)
    pred[5:45, 5:35, 2:8] = True
    found = evaluate(pred=pred, ref=np.roll(pred, 4, axis=0), spacing=THICK)
    assert found["hd95_mm"] == pytest.approx(2)
    assert found["nsd"] == 1  # nothing is further than the tolerance of 2 mm
    closer = evaluate(pred=pred, ref=np.roll(pred, 4, axis=0), spacing=THICK, nsd_tolerance=1.99)
    assert closer["nsd"] < 1


def test_balls_in_thick_slices_have_the_analytic_volume() -> None:
    size = (180, 180, 11)
    pred, ref = ball(43, THICK, size), ball(40, THICK, size)
    found = evaluate(pred=pred, ref=ref, spacing=THICK)
    discs = [sum(max(0, radius**2 - z**2) for z in range(-50, 51, 10)) for radius in (43, 40)]
    assert found["volume_difference"] == pytest.approx(discs[0] / discs[1] - 1, abs=0.002)
    assert found["volume_difference"] == pytest.approx((43 / 40) ** 3 - 1, abs=0.03)  # seen through slices of 10 mm
    assert found["dice"] == pytest.approx(2 / (1 + discs[0] / discs[1]), abs=0.001)


def test_concentric_balls_are_their_difference_apart() -> None:
    size = (81, 81, 81)
    found = evaluate(pred=ball(36, (1, 1, 1), size), ref=ball(30, (1, 1, 1), size), spacing=(1, 1, 1), nsd_tolerance=4)
    assert found["assd_mm"] == pytest.approx(6, abs=0.3)
    assert found["hd95_mm"] == pytest.approx(6, abs=0.8)
    assert found["nsd"] == 0


def test_hd95_is_interpolated_per_direction_and_the_larger_one_counts() -> None:
    """Voxels 0..20 along a line against voxel 0: distances 0..20 there, 0 back; 95 % of 20 steps is 19."""
    pred, ref = np.zeros((30, 1, 1), bool), np.zeros((30, 1, 1), bool)
    pred[0:21:2], ref[0] = True, True
    there = np.arange(0, 21, 2)
    found = evaluate(pred=pred, ref=ref, spacing=(1, 1, 1))
    assert found["hd95_mm"] == pytest.approx(19)  # place 0.95 x 10 = 9.5 between 18 and 20
    assert found["assd_mm"] == pytest.approx(there.sum() / 12)
    assert found["nsd"] == pytest.approx((2 * 2 + 2) / (2 * 11 + 2))  # ends of 11 voxels and of 1: two of them are near


def test_a_distance_of_exactly_the_tolerance_counts_despite_rounding() -> None:
    """3 x 0.1 is 0.30000000000000004; the sides that face each other are 0.1 nearer."""
    pred, ref = np.zeros((9, 3, 1), bool), np.zeros((9, 3, 1), bool)
    pred[1, 1], ref[4, 1] = True, True
    assert evaluate(pred=pred, ref=ref, spacing=(0.1, 1, 1), nsd_tolerance=0.3, metrics=["nsd"]) == {"nsd": 1.0}
    assert evaluate(pred=pred, ref=ref, spacing=(0.1, 1, 1), nsd_tolerance=0.299, metrics=["nsd"]) == {"nsd": 0.5}


def test_pixels_where_there_is_no_spacing() -> None:
    pred, ref = np.zeros((9, 9, 1), bool), np.zeros((9, 9, 1), bool)
    pred[1, 1], ref[4, 5] = True, True
    assert evaluate(pred=pred, ref=ref, spacing=(0.3, 0.3, 1), unit="px")["hd95_mm"] == pytest.approx(5)
    assert evaluate(pred=pred, ref=ref, spacing=(0.3, 0.3, 1), unit="mm")["hd95_mm"] == pytest.approx(1.5)


spacings = st.tuples(*[st.floats(0.1, 10)] * 3)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    spacing=spacings,
    density=st.floats(0.01, 0.9),
    shape=st.sampled_from([(12, 12, 12), (12, 11, 1), (1, 12, 12), (12, 1, 1), (3, 12, 2)]),
)
def test_equals_brute_force(
    brute_force: Callable[..., dict[str, float]],
    seed: int,
    spacing: tuple[float, float, float],
    density: float,
    shape: tuple[int, int, int],
) -> None:
    pred, ref = _random(seed, density, shape)
    expected = brute_force(pred, ref, spacing)
    found = evaluate(pred=pred, ref=ref, spacing=spacing, metrics=list(expected))
    assert found == pytest.approx(expected, abs=1e-9, rel=1e-9)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    spacing=spacings,
    factor=st.sampled_from([0.25, 0.5, 2.0, 8.0]),
    axes=st.permutations([0, 1, 2]),
    flips=st.sets(st.integers(0, 2)),
    shift=st.tuples(*[st.integers(0, 4)] * 3),
)
def test_invariances(
    seed: int,
    spacing: tuple[float, float, float],
    factor: float,
    axes: list[int],
    flips: set[int],
    shift: tuple[int, int, int],
) -> None:
    pred, ref = _random(seed, 0.2, (10, 11, 9))
    plain = evaluate(pred=pred, ref=ref, spacing=spacing)

    def same(other: dict[str, float], *without: str) -> None:
        assert {k: v for k, v in other.items() if k not in without} == pytest.approx(
            {k: v for k, v in plain.items() if k not in without}, rel=1e-9, abs=1e-9
        )

    same(evaluate(pred=ref, ref=pred, spacing=spacing), "volume_difference")
    same(evaluate(pred=np.flip(pred, tuple(flips)), ref=np.flip(ref, tuple(flips)), spacing=spacing))
    i, j, k = (spacing[a] for a in axes)
    same(evaluate(pred=pred.transpose(axes), ref=ref.transpose(axes), spacing=(i, j, k)))
    room = [(n, 4 - n) for n in shift]
    same(evaluate(pred=np.pad(pred, room), ref=np.pad(ref, room), spacing=spacing))
    i, j, k = (s * factor for s in spacing)
    scaled = evaluate(pred=pred, ref=ref, spacing=(i, j, k), nsd_tolerance=2 * factor)
    same(scaled | {name: scaled[name] / factor for name in ("hd95_mm", "assd_mm")})


def _random(seed: int, density: float, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Two masks that are not empty."""
    rng = np.random.default_rng(seed)
    pred, ref = rng.random(shape) < density, rng.random(shape) < density
    for mask in (pred, ref):
        mask[tuple(rng.integers(0, shape))] = True
    return pred, ref

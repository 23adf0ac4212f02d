import time

import numpy as np
import pytest

from samaritan.core import GeometryError, InputError
from samaritan.evaluate import MaskPair


def box(shape: tuple[int, int, int], low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def pair(pred: np.ndarray, ref: np.ndarray, spacing: tuple[float, float, float] = (1, 1, 1)) -> MaskPair:
    return MaskPair.of(pred=pred, ref=ref, spacing=spacing)


def test_crops_to_the_union() -> None:
    made = pair(box((20, 20, 20), (2, 3, 4), (5, 6, 7)), box((20, 20, 20), (4, 3, 5), (9, 5, 6)))
    assert made.pred.shape == made.ref.shape == (7, 3, 3)
    assert (made.n_pred, made.n_ref, made.n_both) == (27, 10, 2)
    assert made.shape == (20, 20, 20)


def test_the_diagonal_is_of_the_whole_image_in_its_unit() -> None:
    mask = box((3, 4, 12), (1, 1, 1), (2, 2, 2))
    assert pair(mask, mask).diagonal == pytest.approx(13)
    assert pair(mask, mask, (2, 2, 2)).diagonal == pytest.approx(26)
    assert MaskPair.of(pred=mask, ref=mask, spacing=(2, 2, 2), unit="px").diagonal == pytest.approx(13)


def test_the_diagonal_of_a_picture_leaves_out_its_thickness() -> None:
    mask = box((30, 40, 1), (1, 1, 0), (2, 2, 1))
    assert pair(mask, mask, (1, 1, 99)).diagonal == pytest.approx(50)


def test_border_of_a_box() -> None:
    mask = box((10, 10, 10), (2, 2, 2), (7, 7, 7))
    there, back = pair(mask, mask).surface_distances
    assert len(there) == len(back) == 5**3 - 3**3


def test_a_mask_that_fills_the_image_has_its_surface_at_the_edge() -> None:
    mask = np.ones((6, 5, 4), bool)
    assert len(pair(mask, mask).surface_distances[0]) == 6 * 5 * 4 - 4 * 3 * 2


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_there_is_no_surface_across_an_axis_of_length_one(axis: int) -> None:
    mask = np.zeros((12, 12), bool)
    mask[2:9, 3:8] = True
    solid = np.expand_dims(mask, axis)
    assert len(pair(solid, solid).surface_distances[0]) == 7 * 5 - 5 * 3


def test_a_flat_object_in_a_volume_is_all_surface() -> None:
    mask = box((12, 12, 3), (2, 3, 1), (9, 8, 2))
    assert len(pair(mask, mask).surface_distances[0]) == 7 * 5


def test_face_neighbours_only() -> None:
    """A voxel whose only background neighbour is diagonal is inside."""
    mask = np.ones((5, 5, 1), bool)
    mask[2, 2] = False
    there, _ = pair(mask, mask).surface_distances
    assert len(there) == 16 + 4


def test_a_single_voxel_image() -> None:
    mask = np.ones((1, 1, 1), bool)
    assert [d.tolist() for d in pair(mask, mask).surface_distances] == [[0.0], [0.0]]
    assert pair(mask, mask, (3, 4, 12)).diagonal == pytest.approx(13)


def test_distances_by_hand() -> None:
    """Two voxels against one: 3 x 0.5 and 4 x 0.5 away."""
    pred, ref = np.zeros((10, 10, 1), bool), np.zeros((10, 10, 1), bool)
    pred[1, 1] = pred[4, 1] = ref[4, 5] = True
    there, back = pair(pred, ref, (0.5, 0.5, 7)).surface_distances
    assert sorted(there) == pytest.approx([2.0, 2.5])
    assert back == pytest.approx([2.0])


def test_inputs_are_not_changed_and_may_be_read_only() -> None:
    rng = np.random.default_rng(0)
    pred, ref = rng.random((8, 8, 8)) < 0.4, rng.random((8, 8, 8)) < 0.4
    before = pred.copy(), ref.copy()
    pred.flags.writeable = ref.flags.writeable = False
    _ = pair(pred, ref).surface_distances
    np.testing.assert_array_equal(pred, before[0])
    np.testing.assert_array_equal(ref, before[1])


def test_memory_order_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    pred, ref = rng.random((9, 8, 7)) < 0.3, rng.random((9, 8, 7)) < 0.3
    one, other = pair(pred, ref, (1, 2, 3)), pair(np.asfortranarray(pred), np.asfortranarray(ref), (1, 2, 3))
    for a, b in zip(one.surface_distances, other.surface_distances, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_small_target_in_a_large_volume_is_quick() -> None:
    pred = box((512, 512, 300), (200, 200, 100), (240, 240, 120))
    ref = box((512, 512, 300), (203, 198, 101), (241, 240, 120))
    start = time.perf_counter()
    there, back = pair(pred, ref, (0.7, 0.7, 1.5)).surface_distances
    assert time.perf_counter() - start < 2  # about 0.1 s on a quiet machine; uncropped it takes half a minute
    assert there.max() > 0 < back.max()


GOOD = np.ones((4, 4, 4), bool)


@pytest.mark.parametrize(
    ("pred", "ref", "message"),
    [
        (GOOD, np.ones((4, 4, 5), bool), "differ in shape"),
        (GOOD[0], GOOD[0], "axes"),
        (np.zeros((0, 4, 4), bool), np.zeros((0, 4, 4), bool), "axes"),
        (GOOD.astype(np.uint8), GOOD, "predicted mask must be of bool"),
        (GOOD, GOOD.astype(np.float32), "reference mask must be of bool"),
    ],
)
def test_refuses_masks_that_cannot_be_compared(pred: np.ndarray, ref: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        MaskPair.of(pred=pred, ref=ref, spacing=(1, 1, 1))


@pytest.mark.parametrize("spacing", [(1, 1), (1, 1, 0), (1, -1, 1), (1, 1, float("nan")), (1, 1, float("inf"))])
def test_refuses_unusable_spacing(spacing: tuple[float, float, float]) -> None:
    with pytest.raises(GeometryError, match="three positive numbers"):
        MaskPair.of(pred=GOOD, ref=GOOD, spacing=spacing)


def test_refuses_unknown_unit_and_unusable_tolerance() -> None:
    with pytest.raises(InputError, match="'mm' or 'px'"):
        MaskPair.of(pred=GOOD, ref=GOOD, spacing=(1, 1, 1), unit="cm")  # type: ignore[arg-type]
    for tolerance in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="tolerance"):
            MaskPair.of(pred=GOOD, ref=GOOD, spacing=(1, 1, 1), nsd_tolerance=tolerance)

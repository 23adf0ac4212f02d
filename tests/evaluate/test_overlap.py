import numpy as np
import pytest

from samaritan.evaluate import evaluate


def masks() -> tuple[np.ndarray, np.ndarray]:
    """12 and 8 voxels, 6 in common."""
    pred, ref = np.zeros((6, 6, 2), bool), np.zeros((6, 6, 2), bool)
    pred[0:3, 0:2] = True
    ref[0:2, 0:2] = True
    ref[0, 0, 0] = ref[1, 1, 1] = False
    ref[5, 5] = True
    return pred, ref


def test_by_hand() -> None:
    pred, ref = masks()
    assert (pred.sum(), ref.sum(), (pred & ref).sum()) == (12, 8, 6)
    found = evaluate(pred=pred, ref=ref, spacing=(1, 1, 1), metrics=("dice", "iou", "volume_difference"))
    assert found == {"dice": 12 / 20, "iou": 6 / 14, "volume_difference": 4 / 8}


def test_volume_difference_counts_too_little_and_too_much_alike() -> None:
    ref = np.zeros((10, 1, 1), bool)
    ref[:5] = True
    more, less = np.zeros_like(ref), np.zeros_like(ref)
    more[:7], less[:3] = True, True
    found = [
        evaluate(pred=pred, ref=ref, spacing=(1, 1, 1), metrics=["volume_difference"])["volume_difference"]
        for pred in (more, less)
    ]
    assert found == [0.4, 0.4]


def test_iou_and_dice_say_the_same() -> None:
    rng = np.random.default_rng(0)
    for density in (0.1, 0.5, 0.9):
        pred, ref = rng.random((9, 9, 9)) < density, rng.random((9, 9, 9)) < density
        found = evaluate(pred=pred, ref=ref, spacing=(1, 1, 1), metrics=("dice", "iou"))
        assert found["iou"] == pytest.approx(found["dice"] / (2 - found["dice"]), abs=1e-12)

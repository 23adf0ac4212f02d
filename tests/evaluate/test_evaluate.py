import math

import numpy as np
import pytest

from samaritan.core import GeometryError, UnknownNameError
from samaritan.evaluate import METRICS, evaluate, policy_table

SHAPE, SPACING = (30, 40, 5), (1.0, 1.0, 24.0)
DIAGONAL = math.sqrt(30**2 + 40**2 + 120**2)
SOME = np.zeros(SHAPE, bool)
SOME[10:20, 10:20, 1:4] = True
NONE, ALL = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
ONE = np.zeros(SHAPE, bool)
ONE[3, 4, 2] = True
CORNER = np.zeros(SHAPE, bool)
CORNER[:4, :4, :2] = True
NAN = math.nan

PERFECT = {"dice": 1.0, "iou": 1.0, "nsd": 1.0, "hd95_mm": 0.0, "assd_mm": 0.0, "volume_difference": 0.0}
MISSED = {"dice": 0.0, "iou": 0.0, "nsd": 0.0, "hd95_mm": DIAGONAL, "assd_mm": DIAGONAL, "volume_difference": 1.0}
BOTH_EMPTY = {"dice": 1.0, "iou": 1.0, "nsd": 1.0, "hd95_mm": NAN, "assd_mm": NAN, "volume_difference": 0.0}
FALSE_ALARM = MISSED | {"volume_difference": NAN}


@pytest.mark.parametrize(
    ("pred", "ref", "expected"),
    [
        pytest.param(NONE, NONE, BOTH_EMPTY, id="both empty"),
        pytest.param(SOME, NONE, FALSE_ALARM, id="reference empty"),
        pytest.param(NONE, SOME, MISSED, id="prediction empty"),
        pytest.param(ALL, ALL, PERFECT, id="both full"),
        pytest.param(ONE, ONE, PERFECT, id="one voxel"),
        pytest.param(CORNER, CORNER, PERFECT, id="touches the edge"),
        pytest.param(SOME, SOME, PERFECT, id="identical"),
    ],
)
def test_documented_values(pred: np.ndarray, ref: np.ndarray, expected: dict[str, float]) -> None:
    assert evaluate(pred=pred, ref=ref, spacing=SPACING) == pytest.approx(expected, nan_ok=True)


def test_a_miss_is_never_better_than_the_worst_hit() -> None:
    """Opposite corners: the largest distance two masks of the image can have."""
    pred, ref = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    pred[0, 0, 0], ref[-1, -1, -1] = True, True
    hit = evaluate(pred=pred, ref=ref, spacing=SPACING)
    assert hit["hd95_mm"] < evaluate(pred=NONE, ref=ref, spacing=SPACING)["hd95_mm"]


def test_a_chosen_metric_alone() -> None:
    assert evaluate(pred=SOME, ref=SOME, spacing=SPACING, metrics=["iou"]) == {"iou": 1.0}


def test_all_metrics_by_default() -> None:
    assert list(evaluate(pred=SOME, ref=SOME, spacing=SPACING)) == METRICS.names()


def test_values_are_plain_floats() -> None:
    for value in evaluate(pred=SOME, ref=np.roll(SOME, 1, 0), spacing=SPACING).values():
        assert type(value) is float


def test_an_unknown_metric_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean dice"):
        evaluate(pred=SOME, ref=SOME, spacing=SPACING, metrics=["dize"])


def test_shapes_must_agree() -> None:
    with pytest.raises(GeometryError, match="differ in shape"):
        evaluate(pred=SOME, ref=SOME[1:], spacing=SPACING)


def test_the_policy_table_says_what_evaluate_does() -> None:
    table = {row["metric"]: row for row in policy_table()}
    assert list(table) == METRICS.names()
    assert table["dice"]["both empty"] == "1"
    assert table["hd95_mm"]["prediction empty"] == "image diagonal"
    assert table["hd95_mm"]["both empty"].startswith("undefined")
    assert table["hd95_mm"]["better"] == "lower"
    words = {"1": 1.0, "0": 0.0, "image diagonal": DIAGONAL, "undefined (left out, counted)": NAN}
    for column, pred, ref in (
        ("both empty", NONE, NONE),
        ("prediction empty", NONE, SOME),
        ("reference empty", SOME, NONE),
    ):
        found = evaluate(pred=pred, ref=ref, spacing=SPACING)
        assert found == pytest.approx({m: words[row[column]] for m, row in table.items()}, nan_ok=True)

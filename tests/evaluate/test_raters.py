"""Sets of masks: fixtures by hand, and what must hold for all."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import GeometryError, InputError
from samaritan.evaluate import rater_table, score_raters

few = settings(max_examples=30)


def row(text: str) -> Any:
    return np.array([[letter == "1" for letter in text]])


def rows(*texts: str) -> list[Any]:
    return [row(text) for text in texts]


@st.composite
def mask_lists(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """One to five samples and one to four raters, many of them empty or alike."""
    bits = st.integers(0, 63)
    make = [[np.array([[n >> b & 1 for b in range(6)]], bool) for n in draw(st.lists(bits, min_size=1, max_size=most))]
            for most in (5, 4)]  # fmt: skip
    return make[0], make[1]


def slow_dice(a: Any, b: Any) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum())) if (a | b).any() else 1.0


def slow_distance(a: Any, b: Any) -> float:
    return 1 - float((a & b).sum() / (a | b).sum()) if (a | b).any() else 0.0


def test_energy_distance_by_hand() -> None:
    """E d(S,Y) = 0.75, E d(S,S') = 0.5, E d(Y,Y') = 0.25; two empty masks do not differ."""
    found = score_raters(rows("1110", "0000"), rows("1100", "1000"))
    assert found["ged"] == pytest.approx(0.75, abs=1e-12)


def test_dice_by_hand() -> None:
    found = score_raters(rows("1110", "0000"), rows("1100", "1000"))
    assert found["dice_max"] == pytest.approx((4 / 5 + 2 / 4) / 2)
    assert found["dice_match"] == pytest.approx(4 / 5 / 2)  # the other rater gets the empty sample
    # votes of samples .5 .5 .5 0, of raters 1 .5 0 0; thresholds .1 and .3: 111 against 11; .5 and up: nothing against 1
    assert found["soft_dice"] == pytest.approx(2 * (4 / 5) / 5)
    assert found["majority_dice"] == pytest.approx((2 / 4 + 0) / 2)  # majority is 1000, a tie is background


def test_unequal_lists_are_matched_by_repeating() -> None:
    """2 samples and 3 raters, six pairs: both copies of a rater want the sample that is like it."""
    found = score_raters(rows("1100", "0011"), rows("1100", "1100", "0011"))
    assert found["dice_match"] == pytest.approx(5 / 6)
    assert found["dice_max"] == 1.0


def test_more_samples_at_the_majority_raise_its_dice() -> None:
    raters = rows("1100", "1100", "0011")
    assert score_raters(rows("1100"), raters)["majority_dice"] == 1.0
    assert score_raters(rows("0011"), raters)["majority_dice"] == 0.0


def test_nobody_sees_anything() -> None:
    found = score_raters(rows("0000", "0000"), rows("0000"))
    assert found == {"ged": 0.0, "dice_max": 1.0, "dice_match": 1.0, "soft_dice": 1.0, "majority_dice": 1.0}


def test_nothing_against_something() -> None:
    found = score_raters(rows("0000"), rows("1100", "1100"))
    assert found == {"ged": 2.0, "dice_max": 0.0, "dice_match": 0.0, "soft_dice": 0.0, "majority_dice": 0.0}


def test_a_probability_replaces_the_share_of_the_samples() -> None:
    samples, raters = rows("1100"), rows("1100", "1000")
    assert score_raters(samples, raters)["soft_dice"] < 1
    given_share = np.array([[1.0, 0.5, 0.0, 0.0]])
    assert score_raters(samples, raters, probability=given_share)["soft_dice"] == 1.0


@few
@given(mask_lists())
def test_like_a_slow_second_implementation(lists: tuple[list[Any], list[Any]]) -> None:
    samples, raters = lists

    def mean(ours: list[Any], theirs: list[Any]) -> float:
        return float(np.mean([slow_distance(a, b) for a, b in itertools.product(ours, theirs)]))

    found = score_raters(samples, raters)
    energy = 2 * mean(samples, raters) - mean(samples, samples) - mean(raters, raters)
    assert found["ged"] == pytest.approx(energy, abs=1e-12)
    best = np.mean([max(slow_dice(s, r) for s in samples) for r in raters])
    assert found["dice_max"] == pytest.approx(best)


@few
@given(mask_lists())
def test_bounds(lists: tuple[list[Any], list[Any]]) -> None:
    found = score_raters(*lists)
    assert 0 <= found["ged"] <= 2
    assert all(0 <= value <= 1 for name, value in found.items() if name != "ged")
    assert found["dice_match"] <= found["dice_max"] + 1e-12


@few
@given(mask_lists(), st.integers(1, 3))
def test_equal_multisets_are_perfect(lists: tuple[list[Any], list[Any]], times: int) -> None:
    _, raters = lists
    found = score_raters(raters * times, raters[::-1])
    assert found["ged"] == pytest.approx(0, abs=1e-12)
    assert found["dice_max"] == found["soft_dice"] == 1.0
    assert found["dice_match"] == pytest.approx(1.0)


@few
@given(mask_lists(), st.randoms(use_true_random=False))
def test_order_has_no_effect(lists: tuple[list[Any], list[Any]], random: Any) -> None:
    samples, raters = lists
    expected = score_raters(samples, raters)
    shuffled = [random.sample(masks, len(masks)) for masks in (samples, raters)]
    assert score_raters(*shuffled) == pytest.approx(expected, abs=1e-12)


def test_three_axes_are_as_good_as_two() -> None:
    rng = np.random.default_rng(0)
    samples, raters = list(rng.random((3, 5, 4, 3)) > 0.5), list(rng.random((2, 5, 4, 3)) > 0.5)
    flat = score_raters([s.reshape(5, -1) for s in samples], [r.reshape(5, -1) for r in raters])
    assert score_raters(samples, raters) == flat


def test_faulty_input_is_refused() -> None:
    good = rows("1100")
    with pytest.raises(InputError, match="At least one rater"):
        score_raters(good, [])
    with pytest.raises(InputError, match="must be of bool"):
        score_raters([np.zeros((1, 4))], good)  # type: ignore[list-item]
    with pytest.raises(GeometryError, match="sample mask 1 has shape"):
        score_raters(rows("1100", "110"), good)
    with pytest.raises(GeometryError, match="differ in shape"):
        score_raters(rows("110"), good)
    with pytest.raises(InputError, match="sigmoid"):
        score_raters(good, good, probability=np.full((1, 4), np.nan))


def test_every_score_is_explained() -> None:
    table = rater_table()
    assert [entry["metric"] for entry in table] == list(score_raters(rows("1"), rows("1")))
    assert all(entry["definition"].endswith(".") for entry in table)

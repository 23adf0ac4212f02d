"""Before and after, in numbers and in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samaritan.bakeoff._gain import gains, in_words

from .conftest import rows_of

BASE = {f"p{n}": 0.2 + 0.01 * n for n in range(8)}


def lifted(by: float, n: int = 8) -> dict[str, float]:
    return {name: value + by + 0.001 * k for k, (name, value) in enumerate(list(BASE.items())[:n])}


def test_the_difference_is_paired_over_patients() -> None:
    (gain,) = gains(rows_of(BASE), rows_of(lifted(0.3), adaptation="lora"))
    assert gain.before.mean == pytest.approx(0.235)
    assert gain.paired.difference == pytest.approx(0.3035)
    assert gain.paired.low > 0.3
    assert gain.paired.p == pytest.approx(2 / 2**8)


@pytest.mark.parametrize(
    ("by", "n", "words"),
    [
        (0.3, 8, "helps"),
        (-0.1, 8, "harms"),
        (-0.0035, 8, "does not help (no difference shown)"),
        (0.3, 3, "cannot be told (3 test patients, too few for a test)"),
        (0.3, 1, "cannot be told (1 test patient, too few for a test)"),
    ],
)
def test_words(by: float, n: int, words: str) -> None:
    (gain,) = gains(rows_of(BASE), rows_of(lifted(by, n), adaptation="lora"))
    assert gain.words == words


def test_few_patients_that_all_gain_are_no_proof_after_correction_and_no_absence_of_a_gain() -> None:
    (gain,) = gains(rows_of(BASE), rows_of(lifted(0.3, 6), adaptation="lora"))
    corrected = replace(gain.paired, p_holm=5 * gain.paired.p)
    assert gain.paired.p < 0.05 < corrected.p_holm
    assert in_words(corrected) == "all 6 patients better, too few for a proof"


def test_a_change_in_few_patients_shows_nothing() -> None:
    after = BASE | {"p0": 0.9, "p1": 0.8}
    (gain,) = gains(rows_of(BASE), rows_of(after, adaptation="lora"))
    assert gain.words == "does not help (only 2 of 8 test patients change)"


def test_prompts_are_compared_with_their_own_kind() -> None:
    before = rows_of(BASE) + rows_of(dict.fromkeys(BASE, 0.1), prompt="point")
    after = rows_of(lifted(0.1), prompt="point", adaptation="lora")
    (gain,) = gains(before, after)
    assert gain.prompt == "point"
    assert gain.before.mean == pytest.approx(0.1)

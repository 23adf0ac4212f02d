import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from samaritan.benchmark._patients import Bootstrap, Patient, Patients, group_means, patient_means


def unit(patient: str, case: str, target: str, instance: int | None = None) -> tuple[str | int | None, ...]:
    return ("d", patient, case, target, "reference", instance)


def cohort(*values: float) -> Patients:
    return Patients.of({(): {("d", f"p{n}"): value for n, value in enumerate(values)}})


def test_means_are_nested_by_hand() -> None:
    measured = [
        (unit("p1", "c1", "a"), 0.2),
        (unit("p1", "c1", "a"), 0.4),  # repeat: a is 0.3
        (unit("p1", "c1", "b"), 0.9),  # c1 is 0.6
        (unit("p1", "c2", "a"), 0.0),  # p1 is 0.3
        (unit("p2", "c3", "a"), 0.8),
    ]
    assert patient_means(measured) == pytest.approx({("d", "p1"): 0.3, ("d", "p2"): 0.8})


def test_objects_count_within_their_image() -> None:
    measured = [(unit("p", "c1", "nucleus", 1), 0.0), *((unit("p", "c2", "nucleus", n), 1.0) for n in range(9))]
    assert patient_means(measured) == {("d", "p"): 0.5}


def test_group_means_keep_the_order_of_appearance() -> None:
    assert list(group_means([(("b", 1), 1.0), (("a", 1), 2.0), (("b", 2), 3.0)], 1).items()) == [
        (("b",), 2.0),
        (("a",), 2.0),
    ]


def test_the_mean_is_over_strata_and_leaves_out_what_is_absent() -> None:
    patients = Patients.of(
        {
            "large": {("d", 1): 1.0, ("d", 2): 0.0, ("d", 3): 0.5},
            "small": {("d", 3): 0.9},
        }
    )
    assert patients.names == (("d", 1), ("d", 2), ("d", 3))
    assert patients.mean() == pytest.approx([(0.5 + 0.9) / 2])
    assert patients.mean(np.array([[2.0, 1, 0], [0, 0, 3]])) == pytest.approx([2 / 3, (0.5 + 0.9) / 2])


@pytest.mark.parametrize("values", [[], [0.7]])
def test_no_interval_of_less_than_two(values: list[float]) -> None:
    assert all(math.isnan(end) for end in Bootstrap().interval(cohort(*values)))


def test_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(3).beta(8, 2, 25)
    low, high = Bootstrap(resamples=20_000).interval(cohort(*values))
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1).confidence_interval
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.002)


def test_interval_of_two_values_by_hand() -> None:
    """The mean of a resample is 0, 1/2 or 1 with probability 1/4, 1/2, 1/4, so 95 % reach from end to end, 40 % nowhere."""
    assert Bootstrap().interval(cohort(0, 1)) == (0, 1)
    assert Bootstrap(confidence=0.4).interval(cohort(0, 1)) == (0.5, 0.5)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        low, high = Bootstrap(resamples=500).interval(cohort(*rng.normal(5, 2, 30)))
        covered += low <= 5 <= high
    assert 0.89 <= covered / 300 <= 0.98


def test_a_seed_decides() -> None:
    values = np.random.default_rng(1).random(12)
    again, other = (Bootstrap(seed=seed).interval(cohort(*values)) for seed in (0, 1))
    assert Bootstrap(seed=0).interval(cohort(*values)) == again != other


def test_blocks_of_resamples_change_nothing_but_memory() -> None:
    """3,000 patients take several blocks of 2,000 resamples; the interval is that of the normal approximation."""
    values = np.random.default_rng(2).normal(0, 1, 3000)
    low, high = Bootstrap().interval(cohort(*values))
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 / math.sqrt(3000), values.mean() + 1.96 / math.sqrt(3000)), abs=0.005
    )


def test_patients_are_drawn_within_fixed_data_sets() -> None:
    """Two data sets without spread inside: their mean is sure, the pooled one is not."""
    one: dict[Patient, float] = {("a", n): 0.2 for n in range(5)}
    two: dict[Patient, float] = {("b", n): 0.8 for n in range(5)}
    patients = Patients.of({"a": one, "b": two})
    assert Bootstrap().interval(patients, fixed_datasets=True) == pytest.approx((0.5, 0.5))
    low, high = Bootstrap().interval(Patients.of({(): one | two}))
    assert low < 0.4
    assert high > 0.6


def test_a_fixed_data_set_of_one_patient_leaves_no_interval() -> None:
    patients = Patients.of({"a": {("a", 1): 0.5}, "b": {("b", 1): 0.1, ("b", 2): 0.3}})
    assert all(math.isnan(end) for end in Bootstrap().interval(patients, fixed_datasets=True))


@settings(max_examples=25)
@given(values=st.lists(st.floats(-100, 100), min_size=2, max_size=20), factor=st.sampled_from([0.5, 2.0, 4.0]))
def test_intervals_hold_the_mean_and_scale(values: list[float], factor: float) -> None:
    low, high = Bootstrap(resamples=300).interval(cohort(*values))
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    scaled = Bootstrap(resamples=300).interval(cohort(*(v * factor for v in values)))
    assert scaled == pytest.approx((low * factor, high * factor), abs=1e-9)

import math
import statistics
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats

from samaritan.benchmark._row import Row
from samaritan.benchmark.compare import Comparison, all_pairs, arm_name, compare, compare_all, holm
from samaritan.core import InputError, UnknownNameError, UsageError


def arm(values: Sequence[float | None], prompt: str = "box", **fields: Any) -> list[Row]:
    """One row for each patient p0, p1, ..."""
    return [
        cast(
            Row,
            {
                "dataset": "polyps", "case_id": f"c{n}", "patient_id": f"p{n}", "target": "polyp", "level": "target",
                "instance": None, "rater": "reference", "model": "m", "adaptation": "none", "prompt": prompt,
                "repeat": 0, "candidates": "single", "dice": value, "hd95_mm": value, "status": "ok",
            } | fields,
        )
        for n, value in enumerate(values)
    ]  # fmt: skip


A = [0.91, 0.85, 0.60, 0.77, 0.95, 0.80, 0.40]
B = [0.80, 0.80, 0.65, 0.70, 0.93, 0.50, 0.40]
#   +.11   +.05  -.05   +.07  +.02   +.30   0      ranks of the six: 5, 2.5, 2.5, 4, 1, 6


class TestCompare:
    def test_by_hand(self) -> None:
        found = compare(arm(A), arm(B, "point"), "dice")
        differences = [a - b for a, b in zip(A, B, strict=True)]
        assert (found.a, found.b, found.metric) == ("m, box", "m, point", "dice")
        assert (found.n_patients, found.n_pairs, found.n_different) == (7, 7, 6)
        assert (found.n_unpaired, found.n_undefined) == (0, 0)
        assert (found.mean_a, found.mean_b) == pytest.approx((sum(A) / 7, sum(B) / 7))
        assert found.difference == pytest.approx(0.5 / 7)
        assert found.rank_biserial == pytest.approx((18.5 - 2.5) / 21)
        assert found.cohens_dz == pytest.approx(statistics.mean(differences) / statistics.stdev(differences))
        # Of the 2^6 ways to give signs to the ranks, seven leave the negative ones a sum of at most 2.5
        # ({}, 1, 2.5, 2.5 are 4 of them; no pair fits), so p = 2 x 4 / 64.
        assert found.p == pytest.approx(2 * 4 / 64)
        assert found.p_holm == found.p
        assert found.low < found.difference < found.high
        assert found.better == ""

    def test_p_is_scipys_on_many_patients(self) -> None:
        rng = np.random.default_rng(0)
        a, b = rng.random(40), rng.random(40)
        expected = stats.wilcoxon(a - b).pvalue
        assert compare(arm(a.tolist()), arm(b.tolist()), "dice").p == pytest.approx(expected, rel=1e-6)

    def test_the_other_way_round_the_signs_turn(self) -> None:
        one, other = compare(arm(A), arm(B, "point"), "dice"), compare(arm(B, "point"), arm(A), "dice")
        assert (other.difference, other.rank_biserial, other.cohens_dz, other.p) == pytest.approx(
            (-one.difference, -one.rank_biserial, -one.cohens_dz, one.p)
        )
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low))

    def test_the_order_of_rows_does_not_matter_to_the_pairs(self) -> None:
        one, other = compare(arm(A), arm(B), "dice"), compare(arm(A), arm(B)[::-1], "dice")
        assert one == other

    def test_better_knows_the_direction(self) -> None:
        high, low = [0.9 + n / 1000 for n in range(8)], [0.5] * 8
        assert compare(arm(high), arm(low, "point"), "dice").better == "m, box"
        assert compare(arm(high), arm(low, "point"), "hd95_mm").better == "m, point"

    def test_five_patients_cannot_show_a_difference_and_it_is_said(self) -> None:
        found = compare(arm([0.9, 0.8, 0.7, 0.6, 0.5]), arm([0.1] * 5, "point"), "dice")
        assert found.p == pytest.approx(2 / 2**5)
        assert found.note == "5 patients differ, so p cannot fall below 0.0625"
        assert found.better == ""

    def test_one_patient(self) -> None:
        found = compare(arm([0.9]), arm([0.1], "point"), "dice")
        assert (found.difference, found.p, found.rank_biserial) == pytest.approx((0.8, 1.0, 1.0))
        assert all(math.isnan(value) for value in (found.low, found.high, found.cohens_dz))
        assert found.note == "1 patient differs, so p cannot fall below 1"

    def test_equal_everywhere(self) -> None:
        found = compare(arm(A), arm(A, "point"), "dice")
        assert (found.difference, found.p, found.rank_biserial, found.n_different) == (0, 1, 0, 0)
        assert (found.low, found.high) == (0, 0)
        assert math.isnan(found.cohens_dz)
        assert found.note.startswith("no patient differs")

    def test_rounding_is_no_difference(self) -> None:
        tenths = [0.1 + 0.2] * 7
        assert tenths[0] != 0.3
        assert compare(arm(tenths), arm([0.3] * 7, "point"), "dice").p == 1

    def test_targets_of_a_patient_are_not_patients(self) -> None:
        targets = [f"t{n}" for n in range(10)]
        a = [row for t in targets for row in arm([0.9, 0.8, 0.7], target=t)]
        b = [row for t in targets for row in arm([0.5, 0.5, 0.5], target=t)]
        found = compare(a, b, "dice")
        assert (found.n_pairs, found.n_patients) == (30, 3)
        assert found.p == pytest.approx(2 / 2**3)

    def test_repeats_are_averaged_before_pairing(self) -> None:
        a = arm([0.2, 0.4]) + arm([0.6, 0.8], repeat=1)
        found = compare(a, arm([0.1, 0.1], "point"), "dice")
        assert found.n_pairs == 2
        assert found.mean_a == pytest.approx(0.5)

    def test_only_what_both_measured_is_compared_and_the_rest_counted(self) -> None:
        a = arm([0.9, 0.8, None, 0.6, 0.5])
        a[3]["status"] = "failed"
        b = arm([0.1, 0.2, 0.3, 0.4], "point")
        found = compare(a, b, "dice")
        assert (found.n_pairs, found.n_undefined, found.n_unpaired) == (2, 2, 1)
        assert (found.mean_a, found.mean_b) == pytest.approx((0.85, 0.15))
        assert "1 without a partner, 2 without a value" in found.note

    def test_a_missing_target_does_not_shift_the_mean_of_its_patient(self) -> None:
        """On the target that both have, they are equal."""
        a = arm([0.9], target="easy") + arm([0.1], target="hard")
        found = compare(a, arm([0.9], "point", target="easy"), "dice")
        assert (found.difference, found.n_unpaired) == (0, 1)

    def test_objects_are_paired_one_by_one(self) -> None:
        a = [row for n in range(3) for row in arm([0.9, 0.5], level="instance", instance=n)]
        b = [row for n in range(1, 4) for row in arm([0.8, 0.5], level="instance", instance=n)]
        found = compare(a, b, "dice", level="instance")
        assert (found.n_pairs, found.n_unpaired, found.n_patients) == (4, 4, 2)
        assert found.difference == pytest.approx(0.05)

    def test_data_sets_can_count_equally(self) -> None:
        a = arm([0.9] * 6) + arm([0.5] * 2, dataset="vessels")
        b = arm([0.8] * 6) + arm([0.1] * 2, dataset="vessels")
        assert compare(a, b, "dice").difference == pytest.approx((6 * 0.1 + 2 * 0.4) / 8)
        assert compare(a, b, "dice", macro=("dataset",)).difference == pytest.approx(0.25)
        with pytest.raises(UsageError, match="balanced over modality"):
            compare(a, b, "dice", macro=("modality",))

    def test_a_seed_decides_the_interval(self) -> None:
        one, other = (compare(arm(A), arm(B), "dice", seed=seed) for seed in (0, 1))
        assert one.low != other.low
        assert one == compare(arm(A), arm(B), "dice", seed=0)

    @pytest.mark.parametrize(
        "b", [[], arm([0.5], dataset="liver"), arm([0.5], target="other"), arm([0.5], level="instance")]
    )
    def test_refuses_to_pair_nothing(self, b: list[Row]) -> None:
        with pytest.raises(InputError, match="nothing to pair"):
            compare(arm([0.5]), b, "dice")

    def test_all_undefined_is_not_nothing(self) -> None:
        found = compare(arm([None, None]), arm([0.1, 0.2], "point"), "dice")
        assert (found.n_pairs, found.n_undefined) == (0, 2)
        assert math.isnan(found.p)
        assert math.isnan(found.difference)
        assert found.better == ""

    def test_one_side_is_one_arm(self) -> None:
        with pytest.raises(UsageError, match="m, box and m, point"):
            compare(arm(A) + arm(A, "point"), arm(B), "dice")

    def test_unknown_metric(self) -> None:
        with pytest.raises(UnknownNameError, match="hd95_mm"):
            compare(arm(A), arm(B), "hd95")


class TestHolm:
    def test_by_hand(self) -> None:
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_never_above_one_and_in_order(self) -> None:
        assert holm([0.9, 0.5, 0.4]) == pytest.approx([1, 1, 1])

    def test_tests_that_were_not_made_do_not_count(self) -> None:
        found = holm([0.02, math.nan, 0.03])
        assert (found[0], found[2]) == pytest.approx((0.04, 0.04))
        assert math.isnan(found[1])
        assert holm([]) == []


class TestCompareAll:
    def test_all_pairs_are_corrected_together(self) -> None:
        rng = np.random.default_rng(4)
        arms = {name: arm((rng.random(12) + shift).tolist()) for name, shift in (("x", 0.0), ("y", 0.5), ("z", 0.6))}
        found = compare_all(arms, "dice")
        assert [(c.a, c.b) for c in found] == [("x", "y"), ("x", "z"), ("y", "z")]
        assert [c.p_holm for c in found] == pytest.approx(holm([c.p for c in found]))
        assert [c.p for c in found] == [compare(arms[c.a], arms[c.b], "dice").p for c in found]
        assert [c.better for c in found] == ["y", "z", ""]

    def test_a_pair_with_nothing_in_common_says_so(self) -> None:
        arms = {"x": arm(A), "y": arm(B), "z": arm(A, dataset="liver")}
        found = compare_all(arms, "dice")
        assert [c.note for c in found[1:]] == ["nothing in common"] * 2
        assert found[0].p_holm == found[0].p

    def test_refuses_to_pair_nothing(self) -> None:
        alone: dict[str, list[Row]]
        for alone in ({}, {"x": arm(A)}, {"x": arm(A), "z": arm(A, dataset="liver")}):
            with pytest.raises(InputError, match="nothing to pair"):
                compare_all(alone, "dice")
            assert all(c.n_pairs == 0 for c in all_pairs(alone, "dice"))

    @pytest.mark.slow
    def test_without_any_difference_holm_keeps_false_alarms_rare(self) -> None:
        """Four arms that differ by chance only: uncorrected, an experiment often finds something; corrected, 1 in 20 may."""
        rng = np.random.default_rng(7)
        experiments, alarms, uncorrected = 120, 0, 0
        for _ in range(experiments):
            patients = rng.normal(0.7, 0.1, 15)
            arms = {name: arm((patients + rng.normal(0, 0.05, 15)).tolist()) for name in "wxyz"}
            found = compare_all(arms, "dice", resamples=2)
            alarms += any(c.better for c in found)
            uncorrected += any(c.p < 0.05 for c in found)
        assert alarms / experiments <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / experiments)
        assert uncorrected / experiments > 0.1

    def test_a_real_difference_is_found(self) -> None:
        rng = np.random.default_rng(8)
        patients = rng.normal(0.7, 0.1, 20)
        arms = {name: arm((patients + rng.normal(shift, 0.03, 20)).tolist()) for name, shift in (("x", 0), ("y", 0.05))}
        (found,) = compare_all(arms, "dice")
        assert found.better == "y"
        assert found.high < 0


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "m, box"),
        ({"adaptation": "lora"}, "m + lora, box"),
        ({"adaptation": ""}, "m, box"),
        ({"prompt": "points:5", "candidates": "oracle"}, "m, points:5 (oracle)"),
        ({"prompt": "huang:S3:oracle", "candidates": "oracle"}, "m, huang:S3:oracle"),
    ],
)
def test_the_name_of_an_arm(fields: dict[str, Any], name: str) -> None:
    assert arm_name(arm([0.5], **fields)[0]) == name


def test_a_comparison_is_complete() -> None:
    """Every number of a comparison of real values is there and finite."""
    found = compare(arm(A), arm(B, "point"), "dice")
    assert isinstance(found, Comparison)
    assert all(math.isfinite(v) for v in vars(found).values() if isinstance(v, float))

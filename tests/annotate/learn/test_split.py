from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samaritan.annotate.learn.split import grow_split, read_split
from samaritan.core import InputError
from samaritan.datasets import Case, Dataset


def cases(*patients: str) -> Dataset:
    made = tuple(
        Case("set", f"case{n}", patient, None, (), lambda: pytest.fail("read"), {})
        for n, patient in enumerate(patients)
    )
    return Dataset("set", made, "folders")


def parts(dataset: Dataset, split: object) -> dict[str, str]:
    return {case.case_id: split.places["set", case.case_id] for case in dataset.cases}  # type: ignore[attr-defined]


def test_one_of_four_patients_is_kept_apart_and_at_least_one() -> None:
    for count, apart in ((2, 1), (3, 1), (7, 1), (8, 2), (20, 5)):
        dataset = cases(*(f"p{n}" for n in range(count)))
        found = list(parts(dataset, grow_split(dataset, None)).values())
        assert found.count("val") == apart
        assert found.count("train") == count - apart


def test_a_patient_stays_in_its_part_as_cases_are_added() -> None:
    few, many = cases(*"abcde"), cases(*"abcdefghijkl")
    before = grow_split(few, None)
    after = grow_split(many, before)
    assert parts(few, before).items() <= parts(many, after).items()
    assert list(parts(many, after).values()).count("val") == 3


def test_cases_of_a_patient_and_near_duplicates_stay_together() -> None:
    dataset = cases("a", "a", "b", "c", "d")
    found = parts(dataset, grow_split(dataset, None, [(dataset.cases[2], dataset.cases[4])]))
    assert found["case0"] == found["case1"]
    assert found["case2"] == found["case4"]


def test_those_that_came_together_of_both_parts_are_not_scored_any_more() -> None:
    dataset = cases(*"abcdefgh")
    before = grow_split(dataset, None)
    apart = next(case for case in dataset.cases if before.places["set", case.case_id] == "val")
    seen = next(case for case in dataset.cases if before.places["set", case.case_id] == "train")
    after = grow_split(dataset, before, [(apart, seen)])
    assert after.places["set", apart.case_id] == "train"
    assert "val" in after.places.values()


def test_one_patient_cannot_be_split() -> None:
    with pytest.raises(InputError, match="of one patient"):
        grow_split(cases("a", "a", "a"), None)


def test_what_was_trained_on_altogether_cannot_be_scored() -> None:
    dataset = cases(*"abc")
    all_trained = replace(grow_split(dataset, None), places={("set", c.case_id): "train" for c in dataset.cases})
    with pytest.raises(InputError, match="accept one more"):
        grow_split(dataset, all_trained)
    assert parts(more := cases(*"abcd"), grow_split(more, all_trained))["case3"] == "val"


def test_it_is_read_again(tmp_path: Path) -> None:
    assert read_split(tmp_path / "split.json") is None
    split = grow_split(cases("a", "a", "b"), None)
    split.write(tmp_path / "split.json")
    again = read_split(tmp_path / "split.json")
    assert again is not None
    assert again.places == split.places

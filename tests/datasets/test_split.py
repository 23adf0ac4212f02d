from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import FormatError, Geometry, InputError, UsageError, Volume
from samaritan.datasets import Case, Dataset, Split, few, make_split


def dataset(name: str, patients: list[str]) -> Dataset:
    """One case for each name in ``patients``."""
    blank = Volume(np.zeros((2, 2, 1), np.uint8), Geometry.pixels(2, 2))
    cases = [Case(name, f"c{n:02}", patient, None, (), lambda: blank, {}) for n, patient in enumerate(patients)]
    return Dataset(name, tuple(cases), "test")


def sizes(data: Dataset, split: Split) -> list[int]:
    """Patients in train, val, test."""
    return [len({case.patient_id for case in split.part([data], part)}) for part in ("train", "val", "test")]


@pytest.mark.parametrize(
    ("n", "expected"),
    [(2, [1, 0, 1]), (3, [1, 1, 1]), (4, [2, 1, 1]), (5, [3, 1, 1]), (10, [6, 2, 2]), (13, [7, 3, 3])],
)
def test_parts_have_the_sizes_that_were_asked_for(n: int, expected: list[int]) -> None:
    data = dataset("d", [f"p{k}" for k in range(n)])
    assert sizes(data, make_split([data])) == expected


def test_fractions_are_kept_and_train_is_never_empty() -> None:
    data = dataset("d", [f"p{k}" for k in range(10)])
    assert sizes(data, make_split([data], fractions=(0.5, 0.0, 0.5))) == [5, 0, 5]
    four = dataset("d", list("abcd"))
    assert sizes(four, make_split([four], fractions=(0.02, 0.49, 0.49))) == [1, 1, 2]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=20), st.integers(0, 99))
@settings(max_examples=30)
def test_a_patient_is_in_one_part_and_the_listing_order_does_not_matter(patients: list[str], seed: int) -> None:
    if len(set(patients)) < 2:
        patients = [*patients, "a", "b"]
    one, other = dataset("one", patients), dataset("other", ["x", "y", "y"])
    split = make_split([one, other], seed=seed)
    parts = {part: {case.patient_id for case in split.part([one], part)} for part in ("train", "val", "test")}
    assert sum(map(len, parts.values())) == len(set(patients)) == len(set().union(*parts.values()))
    turned = replace(one, cases=one.cases[::-1])
    assert make_split([other, turned], seed=seed) == split
    assert make_split([one], seed=seed).part([one], "train") == split.part([one], "train")


def test_seeds_differ_and_the_draw_never_changes() -> None:
    data = dataset("d", [f"p{k}" for k in range(8)])
    drawn = [tuple(case.case_id for case in make_split([data], seed=seed).part([data], "test")) for seed in range(20)]
    assert len(set(drawn)) > 10
    assert drawn[0] == ("c01", "c07")  # a split of an earlier version must stay what it was


def test_a_part_comes_in_the_order_of_the_data() -> None:
    data = dataset("d", [f"p{k}" for k in range(9)])
    split = make_split([data])
    turned = replace(data, cases=data.cases[::-1])
    assert split.part([turned], "train") == split.part([data], "train")[::-1]
    assert [c.case_id for c in split.part([data], "train")] == sorted(c.case_id for c in split.part([data], "train"))


@pytest.mark.parametrize("patients", [[], ["p"], ["p", "p", "p"]])
def test_one_patient_cannot_be_split(patients: list[str]) -> None:
    with pytest.raises(
        InputError, match=r"lonely has \d cases? of [01] patients?; at least 2 patients are needed.*dataset.yaml"
    ):
        make_split([dataset("fine", ["a", "b"]), dataset("lonely", patients)])


@pytest.mark.parametrize("fractions", [(0.5, 0.2, 0.2), (1.0, 0.0, 0.0), (0.0, 0.5, 0.5), (1.2, -0.4, 0.2)])
def test_fractions_must_add_up(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(UsageError, match="add up to 1"):
        make_split([dataset("d", ["a", "b", "c"])], fractions=fractions)


def test_groups_stay_together_with_all_cases_of_their_patients() -> None:
    data = dataset("d", ["a", "a", "b", "c", "d", "e", "f", "f"])
    for seed in range(20):
        split = make_split([data], seed=seed, groups=[(data.cases[0], data.cases[3]), (data.cases[3], data.cases[7])])
        assert len({split.places["d", case.case_id] for case in data.cases if case.patient_id in "acf"}) == 1
        assert all(split.part([data], part) for part in ("train", "val", "test"))


def test_a_group_may_reach_into_another_data_set() -> None:
    one, other = dataset("one", list("abcde")), dataset("other", list("vwxyz"))
    for seed in range(20):
        split = make_split([other, one], seed=seed, groups=[(other.cases[2], one.cases[1])])
        assert split.places["one", "c01"] == split.places["other", "c02"]
        assert sizes(one, split) == sizes(other, split) == [3, 1, 1]


def test_patients_that_are_all_one_group_cannot_be_split() -> None:
    data = dataset("d", ["a", "b"])
    with pytest.raises(InputError, match="2 cases of 2 patients, whose images are nearly the same"):
        make_split([data], groups=[data.cases])


def test_few_takes_nested_patients_and_leaves_the_other_parts() -> None:
    data = dataset("d", [f"p{k // 2}" for k in range(40)])
    whole = make_split([data])
    shots = {n: few(whole, n, seed=3) for n in (1, 2, 5, 12)}
    names = {n: {case.patient_id for case in split.part([data], "train")} for n, split in shots.items()}
    assert {n: len(patients) for n, patients in names.items()} == {1: 1, 2: 2, 5: 5, 12: 12}
    assert names[1] < names[2] < names[5] < names[12]
    assert len(shots[5].part([data], "train")) == 10  # with all their cases
    for split in shots.values():
        assert split.part([data], "test") == whole.part([data], "test")
        assert split.part([data], "val") == whole.part([data], "val")
    assert len({frozenset(c.case_id for c in few(whole, 2, seed=s).part([data], "train")) for s in range(9)}) > 3


def test_few_refuses_what_it_cannot_do() -> None:
    data = dataset("d", ["a", "b", "c"])
    with pytest.raises(InputError, match="d has only 1 patients in its training part; 2 were asked for"):
        few(make_split([data]), 2)
    with pytest.raises(UsageError, match="received 0"):
        few(make_split([data]), 0)


def test_a_file_holds_the_whole_split(tmp_path: Path) -> None:
    data = [dataset("one", ["a", "a", "b", "c", "d"]), dataset("other", ["c00", "c01"])]
    for split in (make_split(data, seed=7), few(make_split(data, seed=7), 1)):
        split.write(tmp_path / "split.json")
        assert Split.read(tmp_path / "split.json") == split
    content = json.loads((tmp_path / "split.json").read_text())
    assert content["version"] == 1
    assert content["seed"] == 7
    assert sum(len(ids) for part in content["parts"].values() for ids in part.values()) == 7
    assert content["patients"] == {"one": {f"c0{n}": patient for n, patient in enumerate("aabcd")}}


def test_a_file_may_be_written_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"parts": {"train": {"d": ["c00"]}, "test": {"d": ["c01"], "elsewhere": ["x"]}}}')
    data = dataset("d", ["p", "q"])
    split = Split.read(file)
    assert [case.case_id for case in split.part([data], "test")] == ["c01"]
    assert split.part([data], "val") == []


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("{", FormatError, "not valid JSON"),
        ("[]", InputError, "do not fit"),
        ('{"parts": {"train": {}}}', InputError, "parts.test"),
        ('{"parts": {"train": {}, "test": {}}, "version": 2}', InputError, "version"),
        ('{"parts": {"train": {}, "test": {}, "dev": {}}}', InputError, "parts.dev"),
        ('{"parts": {"train": {"d": ["c0"]}, "test": {"d": ["c0"]}}}', InputError, "d/c0 in train and in test"),
        ("[" * 100_000, FormatError, "not valid JSON"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    file = tmp_path / "split.json"
    file.write_text(text)
    with pytest.raises(error, match=message) as caught:
        Split.read(file)
    assert "split.json" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json"):
        Split.read(tmp_path / "none.json")


def test_a_split_of_other_data_is_refused() -> None:
    data = dataset("d", ["a", "b", "c"])
    split = make_split([data])
    with pytest.raises(InputError, match=r"no part for 1 cases of the data .d/c03."):
        split.part([dataset("d", ["a", "b", "c", "d"])], "train")
    with pytest.raises(InputError, match=r"names 1 cases that are not in the data .d/c02."):
        split.part([dataset("d", ["a", "b"])], "train")
    with pytest.raises(InputError, match=r"no part for 2 cases of the data .e/c00, e/c01."):
        split.part([data, dataset("e", ["a", "b"])], "train")

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from samaritan.core import Geometry, InputError, Volume
from samaritan.datasets import Case, Dataset, Split, check_leaks, few, make_split, near_duplicates, open_datasets


def scene(seed: int) -> NDArray[np.float64]:
    fine = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(80, 60)), 3)
    return np.asarray(np.clip(128 + 40 * fine / fine.std(), 0, 255), np.float64)


def dataset(images: list[NDArray[Any]], patients: str | None = None, name: str = "d") -> Dataset:
    def case(n: int) -> Case:
        data = images[n] if images[n].ndim > 2 else images[n][:, :, None]
        volume = Volume(data, Geometry.from_spacing((data.shape[0], data.shape[1], data.shape[2]), 1, "px"))
        return Case(name, f"c{n}", patients[n] if patients else f"c{n}", None, (), lambda: volume, {})

    return Dataset(name, tuple(case(n) for n in range(len(images))), "test")


def placed(data: Dataset, *parts: Any) -> Split:
    keys = [(case.dataset, case.case_id) for case in data.cases]
    patients = {key: case.patient_id for key, case in zip(keys, data.cases, strict=True)}
    return Split(dict(zip(keys, parts, strict=True)), patients)


def test_an_honest_split_passes() -> None:
    data = dataset([scene(n) for n in range(6)])
    assert near_duplicates([data]) == []
    check_leaks([data], make_split([data]))


def test_a_patient_in_two_parts_is_refused() -> None:
    data = dataset([scene(n) for n in range(3)], "abb")
    with pytest.raises(InputError, match=r"Patient 'b' of d is in two parts: d/c1 \(val\) and d/c2 \(test\)"):
        check_leaks([data], placed(data, "train", "val", "test"))
    check_leaks([data], placed(data, "train", "test", "test"))


def test_patients_of_two_data_sets_are_two_people() -> None:
    one, other = dataset([scene(0)], "a", "one"), dataset([scene(1)], "a", "other")
    places = {**placed(one, "train").places, **placed(other, "test").places}
    check_leaks([one, other], Split(places, {}))


def test_an_image_under_two_names_is_refused() -> None:
    data = dataset([scene(0), scene(1), scene(0)])
    with pytest.raises(InputError, match=r"d/c0 \(train\) and d/c2 \(test\) are identical"):
        check_leaks([data], placed(data, "train", "train", "test"))
    check_leaks([data], placed(data, "train", "test", "train"))


def test_a_near_duplicate_is_refused() -> None:
    data = dataset([scene(0), scene(1), 0.5 * scene(0) + 20])
    with pytest.raises(InputError, match=r"d/c0 \(val\) and d/c2 \(train\) are nearly the same \(similarity 0.9\d\d\)"):
        check_leaks([data], placed(data, "val", "train", "train"))


def test_what_is_left_out_does_not_leak() -> None:
    data = dataset([scene(0), scene(1), scene(0)])
    check_leaks([data], placed(data, "train", "test", "left_out"))
    patients = dataset([scene(n) for n in range(3)], "abb")
    check_leaks([patients], placed(patients, "train", "test", "left_out"))


def test_blank_images_are_no_duplicates() -> None:
    blank = np.zeros((30, 20), np.uint8)
    data = dataset([blank, blank, blank + 9])
    assert near_duplicates([data]) == []


def test_duplicates_are_found_across_data_sets_but_not_within_a_patient() -> None:
    one, other = dataset([scene(0), scene(0)], "aa", "one"), dataset([scene(1), scene(0)], "ab", "other")
    found = {(a.case_id, b.dataset, b.case_id) for a, b in near_duplicates([one, other])}
    assert found == {("c0", "other", "c1"), ("c1", "other", "c1")}


def test_pictures_and_volumes_are_never_compared() -> None:
    data = dataset([scene(0), np.repeat(scene(0)[:, :, None], 4, axis=2)])
    assert near_duplicates([data]) == []


def test_grouping_by_near_duplicates_makes_a_split_that_passes() -> None:
    data = dataset([scene(n) for n in (0, 1, 2, 3, 4, 5, 0, 1)])
    twins = near_duplicates([data])
    assert [twins_of.similarity for twins_of in twins] == [1.0, 1.0]
    for seed in range(10):
        split = make_split([data], seed=seed, groups=twins)
        check_leaks([data], split)
        check_leaks([data], few(split, 1), twins)
        assert split.places["d", "c0"] == split.places["d", "c6"]


def test_many_images_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samaritan.datasets._leaks._ROWS", 2)
    data = dataset([scene(n) for n in (0, 1, 2, 1, 3, 2, 0)])
    assert {(a.case_id, b.case_id) for a, b in near_duplicates([data])} == {("c0", "c6"), ("c1", "c3"), ("c2", "c5")}


def test_copies_among_files_are_found_and_unreadable_ones_named(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / "d" / folder).mkdir(parents=True)
    for name, seed, ending in (("a", 0, "png"), ("b", 1, "png"), ("copy_of_a", 0, "jpg")):
        Image.fromarray(scene(seed).astype(np.uint8)).save(tmp_path / "d" / "images" / f"{name}.{ending}")
        Image.fromarray(np.ones((80, 60), np.uint8)).save(tmp_path / "d" / "masks" / f"{name}.png")
    data = open_datasets([str(tmp_path / "d")])
    assert [(a.case_id, b.case_id) for a, b in near_duplicates(data)] == [("a", "copy_of_a")]
    (tmp_path / "d" / "images" / "b.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"b\.png"):
        near_duplicates(open_datasets([str(tmp_path / "d")]))

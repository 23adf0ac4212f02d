from __future__ import annotations

from pathlib import Path

import pytest

from samaritan.core import InputError
from samaritan.core.intensity import MODALITIES
from samaritan.datasets import open_datasets
from samaritan.datasets._info import DatasetInfo, Meta


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({"label": {1: "a"}}, "label: Extra inputs"),
        ({"labels": {1: "a", 2: "a"}}, "two values have the name 'a'"),
        ({"labels": {-1: "a"}}, "greater than or equal to 0"),
        ({"patients": "^c"}, "needs a group"),
        ({"patients": "(c"}, "not a regular expression"),
        ({"patients": {1: "a"}}, "valid string"),
        ({"intensity": "ct:knee"}, "Unknown intensity policy"),
        ({"spacing": 0}, "greater than 0"),
        ({"name": "../up"}, "name"),
        ([1, 2], "valid dictionary"),
    ],
)
def test_what_does_not_fit_is_named(content: object, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        DatasetInfo.parse(content, "dataset.yaml")


def test_background_needs_no_name() -> None:
    assert DatasetInfo.parse({"labels": {0: "background", 3: "x"}}, "here").labels == {3: "x"}


@pytest.mark.parametrize(
    ("spacing", "expected"), [(0.5, (0.5, 0.5, 1)), ([1, 2], (1, 2, 1)), ([1, 2, 3], (1, 2, 3)), (None, None)]
)
def test_spacing(spacing: object, expected: object) -> None:
    assert DatasetInfo.parse({"spacing": spacing}, "here").spacing_mm == expected


def test_patients_by_rule_or_table(folders_2d: Path) -> None:
    def patients(text: str) -> list[str]:
        (folders_2d / "dataset.yaml").write_text(text)
        (dataset,) = open_datasets([str(folders_2d)])
        return [case.patient_id for case in dataset.cases]

    assert patients(r"patients: '(c)\d'") == ["c", "c", "c"]
    assert patients("patients: {c1: x, c2: x, c3: y}") == ["x", "x", "y"]
    with pytest.raises(InputError, match="no entry for case 'c3'"):
        patients("patients: {c1: x, c2: x}")
    with pytest.raises(InputError, match="does not match case 'c3'"):
        patients("patients: '([a-c][12])'")


def test_a_table_of_patients_may_name_more_cases(folders_2d: Path) -> None:
    (folders_2d / "dataset.yaml").write_text("patients: {c1: x, c2: x, c3: y, c4: y}")
    (dataset,) = open_datasets([str(folders_2d)])
    assert dataset.notes == ("The table of patients names 1 cases that are not there: c4.",)


def test_given_keys_replace_and_others_stay() -> None:
    beside = DatasetInfo.parse({"licence": "CC0", "modality": "CT"}, "here")
    over = DatasetInfo.parse({"modality": "MR T1"}, "there")
    both = beside.updated(over)
    assert (both.licence, both.canonical_modality) == ("CC0", "MR")
    assert beside.updated(None) is beside


def test_meta_is_one_mapping() -> None:
    assert Meta.parse({"a": {"modality": "CT"}}, "m").datasets["a"].modality == "CT"
    with pytest.raises(InputError, match=r"a\.colour"):
        Meta.parse({"a": {"colour": 1}}, "m")


def test_the_file_about_public_data_sets_is_valid() -> None:
    path = Path(__file__).parents[2] / "benchmarks" / "public27.yaml"
    infos = Meta.read(path).datasets
    assert len(infos) == 27
    assert all(info.canonical_modality in MODALITIES and info.licence and info.description for info in infos.values())
    assert {name for name, info in infos.items() if info.instances} == {
        "dsb2018_fluorescence",
        "dsb2018_stained",
        "monuseg",
    }
    assert [name for name, info in infos.items() if not info.sources or info.unknown_sources()] == []
    assert infos["prostate_mr_2d"].patient("RUNMC03_16") == infos["prostate_mr_2d"].patient("RUNMC03_12") == "RUNMC03"
    assert infos["cvc_clinicdb"].patient("001") == infos["cvc_clinicdb"].patient("014")


def test_sources_are_told_in_the_names_that_models_use() -> None:
    info = DatasetInfo.parse({"sources": ["CVC ClinicDB", "our hospital", "totalsegmentater"]}, "here")
    assert info.canonical_sources == ("cvc-clinicdb", "our hospital", "totalsegmentater")
    assert info.unknown_sources() == [
        "The source 'our hospital' is no name that models list.",
        "The source 'totalsegmentater' is no name that models list; totalsegmentator may be meant.",
    ]


def test_what_a_data_set_is_made_of_comes_through(folders_2d: Path) -> None:
    (folders_2d / "dataset.yaml").write_text("sources: [ISIC2017, odd]")
    (dataset,) = open_datasets([str(folders_2d)])
    assert dataset.sources == ("isic2017", "odd")
    assert dataset.notes == ("The source 'odd' is no name that models list.",)

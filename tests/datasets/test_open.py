from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from samaritan.core import InputError, ResourceError, UnknownNameError, UsageError
from samaritan.datasets import builtin_names, describe, describe_builtins, fingerprint, open_datasets
from samaritan.datasets.samples import _base as samples

from .conftest import ell, picture, write_png


def test_a_folder_of_data_sets(folders_2d: Path, folders_3d: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folders_2d.parent / "papers").mkdir()
    (folders_2d.parent / "readme.md").write_text("x")
    (folders_2d.parent / "round").symlink_to(folders_2d.parent)
    with caplog.at_level(logging.WARNING):
        datasets = open_datasets([str(folders_2d.parent)])
    assert [dataset.name for dataset in datasets] == ["organs", "skin"]
    assert "left out: papers, round." in caplog.text


def test_order_is_as_given(folders_2d: Path, folders_3d: Path) -> None:
    datasets = open_datasets([str(folders_2d), "samples/nuclei", str(folders_3d)])
    assert [dataset.name for dataset in datasets] == ["skin", "nuclei", "organs"]


def test_a_run_among_the_data_is_not_taken_for_one(folders_2d: Path) -> None:
    run = folders_2d.parent / "run"
    (run / "gallery").mkdir(parents=True)
    write_png(run / "gallery" / "a.png", picture())
    (run / "results.jsonl").write_text("{}\n")
    assert [dataset.name for dataset in open_datasets([str(folders_2d.parent)])] == ["skin"]


@pytest.mark.parametrize(
    ("arg", "message"),
    [
        ("absent/folder", "no folder and no built-in data set 'absent/folder'"),
        ("sampels", "did you mean samples?"),
    ],
)
def test_what_is_not_there(arg: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        open_datasets([arg])
    assert message in str(error.value)


def test_nothing_given_or_no_such_sample() -> None:
    with pytest.raises(UsageError, match="No data set"):
        open_datasets([])
    with pytest.raises(UnknownNameError, match="did you mean nuclei"):
        open_datasets(["samples/nuclie"])


def test_a_file_or_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"is a file; a data set is a folder\. Known layouts are folders: images/"):
        open_datasets([str(tmp_path / "notes.txt")])
    with pytest.raises(InputError, match=r"it holds notes\.txt\. Known layouts are .*nnU-Net.*folder of such folders"):
        open_datasets([str(tmp_path)])


def test_one_name_twice(folders_2d: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "skin"
    shutil.copytree(folders_2d, other)
    with pytest.raises(InputError, match="both called 'skin'"):
        open_datasets([str(folders_2d), str(other)])
    (other / "dataset.yaml").write_text("name: skin2")
    assert [dataset.name for dataset in open_datasets([str(folders_2d), str(other)])] == ["skin", "skin2"]


def test_one_data_set_through_a_link(folders_2d: Path) -> None:
    link = folders_2d.parent / "wounds"
    link.symlink_to(folders_2d)
    assert open_datasets([str(link)])[0].name == "wounds"
    with pytest.raises(InputError, match="one and the same data set"):
        open_datasets([str(folders_2d), str(link)])
    with pytest.raises(InputError, match="one and the same data set"):
        open_datasets(["samples", "samples/nuclei"])


def test_the_folder_one_is_in(folders_2d: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folders_2d)
    assert open_datasets(["."])[0].name == "skin"
    assert open_datasets(["images/.."])[0].name == "skin"


def test_a_path_that_is_too_long() -> None:
    with pytest.raises(ResourceError, match="Could not look at"):
        open_datasets(["x" * 300])


def test_settings_for_folders_that_are_not_there(folders_2d: Path, tmp_path: Path) -> None:
    meta = tmp_path / "meta.yaml"
    meta.write_text("skn: {modality: CT}")
    with pytest.raises(InputError, match="settings for skn, but none of these"):
        open_datasets([str(folders_2d)], meta)


def test_two_layouts_in_one_folder_need_a_choice(nnunet: Path) -> None:
    write_png(nnunet / "images" / "a.png", picture())
    write_png(nnunet / "masks" / "a.png", ell((12, 10)))
    with pytest.raises(InputError, match="looks like folders and like nnunet; choose with 'layout:'"):
        open_datasets([str(nnunet)])
    (nnunet / "dataset.yaml").write_text("layout: folders")
    assert [case.case_id for case in open_datasets([str(nnunet)])[0].cases] == ["a"]
    (nnunet / "dataset.yaml").write_text("layout: folder")
    with pytest.raises(UnknownNameError, match="did you mean folders"):
        open_datasets([str(nnunet)])


def test_description_in_plain_values(folders_2d: Path) -> None:
    (folders_2d / "dataset.yaml").write_text("modality: dermoscopy, 2D\nlabels: {1: mole, 2: ruler}\nlicence: CC0")
    about = describe(open_datasets([str(folders_2d)])[0])
    assert about == {
        "name": "skin", "layout": "folders", "modality": "dermoscopy", "cases": 3, "patients": 3,
        "raters": ["reference", "b"], "labels": {1: "mole", 2: "ruler"}, "instances": False, "licence": "CC0",
        "sources": [], "description": "", "notes": [],
    }  # fmt: skip


def test_built_ins_are_described_also_where_their_package_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_is_installed", lambda package: package != "nilearn")
    about = {entry["name"]: entry for entry in describe_builtins()}
    assert list(about) == builtin_names()[1:]
    assert about["samples/nuclei"]["available"]
    assert not about["samples/mni152-brain"]["available"]
    assert 'needs the package nilearn: pip install "samaritan[samples]"' in about["samples/mni152-brain"]["notes"][0]
    assert "mni152-brain" not in {dataset.name for dataset in open_datasets(["samples"])}
    with pytest.raises(InputError, match="samples/mni152-brain needs the package nilearn"):
        open_datasets(["samples/mni152-brain"])


def test_a_fingerprint_is_of_the_content_alone(folders_2d: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folders_2d, copy)
    prints = [[fingerprint(case) for case in open_datasets([str(folder)])[0].cases] for folder in (folders_2d, copy)]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 3
    assert len(prints[0][0]) == 64


def test_a_built_in_has_the_fingerprint_of_its_voxels() -> None:
    (dataset,) = open_datasets(["samples/retina-oct"])
    prints = [fingerprint(case) for case in dataset.cases]
    assert len(set(prints)) == 6
    assert prints[0] == fingerprint(open_datasets(["samples/retina-oct"])[0].cases[0])

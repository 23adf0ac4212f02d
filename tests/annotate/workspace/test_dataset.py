from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan.annotate.messages import AddObject, Mark, Paint
from samaritan.annotate.workspace import Workspace
from samaritan.core import InputError, ResourceError
from samaritan.datasets import open_datasets

from .conftest import Page, grey, save_volume
from .test_found import series

Open = Callable[..., Workspace]


def accept(workspace: Workspace, name: str, label: str = "liver") -> Page:
    (case,) = (one.case for one in workspace.summaries() if one.name == name)
    page = Page(workspace.document(case))
    page.do(AddObject(kind="add-object", label=label))
    page.do(Paint(kind="paint", object=1, plane="axial", path=(page.mm(1, 2, 0),), radius=0.1))
    page.do(Mark(kind="mark", status="accepted"))
    return page


def test_benchmark_and_adapt_read_it(open_workspace: Open, folder: Path, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 9, 3), np.uint8)).save(folder / "p.jpg")
    series(folder / "patient" / "ct", 3)
    save_volume(folder / "left" / "out.nii.gz", grey())
    workspace = open_workspace()
    pages = [
        accept(workspace, name, label) for name, label in (("ct", "liver"), ("p", "spleen"), ("patient/ct", "liver"))
    ]
    exported = workspace.export_dataset()
    assert (exported.cases, exported.skipped) == (3, ())
    assert Path(exported.folder) == tmp_path / "out" / "dataset"
    (found,) = open_datasets([exported.folder])
    assert [case.case_id for case in found.cases] == ["ct", "p", "patient_ct"]
    assert [case.names for case in found.cases] == [{1: "liver", 2: "spleen"}] * 3
    for case, page, value in zip(found.cases, pages, (1, 2, 1), strict=True):
        labels = case.read_references["reference"]()
        assert case.read_image().geometry.mismatch(labels.geometry) is None
        assert labels.labels() == [value]
        assert page.document.image_ref.path.exists()
    assert (folder / "ct.nii.gz").samefile(tmp_path / "out" / "dataset" / "images" / "ct.nii.gz")


def test_no_image_is_read_for_an_export(open_workspace: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(open_workspace(), "ct")
    workspace = open_workspace()
    monkeypatch.setattr("samaritan.annotate.workspace.document.open_case", _never)
    assert workspace.export_dataset().cases == 1


def _never(*_: Any) -> None:
    raise AssertionError("an image was opened")


def test_an_edit_that_was_not_saved_yet_is_exported(open_workspace: Open, tmp_path: Path) -> None:
    workspace = open_workspace()
    page = accept(workspace, "ct")
    workspace.export_dataset()
    page.do(Paint(kind="paint", object=1, plane="axial", path=(page.mm(4, 4, 4),), radius=0.1))
    page.do(Mark(kind="mark", status="accepted"))
    (found,) = open_datasets([workspace.export_dataset().folder])
    assert found.cases[0].read_references["reference"]().data.sum() == 2
    assert not list((tmp_path / "out").glob(".tmp*"))


def test_a_folder_of_somebody_else_is_not_replaced(open_workspace: Open, tmp_path: Path) -> None:
    workspace = open_workspace()
    accept(workspace, "ct")
    own = tmp_path / "out" / "dataset" / "thesis.txt"
    own.parent.mkdir()
    own.write_text("years of work")
    with pytest.raises(InputError, match="was not made by an export"):
        workspace.export_dataset()
    assert own.read_text() == "years of work"
    own.unlink()
    assert [workspace.export_dataset().cases for _ in range(2)] == [1, 1]


def test_nothing_is_accepted(open_workspace: Open, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No case is accepted yet"):
        open_workspace().export_dataset()
    assert not (tmp_path / "out" / "dataset").exists()


def test_what_the_data_set_around_says_is_kept(open_workspace: Open, tmp_path: Path) -> None:
    source = tmp_path / "set"
    for name in ("p1_a", "p1_b", "p2_a"):
        (source / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 9), np.uint8)).save(source / "images" / f"{name}.png")
    (source / "masks").mkdir()
    Image.fromarray(np.ones((8, 9), np.uint8) * 3).save(source / "masks" / "p1_a.png")
    (source / "dataset.yaml").write_text(
        "labels: {3: nerve}\nmodality: ultrasound\nspacing: 0.5\nlicence: mine\npatients: '^(p[0-9])_'\nsources: [private]\n"
    )
    workspace = open_workspace(source=source)
    for name in ("p1_a", "p1_b", "p2_a"):
        page = accept(workspace, name) if name != "p1_a" else None
        if page is not None:
            assert page.document.detail().spacing == (0.5, 0.5, 1.0)
    page = Page(workspace.document(next(one.case for one in workspace.summaries() if one.name == "p1_a")))
    page.do(Mark(kind="mark", status="accepted"))
    (found,) = open_datasets([workspace.export_dataset().folder])
    assert (found.modality, found.licence, found.sources) == ("ultrasound", "mine", ("private",))
    assert {case.case_id: case.patient_id for case in found.cases} == {"p1_a": "p1", "p1_b": "p1", "p2_a": "p2"}
    assert found.cases[0].read_image().geometry.spacing == (0.5, 0.5, 1.0)
    assert found.cases[0].names[3] == "nerve"
    assert found.cases[0].read_references["reference"]().labels() == [3]


def test_series_of_one_patient_are_one_patient(open_workspace: Open, tmp_path: Path, folder: Path) -> None:
    for name, patient in (("a", "Doe"), ("b", "Doe"), ("c", "Roe"), ("d", "")):
        _patient(series(folder / name, 2), patient)
    workspace = open_workspace()
    for name in "abcd":
        accept(workspace, name)
    (found,) = open_datasets([workspace.export_dataset().folder])
    patients = {case.case_id: case.patient_id for case in found.cases}
    assert patients["a"] == patients["b"] != patients["c"]
    assert patients["d"] == "d"
    text = (tmp_path / "out" / "dataset" / "dataset.yaml").read_text()
    assert "Doe" not in text
    (again,) = open_datasets([open_workspace().export_dataset().folder])
    assert {case.case_id: case.patient_id for case in again.cases} == patients


def _patient(folder: Path, name: str) -> None:
    import pydicom

    for path in folder.iterdir():
        dataset: Any = pydicom.dcmread(path)
        dataset.PatientID = name
        dataset.save_as(path)


def test_one_series_of_a_folder_with_several(open_workspace: Open, folder: Path) -> None:
    series(folder / "a", 3, "1.2.11")
    series(folder / "a", 2, "1.2.22")
    workspace = open_workspace()
    name = next(one.name for one in workspace.summaries() if one.name.startswith("a/series"))
    accept(workspace, name)
    (found,) = open_datasets([workspace.export_dataset().folder])
    assert found.cases[0].read_image().geometry.shape[2] in (2, 3)


def test_an_image_that_is_gone_is_skipped_with_a_sentence(open_workspace: Open, folder: Path) -> None:
    save_volume(folder / "b.nii.gz", grey())
    workspace = open_workspace()
    for name in ("b", "ct"):
        accept(workspace, name)
    workspace.save()
    (folder / "b.nii.gz").unlink()
    exported = workspace.export_dataset()
    assert (exported.cases, exported.skipped) == (1, ("b: b.nii.gz is not there any more; put it back.",))
    (folder / "ct.nii.gz").unlink()
    with pytest.raises(InputError, match="No case could be exported: b: "):
        workspace.export_dataset()


def test_an_image_that_is_known_to_be_damaged_is_skipped(open_workspace: Open, folder: Path) -> None:
    workspace = open_workspace()
    accept(workspace, "ct")
    (case,) = workspace.accepted()
    workspace.close()
    (folder / "ct.nii.gz").write_bytes(b"no longer")
    save_volume(folder / "other.nii.gz", grey())
    workspace = open_workspace()
    assert workspace.summary(case).status == "accepted"
    assert workspace.accepted() == []
    accept(workspace, "other")
    exported = workspace.export_dataset()
    assert exported.cases == 1
    assert [sentence.split(" ")[:2] for sentence in exported.skipped] == [["ct:", "ct.nii.gz"]]


def test_an_image_that_breaks_off_is_found_by_a_check(open_workspace: Open, folder: Path) -> None:
    workspace = open_workspace()
    accept(workspace, "ct")
    save_volume(folder / "other.nii.gz", grey())
    workspace = open_workspace()
    accept(workspace, "other")
    path = folder / "ct.nii.gz"
    path.write_bytes(path.read_bytes()[:-40])
    workspace.check_accepted()
    assert [workspace.summary(case).name for case in workspace.accepted()] == ["other"]
    exported = workspace.export_dataset()
    assert exported.cases == 1
    assert "truncated" in exported.skipped[0]


def test_a_series_that_is_gone_is_skipped(open_workspace: Open, folder: Path) -> None:
    series(folder / "dicom", 2)
    workspace = open_workspace()
    for name in ("dicom", "ct"):
        accept(workspace, name)
    workspace.save()
    shutil.rmtree(folder / "dicom")
    assert workspace.export_dataset().skipped == ("dicom: dicom is not there any more; put it back.",)


def test_a_disk_that_is_full_leaves_the_earlier_export(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    workspace = open_workspace()
    accept(workspace, "ct")
    workspace.export_dataset()

    def full(*_: Any) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(ResourceError, match="No space left"):
            workspace.export_dataset()
    assert len(open_datasets([str(tmp_path / "out" / "dataset")])[0].cases) == 1


def test_images_are_copied_where_there_are_no_links(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    workspace = open_workspace()
    accept(workspace, "ct")

    def no_links(*_: Any) -> None:
        raise OSError(18, os.strerror(18))

    monkeypatch.setattr(os, "link", no_links)
    copy = Path(workspace.export_dataset().folder) / "images" / "ct.nii.gz"
    assert not copy.samefile(folder / "ct.nii.gz")
    assert copy.read_bytes() == (folder / "ct.nii.gz").read_bytes()


def test_headers_with_their_data_beside_them(open_workspace: Open, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "h.raw").write_bytes(grey().tobytes(order="F"))
    (folder / "deep" / "h.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 12 10 6\nElementType = MET_SHORT\nElementSpacing = 1 1 1\n"
        "ElementDataFile = h.raw\n"
    )
    workspace = open_workspace()
    accept(workspace, "deep/h")
    (found,) = open_datasets([workspace.export_dataset().folder])
    assert [case.case_id for case in found.cases] == ["h"]
    assert np.array_equal(found.cases[0].read_image().data, grey())


def test_names_that_are_long_or_differ_by_case(open_workspace: Open, folder: Path) -> None:
    for name in ("A/x", "a/X", "a_x", "n" * 240):
        save_volume(folder / f"{name}.nii", grey())
    workspace = open_workspace()
    for summary in workspace.summaries():
        accept(workspace, summary.name)
    workspace.close()
    masks = [
        path.relative_to(folder.parent / "out" / "masks") for path in (folder.parent / "out" / "masks").rglob("*.gz")
    ]
    assert len({str(path).casefold() for path in masks}) == 5
    assert max(len(path.name) for path in masks) < 200
    exported = open_workspace().export_dataset()
    assert (exported.cases, exported.skipped) == (5, ())
    names = [case.case_id for case in open_datasets([exported.folder])[0].cases]
    assert len({name.casefold() for name in names}) == 5

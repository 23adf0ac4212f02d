from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan import io
from samaritan.annotate.workspace import _found
from samaritan.annotate.workspace._found import Found, find_cases
from samaritan.core import Geometry, InputError, LabelMap
from samaritan.io import dicom

from ...io.conftest import save_dicom_file
from .conftest import PSL, SHAPE, grey, save_volume

PIXELS = np.zeros((4, 5), np.int16)


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(path)
    return path


def series(folder: Path, count: int, uid: str | None = None, ending: str = ".dcm") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        tags: dict[str, Any] = {
            "ImagePositionPatient": [0.0, 0.0, float(k)],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        }
        if uid is not None:
            tags["SeriesInstanceUID"] = uid
        save_dicom_file(folder / f"{(uid or 'IM')[-2:]}{k:04d}{ending}", PIXELS, **tags)
    return folder


def names(folder: Path, output: Path | None = None) -> dict[str, Found]:
    return {case.name: case for case in find_cases(folder, output or folder.parent / "out")}


def test_images_in_folders_by_name(tmp_path: Path) -> None:
    root = tmp_path / "in"
    save_volume(root / "b" / "ct.nii.gz", grey())
    save_volume(root / "a.nii", grey())
    picture(root / "b" / "deep" / "p.PNG")
    picture(root / ".hidden" / "p.png")
    picture(root / "b" / ".p.png")
    for name in ("notes.txt", "b/table.csv", "b/report.pdf"):
        (root / name).write_text("x")
    found = names(root)
    assert list(found) == ["a", "b/ct", "b/deep/p"]
    assert [case.volume for case in found.values()] == [True, True, False]
    assert len({case.case for case in found.values()}) == 3
    assert all(len(case.case) == 16 and case.case.isalnum() for case in found.values())
    assert {n: c.case for n, c in names(root).items()} == {n: c.case for n, c in found.items()}


def test_an_id_does_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    save_volume(tmp_path / "one" / "a.nii", grey())
    save_volume(tmp_path / "two" / "a.nii", grey())
    assert names(tmp_path / "one")["a"].case == names(tmp_path / "two")["a"].case


def test_the_output_and_masks_are_no_cases(tmp_path: Path) -> None:
    root = tmp_path / "in"
    save_volume(root / "images" / "a.nii.gz", grey())
    for masks in ("masks", "masks_raters/one"):
        save_volume(root / masks / "a.nii.gz", np.ones(SHAPE, np.uint8))
    save_volume(root / "nnunet" / "imagesTr" / "c_0000.nii.gz", grey())
    save_volume(root / "nnunet" / "labelsTr" / "c.nii.gz", np.ones(SHAPE, np.uint8))
    (root / "nnunet" / "dataset.json").write_text(
        '{"channel_names": {"0": "CT"}, "labels": {"background": 0, "x": 1}, "file_ending": ".nii.gz"}'
    )
    picture(root / "out" / "p.png")
    picture(root / "masks" / "out" / "q.png")
    found = names(root, root / "out")
    assert list(found) == ["a", "nnunet/c"]
    assert found["a"].known is not None
    assert found["nnunet/c"].known is not None
    assert found["nnunet/c"].known.modality == "CT"
    (root / "images").rename(root / "pictures")
    assert "masks/a" in names(root, root / "out")  # a folder of that name without images/ beside it is a folder


def test_images_of_a_data_set_without_a_mask_have_its_settings(tmp_path: Path) -> None:
    save_volume(tmp_path / "in" / "images" / "a.nii.gz", grey())
    (tmp_path / "in" / "dataset.yaml").write_text("modality: MR\n")
    (case,) = names(tmp_path / "in").values()
    assert case.info is not None
    assert (case.info.modality, case.known) == ("MR", None)
    (tmp_path / "in" / "dataset.yaml").write_text("modlity: MR\n")
    with pytest.raises(InputError, match="modlity"):
        names(tmp_path / "in")


def test_settings_may_lie_beside_the_images_or_above_them(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for place in ("a.nii.gz", "below/b.nii.gz", "other/deep/c.nii.gz"):
        save_volume(root / place, grey())
    (tmp_path / "dataset.yaml").write_text("modality: PET\n")  # not in the folder
    assert [case.info for case in names(root).values()] == [None] * 3
    (root / "dataset.yaml").write_text("modality: CT\n")
    (root / "other" / "dataset.yaml").write_text("modality: MR\n")
    found = {name: case.info.modality for name, case in names(root).items() if case.info}
    assert found == {"a": "CT", "below/b": "CT", "other/deep/c": "MR"}


def test_masks_that_cannot_be_used_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_volume(tmp_path / "in" / "images" / "a.nii.gz", grey())
    (tmp_path / "in" / "masks").mkdir()
    assert names(tmp_path / "in")["a"].known is None
    assert "are not taken over" in caplog.text


def test_masks_beside_the_folder_are_not_looked_for(tmp_path: Path) -> None:
    save_volume(tmp_path / "set" / "images" / "a.nii.gz", grey())
    (tmp_path / "set" / "masks").mkdir()
    io.write_labels(LabelMap(np.ones(SHAPE, np.uint8), Geometry(SHAPE, PSL)), tmp_path / "set" / "masks" / "a.nii.gz")
    assert names(tmp_path / "set" / "images")["a"].known is None
    assert names(tmp_path / "set")["a"].known is not None


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "in"
    save_volume(root / "a.nii", grey())
    picture(tmp_path / "secret" / "p.png")
    picture(tmp_path / "in2" / "p.png")  # a sibling whose name begins like the folder's
    (root / "out.png").symlink_to(tmp_path / "secret" / "p.png")
    (root / "sibling.png").symlink_to(tmp_path / "in2" / "p.png")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to(root)
    (root / "self.png").symlink_to(root / "self.png")
    (root / "gone.png").symlink_to(root / "nothing.png")
    (root / "b.nii").symlink_to(root / "a.nii")
    assert list(names(root)) == ["a", "b"]


def test_a_folder_that_may_not_be_read_is_a_case_with_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_volume(tmp_path / "in" / "a.nii", grey())
    (tmp_path / "in" / "locked").mkdir()
    real = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = names(tmp_path / "in")
    assert list(found) == ["a", "locked"]
    assert found["locked"].problem == "The folder may not be read (Permission denied); change its permissions."


def test_a_folder_that_is_a_series(tmp_path: Path) -> None:
    found = names(series(tmp_path / "in" / "CT", 3).parent)
    assert {name: (case.path.name, case.series) for name, case in found.items()} == {"CT": ("CT", None)}
    assert list(names(tmp_path / "in" / "CT")) == ["CT"]
    assert list(names(series(tmp_path / "in2", 3, ending=""))) == ["in2"]


def test_a_folder_with_several_series_and_single_pictures(tmp_path: Path) -> None:
    root = tmp_path / "in"
    series(root / "a", 3, "1.2.11")
    series(root / "a", 2, "1.2.22")
    series(root / "a", 1, "1.2.33")
    picture(root / "a" / "p.png")
    found = names(root)
    assert len(found) == 4
    two = [case for case in found.values() if case.series]
    assert {case.series for case in two} == {"1.2.11", "1.2.22"}
    assert all(case.name.startswith("a/series ") for case in two)
    assert found["a/330000"].path.is_file()
    assert io.read_volume(two[0].path, series=two[0].series).geometry.shape[2] in (2, 3)


def test_single_pictures_of_a_folder_are_files(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        series(tmp_path / "in", 1, f"1.2.{number}{number}")
    assert list(names(tmp_path / "in")) == ["110000", "220000", "330000"]


def test_dicom_that_cannot_be_read_is_a_case_with_a_problem(tmp_path: Path) -> None:
    series(tmp_path / "in" / "ct", 2)
    (tmp_path / "in" / "ct" / "zz.dcm").write_text("<html>")
    found = names(tmp_path / "in")
    assert list(found) == ["ct", "ct/zz"]
    assert "is no DICOM file" in (found["ct/zz"].problem or "")


def test_a_segmentation_is_no_case(tmp_path: Path) -> None:
    folder = series(tmp_path / "in" / "ct", 3)
    volume = io.read_volume(folder)
    labels = LabelMap(np.ones(volume.geometry.shape, np.uint8), volume.geometry)
    (tmp_path / "in" / "seg").mkdir()
    io.write_labels(labels, tmp_path / "in" / "seg" / "s.dcm", like=volume)
    assert list(names(tmp_path / "in")) == ["ct"]


def test_of_a_long_series_a_few_files_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = series(tmp_path / "in" / "ct", 60)
    looked: list[Path] = []
    real = dicom.series_of

    def series_of(path: Path) -> str | None:
        looked.append(path)
        return real(path)

    monkeypatch.setattr(_found, "series_of", series_of)
    assert list(names(tmp_path / "in")) == ["ct"]
    assert len(looked) == 24
    series(folder, 40, "1.2.77")
    assert len(names(tmp_path / "in")) == 2
    assert len(looked) == 24 + 24 + 100


def test_names_that_differ_by_case_or_by_their_ending(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for name in ("scan.png", "Scan.png", "scan.nii", "other.png"):
        (picture if name.endswith("png") else lambda path: save_volume(path, grey()))(root / name)
    found = names(root)
    assert len({name.casefold() for name in found}) == 4
    assert "other" in found
    assert all(
        name == "other" or (name[:5].lower() == "scan " and case.case[:4] in name) for name, case in found.items()
    )


def test_a_header_with_its_data_beside_it_is_one_case(tmp_path: Path) -> None:
    import nibabel

    (tmp_path / "in").mkdir()
    make: Any = nibabel.Nifti1Pair
    nibabel.save(make(grey(), PSL), tmp_path / "in" / "a.img")
    assert [case.path.suffix for case in names(tmp_path / "in").values()] == [".hdr"]


def test_very_long_and_undecodable_names(tmp_path: Path) -> None:
    deep = tmp_path / "in"
    for letter in "abcdef":
        deep = deep / (letter * 250)
    picture(deep / f"{'x' * 245}.png")
    undecodable = os.fsdecode(b"\xff\xfe.png")
    picture(tmp_path / "in" / undecodable)
    found = names(tmp_path / "in")
    assert sorted(map(len, found)) == [8, 6 * 251 + 245]
    assert "\\xff\\xfe" in found


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        find_cases(tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    assert find_cases(tmp_path / "empty", tmp_path / "out") == []


def test_hundreds_of_cases_without_reading_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for number in range(300):
        (tmp_path / "in" / f"c{number:03d}.nii.gz").write_bytes(b"")
    monkeypatch.setattr(Path, "open", _never)
    assert len(names(tmp_path / "in")) == 300


def _never(*_: Any, **__: Any) -> Callable[..., Any]:
    raise AssertionError("a file was opened")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.png", b"", "is an empty file"),
        ("page.nii.gz", b"<html>404</html>", "looks like an XML or HTML text|looks like an HTML page"),
        ("noise.tif", bytes(range(128, 255)), "looks like no format"),
        ("cut.nii", b"\x5c\x01\0\0" + bytes(40), "a NIfTI header has 348"),
        ("half.hdr", b"\x5c\x01\0\0" + bytes(344), "one half of a NIfTI pair"),
    ],
)
def test_what_the_first_bytes_say_against_a_file(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    root = tmp_path / "in"
    save_volume(root / "good.nii.gz", grey())
    (root / name).write_bytes(content)
    found = names(root)
    assert found.pop("good").problem is None
    (bad,) = found.values()
    assert re.search(words, bad.problem or "")

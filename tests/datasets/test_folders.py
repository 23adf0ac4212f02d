from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from samaritan.core import Geometry, GeometryError, InputError, LabelMap
from samaritan.datasets import Dataset, fingerprint, open_datasets
from samaritan.datasets.samples._base import package_file
from samaritan.io import read_volume, write_labels

from ..io.conftest import save_dicom_file
from .conftest import AFFINE, ell, picture, volume, write_nifti, write_png


def opened(folder: Path) -> Dataset:
    (dataset,) = open_datasets([str(folder)])
    return dataset


def test_pictures_keep_their_axes_and_have_no_spacing(folders_2d: Path) -> None:
    dataset = opened(folders_2d)
    image = dataset.cases[1].read_image()
    assert image.geometry.shape == (12, 10, 1)
    assert image.geometry.unit == "px"
    assert np.array_equal(image.data[:, :, 0], picture(1))
    assert dataset.name == "skin"
    assert [case.patient_id for case in dataset.cases] == ["c1", "c2", "c3"]


def test_raters_follow_the_gold_standard_where_they_drew(folders_2d: Path) -> None:
    raters = {case.case_id: list(case.read_references) for case in opened(folders_2d).cases}
    assert raters == {"c1": ["reference"], "c2": ["reference", "b"], "c3": ["reference"]}
    assert opened(folders_2d).cases[1].read_references["b"]().labels() == [1]


def test_raters_without_a_gold_standard(folders_2d: Path) -> None:
    for mask in (folders_2d / "masks").iterdir():
        mask.unlink()
    (folders_2d / "masks").rmdir()
    write_png(folders_2d / "masks_raters" / "a" / "c2.png", ell((12, 10)))
    dataset = opened(folders_2d)
    assert [(case.case_id, list(case.read_references)) for case in dataset.cases] == [("c2", ["a", "b"])]
    assert "2 images have no mask and are left out: c1, c3." in dataset.notes


def test_chosen_raters_only(folders_2d: Path) -> None:
    (folders_2d / "dataset.yaml").write_text("raters: [b]")
    assert [(case.case_id, list(case.read_references)) for case in opened(folders_2d).cases] == [("c2", ["b"])]
    (folders_2d / "dataset.yaml").write_text("raters: [b, nobody]")
    with pytest.raises(InputError, match="no rater 'nobody'; it has reference, b"):
        opened(folders_2d)


def test_the_name_of_the_gold_standard_is_taken(folders_2d: Path) -> None:
    (folders_2d / "masks_raters" / "reference").mkdir()
    with pytest.raises(InputError, match="rename that rater"):
        opened(folders_2d)


def test_unpaired_files_are_named_and_the_rest_is_used(folders_2d: Path) -> None:
    (folders_2d / "masks" / "c1.png").unlink()
    (folders_2d / "images" / "c3.png").unlink()
    (folders_2d / "images" / "movie.avi").write_bytes(b"x")
    (folders_2d / "images" / ".hidden.png").write_bytes(b"x")
    dataset = opened(folders_2d)
    assert [case.case_id for case in dataset.cases] == ["c2"]
    assert dataset.notes == (
        "images/ holds entries that are no image and are left out: movie.avi.",
        "1 mask of reference has no image: c3.",
        "1 image has no mask and is left out: c1.",
    )


def test_contours_of_a_treatment_plan_are_masks(tmp_path: Path) -> None:
    images = tmp_path / "d" / "images" / "c1"
    images.mkdir(parents=True)
    for k in range(3):
        save_dicom_file(images / f"{k}.dcm", np.zeros((10, 12), np.int16), ImagePositionPatient=[0.0, 0.0, 2.5 * k])
    image = read_volume(images)
    data = np.zeros((12, 10, 3), np.uint8)
    data[2:8, 3:7, :2], data[9:11, 2:5, 2] = 1, 2
    (tmp_path / "d" / "masks").mkdir()
    names = {1: "liver", 2: "aorta"}
    write_labels(LabelMap(data, image.geometry, names), tmp_path / "d" / "masks" / "c1.rtstruct.dcm", like=image)
    (case,) = opened(tmp_path / "d").cases
    labels = case.read_references["reference"]()
    assert np.array_equal(labels.data, data)
    assert labels.names == names


def test_no_case_is_an_error(tmp_path: Path) -> None:
    write_png(tmp_path / "d" / "images" / "a.png", picture())
    write_png(tmp_path / "d" / "masks" / "b.png", picture())
    with pytest.raises(InputError, match=r"no case with both an image and a mask\..*has no image: b"):
        opened(tmp_path / "d")


def test_two_files_of_one_case_name(folders_3d: Path) -> None:
    write_nifti(folders_3d / "images" / "v1.nii", volume())
    with pytest.raises(InputError, match=r"one case name, 'v1'"):
        opened(folders_3d)


def test_any_ending_and_dots_in_names(tmp_path: Path) -> None:
    write_nifti(tmp_path / "d" / "images" / "a.b 1.nii.gz", volume())
    write_nifti(tmp_path / "d" / "masks" / "a.b 1.nii", ell((9, 11, 4)))
    (case,) = opened(tmp_path / "d").cases
    assert case.case_id == "a.b 1"
    assert case.read_image().geometry.spacing == (1.0, 1.5, 3.0)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    write_png(tmp_path / "d" / "images" / "a.png", picture())
    write_png(tmp_path / "d" / "masks" / "a.png", ell((12, 10)))
    for part in ("images", "masks"):
        place = os.fsencode(tmp_path / "d" / part)
        try:
            os.rename(place + b"/a.png", place + b"/a\xff.png")  # noqa: PTH104 - a name of bytes
        except OSError:
            pytest.skip("this file system takes text names only")
    (case,) = opened(tmp_path / "d").cases
    assert case.case_id == r"a\xff"
    assert case.read_references["reference"]().labels() == [1, 2]


def test_links_that_lead_nowhere_or_round(folders_2d: Path) -> None:
    (folders_2d / "images" / "loop.png").symlink_to(folders_2d / "images" / "loop.png")
    (folders_2d / "images" / "gone.png").symlink_to(folders_2d / "absent.png")
    os.mkfifo(folders_2d / "images" / "pipe.png")
    dataset = opened(folders_2d)
    assert len(dataset.cases) == 3
    assert "gone.png, loop.png, pipe.png" in dataset.notes[0]


def test_spacing_for_files_that_know_none(folders_2d: Path, folders_3d: Path) -> None:
    for folder in (folders_2d, folders_3d):
        (folder / "dataset.yaml").write_text("spacing: [0.5, 0.25]")
    case = opened(folders_2d).cases[0]
    assert (case.read_image().geometry.spacing, case.read_image().geometry.unit) == ((0.5, 0.25, 1.0), "mm")
    assert case.read_references["reference"]().geometry.spacing == (0.5, 0.25, 1.0)
    assert opened(folders_3d).cases[0].read_image().geometry.spacing == (1.0, 1.5, 3.0)


def test_ignored_values_become_background(folders_2d: Path) -> None:
    (folders_2d / "dataset.yaml").write_text("labels: {1: mole}\nignore: [2]")
    labels = opened(folders_2d).cases[0].read_references["reference"]()
    assert labels.labels() == [1]
    assert (labels.data[:, :, 0] == np.where(ell((12, 10)) == 2, 0, ell((12, 10)))).all()


def test_every_value_of_instances_is_known(folders_2d: Path) -> None:
    (folders_2d / "dataset.yaml").write_text("labels: {1: nucleus}\ninstances: true")
    case = opened(folders_2d).cases[0]
    assert case.instances
    assert case.names[1] == "nucleus"
    assert case.read_references["reference"]().labels() == [1, 2]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 left lung\n2: héart\n", {1: "left lung", 2: "héart"}),
        ("1=a, b\n\n2,c", {1: "a, b", 2: "c"}),
        ('1 255 0 0 1 1 1 "Label 1"\n', {}),
        ("liver\n", {}),
        ("", {}),
    ],
)
def test_labels_txt(folders_2d: Path, text: str, names: dict[int, str]) -> None:
    (folders_2d / "labels.txt").write_text(text, encoding="utf-8")
    assert dict(opened(folders_2d).cases[0].names) == names


def test_settings_go_before_labels_txt(folders_2d: Path) -> None:
    (folders_2d / "labels.txt").write_text("1 a\n2 b\n")
    (folders_2d / "dataset.yaml").write_text("labels: {1: x, 2: y}")
    assert dict(opened(folders_2d).cases[0].names) == {1: "x", 2: "y"}


def test_a_mask_stored_in_another_order_of_axes_is_turned(folders_3d: Path) -> None:
    mask = ell((9, 11, 4))
    turned = AFFINE.copy()
    turned[:, 1] *= -1  # j runs the other way, from the far end
    turned[:3, 3] += AFFINE[:3, 1] * 10
    write_nifti(folders_3d / "masks" / "v1.nii", mask[:, ::-1].copy(), turned)
    labels = opened(folders_3d).cases[0].read_references["reference"]()
    assert np.array_equal(labels.data, mask)
    assert labels.geometry.mismatch(Geometry((9, 11, 4), AFFINE)) is None


def test_dicom_as_a_file_and_as_a_folder(tmp_path: Path) -> None:
    source = package_file("pydicom", "data/test_files/CT_small.dcm")
    mask = np.zeros((128, 128), np.uint8)
    mask[40:80, 5:50] = 1
    (tmp_path / "ct" / "images" / "series").mkdir(parents=True)
    shutil.copy(source, tmp_path / "ct" / "images" / "series" / "0001.dcm")
    shutil.copy(source, tmp_path / "ct" / "images" / "single.dcm")
    (tmp_path / "ct" / "images" / "scripts").mkdir()
    for name in ("series", "single"):
        write_png(tmp_path / "ct" / "masks" / f"{name}.png", mask)
    dataset = opened(tmp_path / "ct")
    assert [case.case_id for case in dataset.cases] == ["series", "single"]
    assert dataset.notes == ("images/ holds entries that are no image and are left out: scripts.",)
    prints = set()
    for case in dataset.cases:
        image, labels = case.read_image(), case.read_references["reference"]()
        assert image.modality == "CT"
        assert labels.geometry.spacing == pytest.approx((0.661468, 0.661468, 5.0))
        assert image.data[labels.data == 1].mean() > image.data[labels.data == 0].mean() + 100  # the vertebra
        prints.add(fingerprint(case))
    assert len(prints) == 1


def test_a_dicom_seg_of_some_slices_is_laid_onto_its_series(tmp_path: Path) -> None:
    """Other makers leave slices without a label out; the part must come to lie where it was drawn."""
    series, part = tmp_path / "ct" / "images" / "case", tmp_path / "part"
    for folder in (series, part, tmp_path / "ct" / "masks"):
        folder.mkdir(parents=True)
    dicom = pydicom.dcmread(package_file("pydicom", "data/test_files/CT_small.dcm"))
    x, y, z = (float(p) for p in dicom.ImagePositionPatient)
    for k in range(5):
        dicom.ImagePositionPatient = [x, y, z + 5 * k]
        dicom.SOPInstanceUID = dicom.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(f"1.2.3.{k + 1}")
        for folder in (series, part) if k in (2, 3) else (series,):
            dicom.save_as(folder / f"{9 - k}.dcm")
    drawn = read_volume(part)
    labels = np.zeros(drawn.geometry.shape, np.uint8)
    labels[40:80, 5:50, 0], labels[60:70, 20:30, 1] = 1, 2
    write_labels(LabelMap(labels, drawn.geometry, {1: "spine", 2: "node"}), tmp_path / "ct/masks/case.dcm", like=drawn)
    (case,) = opened(tmp_path / "ct").cases
    found, image = case.read_references["reference"](), case.read_image()
    assert found.geometry.mismatch(image.geometry) is None
    assert found.names == {1: "spine", 2: "node"}
    first = round(float(image.geometry.to_voxel(drawn.geometry.to_world([[0, 0, 0]]))[0, 2]))
    assert np.array_equal(found.data[:, :, first : first + 2], labels)
    assert np.count_nonzero(found.data) == np.count_nonzero(labels)
    for name in ("5.dcm", "6.dcm", "7.dcm", "8.dcm", "9.dcm"):
        slice_ = pydicom.dcmread(series / name)
        slice_.ImagePositionPatient = [x + 0.3, *slice_.ImagePositionPatient[1:]]
        slice_.save_as(series / name)
    with pytest.raises(GeometryError, match=r"case\.dcm does not fit its image .*case: the mask's grid does not fit"):
        opened(tmp_path / "ct").cases[0].read_references["reference"]()

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from samaritan import io
from samaritan.annotate.messages import AddObject, NewLabel, Paint
from samaritan.annotate.workspace import Workspace
from samaritan.core import InputError, SliceView

from .conftest import PSL, Page, grey, save_volume
from .test_found import series

Open = Callable[..., Workspace]


def drawn(workspace: Workspace, name: str) -> Page:
    (case,) = (one.case for one in workspace.summaries() if one.name == name)
    page = Page(workspace.document(case))
    for number, label in enumerate(("spleen", "liver"), 1):
        page.do(AddObject(kind="add-object", label=label))
        page.do(Paint(kind="paint", object=number, plane="axial", path=(page.mm(number, 2, 0),), radius=0.1))
    return page


def test_nifti_lies_on_the_native_grid(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace(), "ct")
    path = page.document.export("nifti")
    assert path == folder.parent / "out" / "exports" / "ct.nii.gz"
    image: Any = nibabel.load(path)
    assert np.allclose(image.affine, PSL)
    data = np.asarray(image.dataobj)
    for world, value in ((page.mm(1, 2, 0), 2), (page.mm(2, 2, 0), 1)):
        voxel = np.rint(np.linalg.inv(PSL) @ [*world, 1]).astype(int)[:3]
        assert data[tuple(voxel)] == value
    assert (data > 0).sum() == 2
    with pytest.raises(InputError, match="refers to DICOM images, and this is none"):
        page.document.export("dicom-seg")


def test_names_that_are_flat_the_same_have_files_of_their_own(open_workspace: Open, folder: Path) -> None:
    for place in ("a/b", "a_b"):
        save_volume(folder / f"{place}.nii.gz", grey())
    workspace = open_workspace()
    cases = {one.name: one.case for one in workspace.summaries()}
    paths = [workspace.document(cases[name]).export("nifti") for name in ("a/b", "a_b")]
    exports = folder.parent / "out" / "exports"
    assert paths == [exports / "a" / "a_b.nii.gz", exports / "a_b.nii.gz"]


def test_a_picture_is_one_png_with_colours_and_numbers(open_workspace: Open, folder: Path) -> None:
    Image.fromarray(np.zeros((8, 9, 3), np.uint8)).save(folder / "p.png")
    workspace = open_workspace()
    path = drawn(workspace, "p").document.export("png")
    assert io.read_labels(path).labels() == [1, 2]
    pixels = np.asarray(Image.open(path).convert("RGB"))
    assert pixels.shape == (8, 9, 3)
    shown = np.argwhere(pixels.any(axis=-1)).tolist()
    assert shown == [[5, 6], [5, 7]]
    found = ["#" + bytes(pixels[row, column]).hex() for row, column in shown]
    assert found == [label.colour for label in workspace.labels]


def test_a_volume_is_a_zip_of_slices_as_they_are_shown(open_workspace: Open) -> None:
    page = drawn(open_workspace(), "ct")
    path = page.document.export("png")
    labels = io.read_labels(page.document.export("nifti"))
    view = SliceView.of(labels.geometry)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"ct_axial_{index:04d}.png" for index in range(10)]
        for index, name in enumerate(archive.namelist()):
            with archive.open(name) as file:
                assert np.array_equal(np.asarray(Image.open(file)).T, view.slice(labels.data, index))


def test_values_beyond_a_palette_are_grey(open_workspace: Open, folder: Path) -> None:
    Image.fromarray(np.zeros((8, 9), np.uint8)).save(folder / "p.png")
    workspace = open_workspace()
    workspace._project.labels.add(NewLabel(name="far"), 3000)
    page = drawn(workspace, "p")
    page.do(AddObject(kind="add-object", label="far"))
    page.do(Paint(kind="paint", object=3, plane="axial", path=(page.mm(5, 5, 0),), radius=0.1))
    assert io.read_labels(page.document.export("png")).labels() == [1, 2, 3000]
    page.document.save()
    assert io.read_labels(folder.parent / "out" / "masks" / "p.png").labels() == [1, 2, 3000]


def test_a_series_is_saved_as_nifti_and_exported_as_dicom_seg(open_workspace: Open, folder: Path) -> None:
    series(folder / "dicom", 3)
    page = drawn(open_workspace(), "dicom")
    assert page.document.detail().formats == ("nifti", "png", "dicom-seg")
    path = page.document.export("dicom-seg")
    seg = io.read_labels(path, like=io.read_volume(folder / "dicom"))
    assert seg.labels() == [1, 2]
    assert seg.names == {1: "liver", 2: "spleen"}
    page.document.save()
    saved = io.read_labels(folder.parent / "out" / "masks" / "dicom.nii.gz", like=io.read_volume(folder / "dicom"))
    assert np.array_equal(saved.data, seg.data)

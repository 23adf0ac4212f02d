"""Small data sets, written by code into a temporary folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

AFFINE = np.diag([-1.0, -1.5, 3.0, 1.0])


def write_png(path: Path, picture: NDArray[Any]) -> None:
    """``picture`` is (x, y); PNG libraries want (y, x)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(picture.swapaxes(0, 1))).save(path)


def write_nifti(path: Path, voxels: NDArray[Any], affine: NDArray[np.float64] = AFFINE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, affine), path)  # type: ignore[no-untyped-call]


def ell(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A mask that every flip and transposition changes."""
    mask = np.zeros(shape, np.uint8)
    mask[1:5, 1:3] = 1
    mask[1:3, 1:8] = 2
    return mask


def picture(seed: int = 0, shape: tuple[int, int] = (12, 10)) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


def volume(seed: int = 0, shape: tuple[int, ...] = (9, 11, 4)) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-500, 500, shape).astype(np.int16)


@pytest.fixture
def folders_2d(tmp_path: Path) -> Path:
    """Three PNG cases; only one of them is drawn by rater "b", too."""
    folder = tmp_path / "skin"
    for number, case in enumerate(("c1", "c2", "c3")):
        write_png(folder / "images" / f"{case}.png", picture(number))
        write_png(folder / "masks" / f"{case}.png", ell((12, 10)))
    write_png(folder / "masks_raters" / "b" / "c2.png", np.minimum(ell((12, 10)), 1))
    return folder


@pytest.fixture
def folders_3d(tmp_path: Path) -> Path:
    folder = tmp_path / "organs"
    for number, case in enumerate(("v1", "v2")):
        write_nifti(folder / "images" / f"{case}.nii.gz", volume(number))
        write_nifti(folder / "masks" / f"{case}.nii", ell((9, 11, 4)))
    return folder


@pytest.fixture
def nnunet(tmp_path: Path) -> Path:
    """Two cases of one CT channel."""
    folder = tmp_path / "Dataset001_X"
    for number, case in enumerate(("x_001", "x_002")):
        write_nifti(folder / "imagesTr" / f"{case}_0000.nii.gz", volume(number))
        write_nifti(folder / "labelsTr" / f"{case}.nii.gz", ell((9, 11, 4)))
    write_json(
        folder,
        channel_names={"0": "CT"},
        labels={"background": 0, "liver": 1, "tumour": 2},
        numTraining=2,
        file_ending=".nii.gz",
    )
    return folder


@pytest.fixture
def msd(tmp_path: Path) -> Path:
    """Two cases of two MR channels in one 4D file."""
    folder = tmp_path / "Task99_Y"
    training = []
    for number, case in enumerate(("y_1", "y_2")):
        write_nifti(folder / "imagesTr" / f"{case}.nii.gz", np.stack([volume(number), volume(number + 50)], axis=3))
        write_nifti(folder / "labelsTr" / f"{case}.nii.gz", ell((9, 11, 4)))
        training.append({"image": f"./imagesTr/{case}.nii.gz", "label": f"./labelsTr/{case}.nii.gz"})
    write_json(
        folder,
        modality={"0": "FLAIR", "1": "T1w"},
        labels={"0": "background", "1": "edema", "2": "core"},
        training=training,
        licence="CC-BY-SA 4.0",
    )
    (folder / "dataset.yaml").write_text("channel: t1w\n")
    return folder


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    """A colour picture and a volume, as MedSAM stores them."""
    folder = tmp_path / "npz"
    folder.mkdir()
    colours = np.random.default_rng(1).integers(0, 255, (10, 12, 3), np.uint8)
    np.savez_compressed(folder / "Endoscopy_a.npz", imgs=colours, gts=ell((12, 10)).T, boxes=np.array([[1, 1, 5, 3]]))
    grey = np.random.default_rng(2).integers(0, 255, (4, 11, 9), np.uint8)
    np.savez_compressed(folder / "3DBox_CT_b.npz", imgs=grey, gts=ell((9, 11, 4)).T, spacing=np.array([1.0, 1.5, 3.0]))
    return folder


def write_json(folder: Path, **content: Any) -> None:
    (folder / "dataset.json").write_text(json.dumps(content))

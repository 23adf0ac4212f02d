from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import FormatError
from samaritan.datasets import Case, open_datasets
from samaritan.datasets import _npz as reader

from .conftest import ell

GOOD: dict[str, Any] = {
    "imgs": np.zeros((4, 11, 9), np.uint8), "gts": ell((9, 11, 4)).T, "spacing": np.array([1.0, 1.5, 3.0]),
}  # fmt: skip


def case_of(folder: Path) -> Case:
    (dataset,) = open_datasets([str(folder)])
    return dataset.cases[0]


def written(tmp_path: Path, **arrays: Any) -> Case:
    np.savez_compressed(tmp_path / "CT_x.npz", **arrays)
    return case_of(tmp_path)


def test_axes_colour_and_spacing(npz: Path) -> None:
    (dataset,) = open_datasets([str(npz)])
    volume, picture = dataset.cases
    with np.load(npz / "3DBox_CT_b.npz", allow_pickle=False) as stored:
        assert np.array_equal(volume.read_image().data, stored["imgs"].T)
    with np.load(npz / "Endoscopy_a.npz", allow_pickle=False) as stored:
        assert np.array_equal(picture.read_image().data[:, :, 0], stored["imgs"].swapaxes(0, 1))
    assert volume.read_image().geometry.spacing == (1.0, 1.5, 3.0)
    assert volume.read_image().geometry.orientation == "LPS"
    assert picture.read_image().geometry.unit == "px"
    assert [(case.modality, case.intensity) for case in dataset.cases] == [("CT", "asis"), ("endoscopy", "asis")]
    assert dataset.modality is None


@pytest.mark.parametrize("missing", ["imgs", "gts", "spacing"])
def test_a_missing_array(tmp_path: Path, missing: str) -> None:
    case = written(tmp_path, **{name: array for name, array in GOOD.items() if name != missing})
    with pytest.raises(FormatError, match=f"no array '{missing}'"):
        case.read_image()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"imgs": np.zeros((4, 11, 8), np.uint8)}, "allowed are"),
        ({"imgs": np.zeros((4, 11, 9, 3), np.uint8)}, "allowed are"),
        ({"imgs": np.full((4, 11, 9), np.nan)}, "finite numbers"),
        ({"imgs": np.zeros((4, 11, 9), complex)}, "finite numbers"),
        ({"spacing": np.array([1.0, 0.0, 3.0])}, "three numbers above 0"),
        ({"spacing": np.array([1.0, 2.0])}, "three numbers above 0"),
    ],
)
def test_arrays_that_are_no_image(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    case = written(tmp_path, **{**GOOD, **change})
    with pytest.raises(FormatError, match=message):
        case.read_image()


@pytest.mark.parametrize("labels", [-ell((9, 11, 4)).T.astype(np.int16), ell((9, 11, 4)).T.astype(float)])
def test_labels_that_are_none(tmp_path: Path, labels: NDArray[Any]) -> None:
    with pytest.raises(FormatError, match="whole numbers from 0"):
        written(tmp_path, **{**GOOD, "gts": labels}).read_references["reference"]()


def test_an_array_of_objects_is_never_unpacked(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    with zipfile.ZipFile(tmp_path / "CT_x.npz", "w") as archive:
        for name, array in {**GOOD, "gts": np.array([Trap()], dtype=object)}.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=True)
            archive.writestr(f"{name}.npy", content.getvalue())
    with pytest.raises(FormatError, match="Python objects"):
        case_of(tmp_path).read_references["reference"]()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["../imgs.npy", "a/imgs.npy", "/imgs.npy", "..\\imgs.npy", "imgs.exe"])
def test_member_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    case = written(tmp_path, **GOOD)
    with zipfile.ZipFile(tmp_path / "CT_x.npz", "a") as archive:
        archive.writestr(name, b"x")
    case = case_of(tmp_path)
    with pytest.raises(FormatError, match=r"NAME\.npy only"):
        case.read_image()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = np.zeros((64, 256, 256), np.uint8)
    case = written(tmp_path, imgs=zeros, gts=zeros, spacing=np.ones(3))
    monkeypatch.setattr(reader, "_read_member", lambda *_: pytest.fail("it was unpacked"))
    monkeypatch.setattr(reader, "BOMB_BYTES", 1 << 20)
    with pytest.raises(FormatError, match="as no image does"):
        case.read_image()
    monkeypatch.setattr(reader, "MAX_BYTES", 1 << 20)
    with pytest.raises(FormatError, match="declares 4 MiB for imgs"):
        case.read_image()


def test_a_header_that_claims_more_than_there_is(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "|u1", "fortran_order": False, "shape": (1 << 20,) * 3})
    with zipfile.ZipFile(tmp_path / "CT_x.npz", "w") as archive:
        archive.writestr("imgs.npy", content.getvalue())
        archive.writestr("gts.npy", content.getvalue())
    with pytest.raises(FormatError, match="needs 1152921504606847"):
        case_of(tmp_path).read_image()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"\0" * 50])
def test_what_is_no_npz(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "CT_x.npz").write_bytes(content)
    with pytest.raises(FormatError, match="no npz file"):
        case_of(tmp_path).read_image()


def test_a_damaged_byte(tmp_path: Path) -> None:
    written(tmp_path, **{**GOOD, "imgs": np.random.default_rng(0).integers(0, 255, (4, 11, 9), np.uint8)})
    content = bytearray((tmp_path / "CT_x.npz").read_bytes())
    content[120] ^= 0xFF
    (tmp_path / "CT_x.npz").write_bytes(content)
    with pytest.raises(FormatError, match="damaged"):
        case_of(tmp_path).read_image()

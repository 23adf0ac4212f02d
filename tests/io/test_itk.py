"""NRRD and MetaImage: what others write, and what must be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
import SimpleITK as sitk

from samaritan.core import FormatError, GeometryError, InputError, UsageError
from samaritan.io import read_labels, read_volume

DATA = np.random.default_rng(0).integers(-500, 500, (3, 4, 5)).astype(np.int16)
STEPS = np.diag([0.5, 0.75, 2.0])


def itk_image(data: Any = DATA, **options: Any) -> Any:
    axes = (2, 1, 0, *range(3, data.ndim))
    image: Any = sitk.GetImageFromArray(np.ascontiguousarray(data.transpose(axes)), **options)
    image.SetSpacing((0.5, 0.75, 2.0))
    image.SetOrigin((10.0, -20.0, 30.0))
    return image


@pytest.mark.parametrize("suffix", [".mha", ".mhd", ".nrrd", ".nhdr"])
@pytest.mark.parametrize("compressed", [True, False])
def test_what_simpleitk_writes(suffix: str, compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(itk_image(), str(path), compressed)
    volume = read_volume(path)
    assert np.array_equal(volume.data, DATA)
    expected = np.array([[-0.5, 0, 0, -10], [0, -0.75, 0, 20], [0, 0, 2, 30], [0, 0, 0, 1]])
    assert np.allclose(volume.geometry.affine, expected)
    assert len(volume.meta["files"]) == (2 if suffix in (".mhd", ".nhdr") else 1)


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
@pytest.mark.parametrize("compressed", [True, False])
def test_every_cut_is_seen(suffix: str, compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(itk_image(), str(path), compressed)
    content = path.read_bytes()
    for cut in [*range(1, len(content), 5), len(content) - 1]:
        path.write_bytes(content[:cut])
        with pytest.raises(InputError):
            read_volume(path)


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_a_wrong_checksum_is_seen(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(itk_image(), str(path), True)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match="checksum"):
        read_volume(path)


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_colour_two_and_four_dimensions(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    rgb = np.random.default_rng(1).integers(0, 255, (3, 4, 5, 3)).astype(np.uint8)
    sitk.WriteImage(itk_image(rgb, isVector=True), str(path))
    assert np.array_equal(read_volume(path).data, rgb)
    flat: Any = sitk.GetImageFromArray(DATA[:, :, 0].T)
    flat.SetSpacing((0.5, 0.75))
    sitk.WriteImage(flat, str(path))
    volume = read_volume(path)
    assert np.array_equal(volume.data, DATA[:, :, :1])
    assert volume.geometry.spacing[:2] == (0.5, 0.75)
    toolkit: Any = sitk
    time = toolkit.JoinSeries([itk_image(), itk_image(DATA + 1)])
    sitk.WriteImage(time, str(path))
    with pytest.raises(GeometryError, match="2 volumes"):
        read_volume(path)
    assert np.array_equal(read_volume(path, volume=1).data, DATA + 1)
    with pytest.raises(InputError):
        read_labels(path)
    with pytest.raises(UsageError, match="series"):
        read_volume(path, series="1")


def test_nrrd_spaces_and_units(tmp_path: Path) -> None:
    path = str(tmp_path / "a.nrrd")
    base: dict[str, Any] = {"space directions": STEPS, "space origin": [1.0, 2.0, 3.0]}
    for space, signs in {"RAS": (1, 1, 1), "left-anterior-superior": (-1, 1, 1), "LPS": (-1, -1, 1)}.items():
        nrrd.write(path, DATA, {**base, "space": space})
        assert np.allclose(read_volume(path).geometry.affine[:3, :3], np.array(signs)[:, None] * STEPS)
        assert np.allclose(read_volume(path).geometry.affine[:3, 3], np.array(signs) * (1, 2, 3))
    nrrd.write(path, DATA, {**base, "space": "RAS", "space units": ["um", "um", "um"]})
    assert np.allclose(read_volume(path).geometry.spacing, np.diag(STEPS) / 1000)
    nrrd.write(path, DATA, {**base, "space": "scanner-xyz"})
    with pytest.raises(InputError, match="scanner-xyz"):
        read_volume(path)
    nrrd.write(path, DATA, {"spacings": [1.0, 2.0, 3.0]})
    assert "unknown" in read_volume(path).meta["warnings"][0]
    assert read_volume(path).geometry.spacing == (1, 2, 3)
    nrrd.write(path, DATA, {**base, "space": "RAS", "encoding": "bzip2"})
    with pytest.raises(InputError, match="bzip2"):
        read_volume(path)


def test_nrrd_list_axis_first(tmp_path: Path) -> None:
    path = str(tmp_path / "a.nrrd")
    data = np.stack([DATA, DATA + 1])
    steps = np.vstack([[np.nan] * 3, STEPS])
    nrrd.write(path, data, {"space": "RAS", "space directions": steps, "kinds": ["list", "domain", "domain", "domain"]})
    assert np.array_equal(read_volume(path, volume=1).data, DATA + 1)


@pytest.mark.parametrize("name", ["../secret.raw", "/etc/passwd", "%03d.raw 1 3 1", "LIST"])
def test_a_header_never_leads_out_of_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.raw").write_bytes(DATA.tobytes())
    folder = tmp_path / "in"
    folder.mkdir()
    mhd = folder / "a.mhd"
    mhd.write_text(f"NDims = 3\nDimSize = 3 4 5\nElementType = MET_SHORT\nElementDataFile = {name}\n")
    nhdr = folder / "a.nhdr"
    nhdr.write_text(
        f"NRRD0004\ntype: short\ndimension: 3\nsizes: 3 4 5\nendian: little\nencoding: raw\ndata file: {name}\n\n"
    )
    for path in (mhd, nhdr):
        with pytest.raises(InputError):
            read_volume(path)


@pytest.mark.parametrize("sizes", ["32767 32767 32767", "0 4 5", "-3 4 5"])
def test_impossible_sizes(sizes: str, tmp_path: Path) -> None:
    mha = tmp_path / "a.mha"
    mha.write_bytes(
        f"NDims = 3\nDimSize = {sizes}\nElementType = MET_SHORT\nElementDataFile = LOCAL\n".encode() + bytes(500)
    )
    raw = tmp_path / "a.nrrd"
    raw.write_bytes(
        f"NRRD0004\ntype: short\ndimension: 3\nsizes: {sizes}\nendian: little\nencoding: raw\n\n".encode() + bytes(500)
    )
    for path in (mha, raw):
        with pytest.raises(FormatError, match=r"truncated|declares|sizes"):
            read_volume(path)

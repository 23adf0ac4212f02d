from __future__ import annotations

import gzip
import resource
import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from samaritan.core import FormatError, GeometryError, InputError, LabelMap, ResourceError
from samaritan.io import read_labels, read_volume, write_labels

NIB: Any = nibabel  # it has no types
SHAPE = (3, 4, 5)
DATA = np.arange(60, dtype=np.int16).reshape(SHAPE) * 37 - 500


def write_nifti(path: Path, data: NDArray[Any], affine: NDArray[np.float64] | None = None, **fields: Any) -> Path:
    """A NIfTI-1 file; ``fields`` of its header are set afterwards, so that nothing repairs them."""
    kind: Any = nibabel.Nifti1Image
    image = kind(data, np.diag([-1.0, -1, 1, 1]) if affine is None else affine, dtype=data.dtype)
    content = bytearray(image.to_bytes())
    header = np.frombuffer(content, nibabel.nifti1.header_dtype, 1).copy()
    for name, value in fields.items():
        header[name] = value
    content[:348] = header.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "image.nii.gz", DATA)


def test_values_grid_and_meta(image: Path) -> None:
    volume = read_volume(image)
    assert np.array_equal(volume.data, DATA)
    assert volume.data.dtype == np.int16
    assert volume.geometry.orientation == "LPS"
    assert volume.geometry.unit == "mm"
    assert volume.meta["format"] == "nifti"
    assert volume.meta["source"] == "image.nii.gz"
    assert volume.meta["warnings"] == []


@pytest.mark.parametrize("kind", ["big-endian", "NIfTI-2", "pair", "pair by its image", "NIfTI-2 pair", "plain"])
def test_the_kinds_of_file(kind: str, tmp_path: Path) -> None:
    classes: dict[str, Any] = {
        "NIfTI-2": nibabel.Nifti2Image, "NIfTI-2 pair": nibabel.nifti2.Nifti2Pair,
        "pair": nibabel.nifti1.Nifti1Pair, "pair by its image": nibabel.nifti1.Nifti1Pair,
    }  # fmt: skip
    header: Any = NIB.Nifti1Header(endianness=">") if kind == "big-endian" else None
    affine = np.diag([2.0, 3, -4, 1])
    image = classes.get(kind, nibabel.Nifti1Image)(DATA, affine, header=header)
    image.set_data_dtype(np.int16)
    path = tmp_path / ("a.hdr" if "pair" in kind else "a.nii")
    nibabel.save(image, path.with_suffix(".img") if "pair" in kind else path)
    volume = read_volume(path.with_suffix(".img") if "by its" in kind else path)
    assert np.array_equal(volume.data, DATA)
    assert np.array_equal(volume.geometry.affine, affine)
    assert volume.data.dtype.isnative
    if "pair" in kind:
        path.with_suffix(".img").unlink()
        with pytest.raises(InputError, match="pair"):
            read_volume(path)


@pytest.mark.parametrize("cut", [10, 100, 347, 348, 351, 352, 400, 471])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_truncated(image: Path, cut: int, suffix: str, tmp_path: Path) -> None:
    whole = gzip.decompress(image.read_bytes())
    assert len(whole) == 472
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[:cut] if suffix == ".nii" else gzip.compress(whole[:cut]))
    with pytest.raises(FormatError, match="truncated"):
        read_volume(path)


def test_every_cut_of_the_compressed_stream(image: Path, tmp_path: Path) -> None:
    content = image.read_bytes()
    path = tmp_path / "cut.nii.gz"
    for cut in range(1, len(content)):
        path.write_bytes(content[:cut])
        with pytest.raises(FormatError):
            read_volume(path)


def test_every_flipped_byte_of_the_compressed_voxels_is_seen(image: Path, tmp_path: Path) -> None:
    content = image.read_bytes()
    path = tmp_path / "flip.nii.gz"
    for at in range(10, len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        with pytest.raises(FormatError):
            read_volume(path)


@pytest.mark.parametrize("at", [-8, -1])
def test_checksum_and_length_at_the_end(image: Path, at: int) -> None:
    content = bytearray(image.read_bytes())
    content[at] ^= 1
    image.write_bytes(content)
    with pytest.raises(FormatError, match="checksum"):
        read_volume(image)


def test_trailing_junk_warns_and_two_members_are_one_stream(image: Path) -> None:
    content = image.read_bytes()
    image.write_bytes(content + b"junk")
    assert "after the end" in read_volume(image).meta["warnings"][0]
    whole = gzip.decompress(content)
    image.write_bytes(gzip.compress(whole[:400]) + gzip.compress(whole[400:]))
    volume = read_volume(image)
    assert np.array_equal(volume.data, DATA)
    assert volume.meta["warnings"] == []


def test_the_named_file_is_read(tmp_path: Path) -> None:
    write_nifti(tmp_path / "A.nii", DATA)
    write_nifti(tmp_path / "A.nii.gz", DATA + 1)
    assert read_volume(tmp_path / "A.nii").data[0, 0, 0] == -500
    assert read_volume(tmp_path / "A.nii.gz").data[0, 0, 0] == -499


@pytest.mark.parametrize("dim", [[3, 32767, 32767, 32767], [3, 0, 4, 5], [3, -3, 4, 5], [0, 3, 4, 5], [8, 3, 4, 5]])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_impossible_sizes_are_refused_before_allocation(
    dim: list[int], suffix: str, image: Path, tmp_path: Path
) -> None:
    whole = bytearray(gzip.decompress(image.read_bytes()))
    whole[40 : 40 + 2 * len(dim)] = np.array(dim, "<i2").tobytes()
    path = tmp_path / f"dims{suffix}"
    path.write_bytes(whole if suffix == ".nii" else gzip.compress(whole))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatError, match=r"truncated|declares"):
        read_volume(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_voxels_that_begin_beyond_the_end(image: Path, tmp_path: Path) -> None:
    whole = bytearray(gzip.decompress(image.read_bytes()))
    whole[108:112] = np.array(1e6, "<f4").tobytes()
    path = tmp_path / "offset.nii"
    path.write_bytes(whole)
    with pytest.raises(FormatError, match="truncated"):
        read_volume(path)


def test_a_decompression_bomb_is_refused(image: Path, tmp_path: Path) -> None:
    whole = bytearray(gzip.decompress(image.read_bytes())[:352])
    whole[40:48] = np.array([3, 2048, 2048, 512], "<i2").tobytes()  # 4 GiB of int16
    zeros = bytes(2**20)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    path = tmp_path / "bomb.nii.gz"
    with path.open("wb") as file:
        file.write(packer.compress(bytes(whole)))
        for _ in range(64):  # the header promises 4096: the declared size alone has to raise the alarm
            file.write(packer.compress(zeros))
        file.write(packer.flush() + bytes(2**22))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatError, match="bomb"):
        read_volume(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_far_more_data_than_declared(image: Path) -> None:
    image.write_bytes(gzip.compress(gzip.decompress(image.read_bytes()) + bytes(65 * 2**20)))
    with pytest.raises(FormatError, match="much more"):
        read_volume(image)


def test_more_than_the_memory(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samaritan.io._payload._available", lambda: 100)
    with pytest.raises(ResourceError, match="GiB"):
        read_volume(image)


def test_gzip_and_plain_under_the_other_name(image: Path, tmp_path: Path) -> None:
    plain = gzip.decompress(image.read_bytes())
    (tmp_path / "a.nii").write_bytes(image.read_bytes())
    with pytest.raises(FormatError, match="gzip"):
        read_volume(tmp_path / "a.nii")
    (tmp_path / "b.nii.gz").write_bytes(plain)
    with pytest.raises(FormatError, match="NIfTI image"):
        read_volume(tmp_path / "b.nii.gz")
    (tmp_path / "c.nii").write_bytes(plain[:344] + bytes(4) + plain[348:])
    with pytest.raises(FormatError, match="Analyze"):
        read_volume(tmp_path / "c.nii")


@pytest.mark.parametrize(
    ("affine", "message"),
    [(np.zeros((4, 4)), "singular"), (np.diag([1.0, np.nan, 1, 1]), "finite"), (np.diag([1.0, np.inf, 1, 1]), "finite"),
     (np.array([[1.0, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "sheared")],
)  # fmt: skip
def test_unusable_affines(affine: Any, message: str, tmp_path: Path) -> None:
    rows = {f"srow_{name}": affine[n] for n, name in enumerate("xyz")}
    path = write_nifti(tmp_path / "a.nii", DATA, sform_code=1, qform_code=0, **rows)
    with pytest.raises(GeometryError, match=message) as caught:
        read_volume(path)
    assert str(path) in str(caught.value)


def test_both_codes_zero_warn(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", DATA, np.diag([2.0, 3, 4, 1]), sform_code=0, qform_code=0)
    volume = read_volume(path)
    assert "unknown" in volume.meta["warnings"][0]
    assert volume.geometry.spacing == (2.0, 3.0, 4.0)
    loaded: Any = nibabel.load(path)
    assert np.allclose(volume.geometry.affine, loaded.affine)


def test_sform_counts_and_both_forms_are_kept(tmp_path: Path) -> None:
    image: Any = NIB.Nifti1Image(DATA, np.diag([-1.0, 1, 1, 1]))
    image.set_sform(np.diag([-1.0, 1, 1, 1]), 3)
    image.set_qform(np.diag([2.0, 2, 2, 1]), 1)
    path = tmp_path / "a.nii"
    nibabel.save(image, path)
    volume = read_volume(path)
    assert np.array_equal(volume.geometry.affine, np.diag([-1, 1, 1, 1]))
    assert "disagree" in volume.meta["warnings"][0]
    write_labels(LabelMap(np.ones(SHAPE, np.uint8), volume.geometry), tmp_path / "m.nii", like=volume)
    mask: Any = nibabel.load(tmp_path / "m.nii")
    assert (int(mask.header["sform_code"]), int(mask.header["qform_code"])) == (3, 1)
    assert np.allclose(mask.header.get_sform(), np.diag([-1, 1, 1, 1]))
    assert np.allclose(mask.header.get_qform(), np.diag([2, 2, 2, 1]))


def test_the_qform_counts_where_it_is_preferred(tmp_path: Path) -> None:
    image: Any = NIB.Nifti1Image(DATA, np.diag([-1.0, 1, 1, 1]))
    image.set_sform(np.diag([-1.0, 1, 1, 1]), 3)
    image.set_qform(np.diag([2.0, 2, 2, 1]), 1)
    nibabel.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii", prefer_qform=True)
    assert np.allclose(volume.geometry.affine, np.diag([2, 2, 2, 1]))
    assert "disagree; the qform was used" in volume.meta["warnings"][0]
    write_labels(LabelMap(np.ones(SHAPE, np.uint8), volume.geometry), tmp_path / "m.nii", like=volume)
    mask: Any = nibabel.load(tmp_path / "m.nii")
    assert (int(mask.header["sform_code"]), int(mask.header["qform_code"])) == (3, 1)
    assert np.allclose(mask.header.get_sform(), np.diag([-1, 1, 1, 1]))
    assert np.allclose(mask.header.get_qform(), np.diag([2, 2, 2, 1]))
    image.set_qform(np.diag([-1.0, 1, 1, 1]), 1)
    nibabel.save(image, tmp_path / "same.nii")
    assert read_volume(tmp_path / "same.nii", prefer_qform=True).meta["warnings"] == []


@pytest.mark.parametrize(("sform", "qform"), [(1, 0), (0, 1), (2, 4), (0, 0)])
def test_the_codes_of_the_source_are_written(sform: int, qform: int, tmp_path: Path) -> None:
    image: Any = NIB.Nifti1Image(DATA, np.diag([-1.5, 2, 3, 1]))
    image.set_qform(image.affine, qform)
    image.set_sform(image.affine, sform)
    nibabel.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    write_labels(LabelMap(np.ones(SHAPE, np.uint8), volume.geometry), tmp_path / "m.nii.gz", like=volume)
    mask: Any = nibabel.load(tmp_path / "m.nii.gz")
    assert (int(mask.header["sform_code"]), int(mask.header["qform_code"])) == (sform, qform)
    assert read_labels(tmp_path / "m.nii.gz").geometry.mismatch(volume.geometry, 1e-6) is None


def test_units_and_odd_pixdim(tmp_path: Path) -> None:
    metres = read_volume(write_nifti(tmp_path / "m.nii", DATA, np.diag([0.001, 0.002, 0.003, 1]), xyzt_units=1))
    assert np.allclose(metres.geometry.spacing, (1, 2, 3))
    microns = read_volume(write_nifti(tmp_path / "u.nii", DATA, np.diag([500.0, 500, 500, 1]), xyzt_units=3))
    assert np.allclose(microns.geometry.spacing, 0.5)
    assert "micron" in microns.meta["warnings"][0]
    tiny = read_volume(write_nifti(tmp_path / "t.nii", DATA, np.diag([0.001, 0.001, 0.001, 1])))
    assert "implausible" in tiny.meta["warnings"][0]
    for size in (-1.0, 0.0, np.nan):
        path = write_nifti(tmp_path / "a.nii", DATA, pixdim=[1, size, 1, 1, 0, 0, 0, 0], sform_code=0, qform_code=1)
        with pytest.raises(InputError):
            read_volume(path)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (1, 4, 5), (1, 1, 1), (7,)])
def test_thin_images(shape: tuple[int, ...], tmp_path: Path) -> None:
    data = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    volume = read_volume(write_nifti(tmp_path / "a.nii", data))
    assert volume.geometry.shape == shape + (1,) * (3 - len(shape))
    assert np.array_equal(volume.data.ravel(), data.ravel())


def test_four_dimensions_need_a_choice(tmp_path: Path) -> None:
    data = np.arange(120, dtype=np.int16).reshape(3, 4, 5, 2)
    path = write_nifti(tmp_path / "a.nii.gz", data)
    with pytest.raises(GeometryError, match=r"2 volumes; choose one with volume=0 to volume=1"):
        read_volume(path)
    with pytest.raises(GeometryError, match="2 volumes"):
        read_labels(path)
    assert np.array_equal(read_volume(path, volume=1).data, data[..., 1])
    with pytest.raises(GeometryError, match="no volume 2"):
        read_volume(path, volume=2)
    with pytest.raises(GeometryError, match="no volume -1"):
        read_volume(path, volume=-1)
    single = write_nifti(tmp_path / "b.nii", data[..., :1, None])
    assert np.array_equal(read_volume(single).data, data[..., 0])


def test_colour_and_what_is_no_image(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    packed = rgb.view(np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))[..., 0]
    volume = read_volume(write_nifti(tmp_path / "rgb.nii", packed))
    assert np.array_equal(volume.data, rgb)
    rgba = np.concatenate([rgb, rgb[..., :1]], axis=-1).view(np.dtype([(c, "u1") for c in "RGBA"]))[..., 0]
    volume = read_volume(write_nifti(tmp_path / "rgba.nii", rgba))
    assert np.array_equal(volume.data, rgb)
    assert "alpha" in volume.meta["warnings"][0]
    with pytest.raises(InputError, match="colour"):
        read_labels(tmp_path / "rgb.nii")
    for code, name in ((32, "complex"), (1536, "float128"), (1, "binary")):
        with pytest.raises(InputError, match=name):
            read_volume(write_nifti(tmp_path / "a.nii", DATA, datatype=code))
    with pytest.raises(FormatError, match="1234"):
        read_volume(write_nifti(tmp_path / "a.nii", DATA, datatype=1234))


@pytest.mark.parametrize(("slope", "intercept"), [(0, 7), (np.nan, 7), (1, 0), (2, -1024), (-1, 3), (0.1, 0.05)])
def test_slope_and_intercept(slope: float, intercept: float, tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", DATA, scl_slope=slope, scl_inter=intercept)
    expected = DATA if not slope or np.isnan(slope) else DATA * slope + intercept
    assert np.abs(read_volume(path).data - expected).max() < 1e-3


@pytest.mark.parametrize("share", [1, 6])
def test_values_that_are_not_finite(share: int, tmp_path: Path) -> None:
    data = DATA.astype(np.float32)
    data.flat[:share] = np.nan
    data.flat[share], data.flat[share + 1] = np.inf, -np.inf
    volume = read_volume(write_nifti(tmp_path / "a.nii", data))
    assert np.isfinite(volume.data).all()
    low, high = DATA.flat[share + 2], DATA.flat[59]
    assert volume.data.flat[0] == low
    assert volume.data.flat[share] == high
    assert volume.data.flat[share + 1] == low
    assert f"{share + 2} of 60" in volume.meta["warnings"][0]
    with pytest.raises(InputError, match="NaN"):
        read_labels(tmp_path / "a.nii")
    with pytest.raises(InputError, match="no finite"):
        read_volume(write_nifti(tmp_path / "b.nii", np.full(SHAPE, np.nan, np.float32)))


def test_values_beyond_single_precision_count_as_infinite(tmp_path: Path) -> None:
    data = DATA.astype(np.float64)
    data.flat[0], data.flat[1] = 1e300, -1e300
    volume = read_volume(write_nifti(tmp_path / "a.nii", data))
    rest = DATA.flat[2:]
    assert volume.data.flat[0] == max(rest)
    assert volume.data.flat[1] == min(rest)
    assert "2 of 60 voxels" in volume.meta["warnings"][0]
    with pytest.raises(InputError, match="no finite"):
        read_volume(write_nifti(tmp_path / "b.nii", np.full(SHAPE, 1e300)))


def test_float_labels(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = np.zeros(SHAPE, np.float64)
    data.flat[:3] = (1.0, 2.99999, 3.00000006)
    with caplog.at_level("WARNING"):
        labels = read_labels(write_nifti(tmp_path / "a.nii", data))
    assert labels.data.flat[:3].tolist() == [1, 3, 3]
    assert labels.data.dtype == np.uint8
    assert "rounded" in caplog.text
    data.flat[0] = 0.5
    with pytest.raises(InputError, match=r"0\.5"):
        read_labels(write_nifti(tmp_path / "b.nii", data))


def test_labels_are_never_renumbered(tmp_path: Path) -> None:
    data = np.zeros(SHAPE, np.int32)
    data.flat[:4] = (255, 1, 1000, 70000)
    labels = read_labels(write_nifti(tmp_path / "a.nii", data))
    assert labels.labels() == [1, 255, 1000, 70000]
    write_labels(labels, tmp_path / "b.nii")
    assert read_labels(tmp_path / "b.nii").labels() == [1, 255, 1000, 70000]
    data.flat[0] = -1
    with pytest.raises(InputError, match="-1"):
        read_labels(write_nifti(tmp_path / "c.nii", data))


def test_simpleitk_agrees_on_valid_files(image: Path) -> None:
    volume = read_volume(image)
    other: Any = sitk.ReadImage(str(image))
    assert np.array_equal(sitk.GetArrayFromImage(other).transpose(2, 1, 0), volume.data)
    assert np.allclose(np.array(other.GetOrigin()) * (-1, -1, 1), volume.geometry.affine[:3, 3])


def test_a_very_long_axis_becomes_nifti2(tmp_path: Path) -> None:
    data = np.arange(40000, dtype=np.uint16).reshape(40000, 1, 1) % 5
    volume = read_volume(_nifti2(tmp_path / "a.nii", data))
    write_labels(LabelMap(data, volume.geometry), tmp_path / "b.nii.gz", like=volume)
    assert np.array_equal(read_labels(tmp_path / "b.nii.gz").data, data)


def _nifti2(path: Path, data: Any) -> Path:
    kind: Any = nibabel.Nifti2Image
    nibabel.save(kind(data, np.diag([-1.0, -1, 1, 1])), path)
    return path

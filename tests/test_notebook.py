"""What the widget of a notebook holds: voxels, grid and colours of the image and of every mask."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import samaritan
from samaritan import Geometry, LabelMap, Volume, write_labels
from samaritan.core.colour import PALETTE
from samaritan.core.errors import GeometryError, InputError, UsageError

pytest.importorskip("ipyniivue", reason="needs the extra notebook")

#: Not RAS, anisotropic, oblique.
TURN = np.array([[0.0, 0.8, -0.6], [-1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])
AFFINE = np.eye(4)
AFFINE[:3, :3] = TURN * (0.7, 0.9, 3.0)
AFFINE[:3, 3] = (12.0, -40.0, 7.0)
GRID = Geometry((7, 6, 5), AFFINE)


@pytest.fixture
def volume() -> Volume:
    values = np.arange(210, dtype=np.int16).reshape(GRID.shape) - 100
    return Volume(values, GRID, "MR")


@pytest.fixture
def labels() -> LabelMap:
    data = np.zeros(GRID.shape, np.uint8)
    data[1, 2, 3], data[4:6, 0, 0] = 2, 5
    return LabelMap(data, GRID, {2: "liver", 5: "spleen"})


def held(layer: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Voxels and affine of the NIfTI file that the widget carries to the page."""
    image: Any = nibabel.Nifti1Image.from_bytes(layer.data)
    return np.asarray(image.dataobj), image.affine


def colours(layer: Any) -> dict[int, tuple[int, ...]]:
    """Label -> RGBA."""
    table = np.array(layer.colormap_label.lut).reshape(-1, 4)
    return {value: tuple(int(n) for n in row) for value, row in enumerate(table) if row[3]}


def test_image_and_masks_lie_on_their_own_oblique_grid(volume: Volume, labels: LabelMap) -> None:
    image, mask = samaritan.view(volume, labels).volumes
    voxels, affine = held(image)
    assert voxels.dtype == np.int16
    assert (voxels == volume.data).all()
    np.testing.assert_allclose(affine, AFFINE, atol=1e-5)
    voxels, affine = held(mask)
    assert voxels.dtype == np.uint8
    assert (voxels == labels.data).all()
    np.testing.assert_allclose(affine, AFFINE, atol=1e-5)


def test_labels_have_the_colours_of_previews_and_their_names(volume: Volume, labels: LabelMap) -> None:
    _, mask = samaritan.view(volume, labels, opacity=0.25).volumes
    assert colours(mask) == {2: (*PALETTE[0], 255), 5: (*PALETTE[1], 255)}
    assert [mask.colormap_label.labels[value] for value in (0, 2, 5)] == ["background", "liver", "spleen"]
    assert mask.opacity == 0.25


def test_layers_go_on_with_colours_where_the_one_before_ended(volume: Volume, labels: LabelMap) -> None:
    bool_mask = labels.data > 0
    named = {"kidney": bool_mask, "cyst": ~bool_mask}
    layers = samaritan.view(volume, [labels, named, bool_mask]).volumes[1:]
    assert [layer.name for layer in layers] == ["masks 1.nii", "kidney.nii", "cyst.nii", "masks 3.nii"]
    firsts = [next(iter(colours(layer).values())) for layer in layers]
    assert firsts == [(*PALETTE[place], 255) for place in (0, 2, 3, 4)]
    assert (held(layers[2])[0] == ~bool_mask).all()


def test_a_segmentation_shows_each_of_its_parts(volume: Volume, labels: LabelMap) -> None:
    class Separate:
        def parts(self) -> Iterator[tuple[str, LabelMap]]:
            for value, name in labels.names.items():
                yield name, LabelMap((labels.data == value).astype(np.uint8), GRID, {1: name})

    layers = samaritan.view(volume, Separate()).volumes[1:]
    assert [layer.name for layer in layers] == ["liver.nii", "spleen.nii"]
    assert [int(held(layer)[0].sum()) for layer in layers] == [1, 2]


def test_a_mapping_may_be_by_number(volume: Volume, labels: LabelMap) -> None:
    by_number: Any = {3: labels.data > 0}
    _, mask = samaritan.view(volume, by_number).volumes
    assert mask.name == "3.nii"


def test_a_path_is_a_path(volume: Volume, labels: LabelMap, tmp_path: Path) -> None:
    write_labels(labels, tmp_path / "labels.nii.gz")
    _, mask = samaritan.view(volume, tmp_path / "labels.nii.gz").volumes
    assert (held(mask)[0] == labels.data).all()


def test_files_are_read(volume: Volume, labels: LabelMap, tmp_path: Path) -> None:
    write_labels(labels, tmp_path / "mask.nii.gz")
    image: Any = nibabel.Nifti1Image
    nibabel.save(image(volume.data, AFFINE), tmp_path / "image.nii.gz")
    layers = samaritan.view(tmp_path / "image.nii.gz", str(tmp_path / "mask.nii.gz")).volumes
    assert (held(layers[0])[0] == volume.data).all()
    assert (held(layers[1])[0] == labels.data).all()
    assert layers[1].name == "mask.nii.gz.nii"


@pytest.mark.parametrize(
    ("dtype", "shown"),
    [("uint8", "uint8"), ("uint16", "uint16"), ("int64", "float32"), ("float64", "float32"), ("bool", "uint8")],
)
def test_voxels_are_shown_in_a_type_that_viewers_know(dtype: str, shown: str) -> None:
    data = (np.arange(24).reshape(2, 3, 4) % 2).astype(dtype)
    [image] = samaritan.view(data).volumes
    voxels, affine = held(image)
    assert voxels.dtype == shown
    assert (voxels == data).all()
    assert (affine == np.eye(4)).all()


def test_grey_values_are_those_that_models_see(volume: Volume) -> None:
    [image] = samaritan.view(volume, intensity="window:40/400").volumes
    assert (image.cal_min, image.cal_max, image.colormap_invert) == (-160, 240, False)
    ct = Volume(volume.data, GRID, "CT")
    [image] = samaritan.view(ct).volumes
    assert (image.cal_min, image.cal_max) == (-160, 240), "soft tissue"
    inverted = Volume(volume.data, GRID, "X-ray", {"inverted": True})
    [image] = samaritan.view(inverted).volumes
    assert image.colormap_invert


def test_a_picture_is_shown_in_colours_and_not_mirrored(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (4, 6, 3), np.uint8)  # (row, column, colour)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    widget = samaritan.view(tmp_path / "picture.png")
    voxels, affine = held(widget.volumes[0])
    assert voxels.shape == (6, 4, 1)
    assert (np.stack([voxels[name] for name in "RGB"], -1)[:, :, 0] == pixels.swapaxes(0, 1)).all()
    # column to the left, row down in the patient; a viewer that looks from the feet has columns run right and rows down
    assert np.diag(affine).tolist() == [-1, -1, 1, 1]
    assert widget.opts.is_radiological_convention
    assert widget.opts.slice_type.name == "AXIAL"


@pytest.mark.parametrize(
    ("shape", "plane"), [((5, 6, 7), "MULTIPLANAR"), ((1, 6, 7), "SAGITTAL"), ((6, 1, 7), "CORONAL")]
)
def test_one_slice_is_shown_in_its_own_plane(shape: tuple[int, int, int], plane: str) -> None:
    assert samaritan.view(np.zeros(shape)).opts.slice_type.name == plane


def test_what_does_not_fit_is_refused_in_one_sentence(volume: Volume, labels: LabelMap) -> None:
    elsewhere = LabelMap(labels.data, Geometry(GRID.shape, np.eye(4)))
    with pytest.raises(GeometryError, match="does not lie on the grid of the image: spacing"):
        samaritan.view(volume, elsewhere)
    with pytest.raises(GeometryError, match=re.escape("The mask has shape (2, 3, 4), the image (7, 6, 5).")):
        samaritan.view(volume, np.zeros((2, 3, 4), bool))
    with pytest.raises(UsageError, match=r"array of bool or of labels from 0; received float64 of shape"):
        samaritan.view(volume, np.zeros(GRID.shape))
    with pytest.raises(UsageError, match=r"numbers with axes \(i, j, k\) or \(i, j, k, 3\); received list"):
        samaritan.view([[1, 2]])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="between 0 and 1; received 2"):
        samaritan.view(volume, opacity=2)
    with pytest.raises(InputError, match="Labels up to 16383 can be shown; received 70000"):
        samaritan.view(volume, np.full(GRID.shape, 70000))


def test_without_the_extra_one_sentence_names_it(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipyniivue", None)
    with pytest.raises(UsageError, match=re.escape("pip install 'samaritan[notebook]'")) as refused:
        samaritan.view(volume)
    assert refused.value.exit_code == 2


def test_it_needs_no_torch() -> None:
    code = "import sys, numpy, samaritan; samaritan.view(numpy.zeros((2, 3, 4))); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

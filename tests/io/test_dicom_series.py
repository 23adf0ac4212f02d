"""Series as scanners and archives leave them: orientations, affines, choices, and many slices (rows D01 to D07, D18)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from samaritan.core import GeometryError, InputError, SliceView
from samaritan.io import read_volume

from .conftest import ORIENTATIONS

Make = Callable[..., Any]
DATA = np.random.default_rng(0).integers(0, 2000, (6, 5, 4)).astype(np.int16)

#: Whole permutations of the patient's axes with signs, and turns about all three of them.
SIGNED = [
    tuple(float(v) for v in (*a, *b))
    for a in np.vstack([np.eye(3), -np.eye(3)])
    for b in np.vstack([np.eye(3), -np.eye(3)])
    if not np.dot(a, b)
]


def turned(seed: int) -> tuple[float, ...]:
    """Row and column directions of a random rotation, as a header holds them: 16 characters each."""
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return tuple(round(float(v), 12) for v in (*axes[0], *axes[1]))


@pytest.mark.parametrize("orientation", [*SIGNED, *map(turned, range(12))])
def test_the_affine_is_that_of_the_standard(orientation: tuple[float, ...], make_series: Make) -> None:
    """PS3.3, C.7.6.2.1.1, voxel by voxel from the headers, then to RAS; no library in between."""
    image = read_volume(make_series(DATA, orientation=orientation, step=3.7, PixelSpacing=[0.83, 0.61]))
    for k, file in enumerate(image.meta["files"]):
        header = pydicom.dcmread(file)
        across, down = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
        for column, row in ((0, 0), (5, 0), (0, 4), (5, 4)):
            lps = np.array(header.ImagePositionPatient, float) + across * 0.61 * column + down * 0.83 * row
            ours = image.geometry.to_world((column, row, k))[0]
            assert np.abs(ours - lps * (-1, -1, 1)).max() < 1e-6
            assert image.data[column, row, k] == header.pixel_array[row, column] - 1024


@pytest.mark.parametrize(
    ("orientation", "plane", "sides"),
    [
        (ORIENTATIONS[0], "axial", ("R", "L", "A", "P")),
        (ORIENTATIONS[1], "sagittal", ("A", "P", "S", "I")),
        (ORIENTATIONS[2], "coronal", ("R", "L", "S", "I")),
        (ORIENTATIONS[4], "coronal", ("R", "L", "S", "I")),
    ],
)
def test_a_series_is_shown_in_its_own_plane_as_radiologists_do(
    orientation: tuple[float, ...], plane: str, sides: tuple[str, ...], make_series: Make
) -> None:
    """The picture's left, right, upper and lower side, told by where its corner pixels lie in the patient."""
    image = read_volume(make_series(DATA, orientation=orientation, step=5.0))
    view = SliceView.of(image.geometry, "auto")
    assert (view.plane, view.count) == (plane, 4)
    width, height = view.shape
    places = np.array([[0, 0, 0], [width - 1, 0, 0], [0, height - 1, 0]], float)
    corner, right, lower = image.geometry.to_world(view.to_voxel(places))
    letters = np.array([["L", "R"], ["P", "A"], ["I", "S"]])

    def side(step: np.ndarray) -> str:
        axis = int(np.abs(step).argmax())
        return str(letters[axis, int(step[axis] > 0)])

    assert (side(corner - right), side(right - corner), side(corner - lower), side(lower - corner)) == sides


def test_instance_numbers_and_names_count_for_nothing(make_series: Make) -> None:
    wrong = {k: {"InstanceNumber": n} for k, n in enumerate((7, 7, 1, None))}
    assert np.array_equal(read_volume(make_series(DATA, change=wrong)).data, DATA - 1024)


def test_two_acquisitions_in_one_series(make_series: Make, save_dicom: Make) -> None:
    folder = make_series(DATA)
    for k in range(4):
        save_dicom(folder / f"again{k}.dcm", DATA[:, :, k].T.copy(), ImagePositionPatient=[-100.0, -50.0, 10 + 2.5 * k])
    with pytest.raises(GeometryError, match=r"several slices at one place .* more than one acquisition"):
        read_volume(folder)


def test_a_folder_of_many_series_lists_the_first(save_dicom: Make, tmp_path: Path) -> None:
    for number in range(40):
        save_dicom(
            tmp_path / f"{number}.dcm", DATA[:, :, 0].T.copy(), SeriesInstanceUID=f"1.2.{number}", SeriesNumber=number
        )
    with pytest.raises(InputError, match=r"holds 40 series.*0 = CT.*19 = CT, 1 files, 1\.2\.19; and 20 more") as caught:
        read_volume(tmp_path)
    assert len(str(caught.value)) < 1500
    assert read_volume(tmp_path, series="39").geometry.shape == (6, 5, 1)


_PEAK = """
import sys, tracemalloc
from samaritan.io import read_volume
read_volume(sys.argv[2])
tracemalloc.start()
seen = []
image = read_volume(sys.argv[1], progress=lambda done, total: seen.append((done, total)))
_, peak = tracemalloc.get_traced_memory()
assert seen[-1] == (image.data.shape[2],) * 2 and len(seen) == image.data.shape[2], seen
print(peak / image.data.nbytes)
"""


def test_a_long_series_takes_less_than_twice_its_voxels_and_tells_how_far_it_is(
    make_series: Make, save_dicom: Make, tmp_path: Path
) -> None:
    folder = make_series(np.zeros((256, 256, 60), np.int16))
    warm = save_dicom(tmp_path / "warm.dcm", DATA[:, :, 0].T.copy())
    command = [sys.executable, "-c", _PEAK, str(folder), str(warm)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2.0

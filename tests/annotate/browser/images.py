"""A folder of everything that the page has to open, made by code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.annotate.pictures import (
    OBJECT,
    Ellipsoid,
    oblique,
    save_colour_picture,
    save_grey_picture,
    save_volume,
    turned,
    volume,
)
from tests.io.conftest import save_dicom_file

#: Two labels in one volume, with masks that somebody made before.
LEFT, RIGHT = Ellipsoid((-16.0, 0.0, 0.0), (9.0, 11.0, 12.0)), Ellipsoid((16.0, 4.0, -3.0), (8.0, 8.0, 10.0))


def make_obliques(folder: Path, count: int) -> None:
    """The same turned volume under names "oblique_0" and so on, each with noise of its own."""
    for number in range(count):
        save_volume(folder / f"oblique_{number}.nii.gz", oblique(), volume(oblique(), OBJECT, seed=number))


def make_pictures(folder: Path) -> None:
    """ "colour" and "grey16"."""
    folder.mkdir(parents=True, exist_ok=True)
    save_colour_picture(folder / "colour.png")
    save_grey_picture(folder / "grey16.png")


def make_series(folder: Path) -> None:
    """ "series": a CT of 20 slices, feet first, whose tags hold what must not be shown or run."""
    geometry = turned((80, 72, 20), (1.0, 1.0, 3.0), (0, 0, 0), "LPS", (5.0, 10.0, -40.0))
    data = volume(geometry, Ellipsoid((10.0, 10.0, -40.0), (16.0, 14.0, 20.0)))
    place = folder / "series"
    place.mkdir(parents=True, exist_ok=True)
    for k in range(geometry.shape[2]):
        x, y, z = geometry.to_world((0, 0, k)).ravel()
        save_dicom_file(
            place / f"{(7 * k) % 20:03d}.dcm",
            np.ascontiguousarray((data[:, :, k] + 1024).T.astype(np.uint16)),
            ImagePositionPatient=[float(-x), float(-y), float(z)],
            PixelSpacing=[1.0, 1.0],
            SliceThickness=3.0,
            InstanceNumber=k + 1,
            SeriesDescription="<img src=x onerror=alert(1)>",
        )


def make_labelled(folder: Path) -> None:
    """ "labelled": a volume with a mask of two labels beside it, in the layout of a data set."""
    geometry = turned((70, 60, 30), (1.0, 1.1, 2.0), (4.0, 6.0, -5.0), "PIR", (0.0, 0.0, 0.0))
    mask = np.where(LEFT.on(geometry), 1, np.where(RIGHT.on(geometry), 2, 0)).astype(np.uint8)
    save_volume(folder / "images" / "labelled.nii.gz", geometry, volume(geometry, LEFT, RIGHT))
    save_volume(folder / "masks" / "labelled.nii.gz", geometry, mask)
    names = "labels:\n  1: left organ\n  2: right organ\n"
    (folder / "dataset.yaml").write_text(f"name: labelled\n{names}", encoding="utf-8")

"""One case's masks in a format of choice."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from samaritan import io
from samaritan.annotate.messages import ExportFormat
from samaritan.annotate.workspace import _layout, _masks
from samaritan.annotate.workspace._found import Found
from samaritan.annotate.workspace._opening import Opened
from samaritan.annotate.workspace._project import Project
from samaritan.core import InputError, LabelMap, SliceView, atomic_path

_ENDINGS: dict[ExportFormat, str] = {"nifti": ".nii.gz", "png": ".png", "dicom-seg": ".dcm"}

#: Grey PNG files hold values up to this, palettes up to :data:`_PALETTE`.
_PALETTE = 255


def export(found: Found, opened: Opened, project: Project, form: ExportFormat) -> Path:
    """Write the masks by label, with the values of the project's labels.

    NIfTI and DICOM SEG lie on the image's own grid. A picture becomes one PNG whose palette shows the labels' colours and whose
    numbers are their values; a volume a ZIP file of such pictures, one per slice of its acquisition plane, as they are shown.

    Raises:
        InputError: DICOM SEG of what did not come from DICOM.
        ResourceError: the file cannot be written.
    """
    image, state = opened.image, opened.state
    labelmap = _masks.by_label(
        state.labels, project.labels.named(state.objects), project.labels.values, image.grid.native
    )
    place = (project.layout.exports / _layout.file_name(found.name)).parent  # a/b and a_b are flat the same
    path = place / f"{_layout.flat_name(found.name)}{_ENDINGS[form]}"
    if form == "png":
        return _png(labelmap, path, _palette(project))
    if form == "dicom-seg" and not image.is_dicom:
        raise InputError("A DICOM SEG refers to DICOM images, and this is none; export NIfTI.")
    io.write_labels(labelmap, path, like=image.like, overwrite=True)
    return path


def _png(labelmap: LabelMap, path: Path, palette: bytes) -> Path:
    view = SliceView.of(labelmap.geometry)
    if view.count == 1:
        with atomic_path(path) as temporary:
            _picture(view.slice(labelmap.data, 0), palette).save(temporary, "PNG")
        return path
    path = path.with_suffix(".zip")
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for index in range(view.count):
            with archive.open(f"{path.stem}_{view.plane}_{index:04d}.png", "w") as file:
                _picture(view.slice(labelmap.data, index), palette).save(file, "PNG")
    return path


def _picture(labels: NDArray[np.unsignedinteger], palette: bytes) -> Pillow.Image:
    """(x, y) labels -> a picture with colours; in grey where there are more values than colours."""
    pixels = np.ascontiguousarray(labels.T)
    if pixels.dtype.itemsize > 1 and pixels.max(initial=0) > _PALETTE:
        return Pillow.fromarray(pixels.astype(np.uint16))
    picture = Pillow.fromarray(pixels.astype(np.uint8), "P")
    picture.putpalette(palette)
    return picture


def _palette(project: Project) -> bytes:
    """RGB of the values 0..255."""
    colours = np.zeros((256, 3), np.uint8)
    for name, value in project.labels.values.items():
        if value <= _PALETTE:
            colours[value] = list(bytes.fromhex(project.labels.colour(name)[1:]))
    return colours.tobytes()

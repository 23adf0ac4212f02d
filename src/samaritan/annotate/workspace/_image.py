"""The image of an open case: read once, copied onto the shown grid for the viewer, and let go of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from samaritan import io
from samaritan.annotate.messages import Preset
from samaritan.annotate.workspace._found import Found
from samaritan.annotate.workspace.presets import presets
from samaritan.annotate.workspace.shown import ShownGrid, write_shown
from samaritan.core import Geometry, GeometryError, LabelMap, Volume
from samaritan.datasets import REFERENCE


@dataclass(frozen=True, eq=False)
class Image:
    """What is kept of an image: everything but its voxels, which lie in a file.

    Attributes:
        like: a Volume with the image's grid and meta data, for writers of masks; its voxels are zeros that take no memory.
        grid: native and shown grid.
        colour: whether it is RGB.
        presets: windows.
        file: the copy on the shown grid.
        checksum: of its voxels.
        warnings: sentences of the reader.
    """

    like: Volume
    grid: ShownGrid
    colour: bool
    presets: tuple[Preset, ...]
    file: Path
    checksum: int
    warnings: tuple[str, ...]

    @property
    def is_dicom(self) -> bool:
        """Whether DICOM objects can refer to it."""
        return self.like.meta.get("format") == "dicom"


def open_image(found: Found, file: Path) -> Image:
    """Read the image of a case and write its copy to ``file``.

    Raises:
        InputError: the image cannot be used.
        ResourceError: it does not fit into memory, or the copy cannot be written.
    """
    volume = read_image(found)
    modality = modality_of(found) or volume.modality
    intensity = found.info.intensity if found.info else None
    grid = ShownGrid(volume.geometry)
    windows = presets(volume, modality, intensity)
    checksum = write_shown(volume, grid, file)
    nothing: Any = np.broadcast_to(np.uint8(0), volume.geometry.shape)
    like = Volume(nothing, volume.geometry, modality, volume.meta)
    warnings = tuple(str(text) for text in volume.meta.get("warnings", ()))
    return Image(like, grid, volume.is_colour, windows, file, checksum, warnings)


def modality_of(found: Found) -> str | None:
    """What the data set around an image says about it."""
    if found.known is not None and found.known.modality:
        return found.known.modality
    return found.info.canonical_modality if found.info else None


def reference_of(found: Found) -> LabelMap | None:
    """The mask that lies beside the image in its data set, if there is one.

    Raises:
        InputError: it cannot be used.
    """
    if found.known is None or not found.known.read_references:
        return None
    readers = found.known.read_references
    return readers[REFERENCE if REFERENCE in readers else next(iter(readers))]()


def read_image(found: Found) -> Volume:
    """All of an image; raises as :func:`open_image`."""
    if found.known is not None:
        return found.known.read_image()  # with the spacing that its data set gives
    try:
        volume = io.read_volume(found.path, series=found.series)
    except GeometryError as error:
        held, several, _ = str(error).partition("; choose one with volume=")
        if not several:
            raise
        raise GeometryError(f"{held}, and a case is one; save those that are wanted as files of their own.") from error
    spacing = found.info.spacing_mm if found.info else None
    if spacing is None or volume.geometry.unit == "mm":
        return volume
    return replace(volume, geometry=Geometry.from_spacing(volume.geometry.shape, spacing))

"""Images and masks in a notebook, in three planes and to scroll through, drawn by NiiVue (extra ``notebook``)."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Geometry, GeometryError, InputError, LabelMap, UsageError, Volume
from samaritan.core.colour import Colour, colour_of
from samaritan.core.intensity import choose
from samaritan.io import read_labels, read_volume

if TYPE_CHECKING:
    from ipyniivue import NiiVue

#: Voxel types that NIfTI viewers show as they are; others are shown as float32.
_SHOWN_TYPES = (np.uint8, np.int16, np.uint16, np.float32)

#: A look-up table of colours is one row of a texture, whose width graphics cards bound.
_MOST_LABELS = 16_384


@runtime_checkable
class Parted(Protocol):
    """What :class:`samaritan.predict.segmentation.Segmentation` is here; named so that nothing imports torch for it."""

    def parts(self) -> Iterator[tuple[str, LabelMap]]:
        """(name, label map) on the image's grid; several where targets may overlap."""
        ...


Image = Volume | Path | str | NDArray[Any]
Masks = LabelMap | Parted | Path | str | NDArray[Any] | Mapping[str, NDArray[Any]]


def view(
    volume: Image, masks: Masks | Sequence[Masks] | None = None, *,
    opacity: float = 0.5, intensity: str | None = None, height: int = 400,
) -> NiiVue:  # fmt: skip
    """A widget that shows an image with masks over it, on the image's own grid, oblique or not.

    Args:
        volume: a Volume, a file or folder that :func:`samaritan.read_volume` reads, or voxels (i, j, k) or (i, j, k, 3)
            without a place in the world.
        masks: a LabelMap, a segmentation, a file that :func:`samaritan.read_labels` reads, (i, j, k) voxels that are bool
            or label values, or name -> (i, j, k) bool; or several of these, each a layer of its own. Each label gets the
            colour that it has in previews.
        opacity: of the masks, 0 to 1.
        intensity: which grey values become black and white: ``ct:lung``, ``window:40/400``, ``percentile:1-99``, ``full``;
            None takes what models see.
        height: of the widget, in pixels.

    Returns:
        The widget; the last line of a notebook's cell shows it. ``widget.volumes[0]`` is the image, the others the masks.

    Raises:
        UsageError: ipyniivue is not installed, or an argument is none of the above.
        GeometryError: a mask does not lie on the image's grid.
        InputError: a file cannot be read, or labels cannot be shown.
    """
    viewer = _viewer()
    if not 0 <= opacity <= 1:
        raise UsageError(f"The opacity must lie between 0 and 1; received {opacity:g}.")
    image = _image(volume)
    # as radiologists look at patients, which is also how previews lie, and how pictures are not mirrored
    convention = {"is_radiological_convention": True, "sagittal_nose_left": True}
    planes = viewer.SliceType[_plane(image.geometry)]
    widget: NiiVue = viewer.NiiVue(height=height, slice_type=planes, **convention)
    layers = [_image_layer(viewer, image, intensity)]
    first = 0
    for name, part in _parts(masks, image):
        layers.append(_label_layer(viewer, name, part, opacity, first))
        first += len(_values(part))
    widget.load_volumes(layers)
    return widget


def _viewer() -> Any:
    try:
        return importlib.import_module("ipyniivue")
    except ImportError as error:
        raise UsageError("samaritan.view needs ipyniivue; run pip install 'samaritan[notebook]'.") from error


def _plane(geometry: Geometry) -> str:
    """The one plane in which a single slice lies; all three for a volume."""
    thin = [world for (world, _), size in zip(geometry.world_axes, geometry.shape, strict=True) if size == 1]
    return ("SAGITTAL", "CORONAL", "AXIAL")[thin[-1]] if thin else "MULTIPLANAR"


def _image(volume: Image) -> Volume:
    if isinstance(volume, Volume):
        return volume
    if isinstance(volume, str | Path):
        return read_volume(volume)
    data = np.asarray(volume)
    if data.ndim not in (3, 4) or data.dtype.kind not in "uifb":
        raise UsageError(
            f"An image is a Volume, a path, or numbers with axes (i, j, k) or (i, j, k, 3); received {_told(volume)}."
        )
    i, j, k = data.shape[:3]
    return Volume(data.astype(np.uint8) if data.dtype == bool else data, Geometry((i, j, k), np.eye(4)))


def _parts(masks: Masks | Sequence[Masks] | None, image: Volume) -> Iterator[tuple[str, LabelMap]]:
    """(name of the layer, labels) on the image's grid."""
    several = masks if isinstance(masks, Sequence) and not isinstance(masks, str) else [] if masks is None else [masks]
    for number, one in enumerate(several, start=1):
        for name, part in _opened(one, image):
            if (difference := part.geometry.mismatch(image.geometry)) is not None:
                raise GeometryError(f"The mask does not lie on the grid of the image: {difference}.")
            yield name or f"masks {number}", part


def _opened(masks: Masks, image: Volume) -> Iterable[tuple[str, LabelMap]]:
    if isinstance(masks, LabelMap):
        return [("", masks)]
    if isinstance(masks, str | Path):  # first, since a path has parts as well
        return [(Path(masks).name, read_labels(masks, like=image))]
    if isinstance(masks, Parted):
        return masks.parts()
    if isinstance(masks, Mapping):
        return [(str(name), _labels(np.asarray(mask) != 0, image, str(name))) for name, mask in masks.items()]
    return [("", _labels(np.asarray(masks), image))]


def _labels(data: NDArray[Any], image: Volume, name: str | None = None) -> LabelMap:
    if data.dtype.kind not in "bui" or (data.size and data.min() < 0):
        raise UsageError(
            "Masks are a LabelMap, a Segmentation, a path, a mapping of names to masks, or an array of bool or of labels "
            f"from 0; received {_told(data)}."
        )
    if data.shape != image.geometry.shape:
        raise GeometryError(f"The mask has shape {data.shape}, the image {image.geometry.shape}.")
    kind = np.uint8 if data.dtype == bool else np.uint64
    return LabelMap(data.astype(kind), image.geometry, {} if name is None else {1: name})


def _image_layer(viewer: Any, image: Volume, intensity: str | None) -> Any:
    content = _nifti(image.data, image.geometry)
    if image.is_colour:
        return viewer.Volume(data=content, name="image.nii")
    scaling = choose(image, override=intensity).fit(image)
    layer = viewer.Volume(
        data=content, name="image.nii", colormap="gray", cal_min=float(scaling.low), cal_max=float(scaling.high)
    )
    layer.colormap_invert = scaling.inverted
    return layer


def _label_layer(viewer: Any, name: str, labels: LabelMap, opacity: float, first: int) -> Any:
    values = _values(labels)
    if max(values, default=0) >= _MOST_LABELS:
        raise InputError(f"Labels up to {_MOST_LABELS - 1} can be shown; received {max(values)}: renumber them.")
    small = labels.data.astype(np.uint8 if max(values, default=0) < 256 else np.uint16)
    layer = viewer.Volume(data=_nifti(small, labels.geometry), name=f"{name}.nii", opacity=opacity)
    colours: list[Colour] = [(0, 0, 0), *(colour_of(first + place) for place in range(len(values)))]
    red, green, blue = (list(part) for part in zip(*colours, strict=True))
    names = ["background", *(labels.name(value) for value in values)]
    alpha = [0] + [255] * len(values)
    layer.set_colormap_label({"R": red, "G": green, "B": blue, "A": alpha, "I": [0, *values], "labels": names})
    return layer


def _values(labels: LabelMap) -> list[int]:
    """Labels that are there or have a name, ascending: their order decides their colours."""
    return sorted({*labels.labels(), *labels.names} - {0})


def _nifti(data: NDArray[Any], geometry: Geometry) -> bytes:
    """An uncompressed NIfTI file of (i, j, k[, 3]) voxels on their own grid."""
    import nibabel  # noqa: PLC0415 - takes longer to import than the rest

    as_nifti: Any = nibabel.Nifti1Image
    if data.ndim == 4:
        colours = np.ascontiguousarray(data, np.uint8)
        voxels = colours.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    else:
        voxels = data if data.dtype in _SHOWN_TYPES else data.astype(np.float32)
    image = as_nifti(voxels, geometry.affine, dtype=voxels.dtype)
    image.header.set_xyzt_units("mm")
    return bytes(image.to_bytes())


def _told(value: Any) -> str:
    return f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__

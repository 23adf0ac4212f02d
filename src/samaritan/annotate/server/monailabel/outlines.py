"""Masks of pictures as outlines in ASAP's XML, as QuPath's module draws and saves them; places are (column, row)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, InputError, Volume
from samaritan.io._rings import fill, rings_of

Mask = NDArray[np.bool_]

#: Corners of all outlines of one file.
MOST_CORNERS = 1_000_000


def picture_of(like: Volume) -> tuple[int, int]:
    """(columns, rows) of a picture.

    Raises:
        InputError: it is a volume.
    """
    columns, rows, slices = like.geometry.shape
    if slices > 1:
        raise InputError("Outlines (wsi) are asked for of pictures; this image is a volume.")
    return columns, rows


def prompts(wsi: Mapping[str, Any]) -> dict[str, Any]:
    """QuPath's clicks and rectangle in the words of the other clients."""
    told = wsi.get("params")
    params = dict(told) if isinstance(told, dict) else {}
    (x, y), (width, height) = _pair(wsi.get("location")), _pair(wsi.get("size"))
    if width > 0 and height > 0:
        params["roi"] = [x, x + width - 1, y, y + height - 1, 0, 0]
    return params


def _pair(value: Any) -> tuple[float, float]:
    """Two numbers; zeros where there are none, as QuPath sends them for the whole picture."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(n, int | float) for n in value):
        return value[0], value[1]
    return 0, 0


def write(mask: Mask, label: str, colour: str, smallest: float = 0.0) -> bytes:
    """The outlines of an (i, j) mask, one for each piece; a hole is reached through a channel of no width.

    Args:
        mask: of one label.
        label: its name.
        colour: as #rrggbb.
        smallest: area in pixels below which an outline is left out.
    """
    root = Xml.Element("ASAP_Annotations")
    listed, groups = Xml.SubElement(root, "Annotations"), Xml.SubElement(root, "AnnotationGroups")
    Xml.SubElement(groups, "Group", Name=label, PartOfGroup="None", Color=colour)
    for number, corners in enumerate(ring for ring in rings_of(mask) if _area(ring) >= smallest):
        told = {"Name": label, "Type": "Polygon", "PartOfGroup": label, "Color": colour}
        place = Xml.SubElement(Xml.SubElement(listed, "Annotation", told, Id=str(number)), "Coordinates")
        for order, (x, y) in enumerate(corners):
            Xml.SubElement(place, "Coordinate", Order=str(order), X=f"{x:.2f}", Y=f"{y:.2f}")
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _area(corners: NDArray[np.float64]) -> float:
    (x, y), (later_x, later_y) = corners.T, np.roll(corners, -1, axis=0).T
    return float(abs(np.dot(x, later_y) - np.dot(later_x, y)) / 2)


def read(path: Path, like: Volume) -> dict[str, Mask]:
    """Label -> (i, j, 1) bool of a file of outlines.

    Raises:
        InputError: the image is a volume.
        FormatError: the file holds no outlines, or too many corners.
    """
    shape = picture_of(like)
    masks: dict[str, Mask] = {}
    for name, corners in _polygons(path):
        masks[name] = masks.get(name, np.zeros(shape, bool)) | fill([np.array(corners)], shape)
    return {name: mask[:, :, None] for name, mask in masks.items()}


def _polygons(path: Path) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    content = path.read_bytes()
    if b"<!" in content.replace(b"<!--", b""):  # a document type may define entities that grow without bound
        raise FormatError("The file of outlines declares a document type, which is not read; save it without one.")
    try:
        root = Xml.fromstring(content)  # noqa: S314 - without a document type there are no entities
        found = [
            (one.get("PartOfGroup") or one.get("Name") or "", [_corner(at) for at in one.iter("Coordinate")])
            for one in root.iter("Annotation")
        ]
    except (Xml.ParseError, TypeError, ValueError) as error:
        raise FormatError("The file holds no outlines of ASAP's kind; save the annotations again.") from error
    if sum(len(corners) for _, corners in found) > MOST_CORNERS:
        raise FormatError(f"The outlines have more than {MOST_CORNERS} corners; simplify them.")
    yield from ((name, corners) for name, corners in found if name and len(corners) > 2)


def _corner(at: Xml.Element) -> tuple[float, float]:
    x, y = float(at.get("X") or "nan"), float(at.get("Y") or "nan")
    if not (np.isfinite(x) and np.isfinite(y)):
        raise ValueError("no place")
    return x, y

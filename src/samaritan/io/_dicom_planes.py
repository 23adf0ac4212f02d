"""Where the planes of DICOM images lie, and whether they make up a volume.

Positions count, names and instance numbers do not. All vectors here are DICOM's (LPS, mm); what leaves is RAS+.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, Geometry, GeometryError
from samaritan.io._lps import affine_from_lps

#: Distances between neighbours may deviate from their median by this fraction: silently, and with a warning.
JITTER_SILENT = 2e-3
JITTER_WARN = 2e-2

#: Tangent of the angle by which the stack may lean against the planes' normal (gantry tilt).
TILT_TOLERANCE = 1e-3

_SAME_PLACE_MM = 1e-3
_ORIENTATION_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Plane:
    """One frame and its place.

    Attributes:
        path: the file.
        frame: number of the frame in its file, from 0.
        size: (columns, rows).
        orientation: (2, 3) directions in which the column index and the row index grow, or None.
        position: (3,) centre of the first pixel, or None.
        spacing: distance of neighbours along (column index, row index), or None.
        thickness: distance to a neighbouring slice as the header says it, or None.
        note: a warning about the spacing, or "".
        localizer: whether the file calls itself a localizer.
    """

    path: Path
    frame: int
    size: tuple[int, int]
    orientation: NDArray[np.float64] | None = None
    position: NDArray[np.float64] | None = None
    spacing: tuple[float, float] | None = None
    thickness: float | None = None
    note: str = ""
    localizer: bool = False

    @property
    def normal(self) -> NDArray[np.float64]:
        """(3,) the direction in which slices are counted."""
        if self.orientation is None:
            return np.array([0.0, 0.0, 1.0])
        return np.cross(self.orientation[0], self.orientation[1])

    @property
    def is_placed(self) -> bool:
        """Whether the file says where in the patient it lies."""
        return self.orientation is not None and self.position is not None and self.spacing is not None


def planes_of(dataset: Any, path: Path) -> list[Plane]:
    """The frames of one file; those of an enhanced multi-frame file carry their own places."""
    count = int(dataset.get("NumberOfFrames") or 1)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    if not 0 < count <= path.stat().st_size:
        raise FormatError(f"{path} declares {count} frames, more than it has room for; export it again.")
    own = list(dataset.get("PerFrameFunctionalGroupsSequence") or [None] * count)
    if len(own) != count:
        raise GeometryError(f"{path} declares {count} frames and describes {len(own)}; export it again.")
    flat = count == 1
    return [_plane(dataset, path, number, [own[number], shared, dataset if flat else None]) for number in range(count)]


def stack(planes: Sequence[Plane], path: Path) -> tuple[list[Plane], Geometry, list[str]]:
    """Sort planes into a volume: k grows along the normal.

    Returns:
        The planes in the order of k, the grid, and warnings.

    Raises:
        GeometryError: the planes differ in size, orientation or spacing, lean (gantry tilt), repeat or leave gaps; the
            message names the odd files.
    """
    notes = sorted({p.note for p in planes if p.note})
    if len(planes) == 1:
        return list(planes), _single(planes[0], notes), notes
    _check_alike(planes, path)
    first = planes[0]
    if not all(p.is_placed for p in planes) or first.spacing is None or first.orientation is None:
        raise GeometryError(f"{path} has {len(planes)} images without a position in the patient; read them one by one.")
    positions = np.array([p.position for p in planes], np.float64)
    depths: NDArray[np.float64] = positions @ first.normal
    order = np.argsort(depths, kind="stable")
    ordered, depths, positions = [planes[n] for n in order], depths[order], positions[order]
    _check_gaps(ordered, np.diff(depths), path, notes)
    run = positions[-1] - positions[0]
    lean = float(np.linalg.norm(np.cross(run, first.normal)) / np.linalg.norm(run))
    if lean > TILT_TOLERANCE:
        raise GeometryError(
            f"{path} is tilted: the stack leans {np.degrees(np.arcsin(min(1.0, lean))):.2g} degrees against its slices "
            "(gantry tilt); resample it onto a right-angled grid first."
        )
    steps = np.column_stack([
        first.orientation[0] * first.spacing[0], first.orientation[1] * first.spacing[1],
        first.normal * (depths[-1] - depths[0]) / (len(planes) - 1),
    ])  # fmt: skip
    geometry = Geometry((*first.size, len(planes)), affine_from_lps(steps, positions[0]))
    return ordered, geometry, notes


def _single(plane: Plane, notes: list[str]) -> Geometry:
    columns, rows = plane.size
    if plane.spacing is None:
        notes.append("the file gives no pixel spacing, so distances are in pixels")
        return Geometry.pixels(columns, rows)
    if plane.thickness is None:
        notes.append("the file gives no slice thickness; 1 mm was assumed")
    depth = plane.thickness or 1.0
    if plane.orientation is None or plane.position is None:
        return Geometry.from_spacing((columns, rows, 1), (*plane.spacing, depth))
    steps = np.column_stack([*(plane.orientation.T * plane.spacing).T, plane.normal * depth])
    return Geometry((columns, rows, 1), affine_from_lps(steps, plane.position))


def _check_alike(planes: Sequence[Plane], path: Path) -> None:
    def direction(plane: Plane) -> Hashable:
        if plane.orientation is None:
            return None
        return tuple(np.round(plane.orientation.ravel() / _ORIENTATION_TOLERANCE / 10).astype(int) + 0)

    def spacing(plane: Plane) -> Hashable:
        return plane.spacing and tuple(round(s, 4) for s in plane.spacing)

    checks: tuple[tuple[str, Callable[[Plane], Hashable]], ...] = (
        ("is a localizer", lambda p: p.localizer),
        ("differs in rows or columns", lambda p: p.size),
        ("differs in orientation", direction),
        ("differs in pixel spacing", spacing),
    )
    for what, key in checks:
        values = Counter(key(p) for p in planes)
        if len(values) > 1:
            usual = values.most_common(1)[0][0]
            odd = [p for p in planes if key(p) != usual]
            raise GeometryError(f"{path} is no single volume: {_names(odd)} {what}; move it elsewhere.")


def _check_gaps(planes: Sequence[Plane], gaps: NDArray[np.float64], path: Path, notes: list[str]) -> None:
    repeated = [n for n, gap in enumerate(gaps) if gap < _SAME_PLACE_MM]
    if repeated:
        twins = ", ".join(f"{_name(planes[n])} and {_name(planes[n + 1])}" for n in repeated[:3])
        raise GeometryError(
            f"{path} has several slices at one place ({twins}{' ...' if len(repeated) > 3 else ''}): it is more than one "
            "acquisition or holds duplicates; keep one of each."
        )
    usual = float(np.median(gaps))
    deviation = np.abs(gaps - usual) / usual
    worst = float(deviation.max())
    if worst > JITTER_WARN:
        wide = ", ".join(
            f"{gaps[n]:.4g} mm between {_name(planes[n])} and {_name(planes[n + 1])}"
            for n in np.flatnonzero(deviation > JITTER_WARN)[:3]
        )
        raise GeometryError(
            f"{path} has a gap or uneven slices: {wide}, where {usual:.4g} mm are usual (allowed are "
            f"{100 * JITTER_WARN:g} % of difference); add the missing slices."
        )
    if worst > JITTER_SILENT:
        notes.append(f"slice distances vary by up to {100 * worst:.2g} %; their mean was used")


def _plane(dataset: Any, path: Path, frame: int, sources: list[Any]) -> Plane:
    def find(group: str, keyword: str) -> Any:
        for source in sources:
            item = source if source is dataset or source is None else (source.get(group) or [None])[0]
            if item is not None and item.get(keyword) not in (None, ""):
                return item.get(keyword)
        return None

    orientation = _numbers(find("PlaneOrientationSequence", "ImageOrientationPatient"), 6)
    spacing, note = _spacing(dataset, _numbers(find("PixelMeasuresSequence", "PixelSpacing"), 2))
    between = find("PixelMeasuresSequence", "SpacingBetweenSlices") or find("PixelMeasuresSequence", "SliceThickness")
    if orientation is not None:
        orientation = orientation.reshape(2, 3)
        orientation = orientation / np.linalg.norm(orientation, axis=1, keepdims=True)
    return Plane(
        path=path,
        frame=frame,
        size=(int(dataset.Columns), int(dataset.Rows)),
        orientation=orientation,
        position=_numbers(find("PlanePositionSequence", "ImagePositionPatient"), 3),
        spacing=spacing,
        thickness=abs(float(between)) or None if between is not None else None,
        note=note,
        localizer="LOCALIZER" in [str(v).upper() for v in dataset.get("ImageType") or ()],
    )


def _spacing(dataset: Any, pixel_spacing: NDArray[np.float64] | None) -> tuple[tuple[float, float] | None, str]:
    """(column step, row step): PixelSpacing, else that of the detector divided by the magnification where it is known."""
    if pixel_spacing is not None:
        return (float(pixel_spacing[1]), float(pixel_spacing[0])), ""
    detector = _numbers(dataset.get("ImagerPixelSpacing"), 2)
    if detector is None:
        return None, ""
    factor = float(dataset.get("EstimatedRadiographicMagnificationFactor") or 1.0)
    note = "" if factor != 1 else "the spacing is that of the detector, so what lies in the patient measures too large"
    return (float(detector[1]) / factor, float(detector[0]) / factor), note


def _numbers(value: Any, count: int) -> NDArray[np.float64] | None:
    if value is None:
        return None
    numbers = np.array([float(v) for v in value])
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise GeometryError(f"the header gives {len(numbers)} numbers where {count} finite ones are needed.")
    return numbers


def _name(plane: Plane) -> str:
    return plane.path.name if plane.frame == 0 else f"{plane.path.name} frame {plane.frame}"


def _names(planes: Sequence[Plane]) -> str:
    listed = ", ".join(_name(p) for p in planes[:5])
    return listed if len(planes) <= 5 else f"{listed} and {len(planes) - 5} more"

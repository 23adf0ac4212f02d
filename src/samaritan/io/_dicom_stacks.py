"""A multi-frame file may hold several volumes: stacks in other directions, and the same slices again at other times."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.core import GeometryError
from samaritan.io._dicom_planes import Plane

# Dimensions that say where in its stack a frame lies: stack, position in it, position in the patient
_OF_PLACE = (0x00209056, 0x00209057, 0x00200032)

_MOST_LISTED = 12


def choose_frames(dataset: Any, planes: Sequence[Plane], volume: int | None, path: Path) -> list[Plane]:
    """The frames of a file that make up one volume: its only one, or number ``volume``.

    Frames without a place in the patient are volumes of one frame each. Where a place repeats, the file's own dimensions
    (PS3.3, C.7.6.17) tell the volumes apart, else the order of frames.

    Raises:
        GeometryError: there are several and none is chosen, or there is no such number.
    """
    volumes: dict[tuple[str, ...], list[Plane]]
    if len(planes) > 1 and not all(plane.is_placed for plane in planes):
        what, volumes = "frames", {(f"frame {plane.frame}",): [plane] for plane in planes}
    else:
        what, volumes = "volumes", _volumes(dataset, planes)
    count = len(volumes)
    if volume is None and count > 1:
        listed = [f"{n} = {_described(key, found)}" for n, (key, found) in enumerate(volumes.items())]
        shown = f" ({'; '.join(listed[:_MOST_LISTED])}{'; ...' if count > _MOST_LISTED else ''})"
        raise GeometryError(
            f"{path} holds {count} {what}{shown if what == 'volumes' else ''}; choose one with volume=0 to volume={count - 1}."
        )
    if volume is not None and not 0 <= volume < count:
        raise GeometryError(f"{path} has no volume {volume}; its {what} are numbered 0 to {count - 1}.")
    return list(volumes.values())[volume or 0]


def _volumes(dataset: Any, planes: Sequence[Plane]) -> dict[tuple[str, ...], list[Plane]]:
    stacks: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        stacks[_stack(dataset, plane)].append(plane)
    found: dict[tuple[str, ...], list[Plane]] = {}
    for number, members in enumerate(stacks.values()):
        for key, volume in enumerate(_repeats(dataset, members)):
            name = (f"stack {number}" if len(stacks) > 1 else "", f"repeat {key}" if len(volume) < len(members) else "")
            found[tuple(part for part in name if part)] = volume
    return found


def _described(key: tuple[str, ...], planes: Sequence[Plane]) -> str:
    return ", ".join([*key, f"{len(planes)} slice{'s' if len(planes) > 1 else ''}"])


def _stack(dataset: Any, plane: Plane) -> Hashable:
    """Frames of one stack share its name, if there is one, and their direction and pixel size."""
    name = str(_content(dataset, plane).get("StackID") or "")
    direction = () if plane.orientation is None else tuple(np.round(plane.orientation.ravel(), 3) + 0.0)
    return name, direction, plane.size, plane.spacing and tuple(round(s, 4) for s in plane.spacing)


def _repeats(dataset: Any, planes: Sequence[Plane]) -> list[list[Plane]]:
    """The volumes of one stack: more than one where places repeat."""
    most = max(Counter(map(_place, planes)).values())
    if most == 1:
        return [list(planes)]
    pointers = [int(item.DimensionIndexPointer) for item in dataset.get("DimensionIndexSequence") or ()]
    told: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        content = _content(dataset, plane)
        values = list(content.get("DimensionIndexValues") or ())
        other = tuple(v for p, v in zip(pointers, values, strict=False) if p not in _OF_PLACE)
        told[other, int(content.get("TemporalPositionIndex") or 0)].append(plane)
    if len(told) == most and all(len(set(map(_place, found))) == len(found) for found in told.values()):
        return [told[key] for key in sorted(told)]  # type: ignore[type-var]
    seen: Counter[Hashable] = Counter()
    turns: list[list[Plane]] = [[] for _ in range(most)]
    for plane in planes:
        turns[seen[_place(plane)]].append(plane)
        seen[_place(plane)] += 1
    return turns


def _place(plane: Plane) -> Hashable:
    return () if plane.position is None else tuple(np.round(plane.position, 3) + 0.0)


def _content(dataset: Any, plane: Plane) -> Any:
    own = dataset.get("PerFrameFunctionalGroupsSequence")
    return (own[plane.frame].get("FrameContentSequence") or [{}])[0] if own else {}

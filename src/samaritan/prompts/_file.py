"""The prompt file: several targets, points, boxes, lines and rough masks on several slices, as JSON.

    {
      "coordinates": "picture",
      "targets": [
        {
          "name": "liver",
      "code": {"value": "10200004", "scheme": "SCT", "meaning": "Liver"},
          "boxes": [{"from": [30, 40, 12], "to": [80, 90, 15]}],
          "points": [{"at": [55, 60, 12]}, {"at": [35, 85, 12], "label": 0}],
          "masks": [{"slice": 12, "shape": [128, 128], "runs": [7000, 40, 9344]}]
        },
        {"name": "lesion", "lines": [{"from": [32, 60, 14], "to": [48, 66, 14]}]}
      ]
    }

``coordinates`` says what the numbers mean: "picture" (the default) is x to the right, y downwards and the slice index, as
shown on screen in the plane that is segmented; "voxel" is i, j, k as stored; "mm" is the world, RAS+, where two corners span a
box along the voxel axes. The third number may be left out where there is one slice only (never in "mm"). Everything counts
from 0 at the centre of a voxel, and both corners of a box belong to it; from slice 12 to slice 15 it asks on four slices.
A line is the largest diameter of the target on one slice; it becomes a square box around its middle.
``label`` is 1 (belongs to the target, the default) or 0 (does not). ``runs`` are lengths of runs of equal pixels, background
first, of the mask of one picture with axes (x, y), y running fastest; masks are in the picture frame always. ``code`` says
what the target is, for files that hold codes (DICOM SEG and RTSTRUCT); it may have a ``category`` of the same form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from samaritan.core import ANATOMY, Code, Config, FormatError, InputError, PromptError, Term, read_text
from samaritan.prompts._gather import check_count
from samaritan.prompts._target import Frame, Runs, TargetPrompt

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Position = tuple[Number, ...]
Index = Annotated[int, Field(strict=True, ge=0)]


class PointEntry(Config):
    """A click."""

    at: Position
    label: Annotated[int, Field(strict=True, ge=0, le=1)] = 1


class BoxEntry(Config):
    """A box, by its smaller and its larger corner."""

    start: Position = Field(alias="from")
    end: Position = Field(alias="to")


class LineEntry(Config):
    """The largest diameter, by its two ends."""

    start: Position = Field(alias="from")
    end: Position = Field(alias="to")


class MaskEntry(Config):
    """A rough mask of one picture, as run lengths."""

    shape: tuple[Index, Index]
    runs: tuple[Index, ...]
    slice: Index | None = None


class CodeEntry(Config):
    """A concept of a coding scheme."""

    value: str
    scheme: str
    meaning: str

    def code(self) -> Code:
        """The same as the core's."""
        return Code(self.value, self.scheme, self.meaning)


class TypeEntry(CodeEntry):
    """What a target is, and what kind of thing that is."""

    category: CodeEntry | None = None

    def term(self) -> Term:
        """The same as the core's; the category of what says none is an anatomical structure."""
        return Term(self.category.code() if self.category else ANATOMY, self.code())


class TargetEntry(Config):
    """All prompts of one target."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    code: TypeEntry | None = None
    boxes: tuple[BoxEntry, ...] = ()
    points: tuple[PointEntry, ...] = ()
    lines: tuple[LineEntry, ...] = ()
    masks: tuple[MaskEntry, ...] = ()


class PromptFile(Config):
    """The whole file."""

    targets: tuple[TargetEntry, ...]
    coordinates: Frame = "picture"


def read_prompts(path: Path | str) -> list[TargetPrompt]:
    """Read a prompt file.

    Raises:
        FormatError: not JSON.
        InputError: the file cannot be read; or a key is unknown, missing or of the wrong type, every fault with the path
            of its key.
        PromptError: no prompts, too many, an inverted box, or a mask that does not add up.
    """
    content = PromptFile.parse(_load(Path(path)), str(path))
    items = [
        item
        for number, entry in enumerate(content.targets)
        for item in _items(entry, content, f"{path}: targets.{number}")
    ]
    check_count(items, f"{path}: the prompts")
    return items


def _items(entry: TargetEntry, content: PromptFile, origin: str) -> Iterator[TargetPrompt]:
    if not (entry.boxes or entry.points or entry.lines or entry.masks):
        raise PromptError(f"{origin}: target {entry.name!r} has no prompt; give at least one box, point, line or mask.")
    term = _term(entry, origin)
    for number, box in enumerate(entry.boxes):
        corners = (box.start, box.end)
        yield TargetPrompt(entry.name, f"{origin}.boxes.{number}", content.coordinates, box=corners, term=term)
    for number, point in enumerate(entry.points):
        yield TargetPrompt(
            entry.name, f"{origin}.points.{number}", content.coordinates, point=point.at, label=point.label, term=term
        )
    for number, line in enumerate(entry.lines):
        ends = (line.start, line.end)
        yield TargetPrompt(entry.name, f"{origin}.lines.{number}", content.coordinates, line=ends, term=term)
    for number, mask in enumerate(entry.masks):
        try:
            runs = Runs(mask.shape, mask.runs, mask.slice)
        except PromptError as error:
            raise PromptError(f"{origin}.masks.{number}: {error}") from error
        yield TargetPrompt(entry.name, f"{origin}.masks.{number}", mask=runs, term=term)


def _term(entry: TargetEntry, origin: str) -> Term | None:
    try:
        return entry.code.term() if entry.code else None
    except InputError as error:
        raise PromptError(f"{origin}.code: {error}") from error


def _load(path: Path) -> object:
    try:
        return json.loads(read_text(path), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is not valid JSON: {error}.") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = sorted({key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1})
        raise ValueError(f"the key {twice[0]!r} appears twice in one object")
    return found

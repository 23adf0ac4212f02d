"""The plain layout: images/ and masks/ with the same case names, and masks_raters/<rater>/ for several raters."""

from __future__ import annotations

import re
from pathlib import Path

from samaritan.core import InputError, read_text
from samaritan.datasets._base import LAYOUTS, REFERENCE, Dataset, Layout
from samaritan.datasets._case import Parts, make_dataset
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._listing import Listing, list_cases, printable, some, subfolders

NAME = "folders"

#: One line of labels.txt: ``16 liver``, also with ``:``, ``=`` or ``,`` between. Names begin with a letter, so that the
#: colour tables of drawing programs, which also begin with a number, are not taken for names.
_LABEL_LINE = re.compile(r"\s*(\d+)[\s:=,]+([^\W\d_].*?)\s*")


def claims(folder: Path) -> bool:
    """True for images/ beside masks/ or masks_raters/."""
    return (folder / "images").is_dir() and any((folder / name).is_dir() for name in ("masks", "masks_raters"))


def read(folder: Path, info: DatasetInfo) -> Dataset:
    """The cases that have an image and at least one mask; the others are named in the notes.

    Raises:
        InputError: no case is left, or a case name comes twice.
    """
    images = list_cases(folder / "images")
    raters = _raters(folder, info)
    notes = [*images.notes(folder / "images")]
    for rater, listing in raters.items():
        notes += listing.notes(folder / "masks" if rater == REFERENCE else folder / "masks_raters" / rater)
        if orphans := sorted(set(listing.files) - set(images.files)):
            count = "1 mask" if len(orphans) == 1 else f"{len(orphans)} masks"
            notes.append(f"{count} of {rater} {_verb(orphans)} no image: {some(orphans)}.")
    parts = [
        Parts(case, image, {rater: listing.files[case] for rater, listing in raters.items() if case in listing.files})
        for case, image in images.files.items()
    ]
    if bare := sorted(part.case_id for part in parts if not part.references):
        count, are = ("1 image", "is") if len(bare) == 1 else (f"{len(bare)} images", "are")
        notes.append(f"{count} {_verb(bare)} no mask and {are} left out: {some(bare)}.")
    if not info.labels and (names := _labels_file(folder / "labels.txt")):
        info = info.model_copy(update={"labels": names})
    return make_dataset(folder, NAME, [part for part in parts if part.references], info, notes)


def _verb(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _raters(folder: Path, info: DatasetInfo) -> dict[str, Listing]:
    """Rater -> cases; masks/ is the rater called "reference"."""
    found: dict[str, Path] = {REFERENCE: folder / "masks"} if (folder / "masks").is_dir() else {}
    for child in subfolders(folder / "masks_raters"):
        rater = printable(child.name)
        if rater in found:
            raise InputError(f"{child} has the name that masks/ goes by; rename that rater.")
        found[rater] = child
    if info.raters is not None:
        if unknown := sorted(set(info.raters) - set(found)):
            raise InputError(f"{folder} has no rater {unknown[0]!r}; it has {', '.join(found)}.")
        found = {rater: found[rater] for rater in info.raters}
    return {rater: list_cases(path) for rater, path in found.items()}


def _labels_file(path: Path) -> dict[int, str]:
    """Names from labels.txt, or none where the file is absent or has another form."""
    try:
        lines = [line for line in read_text(path).splitlines() if line.strip()]
    except InputError:
        return {}
    pairs = [_LABEL_LINE.fullmatch(line) for line in lines]
    if None in pairs:
        return {}
    return DatasetInfo.parse({"labels": {int(pair[1]): pair[2] for pair in pairs if pair}}, str(path)).labels


LAYOUTS.add(NAME, Layout("images/ and masks/ (or masks_raters/<rater>/)", claims, read))

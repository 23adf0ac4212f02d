"""Opening a case: its image, and the state that its journal leads to, or that it begins with."""

from __future__ import annotations

import filecmp
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan import io
from samaritan.annotate.messages import MOST_OBJECTS
from samaritan.annotate.workspace import _layout, _masks
from samaritan.annotate.workspace._delta import Delta
from samaritan.annotate.workspace._found import Found
from samaritan.annotate.workspace._image import Image, open_image, reference_of
from samaritan.annotate.workspace._journal import Journal, free_name
from samaritan.annotate.workspace._labels import Labels
from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._records import Change, DamagedLineError, Head, Line, Now, ObjectChange, Record
from samaritan.annotate.workspace._snapshot import Snapshots
from samaritan.annotate.workspace._state import State
from samaritan.core import Geometry, GeometryError, InputError, LabelMap, ResourceError

#: More values without a name than this are probably numbers of objects (cells), not kinds of them.
_MANY_UNNAMED = 20


@dataclass(eq=False)
class Opened:
    """A case in memory.

    Attributes:
        image: without voxels.
        state: as the journal says.
        journal: of the case.
        mask: the file of its mask by label.
        pending: first lines of a journal that is not there yet, written together with the first edit.
        last: the last record.
        saved: revision that the mask file shows.
        kept: revision of the snapshot on disk.
        warnings: sentences that a person should see.
    """

    image: Image
    state: State
    journal: Journal
    mask: Path
    pending: list[Line] = field(default_factory=list)
    last: Record | None = None
    saved: int = 0
    kept: int = 0
    warnings: list[str] = field(default_factory=list)


def open_case(found: Found, layout: Layout, labels: Labels, snapshots: Snapshots) -> Opened:
    """Read the image and follow the journal.

    Raises:
        InputError: the image cannot be used, or its grid is not the one that was annotated; nothing was changed.
        ResourceError: a file cannot be read or written, or memory ran out.
    """
    image = open_image(found, layout.shown(found.case))
    journal = Journal(layout.journal(found.case))
    shape = image.grid.native.shape
    opened = Opened(image, State.empty(shape), journal, layout.masks, warnings=list(image.warnings))
    head = _head(opened, layout, found)
    opened.mask = layout.masks / (head.file if head else mask_file(found, image))
    if head is not None:
        _check_image(head, image, opened)
        _follow(opened, layout, snapshots, found.case)
    labels.restore(opened.state.objects.values())
    if opened.last is None:
        opened.journal.size = 0
        _begin(opened, found, layout, labels)
    elif (saved := _saved(layout, found.case, opened.mask)) == opened.state.revision:
        opened.saved = saved
    else:
        opened.saved = -1
    return opened


def mask_file(found: Found, image: Image) -> str:
    """Where a case's mask goes, relative to the folder of masks."""
    return f"{_layout.file_name(found.name)}{_masks.mask_suffix(image, found.path)}"


def saved_mask(journal: Journal, layout: Layout, case: str) -> Path | None:
    """The mask file that shows all that a journal holds; None where it is older, or is not known without the image."""
    try:
        head, last = journal.head(), journal.last()
    except DamagedLineError:
        return None
    mask = layout.masks / head.file if head else None
    return mask if mask is not None and last is not None and _saved(layout, case, mask) == last.revision else None


def timestamp() -> str:
    """Now, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _saved(layout: Layout, case: str, mask: Path) -> int:
    """The revision that a mask file was written at; -1 where there is none, or nobody knows."""
    try:
        return int(layout.saved(case).read_text(encoding="ascii")) if mask.is_file() else -1
    except (OSError, ValueError):
        return -1


def _head(opened: Opened, layout: Layout, found: Found) -> Head | None:
    try:
        return opened.journal.head()
    except DamagedLineError as error:
        _set_aside(opened, layout, found, error)
        return None


def _check_image(head: Head, image: Image, opened: Opened) -> None:
    grid = Geometry(head.shape, np.array(head.affine), image.grid.native.unit)
    if (difference := grid.mismatch(image.grid.native)) is not None:
        raise GeometryError(
            f"The image of {head.name} has another grid than when it was annotated ({difference}); put the earlier image back, "
            "or give the new one another name. The annotations are kept as they are."
        )
    if head.image != image.checksum:
        opened.warnings.append("The image has other grey values than when it was annotated; look the masks over.")


def _follow(opened: Opened, layout: Layout, snapshots: Snapshots, case: str) -> None:
    """Do again what the journal says, from the last snapshot on where there is one that belongs to it."""
    journal, start = opened.journal, 0
    found = snapshots.read(case, opened.image.grid.native.shape)
    if found is not None and journal.holds(found[2].encode(), found[1]):
        opened.state, start = found[0], found[1]
        opened.last, opened.kept = Record.of_line(found[2].encode()), opened.state.revision
    try:
        for place, record in journal.replay(start):
            try:
                opened.state.follow(place, record, journal.read(record.took).change if record.took else None)
            except DamagedLineError:
                journal.size = place
                raise
            opened.last = record
    except DamagedLineError as error:
        _set_aside(opened, layout, None, error)


def _set_aside(opened: Opened, layout: Layout, found: Found | None, error: DamagedLineError) -> None:
    """Keep the damaged journal, and the mask that was made from it, under other names."""
    aside = opened.journal.set_aside()
    saved = opened.mask if found is None else layout.masks / mask_file(found, opened.image)
    copy = f" and the mask as it was last saved in {_keep(saved, layout)}" if saved.is_file() else ""
    opened.warnings.append(
        f"The journal of this case is damaged after edit {opened.state.revision} ({error}); what came before is restored, and "
        f"the damaged file is kept in {layout.relative(aside)}{copy}."
    )


def _keep(mask: Path, layout: Layout) -> str:
    """Give a mask file a second name, since the first one will be written over; returns it.

    Raises:
        ResourceError: that cannot be done.
    """
    stem, ending = mask.name.split(".", 1)
    first = mask.with_name(f"{stem}-kept.{ending}")
    try:
        if first.is_file() and filecmp.cmp(mask, first, shallow=False):
            return layout.relative(first)
        other = free_name(first)
        shutil.copyfile(mask, other)
    except OSError as error:
        raise ResourceError(f"Could not keep {mask} under another name: {error.strerror or error}.") from error
    return layout.relative(other)


def _begin(opened: Opened, found: Found, layout: Layout, labels: Labels) -> None:
    """Start from a mask that is there: one that was saved here earlier, else that of the data set."""
    image = opened.image
    native = image.grid.native
    opened.state = State.empty(native.shape)
    opened.pending = [
        Head(
            case=found.case, name=found.name, file=opened.mask.relative_to(layout.masks).as_posix(), shape=native.shape,
            affine=tuple(tuple(float(value) for value in row) for row in native.affine), image=image.checksum,
        )
    ]  # fmt: skip
    change = None
    try:
        if opened.mask.is_file():
            change = _start(opened, *_saved_objects(opened, layout, labels), labels)
            if _saved(layout, found.case, opened.mask) < 0:
                kept = _keep(opened.mask, layout)
                opened.warnings.append(
                    f"The masks of this image come from another program's file, which is kept in {kept}."
                )
        elif (reference := reference_of(found)) is not None:
            change = _start(opened, reference, _names(found, reference), labels)
            if change is not None and not (found.known and found.known.instances):
                opened.warnings += _changed_values(reference.labels(), change, labels)
    except InputError as error:
        kept = f"; it is kept in {_keep(opened.mask, layout)}" if opened.mask.is_file() else ""
        opened.warnings.append(f"The mask of this image cannot be used, so the case starts empty{kept}: {error}")
    if change is not None:
        now = Now(status="open", objects=len(change.objects))
        record = Record(revision=0, time=timestamp(), change=change, now=now)
        opened.state.follow(0, record, None)
        opened.pending.append(record)


def _saved_objects(opened: Opened, layout: Layout, labels: Labels) -> tuple[LabelMap, dict[int, str]]:
    """(mask that was saved here, value -> label): by object where that file belongs to the one by label, else by label."""
    mask = io.read_labels(opened.mask, like=opened.image.like)
    names = {value: name for name, value in labels.values.items()}
    apart = layout.objects / opened.mask.relative_to(layout.masks)
    if apart.is_file():
        numbers = io.read_labels(apart, like=opened.image.like)
        if np.array_equal(numbers.data > 0, mask.data > 0):
            values = {number: int(mask.data[numbers.data == number][0]) for number in numbers.labels()}
            return numbers, {number: names.get(value, mask.name(value)) for number, value in values.items()}
    return mask, names


def _names(found: Found, reference: LabelMap) -> dict[int, str]:
    """Value -> label of a reference; of instances all have one."""
    if found.known is not None and found.known.instances:
        name = found.known.names.get(1, "object")
        return dict.fromkeys(reference.labels(), name)
    return {value: reference.name(value) for value in reference.labels()}


def _start(opened: Opened, mask: LabelMap, names: dict[int, str], labels: Labels) -> Change | None:
    """The change from nothing to ``mask``, one object per value."""
    values = mask.labels()
    if not values:
        return None
    if len(values) > MOST_OBJECTS:
        raise InputError(f"it holds {len(values)} values, and a case at most {MOST_OBJECTS} objects.")
    wanted = {value: names.get(value, mask.name(value)) for value in values}
    if sum(name == f"label_{value}" for value, name in wanted.items()) > _MANY_UNNAMED:
        opened.warnings.append(
            f"The mask holds {len(values)} values without names, and each became a label; if they are objects of one kind, "
            "say so with 'instances: true' in dataset.yaml."
        )
    if len(set(wanted.values())) < len(values):  # instances: their numbers are no values of labels
        wanted = {value: labels.take_over({1: name})[1] for value, name in wanted.items()}
    else:
        wanted = labels.take_over(wanted)
    numbers = _renumbered(mask, values)
    delta = Delta.between(opened.state.labels, numbers, (0, 0, 0))
    objects = tuple(
        ObjectChange(object=number, before=None, after=wanted[value]) for number, value in enumerate(values, 1)
    )
    return Change(name="start", delta=delta, objects=objects)


def _changed_values(values: list[int], change: Change, labels: Labels) -> list[str]:
    """A sentence where labels of a data set's mask have other values in the masks that are saved."""
    names = [one.after for one in change.objects]
    pairs = [(old, labels.values[name], name) for old, name in zip(values, names, strict=True) if name is not None]
    changed = [f"{old} becomes {new} ({name})" for old, new, name in pairs if old != new]
    if not changed:
        return []
    told = f"{', '.join(changed[:8])}{', ...' if len(changed) > 8 else ''}"
    return [f"Other labels have values of this mask, so that in saved masks {told}; labels.json names them all."]


def _renumbered(mask: LabelMap, values: list[int]) -> NDArray[np.uint8]:
    """(i, j, k) 1, 2, 3 ... in the place of ``values``."""
    if values[-1] < 2**16:
        table = np.zeros(values[-1] + 1, np.uint8)
        table[values] = np.arange(1, len(values) + 1)
        return np.asarray(table[mask.data])
    return np.searchsorted([0, *values], mask.data).astype(np.uint8)

"""Writing what the journal leads to: the mask files, and the snapshot that lets a long journal open quickly."""

from __future__ import annotations

from pathlib import Path

from samaritan.annotate.workspace import _masks
from samaritan.annotate.workspace._opening import Opened
from samaritan.annotate.workspace._project import Project
from samaritan.core import ResourceError, write_text

#: A snapshot is written after so many edits, and when a case is left.
_SNAPSHOT_AFTER = 100


def is_due(opened: Opened, *, leaving: bool) -> bool:
    """Whether there is anything to write."""
    return opened.saved < opened.state.revision or _needs_snapshot(opened, leaving=leaving)


def save(case: str, frozen: Opened, project: Project, *, leaving: bool) -> None:
    """Write the masks of a case that nobody edits meanwhile; sets ``frozen.saved`` and ``frozen.kept``.

    Raises:
        ResourceError: a mask cannot be written; earlier files are as they were.
    """
    state = frozen.state
    if frozen.saved < state.revision:
        grid = frozen.image.grid.native
        objects = project.labels.named(state.objects)
        labelmap = _masks.by_label(state.labels, objects, project.labels.values, grid)
        _masks.write_mask(labelmap, frozen.mask, frozen.image)
        apart = objects_file(frozen, project)
        if _masks.needs_objects(objects):
            _masks.write_mask(_masks.by_object(state.labels, objects, grid), apart, frozen.image)
        else:
            _remove(apart)
        write_text(
            project.layout.saved(case), str(state.revision)
        )  # last: a crash before it has the mask written again
        frozen.saved = state.revision
    if frozen.last is not None and _needs_snapshot(frozen, leaving=leaving):
        project.snapshots.write(case, state, frozen.journal.size, frozen.last)
        frozen.kept = state.revision


def objects_file(opened: Opened, project: Project) -> Path:
    """Where the mask by object lies."""
    return project.layout.objects / opened.mask.relative_to(project.layout.masks)


def _needs_snapshot(opened: Opened, *, leaving: bool) -> bool:
    return opened.state.revision - opened.kept >= (1 if leaving else _SNAPSHOT_AFTER)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ResourceError(f"Could not remove {path}: {error.strerror or error}.") from error

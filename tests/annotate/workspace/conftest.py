"""A folder with one small volume whose grid is neither RAS nor isotropic, and what a page does with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import SliceAnswer, VolumeAnswer
from samaritan.annotate.messages import Edit, Edited, EditRequest
from samaritan.annotate.workspace import Document, Workspace
from samaritan.core import Geometry

#: Native axes: to the back, to the head, to the left; 1 x 1.5 x 2 mm.
PSL = np.array([[0.0, 0.0, -2.0, 5.0], [-1.0, 0.0, 0.0, 3.0], [0.0, 1.5, 0.0, 7.0], [0.0, 0.0, 0.0, 1.0]])
SHAPE = (12, 10, 6)

_numbers = itertools.count()


def save_volume(path: Path, data: NDArray[Any], affine: NDArray[np.float64] = PSL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    make: Any = nibabel.Nifti1Image
    nibabel.save(make(data, affine), path)
    return path


def grey(shape: tuple[int, ...] = SHAPE, seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-1000, 1000, shape).astype(np.int16)


class Page:
    """Does edits as the page would: with the revision it knows, and a new name each."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def shown(self) -> Geometry:
        detail = self.document.detail()
        return Geometry(detail.shape, np.array(detail.affine), detail.unit)

    def mm(self, *ijk: float) -> tuple[float, float, float]:
        """A voxel of the shown grid in millimetres."""
        x, y, z = self.shown.to_world(ijk)[0].tolist()
        return x, y, z

    def request(self, edit: Edit, revision: int | None = None, name: str | None = None) -> EditRequest:
        known = self.document.revision if revision is None else revision
        return EditRequest(revision=known, request=name or f"request-{next(_numbers)}", edit=edit)

    def do(self, edit: Edit, answer: SliceAnswer | VolumeAnswer | None = None) -> Edited:
        return self.document.commit(self.request(edit), answer)

    def labels(self) -> NDArray[np.uint8]:
        """The label array as the page gets it, (right, front, up)."""
        return np.frombuffer(self.document.label_bytes(), np.uint8).reshape(self.shown.shape, order="F").copy()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With one volume, ``ct.nii.gz``."""
    save_volume(tmp_path / "in" / "ct.nii.gz", grey())
    return tmp_path / "in"


@pytest.fixture
def open_workspace(folder: Path, tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    """``open_workspace(labels=(...))`` -> a workspace; the one before it is closed first."""
    opened: list[Workspace] = []

    def make(*, source: Path = folder, labels: tuple[str, ...] = ("liver", "spleen")) -> Workspace:
        while opened:
            opened.pop().close()
        opened.append(Workspace(source, tmp_path / "out", labels))
        return opened[0]

    yield make
    while opened:
        opened.pop().close()


@pytest.fixture
def page(open_workspace: Callable[..., Workspace]) -> Page:
    """The page of the only case."""
    workspace = open_workspace()
    return Page(workspace.document(workspace.summaries()[0].case))


def slice_answer(*masks: NDArray[np.bool_]) -> SliceAnswer:
    return SliceAnswer(masks, tuple(0.9 - 0.1 * n for n in range(len(masks))), encoded=True, seconds=0.25)


def crash(workspace: Workspace) -> None:
    """What kill -9 leaves: nothing is saved, and the kernel lets go of the lock."""
    workspace._autosave.close()
    workspace._exits.close()
    workspace._documents.clear()  # so that closing it saves nothing either

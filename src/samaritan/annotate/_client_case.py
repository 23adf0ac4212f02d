"""A case of a running annotator, as a script sees it; see :mod:`samaritan.annotate.client`."""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate import messages as say
from samaritan.annotate._connection import Connection, compose, understand
from samaritan.core import Geometry, InputError, LabelMap, UsageError, write_bytes

Place = Sequence[float]
_SUFFIXES: dict[say.ExportFormat, str] = {"nifti": ".nii.gz", "png": ".png", "dicom-seg": ".dcm"}


class Case:
    """An open case, as this script knows it: its state follows from this script's own edits, :meth:`refresh` asks for others'.

    An object is given by its number, or by its label: then it is the first object of that label, which :meth:`ask` and
    :meth:`paint` add where there is none.
    """

    def __init__(self, connection: Connection, case: str) -> None:
        self.connection = connection
        self.case = case
        self._path = f"/api/cases/{case}"
        self.refresh()

    def refresh(self) -> say.CaseDetail:
        """Ask the server for the state of the case, as after a :class:`ConflictError`."""
        self.detail = understand(say.CaseDetail, self.connection.get(self._path))
        self.revision = self.detail.revision
        self.objects = self.detail.objects
        self._labels: NDArray[np.uint8] | None = None
        return self.detail

    @property
    def geometry(self) -> Geometry:
        """The shown grid: of :meth:`mask`, :meth:`labels` and :meth:`image_bytes`."""
        return Geometry(self.detail.shape, np.array(self.detail.affine), self.detail.unit)

    def image_bytes(self) -> bytes:
        """The image on the shown grid, as an uncompressed NIfTI file."""
        return self.connection.get(f"{self._path}/image")

    def labels(self) -> NDArray[np.uint8]:
        """(i, j, k) object numbers, 0 is background."""
        while self._labels is None:
            revision, content = self.connection.get_revision(f"{self._path}/labels")
            if revision in (self.revision, None):
                self._labels = np.frombuffer(content, np.uint8).reshape(self.detail.shape, order="F").copy()
            else:  # somebody else was here: what is known of the case must be of the same moment
                self.refresh()
        return self._labels.copy()

    def mask(self, what: int | str) -> NDArray[np.bool_]:
        """(i, j, k) bool: of an object, or of all objects of a label.

        Raises:
            InputError: there is none.
        """
        numbers = [one.object for one in self.objects if what in (one.object, one.label)]
        if not numbers:
            known = ", ".join(f"{one.object} ({one.label})" for one in self.objects)
            raise InputError(f"The case has no object {what!r}; it has {known or 'none yet'}.")
        return np.isin(self.labels(), numbers)

    def label_map(self) -> LabelMap:
        """The objects with their labels' names, on the shown grid."""
        return LabelMap(self.labels(), self.geometry, {one.object: one.label for one in self.objects})

    def edit(self, edit: say.Edit, *, request: str | None = None) -> say.Edited:
        """Send any edit; when this returns, it is on the server's disk.

        Args:
            edit: a message of :mod:`samaritan.annotate.messages`.
            request: a name of 8 to 64 letters and digits; the same edit sent again under the same name is not done twice,
                also after an UnreachableError that leaves open whether it was done.
        """
        name = request or secrets.token_hex(12)
        message = compose(say.EditRequest, revision=self.revision, request=name, edit=edit)
        edited = understand(say.Edited, self.connection.post(f"{self._path}/edits", message))
        self.revision = edited.revision
        self.objects = edited.objects
        for patch in edited.patches:
            self._apply(patch)
        return edited

    def add_object(self, label: str) -> int:
        """A new object of a label; returns its number."""
        before = {one.object for one in self.objects}
        self.edit(compose(say.AddObject, kind="add-object", label=label))
        return next(one.object for one in self.objects if one.object not in before)

    def ask(
        self, what: int | str, points: Sequence[Place] = (), box: tuple[Place, Place] | None = None, *,
        negative: Sequence[Place] = (), scribbles: Sequence[Sequence[Place]] = (), lasso: Sequence[Place] = (),
        plane: say.PlaneName | None = None, candidate: int | None = None,
    ) -> say.Edited:  # fmt: skip
        """Segment a slice. These are all prompts of the object there, in place of earlier ones.

        Args:
            what: the object.
            points: inside it.
            box: two opposite corners on one slice.
            negative: points that do not belong to it.
            scribbles: lines inside it.
            lasso: corners of a line around it, roughly.
            plane: of the slice; None takes the one in which the image was acquired.
            candidate: which of the model's answers, best first; None takes the best.
        """
        prompts = _prompts(points, box, negative, scribbles, lasso)
        edit = compose(
            say.Ask,
            kind="ask",
            object=self._object(what, add=True),
            plane=self._plane(plane),
            prompts=prompts,
            candidate=candidate,
        )
        return self.edit(edit)

    def preview(
        self, what: int | str, points: Sequence[Place] = (), box: tuple[Place, Place] | None = None, *,
        negative: Sequence[Place] = (), plane: say.PlaneName | None = None,
    ) -> NDArray[np.bool_] | None:  # fmt: skip
        """(i, j, k) bool mask that :meth:`ask` would make, not kept; None where a later preview took its place."""
        message = compose(
            say.PreviewRequest,
            object=self._object(what),
            plane=self._plane(plane),
            prompts=_prompts(points, box, negative),
        )
        previewed = understand(say.Previewed, self.connection.post(f"{self._path}/preview", message))
        if previewed.patch is None:
            return None
        mask = np.zeros(self.detail.shape, bool)
        mask[_where(previewed.patch)] = _values(previewed.patch) != 0
        return mask

    def paint(
        self, what: int | str, path: Sequence[Place], radius: float, *, erase: bool = False,
        plane: say.PlaneName | None = None,
    ) -> say.Edited:  # fmt: skip
        """Draw, or rub out, a line of discs of ``radius`` (mm) on one slice."""
        number = self._object(what, add=True)
        places = tuple(_mm(place) for place in path)
        return self.edit(
            compose(
                say.Paint,
                kind="paint",
                object=number,
                plane=self._plane(plane),
                path=places,
                radius=radius,
                erase=erase,
            )
        )

    def propagate(
        self, what: int | str, bounds: tuple[Place, Place] | None = None, *, plane: say.PlaneName | None = None
    ) -> say.Edited:
        """From the slices that were asked about to the whole volume; ``bounds`` are places on its first and last slice."""
        ends = None if bounds is None else (_mm(bounds[0]), _mm(bounds[1]))
        number = self._object(what)
        return self.edit(compose(say.Propagate, kind="propagate", object=number, plane=self._plane(plane), bounds=ends))

    def undo(self) -> say.Edited:
        """Take the last edit back."""
        return self.edit(compose(say.Undo, kind="undo"))

    def redo(self) -> say.Edited:
        """Do again what was taken back."""
        return self.edit(compose(say.Redo, kind="redo"))

    def mark(self, status: say.Status | None = None, note: str | None = None) -> say.Edited:
        """Set status and note; None leaves one as it is."""
        return self.edit(compose(say.Mark, kind="mark", status=status, note=note))

    def accept(self) -> say.Edited:
        """The masks are as they should be."""
        return self.mark("accepted")

    def export(self, path: Path | str, *, format: say.ExportFormat | None = None, overwrite: bool = False) -> Path:
        """Write the masks on the file's own grid to ``path``.

        Args:
            path: ends in .nii.gz, .png or .dcm.
            format: None takes it from the ending.
            overwrite: replace a file that is there.
        """
        path = Path(path)
        chosen = format or next((name for name, suffix in _SUFFIXES.items() if path.name.endswith(suffix)), None)
        if chosen is None:
            raise UsageError(
                f"The masks cannot be exported as {path.name!r}; end it in {', '.join(_SUFFIXES.values())}."
            )
        content = self.connection.post(f"{self._path}/export", compose(say.ExportRequest, format=chosen))
        write_bytes(path, content, overwrite=overwrite)
        return path

    def _object(self, what: int | str, *, add: bool = False) -> int:
        if isinstance(what, int):
            return what
        numbers = [one.object for one in self.objects if one.label == what]
        if numbers:
            return numbers[0]
        if not add:
            raise InputError(f"The case has no object of the label {what!r} yet; ask for it or paint it first.")
        return self.add_object(what)

    def _plane(self, plane: say.PlaneName | None) -> say.PlaneName:
        return plane or self.detail.plane

    def _apply(self, patch: say.Patch) -> None:
        if self._labels is not None:
            self._labels[_where(patch)] = _values(patch)


def _where(patch: say.Patch) -> tuple[slice, ...]:
    return tuple(slice(low, low + size) for low, size in zip(patch.low, patch.shape, strict=True))


def _values(patch: say.Patch) -> NDArray[np.uint8]:
    content = np.frombuffer(zlib.decompress(base64.b64decode(patch.data)), np.uint8)
    return content.reshape(patch.shape, order="F")


def _prompts(
    points: Sequence[Place], box: tuple[Place, Place] | None, negative: Sequence[Place],
    scribbles: Sequence[Sequence[Place]] = (), lasso: Sequence[Place] = (),
) -> say.Prompts:  # fmt: skip
    clicks = [compose(say.Point, at=_mm(at)) for at in points] + [
        compose(say.Point, at=_mm(at), positive=False) for at in negative
    ]
    return compose(
        say.Prompts,
        points=tuple(clicks),
        scribbles=tuple(compose(say.Scribble, path=tuple(_mm(at) for at in path)) for path in scribbles),
        box=None if box is None else compose(say.Corners, a=_mm(box[0]), b=_mm(box[1])),
        lasso=tuple(_mm(at) for at in lasso),
    )


def _mm(place: Place) -> say.Mm:
    if len(place) != 3:
        raise UsageError(f"A place has three coordinates in mm (right, front, up); received {list(place)}.")
    x, y, z = (float(value) for value in place)
    return x, y, z

"""A folder of images that somebody annotates, and the folder that everything is written to."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import ImageRef
from samaritan.annotate.messages import CaseSummary, ExportedSet, Label, NewLabel
from samaritan.annotate.workspace import _autosave, _dataset
from samaritan.annotate.workspace._errors import UnknownCaseError
from samaritan.annotate.workspace._found import find_cases
from samaritan.annotate.workspace._journal import orphans
from samaritan.annotate.workspace._labels import check_names
from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._project import Project
from samaritan.annotate.workspace.document import Document
from samaritan.core import InputError, ResourceError, UsageError, exclusive, write_text

_LOG = logging.getLogger(__name__)

#: Open cases beyond so many bytes of labels rest, the one that was used longest ago first; so do those beyond so many.
_MOST_BYTES = 2**29
_MOST_OPEN = 8


class Workspace:
    """The cases of a folder. Every method may be called from any thread.

    Args:
        folder: with images; nothing in it is changed.
        output: made where it does not exist. One process at a time.
        labels: names that are added to those of the project.

    Raises:
        InputError: ``folder`` is no folder, or a file with settings in it or in ``output`` cannot be used.
        UsageError: a label's name cannot be used, or both folders are one.
        ResourceError: ``output`` cannot be written, or another process has it.
    """

    def __init__(self, folder: Path, output: Path, labels: Sequence[str] = ()) -> None:
        self.folder = Path(folder).absolute()
        self.output = Path(output).absolute()
        check_names(labels)
        if self.output.resolve() == self.folder.resolve():
            raise UsageError(f"{self.output} holds the images; choose another folder for what is written, with -o.")
        layout = Layout(self.output)
        if (written := layout.written_around(self.folder)) is not None:
            raise UsageError(
                f"{self.folder} lies in {written}, which is written over; choose another folder for results, with -o."
            )
        found = find_cases(self.folder, self.output)
        self._exits = contextlib.ExitStack()
        try:
            layout.hidden.mkdir(mode=0o700, parents=True, exist_ok=True)  # copies of images come into it
        except OSError as error:
            raise ResourceError(
                f"Could not make {self.output} ({error.strerror or error}); choose another folder with -o."
            ) from error
        self._exits.enter_context(exclusive(layout.hidden / "lock"))
        with contextlib.ExitStack() as undo:
            undo.callback(self._exits.close)
            shutil.rmtree(layout.shown("").parent, ignore_errors=True)  # of a process that was killed
            self._project = Project.of(self.folder, layout)
            for case in found:  # first, so that labels of a data set keep their values
                self._project.labels.take_over(dict(case.info.labels) if case.info and not case.info.instances else {})
            for name in labels:
                self._project.labels.add(NewLabel(name=name))
            undo.pop_all()
        self._autosave = _autosave.Autosave()
        self._lock = threading.Lock()
        self._exporting = threading.Lock()
        self._documents = {case.case: Document(case, self._project, self._autosave.later) for case in found}
        self._used: list[Document] = []
        self._recall()

    @property
    def labels(self) -> tuple[Label, ...]:
        """Of the project, in the order in which they were added."""
        return self._project.labels.all

    @property
    def label_values(self) -> dict[str, int]:
        """Name of a label -> its value in mask files, ascending."""
        return dict(sorted(self._project.labels.values.items(), key=lambda pair: pair[1]))

    def add_label(self, label: NewLabel) -> Label:
        """Add a label, or give one that is there another colour.

        Raises:
            InputError: a label had that name before, and journals still call it so.
            ResourceError: it cannot be written.
        """
        now = self._project.labels.current(label.name)
        if now != label.name:
            raise InputError(f"{label.name!r} was the name of {now!r} before; choose another name, or rename it back.")
        return self._project.labels.add(label)

    def rename_label(self, name: str, to: str) -> None:
        """Give a label another name, in all cases.

        Raises:
            InputError: there is no such label, or another one has or had the name.
            UsageError: the name cannot be used.
            ResourceError: it cannot be written; nothing was changed.
        """
        self._project.labels.rename(name, to)

    def summaries(self) -> list[CaseSummary]:
        """All cases, by name. No image is opened."""
        return [document.summary() for document in self._documents.values()]

    def summary(self, case: str) -> CaseSummary:
        """One case; raises UnknownCaseError."""
        return self._get(case).summary()

    def accepted(self) -> list[str]:
        """Ids of the cases that a person accepted and whose images can be read, as far as is known."""
        return [summary.case for summary in self.summaries() if summary.status == "accepted" and not summary.problem]

    def document(self, case: str) -> Document:
        """An open case.

        Raises:
            UnknownCaseError: there is none of that id.
            InputError: its image cannot be used, or has another grid than when it was annotated.
            ResourceError: a file cannot be read or written, or memory ran out.
        """
        document = self._get(case)
        document.open()
        self._rest_others(document)
        return document

    def image_ref(self, case: str) -> ImageRef:
        """Where the image of a case is; it is not opened. Raises UnknownCaseError."""
        return self._get(case).image_ref

    def set_uncertainty(self, case: str, uncertainty: float | None) -> None:
        """How much a case should be looked at, the higher the sooner; raises UnknownCaseError."""
        self._get(case).uncertainty = uncertainty

    def set_proposal(self, case: str, masks: Mapping[str, NDArray[np.bool_]]) -> None:
        """Keep masks (label -> (i, j, k) bool on the native grid) until they are taken; raises UnknownCaseError."""
        self._project.proposals.write(self._get(case).found.case, masks)

    def drop_proposals(self) -> None:
        """Forget what was proposed and was not taken."""
        self._project.proposals.drop_all()

    def check_accepted(self) -> None:
        """Read the images of the accepted cases: one that breaks off is then in none of what is accepted or exported."""
        for case in self.accepted():
            self._documents[case].check()

    def export_dataset(self) -> ExportedSet:
        """Write the accepted cases as a data set into OUT/dataset, in place of an earlier one.

        Raises:
            InputError: no case is accepted.
            ResourceError: it cannot be written; an earlier one is as it was.
        """
        with self._exporting:
            accepted = [one.case for one in self.summaries() if one.status == "accepted"]
            return _dataset.export([self._documents[case] for case in accepted], self._project)

    def save(self) -> None:
        """Write the masks of all edits that were made; raises ResourceError where one cannot be written."""
        for document in self._documents.values():
            document.save()

    def close(self) -> None:
        """Save everything and let go of the output folder. What cannot be saved stays in the journals, and is logged."""
        self._autosave.close()
        self._project.closed.set()
        for document in self._documents.values():
            try:
                document.rest()
            except ResourceError as error:
                _LOG.warning("%s", error)
            except Exception:  # noqa: BLE001 - the others are saved all the same
                _LOG.exception("A case could not be saved.")
        scores = {case: document.uncertainty for case, document in self._documents.items() if document.uncertainty}
        with contextlib.suppress(ResourceError):  # they can be computed again
            write_text(self._project.layout.uncertainty, json.dumps(scores))
        self._exits.close()

    def _recall(self) -> None:
        """What an earlier process knew, or had no time to write."""
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            scores = json.loads(self._project.layout.uncertainty.read_text(encoding="utf-8"))
            for case in scores.keys() & self._documents.keys():
                self._documents[case].uncertainty = float(scores[case])
        for document in self._documents.values():
            if document.is_behind():
                self._autosave.later(document)
        if lost := orphans(self._project.layout, self._documents):
            _LOG.warning(
                "%d journals belong to images that are not there any more, and are kept: %s.",
                len(lost),
                ", ".join(lost),
            )

    def _get(self, case: str) -> Document:
        if case not in self._documents:
            raise UnknownCaseError
        return self._documents[case]

    def _rest_others(self, used: Document) -> None:
        with self._lock:
            self._used = [document for document in self._used if document is not used] + [used]
            leaving = []
            while len(self._used) > 1 and (
                len(self._used) > _MOST_OPEN or sum(document.weight for document in self._used) > _MOST_BYTES
            ):
                leaving.append(self._used.pop(0))
        for document in leaving:
            try:
                document.rest()
            except ResourceError as error:
                _LOG.warning("%s stays open: %s", document.found.name, error)
                with self._lock:
                    self._used.insert(0, document)

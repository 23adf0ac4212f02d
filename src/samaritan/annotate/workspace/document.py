"""One case: what a person sees of it, and the edits that change it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from samaritan.annotate.engine.requests import (
    Attention,
    ImageRef,
    SliceAnswer,
    SliceQuestion,
    VolumeAnswer,
    VolumeQuestion,
)
from samaritan.annotate.messages import (
    Ask,
    CaseDetail,
    CaseSummary,
    Edited,
    EditRequest,
    ExportFormat,
    Focus,
    Patch,
    PreviewRequest,
    Propagate,
)
from samaritan.annotate.workspace import _canvas, _commit, _describe, _export, _questions, _refused, _save, shown
from samaritan.annotate.workspace._edits import Context
from samaritan.annotate.workspace._errors import ReplacedImageError, StaleRevisionError
from samaritan.annotate.workspace._found import Found
from samaritan.annotate.workspace._image import modality_of, read_image
from samaritan.annotate.workspace._journal import Journal
from samaritan.annotate.workspace._opening import Opened, open_case, saved_mask
from samaritan.annotate.workspace._project import Project
from samaritan.annotate.workspace._watch import Watch
from samaritan.core import InputError, ResourceError, SamaritanError, Volume

#: Seconds that a row of the list of cases waits for a case that is busy; the journal tells the same.
_PATIENCE = 0.1


class Document:
    """A case whose image and state are read when they are first asked for, and again after :meth:`rest`.

    Every method may be called from any thread.

    Args:
        found: the image.
        project: folders, labels and stores that all cases share.
        on_edit: called with the document after every edit.
    """

    def __init__(self, found: Found, project: Project, on_edit: Callable[[Document], None] = lambda _: None) -> None:
        self.found = found
        self._project = project
        self._on_edit = on_edit
        self._lock = threading.RLock()
        self._opened: Opened | None = None
        self._resting: dict[str, Any] | None = None
        self._problem = found.problem and project.plain(found.problem)
        self._saving = threading.Lock()  # taken before the other one
        self._watch = Watch(found.path)
        if found.problem is not None:
            self._watch.take()  # another file in its place may be a good one
        self._replaced = False  # and no page has seen it
        self.uncertainty: float | None = None

    # --- what is there

    @property
    def revision(self) -> int:
        """Counts the edits."""
        with self._lock:
            return self._open().state.revision

    @property
    def problem(self) -> str | None:
        """Why the image could not be opened when it was last tried; None where it could, or nobody tried."""
        return self._problem

    @property
    def image_ref(self) -> ImageRef:
        """The image, for the model process."""
        found = self.found
        intensity = found.info.intensity if found.info else None
        return ImageRef(
            found.case,
            found.path,
            found.series,
            modality=modality_of(found),
            intensity=intensity,
            stamp=self._watch.stamp,
        )

    def open(self) -> None:
        """Read image and journal, if that was not done, or if the image was replaced on disk since.

        Raises:
            InputError: the image cannot be used, or has another grid than when it was annotated.
            ResourceError: a file cannot be read or written, or memory ran out.
        """
        if self._opened is not None and self._watch.is_replaced():
            self.rest()
            self._replaced = True
        with self._lock:
            self._open()

    def check(self) -> None:
        """Read all of the image, so that :attr:`problem` says what the file is like now; nothing is kept of it."""
        try:
            read_image(self.found)
        except InputError as error:
            self._problem = self._project.plain(error)

    @property
    def weight(self) -> int:
        """Bytes of memory that the open case takes; 0 while it rests."""
        opened = self._opened
        return opened.state.labels.nbytes if opened is not None else 0

    def summary(self) -> CaseSummary:
        """The row in the list of cases; nothing is opened for it."""
        free = self._lock.acquire(timeout=_PATIENCE)  # not while it is opened, which takes seconds
        try:
            opened = self._opened if free else None
            known = _describe.of_state(opened) if opened else self._resting or _describe.of_journal(self._journal())
            if free:  # nobody else writes the journal: what it says holds until the case is opened
                self._resting = None if opened else known
            volume = _describe.is_volume(opened) if opened else self.found.volume
            proposal = self.found.case in self._project.proposals
            return CaseSummary(
                case=self.found.case, name=self.found.name, volume=volume, uncertainty=self.uncertainty,
                proposal=proposal, problem=self._problem, **known,
            )  # fmt: skip
        finally:
            if free:
                self._lock.release()

    def detail(self) -> CaseDetail:
        """Everything about the open case but its arrays; raises as :meth:`open`."""
        with self._lock:
            opened, self._replaced = self._open(), False
            return _describe.detail(self.found, opened, self._project)

    def like(self) -> Volume:
        """Grid and meta data of the image, for writers of masks; its voxels are zeros. Raises as :meth:`open`."""
        with self._lock:
            return self._open().image.like

    def image_file(self) -> Path:
        """The image as an uncompressed NIfTI file on the shown grid; raises as :meth:`open`."""
        with self._lock:
            return self._open().image.file

    def label_bytes(self) -> bytes:
        """uint8 object numbers on the shown grid, first axis fastest; raises as :meth:`open`."""
        with self._lock:
            opened = self._open()
            return shown.label_bytes(opened.image.grid, opened.state.labels)

    # --- questions for the model

    def question(self, edit: Ask | Propagate) -> SliceQuestion | VolumeQuestion:
        """What the model is to be asked for an edit.

        Raises:
            ReplacedImageError: it was made on another image than the case has now.
            InputError: there is no such object.
            PromptError: the prompts lie outside the image, on several slices, or there are none.
        """
        with self._lock:
            opened = self._open()
            self._check_seen()
            text = self._context(opened).label_of(edit.object)
            state, grid = opened.state, opened.image.grid
            if isinstance(edit, Ask):
                return _questions.slice_question(state, grid, self.image_ref, edit, text)
            return _questions.volume_question(state, grid, self.image_ref, edit, text)

    def preview_question(self, preview: PreviewRequest) -> SliceQuestion:
        """What the model is to be asked for a preview; raises as :meth:`question`."""
        with self._lock:
            opened = self._open()
            text = self._context(opened).label_of(preview.object)
            return _questions.slice_question(opened.state, opened.image.grid, self.image_ref, preview, text)

    def attention(self, focus: Focus) -> Attention:
        """Which slice somebody looks at; there need not be an object.

        Raises:
            PromptError: the place lies outside the image.
        """
        with self._lock:
            return _questions.attention(self._open().image.grid, self.image_ref, focus)

    def previewed(self, question: SliceQuestion, answer: SliceAnswer) -> Patch:
        """The answer to a preview: 1 where the object would be, for the whole slice; InputError for one of another grid."""
        with self._lock:
            grid = self._open().image.grid
            return _canvas.whole_slice(grid, shown.plane_name(question.plane), question.index, answer.masks[0])

    # --- edits

    def commit(self, request: EditRequest, answer: SliceAnswer | VolumeAnswer | None = None) -> Edited:
        """Do an edit; it is on disk when this returns. A request that was done already is answered again, not done again.

        Args:
            request: what to do, and the revision that the page knows.
            answer: the model's, to :meth:`question` of the same edit.

        Raises:
            StaleRevisionError: the case is at another revision, or has another image; nothing was changed.
            InputError: the edit cannot be done.
            ResourceError: it cannot be written to disk; nothing was changed.
        """
        with self._lock:
            opened = self._open()
            if request.request in opened.state.requests:
                return _commit.again(opened, self._project, request)
            if request.revision != opened.state.revision:
                kept = _refused.keep(self._project.layout, self.found.case, request)
                raise StaleRevisionError(opened.state.revision, kept)
            self._check_seen(request)
            context = self._context(opened, answer)
            record, taken = _commit.next_record(opened, request, context)
            place = opened.journal.append(*opened.pending, record)
            opened.pending.clear()
            opened.state.follow(place, record, taken)
            opened.last = record
            self._project.labels.restore(opened.state.objects.values())
            if request.edit.kind == "propose":
                self._project.proposals.drop(self.found.case)
            edited = _describe.edited(opened, self._project, record, taken, context.warnings)
        self._on_edit(self)
        return edited

    def _check_seen(self, request: EditRequest | None = None) -> None:
        """Refuse once what was done on an image that was replaced; who is told reads the case again."""
        if self._replaced:
            self._replaced = False
            kept = _refused.keep(self._project.layout, self.found.case, request) if request else None
            raise ReplacedImageError(self._open().state.revision, kept)

    def _context(self, opened: Opened, answer: SliceAnswer | VolumeAnswer | None = None) -> Context:
        shape = opened.image.grid.native.shape
        proposals = self._project.proposals
        return Context(
            opened.state, opened.image.grid, self._project.labels, answer,
            proposal=lambda: proposals.read(self.found.case, shape),
        )  # fmt: skip

    # --- files

    def save(self) -> None:
        """Write the mask file, where there were edits since it was written; edits go on meanwhile.

        Raises:
            InputError: a case that rests and whose mask is older than its journal cannot be opened for it.
            ResourceError: it cannot be written. The edits are in the journal all the same.
        """
        if self._opened is None and self.is_behind():
            self.open()
            self.rest()
        with self._saving:
            self._save(leaving=False)

    def is_behind(self) -> bool:
        """Whether a journal holds edits that the mask file does not show, as after a crash."""
        journal = self._journal()
        return journal.path.is_file() and saved_mask(journal, self._project.layout, self.found.case) is None

    def saved_mask(self) -> Path:
        """The mask file by label, written where it does not show the last edit; raises as :meth:`open` and :meth:`save`."""
        with self._lock:
            resting = self._opened is None
            mask = saved_mask(self._journal(), self._project.layout, self.found.case) if resting else None
            if mask is not None:
                return mask
            opened = self._open()
        self.save()
        return opened.mask

    def export(self, form: ExportFormat) -> Path:
        """Write the masks in a format of choice; the file lies in the output folder.

        Raises:
            InputError: the image does not allow it (DICOM SEG needs DICOM).
            ResourceError: the file cannot be written.
        """
        with self._lock:
            opened = self._open()
            frozen = replace(opened, state=opened.state.copy())
        return _export.export(self.found, frozen, self._project, form)

    def rest(self) -> None:
        """Save, and let go of image and state, which the next call reads again; raises as :meth:`save`."""
        with self._saving, self._lock:
            self._save(leaving=True)
            if self._opened is not None:
                self._opened.journal.close()
                self._opened.image.file.unlink(missing_ok=True)
                self._opened = None

    def _save(self, *, leaving: bool) -> None:
        with self._lock:
            opened = self._opened
            if opened is None or not _save.is_due(opened, leaving=leaving):
                return
            frozen = replace(opened, state=opened.state.copy())
        _save.save(self.found.case, frozen, self._project, leaving=leaving)
        with self._lock:
            opened.saved = frozen.saved
            opened.kept = frozen.kept

    def _open(self) -> Opened:
        if self._project.closed.is_set():
            raise ResourceError("The annotator was closed; start it again.")
        if self._opened is None:
            self._resting = None
            if self.found.problem is not None and not self._watch.is_replaced():
                raise InputError(self.found.problem)
            project = self._project
            self._watch.take()
            try:
                self._opened = open_case(self.found, project.layout, project.labels, project.snapshots)
            except SamaritanError as error:
                self._problem = self._project.plain(error)
                raise
            self.found, self._problem = replace(self.found, problem=None), None
            if self._opened.saved < self._opened.state.revision:  # a crash came before the mask was written
                self._on_edit(self)
        return self._opened

    def _journal(self) -> Journal:
        return Journal(self._project.layout.journal(self.found.case))

"""Stand-ins for workspace, engine and learner: small, in memory, with the answers that a test wants."""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

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
    ExportedSet,
    ExportFormat,
    Focus,
    Label,
    LearnRequest,
    LearnState,
    Mark,
    ModelState,
    NewLabel,
    Patch,
    PreviewRequest,
    Propagate,
)
from samaritan.annotate.workspace._errors import StaleRevisionError, UnknownCaseError
from samaritan.core import PromptSet

SHAPE = (4, 5, 3)


def packed(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.astype(np.uint8).tobytes(order="F"))).decode()


class Document:
    """One case; every edit raises the revision, and questions become answers of one voxel."""

    def __init__(self, case: str, path: Path) -> None:
        self.case, self.path = case, path
        self.revision = 0
        self.status = "open"
        self.done: dict[str, Edited] = {}
        self.answers: list[SliceAnswer | VolumeAnswer | None] = []
        self.raising: Exception | None = None

    @property
    def image_ref(self) -> ImageRef:
        return ImageRef(self.case, self.path)

    def detail(self) -> CaseDetail:
        if self.raising is not None:
            raise self.raising
        return CaseDetail(
            case=self.case, name=f"name of {self.case}", status="open", note="", revision=self.revision, undo=None,
            redo=None, shape=SHAPE, affine=tuple(tuple(row) for row in np.eye(4).tolist()), spacing=(1, 1, 1), unit="mm",
            orientation="RAS", colour=False, modality=None, plane="axial", presets=(), objects=(), asked=(),
            proposal=False, formats=("nifti",), warnings=(),
        )  # fmt: skip

    def image_file(self) -> Path:
        return self.path

    def label_bytes(self) -> bytes:
        return np.full(SHAPE, self.revision, np.uint8).tobytes(order="F")

    def question(self, edit: Ask | Propagate) -> SliceQuestion | VolumeQuestion:
        if isinstance(edit, Propagate):
            return VolumeQuestion(self.image_ref, "axial", {1: PromptSet()}, lane=f"{self.case}/{edit.object}")
        return SliceQuestion(self.image_ref, "axial", 1, PromptSet(), lane=f"{self.case}/{edit.object}")

    def preview_question(self, request: PreviewRequest) -> SliceQuestion:
        return SliceQuestion(self.image_ref, request.plane, 2, PromptSet(), lane="preview")

    def attention(self, focus: Focus) -> Attention:
        return Attention(self.image_ref, focus.plane, 2)

    def previewed(self, question: SliceQuestion, answer: SliceAnswer) -> Patch:
        return Patch(low=(0, 0, 0), shape=(1, 1, 1), data=packed(np.ones(1)))

    def commit(self, request: EditRequest, answer: SliceAnswer | VolumeAnswer | None = None) -> Edited:
        if request.request in self.done:
            return self.done[request.request]
        if request.revision != self.revision:
            raise StaleRevisionError(self.revision, "journal/refused.json")
        self.revision += 1
        self.answers.append(answer)
        if isinstance(request.edit, Mark) and request.edit.status is not None:
            self.status = request.edit.status
        self.done[request.request] = edited = Edited(
            revision=self.revision, undo=request.edit.kind, redo=None, status="work", note="", objects=(), asked=(),
            patches=(Patch(low=(0, 0, 0), shape=(1, 1, 1), data=packed(np.ones(1))),),
        )  # fmt: skip
        return edited

    def export(self, format: ExportFormat) -> Path:
        return self.path


class Workspace:
    def __init__(self, folder: Path, cases: tuple[str, ...] = ("c0ffee", "beef")) -> None:
        self.documents: dict[str, Document] = {}
        for case in cases:
            path = folder / f"patient of {case}.nii"
            path.write_bytes(bytes(range(256)) * 4)
            self.documents[case] = Document(case, path)
        self.labels: list[Label] = [Label(name="liver", colour="#aa3300")]
        self.closed = False

    def summaries(self) -> list[CaseSummary]:
        return [self.summary(case) for case in self.documents]

    def summary(self, case: str) -> CaseSummary:
        document = self.document(case)
        return CaseSummary(case=case, name=case, status="open", volume=True, objects=0, revision=document.revision)

    def document(self, case: str) -> Document:
        if case not in self.documents:
            raise UnknownCaseError
        return self.documents[case]

    def rename_label(self, name: str, to: str) -> None:
        self.labels = [Label(name=to if one.name == name else one.name, colour=one.colour) for one in self.labels]

    def add_label(self, label: NewLabel) -> None:
        self.labels.append(Label(name=label.name, colour=label.colour or "#00aa33"))

    def export_dataset(self) -> ExportedSet:
        return ExportedSet(folder="dataset", cases=2)

    def close(self) -> None:
        self.closed = True


@dataclass
class Engine:
    """Answers at once unless ``hold`` is cleared; ``raising`` is raised in place of an answer."""

    raising: Exception | None = None
    asked: list[SliceQuestion | VolumeQuestion] = field(default_factory=list)
    attended: list[Attention] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    life: str = ""
    hold: Callable[[], object] | None = None

    @property
    def state(self) -> ModelState:
        return ModelState(name="fake", adapter=None, state="ready")

    async def start(self) -> None:
        self.life = "started"

    async def stop(self) -> None:
        self.life = "stopped"

    async def ask(self, question: SliceQuestion) -> SliceAnswer:
        await self._work(question)
        return SliceAnswer((np.ones((4, 5), bool),), (0.5,), encoded=False, seconds=0.1)

    async def propagate(
        self, question: VolumeQuestion, progress: Callable[[int, int], None] | None = None
    ) -> VolumeAnswer:
        await self._work(question)
        if progress is not None:
            progress(1, 3)
        return VolumeAnswer({1: np.ones((4, 5), bool)}, {1: 0.5}, (), 0.1)

    def attend(self, attention: Attention) -> None:
        self.attended.append(attention)

    async def _work(self, question: SliceQuestion | VolumeQuestion) -> None:
        self.asked.append(question)
        if self.hold is not None:
            try:
                await asyncio.to_thread(self.hold)
            except asyncio.CancelledError:
                self.cancelled.append(question.lane)
                raise
        if self.raising is not None:
            raise self.raising


class Learner:
    def __init__(self) -> None:
        self.state = LearnState()
        self.acts: list[LearnRequest] = []

    async def act(self, request: LearnRequest) -> None:
        self.acts.append(request)
        self.state = LearnState(state="training")

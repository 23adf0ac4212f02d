# ruff: noqa: D102 - said where they are made
"""What the server needs of a workspace, an engine and a learner; tests stand in for them with less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

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
    ModelState,
    NewLabel,
    Patch,
    PreviewRequest,
    Propagate,
)

Progress = Callable[[int, int], None]


class DocumentPort(Protocol):
    """An open case; its methods may take long and are called in threads."""

    @property
    def revision(self) -> int: ...
    @property
    def image_ref(self) -> ImageRef: ...
    def detail(self) -> CaseDetail: ...
    def image_file(self) -> Path: ...
    def label_bytes(self) -> bytes: ...
    def question(self, edit: Ask | Propagate) -> SliceQuestion | VolumeQuestion: ...
    def preview_question(self, request: PreviewRequest) -> SliceQuestion: ...
    def attention(self, focus: Focus) -> Attention: ...
    def previewed(self, question: SliceQuestion, answer: SliceAnswer) -> Patch: ...
    def commit(self, request: EditRequest, answer: SliceAnswer | VolumeAnswer | None = None) -> Edited: ...
    def export(self, format: ExportFormat) -> Path: ...


class WorkspacePort(Protocol):
    """All cases; its methods may take long and are called in threads."""

    @property
    def labels(self) -> Sequence[Label]: ...
    def summaries(self) -> list[CaseSummary]: ...
    def summary(self, case: str) -> CaseSummary: ...
    def document(self, case: str) -> DocumentPort: ...
    def add_label(self, label: NewLabel) -> object: ...
    def export_dataset(self) -> ExportedSet: ...
    def close(self) -> None: ...


class EnginePort(Protocol):
    """The model process."""

    @property
    def state(self) -> ModelState: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def ask(self, question: SliceQuestion) -> SliceAnswer: ...
    async def propagate(self, question: VolumeQuestion, progress: Progress) -> VolumeAnswer: ...
    def attend(self, attention: Attention) -> None: ...


class LearnerPort(Protocol):
    """Learning while labelling."""

    @property
    def state(self) -> LearnState: ...
    async def act(self, request: LearnRequest) -> object: ...

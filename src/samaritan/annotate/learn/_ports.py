"""What learning needs of the workspace and of the model process; tests stand in for them with less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import CaseAnswer, CaseQuestion, ImageRef
from samaritan.annotate.messages import CaseSummary, ExportedSet, Label, ModelState

Masks = Mapping[str, NDArray[np.bool_]]


class Opened(Protocol):
    """What is needed of an open case."""

    @property
    def image_ref(self) -> ImageRef:
        """Its image."""
        ...


class Cases(Protocol):
    """What is needed of the workspace."""

    @property
    def labels(self) -> Sequence[Label]:
        """Kinds of objects."""
        ...

    def summaries(self) -> Sequence[CaseSummary]:
        """All cases."""
        ...

    def summary(self, case: str) -> CaseSummary:
        """One case."""
        ...

    def document(self, case: str) -> Opened:
        """An open case."""
        ...

    def accepted(self) -> Sequence[str]:
        """Ids of accepted cases."""
        ...

    def check_accepted(self) -> None:
        """Read the images of accepted cases, so that damaged ones are known."""
        ...

    def export_dataset(self) -> ExportedSet:
        """Write the accepted cases as a data set."""
        ...

    def set_uncertainty(self, case: str, value: float) -> None:
        """Note how uncertain the model is about a case."""
        ...

    def set_proposal(self, case: str, masks: Masks) -> None:
        """Keep what the model proposes for a case."""
        ...

    def drop_proposals(self) -> None:
        """Forget all proposals."""
        ...


class Model(Protocol):
    """What is needed of the engine."""

    @property
    def state(self) -> ModelState:
        """Which model it runs."""
        ...

    async def propose(self, question: CaseQuestion) -> CaseAnswer:
        """Masks for a case that nobody has said anything about."""
        ...

    async def use(self, adapter: Path | None) -> None:
        """Answer with this adapter from now on."""
        ...

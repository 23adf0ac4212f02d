"""What every route of the protocol works with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol, cast

from anyio import to_thread

from samaritan.annotate.engine.requests import CaseAnswer, CaseQuestion
from samaritan.annotate.server.calls import Parts
from samaritan.annotate.server.monailabel.images import Cases, Sessions
from samaritan.annotate.server.refusal import RefusedError

Mode = Literal["slice", "volume", "auto"]

_ENDS: Mapping[Mode, str] = {"slice": "2d", "volume": "3d", "auto": "auto"}


class Proposing(Protocol):
    """What is needed of the engine beside its port."""

    async def propose(self, question: CaseQuestion) -> CaseAnswer:
        """Masks of a case without a person's prompts."""
        ...


@dataclass(eq=False)
class Desk:
    """Attributes: the server's parts; what is noted from one request to the next, as a training that was started."""

    parts: Parts
    notes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def sessions(self) -> Sessions:
        """Images that clients have sent."""
        return Sessions(self.cases.output / ".samaritan" / "sessions")

    @property
    def cases(self) -> Cases:
        """The workspace, as the protocol needs it."""
        return cast(Cases, self.parts.workspace)

    @property
    def models(self) -> dict[str, Mode]:
        """Name -> what it does: one slice, a volume, and where the model was adapted to it, a case without a prompt."""
        state = self.parts.engine.state
        modes: list[Mode] = ["slice", "volume"]
        if state.adapter is not None:
            modes.append("auto")
        return {f"{self.model}-{_ENDS[mode]}": mode for mode in modes}

    @property
    def model(self) -> str:
        """The model's name as part of an address."""
        return re.sub(r"[^A-Za-z0-9._@-]+", "-", self.parts.engine.state.name) or "model"

    async def close(self) -> None:
        """Forget what clients have sent, and trainings that nobody waits for any more."""
        task: asyncio.Task[None] | None = self.notes.pop("keeping", None)
        if task is not None:  # of this event loop, as all tasks are
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if "sessions" in vars(self):  # nobody may have spoken the protocol at all
            await to_thread.run_sync(self.sessions.clear)

    def mode(self, model: str) -> Mode:
        """What the model of that name does.

        Raises:
            RefusedError: 404.
        """
        if model not in self.models:
            raise RefusedError(404, "not-found", f"There is no such model; there are {', '.join(self.models)}.")
        return self.models[model]

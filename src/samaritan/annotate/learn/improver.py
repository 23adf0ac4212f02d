"""Improve: train on what was accepted, in a process of its own, and let a person keep or discard what comes out."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samaritan.annotate.engine.requests import CaseQuestion
from samaritan.annotate.learn._child import Child, said
from samaritan.annotate.learn._ports import Cases, Model
from samaritan.annotate.learn._undecided import recall, remember
from samaritan.annotate.learn.order import by_uncertainty
from samaritan.annotate.learn.plan import Job
from samaritan.annotate.messages import CaseSummary, LearnRequest, LearnState
from samaritan.core import SamaritanError, UsageError

log = logging.getLogger(__name__)

#: Accepted cases from which training is allowed: two to learn from, one kept apart.
NEEDED = 3

#: States in which nothing can be started.
BUSY = ("training", "validating", "proposing")


@dataclass(frozen=True)
class ImproverSettings:
    """What training needs to know.

    Attributes:
        output: of the workspace; adapters are kept in its folder ``adapters``.
        model: name of the base; None takes the one that the engine runs.
        weights: a file of its weights.
        adapter: file of the adapter in use.
        threads: of the training process; few, so that prompting stays quick.
        device: of the training process.
        repeats: how often a case is asked for a proposal.
        steps: length of a training in steps in place of the minutes that a request asks for.
    """

    output: Path
    model: str | None = None
    weights: Path | None = None
    adapter: Path | None = None
    threads: int = 1
    device: str = "cpu"
    repeats: int = 3
    steps: int | None = None


class Improver:
    """Trains, compares, keeps or discards, proposes; one thing at a time. What nobody has decided on waits for the next start.

    Args:
        workspace: the cases.
        engine: the model process.
        settings: of the training.
        on_state: is told every change of :attr:`state`, on the event loop.
        on_case: is told what a case is like after it was asked for a proposal, likewise.

    Attributes:
        adapter: the adapter in use; None is the base.
    """

    def __init__(
        self,
        workspace: Cases,
        engine: Model,
        settings: ImproverSettings,
        on_state: Callable[[LearnState], None],
        on_case: Callable[[CaseSummary], None] = lambda _: None,
    ) -> None:
        self.adapter = settings.adapter
        self._workspace, self._engine, self._settings = workspace, engine, settings
        self._on_state, self._on_case = on_state, on_case
        self._state = recall(self._place) or LearnState(needed=NEEDED)
        self._task: asyncio.Task[None] | None = None
        self._child: Child | None = None
        self._stopping = False

    @property
    def state(self) -> LearnState:
        """What is being done, with the number of accepted cases as it is now."""
        return self._state.model_copy(update={"accepted": len(self._workspace.accepted())})

    async def act(self, request: LearnRequest) -> LearnState:
        """Start, stop, keep, discard or propose; what takes long goes on in the background.

        Raises:
            UsageError: not now, or too few cases were accepted.
            SamaritanError: the accepted cases cannot be exported, or the model cannot be used.
        """
        await {
            "start": self._start, "stop": self._stop, "keep": self._keep, "discard": self._discard, "propose": self._propose,
        }[request.action](request)  # fmt: skip
        return self.state

    async def close(self) -> None:
        """Stop what is going on; nothing is kept of a training that has not been decided on."""
        await self._stop(None)
        shutil.rmtree(self._place, ignore_errors=True)

    async def wait(self) -> None:
        """Until what goes on in the background is over."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def _place(self) -> Path:
        """Where the adapter lies that nobody has decided on."""
        return self._settings.output / ".samaritan" / "learn"

    def _tell(self, **changes: Any) -> None:
        if "sentence" in changes:  # a page is not told where on this machine files lie
            changes["sentence"] = changes["sentence"].replace(f"{self._settings.output.absolute()}{os.sep}", "")
        self._state = self._state.model_copy(update=changes)
        self._on_state(self.state)

    async def _start(self, request: LearnRequest) -> None:
        self._refuse_busy()
        accepted = len(self._workspace.accepted())
        if accepted < NEEDED:
            raise UsageError(f"Improve learns from accepted cases and needs {NEEDED} of them; there are {accepted}.")
        if self._state.state == "ready":
            raise UsageError("A new model waits for a decision; keep it or discard it before another one is trained.")
        self._state = LearnState(state="training", accepted=accepted, needed=NEEDED)
        self._tell()
        self._stopping = False
        self._task = asyncio.create_task(self._guarded(self._train(request)))

    async def _train(self, request: LearnRequest) -> None:
        await asyncio.to_thread(self._workspace.check_accepted)  # one damaged file would end the training
        exported = await asyncio.to_thread(self._workspace.export_dataset)
        await asyncio.to_thread(shutil.rmtree, self._place, ignore_errors=True)
        self._place.mkdir(parents=True)
        job = Job(
            data=exported.folder, out=str(self._place / "run"), model=self._settings.model or self._engine.state.name,
            weights=_text(self._settings.weights), adapter=_text(self.adapter), method=request.method,
            steps=self._settings.steps, minutes=None if self._settings.steps else request.minutes,
            threads=self._settings.threads, device=self._settings.device,
            features=str(self._settings.output / ".samaritan" / "features"),
        )  # fmt: skip
        file = self._place / "job.yaml"
        job.write(file)
        if self._stopping:
            raise asyncio.CancelledError
        self._child = await Child.start([sys.executable, "-m", "samaritan.annotate.learn", str(file)])
        try:
            last = await self._follow(self._child, _left_out(exported.skipped))
        finally:
            await self._child.end()
            self._child = None
        if last is None:
            self._tell(state="idle", sentence="The training was stopped; nothing was changed.", seconds_left=None)
        elif last["state"] == "ready":
            await asyncio.to_thread(remember, self._place, self._state)

    async def _follow(self, child: Child, left_out: str) -> dict[str, Any] | None:
        """Pass on what the training says, with ``left_out`` at its end; its last words, or None where it was stopped."""
        last: dict[str, Any] | None = None
        async for words in child.lines():
            state = words["state"]
            if state in ("ready", "failed"):
                words["sentence"] += left_out
                last = words
            self._tell(**said(words))
        if last is None and not self._stopping:
            raise SamaritanError(f"The training process ended without an answer ({child.last_words()}).")
        return last

    async def _stop(self, request: LearnRequest | None) -> None:  # noqa: ARG002
        self._stopping = True
        if self._child is not None:
            await self._child.end()
        elif self._task is not None and self._state.state == "proposing":
            self._task.cancel()
        await self.wait()

    async def _keep(self, request: LearnRequest) -> None:
        if self._state.state != "ready":
            raise UsageError("There is no new model to keep; let Improve train one first.")
        folder = await asyncio.to_thread(self._store)
        try:
            await self._engine.use(folder / "adapter.safetensors")
        except BaseException:
            folder.rename(self._place / "run")  # it can still be kept later, or discarded
            raise
        self.adapter = folder / "adapter.safetensors"
        await self._propose(request)

    def _store(self) -> Path:
        """Move the new adapter to ``adapters/NNN``."""
        kept = self._settings.output / "adapters"
        kept.mkdir(exist_ok=True)
        taken = [int(child.name) for child in kept.iterdir() if child.name.isdigit()]
        folder = kept / f"{max(taken, default=0) + 1:03d}"
        (self._place / "run").rename(folder)
        return folder

    async def _discard(self, request: LearnRequest) -> None:  # noqa: ARG002
        if self._state.state not in ("ready", "failed"):
            raise UsageError("There is no new model to discard.")
        await asyncio.to_thread(shutil.rmtree, self._place, ignore_errors=True)
        self._state = LearnState(needed=NEEDED, sentence="The new model was discarded.")
        self._tell()

    async def _propose(self, request: LearnRequest) -> None:  # noqa: ARG002
        self._refuse_busy()
        if self.adapter is None:
            raise UsageError(
                "The model proposes masks when it has learned from accepted cases; let Improve train it first."
            )
        self._tell(state="proposing", step=0, steps=0, sentence="")
        self._task = asyncio.create_task(self._guarded(self._propose_all()))

    async def _propose_all(self) -> None:
        """The cases that are looked at next come first."""
        rows = {row.case: row for row in self._workspace.summaries() if row.status not in ("accepted", "skipped")}
        waiting = by_uncertainty(list(rows), {case: row.uncertainty for case, row in rows.items()})
        await asyncio.to_thread(self._workspace.drop_proposals)
        names = tuple(label.name for label in self._workspace.labels)
        problems = 0
        for number, case in enumerate(waiting):
            self._tell(step=number, steps=len(waiting))
            problems += not await self._propose_one(case, names)
            self._on_case(await asyncio.to_thread(self._workspace.summary, case))
        done = len(waiting) - problems
        failed = f" {problems} could not be asked." if problems else ""
        self._tell(
            state="idle", step=len(waiting), steps=len(waiting),
            sentence=f"Masks were proposed for {done} case{'s' * (done != 1)}.{failed}",
        )  # fmt: skip

    async def _propose_one(self, case: str, names: tuple[str, ...]) -> bool:
        """One bad image must not keep the others from being asked."""
        try:
            document = await asyncio.to_thread(self._workspace.document, case)
            question = CaseQuestion(document.image_ref, names, self._settings.repeats)
            answer = await self._engine.propose(question)
        except UsageError:
            raise
        except SamaritanError as error:
            log.warning("No proposal for %s: %s", case, error)
            return False
        await asyncio.to_thread(self._workspace.set_proposal, case, answer.masks)
        await asyncio.to_thread(self._workspace.set_uncertainty, case, answer.uncertainty)
        return True

    def _refuse_busy(self) -> None:
        if self._state.state in BUSY:
            raise UsageError(f"Improve is {self._state.state} just now; stop it, or wait.")

    async def _guarded(self, work: Any) -> None:
        """Whatever happens in the background is said, and leaves the model in use as it was."""
        try:
            await work
        except asyncio.CancelledError:
            self._tell(state="idle", sentence="Stopped.")
        except SamaritanError as error:
            self._tell(state="failed", sentence=str(error))
        except Exception as error:
            log.exception("Improve failed")
            self._tell(state="failed", sentence=f"Unexpected {type(error).__name__}: {error}")


def _left_out(skipped: Sequence[str]) -> str:
    """A sentence about accepted cases that were not learned from, if there are any."""
    if not skipped:
        return ""
    rest = f", and {len(skipped) - 1} more" if len(skipped) > 1 else ""
    return f" Left out: {skipped[0].rstrip('.')}{rest}."


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)

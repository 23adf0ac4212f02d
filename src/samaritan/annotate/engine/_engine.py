"""The queue before the model process, and what the server knows of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Literal, cast

from samaritan.annotate.engine._lanes import Body, Job, Lanes
from samaritan.annotate.engine._process import ModelProcess, died
from samaritan.annotate.engine._restarts import Restarts
from samaritan.annotate.engine._silence import Patience, Silence
from samaritan.annotate.engine._wire import (
    Answered,
    Cancel,
    Failed,
    Progressed,
    Ready,
    Request,
    Stopped,
    Unusable,
    Use,
    pack,
)
from samaritan.annotate.engine.errors import ModelGoneError, SupersededError
from samaritan.annotate.engine.requests import (
    Attention,
    CaseAnswer,
    CaseQuestion,
    SliceAnswer,
    SliceQuestion,
    VolumeAnswer,
    VolumeQuestion,
)
from samaritan.annotate.engine.settings import CAPACITY, EngineSettings
from samaritan.annotate.messages import ModelState
from samaritan.core import ModelError, SamaritanError, errors

_log = logging.getLogger(__name__)

#: Changes of state that come closer together than this are told once, in seconds.
SETTLE = 0.05

#: The lane of attention.
EYES = "attention"

Progress = Callable[[int, int], None]

_Life = Literal["starting", "ready", "restarting", "failed"]


class Engine:
    """A model in a process of its own. All methods belong to one event loop, and none of them blocks it.

    Args:
        settings: which model, and how much it may take.
        on_state: is called in the event loop when :attr:`state` has changed.
        restarts: how soon a process that died is started again.
        patience: how long one may be silent before it is ended and started again.
    """

    def __init__(
        self,
        settings: EngineSettings,
        on_state: Callable[[ModelState], None] | None = None,
        *,
        restarts: Restarts | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._on_state = on_state
        self._restarts = restarts or Restarts()
        self._silence = Silence(patience or Patience(), self._hung)
        self._why = ""
        self._lanes = Lanes(CAPACITY)
        self._numbers = count(1)
        self._process: ModelProcess | None = None
        self._ready: Ready | None = None
        self._life: _Life = "failed"
        self._sentence = "The model process was not started."
        self._settled = asyncio.Event()
        self._restarting: asyncio.Task[None] | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._told: ModelState | None = None

    @property
    def state(self) -> ModelState:
        """Of the process, with a sentence for a person where it does not answer."""
        life = "busy" if self._life == "ready" and self._lanes.busy else self._life
        about: dict[str, Any] = {"name": self._settings.title, "adapter": None}
        if self._ready is not None:
            about = {"name": self._ready.name, "adapter": self._ready.adapter, "prompts": self._ready.prompts}
        return ModelState(state=cast(Any, life), sentence=self._sentence, queue=self._lanes.length, **about)

    @property
    def pid(self) -> int | None:
        """Of the model process; None where none runs."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process; returns before its model is loaded. What is asked meanwhile waits for it."""
        if self._process is None:
            await self._spawn("starting", "The model is being loaded.")

    async def ready(self) -> None:
        """Wait for the model.

        Raises:
            ModelGoneError: it cannot be loaded, or the engine was stopped.
        """
        await self._settled.wait()
        if self._life == "failed":
            raise ModelGoneError(self._sentence)

    async def stop(self) -> None:
        """End the process. Whoever waits gets a ModelGoneError."""
        if self._restarting is not None:
            self._restarting.cancel()
        process, self._process = self._process, None
        self._fail("The model process was stopped.")
        if process is not None:
            await process.stop()
        if self._telling is not None:
            self._telling.cancel()

    async def ask(self, question: SliceQuestion) -> SliceAnswer:
        """Masks of one object on one slice.

        Raises:
            SupersededError: a later question of the lane took its place, or it was cancelled.
            QueueFullError: too many questions wait.
            ModelGoneError: the process died, or does not run.
            SamaritanError: of the model process: a prompt outside the picture, an unreadable image.
        """
        return cast(SliceAnswer, await self._ask(question, question.lane))

    async def propagate(self, question: VolumeQuestion, progress: Progress | None = None) -> VolumeAnswer:
        """One object in the whole volume; ``progress`` is called with (slices done, slices at most). Raises as :meth:`ask`."""
        return cast(VolumeAnswer, await self._ask(question, question.lane, progress))

    async def propose(self, question: CaseQuestion, progress: Progress | None = None) -> CaseAnswer:
        """Masks of a whole case without a person's prompts; raises as :meth:`ask`."""
        return cast(CaseAnswer, await self._ask(question, question.lane, progress))

    async def use(self, adapter: Path | None) -> None:
        """Answer with this adapter from now on, None: with the plain model. Where it cannot be loaded all stays as it is.

        Raises:
            SamaritanError: there is no such adapter, or it is damaged, or belongs to another model; also as :meth:`ask`.
        """
        self._ready = cast(Ready, await self._ask(Use(adapter)))
        self._settings = replace(self._settings, adapter=adapter)
        self._tell()

    def attend(self, attention: Attention) -> None:
        """A person looks here: encode the slice and its neighbours as soon as nothing else is to be done."""
        if self._life == "failed" or any(job.body == attention for job in self._lanes.lane(EYES)):
            return
        self._add(Job(number := next(self._numbers), attention, pack(Request(number, attention)), EYES))

    def cancel(self, lane: str) -> None:
        """Nobody waits for the lane any more; those who do get a SupersededError."""
        for job in self._lanes.lane(lane):
            self._drop(job, SupersededError("The question was cancelled."))

    async def _ask(self, body: Body, lane: str = "", progress: Progress | None = None) -> object:
        if self._life == "failed":
            raise ModelGoneError(self._sentence)
        number = next(self._numbers)
        waiter: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        # packed now, so that nobody can change what waits
        job = Job(number, body, pack(Request(number, body)), lane, waiter, progress)
        self._add(job)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._drop(job, None)
            raise

    def _add(self, job: Job) -> None:
        for old in self._lanes.add(job):
            self._drop(old, SupersededError("A later question took this one's place."))
        self._dispatch()

    def _drop(self, job: Job, error: Exception | None) -> None:
        """Forget a job; the process stops working at it as soon as it looks up."""
        if self._lanes.leave(job) and self._process is not None:
            self._process.send(Cancel(job.number))
        if error is not None and job.waiter is not None and not job.waiter.done():
            job.waiter.set_exception(error)
        self._tell()

    def _dispatch(self) -> None:
        while self._ready is not None and self._process is not None and (job := self._lanes.next()):
            self._process.write(job.frame)
            self._silence.working(job)
        self._tell()

    def _hung(self, seconds: float) -> None:
        if self._process is not None:
            self._why = f"The model process said nothing for {seconds:g} s and was ended."
            _log.error("%s", self._why)
            self._process.kill()

    def _hear(self, message: object) -> None:
        match message:
            case Ready():
                self._ready = message
                self._turn("ready", "")
                self._dispatch()
            case Unusable(error, sentence):
                _log.error("%s: %s", error, sentence)
                self._fail(sentence)
            case Progressed(number, done, total):
                self._progress(number, done, total)
            case Answered(number, body):
                self._end(number, body)
            case Failed(number, error, sentence):
                self._end(number, _error(error, sentence))
            case Stopped(number):
                self._end(number, SupersededError("The question was cancelled."))
        if self._ready is not None:
            self._silence.working(self._lanes.innermost)

    def _progress(self, number: int, done: int, total: int) -> None:
        job = self._lanes.get(number)
        if job is None or job.progress is None or job.abandoned:
            return
        try:
            job.progress(done, total)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it
            self._drop(job, error)

    def _end(self, number: int, outcome: object) -> None:
        job = self._lanes.end(number)
        if job is not None and job.waiter is not None and not job.waiter.done():
            if isinstance(outcome, Exception):
                job.waiter.set_exception(outcome)
            else:
                job.waiter.set_result(outcome)
        self._dispatch()

    async def _spawn(self, life: _Life, sentence: str) -> None:
        self._turn(life, sentence)
        try:
            self._process = await ModelProcess.start(self._settings, self._hear, self._died)
        except OSError as error:
            self._fail(f"The model process cannot be started: {error.strerror or error}.")
            return
        self._silence.starting()

    def _died(self, code: int) -> None:
        self._process, self._ready = None, None
        self._silence.end()
        why, self._why = self._why or died(code), ""
        if self._life == "failed":  # it said why, and ended
            return
        pause = self._restarts.pause(time.monotonic())
        if pause is None:
            self._fail(f"{why} It ended {self._restarts.most} times within {self._restarts.within:g} s and is not "
                       "started again; use a smaller model or image, and start the annotator anew.")  # fmt: skip
            return
        self._turn("restarting", f"{why} It is being started again.")
        self._lose(f"{why} It is being started again; ask once more in a moment.")
        self._restarting = asyncio.create_task(self._again(pause))

    async def _again(self, pause: float) -> None:
        await asyncio.sleep(pause)
        await self._spawn("restarting", self._sentence)

    def _fail(self, sentence: str) -> None:
        self._ready = None
        self._silence.end()
        self._turn("failed", sentence)
        self._lose(sentence)

    def _lose(self, sentence: str) -> None:
        for job in self._lanes.clear():
            if job.waiter is not None and not job.waiter.done():
                job.waiter.set_exception(ModelGoneError(sentence))
        self._tell()

    def _turn(self, life: _Life, sentence: str) -> None:
        self._life, self._sentence = life, sentence
        if life in ("ready", "failed"):
            self._settled.set()
        else:
            self._settled.clear()
        self._tell()

    def _tell(self) -> None:
        """Say what changed, in a moment, together with what else changes until then."""
        if self._on_state is not None and self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(SETTLE, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        state = self.state
        if self._on_state is not None and state != self._told:
            self._told = state
            self._on_state(state)


def _error(name: str, sentence: str) -> SamaritanError:
    """The error of the model process, of the same class."""
    kind = getattr(errors, name, ModelError)
    return cast(SamaritanError, kind(sentence))

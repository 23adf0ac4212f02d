"""The model process: one request after another, and more urgent ones between the slices of a long one.

Those that need the decoder only are answered beside a slice that is encoded ahead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from samaritan.annotate.engine._candidates import LastAnswers
from samaritan.annotate.engine._pipe import Pipe
from samaritan.annotate.engine._volumes import Volumes
from samaritan.annotate.engine._wire import Answered, Failed, Progressed, Ready, Request, Stopped, Unusable, Use
from samaritan.annotate.engine.answers import answer_slice, answer_volume
from samaritan.annotate.engine.requests import (
    Attention,
    CaseQuestion,
    ImageRef,
    SliceAnswer,
    SliceQuestion,
    VolumeQuestion,
)
from samaritan.annotate.engine.settings import EngineSettings
from samaritan.core import ModelError, Plane, ResourceError, SamaritanError, errors
from samaritan.loading import Loaded, load_segmenter
from samaritan.predict import VolumePredictor, default_cache
from samaritan.predict.runtimes import with_runtime

_log = logging.getLogger(__name__)

#: Seconds for which the process listens at a time while a slice is encoded ahead.
LISTEN = 0.01

#: Prompts of a training in which the model is told with clicks where its answer is wrong.
TEACHING = ("clicks", "box+clicks")

MEMORY = "The model process has not enough memory for this; use a smaller image or model."


class Cancelled(Exception):  # noqa: N818 - nothing is wrong
    """Nobody waits for what is being worked at."""


class Worker:
    """Does what the server asks.

    Args:
        settings: which model, and how much it may take.
        pipe: to the server.

    Raises:
        SamaritanError: the model or its adapter cannot be loaded.
    """

    def __init__(self, settings: EngineSettings, pipe: Pipe) -> None:
        self._settings = settings
        self._pipe = pipe
        self._loaded = load(settings)
        cache = default_cache(half=settings.half) if settings.cache else None
        self._volumes = Volumes(settings, cache)
        self._running: list[int] = []
        self._looked_at: Attention | None = None
        self._last = LastAnswers()
        self._ahead = ThreadPoolExecutor(1, "ahead")

    @property
    def ready(self) -> Ready:
        """What the server is told of the model."""
        segmenter = self._loaded.segmenter
        name = self._loaded.about.get("name")
        return Ready(segmenter.name, None if name is None else str(name), segmenter.card.prompts)

    def serve(self, request: Request) -> None:
        """Do it, and answer with exactly one message."""
        self._running.append(request.number)
        try:
            answer: Any = Answered(request.number, self._do(request.body))
        except Cancelled:
            answer = Stopped(request.number)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server waits for an answer
            answer = Failed(request.number, *told(error, getattr(request.body, "image", None)))
        finally:
            self._running.pop()
            self._pipe.forget(request.number)
        self._pipe.send(answer)

    def _do(self, body: object) -> Any:
        match body:
            case SliceQuestion():
                return self._slice(body)
            case VolumeQuestion():
                return answer_volume(self._predictor(body), body, self._progress)
            case Attention():
                return self._attend(body)
            case CaseQuestion():
                return self._propose(body)
            case Use(adapter):
                return self._use(adapter)
        raise ModelError(f"The model process does not know what to do with {type(body).__name__}.")

    def _slice(self, question: SliceQuestion) -> SliceAnswer:
        known = self._last.again(question)
        if known is None:
            known = answer_slice(self._predictor(question), question)
            self._last.keep(question, known)
        return known

    def _predictor(self, body: SliceQuestion | VolumeQuestion | Attention) -> VolumePredictor:
        return self._volumes.predictor(self._loaded, body.image, body.plane)

    def _progress(self, done: int, total: int) -> None:
        self._pipe.send(Progressed(self._running[-1], done, total))
        self._pause()

    def _pause(self) -> None:
        """Between two slices: do what is more urgent (the server sends nothing else), and stop if nobody waits any more."""
        while (request := self._pipe.arrived()) is not None:
            self.serve(request)
        if self._pipe.cancelled(self._running[-1]):
            raise Cancelled

    def _attend(self, attention: Attention) -> None:
        predictor = self._predictor(attention)
        before, self._looked_at = self._looked_at, attention
        for index in near(attention, before, predictor.view.count):
            self._embed_ahead(predictor, index)
            self._pause()

    def _embed_ahead(self, predictor: VolumePredictor, index: int) -> None:
        """Encode in a thread of its own: who asks about a slice that is encoded already waits for the decoder only."""
        encoding = self._ahead.submit(predictor.embed, index)
        while not encoding.done():
            if (request := self._pipe.arrived(LISTEN)) is not None:
                if not self._decodes(request.body):
                    wait([encoding])  # the encoder and what is held are one thread's at a time
                self.serve(request)
        encoding.result()

    def _decodes(self, body: object) -> bool:
        """Whether the answer needs the decoder only."""
        return isinstance(body, SliceQuestion) and self._volumes.embedded(body.image, body.plane, body.index)

    def _propose(self, question: CaseQuestion) -> Any:
        learn: Any = import_module("samaritan.annotate.learn.answer")  # needed by few processes
        loaded = self._loaded
        plane: Plane = loaded.about.get("preparation", {}).get("plane") or "auto"
        predictor = self._volumes.predictor(loaded, question.image, plane)
        return learn.answer_case(
            predictor,
            question,
            loaded.about,
            proposer=learn.Proposer.beside(self._settings.adapter),
            adaptation=loaded.adaptation,
            progress=self._progress,
        )

    def _use(self, adapter: Path | None) -> Ready:
        settings = replace(self._settings, adapter=adapter)
        self._loaded = load(settings)
        self._settings = settings
        self._volumes.forget_model()
        self._last.clear()
        return self.ready


def load(settings: EngineSettings) -> Loaded:
    """The model on its runtime, with what its adapter has taught it; raises as :func:`samaritan.loading.load_segmenter`."""
    loaded = load_segmenter(
        settings.model,
        settings.adapter,
        weights=settings.weights,
        device=settings.device,
        allow_unverified=settings.allow_unverified,
    )
    segmenter = with_runtime(loaded.segmenter, settings.runtime, fast=settings.fast, later=True)
    if "points" not in segmenter.card.prompts and knows_clicks(loaded.about.get("prompts", ())):
        segmenter.card = replace(segmenter.card, prompts=(*segmenter.card.prompts, "points"))
    return loaded._replace(segmenter=segmenter)


def knows_clicks(prompts: Sequence[str]) -> bool:
    """Whether an adapter that was trained with these prompts, such as ``clicks:5``, obeys clicks that correct a mask."""
    return any(prompt.partition(":")[0] in TEACHING for prompt in prompts)


def near(attention: Attention, before: Attention | None, count: int) -> Iterator[int]:
    """Slices to encode, in order: the one that is looked at, those ahead in the direction of scrolling, those behind."""
    same = before is not None and (before.image, before.plane) == (attention.image, attention.plane)
    step = -1 if same and before is not None and attention.index < before.index else 1
    ahead = [attention.index + step * far for far in range(attention.ahead + 1)]
    behind = [attention.index - step * far for far in range(1, attention.ahead + 1)]
    return (index for index in (*ahead, *behind) if 0 <= index < count)


def told(error: Exception, image: ImageRef | None) -> tuple[str, str]:
    """Class and sentence that a person is told; folders are left out, and what nobody foresaw stands in the log only."""
    if isinstance(error, SamaritanError):
        kind = next(kind.__name__ for kind in type(error).__mro__ if hasattr(errors, kind.__name__))
        sentence = str(error)
        return kind, sentence if image is None else sentence.replace(f"{image.path.parent}/", "")
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        _log.error("not enough memory", exc_info=error)
        return ResourceError.__name__, MEMORY
    _log.error("unexpected error", exc_info=error)
    return ModelError.__name__, f"The model process failed ({type(error).__name__}); its log says where."


def work(settings: EngineSettings, pipe: Pipe) -> int:
    """Serve until the server is gone; returns the exit code where there is no model to serve with."""
    try:
        worker = Worker(settings, pipe)
    except Exception as error:  # noqa: BLE001 - the server says it to a person
        pipe.send(Unusable(*told(error, None)))
        return 1
    pipe.send(worker.ready)
    while True:
        worker.serve(pipe.wait())

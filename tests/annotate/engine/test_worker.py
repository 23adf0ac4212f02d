"""What the model process decides by itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samaritan.annotate.engine import EngineSettings, _worker
from samaritan.annotate.engine._wire import Answered, Request
from samaritan.annotate.engine._worker import Worker, near, told
from samaritan.annotate.engine.errors import QueueFullError
from samaritan.annotate.engine.requests import Attention, ImageRef, SliceQuestion
from samaritan.core import Box, FormatError, PromptSet
from samaritan.loading import Loaded
from samaritan.models import load_model
from samaritan.predict import VolumePredictor

IMAGE = ImageRef("a", Path("/patients/john doe/a.nii"))


def look(index: int, image: ImageRef = IMAGE, ahead: int = 2) -> Attention:
    return Attention(image, "axial", index, ahead)


@pytest.mark.parametrize(
    ("before", "now", "order"),
    [
        (None, look(5), [5, 6, 7, 4, 3]),
        (look(4), look(5), [5, 6, 7, 4, 3]),
        (look(6), look(5), [5, 4, 3, 6, 7]),
        (look(6, ImageRef("b", Path("b.nii"))), look(5), [5, 6, 7, 4, 3]),
        (None, look(0), [0, 1, 2]),
        (look(8), look(9), [9, 8, 7]),
        (None, look(3, ahead=0), [3]),
    ],
)
def test_what_is_looked_at_comes_first_then_what_comes_next_when_scrolling(
    before: Attention | None, now: Attention, order: list[int]
) -> None:
    assert list(near(now, before, 10)) == order


def test_refusals_keep_their_class_and_lose_the_folder() -> None:
    error = FormatError("/patients/john doe/a.nii is damaged.")
    assert told(error, IMAGE) == ("FormatError", "a.nii is damaged.")
    assert told(QueueFullError("Full."), None) == ("ResourceError", "Full.")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (MemoryError(), "ResourceError", "not enough memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."),
            "ResourceError",
            "not enough memory",
        ),
        (ValueError("/patients/john doe"), "ModelError", "failed (ValueError)"),
    ],
)
def test_the_rest_is_a_sentence_without_details_and_stands_in_the_log(
    error: Exception, kind: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    found, sentence = told(error, IMAGE)
    assert found == kind
    assert words in sentence
    assert "john" not in sentence
    assert caplog.records[-1].exc_info is not None
    assert caplog.records[-1].exc_info[1] is error


@pytest.mark.parametrize(
    ("trained", "prompts"),
    [
        (("box:jitter=0.05", "box+clicks:3:feedback=none"), ("box", "points")),
        (("clicks:5",), ("box", "points")),
        (("box:jitter=0.05", "point"), ("box",)),  # a first click is no correction
        ((), ("box",)),
    ],
)
def test_an_adapter_that_was_trained_with_clicks_is_asked_with_them(
    monkeypatch: pytest.MonkeyPatch, trained: tuple[str, ...], prompts: tuple[str, ...]
) -> None:
    segmenter: Any = load_model("tiny-litemedsam")
    segmenter.card = replace(segmenter.card, prompts=("box",))
    about = {"prompts": list(trained)} if trained else {}
    monkeypatch.setattr(_worker, "load_segmenter", lambda *_, **__: Loaded(segmenter, about))
    assert _worker.load(EngineSettings(runtime="torch")).segmenter.card.prompts == prompts


class Line:
    """A pipe on which ``requests`` arrive one by one; ``sent`` is what was answered, after which ``heard`` is set."""

    def __init__(self, heard: threading.Event, *requests: Request) -> None:
        self.heard = heard
        self.requests = list(requests)
        self.sent: list[Any] = []

    def arrived(self, within: float = 0.0) -> Request | None:
        threading.Event().wait(within)
        return self.requests.pop(0) if self.requests else None

    def cancelled(self, number: int) -> bool:
        return False

    def forget(self, number: int) -> None:
        pass

    def send(self, message: Any) -> None:
        self.sent.append(message)
        if message.number == 3:
            self.heard.set()

    @property
    def answered(self) -> list[int]:
        return [message.number for message in self.sent if isinstance(message, Answered)]


@pytest.fixture
def slow_encoder(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Slice 6 is encoded ahead when the event is set, or after ten seconds."""
    embed, may = VolumePredictor.embed, threading.Event()

    def slowly(predictor: VolumePredictor, index: int) -> None:
        if index == 6:
            may.wait(10)
        embed(predictor, index)

    monkeypatch.setattr(VolumePredictor, "embed", slowly)
    return may


def ask(number: int, image: ImageRef, index: int) -> Request:
    return Request(number, SliceQuestion(image, "axial", index, PromptSet(box=Box((15, 10), (29, 24)))))


def test_beside_a_slice_that_is_encoded_ahead_others_are_asked_about(
    image: ImageRef, slow_encoder: threading.Event
) -> None:
    pipe: Any = Line(slow_encoder)
    worker = Worker(EngineSettings(model="tiny-litemedsam", runtime="torch", threads=1, cache=False), pipe)
    worker.serve(Request(1, look(5, image, ahead=0)))
    pipe.requests = [ask(3, image, 5)]
    worker.serve(Request(2, look(6, image, ahead=0)))
    assert pipe.answered == [1, 3, 2]
    assert not pipe.sent[1].body.encoded


def test_what_needs_the_encoder_waits_for_the_slice_that_is_encoded_ahead(
    image: ImageRef, slow_encoder: threading.Event
) -> None:
    pipe: Any = Line(slow_encoder, ask(2, image, 6), ask(3, image, 8))
    worker = Worker(EngineSettings(model="tiny-litemedsam", runtime="torch", threads=1, cache=False), pipe)
    slow_encoder.set()
    worker.serve(Request(1, look(6, image, ahead=0)))
    assert pipe.answered == [2, 3, 1]
    assert [message.body.encoded for message in pipe.sent[:2]] == [False, True]

"""The engine from the server's side, with a real process and a miniature model."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samaritan.adapt import AdapterHeader, attach, base_sha256, save_adapter
from samaritan.annotate.engine import Engine, ModelGoneError, QueueFullError, Restarts, SupersededError
from samaritan.annotate.engine.answers import answer_slice, answer_volume
from samaritan.annotate.engine.requests import Attention, ImageRef, SliceQuestion, VolumeQuestion
from samaritan.core import Box, InputError, Points, PromptSet
from samaritan.io import read_volume
from samaritan.models import load_model
from samaritan.predict import VolumePredictor
from tests.annotate.engine.conftest import TINY, Running

BOX = PromptSet(box=Box((15, 10), (29, 24)))


def on(image: ImageRef, index: int = 5, lane: str = "", prompts: PromptSet = BOX) -> SliceQuestion:
    return SliceQuestion(image, "axial", index, prompts, lane=lane)


def across(image: ImageRef, lane: str = "") -> VolumeQuestion:
    """A question that looks at every slice."""
    return VolumeQuestion(image, "axial", {0: BOX}, bounds=(0, 11), lane=lane)


async def together(*work: Any) -> list[Any]:
    """Asked in this order at once; exceptions are answers, too."""
    return await asyncio.gather(*work, return_exceptions=True)


def in_process(image: ImageRef) -> VolumePredictor:
    return VolumePredictor(load_model("tiny-litemedsam"), read_volume(image.path), plane="axial", modality="MR")


def test_the_process_answers_as_the_functions_do(running: Running, image: ImageRef) -> None:
    predictor = in_process(image)
    for prompts in (BOX, PromptSet(Points([[20, 15]], [1]))):
        far, near = (
            running.run(running.engine.ask(on(image, prompts=prompts))),
            answer_slice(predictor, on(image, prompts=prompts)),
        )
        assert [mask.shape for mask in far.masks] == [(48, 40)] * len(near.masks)
        assert all((a == b).all() for a, b in zip(far.masks, near.masks, strict=True))
        assert far.qualities == pytest.approx(near.qualities, abs=1e-4)
    told: list[tuple[int, int]] = []
    far_away = running.run(running.engine.propagate(across(image), lambda *step: told.append(step)))
    close = answer_volume(predictor, across(image))
    assert far_away.masks.keys() == close.masks.keys()
    assert all((far_away.masks[k] == close.masks[k]).all() for k in close.masks)
    assert far_away.stops == close.stops
    assert told[-1] == (12, 12)


def test_a_slice_is_encoded_once(running: Running, image: ImageRef) -> None:
    unseen = replace(image, key="once")
    first, second = (running.run(running.engine.ask(on(unseen))) for _ in range(2))
    assert (first.encoded, second.encoded) == (True, False)


def test_errors_of_the_process_arrive_as_they_are(running: Running, image: ImageRef) -> None:
    with pytest.raises(InputError, match="no slice 12; the axial slices run from 0 to 11"):
        running.run(running.engine.ask(on(image, 12)))


def test_sentences_name_no_folder(running: Running, image: ImageRef) -> None:
    lost = replace(image, path=image.path.parent / "lost.nii")
    with pytest.raises(InputError, match=r"lost\.nii") as caught:
        running.run(running.engine.ask(on(lost)))
    assert str(image.path.parent) not in str(caught.value)


def test_what_nobody_foresaw_is_one_sentence(running: Running, image: ImageRef) -> None:
    odd = SliceQuestion(image, "axial", "five", BOX)  # type: ignore[arg-type]
    (error,) = running.run(together(running.engine.ask(odd)))
    assert str(error) == "The model process failed (TypeError); its log says where."
    assert running.run(running.engine.ask(on(image))).masks


def test_the_last_question_of_a_lane_wins(running: Running, image: ImageRef) -> None:
    ask = running.engine.ask
    *others, last = running.run(together(*(ask(on(image, index, "a/1")) for index in (1, 2, 3))))
    assert [type(other) for other in others] == [SupersededError] * 2
    assert (last.masks[0] == running.run(ask(on(image, 3))).masks[0]).all()


def test_more_than_fit_are_refused_and_no_other_is_lost(running: Running, image: ImageRef) -> None:
    answers = running.run(together(*(running.engine.ask(on(image, lane=f"a/{n}")) for n in range(64))))
    assert [type(answer).__name__ for answer in answers] == ["SliceAnswer"] * 32 + ["QueueFullError"] * 32
    assert isinstance(answers[-1], QueueFullError)
    assert running.run(running.engine.ask(on(image))).masks
    assert running.engine.state.queue == 0


def test_a_slice_is_answered_in_the_middle_of_a_volume(running: Running, image: ImageRef) -> None:
    order: list[str] = []

    async def note(what: str, work: Any) -> None:
        await work
        order.append(what)

    slow, quick = running.engine.propagate(across(image)), running.engine.ask(on(image))
    running.run(together(note("volume", slow), note("slice", quick)))
    assert order == ["slice", "volume"]


@pytest.mark.parametrize("how", ["cancel", "later", "caller"])
def test_long_work_stops_when_nobody_waits_for_it(running: Running, image: ImageRef, how: str) -> None:
    done: list[int] = []

    async def stop_early() -> None:
        def progress(at: int, total: int) -> None:
            done.append(at)
            if how == "cancel":
                running.engine.cancel("a/1")
            elif how == "later":
                later.append(asyncio.create_task(running.engine.ask(on(image, lane="a/1"))))
            else:
                work.cancel()

        later: list[asyncio.Task[Any]] = []
        work = asyncio.create_task(running.engine.propagate(across(image, "a/1"), progress))
        with pytest.raises(asyncio.CancelledError if how == "caller" else SupersededError):
            await work
        await asyncio.gather(*later)
        await running.engine.ask(on(image))  # the process is free again

    running.run(stop_early())
    assert done == [1]
    assert running.engine.state.queue == 0


def test_a_caller_that_fails_to_take_progress_gets_its_own_error(running: Running, image: ImageRef) -> None:
    def progress(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        running.run(running.engine.propagate(across(image), progress))
    assert running.run(running.engine.ask(on(image))).masks


def test_what_is_looked_at_is_encoded_before_it_is_asked_about(running: Running, image: ImageRef) -> None:
    unseen = replace(image, key="looked at")

    async def look_then_ask() -> list[bool]:
        for _ in range(2):  # the second time is the same look
            running.engine.attend(Attention(unseen, "coronal", 20, ahead=1))
        await running.engine.ask(on(image, 5))
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not running.engine._lanes.lane("attention"):
                break
        asked = [SliceQuestion(unseen, "coronal", k, PromptSet(box=Box((15, 3), (29, 8)))) for k in (19, 20, 21, 22)]
        return [(await running.engine.ask(one)).encoded for one in asked]

    assert running.run(look_then_ask()) == [False, False, False, True]


def test_a_jump_drops_what_waited(running: Running, image: ImageRef) -> None:
    unseen = replace(image, key="jump")

    async def jump() -> list[Any]:
        running.engine.attend(Attention(unseen, "sagittal", 10, ahead=9))
        running.engine.attend(Attention(unseen, "sagittal", 40, ahead=0))
        return list(running.engine._lanes.lane("attention"))

    (job,) = running.run(jump())
    assert job.body.index == 40
    box = PromptSet(box=Box((10, 3), (24, 8)))
    answers = [running.run(running.engine.ask(SliceQuestion(unseen, "sagittal", k, box))) for k in (40, 1)]
    assert answers[1].encoded


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter of the miniature that changes its answers."""
    segmenter: Any = load_model("tiny-litemedsam")
    digest = base_sha256(segmenter)
    adapted = attach(segmenter, "decoder")
    state = {key: value + 0.3 for key, value in adapted.state().items()}
    settings = adapted.config.model_dump(mode="json")
    header = {"method": "decoder", "settings": settings, "base": "tiny-litemedsam", "base_sha256": digest}
    path = tmp_path / "liver" / "adapter.safetensors"
    save_adapter(path, AdapterHeader.model_validate(header), state)
    return path


@pytest.mark.slow
def test_an_adapter_is_taken_kept_and_left(running: Running, image: ImageRef, adapter: Path, tmp_path: Path) -> None:
    """Kept where the next one is damaged, and where the process dies."""

    def masks() -> list[Any]:
        return [mask.tolist() for mask in running.run(running.engine.ask(on(image))).masks]

    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(adapter.read_bytes()[:-10])
    plain = masks()
    running.run(running.engine.use(adapter))
    adapted = masks()
    assert adapted != plain
    with pytest.raises(InputError, match="damaged"):
        running.run(running.engine.use(damaged))
    assert masks() == adapted
    running.run(killed(running))
    assert masks() == adapted
    assert running.engine.state.adapter == "liver"
    running.run(running.engine.use(None))
    assert masks() == plain


def test_states_and_the_prompts_that_the_weights_know(running: Running) -> None:
    async def rest() -> None:  # a test before may have left a slice to be encoded ahead
        while running.states[-1].state != "ready":
            await asyncio.sleep(0.01)

    running.run(rest())
    lives = [state.state for state in running.states]
    assert lives[0] == "starting"
    assert {"starting", "ready", "busy", "restarting"} >= set(lives)
    assert (running.engine.state.name, running.engine.state.prompts) == ("tiny-litemedsam", ("box", "points", "mask"))


async def killed(running: Running, *work: Any) -> list[Any]:
    """What comes of ``work`` when the process dies of it."""
    await running.engine.ready()
    pid = running.engine.pid
    assert pid is not None
    asked = asyncio.create_task(together(*work))
    asyncio.get_running_loop().call_soon(os.kill, pid, signal.SIGKILL)
    while running.engine.pid == pid:
        await asyncio.sleep(0.01)
    return await asked


@pytest.mark.slow
def test_a_killed_process_is_started_again(running: Running, image: ImageRef) -> None:
    ask, before = running.engine.ask, running.engine.pid
    slices = [ask(on(image, lane=f"a/{n}")) for n in range(5)]
    errors = running.run(killed(running, *slices, running.engine.propagate(across(image))))
    assert [type(error) for error in errors] == [ModelGoneError] * 6
    assert "was killed; most often the machine ran out of memory" in str(errors[0])
    assert running.run(ask(on(image))).encoded
    assert running.engine.pid not in (None, before)
    running.run(asyncio.sleep(0.1))
    assert "restarting" in [state.state for state in running.states]


def test_a_process_that_dies_again_and_again_is_given_up(
    start: Callable[..., Running], fake: Callable[..., None], image: ImageRef
) -> None:
    fake()
    running = start(restarts=Restarts(most=2, within=60, first=0.01))
    engine = running.engine

    async def die_twice() -> list[Any]:
        await killed(running)
        waits = asyncio.create_task(together(engine.ask(on(image))))
        while engine.pid is None:
            await asyncio.sleep(0.01)
        os.kill(engine.pid, signal.SIGKILL)
        return await waits

    (waiting,) = running.run(die_twice())
    assert isinstance(waiting, ModelGoneError)
    assert engine.state.state == "failed"
    assert "It ended 2 times within 60 s and is not started again" in engine.state.sentence
    with pytest.raises(ModelGoneError, match="not started again"):
        running.run(engine.ask(on(image)))
    running.run(engine.start())
    assert running.run(engine.ask(on(image))).masks


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded(start: Callable[..., Running], image: ImageRef) -> None:
    running = start(replace(TINY, model="tiny-litemedsan"))
    with pytest.raises(ModelGoneError, match="tiny-litemedsam"):
        running.run(running.engine.ask(on(image)))
    assert running.engine.state.state == "failed"
    with pytest.raises(ModelGoneError, match="tiny-litemedsam"):
        running.run(running.engine.ready())


def test_questions_to_an_engine_that_does_not_run_are_refused(image: ImageRef) -> None:
    async def never_started() -> None:
        await Engine(TINY).ask(on(image))

    with pytest.raises(ModelGoneError, match="was not started"):
        asyncio.run(never_started())


def test_whoever_waits_when_it_is_stopped_is_told(start: Callable[..., Running], image: ImageRef) -> None:
    running = start()

    async def stop() -> Any:
        waiting = asyncio.create_task(together(running.engine.ask(on(image))))
        await asyncio.sleep(0)
        pid = running.engine.pid
        await running.engine.stop()
        return pid, await waiting

    pid, (error,) = running.run(stop())
    assert isinstance(error, ModelGoneError)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

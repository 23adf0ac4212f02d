"""Which question goes next; no process, no event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.annotate.engine import QueueFullError
from samaritan.annotate.engine._lanes import Body, Job, Lanes, Urgency
from samaritan.annotate.engine._wire import Use
from samaritan.annotate.engine.requests import Attention, CaseQuestion, ImageRef, SliceQuestion, VolumeQuestion
from samaritan.core import PromptSet

IMAGE = ImageRef("a", Path("a.nii"))
SLICE = SliceQuestion(IMAGE, "axial", 0, PromptSet())
VOLUME = VolumeQuestion(IMAGE, "axial", {})
CASE = CaseQuestion(IMAGE, ("liver",))
EYES = Attention(IMAGE, "axial", 0)
BODIES: dict[str, Body] = {"use": Use(None), "slice": SLICE, "volume": VOLUME, "case": CASE, "eyes": EYES}


class Desk:
    """Adds jobs and remembers them by name."""

    def __init__(self, capacity: int = 32) -> None:
        self.lanes = Lanes(capacity)
        self.count = 0
        loop = asyncio.new_event_loop()
        self.waiter: asyncio.Future[object] = asyncio.Future(loop=loop)
        loop.close()

    def add(self, body: Body, lane: str = "") -> Job:
        self.count += 1
        waiter = None if isinstance(body, Attention) else self.waiter
        job = Job(self.count, body, lane=lane, waiter=waiter)
        self.replaced = self.lanes.add(job)
        return job


def test_order_of_urgency() -> None:
    desk = Desk()
    jobs = [desk.add(body, lane) for body, lane in
            ((CASE, "case"), (EYES, "eyes"), (VOLUME, "a/1"), (SLICE, "preview"), (SLICE, "a/2"), (Use(None), ""))]  # fmt: skip
    taken = []
    while (job := desk.lanes.next()) is not None:
        taken.append(job)
        desk.lanes.end(job.number)
    assert taken == jobs[::-1]
    assert [job.urgency for job in taken] == list(Urgency)


def test_among_equals_the_first_comes_first() -> None:
    desk = Desk()
    first, second = desk.add(SLICE, "a/1"), desk.add(SLICE, "a/2")
    assert desk.lanes.next() is first
    assert desk.lanes.next() is None
    desk.lanes.end(first.number)
    assert desk.lanes.next() is second


def test_the_last_of_a_lane_wins() -> None:
    desk = Desk()
    waits = desk.add(SLICE, "a/1")
    later = desk.add(SLICE, "a/1")
    assert desk.replaced == [waits]
    assert desk.lanes.next() is later
    last = desk.add(SLICE, "a/1")
    assert desk.replaced == [later]  # though it is being computed
    assert desk.lanes.get(later.number) is later  # the process has yet to answer
    assert desk.lanes.next() is None
    desk.lanes.end(later.number)
    assert desk.lanes.next() is last


def test_jobs_without_a_lane_stand_by_themselves() -> None:
    desk = Desk()
    first = desk.add(SLICE)
    desk.add(SLICE)
    assert not desk.replaced
    assert not first.abandoned


@pytest.mark.parametrize(
    ("running", "coming", "at_once"),
    [
        ("case", "slice", True), ("case", "volume", True), ("case", "eyes", True), ("case", "use", True),
        ("volume", "slice", True), ("volume", "eyes", False), ("volume", "volume", False), ("eyes", "volume", True),
        ("eyes", "case", False), ("slice", "slice", False), ("slice", "use", False), ("use", "slice", False),
    ],
)  # fmt: skip
def test_only_work_that_looks_up_is_interrupted_by_what_is_more_urgent(
    running: str, coming: str, at_once: bool
) -> None:
    desk = Desk()
    desk.add(BODIES[running])
    assert desk.lanes.next() is not None
    urgent = desk.add(BODIES[coming])
    assert desk.lanes.next() is (urgent if at_once else None)


def test_previews_give_way_to_questions() -> None:
    desk = Desk()
    preview, question = desk.add(SLICE, "preview/2"), desk.add(SLICE, "a/1")
    assert desk.lanes.next() is question
    assert preview.urgency is Urgency.PREVIEW


def test_the_cap_counts_what_somebody_waits_for() -> None:
    desk = Desk(capacity=2)
    desk.add(EYES, "eyes")
    desk.add(SLICE, "a/1")
    desk.add(SLICE, "a/2")
    assert desk.lanes.length == 2
    with pytest.raises(QueueFullError, match="2 questions wait for the model already") as caught:
        desk.add(SLICE, "a/3")
    assert caught.value.retry_after > 0
    desk.add(SLICE, "a/2")  # takes the place of one
    assert desk.lanes.length == 2


def test_a_full_queue_loses_nothing() -> None:
    desk = Desk(capacity=1)
    kept = desk.add(SLICE, "a/1")
    with pytest.raises(QueueFullError):
        desk.add(SLICE, "a/2")
    assert desk.lanes.clear() == [kept]
    assert desk.lanes.length == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "next", "end", "cancel"]), st.sampled_from(list(BODIES)), st.integers(0, 3)),
        max_size=40,
    )
)
@pytest.mark.slow
def test_every_job_ends_exactly_once(steps: list[tuple[str, str, int]]) -> None:
    """Answered by the process, told that it lost its place, refused, or lost with the process: never twice, never never."""
    desk = Desk(capacity=5)
    accepted: list[Job] = []
    ended: list[Job] = []
    running: list[Job] = []
    for what, kind, lane in steps:
        if what == "add":
            try:
                accepted.append(desk.add(BODIES[kind], f"lane {lane}" if lane else ""))
            except QueueFullError:
                assert desk.lanes.length == 5
                continue
            ended += desk.replaced
        elif what == "next" and (job := desk.lanes.next()) is not None:
            if running:
                assert running[-1].pauses
                assert job.urgency < running[-1].urgency
            running.append(job)
        elif what == "end" and running:
            job = running.pop()
            assert desk.lanes.end(job.number) is job
            ended += [] if job.abandoned else [job]
        elif what == "cancel":
            for job in desk.lanes.lane(f"lane {lane}"):
                assert desk.lanes.leave(job) == (job in running)
                ended.append(job)
    ended += desk.lanes.clear()
    assert sorted(job.number for job in ended) == [job.number for job in accepted]
    assert np.unique([job.number for job in ended]).size == len(ended)

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from samaritan.core import Box, Points, PromptError, PromptSet, UnknownNameError, UsageError, Volume
from samaritan.predict import VolumeSession
from samaritan.predict.propagate import Rules

from .conftest import ThresholdSegmenter
from .propagate.conftest import Ball, Make, balls, box_on, make

__all__ = ["make"]

SHAPE = (44, 40, 40)
ONE: Ball = (12, 13, 10, 8)
FAR: Ball = (30, 25, 28, 9)

#: Ends of balls shrink fast; tests that compare whole balls let them.
ANY = Rules(shrink=0, grow=99, overlap=0)


def inside(volume: Volume, ball: Ball) -> np.ndarray:
    i, j, k = np.indices(volume.data.shape)
    x, y, z, radius = ball
    return np.asarray((i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2 <= radius**2)


def test_one_box_finds_the_whole_body_and_nothing_else(make: Make, segmenter: ThresholdSegmenter) -> None:
    volume = balls(SHAPE, ONE, FAR)
    session = make(volume, rules=ANY)
    visited = session.ask("one", {10: box_on(volume, 10, ONE)})
    assert np.array_equal(session.mask("one"), inside(volume, ONE))
    assert visited == set(range(1, 20))  # the ball and, at either end, the slice where nothing was found
    assert segmenter.encoded == len(visited)
    assert sorted(session.quality("one")) == list(range(2, 19))
    assert [(s.start, s.step, s.last) for s in session.stops("one")] == [(10, -1, 2), (10, 1, 18)]
    assert {s.reason for s in session.stops("one")} == {"empty: the model found nothing"}
    assert session.targets == ("one",)


def test_targets_on_different_slices_share_every_encoding(make: Make, segmenter: ThresholdSegmenter) -> None:
    volume = balls(SHAPE, ONE, FAR)
    session = make(volume, rules=ANY, keep=99)
    found = session.ask_all({"far": {28: box_on(volume, 28, FAR)}, "one": {10: box_on(volume, 10, ONE)}})
    for name, ball in (("one", ONE), ("far", FAR)):
        assert np.array_equal(session.mask(name), inside(volume, ball))
    assert segmenter.encoded == len(found["one"] | found["far"])


def test_hundred_targets_cost_no_more_encodings_than_one(make: Make, segmenter: ThresholdSegmenter) -> None:
    volume = balls(SHAPE, ONE)
    asked: Mapping[str, Mapping[int, PromptSet]] = {f"t{n}": {10: box_on(volume, 10, ONE)} for n in range(116)}
    visited = make(volume).ask("t", {10: box_on(volume, 10, ONE)})
    alone, segmenter.encoded = segmenter.encoded, 0
    session = make(volume)
    assert session.ask_all(asked) == dict.fromkeys(asked, visited)
    assert segmenter.encoded == alone == len(visited)
    assert np.array_equal(session.mask("t0"), session.mask("t115"))


def test_correction_runs_again_only_what_it_touches(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session = make(volume, rules=ANY)
    session.ask("far", {k: box_on(volume, k, FAR) for k in (22, 28, 34)})
    before = session.found("far")
    again = session.ask("far", {28: PromptSet(points=Points([(25, 25)], 0))})
    assert again == set(range(23, 34))
    after = session.found("far")
    assert all(after[k] is before[k] for k in before if k <= 22 or k >= 34)
    assert all(after[k] is not before[k] for k in range(23, 34))
    assert session.picture_mask("far", 28).sum() < before[28].patch.area
    ((prompt,),) = (session.prompts("far")[28],)
    assert prompt.box is not None
    assert prompt.points is not None


def test_correction_at_the_end_leaves_the_other_direction_alone(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session = make(volume, rules=ANY)
    session.ask("far", {28: box_on(volume, 28, FAR)})
    assert session.ask("far", {33: box_on(volume, 33, FAR)}) == set(range(29, 39))
    assert {(s.start, s.step) for s in session.stops("far")} == {(28, -1), (28, 1), (33, -1), (33, 1)}
    assert {k: f.origin for k, f in session.found("far").items() if 28 <= k <= 34} == {
        28: "prompt", 29: "fused", 30: "fused", 31: "fused", 32: "fused", 33: "prompt", 34: "chain",
    }  # fmt: skip


def test_points_on_a_propagated_slice_correct_its_mask(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session = make(volume, rules=ANY)
    session.ask("far", {28: box_on(volume, 28, FAR)})
    session.ask("far", {30: PromptSet(points=Points([(30, 40 - 5)], 1))})
    ((prompt,),) = (session.prompts("far")[30],)
    assert prompt.box is not None
    assert prompt.box.lo[:2].tolist() == [22, 17]
    assert prompt.box.hi[:2].tolist() == [38, 35]  # as far as the new point


def test_positive_points_widen_the_box_of_a_prompted_slice(make: Make) -> None:
    session = make(balls(SHAPE, FAR), rules=ANY)
    session.ask("far", {28: PromptSet(box=Box((22, 17), (38, 33)))})
    for place, label in (((30, 35), 1), ((5, 5), 0), ((40, 20), 1)):  # background outside the box widens nothing
        session.ask("far", {28: PromptSet(points=Points([place], label))})
    ((prompt,),) = (session.prompts("far")[28],)
    assert prompt.box is not None
    assert (prompt.box.lo[:2].tolist(), prompt.box.hi[:2].tolist()) == ([22, 17], [40, 35])
    assert prompt.points is not None
    assert prompt.points.labels.tolist() == [1, 0, 1]


def test_refused_prompt_of_one_target_leaves_all_as_they_were(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session, untouched = make(volume, "refine"), make(volume, "refine")
    one = box_on(volume, 28, FAR)
    for each in (session, untouched):
        each.ask("b", {25: [one, one]})
        each.ask("a", {24: one})
    with pytest.raises(PromptError, match="several boxes"):
        session.ask_all({"a": {30: one}, "c": {30: one}, "b": {25: PromptSet(points=Points([(30, 25)], 1))}})
    assert session.targets == ("b", "a")
    assert session.ask("a", {32: one}) == untouched.ask("a", {32: one}) == set(range(25, 33))
    assert same(session, untouched, "a")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_interrupted_run_leaves_all_as_they_were(make: Make, error: type[BaseException]) -> None:
    volume = balls(SHAPE, FAR)
    session, untouched = make(volume), make(volume)
    for each in (session, untouched):
        each.ask("a", {24: box_on(volume, 24, FAR)})

    def stop(done: int, _: int) -> None:
        if done == 5:
            raise error

    with pytest.raises(error):
        session.ask_all({"a": {30: box_on(volume, 30, FAR)}, "b": {29: box_on(volume, 29, FAR)}}, progress=stop)
    assert session.targets == ("a",)
    assert list(session.prompts("a")) == [24]
    assert same(session, untouched, "a")
    assert session.ask("a", {32: box_on(volume, 32, FAR)}) == untouched.ask("a", {32: box_on(volume, 32, FAR)})
    assert same(session, untouched, "a")


def test_body_found_on_no_slice_beside_the_prompt(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session = make(volume)
    assert session.ask("air", {3: PromptSet(box=Box((2, 2), (8, 8)))}) == {3}
    assert not session.mask("air").any()
    assert {s.reason for s in session.stops("air")} == {"nothing was found on the prompted slice"}


def test_bounds_are_kept(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session = make(volume)
    asked = session.ask_all({"far": {28: box_on(volume, 28, FAR)}}, bounds={"far": (25, 36)})
    assert asked["far"] == set(range(25, 37))
    assert [s.reason for s in session.stops("far")] == [
        "reached the bound given, slice 25",
        "reached the bound given, slice 36",
    ]
    assert session.ask("far", {30: box_on(volume, 30, FAR)}) == set(range(29, 37))


def test_progress_ends_at_the_total(make: Make) -> None:
    volume = balls(SHAPE, ONE)
    seen: list[tuple[int, int]] = []
    make(volume).ask_all({"one": {10: box_on(volume, 10, ONE)}}, progress=lambda *at: seen.append(at))
    assert seen == [(n, 40) for n in range(1, 41)] + [(40, 40)]


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        ({}, "'a' has no prompt"),
        ({40: PromptSet(box=Box((2, 2), (8, 8)))}, "no slice 40; slices run from 0 to 39"),
        ({3: PromptSet(box=Box((2, 2), (50, 8)))}, "'a', slice 3: The box corner"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_work(
    make: Make, segmenter: ThresholdSegmenter, prompts: dict[int, PromptSet], message: str
) -> None:
    session = make(balls(SHAPE, ONE))
    with pytest.raises(PromptError, match=message):
        session.ask("a", prompts)
    assert segmenter.encoded == 0
    assert session.targets == ()


def test_prompts_beyond_the_bounds_are_refused(make: Make) -> None:
    session = make(balls(SHAPE, ONE))
    with pytest.raises(PromptError, match="spans slices 4 to 8, but has prompts from 10 to 10"):
        session.ask_all({"a": {10: PromptSet(box=Box((2, 2), (8, 8)))}}, bounds={"a": (4, 8)})


def test_bounds_that_leave_out_earlier_prompts_are_refused(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    session = make(volume)
    session.ask("a", {k: box_on(volume, k, FAR) for k in (22, 34)})
    with pytest.raises(PromptError, match="'a' spans slices 26 to 30, but has prompts from 22 to 34"):
        session.ask_all({"a": {28: box_on(volume, 28, FAR)}}, bounds={"a": (26, 30)})
    assert list(session.prompts("a")) == [22, 34]


def test_other_bounds_are_as_if_they_had_been_given_at_once(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    boxes = {k: box_on(volume, k, FAR) for k in (24, 30)}
    session, once = make(volume), make(volume)
    session.ask_all({"a": {24: boxes[24]}}, bounds={"a": (20, 33)})
    lost = set(session.found("a")) - set(range(22, 32))
    assert lost
    touched = session.ask_all({"a": {30: boxes[30]}}, bounds={"a": (22, 31)})
    once.ask_all({"a": boxes}, bounds={"a": (22, 31)})
    assert touched["a"] == set(range(22, 32)) | lost
    assert same(session, once, "a")


def test_unknown_names_are_refused(make: Make) -> None:
    with pytest.raises(UnknownNameError, match="sequence"):
        make(balls(SHAPE, ONE), "sequenze")
    with pytest.raises(UsageError, match="Nobody asked for the target 'b'; there are none"):
        make(balls(SHAPE, ONE)).mask("b")


def test_asking_in_steps_gives_what_asking_at_once_gives(make: Make) -> None:
    volume = balls(SHAPE, FAR)
    boxes = {k: box_on(volume, k, FAR) for k in (21, 26, 27, 33)}
    once, steps = make(volume, rules=ANY), make(volume, rules=ANY)
    once.ask("far", boxes)
    for k in (26, 33, 21, 27):
        steps.ask("far", {k: boxes[k]})
    assert same(once, steps, "far")


def same(one: VolumeSession, other: VolumeSession, name: str) -> bool:
    found, again = one.found(name), other.found(name)
    assert found.keys() == again.keys()
    assert one.stops(name) == other.stops(name)
    return all(np.array_equal(f.patch.logits(), again[k].patch.logits()) for k, f in found.items())


def test_a_given_mask_is_the_slices_mask_until_something_else_is_said_there(make: Make) -> None:
    volume = balls(SHAPE, ONE)
    session = make(volume, rules=ANY)
    box = box_on(volume, 10, ONE)
    drawn = np.zeros((44, 40), bool)
    drawn[10:15, 11:16] = True
    session.ask_all({"one": {10: box}}, given={"one": {10: drawn}})
    assert np.array_equal(session.picture_mask("one", 10), drawn)
    assert session.found("one")[11].patch.area < inside(volume, ONE)[..., 11].sum()  # asked with the box around it
    session.ask("one", {10: box})
    assert np.array_equal(session.picture_mask("one", 10), inside(volume, ONE)[..., 10])


def test_given_masks_belong_to_prompted_slices_and_fit_them(make: Make) -> None:
    volume = balls(SHAPE, ONE)
    session, box = make(volume), box_on(volume, 10, ONE)
    with pytest.raises(PromptError, match="given a mask on slice 11, where it has no prompt"):
        session.ask_all({"one": {10: box}}, given={"one": {11: np.ones((44, 40), bool)}})
    with pytest.raises(PromptError, match=r"the mask has shape \(4, 4\), the picture \(44, 40\)"):
        session.ask_all({"one": {10: box}}, given={"one": {10: np.ones((4, 4), bool)}})
    assert session.targets == ()

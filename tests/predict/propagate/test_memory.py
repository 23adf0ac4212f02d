from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from samaritan.core import Box, Points, PromptSet, UsageError
from samaritan.models import load_model
from samaritan.models._base import Embedding, Memory, Prediction, Track
from samaritan.predict import VolumePredictor, VolumeSession
from samaritan.predict.propagate import Rules

from ..conftest import ThresholdSegmenter
from .conftest import Ball, Make, balls, box_on

SHAPE = (40, 36, 30)
BALL: Ball = (15, 15, 12, 9)
OTHER: Ball = (33, 29, 18, 5)


@dataclass
class Tracker(ThresholdSegmenter):
    """Remembers masks: follows a target two pixels around where the nearest memory saw it.

    The distances that it is given must be those of :class:`Track`: at most one is negative, a prompted slice's that lies ahead.
    """

    name: str = "tracker"
    seen: list[list[Track]] = field(default_factory=list)

    def follow(self, embedding: Embedding, tracks: Sequence[Track]) -> list[tuple[Prediction, Memory]]:
        self.seen.append(list(tracks))
        return [self._follow(embedding, track) for track in tracks]

    def _follow(self, embedding: Embedding, track: Track) -> tuple[Prediction, Memory]:
        prompt = track.prompt
        if prompt is not None and prompt.mask is not None:
            logits = prompt.mask.logits[None]
            prediction = Prediction(logits, np.array([0.9], np.float32), np.zeros((1, 4, 4), np.float32))
        else:
            prediction = self.decode(embedding, [prompt or self._around(track, embedding.shape)])[0]
        features = {"mask": torch.from_numpy(prediction.masks[0])[None]}
        return prediction, Memory(features, track.prompt is not None)

    @staticmethod
    def _around(track: Track, shape: tuple[int, int]) -> PromptSet:
        assert all(distance >= 1 or (distance <= -1 and memory.prompted) for distance, memory in track.past)
        assert sum(distance < 0 for distance, _ in track.past) <= 1
        _, memory = min(track.past, key=lambda one: abs(one[0]))
        places = np.argwhere(memory.features["mask"][0].numpy())
        return PromptSet(box=Box(np.maximum(places.min(0) - 2, 0), np.minimum(places.max(0) + 2, np.array(shape) - 1)))


@pytest.fixture
def segmenter() -> Tracker:
    return Tracker()


def inside(ball: Ball) -> np.ndarray:
    i, j, k = np.indices(SHAPE)
    return np.asarray((i - ball[0]) ** 2 + (j - ball[1]) ** 2 + (k - ball[2]) ** 2 <= ball[3] ** 2)


def session_of(make: Make, **settings: object) -> VolumeSession:
    return make(balls(SHAPE, BALL, OTHER), "memory", keep=99, **settings)


def test_both_directions_and_several_targets(make: Make, segmenter: Tracker) -> None:
    volume = balls(SHAPE, BALL, OTHER)
    session = session_of(make)
    visited = session.ask_all({"ball": {12: box_on(volume, 12, BALL)}, "other": {18: box_on(volume, 18, OTHER)}})
    assert np.array_equal(session.mask("ball"), inside(BALL))
    assert np.array_equal(session.mask("other"), inside(OTHER))
    assert segmenter.encoded == len(visited["ball"] | visited["other"])
    assert max(map(len, segmenter.seen)) == 2


def test_chain_looks_back_at_its_prompted_slice_and_its_last_few(make: Make, segmenter: Tracker) -> None:
    session = session_of(make, rules=Rules(recent=3, patience=0))
    session.ask("ball", {12: box_on(balls(SHAPE, BALL), 12, BALL)})
    up = [track for (track,) in segmenter.seen[1:11]]
    assert [[distance for distance, _ in track.past] for track in up[:6]] == [
        [1], [2, 1], [3, 2, 1], [4, 3, 2, 1], [5, 3, 2, 1], [6, 3, 2, 1],
    ]  # fmt: skip
    assert [memory.prompted for _, memory in up[5].past] == [True, False, False, False]
    assert segmenter.seen[0][0].past == ()


def test_empty_slices_are_passed_over_with_patience(make: Make) -> None:
    volume = balls(SHAPE, BALL)
    volume.data[:, :, 15:17] = 20  # two dark slices through the ball
    patient, hasty = (make(volume, "memory", rules=Rules(patience=n)) for n in (2, 1))
    for session in (patient, hasty):
        session.ask("ball", {12: box_on(volume, 12, BALL)})
    assert sorted(patient.found("ball")) == [*range(3, 15), *range(17, 22)]
    assert sorted(hasty.found("ball")) == [*range(3, 15)]
    assert hasty.stops("ball")[1].reason == "empty: the model found nothing on 2 slices"
    assert hasty.stops("ball")[1].last == 14


def test_between_prompted_slices_both_ends_are_looked_at(make: Make, segmenter: Tracker) -> None:
    volume = balls(SHAPE, BALL)
    session = session_of(make)
    session.ask("ball", {k: box_on(volume, k, BALL) for k in (9, 15)})
    between = [
        t for tracks in segmenter.seen for t in tracks if t.prompt is None and sum(m.prompted for _, m in t.past) == 2
    ]
    assert len(between) == 2 * 5
    ends = [[distance for distance, memory in track.past if memory.prompted] for track in between]
    up = [[1, -5], [2, -4], [3, -3], [4, -2], [5, -1]]
    assert ends == 2 * up  # the same on the way down, where 9 lies ahead
    assert {k: f.origin for k, f in session.found("ball").items() if 9 <= k <= 15} == {
        9: "prompt", **dict.fromkeys(range(10, 15), "fused"), 15: "prompt",
    }  # fmt: skip


def test_correction_sees_its_prompted_neighbours_only(make: Make) -> None:
    volume = balls(SHAPE, BALL)
    session = session_of(make)
    session.ask("ball", {k: box_on(volume, k, BALL) for k in (6, 10, 14, 18)})
    before = session.found("ball")
    assert session.ask("ball", {14: PromptSet(box=Box((10, 10), (16, 16)))}) == set(range(11, 18))
    after = session.found("ball")
    assert all(after[k] is before[k] for k in before if k <= 10 or k >= 18)
    assert session.picture_mask("ball", 14).sum() == 7 * 7


def held(session: VolumeSession) -> dict[str, list[int]]:
    """Target -> slices whose memory is kept when the work is done."""
    return {name: sorted(target.memories) for name, target in session._targets.items()}


def test_memories_are_kept_only_where_a_chain_may_start(make: Make) -> None:
    volume = balls(SHAPE, BALL)
    session = session_of(make)
    boxes = {k: box_on(volume, k, BALL) for k in range(6, 19)}
    deep = {"deep": boxes, "pair": {k: boxes[k] for k in (9, 10, 11, 15)}, "empty": {2: boxes[9]}}
    session.ask_all(deep, bounds={"deep": (6, 18)})
    assert held(session) == {"deep": [], "pair": [9, 11, 15], "empty": []}
    session.ask("pair", {k: boxes[k] for k in (12, 13, 14)})
    assert held(session)["pair"] == [9, 15]


def test_no_memory_is_missed_where_it_is_asked_in_steps(make: Make) -> None:
    volume = balls(SHAPE, BALL)
    boxes = {k: box_on(volume, k, BALL) for k in (7, 8, 9, 13, 14, 17)}
    once, steps = session_of(make), session_of(make)
    once.ask("ball", boxes)
    for k in (8, 7, 14, 9, 17, 13):
        steps.ask("ball", {k: boxes[k]})
    for session in (once, steps):
        session.ask("ball", {13: PromptSet(points=Points([(15, 15)], [0]))})
    one, other = once.found("ball"), steps.found("ball")
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[k].patch.logits(), other[k].patch.logits()) for k in one)
    assert held(once) == held(steps) == {"ball": [7, 9, 13, 14, 17]}


def test_several_boxes_on_a_slice_become_one_mask(make: Make, segmenter: Tracker) -> None:
    volume = balls(SHAPE, BALL, OTHER)
    session = session_of(make)
    session.ask("both", {15: [box_on(volume, 15, BALL), box_on(volume, 15, OTHER)]})
    (track,) = segmenter.seen[0]
    assert track.prompt is not None
    assert track.prompt.mask is not None
    assert np.array_equal(session.picture_mask("both", 15), (inside(BALL) | inside(OTHER))[:, :, 15])


def test_two_boxes_on_a_slice_come_back_from_sam2_as_their_union() -> None:
    """What the model answers to each box, united to the pixel, with the mean of its own estimates."""
    volume = balls((24, 20, 9), (11, 9, 4, 6))
    boxes = [PromptSet(box=Box((2, 2), (9, 9))), PromptSet(box=Box((12, 10), (21, 17)))]
    predictor = VolumePredictor(load_model("tiny-sam2"), volume, keep=9)
    session = VolumeSession(predictor, "memory")
    session.ask("both", {4: boxes})
    one, other = predictor.decode(4, boxes, multimask=False)
    assert one.masks.any() or other.masks.any()
    assert not np.array_equal(one.masks, other.masks)
    assert np.array_equal(session.picture_mask("both", 4), (one.masks | other.masks)[0])
    expected = (one.quality[0] + other.quality[0]) / 2
    assert session.found("both")[4].quality == pytest.approx(expected, abs=1e-4)


def test_models_without_a_memory_are_refused() -> None:
    predictor = VolumePredictor(ThresholdSegmenter(), balls(SHAPE, BALL), intensity="asis")
    with pytest.raises(UsageError, match="threshold has no memory to propagate with; use --propagate sequence"):
        VolumeSession(predictor, "memory")
    with pytest.raises(UsageError, match="threshold has no memory; ask it slice by slice"):
        predictor.follow(3, [Track()])


def test_parts_of_slices_are_refused_and_auto_goes_without(segmenter: Tracker) -> None:
    predictor = VolumePredictor(segmenter, balls(SHAPE, BALL), intensity="asis", framing="zoom:2")
    with pytest.raises(UsageError, match="Memories need whole slices, and the framing is zoom:2; use --framing whole"):
        VolumeSession(predictor, "memory")
    with pytest.raises(UsageError, match="whole slices"):
        predictor.follow(3, [Track()])
    assert VolumeSession(predictor, "auto").strategy.name == "sequence"


def test_auto_takes_the_memory_where_there_is_one(make: Make, segmenter: Tracker) -> None:
    session = make(balls(SHAPE, BALL), "auto")
    session.ask("ball", {12: box_on(balls(SHAPE, BALL), 12, BALL)})
    assert segmenter.seen
    assert session.strategy.name == "memory"


def test_miniature_of_sam2_goes_through_a_volume() -> None:
    volume = balls((24, 20, 9), (11, 9, 4, 6))
    sessions = []
    for _ in range(2):
        session = VolumeSession(VolumePredictor(load_model("tiny-sam2"), volume, keep=9), "auto")
        assert session.strategy.name == "memory"
        visited = session.ask_all(
            {"a": {4: box_on(volume, 4, (11, 9, 4, 6))}, "b": {3: PromptSet(box=Box((2, 2), (9, 9)))}}
        )
        assert session.predictor.encode_calls == len(visited["a"] | visited["b"])
        session.ask("a", {2: PromptSet(points=Points([(11, 9)], [1]))})
        sessions.append(session)
    one, other = sessions
    assert np.array_equal(one.mask("a"), other.mask("a"))
    assert one.stops("a") == other.stops("a")

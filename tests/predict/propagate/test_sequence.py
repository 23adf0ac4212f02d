from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Box, PromptSet, Volume
from samaritan.predict import VolumePredictor, VolumeSession
from samaritan.predict.propagate import Found, Rules
from samaritan.predict.propagate._sweep import fuse

from ..conftest import ThresholdSegmenter
from .conftest import Ball, Make, balls, box_on
from .test_shape import disc

SHAPE = (44, 40, 40)
TUBE_END = 35


def tube() -> Volume:
    """A bright tube that leans, i 10 + k / 4 ... with nothing above slice 35."""
    volume = balls(SHAPE)
    i, j, k = np.indices(SHAPE)
    volume.data[((i - 12 - k / 4) ** 2 + (j - 18) ** 2 <= 36) & (k <= TUBE_END)] = 200
    return volume


def box_at(volume: Volume, index: int) -> PromptSet:
    places = np.argwhere(volume.data[:, :, index] > 100)
    return PromptSet(box=Box(places.min(axis=0), places.max(axis=0)))


def test_leaning_tube_is_followed_to_its_end(make: Make) -> None:
    session = make(tube())
    session.ask("tube", {20: box_at(tube(), 20)})
    assert np.array_equal(session.mask("tube"), tube().data > 100)
    assert [s.reason for s in session.stops("tube")] == [
        "reached the end of the volume",
        "empty: the model found nothing",
    ]


def test_where_both_chains_lose_the_target_shapes_close_the_gap(make: Make) -> None:
    volume = tube()
    volume.data[:, :, 15:19] = 20
    session = make(volume)
    session.ask("tube", {k: box_at(volume, k) for k in (10, 25)})
    found = session.found("tube")
    assert {found[k].origin for k in range(15, 19)} == {"shape"}
    assert np.mean([f.patch.overlap(session.found("tube")[k].patch) for k, f in found.items()]) == 1
    truth = tube().data[:, :, 16] > 100
    mask = found[16].patch.mask()
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.9


@pytest.mark.parametrize("name", ["interpolate", "refine"])
def test_between_prompts_only(make: Make, segmenter: ThresholdSegmenter, name: str) -> None:
    session = make(tube(), name)
    touched = session.ask("tube", {k: box_at(tube(), k) for k in (8, 14, 20)})
    assert touched == set(range(8, 21))
    assert sorted(session.found("tube")) == list(range(8, 21))
    assert segmenter.encoded == (3 if name == "interpolate" else 13)
    origins = {session.found("tube")[k].origin for k in range(9, 14)}
    assert origins == {"shape" if name == "interpolate" else "refined"}
    truth, mask = tube().data > 100, session.mask("tube")
    exact = np.array_equal(mask[:, :, 8:21], truth[:, :, 8:21])
    assert exact == (name == "refine")
    assert session.stops("tube") == []


def test_answer_far_from_the_shape_is_not_taken(make: Make) -> None:
    ball: Ball = (12, 12, 10, 9)
    volume = balls(SHAPE, ball)
    volume.data[8:40, 8:40, 11] = 20
    session = make(volume, "refine", rules=Rules(overlap=0.7))
    session.ask("ball", {k: box_on(volume, k, ball) for k in (8, 14)})
    found = session.found("ball")
    assert found[10].origin == "refined"
    assert found[11].origin == "shape"


def test_none_asks_on_prompted_slices_only(make: Make, segmenter: ThresholdSegmenter) -> None:
    session = make(tube(), "none")
    assert session.ask("tube", {k: box_at(tube(), k) for k in (8, 14)}) == {8, 14}
    assert segmenter.encoded == 2
    assert sorted(session.found("tube")) == [8, 14]
    assert session.stops("tube") == []


def test_fusion_weighs_probabilities_by_distance() -> None:
    one, other = Found(disc(30, 10), 0.9, "chain"), Found(disc(50, 10), 0.5, "chain")
    near = fuse(one, other, 1, 3)
    assert near.patch.overlap(one.patch) == 1  # 0.75 * p(5) > 0.5 where only it says yes
    assert near.quality == pytest.approx(0.8)
    assert near.origin == "fused"
    assert fuse(one, other, 3, 1).patch.overlap(other.patch) == 1
    assert fuse(one, one, 2, 5).patch.overlap(one.patch) == 1


def test_square_of_a_framing_follows_the_mask(segmenter: ThresholdSegmenter) -> None:
    predictor = VolumePredictor(segmenter, tube(), intensity="asis", framing="zoom:1.5")
    session = VolumeSession(predictor, "sequence")
    session.ask("tube", {4: box_at(tube(), 4)})
    truth = tube().data > 100
    assert np.array_equal(session.mask("tube"), truth)
    moved = np.argwhere(truth[:, :, TUBE_END])[:, 0].min() - np.argwhere(truth[:, :, 4])[:, 0].min()
    assert moved > 6  # out of the first square, which is 20 pixels wide around 13
    assert predictor.encode_calls == TUBE_END + 2

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samaritan.benchmark._visits import Visits
from samaritan.core import Geometry, Volume
from samaritan.core.store import ArrayStore
from samaritan.models import load_model
from samaritan.predict import VolumePredictor


@pytest.fixture
def visits(tmp_path: Path) -> Visits:
    return Visits(ArrayStore(tmp_path / "kept"))


def predictor(visits: Visits) -> VolumePredictor:
    voxels = np.random.default_rng(0).integers(0, 255, (20, 16, 3), np.uint8)
    volume = Volume(voxels, Geometry.from_spacing((20, 16, 3), (1, 1, 1)))
    return VolumePredictor(load_model("tiny-litemedsam"), volume, intensity="asis", cache=visits)


def test_what_is_needed_is_counted_once_wherever_it_comes_from(visits: Visits) -> None:
    first = predictor(visits)
    for index in (0, 1, 0, 1):  # one embedding is held at a time, so the others are read again
        first.embedding(index)
    assert (visits.calls, first.encode_calls, first.read_calls) == (2, 2, 2)
    visits.begin()
    assert (visits.calls, visits.seconds) == (0, 0.0)
    second = predictor(visits)
    second.embedding(1)
    second.embedding(2)
    assert (visits.calls, second.encode_calls, second.read_calls) == (2, 1, 1)
    assert visits.seconds > 0

"""Pictures on disk that a miniature can be trained on in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samaritan.datasets._base import REFERENCE
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.train._examples import Example, Target


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight patients with one rectangle each, in the plain layout."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(8):
        rng = np.random.default_rng(number)
        mask = np.zeros((40, 32), np.uint8)
        x, y = rng.integers(4, 16, 2)
        mask[y : y + 14, x : x + 10] = 1
        image = (mask * 90 + rng.random(mask.shape) * 120).astype(np.uint8)
        for kind, array in (("images", image), ("masks", mask)):
            (folder / kind).mkdir(exist_ok=True)
            Image.fromarray(array).save(folder / kind / f"patient{number}.png")
    return folder


@pytest.fixture
def example() -> Example:
    """A picture (40, 32) that is bright where its mask is, with the gold standard and one rater who sees less."""
    mask = np.zeros((40, 32), np.float32)
    mask[6:18, 10:26] = 1
    less = mask.copy()
    less[6:12] = 0
    picture = np.repeat(mask[None, ..., None] * 200, 3, axis=-1).astype(np.float16)
    return Example("set/case/0", "anna", "CT", picture, (Target("organ", {REFERENCE: mask, "bob": less}),))


@pytest.fixture
def segmenter() -> SamSegmenter:
    """The miniature whose encoder sees squares of 64 pixels."""
    loaded = load_model("tiny-litemedsam")
    assert isinstance(loaded, SamSegmenter)
    return loaded

"""Pictures on disk that a miniature can be trained on in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


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

"""Pictures on disk that a miniature learns from in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven patients with a bright rectangle each, in the plain layout; the label is called organ."""
    folder = tmp_path_factory.mktemp("data") / "set"
    for number in range(7):
        rng = np.random.default_rng(number)
        mask = np.zeros((40, 32), np.uint8)
        x, y = rng.integers(4, 16, 2)
        mask[y : y + 14, x : x + 10] = 1
        image = (mask * 90 + rng.random(mask.shape) * 120).astype(np.uint8)
        for kind, array in (("images", image), ("masks", mask)):
            (folder / kind).mkdir(exist_ok=True, parents=True)
            Image.fromarray(array).save(folder / kind / f"patient{number}.png")
    (folder / "dataset.yaml").write_text("labels: {1: organ}\n", encoding="utf-8")
    return folder

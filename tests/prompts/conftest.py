from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Geometry, SliceView


@pytest.fixture
def flat() -> SliceView:
    """A picture of 60 x 40 pixels."""
    return SliceView.of(Geometry.pixels(60, 40))


@pytest.fixture
def volume() -> SliceView:
    """RAS voxels of 1 x 2 x 3 mm, seen axially: x = 29 - i, y = 19 - j, slice = k."""
    affine = np.array([[1.0, 0, 0, -10], [0, 2, 0, 5], [0, 0, 3, 7], [0, 0, 0, 1]])
    return SliceView.of(Geometry((30, 20, 10), affine), "axial")


@pytest.fixture
def blocks() -> NDArray[np.bool_]:
    """Four squares of side 9, 7, 5 and 3 in a picture of 60 x 40."""
    mask = np.zeros((60, 40), dtype=bool)
    mask[40:49, 20:29] = True
    mask[2:9, 30:37] = True
    mask[10:15, 2:7] = True
    mask[55:58, 5:8] = True
    return mask

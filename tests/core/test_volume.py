from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Geometry, InputError, LabelMap, Volume

GRID = Geometry((2, 3, 4), np.eye(4))


def test_grey_and_colour() -> None:
    assert not Volume(np.zeros((2, 3, 4)), GRID).is_colour
    assert Volume(np.zeros((2, 3, 4, 3), np.uint8), GRID).is_colour


@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 2, 4), (2, 3, 4, 4), (2, 3, 4, 3, 1), (2, 3)])
def test_image_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        Volume(np.zeros(shape), GRID)


def test_labels_present_and_their_names() -> None:
    data = np.zeros((2, 3, 4), np.uint16)
    data[0, 0, 0], data[1, 2, 3] = 1000, 2
    labels = LabelMap(data, GRID, {2: "liver", 5: "absent"})
    assert labels.labels() == [2, 1000]
    assert [labels.name(v) for v in (2, 1000)] == ["liver", "label_1000"]


@pytest.mark.parametrize("dtype", [np.int16, np.float32, bool])
def test_labels_that_are_no_unsigned_integers_are_refused(dtype: type) -> None:
    with pytest.raises(InputError, match="unsigned integers"):
        LabelMap(np.zeros((2, 3, 4), dtype), GRID)


def test_labels_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="grid"):
        LabelMap(np.zeros((4, 3, 2), np.uint8), GRID)

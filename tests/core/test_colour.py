from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from samaritan.core.colour import PALETTE, Colour, colour_of, lab_of


def test_colours_are_used_again_in_order() -> None:
    assert [colour_of(n) for n in range(len(PALETTE) + 1)] == [*PALETTE, PALETTE[0]]


@pytest.mark.parametrize("colour", [*PALETTE, (0, 0, 0), (255, 255, 255), (3, 1, 2)])
def test_lab_as_a_colour_engine_gives_it(colour: Colour) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    change = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    picture = ImageCms.applyTransform(Image.new("RGB", (1, 1), colour), change)
    assert picture is not None
    stored = np.asarray(picture)[0, 0].astype(int)
    expected = (stored[0] / 2.55, *(stored[1:] - 256 * (stored[1:] > 127)))
    assert lab_of(colour) == pytest.approx(expected, abs=1.2)

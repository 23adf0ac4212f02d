from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import Geometry, Volume
from samaritan.core.intensity import choose
from samaritan.predict.plausibility import image_warnings


def warnings_of(low: float, high: float, modality: str | None, policy: str | None = None) -> tuple[str, ...]:
    data = np.linspace(low, high, 64).reshape(4, 4, 4).astype(np.float32)
    volume = Volume(data, Geometry.from_spacing((4, 4, 4), (1, 1, 1)))
    return image_warnings(volume, choose(volume, modality, policy).fit(volume), modality)


@pytest.mark.parametrize(("low", "high", "modality"), [(-1024, 3071, "CT"), (0, 4000, "MR"), (0, 255, None)])
def test_ordinary_images_raise_no_warning(low: float, high: float, modality: str | None) -> None:
    assert warnings_of(low, high, modality) == ()


@pytest.mark.parametrize("value", [0, 40, -1000])
def test_constant_image(value: float) -> None:
    found = warnings_of(value, value, "MR")
    assert len(found) == 1
    assert "constant" in found[0]


@pytest.mark.parametrize(("low", "high"), [(0, 4095), (0, 255), (-1024, 40000), (-32768, 3000)])
def test_ct_without_hounsfield_units(low: float, high: float) -> None:
    assert any("HU range is implausible" in text for text in warnings_of(low, high, "CT scan"))


def test_image_outside_the_window() -> None:
    (found,) = warnings_of(-1000, -900, "CT")
    assert "little contrast under the intensity policy window 40/400" in found
    assert "0..0 of 255" in found


def test_window_that_shows_the_image_is_silent() -> None:
    assert warnings_of(-1000, -400, "CT", "ct:lung") == ()


def test_a_ct_that_nobody_says_is_one() -> None:
    (found,) = warnings_of(-1024, 3071, None)
    assert "look like Hounsfield units" in found
    assert "the policy is percentile 0.5-99.5; for a CT pass --modality CT" in found
    assert warnings_of(-1024, 3071, None, "ct:lung") == ()
    assert warnings_of(-1024, 3071, "MR") == ()
    assert warnings_of(-47, 833, None) == ()

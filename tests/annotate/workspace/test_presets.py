from __future__ import annotations

import numpy as np

from samaritan.annotate.workspace.presets import FITTED, presets
from samaritan.core import Geometry, Volume

GEOMETRY = Geometry((4, 4, 2), np.eye(4))
DATA = np.linspace(-1000, 1000, 32).reshape(4, 4, 2).astype(np.int16)


def test_ct_has_the_windows_of_radiology_and_the_fitted_one_first() -> None:
    windows = presets(Volume(DATA, GEOMETRY, "CT", {"window": (50, 350)}))
    found = {one.name: (one.low, one.high) for one in windows}
    assert list(found)[:3] == [FITTED, "as stored in the file", "soft-tissue"]
    assert found[FITTED] == found["soft-tissue"]
    assert list(found[FITTED]) == [-160, 240]
    assert found["as stored in the file"] == (-125.0, 225.0)
    assert found["lung"] == (-1350.0, 150.0)
    assert found["full range"] == (-1000.0, 1000.0)
    assert "lung-medsam" not in found


def test_the_data_set_decides_before_the_file() -> None:
    assert presets(Volume(DATA, GEOMETRY), "CT", "ct:bone")[0].low == -500
    assert [one.name for one in presets(Volume(DATA, GEOMETRY, "MR"))] == [FITTED, "full range"]


def test_values_like_those_of_ct_have_its_windows_to_look_at_and_the_fitted_one_stays() -> None:
    windows = presets(Volume(DATA, GEOMETRY))
    assert [one.name for one in windows][:2] == [FITTED, "soft-tissue"]
    assert (windows[0].low, windows[0].high) != (-160, 240)
    assert [one.name for one in presets(Volume(abs(DATA), GEOMETRY))] == [FITTED, "full range"]


def test_no_windows_for_colours_and_none_without_width() -> None:
    assert presets(Volume(np.zeros((4, 4, 2, 3), np.uint8), GEOMETRY)) == ()
    assert all(one.high > one.low for one in presets(Volume(np.zeros((4, 4, 2), np.int16), GEOMETRY)))

from __future__ import annotations

import numpy as np
import pytest

from samaritan.datasets.samples import _draw


def test_a_blob_without_waves_is_an_ellipse() -> None:
    inside = _draw.blob((60, 50), (30, 20), (20, 10)) < 0
    assert inside.sum() == pytest.approx(np.pi * 20 * 10, rel=0.02)
    assert inside[11, 20]
    assert inside[30, 11]
    assert not inside[30, 9]
    turned = _draw.blob((60, 50), (30, 20), (20, 10), angle=np.pi / 2) < 0
    assert turned[30, 38]
    assert not turned[45, 20]


def test_paint_mixes_at_the_edge_and_leaves_its_input() -> None:
    below = np.zeros((5, 1))
    distance = np.array([[-2.0], [-0.5], [0.0], [0.5], [2.0]])
    mixed = _draw.paint(below, distance, 100.0, softness=1.0)
    assert mixed.ravel().tolist() == [100, 75, 50, 25, 0]
    assert not below.any()


def test_polygon_takes_the_pixels_whose_centre_is_inside() -> None:
    inside = _draw.polygon((8, 6), [(1.5, 0.5), (5.5, 0.5), (5.5, 3.5), (1.5, 3.5)])
    assert inside[2:6, 1:4].all()
    assert inside.sum() == 12


def test_each_patient_has_a_generator_of_its_own() -> None:
    first, again, second = (_draw.patient_rng(case, 1).normal() for case in ("p1", "p1", "p2"))
    assert first == again != second

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samaritan.evaluate._surfels import areas, has_surface, surface_cells

VOLUME = (False, False, False)
SPACING = (0.7, 0.9, 3.1)


def area(mask: np.ndarray, spacing: tuple[float, float, float], flat: tuple[bool, bool, bool] = VOLUME) -> float:
    return float(areas(spacing)[surface_cells(mask, flat)].sum())


def test_areas_are_those_of_the_published_implementation() -> None:
    """It numbers the voxels of a cell by powers of 2 in a kernel of its own."""
    tables: Any = pytest.importorskip("surface_distance.lookup_tables")
    kernel = np.array(tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL).ravel()
    number = [sum(int(kernel[bit]) for bit in range(8) if code >> bit & 1) for code in range(256)]
    for spacing in ((1.0, 1.0, 1.0), SPACING, (3.0, 1.0, 0.5)):
        theirs = tables.create_table_neighbour_code_to_surface_area(spacing)[number]
        np.testing.assert_allclose(areas(spacing), theirs, atol=1e-12)


def test_one_voxel_is_an_octahedron() -> None:
    assert area(np.ones((1, 1, 1), bool), (1, 1, 1)) == pytest.approx(np.sqrt(3))


def test_a_box_has_the_area_of_its_faces_with_bevelled_edges() -> None:
    i, j, k = SPACING
    faces = 2 * (4 * 3 * i * j + 4 * 2 * i * k + 3 * 2 * j * k)
    edges = 4 * (4 * i * np.hypot(j, k) + 3 * j * np.hypot(i, k) + 2 * k * np.hypot(i, j)) / 2
    corners = np.linalg.norm([i * j, i * k, j * k])
    assert area(np.ones((5, 4, 3), bool), SPACING) == pytest.approx(faces + edges + corners)


def test_a_hole_has_the_surface_of_what_would_fill_it() -> None:
    mask = np.random.default_rng(0).random((6, 5, 4)) < 0.4
    outside = np.pad(~mask, 1, constant_values=True)
    shell = area(np.ones(outside.shape, bool), SPACING)
    assert area(outside, SPACING) - shell == pytest.approx(area(mask, SPACING))


@pytest.mark.parametrize("axis", range(3))
def test_a_flat_image_has_a_contour(axis: int) -> None:
    """Of 5 x 3 pixels, with corners cut; beyond the one slice nothing is added."""
    sizes = [0.5, 2.0]
    spacing = tuple(np.insert(sizes, axis, 1.0).tolist())
    mask = np.expand_dims(np.ones((5, 3), bool), axis)
    still = (axis == 0, axis == 1, axis == 2)
    codes = surface_cells(mask, still)
    assert codes.shape == tuple(np.insert([6, 4], axis, 1).tolist())
    assert np.count_nonzero(has_surface(codes)) == 6 * 4 - 4 * 2
    assert area(mask, spacing, still) == pytest.approx(2 * (4 * 0.5 + 2 * 2.0) + 4 * np.hypot(0.5, 2) / 2)

"""A volume that is turned, stretched and stored in an odd order: what is clicked at a known place is in the saved mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from benchmarks.annotate.pictures import INSIDE, OBJECT, OUTSIDE, oblique
from benchmarks.annotate.server import Server
from samaritan.core import Geometry
from tests.annotate.browser.images import make_obliques
from tests.annotate.browser.saved import saved_labels, saved_mask
from tests.annotate.browser.screen import PlaneName, Screen, is_grey

pytestmark = pytest.mark.browser

PLANES: tuple[PlaneName, ...] = ("axial", "coronal", "sagittal")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of this file, each of which has a case of its own."""
    folder = tmp_path_factory.mktemp("volumes")
    make_obliques(folder / "images", 6)
    with Server(folder / "images", folder / "out", model="litemedsam", labels=("organ", "lesion")) as server:
        server.await_model()
        yield server


def near(world: ArrayLike, right: float, front: float, up: float) -> NDArray[np.float64]:
    """So many mm away from a place."""
    moved: NDArray[np.float64] = np.asarray(world, float) + np.array((right, front, up))
    return moved


def holds(mask: NDArray[np.bool_], geometry: Geometry, world: tuple[float, float, float]) -> bool:
    """Whether the voxel at a place in mm belongs to the mask on its own grid."""
    return bool(mask[tuple(np.rint(geometry.to_voxel(np.array([world]))[0]).astype(int))])


def test_a_click_in_each_plane_is_in_the_saved_mask(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("oblique_0")
    screen.open("oblique_0")
    for plane, world in zip(PLANES, INSIDE, strict=True):
        screen.go_to(case, world)
        screen.alone(plane)
        view, beside = screen.view(case, plane), near(world, -28, -28, 0)
        before = screen.colour_at(*view.pixel(world), radius=1)
        assert is_grey(before)
        assert before.mean() > screen.colour_at(*view.pixel(beside), radius=1).mean() + 20
        screen.press("n", "p")
        screen.click(case, plane, world)
        screen.await_saved()
        x, y = screen.view(case, plane).pixel(world)
        assert not is_grey(screen.colour_at(x + 14, y + 14, radius=1)), "the mask is not to be seen"
    mask = saved_mask(server, "oblique_0")
    for world in INSIDE:
        assert holds(mask, oblique(), world)
    assert not holds(mask, oblique(), OUTSIDE)
    found = [one.voxels for one in server.client().open("oblique_0").objects]
    assert len(found) == 3
    assert all(found)


def test_the_file_lies_on_the_grid_of_its_image(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("oblique_1")
    screen.open("oblique_1")
    screen.go_to(case, OBJECT.centre)
    screen.alone("axial")
    screen.press("d")
    screen.click(case, "axial", OBJECT.centre)
    screen.await_saved()
    saved_labels(server, "oblique_1")
    image, mask = (nib.load(path / "oblique_1.nii.gz") for path in (server.folder, server.output / "masks"))
    np.testing.assert_array_equal(mask.affine, image.affine)  # type: ignore[attr-defined]
    assert mask.shape == image.shape  # type: ignore[attr-defined]
    assert nib.aff2axcodes(mask.affine) == ("L", "S", "A")  # type: ignore[attr-defined,no-untyped-call]
    drawn = np.argwhere(np.asarray(mask.dataobj))  # type: ignore[attr-defined]
    apart = np.abs(oblique().to_world(drawn) - OBJECT.centre).max(axis=0)
    assert (apart < 4 + 2.2).all(), "a brush of 4 mm drew further than that"


def test_every_tool_changes_the_mask_as_it_says(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("oblique_2")
    screen.open("oblique_2")
    screen.go_to(case, OBJECT.centre)
    screen.alone("coronal")
    truth = OBJECT.on(oblique())
    sizes: dict[str, int] = {}

    def slice_mask() -> NDArray[np.bool_]:
        screen.await_saved()
        return saved_mask(server, "oblique_2")

    at = np.array(OBJECT.centre)
    corners = [near(at, -20, 0, -17), near(at, 20, 0, 17)]
    screen.press("b")
    screen.drag(case, "coronal", corners)
    boxed = slice_mask()
    inside = boxed & truth
    where = int(np.rint(oblique().to_voxel(at[None])[0])[2])
    assert set(np.argwhere(boxed)[:, 2]) == {where}, "a box on a coronal slice marks that slice"
    assert 2 * inside.sum() / (boxed.sum() + truth[:, :, where].sum()) > 0.85
    screen.choose("Clear slice")
    assert not slice_mask().any()
    for key, path in (
        ("s", [near(at, -8, 0, 0), near(at, 8, 0, 2)]),
        ("l", [near(at, *turn) for turn in ((-16, 0, -12), (16, 0, -12), (16, 0, 12), (-16, 0, 12))]),
    ):
        screen.press(key)
        screen.drag(case, "coronal", path)
        sizes[key] = int(slice_mask().sum())
        assert sizes[key] > 50
    screen.choose("Clear slice")
    screen.press("d")
    screen.drag(case, "coronal", [near(at, -8, 0, 0), near(at, 8, 0, 0)])
    painted = slice_mask()
    screen.press("e")
    screen.drag(case, "coronal", [near(at, 0, 0, -6), near(at, 0, 0, 6)])
    rubbed = slice_mask()
    assert painted.sum() > rubbed.sum() > 0
    assert not (rubbed & ~painted).any()
    assert holds(painted, oblique(), OBJECT.centre)
    assert not holds(rubbed, oblique(), OBJECT.centre)


def test_candidates_whole_volume_and_a_correction(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("oblique_3")
    screen.open("oblique_3")
    screen.go_to(case, OBJECT.centre)
    screen.alone("axial")
    screen.press("p")
    screen.click(case, "axial", OBJECT.centre)
    screen.await_saved()
    first = saved_mask(server, "oblique_3")
    screen.press("c")
    screen.await_saved()
    assert (saved_mask(server, "oblique_3") != first).any(), "another candidate is another mask"
    at = np.array(OBJECT.centre)
    screen.press("b")
    screen.drag(case, "axial", [near(at, -20, -18, 0), near(at, 20, 18, 0)])
    screen.await_saved()
    screen.choose("To the whole volume")
    screen.await_saved(within=300_000)
    whole, truth = saved_mask(server, "oblique_3"), OBJECT.on(oblique())
    assert len(set(np.argwhere(whole)[:, 1])) >= 8, "more than the slice that was prompted"
    assert 2 * (whole & truth).sum() / (whole.sum() + truth.sum()) > 0.75
    there = near(at, 0, 0, 6)
    screen.go_to(case, there)
    screen.alone("axial")
    screen.press("e")
    screen.drag(case, "axial", [near(there, -6, 0, 0), near(there, 6, 0, 0)])
    screen.await_saved()
    corrected = saved_mask(server, "oblique_3")
    assert 0 < (whole & ~corrected).sum() < 400
    assert not (corrected & ~whole).any()


def test_undo_to_empty_and_redo_give_exact_voxels(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("oblique_4")
    screen.open("oblique_4")
    screen.go_to(case, OBJECT.centre)
    at = np.array(OBJECT.centre)
    states = [saved_mask(server, "oblique_4")]
    screen.alone("axial")
    for key, move in (("d", (0, 0, 0)), ("p", (2, 3, 0)), ("e", (3, 0, 0)), ("d", (-9, 4, 0))):
        screen.press(key)
        screen.click(case, "axial", near(at, *move))
        screen.await_saved()
        states.append(saved_mask(server, "oblique_4"))
    assert all((one != other).any() for one, other in pairwise(states))
    for expected in reversed(states[:-1]):
        screen.press("Control+z")
        screen.await_saved()
        np.testing.assert_array_equal(saved_mask(server, "oblique_4"), expected)
    assert not states[0].any()
    screen.press("Control+z")  # the object itself
    screen.await_saved()
    assert not server.client().open("oblique_4").objects
    screen.press("Control+Shift+z")
    for expected in states[1:]:
        screen.press("Control+Shift+z")
        screen.await_saved()
        np.testing.assert_array_equal(saved_mask(server, "oblique_4"), expected)


def test_three_planes_at_once_show_the_same_place(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("oblique_5")
    screen.open("oblique_5")
    screen.go_to(case, OBJECT.centre)
    screen.choose("Three planes")
    picture = screen.picture().astype(float)
    assert picture.std() > 20
    told = screen.page.get_by_label("Crosshair").inner_text()
    numbers = [
        float(part) * (-1 if letter in "LPI" else 1) for letter, part in zip(*[iter(told.split()[:6])] * 2, strict=True)
    ]
    half = np.abs(oblique().affine[:3, :3]).sum(axis=1) / 2 + 0.1
    assert (np.abs(np.array(numbers) - OBJECT.centre) <= half).all(), told

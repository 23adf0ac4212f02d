"""What the viewer puts on the screen, and where: real pixels of a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.annotate.viewer.conftest import PLANES, SIZE, Pixels, Stage, inside

pytestmark = pytest.mark.browser  # a browser's loop would stay in the process of other tests

SPOT = np.array([41, 33, 8])
SHAPE = (60, 50, 12)
SPACING = (0.8, 1.1, 4.0)


def oblique() -> NDArray[np.float64]:
    """Turned by 12 degrees, tilted by 9; slices five times thicker than the pixels are wide."""
    a, b = np.deg2rad([12, -9])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ tilt @ np.diag(SPACING)
    affine[:3, 3] = (-90, -110, 37)
    return affine


def mm_of(voxel: Any) -> list[float]:
    return [float(v) for v in oblique()[:3, :3] @ voxel + oblique()[:3, 3]]


def voxel_of(mm: Any) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(oblique()[:3, :3], np.asarray(mm) - oblique()[:3, 3]), np.float64)


@pytest.fixture
def spot(stage: Stage) -> Stage:
    """An oblique, anisotropic volume, dark but for 3 x 3 x 1 voxels about SPOT; shown there."""
    voxels = np.full(SHAPE, 100, np.int16)
    i, j, k = SPOT
    voxels[i - 1 : i + 2, j - 1 : j + 2, k] = 1100
    stage.add("spot", voxels, oblique())
    stage.open("spot")
    stage.viewer("setWindow(0, 1000)")
    stage.viewer(f"moveTo({mm_of(SPOT)})")
    return stage


def bright(pixels: Pixels, plane: str) -> NDArray[np.float64]:
    """(x, y) of the middle of what is white in a plane's tile, in pixels of the screenshot."""
    rows, columns = inside(plane, pixels.shape)
    y, x = np.nonzero((pixels[rows, columns] > 250).all(axis=-1))
    assert len(x) > 20
    return np.array([columns.start + (x.min() + x.max() + 1) / 2, rows.start + (y.min() + y.max() + 1) / 2])


@pytest.mark.parametrize("plane", PLANES)
def test_click_on_bright_voxels_gives_their_mm(spot: Stage, plane: str) -> None:
    x, y = bright(spot.pixels(), plane)
    spot.viewer(f"moveTo({mm_of(SPOT + np.array([0.3, -0.3, 0.2]))})")  # not where it will be, but on the same slices
    spot.page.mouse.click(x, y)
    crosshair = voxel_of(spot.viewer("crosshair()"))
    assert np.abs(crosshair - SPOT).max() < 0.2
    spot.viewer("setMode('draw')")
    spot.page.mouse.click(x, y)
    down = spot.run("pointers.find((p) => p.type === 'down')")
    assert down["plane"] == plane
    assert np.abs(voxel_of(down["mm"]) - SPOT).max() < 0.2
    assert spot.viewer(f"valueAt({down['mm']})") == {"voxel": SPOT.tolist(), "value": [1100]}


@pytest.mark.parametrize("ratio", [1.25, 2])
@pytest.mark.parametrize("name", ["niivue", "canvas"])
def test_click_is_exact_on_finer_screens_and_after_resizing(
    new_stage: Callable[..., Any], name: str, ratio: float
) -> None:
    with new_stage(name, ratio=ratio) as stage:
        voxels = np.full(SHAPE, 100, np.int16)
        i, j, k = SPOT
        voxels[i - 1 : i + 2, j - 1 : j + 2, k] = 1100
        stage.add("spot", voxels, oblique())
        stage.open("spot")
        stage.page.set_viewport_size({"width": 731, "height": 517})
        stage.viewer("setWindow(0, 1000)")
        stage.viewer(f"moveTo({mm_of(SPOT)})")
        for plane in PLANES:
            x, y = bright(stage.pixels(), plane) / ratio
            stage.page.mouse.click(x, y)
            assert np.abs(voxel_of(stage.viewer("crosshair()")) - SPOT).max() < 0.2


@pytest.mark.parametrize("plane", PLANES)
def test_crosshair_runs_through_what_it_is_moved_to(spot: Stage, plane: str) -> None:
    pixels = spot.pixels()
    x, y = bright(pixels, plane)
    rows, columns = inside(plane, pixels.shape)
    warm = (pixels[..., 0] - pixels[..., 2]) > 60
    upright = np.nonzero(warm[rows, columns].mean(axis=0) > 0.6)[0] + columns.start
    level = np.nonzero(warm[rows, columns].mean(axis=1) > 0.6)[0] + rows.start
    assert len(upright) == len(level) == 1  # one pixel wide
    assert abs(upright[0] + 0.5 - x) <= 1
    assert abs(level[0] + 0.5 - y) <= 1


def test_patient_right_is_at_the_left_front_and_head_at_the_top(stage: Stage) -> None:
    voxels = np.zeros((40, 40, 40), np.uint8)
    voxels[30:36, 30:36, 30:36] = 255  # right, front, head
    stage.add("corner", voxels, np.eye(4))
    stage.open("corner")
    stage.viewer("moveTo([32, 32, 32])")
    pixels = stage.pixels()
    for plane in PLANES:
        rows, columns = inside(plane, pixels.shape)
        x, y = bright(pixels, plane)
        assert x < (columns.start + columns.stop) / 2
        assert y < (rows.start + rows.stop) / 2


def test_pictures_are_upright_in_one_tile_without_letters(stage: Stage) -> None:
    file = np.zeros((60, 80, 3), np.uint8)  # rows from the top, as in the file
    file[:30, :40], file[:30, 40:], file[30:, :40] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    native = file.transpose(1, 0, 2)[:, :, None]  # i = column, j = row, affine diag(-1, -1, 1)
    shown = native[::-1, ::-1]
    affine = np.diag([1.0, 1, 1, 1])
    affine[:2, 3] = (-79, -59)
    stage.add("picture", shown, affine, unit="px")
    stage.open("picture")
    pixels = stage.pixels()
    width, height = SIZE
    seen = pixels[[150, 150, 450, 450], [250, 650, 250, 650]]
    assert seen.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]
    frame = np.ones(pixels.shape[:2], bool)
    frame[10:-10, 60:-60] = False
    assert np.ptp(pixels[frame], axis=0).max() == 0  # no letters, no words
    stage.page.mouse.click(width / 2 - 372, height / 2 - 275)
    x, y, _ = stage.viewer("crosshair()")
    assert (round(-x), round(-y)) == (1, 1)  # native column 1, row 1


def test_window_makes_exactly_the_greys_it_says(stage: Stage) -> None:
    voxels = np.zeros((8, 8, 1), np.int16)
    voxels[:] = np.linspace(-1000, 2000, 8).astype(np.int16)[:, None, None]
    stage.add("ramp", voxels, np.eye(4))
    stage.open("ramp")
    low, high = -160, 240
    stage.viewer(f"setWindow({low}, {high})")
    assert stage.viewer("window()") == {"low": low, "high": high, "min": -1000, "max": 2000}
    row = stage.pixels()[100, :, 0]
    cell = 580 / 8  # the slice fills the height but for its margin
    expected = np.clip((voxels[::-1, 0, 0] - low) / (high - low) * 255, 0, 255)
    for column in range(8):
        assert abs(row[round(450 - 290 + (column + 0.5) * cell)] - expected[column]) <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])
def test_every_type_of_voxels_is_shown_alike(stage: Stage, dtype: Any) -> None:
    voxels = np.zeros((4, 4, 4), dtype)
    voxels[:2] = 100
    stage.add("typed", voxels, np.eye(4))
    stage.open("typed")
    stage.viewer("setWindow(0, 200)")
    pixels = stage.pixels()
    assert pixels[200, 100].tolist() == [0, 0, 0]  # the patient's right is at the left
    assert abs(pixels[200, 400, 0] - 127.5) <= 1


def test_nothing_is_mixed_between_voxels_unless_asked(stage: Stage) -> None:
    voxels = np.indices((16, 16, 1)).sum(axis=0).astype(np.uint8) % 2 * 255
    stage.add("board", voxels, np.eye(4))
    stage.open("board")
    stage.viewer("setWindow(0, 255)")
    stage.viewer("moveTo([0, 0, 0])")
    middle = (slice(100, 500), slice(250, 650))
    sharp = np.isin(stage.pixels()[middle][..., 1], (0, 255)).mean()
    stage.viewer("setLook({opacity: 0.5, outline: false, smooth: true})")
    smooth = np.isin(stage.pixels()[middle][..., 1], (0, 255)).mean()
    assert sharp == 1
    assert smooth < 0.3


def test_fine_textures_become_their_mean_and_no_pattern(stage: Stage) -> None:
    voxels = np.indices((1900, 1900, 1)).sum(axis=0).astype(np.uint8) % 2 * 255
    stage.add("fine", voxels, np.eye(4), unit="px")
    stage.open("fine")
    middle = stage.pixels()[100:280, 250:400, 1]
    assert abs(middle.mean() - 127.5) < 4
    assert middle.std() < 25


def test_both_viewers_show_the_same(new_stage: Callable[..., Any]) -> None:
    rng = np.random.default_rng(3)
    voxels = rng.integers(-500, 1500, SHAPE).astype(np.int16)
    labels = (rng.random(SHAPE) < 0.2).astype(np.uint8)
    shown = []
    for name in ("niivue", "canvas"):
        with new_stage(name) as stage:
            stage.add("noise", voxels, oblique(), labels)
            stage.open("noise")
            stage.viewer("setColours(new Map([[1, '#e69f00']]))")
            stage.viewer("setWindow(-500, 1500)")
            stage.viewer("zoom(1.7)")
            shown.append(stage.pixels())
    apart = np.abs(shown[0] - shown[1]).max(axis=-1)
    assert (apart > 2).mean() < 0.01  # the edges of voxels may fall on the other side of a pixel's middle

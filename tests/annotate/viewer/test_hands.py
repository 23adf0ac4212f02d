"""What mouse, wheel, keys and fingers do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.annotate.viewer.conftest import Stage

pytestmark = pytest.mark.browser  # a browser's loop would stay in the process of other tests

#: In the tiles of the axial, coronal and sagittal plane; the volume fills each of them.
PLACES = {"axial": (288, 300), "coronal": (738, 149), "sagittal": (738, 451)}


@pytest.fixture
def cube(stage: Stage) -> Iterator[Stage]:
    """A volume of 40 x 40 x 40 voxels of 1 mm, without an offset: mm are voxels."""
    voxels = np.zeros((40, 40, 40), np.int16)
    voxels[...] = np.arange(40)
    stage.add("cube", voxels, np.eye(4))
    stage.open("cube")
    stage.viewer("moveTo([20, 20, 20])")
    yield stage
    stage.page.keyboard.up("Space")


def events(stage: Stage, kind: str) -> list[Any]:
    return [event for event in stage.run("pointers") if event["type"] == kind]


def under(stage: Stage, x: float, y: float) -> list[float]:
    """The mm under a place of the page, as the viewer says it."""
    stage.page.mouse.move(x, y)
    mm: list[float] = events(stage, "hover")[-1]["mm"]
    return mm


@pytest.mark.parametrize(("plane", "axis"), [("axial", 2), ("coronal", 1), ("sagittal", 0)])
def test_wheel_steps_through_the_slices_under_the_pointer(cube: Stage, plane: str, axis: int) -> None:
    cube.page.mouse.move(*PLACES[plane])
    for _ in range(3):
        cube.page.mouse.wheel(0, -120)
    cube.page.mouse.wheel(0, 120)
    expected = [20, 20, 20]
    expected[axis] = 22
    assert cube.viewer("crosshair()") == expected
    assert cube.run("crosshairs.length") == 5  # one for moveTo


def test_small_wheel_movements_add_up(cube: Stage) -> None:
    cube.page.mouse.move(*PLACES["axial"])
    for _ in range(12):
        cube.page.mouse.wheel(0, -10)
    assert cube.viewer("crosshair()")[2] == 22


@pytest.mark.parametrize("how", ["wheel", "key"])
def test_what_hovers_follows_to_the_next_slice(cube: Stage, how: str) -> None:
    assert under(cube, *PLACES["axial"])[2] == 20
    if how == "wheel":
        cube.page.mouse.wheel(0, -120)
        cube.run("frame()")
    else:
        cube.viewer("step('axial', 1)")
    assert events(cube, "hover")[-1]["mm"][2] == 21


def test_steps_stop_at_the_last_slice(cube: Stage) -> None:
    cube.viewer("step('axial', 999)")
    assert cube.viewer("crosshair()") == [20, 20, 39]
    cube.viewer("step('axial', -999)")
    assert cube.viewer("crosshair()") == [20, 20, 0]


def test_wheel_with_ctrl_zooms_about_the_pointer(cube: Stage) -> None:
    x, y = PLACES["axial"]
    place = (x + 90, y - 70)
    before = under(cube, *place)
    beside = under(cube, place[0] + 50, place[1])
    cube.page.mouse.move(*place)
    cube.page.keyboard.down("Control")
    cube.page.mouse.wheel(0, -120)
    cube.page.keyboard.up("Control")
    np.testing.assert_allclose(under(cube, *place), before, atol=1e-6)
    closer = under(cube, place[0] + 50, place[1])
    assert 0.5 < (before[0] - closer[0]) / (before[0] - beside[0]) < 0.9
    assert cube.viewer("crosshair()") == [20, 20, 20]  # and not a slice further
    cube.viewer("fit()")
    np.testing.assert_allclose(under(cube, *place), before, atol=1e-6)


@pytest.mark.parametrize("how", ["middle", "space"])
def test_image_is_dragged(cube: Stage, how: str) -> None:
    cube.viewer("setMode('draw')")
    x, y = PLACES["axial"]
    before = under(cube, x, y)
    if how == "space":
        cube.page.keyboard.down("Space")
    cube.page.mouse.down(button="middle" if how == "middle" else "left")
    cube.page.mouse.move(x + 40, y + 25, steps=4)
    cube.page.mouse.up(button="middle" if how == "middle" else "left")
    np.testing.assert_allclose(under(cube, x + 40, y + 25), before, atol=1e-6)
    assert events(cube, "down") == []


def test_right_button_changes_the_window(cube: Stage) -> None:
    cube.viewer("setWindow(0, 20)")
    x, y = PLACES["axial"]
    cube.page.mouse.move(x, y)
    cube.page.mouse.down(button="right")
    cube.page.mouse.move(x + 100, y)
    wide = cube.viewer("window()")
    cube.page.mouse.move(x + 100, y + 50)
    cube.page.mouse.up(button="right")
    shifted = cube.viewer("window()")
    assert wide["high"] - wide["low"] == pytest.approx(28)
    assert wide["high"] + wide["low"] == pytest.approx(20)
    assert shifted["low"] > wide["low"]
    assert shifted["high"] - shifted["low"] == pytest.approx(28)
    assert cube.run("windows.at(-1)") == [shifted["low"], shifted["high"]]
    assert events(cube, "down") == []


def test_right_button_that_is_only_clicked_is_the_tools(cube: Stage) -> None:
    cube.viewer("setMode('draw')")
    before = cube.viewer("window()")
    cube.page.mouse.click(*PLACES["axial"], button="right")
    down, up = events(cube, "down"), events(cube, "up")
    assert [event["button"] for event in (*down, *up)] == [2, 2]
    assert cube.viewer("window()") == before
    cube.viewer("setMode('look')")
    cube.page.mouse.click(*PLACES["axial"], button="right")
    assert len(events(cube, "down")) == 1


def test_drawing_reports_every_place_and_keys(cube: Stage) -> None:
    cube.viewer("setMode('draw')")
    x, y = PLACES["axial"]
    cube.page.mouse.move(x, y)
    cube.page.keyboard.down("Shift")
    cube.page.mouse.down()
    cube.page.mouse.move(x - 60, y + 30, steps=5)
    cube.page.mouse.up()
    cube.page.keyboard.up("Shift")
    kinds = [event["type"] for event in cube.run("pointers")]
    assert kinds[0] == "hover"
    assert kinds[-7:] == ["down", *["move"] * 5, "up"]
    down, up = events(cube, "down")[0], events(cube, "up")[0]
    assert (down["button"], down["plane"], down["shift"], down["ctrl"], down["alt"]) == (0, "axial", True, False, False)
    assert up["mm"][0] > down["mm"][0]  # to the left of the screen: to the patient's right
    assert up["mm"][1] < down["mm"][1]
    assert up["mm"][2] == down["mm"][2] == 20
    assert cube.viewer("crosshair()") == [20, 20, 20]


def test_what_is_drawn_over_the_edge_stays_in_the_image_and_its_plane(cube: Stage) -> None:
    cube.viewer("setMode('draw')")
    cube.page.mouse.move(*PLACES["axial"])
    cube.page.mouse.down()
    cube.page.mouse.move(890, 300)
    cube.page.mouse.up()
    up = events(cube, "up")[0]
    assert up["plane"] == "axial"
    assert -0.5 <= up["mm"][0] < -0.49
    assert cube.viewer(f"valueAt({up['mm']})")["voxel"][0] == 0


def test_nothing_begins_beside_the_image(cube: Stage) -> None:
    cube.viewer("setMode('draw')")
    cube.viewer("setLayout('axial')")
    cube.page.mouse.click(50, 300)
    assert events(cube, "down") == []
    assert events(cube, "hover") == []


def test_leaving_the_image_is_told_once(cube: Stage) -> None:
    cube.page.mouse.move(*PLACES["axial"])
    cube.viewer("setLayout('axial')")
    cube.page.mouse.move(450, 300)
    cube.page.mouse.move(50, 300)
    cube.page.mouse.move(40, 300)
    assert [event["type"] for event in cube.run("pointers")][-1] == "leave"
    assert len(events(cube, "leave")) == 1


def test_a_pointer_that_rests_is_told_what_came_below_it(cube: Stage) -> None:
    x, y = PLACES["axial"]
    before = under(cube, x + 100, y)
    cube.viewer("zoom(2)")
    nearer = events(cube, "hover")[-1]["mm"]
    assert nearer[0] - 20 == pytest.approx((before[0] - 20) / 2, abs=0.5)
    cube.viewer("fit()")
    assert events(cube, "hover")[-1]["mm"] == before
    cube.viewer("pan(0, 100)")
    assert events(cube, "hover")[-1]["mm"][1] > before[1]
    cube.viewer("pan(0, 1000)")
    assert cube.run("pointers")[-1]["type"] == "leave"


def test_dragging_in_look_mode_takes_the_crosshair_along(cube: Stage) -> None:
    x, y = PLACES["coronal"]
    cube.page.mouse.move(x, y)
    cube.page.mouse.down()
    cube.page.mouse.move(x - 30, y - 30, steps=3)
    cube.page.mouse.up()
    i, j, k = cube.viewer("crosshair()")
    assert i > 22
    assert k > 22
    assert j == 20
    assert events(cube, "down") == []


def test_crosshair_out_of_view_is_brought_into_it(cube: Stage) -> None:
    cube.viewer("zoom(8)")
    cube.viewer("moveTo([38, 20, 20])")
    assert abs(under(cube, *PLACES["axial"])[0] - 38) < 0.5


def test_value_at_a_place(cube: Stage) -> None:
    assert cube.viewer("valueAt([3.4, 5.6, 7.2])") == {"voxel": [3, 6, 7], "value": [7]}
    assert cube.viewer("valueAt([-0.6, 5, 5])") is None


def test_two_fingers_zoom_and_cancel_what_one_began(cube: Stage) -> None:
    cube.viewer("setMode('draw')")
    before = under(cube, *PLACES["axial"])
    aside = under(cube, 338, 300)
    session = cube.page.context.new_cdp_session(cube.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (268, 300))
    touch("touchStart", (268, 300), (308, 300))
    touch("touchMove", (248, 300), (328, 300))
    touch("touchEnd")
    session.detach()
    assert [event["type"] for event in cube.run("pointers") if event["type"] not in ("hover", "leave")] == [
        "down",
        "cancel",
    ]
    np.testing.assert_allclose(under(cube, *PLACES["axial"]), before, atol=0.1)
    assert (before[0] - under(cube, 338, 300)[0]) / (before[0] - aside[0]) == pytest.approx(0.5, abs=0.02)

"""Server and model process killed, two pages on one case, quick switching, no WebGL: the page goes on, and nothing is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from benchmarks.annotate.pictures import OBJECT, oblique
from benchmarks.annotate.server import Server
from samaritan.annotate.client import Case
from tests.annotate.browser.images import make_obliques
from tests.annotate.browser.saved import saved_mask
from tests.annotate.browser.screen import SOON, Screen, is_grey

pytestmark = pytest.mark.browser

AT = OBJECT.centre


@pytest.fixture
def server(tmp_path: Path, serve: Callable[..., Server]) -> Server:
    """With a miniature model, and three cases."""
    make_obliques(tmp_path / "images", 3)
    return serve(tmp_path / "images", model="tiny-litemedsam")


def draw(screen: Screen, case: Case, *moves: float) -> None:
    """Brush discs on the axial slice that is shown alone."""
    screen.press("d")
    for move in moves:
        screen.click(case, "axial", (AT[0] + move, AT[1], AT[2]))


def begin(screen: Screen, server: Server, name: str = "oblique_0") -> Case:
    """Open a case at the slice through its object."""
    case = server.client().open(name)
    screen.open(name)
    screen.go_to(case, AT)
    screen.alone("axial")
    return case


def test_a_killed_server_comes_back_with_everything(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server, refusals=(401,))
    case = begin(screen, server)
    draw(screen, case, 0, 9)
    screen.await_saved()
    before = server.client().open("oblique_0")
    drawn = before.labels() != 0
    server.kill()
    expect(screen.page.get_by_role("alert")).to_contain_text("does not answer", timeout=SOON)
    draw(screen, case, -9)  # drawn while nobody listens
    expect(screen.page.locator("[data-state]")).to_contain_text("Not saved")
    server.start()
    screen.page.evaluate("url => fetch(url)", server.link())  # the new run's cookie, with the page as it is
    screen.await_saved()
    after = server.client().open("oblique_0")
    assert after.revision == before.revision + 1
    assert (after.labels() != 0)[drawn].all()
    assert (after.labels() != 0).sum() > drawn.sum()
    screen.page.reload()
    screen.await_case("oblique_0")
    np.testing.assert_array_equal(saved_mask(server, "oblique_0"), _native(after))
    for _ in range(4):
        screen.press("Control+z")
    screen.await_saved()
    assert not server.client().open("oblique_0").objects


def test_a_page_of_an_earlier_run_says_how_to_get_in_again(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server, refusals=(401, 403))
    begin(screen, server)
    server.kill()
    server.start()
    expect(screen.page.get_by_role("alert")).to_contain_text("samaritan annotate", timeout=SOON)


def test_two_pages_on_one_case_lose_nothing(server: Server, visit: Callable[..., Screen]) -> None:
    one, other = visit(server, refusals=(409,)), visit(server, refusals=(409,), deaf=True)
    case = begin(one, server)
    begin(other, server)
    draw(one, case, 0)
    one.await_saved()
    draw(other, case, 12)  # it has not heard of that
    dialog = other.page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=SOON)
    kept = server.client().open("oblique_0").labels()
    assert kept[_voxel(case, 0)]
    assert not kept[_voxel(case, 12)]
    dialog.get_by_role("button", name=re.compile("again|mine|Do it", re.IGNORECASE)).click()
    other.await_saved()
    both = server.client().open("oblique_0").labels()
    assert both[_voxel(case, 0)]
    assert both[_voxel(case, 12)]


def test_the_other_page_follows(server: Server, visit: Callable[..., Screen]) -> None:
    one, other = visit(server), visit(server)
    case = begin(one, server)
    begin(other, server)
    place = other.view(case, "axial").pixel(AT)
    draw(one, case, 0)
    one.await_saved()
    end = time.monotonic() + 60
    while is_grey(other.colour_at(*place, radius=1)):
        assert time.monotonic() < end, "what the other page drew is not shown"
        time.sleep(0.2)


def test_switching_cases_and_slices_quickly_ends_at_the_last_one(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server)
    begin(screen, server)
    screen.press("p")
    for name in ("oblique_1", "oblique_2", "oblique_0", "oblique_1", "oblique_2"):
        screen.page.get_by_role("button", name=re.compile(f"^{name}")).click()
        screen.press("ArrowUp", "ArrowUp", "ArrowDown")
    screen.await_case("oblique_2")
    for _ in range(25):
        screen.press("ArrowUp")
    last = server.client().open("oblique_2").detail.shape[2]
    assert f"Axial {last} / {last}" in screen.page.get_by_role("contentinfo").inner_text()
    assert [server.client().open(f"oblique_{n}").revision for n in range(3)] == [0, 0, 0]


def test_what_cannot_be_opened_is_marked_and_passed_over(
    tmp_path: Path, serve: Callable[..., Server], visit: Callable[..., Screen]
) -> None:
    folder = tmp_path / "images"
    make_obliques(folder, 3)
    cut = folder / "oblique_1.nii.gz"
    cut.write_bytes(cut.read_bytes()[:-200])  # only reading all of it shows that
    (folder / "a_page.png").write_bytes(b"<html>404</html>")
    screen = visit(serve(folder, model="tiny-litemedsam"), refusals=(422,))
    cases = screen.page.get_by_role("navigation", name="Cases")
    screen.await_case("oblique_0")
    expect(cases).to_contain_text("0 of 3 accepted, 1 cannot be opened")
    screen.press("Alt+ArrowDown")
    screen.await_case("oblique_2")
    expect(screen.page.get_by_text("oblique_1 was passed over").first).to_be_visible()
    screen.press("Alt+ArrowUp")
    screen.await_case("oblique_0")
    screen.press("a")
    screen.await_case("oblique_2")
    screen.press("a")
    expect(cases).to_contain_text("2 of 2 accepted, 2 cannot be opened")


def test_clicks_in_a_row_end_in_the_answer_to_the_last(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server)
    case = begin(screen, server)
    screen.press("p")
    for move in (0, 4, 8, -4):
        screen.click(case, "axial", (AT[0] + move, AT[1], AT[2]))
    screen.await_saved()
    (asked,) = server.client().open("oblique_0").detail.asked
    assert len(asked.prompts.points) == 4
    expect(screen.page.get_by_role("alert")).to_have_count(0)


def test_a_killed_model_process_costs_nothing(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server, refusals=(503,))
    case = begin(screen, server)
    screen.press("p")
    screen.click(case, "axial", AT)
    screen.await_saved()
    assert server.kill_model()
    screen.press("n", "t")
    draw(screen, case, 14)  # needs no model
    screen.press("t", "n", "p")
    screen.click(case, "axial", (AT[0] + 2, AT[1], AT[2]))
    screen.await_saved()
    told = server.client().open("oblique_0")
    assert told.labels()[_voxel(case, 14)] == 2
    assert [one.object for one in told.detail.asked] == [1, 3]


@pytest.mark.parametrize("path", ["/?viewer=canvas", "lost"])
def test_without_webgl_the_canvas_takes_over(server: Server, visit: Callable[..., Screen], path: str) -> None:
    screen = visit(server, path if path.startswith("/") else "")
    case = begin(screen, server)
    if path == "lost":
        screen.page.evaluate(
            "() => { const canvas = document.querySelector('.viewer canvas');"
            "canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext(); }"
        )
    view = screen.view(case, "axial")
    bright, dark = (screen.colour_at(*view.pixel(at), radius=1) for at in (AT, (AT[0] - 30, AT[1], AT[2])))
    assert is_grey(bright)
    assert bright.mean() > dark.mean() + 20
    assert screen.picture().std() > 20
    draw(screen, case, 0)
    screen.await_saved()
    assert not is_grey(screen.colour_at(*view.pixel(AT), radius=1))
    assert server.client().open("oblique_0").labels()[_voxel(case, 0)]


def _voxel(case: Case, move: float) -> tuple[int, ...]:
    voxel = case.geometry.to_voxel(np.array([(AT[0] + move, AT[1], AT[2])]))[0]
    voxel[2] = case.geometry.to_voxel(np.array([AT]))[0][2]  # the slice that was shown
    return tuple(np.rint(voxel).astype(int))


def _native(case: Case) -> NDArray[np.bool_]:
    """The labels of a case on the file's own grid."""
    geometry = oblique()
    shown = np.indices(geometry.shape).reshape(3, -1).T
    voxels = np.rint(case.geometry.to_voxel(geometry.to_world(shown))).astype(int)
    return np.asarray(case.labels()[tuple(voxels.T)].reshape(geometry.shape) != 0)

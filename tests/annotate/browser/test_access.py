"""By keyboard alone, at 200 %, with names for everything and enough contrast, in both themes and at two sizes of window."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.annotate.server import Server
from tests.annotate.browser.images import make_obliques, make_pictures
from tests.annotate.browser.screen import Screen

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"

#: Sizes of windows that must hold all of the page.
SIZES = [(1280, 800), (1920, 1080)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a miniature model."""
    folder = tmp_path_factory.mktemp("access")
    make_obliques(folder / "images", 4)
    make_pictures(folder / "images")
    with Server(folder / "images", folder / "out", labels=("organ", "lesion")) as server:
        server.await_model()
        yield server


def test_a_whole_case_by_keyboard_alone(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server)
    screen.open("oblique_0")
    screen.page.locator("body").click(position={"x": 640, "y": 795})  # the focus is nowhere special
    case = server.client().open("oblique_0")
    screen.press(
        "Alt+2", "PageUp", "ArrowUp", "2", "b", "Enter", *["Shift+ArrowLeft"] * 6, *["Shift+ArrowDown"] * 5, "Enter"
    )
    screen.await_saved()
    (asked,) = server.client().open("oblique_0").detail.asked
    assert asked.plane == "axial"
    assert asked.prompts.box is not None
    assert [one.label for one in server.client().open("oblique_0").objects] == ["lesion"]
    screen.press("1", "n", "d", "Enter", *["Shift+ArrowRight"] * 4, "Enter")
    screen.await_saved()
    painted = server.client().open("oblique_0").objects
    assert {one.label: one.voxels > 0 for one in painted if one.label == "organ"} == {"organ": True}
    screen.press("Control+z", "Control+z")
    screen.await_saved()
    assert [one.label for one in server.client().open("oblique_0").objects] == ["lesion"]
    screen.press("Control+Shift+z", "Control+Shift+z", "Alt+1", "m", "w", "u", "+", "f", "a")
    screen.await_saved()
    summary = next(one for one in server.client().cases() if one.case == case.case)
    assert summary.status == "accepted"
    screen.press("?")
    sheet = screen.page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    screen.press("Escape")
    expect(sheet).to_have_count(0)


def test_tab_reaches_every_control_and_shows_where_it_is(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server)
    screen.open("oblique_1")
    screen.page.reload()
    screen.await_case("oblique_1")
    seen: list[dict[str, Any]] = []
    for _ in range(150):
        screen.press("Tab")
        found = screen.page.evaluate(_FOCUSED)
        if found is None:
            continue  # past the last one Tab begins again at the first
        seen.append(found)
    names = [one["name"] for one in seen]
    assert {"To the image", "Point", "Accept", "Skip"} <= set(names)
    assert all(names), f"a control has no name: {[one['html'] for one in seen if not one['name']]}"
    unseen = [one["html"] for one in seen if not one["ring"]]
    assert unseen == [], "the focus is not to be seen"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(server: Server, visit: Callable[..., Screen], theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not there; run `npm install` in web/")
    screen = visit(server, color_scheme=theme)
    screen.open("oblique_2")
    screen.press("d", "Enter", "Enter")
    screen.await_saved()
    screen.page.evaluate(AXE.read_text(encoding="utf-8"))
    for keys in ((), ("?",)):
        screen.press(*keys)
        found = screen.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        told = [
            f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:4])
            for one in found["violations"]
        ]
        assert told == [], "\n".join(told)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_fits_its_window(
    server: Server, visit: Callable[..., Screen], theme: str, width: int, height: int
) -> None:
    screen = visit(server, color_scheme=theme, viewport={"width": width, "height": height})
    screen.open("oblique_2")
    assert screen.page.evaluate(_CUT_OFF) == []
    ground = screen.colour_at(width - 6, 300).mean()
    assert ground < 90 if theme == "dark" else ground > 165
    assert screen.picture().std() > 15


def test_at_200_percent_everything_is_in_reach(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server, viewport={"width": 640, "height": 400}, device_scale_factor=2)  # as 1280 x 800 at 200 %
    screen.await_case(server.client().cases()[0].name)
    assert screen.page.evaluate(_CUT_OFF) == []
    box = screen.surface.bounding_box()
    assert box is not None
    assert box["width"] > 200
    assert box["height"] > 120
    for name in ("Point", "Box", "Undo"):
        expect(screen.page.get_by_role("button", name=name, exact=True).first).to_be_in_viewport()
    screen.press("?")
    expect(screen.page.get_by_role("dialog", name="Keys")).to_be_in_viewport()


def test_what_happens_is_said_to_screen_readers(server: Server, visit: Callable[..., Screen]) -> None:
    screen = visit(server)
    screen.open("oblique_3")
    screen.press("m")
    expect(screen.page.locator("[aria-live], [role=status]").filter(has_text="plane")).not_to_have_count(0)
    assert json.dumps(screen.page.title())


#: The focused element: its name, and whether something shows that it has the focus; None where the focus left the page.
_FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const labelled = element.getAttribute('aria-labelledby');
  const name = element.getAttribute('aria-label')
    || (labelled && document.getElementById(labelled)?.textContent)
    || (element.labels && [...element.labels].map((one) => one.textContent).join(' '))
    || element.textContent || element.title || '';
  const style = getComputedStyle(element);
  const around = getComputedStyle(element.parentElement);
  const ring = (one) => (one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) > 0) || one.boxShadow !== 'none';
  return {name: name.trim(), ring: ring(style) || ring(around), html: element.outerHTML.slice(0, 120)};
}"""

#: Controls that are cut off by an edge of the window.
_CUT_OFF = """() => [...document.querySelectorAll('button, input, select, textarea')]
  .filter((one) => !one.closest('.visually-hidden'))
  .map((one) => ({html: one.outerHTML.slice(0, 90), box: one.getBoundingClientRect()}))
  .filter(({box}) => box.width && (box.left < -1 || box.right > innerWidth + 1))
  .map(({html}) => html)"""

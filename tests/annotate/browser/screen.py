"""The annotator's page as a person uses it: mouse, keys, and the pixels that come of it."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from samaritan.annotate.client import Case

PlaneName = Literal["axial", "coronal", "sagittal"]

#: Plane -> axes of the shown grid that run from right to left and from bottom to top of the screen, and through it.
AXES: dict[PlaneName, tuple[int, int, int]] = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}

#: CSS pixels around a slice that fits.
MARGIN = 10

#: Milliseconds within which something has to happen.
SOON = 30_000


@dataclass(frozen=True)
class View:
    """Where a slice that fits its part of the screen is.

    Attributes:
        left: of the part, in CSS pixels, as are the next three.
        top: of it.
        width: of it.
        height: of it.
        case: whose image it is.
        plane: of the slice.
    """

    left: float
    top: float
    width: float
    height: float
    case: Case
    plane: PlaneName

    def pixel(self, world: ArrayLike) -> tuple[float, float]:
        """Where a place in mm lies on the screen."""
        geometry = self.case.geometry
        across, down, _ = AXES[self.plane]
        spacing, shape = geometry.spacing, geometry.shape
        voxel = geometry.to_voxel(np.asarray(world, float)[None])[0]
        scale = min(
            (self.width - 2 * MARGIN) / (shape[across] * spacing[across]),
            (self.height - 2 * MARGIN) / (shape[down] * spacing[down]),
        )
        x = (voxel[across] - (shape[across] - 1) / 2) * spacing[across] * scale
        y = (voxel[down] - (shape[down] - 1) / 2) * spacing[down] * scale
        return self.left + self.width / 2 - x, self.top + self.height / 2 - y


class Screen:
    """A page that is open on a server.

    Args:
        page: of Playwright.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    # --- what is there -------------------------------------------------------------------------------------------------

    @property
    def surface(self) -> Locator:
        """What the slices are drawn on, the topmost of its canvases."""
        return self.page.get_by_role("application", name="Image").locator("canvas").last

    def await_case(self, name: str) -> None:
        """Until the case is open and shown."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name, timeout=SOON)
        expect(self.surface).to_be_visible(timeout=SOON)
        expect(self.page.get_by_text(f"Reading {name}")).to_have_count(0, timeout=SOON)

    def open(self, name: str) -> None:
        """Choose a case in the list."""
        cases = self.page.get_by_role("navigation", name="Cases")
        cases.get_by_role("button", name=re.compile(rf"^{re.escape(name)}")).click()
        self.await_case(name)

    def await_saved(self, within: float = 2 * SOON) -> None:
        """Until the page says that everything is saved; ``within`` so many ms."""
        expect(self.page.locator("[data-state]")).to_have_text("Saved", timeout=within)

    def view(self, case: Case, plane: PlaneName) -> View:
        """Where a slice is when it is alone on the screen."""
        box = self.surface.bounding_box()
        assert box is not None
        return View(box["x"], box["y"], box["width"], box["height"], case, plane)

    def picture(self) -> NDArray[np.uint8]:
        """(row, column, RGB) what the slices' part of the screen shows."""
        return _pixels(self.surface.screenshot())

    def colour_at(self, x: float, y: float, radius: int = 2) -> NDArray[np.float64]:
        """Mean RGB around a place of the screen, in CSS pixels."""
        clip = {"x": round(x) - radius, "y": round(y) - radius, "width": 2 * radius + 1, "height": 2 * radius + 1}
        pixels = _pixels(self.page.screenshot(clip=clip))  # type: ignore[arg-type]
        return np.asarray(pixels.reshape(-1, 3).mean(axis=0))

    # --- what a person does --------------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def choose(self, name: str) -> None:
        """Press the button of a command."""
        self.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}(:|$)")).first.click()

    def alone(self, plane: PlaneName) -> None:
        """Show one plane."""
        self.choose(f"{plane.capitalize()} only")
        self.choose("Fit")

    def go_to(self, case: Case, world: ArrayLike) -> None:
        """Move the crosshair with the mouse: across two planes, so that all three slices go through the place."""
        self.press("v")
        for plane in ("axial", "sagittal"):
            self.alone(plane)
            self.page.mouse.click(*self.view(case, plane).pixel(world))

    def click(self, case: Case, plane: PlaneName, world: ArrayLike, *, alt: bool = False) -> None:
        """Click a place, which lies on the slice that is shown alone."""
        x, y = self.view(case, plane).pixel(world)
        if alt:
            self.page.keyboard.down("Alt")
        self.page.mouse.click(x, y)
        if alt:
            self.page.keyboard.up("Alt")

    def drag(self, case: Case, plane: PlaneName, path: Sequence[ArrayLike], *, steps: int = 6) -> None:
        """Press the mouse at the first place and let it go at the last."""
        view = self.view(case, plane)
        self.page.mouse.move(*view.pixel(path[0]))
        self.page.mouse.down()
        for place in path[1:]:
            self.page.mouse.move(*view.pixel(place), steps=steps)
        self.page.mouse.up()


def is_grey(colour: ArrayLike) -> bool:
    """Whether a colour is one of an image without masks."""
    values = np.asarray(colour, float)
    return bool(values.max() - values.min() < 12)


def _pixels(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))

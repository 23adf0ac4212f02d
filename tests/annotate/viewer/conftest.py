"""A page with nothing but the viewer, in a real browser, under the content policy that the server sends."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.annotate.viewing import Site, missing, write_case

SIZE = (900, 600)
PLANES = ("axial", "coronal", "sagittal")

#: Where the tile of a plane lies, as (left, top, right, bottom) in parts of the page, with "axial" as the plane of work.
TILES = {"axial": (0, 0, 0.63, 1), "coronal": (0.65, 0, 1, 0.49), "sagittal": (0.65, 0.51, 1, 1)}

Pixels = NDArray[np.int16]


@dataclass
class Stage:
    """One page with one viewer. ``problems`` are errors and warnings of its console; ``hosts`` are asked by it."""

    page: Any
    folder: Path
    problems: list[str]
    hosts: set[str]

    def add(
        self, name: str, voxels: NDArray[Any], affine: NDArray[Any], *labels: NDArray[np.uint8], **words: Any
    ) -> None:
        """Write a case that :meth:`open` can open."""
        write_case(self.folder, name, voxels, affine, *labels, **words)

    def open(self, name: str) -> None:
        """Show a case, without what earlier tests left in the viewer."""
        self.run(f"open('{name}')")
        self.viewer("setColours(new Map())")
        self.viewer("setLook({opacity: 0.5, outline: false, smooth: false})")
        self.viewer("setLayout('three')")
        self.viewer("setMode('look')")
        self.viewer("fit()")
        self.run("frame()")  # moves of the mouse arrive with frames
        self.page.evaluate("() => { for (const k of ['pointers', 'crosshairs', 'windows']) harness[k].length = 0; }")

    def run(self, code: str) -> Any:
        """Evaluate ``harness.<code>``."""
        return self.page.evaluate(f"harness.{code}")

    def viewer(self, code: str) -> Any:
        """Evaluate ``harness.viewer.<code>``."""
        return self.page.evaluate(f"harness.viewer.{code}")

    def pixels(self) -> Pixels:
        """What is on the screen, (y, x, RGB), when all that was asked for is drawn."""
        self.run("frame()")
        return np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")).astype(np.int16)


def inside(plane: str, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a plane's tile in a screenshot of ``shape`` (y, x, ...)."""
    left, top, right, bottom = TILES[plane]
    return slice(round(top * shape[0]), round(bottom * shape[0])), slice(
        round(left * shape[1]), round(right * shape[1])
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The built page."""
    if reason := missing():
        pytest.skip(reason)
    with Site(tmp_path_factory.mktemp("viewer")) as opened:
        yield opened


@pytest.fixture(scope="session")
def new_stage(site: Site, browser: Any) -> Callable[..., Any]:
    """Opens pages: ``with new_stage("canvas", ratio=2) as stage``."""

    @contextmanager
    def opened(name: str, ratio: float = 1, script: str = "") -> Iterator[Stage]:
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, device_scale_factor=ratio)
        stage = Stage(page, site.cases, [], set())
        page.on("console", lambda m: stage.problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: stage.problems.append(str(error)))
        page.on("request", lambda request: stage.hosts.add(request.url.split("/")[2].split(":")[0]))
        if script:
            page.add_init_script(script)
        page.goto(site.url(name))
        page.wait_for_selector("html[data-ready]")  # a function would be evaluated, which the policy forbids
        yield stage
        page.close()

    return opened


@pytest.fixture(scope="session", params=["niivue", "canvas"])
def shared(request: pytest.FixtureRequest, new_stage: Callable[..., Any]) -> Iterator[Stage]:
    """One page for all tests of a viewer."""
    with new_stage(request.param) as stage:
        assert stage.viewer("name") == request.param
        yield stage


def put_away(page: Any) -> None:
    """Move the pointer to the corner, where no image is, and wait until the page knows: moves arrive with frames, and one
    that is late on a busy machine would be told to the test that comes next."""
    page.evaluate(
        "() => { window.away = new Promise((done) => addEventListener('pointermove', (event) => {"
        " if (event.clientX === 1 && event.clientY === 1) done(); }, true)); }"
    )
    page.mouse.move(2, 2)  # a pointer that is there already would not move
    page.mouse.move(1, 1)
    page.evaluate("() => window.away")


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The shared page, with the pointer out of the way."""
    name = shared.viewer("name")
    shared.page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    put_away(shared.page)
    yield shared
    assert shared.problems == []
    assert shared.viewer("name") == name
    assert shared.hosts == {"127.0.0.1"}

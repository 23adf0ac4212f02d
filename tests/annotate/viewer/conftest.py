"""A page with nothing but the viewer, in a real browser, under the content policy that the server sends."""

from __future__ import annotations

import functools
import http.server
import io
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

WEB = Path(__file__).parents[3] / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
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
        self,
        name: str,
        voxels: NDArray[Any],
        affine: NDArray[Any],
        labels: NDArray[np.uint8] | None = None,
        **words: Any,
    ) -> None:
        """Write a case that :meth:`open` can open; ``voxels`` (i, j, k) or (i, j, k, 3) on the shown grid."""
        if voxels.ndim == 4:
            voxels = np.ascontiguousarray(voxels).view([(c, np.uint8) for c in "RGB"])[..., 0]
        image = nibabel.Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
        image.to_filename(self.folder / f"{name}.nii")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        about = {"shape": voxels.shape, "affine": affine.tolist(), "spacing": spacing.tolist()}
        about |= {"unit": "mm", "colour": voxels.dtype.fields is not None, "plane": "axial"} | words
        (self.folder / f"{name}.json").write_text(json.dumps(about))
        labels = np.zeros(voxels.shape, np.uint8) if labels is None else labels
        (self.folder / f"{name}.labels").write_bytes(labels.tobytes(order="F"))

    def open(self, name: str) -> None:
        """Show a case, without what earlier tests left in the viewer."""
        self.run(f"open('{name}')")
        self.viewer("setColours(new Map())")
        self.viewer("setLook({opacity: 0.5, outline: false, smooth: false})")
        self.viewer("setLayout('three')")
        self.viewer("setMode('look')")
        self.viewer("fit()")
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
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and folder of the built page, served with the content policy."""
    vite = WEB / "node_modules" / ".bin" / "vite"
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    if not vite.exists():
        pytest.skip("needs the page's packages (npm ci in web/)")
    folder = tmp_path_factory.mktemp("viewer")
    harness = WEB / "test" / "viewer" / "harness"
    command = [str(vite), "build", str(harness), "--config", str(harness / "vite.config.ts"), "--outDir", str(folder)]
    subprocess.run(command, check=True, cwd=WEB, capture_output=True)
    (folder / "cases").mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/index.html", folder / "cases"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium with WebGL in software."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def new_stage(site: tuple[str, Path], browser: Any) -> Callable[..., Any]:
    """Opens pages: ``with new_stage("canvas", ratio=2) as stage``."""

    @contextmanager
    def opened(name: str, ratio: float = 1, script: str = "") -> Iterator[Stage]:
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, device_scale_factor=ratio)
        stage = Stage(page, site[1], [], set())
        page.on("console", lambda m: stage.problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: stage.problems.append(str(error)))
        page.on("request", lambda request: stage.hosts.add(request.url.split("/")[2].split(":")[0]))
        if script:
            page.add_init_script(script)
        page.goto(f"{site[0]}?viewer={name}")
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


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The shared page, with the pointer out of the way."""
    name = shared.viewer("name")
    shared.page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    shared.page.mouse.move(1, 1)
    yield shared
    assert shared.problems == []
    assert shared.viewer("name") == name
    assert shared.hosts == {"127.0.0.1"}


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass

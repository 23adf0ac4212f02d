"""Pictures of the annotator for docs/annotate: the real page, server and model, on the built-in samples.

    python scripts/annotate_screenshots.py [NAME...]

Needs chromium and the built page (`make page`). Every picture has at most 300 kB.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.annotate.pictures import place_of  # noqa: E402
from benchmarks.annotate.server import Server  # noqa: E402
from samaritan.annotate.client import Case as OpenCase  # noqa: E402
from samaritan.core import LabelMap, Volume  # noqa: E402
from samaritan.core.view import SliceView  # noqa: E402
from samaritan.datasets import open_datasets  # noqa: E402

FOLDER = ROOT / "docs" / "annotate"

MOST_BYTES = 300_000

ARGUMENTS = (
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip

SMALL, LARGE = (1280, 800), (1920, 1080)

#: Built-in sample -> names of its labels that are shown; its first case becomes an image of that name.
SAMPLES = {
    "mni152-brain": ("brain",),
    "abdomen-ct": ("liver", "spleen", "kidney_right", "kidney_left", "aorta"),
    "vessels-fundus": ("optic_disc",),
    "lesion-us": ("lesion",),
    "nuclei": ("nucleus",),
}


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        name: of its file.
        case: that is open.
        theme: dark or light.
        size: of the window.
        keys: that are pressed before.
        act: what is done before.
    """

    name: str
    case: str
    theme: str
    size: tuple[int, int] = SMALL
    keys: tuple[str, ...] = ()
    act: Callable[[Page], None] | None = None


def _hover_box(page: Page) -> None:
    """A box that is being dragged."""
    surface = page.get_by_role("application", name="Image").locator("canvas").last
    box = surface.bounding_box()
    assert box is not None  # noqa: S101
    x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 5
    page.mouse.move(x - side, y - side)
    page.mouse.down()
    page.mouse.move(x + side, y + side, steps=8)
    page.wait_for_timeout(4000)


SHOTS = (
    Shot("brain", "mni152-brain", "dark", LARGE, ("v",)),
    Shot("abdomen", "abdomen-ct", "light", SMALL, ("v", "Alt+2")),
    Shot("fundus", "vessels-fundus", "dark", SMALL, ("u",)),
    Shot("ultrasound", "lesion-us", "light", SMALL, ()),
    Shot("nuclei", "nuclei", "dark", SMALL, ("b",), _hover_box),
    Shot("keys", "abdomen-ct", "light", SMALL, ("?",)),
)


def make_images(folder: Path) -> dict[str, tuple[Volume, LabelMap]]:
    """The first case of every sample as a file; name -> image and reference."""
    found = {}
    for name in SAMPLES:
        case = open_datasets([f"samples/{name}"])[0].cases[0]
        image, reference = case.read_image(), next(iter(case.read_references.values()))()
        found[name] = (image, reference)
        if image.geometry.unit == "px":
            Image.fromarray(np.swapaxes(image.data[:, :, 0], 0, 1)).save(folder / f"{name}.png")
        else:
            nib.save(nib.Nifti1Image(image.data, image.geometry.affine), folder / f"{name}.nii.gz")  # type: ignore[no-untyped-call]
    return found


def label(server: Server, truth: dict[str, tuple[Volume, LabelMap]]) -> None:
    """Boxes around what the references show, on the slice that shows most of it, as a person would draw them."""
    for name, labels in SAMPLES.items():
        case = server.client().open(name)
        _, reference = truth[name]
        values = {text: value for value, text in reference.names.items()}
        for text in labels:
            _box(case, reference, values[text], text)
        if name == "mni152-brain":
            case.propagate("brain")


def _box(case: OpenCase, reference: LabelMap, value: int, text: str) -> None:
    view = SliceView.of(reference.geometry, case.detail.plane)
    where = reference.data == value if text != "nucleus" else reference.data == np.unique(reference.data)[5]
    index = int(np.argmax([np.count_nonzero(view.slice(where, k)) for k in range(view.count)]))
    picture = view.slice(where, index)
    x, y = (np.flatnonzero(picture.any(axis=axis))[[0, -1]] for axis in (1, 0))
    corners = view.to_voxel(np.array([(x[0], y[0], index), (x[1], y[1], index)], float))
    a, b = (place_of(reference.geometry, corner) for corner in corners)
    case.ask(text, box=(a, b), plane=case.detail.plane)


def take(page: Page, server: Server, shot: Shot) -> bytes:
    """PNG of one state of the page."""
    page.goto(server.link())
    page.get_by_role("navigation", name="Cases").get_by_role("button", name=shot.case).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(shot.case, timeout=60_000)
    expect(page.get_by_text(f"Reading {shot.case}")).to_have_count(0, timeout=60_000)
    page.keyboard.press("j")
    for key in shot.keys:
        page.keyboard.press(key)
    page.mouse.move(2, shot.size[1] - 4)
    page.wait_for_timeout(2500)
    if shot.act:
        shot.act(page)
    return page.screenshot()


def small(content: bytes) -> bytes:
    """The same picture in as many colours as fit into 300 kB."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    for colours in (256, 128, 64):
        file = io.BytesIO()
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def main(names: list[str]) -> int:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    wanted = [shot for shot in SHOTS if not names or shot.name in names]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        folder = Path(place) / "images"
        folder.mkdir()
        truth = make_images(folder)
        labels = sorted({text for texts in SAMPLES.values() for text in texts})
        with Server(folder, Path(place) / "out", model="litemedsam", labels=labels) as server:
            server.await_model()
            label(server, truth)
            browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            FOLDER.mkdir(parents=True, exist_ok=True)
            for shot in wanted:
                width, height = shot.size
                options: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": shot.theme}
                context = browser.new_context(**options)
                content = small(take(context.new_page(), server, shot))
                (FOLDER / f"{shot.name}.png").write_bytes(content)
                print(f"{shot.name}.png: {len(content) / 1000:.0f} kB")
                context.close()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

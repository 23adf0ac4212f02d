"""Pictures of the annotator for docs/annotate: the real page, server and model, on the built-in samples.

    python scripts/annotate_screenshots.py [NAME...]

"improve" takes those of a training, which lasts minutes. Needs chromium and the built page (`make page`). Every picture has
at most 300 kB.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.annotate import improving  # noqa: E402
from benchmarks.annotate.pictures import place_of  # noqa: E402
from benchmarks.annotate.server import Server  # noqa: E402
from benchmarks.chromium import launched  # noqa: E402
from samaritan.annotate.client import Case as OpenCase  # noqa: E402
from samaritan.core import LabelMap, Volume  # noqa: E402
from samaritan.core.view import SliceView  # noqa: E402
from samaritan.datasets import open_datasets  # noqa: E402

FOLDER = ROOT / "docs" / "annotate"

MOST_BYTES = 300_000

SMALL, LARGE = (1280, 800), (1920, 1080)

#: Group -> the samples that are its cases, each with the labels that are drawn; every group has a server of its own.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "abdomen": {"abdomen-ct": ("liver", "spleen", "kidney_right", "kidney_left", "aorta")},
    "fundus": {"vessels-fundus": ("optic_disc",)},
    "ultrasound": {"lesion-us": ("lesion",)},
    "nuclei": {"nuclei": ("nucleus",)},
    "brain": {},
}

#: Of the brain's template, in mm: boxes on a sagittal slice, as a person would draw them.
BRAIN = {
    "corpus callosum": ((-2.0, -44.0, -4.0), (-2.0, 34.0, 32.0)),
    "brainstem": ((-2.0, -46.0, -62.0), (-2.0, -10.0, -4.0)),
    "cerebellum": ((-2.0, -82.0, -52.0), (-2.0, -42.0, -6.0)),
}


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        name: of its file.
        group: of cases.
        case: that is open.
        theme: dark or light.
        size: of the window.
        keys: that are pressed before.
        act: what is done before.
    """

    name: str
    group: str
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
    Shot("brain", "brain", "mni152", "dark", LARGE, ("v", "Alt+4", "j")),
    Shot("abdomen", "abdomen", "patient_0", "light", SMALL, ("v", "Alt+2")),
    Shot("keys", "abdomen", "patient_0", "light", SMALL, ("?",)),
    Shot("fundus", "fundus", "patient_0", "dark", SMALL, ("u",)),
    Shot("ultrasound", "ultrasound", "patient_0", "light", SMALL, ("u",)),
    Shot("preview", "nuclei", "patient_0", "dark", SMALL, ("b",), _hover_box),
)


def make_cases(folder: Path, group: str) -> list[tuple[str, LabelMap, tuple[str, ...]]]:
    """Write the images of a group; (name, reference, labels to draw) of those that are labelled."""
    found = []
    for sample, labels in GROUPS[group].items():
        for number, case in enumerate(open_datasets([f"samples/{sample}"])[0].cases):
            name = f"patient_{number}"
            _save(folder, name, case.read_image())
            if number % 3 == 0:
                found.append((name, next(iter(case.read_references.values()))(), labels))
    return found


def _save(folder: Path, name: str, image: Volume) -> None:
    if image.geometry.unit == "px":
        Image.fromarray(np.swapaxes(image.data[:, :, 0], 0, 1)).save(folder / f"{name}.png")
    else:
        nib.save(nib.Nifti1Image(image.data, image.geometry.affine), folder / f"{name}.nii.gz")  # type: ignore[no-untyped-call]


def label(server: Server, cases: list[tuple[str, LabelMap, tuple[str, ...]]]) -> None:
    """Boxes around what the references show on the middle slice, as a person would draw them."""
    for number, (name, reference, labels) in enumerate(cases):
        case = server.client().open(name)
        for text in labels:
            _box(case, reference, text)
        if number:
            case.accept()


def brain(folder: Path) -> None:
    """The template that comes with nilearn, 2 mm."""
    from nilearn.datasets import load_mni152_template  # noqa: PLC0415  an extra

    nib.save(load_mni152_template(resolution=2), folder / "mni152.nii.gz")


def _parts(server: Server) -> None:
    case = server.client().open("mni152")
    for name, box in BRAIN.items():
        case.ask(name, box=box, plane="sagittal")


def _box(case: OpenCase, reference: LabelMap, text: str) -> None:
    view = SliceView.of(reference.geometry, case.detail.plane)
    values = [value for value, name in reference.names.items() if name == text]
    where = reference.data == (values[0] if text != "nucleus" else int(np.unique(reference.data)[5]))
    index = view.count // 2
    picture = view.slice(where, index)
    if not picture.any():
        return
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
    page.wait_for_timeout(2000)
    page.keyboard.press("j")
    for key in shot.keys:
        page.keyboard.press(key)
    page.mouse.move(2, shot.size[1] - 4)
    page.wait_for_timeout(2500)
    if shot.act:
        shot.act(page)
    return page.screenshot()


def small(content: bytes) -> bytes:
    """The same picture; in fewer colours where it has more than 300 kB.

    Colours of labels are few pixels among many grey ones, and a palette by counts would take them for one. So each colour
    counts by the root of its pixels.
    """
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    for one in (picture, *(_with_palette(picture, colours) for colours in (256, 192, 128, 96, 64))):
        file = io.BytesIO()
        one.save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def _with_palette(picture: Image.Image, colours: int) -> Image.Image:
    found, counts = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_counts=True)
    weighed = np.repeat(found, np.ceil(np.sqrt(counts)).astype(int), axis=0)
    palette = Image.fromarray(weighed[None]).quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=3)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def shoot(browser: Browser, group: str, shots: list[Shot]) -> None:
    """Take the pictures of one group."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / group
        folder.mkdir()
        cases = make_cases(folder, group)
        if group == "brain":
            brain(folder)
        names = [text for labels in GROUPS[group].values() for text in labels] or list(BRAIN)
        with Server(folder, Path(place) / "out", model="litemedsam", labels=names) as server:
            server.await_model()
            label(server, cases)
            if group == "brain":
                _parts(server)
            for shot in shots:
                width, height = shot.size
                options: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": shot.theme}
                context = browser.new_context(**options)
                _write(shot.name, take(context.new_page(), server, shot))
                context.close()


def shoot_improve(browser: Browser) -> None:
    """A training in the page, from the first accepted cases to the proposals; minutes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "lesions"
        folder.mkdir()
        improving.lesions(folder)
        with Server(folder, Path(place) / "out", model="litemedsam", labels=(improving.LABEL,)) as server:
            server.await_model()
            improving.accept_some(server)
            context = browser.new_context(viewport={"width": SMALL[0], "height": SMALL[1]}, color_scheme="light")
            page = context.new_page()
            page.goto(server.link())
            case = improving.name_of(improving.ACCEPTED)
            page.get_by_role("navigation", name="Cases").get_by_role("button", name=case).click()
            expect(page.get_by_role("heading", level=1)).to_have_text(case, timeout=60_000)
            for name in improving.states(page):
                _write(name, page.screenshot())
            context.close()


def _write(name: str, content: bytes) -> None:
    content = small(content)
    (FOLDER / f"{name}.png").write_bytes(content)
    print(f"{name}.png: {len(content) / 1000:.0f} kB", flush=True)


def main(names: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        if not names or "improve" in names:
            shoot_improve(browser)
        for group in GROUPS:
            shots = [shot for shot in SHOTS if shot.group == group and (not names or shot.name in names)]
            if shots:
                shoot(browser, group, shots)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

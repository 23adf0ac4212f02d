"""Pictures in colour and in 16 bits, a DICOM series, and a volume that has masks already."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.annotate.pictures import DISC, PICTURE, disc
from benchmarks.annotate.server import Server
from samaritan.annotate.client import Case
from tests.annotate.browser.images import LEFT, RIGHT, make_labelled, make_pictures, make_series
from tests.annotate.browser.saved import saved_labels, saved_picture
from tests.annotate.browser.screen import Screen, is_grey

pytestmark = pytest.mark.browser

TRUTH = disc(*PICTURE, *DISC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Pictures, series and labelled volume in one folder."""
    folder = tmp_path_factory.mktemp("pictures")
    for make in (make_pictures, make_series, make_labelled):
        make(folder / "data")
    with Server(folder / "data", folder / "out", model="litemedsam", labels=("organ",)) as server:
        server.await_model()
        yield server


def world(case: Case, x: float, y: float) -> tuple[float, float, float]:
    """A pixel (x to the right, y down) of a picture, as the page and the server name it."""
    assert case.detail.unit == "px"
    return -x, -y, 0.0


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Overlap of two masks."""
    return float(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))


@pytest.mark.parametrize("name", ["colour", "grey16"])
def test_a_picture_is_shown_in_its_colours_and_labelled(
    server: Server, visit: Callable[..., Screen], name: str
) -> None:
    screen, case = visit(server), server.client().open(name)
    screen.open(name)
    view = screen.view(case, "axial")
    place = {"disc": (DISC[0], DISC[1]), "ground": (150, 40), "corner": (5, 5), "far corner": (194, 144)}
    colours = {what: screen.colour_at(*view.pixel(world(case, *at)), radius=1) for what, at in place.items()}
    if name == "colour":
        np.testing.assert_allclose(colours["disc"], (235, 150, 40), atol=12)
        np.testing.assert_allclose(colours["corner"], (220, 20, 20), atol=12)
        np.testing.assert_allclose(colours["far corner"], (20, 20, 220), atol=12)
    else:
        assert is_grey(colours["disc"])
        assert colours["disc"].mean() > colours["ground"].mean() + 120
    screen.press("b")
    x, y, radius = DISC
    screen.drag(
        case, "axial", [world(case, x - radius - 3, y - radius - 3), world(case, x + radius + 3, y + radius + 3)]
    )
    screen.await_saved()
    saved = saved_picture(server, name)
    assert saved.shape == TRUTH.shape
    assert dice(saved != 0, TRUTH) > 0.9
    screen.choose("Undo")
    screen.await_saved()


def test_a_series_is_labelled_and_exported_as_dicom_seg(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server, accept_downloads=True), server.client().open("series")
    screen.open("series")
    assert case.detail.orientation
    middle = (10.0, 10.0, -40.0)
    screen.go_to(case, middle)
    screen.alone("axial")
    screen.press("p")
    screen.click(case, "axial", middle)
    screen.await_saved()
    mask = server.client().open("series").labels() != 0
    voxel = np.rint(case.geometry.to_voxel(np.array([middle]))[0]).astype(int)
    assert mask[tuple(voxel)]
    (drawn,) = server.client().open("series").objects  # of the label in hand, which another test may have changed
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name="Export the masks of this case as DICOM SEG").click()
    import pydicom

    told = pydicom.dcmread(download.value.path())
    assert told.Modality == "SEG"
    assert [str(one.SegmentLabel) for one in told.SegmentSequence] == [drawn.label]


def test_masks_that_were_there_are_shown_and_kept(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("labelled")
    screen.open("labelled")
    assert [one.label for one in case.objects] == ["left organ", "right organ"]
    assert [one.voxels for one in case.objects] == [int(one.on(case.geometry).sum()) for one in (LEFT, RIGHT)]
    screen.go_to(case, LEFT.centre)
    screen.alone("axial")
    left = screen.colour_at(*screen.view(case, "axial").pixel(LEFT.centre))
    right = screen.colour_at(*screen.view(case, "axial").pixel(RIGHT.centre))
    assert not is_grey(left)
    assert not is_grey(right)
    assert np.abs(left - right).max() > 25, "two labels look alike"
    before = np.asarray(nib.load(server.folder / "masks" / "labelled.nii.gz").dataobj)  # type: ignore[attr-defined]
    screen.page.get_by_role("button", name="right organ 2").first.click()
    screen.press("e")
    screen.click(case, "axial", (RIGHT.centre[0], RIGHT.centre[1], LEFT.centre[2]))
    screen.await_saved()
    after = saved_labels(server, "labelled")
    rubbed = (before != 0) & (after == 0)
    assert 0 < rubbed.sum() < 400
    assert set(before[rubbed]) == {2}
    assert not ((before == 0) & (after != 0)).any()


def test_hidden_masks_and_opacity_show_the_image(server: Server, visit: Callable[..., Screen]) -> None:
    screen, case = visit(server), server.client().open("labelled")
    screen.open("labelled")
    screen.go_to(case, LEFT.centre)
    screen.alone("coronal")
    pixel = screen.view(case, "coronal").pixel(LEFT.centre)
    screen.press("p")
    shown = screen.colour_at(*pixel)
    screen.page.get_by_role("button", name="left organ 1").first.click()
    screen.press("h")
    assert is_grey(screen.colour_at(*pixel))
    screen.press("h")
    np.testing.assert_allclose(screen.colour_at(*pixel), shown, atol=6)

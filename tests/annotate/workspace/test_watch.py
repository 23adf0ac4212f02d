"""Images that are replaced, or go away, while their case is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from samaritan.annotate.messages import AddObject, Ask, Mark, Point, Prompts
from samaritan.annotate.workspace import StaleRevisionError, Workspace, _watch
from samaritan.annotate.workspace._errors import ReplacedImageError
from samaritan.annotate.workspace._watch import Watch
from samaritan.core import GeometryError

from .conftest import Page, grey, save_volume

ADD = AddObject(kind="add-object", label="liver")
MARK = Mark(kind="mark", note="seen")


@pytest.fixture(autouse=True)
def always_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "LOOK_EVERY", 0.0)


def test_the_first_edit_on_the_earlier_image_is_refused_and_kept(
    open_workspace: Callable[..., Workspace], folder: Path, tmp_path: Path
) -> None:
    workspace = open_workspace()
    case = workspace.summaries()[0].case
    page = Page(workspace.document(case))
    before = page.document.image_ref
    page.do(ADD)
    save_volume(folder / "ct.nii.gz", grey(seed=1))
    page.document = workspace.document(case)  # as every request of the page does
    with pytest.raises(ReplacedImageError, match=r"took the place .* look it over, and repeat") as refused:
        page.do(MARK)
    assert isinstance(refused.value, StaleRevisionError)
    assert refused.value.revision == 1
    assert refused.value.kept is not None
    assert "seen" in (tmp_path / "out" / refused.value.kept).read_text()
    assert page.document.image_ref != before
    (warning,) = page.document.detail().warnings
    assert warning.startswith("The image has other grey values than when it was annotated")
    assert page.do(MARK).note == "seen"


def test_a_question_about_the_earlier_image_costs_no_answer(
    open_workspace: Callable[..., Workspace], folder: Path
) -> None:
    workspace = open_workspace()
    case = workspace.summaries()[0].case
    page = Page(workspace.document(case))
    page.do(ADD)
    ask = Ask(kind="ask", object=1, plane="axial", prompts=Prompts(points=(Point(at=page.mm(3, 4, 5)),)))
    save_volume(folder / "ct.nii.gz", grey(seed=1))
    document = workspace.document(case)
    with pytest.raises(ReplacedImageError):
        document.question(ask)
    assert document.question(ask).image == document.image_ref


def test_a_page_that_has_read_the_new_image_goes_on(open_workspace: Callable[..., Workspace], folder: Path) -> None:
    workspace = open_workspace()
    case = workspace.summaries()[0].case
    Page(workspace.document(case)).do(ADD)
    save_volume(folder / "ct.nii.gz", grey(seed=1))
    page = Page(workspace.document(case))
    page.document.detail()
    assert page.do(MARK).revision == 2


def test_an_image_of_another_grid_is_refused_and_nothing_is_lost(
    open_workspace: Callable[..., Workspace], folder: Path
) -> None:
    workspace = open_workspace()
    case = workspace.summaries()[0].case
    Page(workspace.document(case)).do(ADD)
    save_volume(folder / "ct.nii.gz", grey((5, 5, 5)))
    with pytest.raises(GeometryError, match=r"another grid than when it was annotated .* put the earlier image back"):
        workspace.document(case)
    save_volume(folder / "ct.nii.gz", grey())
    assert [one.label for one in workspace.document(case).detail().objects] == ["liver"]


def test_an_image_that_is_gone_can_be_annotated_as_long_as_it_is_open(
    open_workspace: Callable[..., Workspace], folder: Path
) -> None:
    workspace = open_workspace()
    case = workspace.summaries()[0].case
    Page(workspace.document(case)).do(ADD)
    (folder / "ct.nii.gz").unlink()
    assert Page(workspace.document(case)).do(MARK).revision == 2


def test_what_is_looked_at(tmp_path: Path) -> None:
    series, header = tmp_path / "series", tmp_path / "a.mhd"
    series.mkdir()
    for path in (series / "1.dcm", series / "2.dcm", header, tmp_path / "a.raw", tmp_path / "b.raw"):
        path.write_bytes(b"1")
    watches = {path: Watch(path) for path in (series, header, tmp_path / "a.raw")}
    for watch in watches.values():
        assert not watch.is_replaced()
        watch.take()
        assert not watch.is_replaced()
    (series / "2.dcm").write_bytes(b"22")
    (tmp_path / "b.raw").write_bytes(b"22")
    assert [watch.is_replaced() for watch in watches.values()] == [True, False, False]
    (tmp_path / "a.raw").write_bytes(b"22")
    assert [watch.is_replaced() for watch in watches.values()] == [True, True, True]
    assert len({watch.stamp for watch in watches.values()}) == 3
    assert Watch(tmp_path / "none").stamp == ""


def test_the_disk_is_not_looked_at_with_every_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "LOOK_EVERY", 60.0)
    path = tmp_path / "a.nii"
    path.write_bytes(np.zeros(3, np.uint8).tobytes())
    watch = Watch(path)
    watch.take()
    path.write_bytes(b"other")
    assert not watch.is_replaced()

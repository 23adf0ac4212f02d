from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan import io
from samaritan.annotate.messages import AddObject, Mark, NewLabel, Paint, Redo, Undo
from samaritan.annotate.workspace import UnknownCaseError, Workspace, _watch
from samaritan.annotate.workspace import workspace as module
from samaritan.core import InputError, ResourceError, UsageError

from .conftest import Page, crash, grey, save_volume

Open = Callable[..., Workspace]


def page_of(workspace: Workspace, name: str) -> Page:
    (case,) = (one.case for one in workspace.summaries() if one.name == name)
    return Page(workspace.document(case))


def draw(page: Page, label: str = "liver", at: tuple[int, int, int] = (1, 2, 0)) -> int:
    number = page.do(AddObject(kind="add-object", label=label)).objects[-1].object
    page.do(Paint(kind="paint", object=number, plane="axial", path=(page.mm(*at),), radius=0.1))
    return number


def test_ids_tell_nothing_and_others_do_not_exist(open_workspace: Open) -> None:
    workspace = open_workspace()
    for case in ("../ct.nii.gz", "ct", "", "0" * 16, "\0"):
        with pytest.raises(UnknownCaseError, match=r"^There is no such case; reload the list of cases\.$"):
            workspace.document(case)
        with pytest.raises(UnknownCaseError):
            workspace.summary(case)
        with pytest.raises(UnknownCaseError):
            workspace.set_uncertainty(case, 0.5)


def test_one_process_per_output_folder(open_workspace: Open, folder: Path, tmp_path: Path) -> None:
    open_workspace()
    with pytest.raises(ResourceError, match="in use by another run"):
        Workspace(folder, tmp_path / "out")
    open_workspace().close()
    Workspace(folder, tmp_path / "out").close()


def test_labels_of_the_command_line_join_those_of_the_project(open_workspace: Open, tmp_path: Path) -> None:
    open_workspace(labels=("liver",)).add_label(NewLabel(name="kidney"))
    assert [label.name for label in open_workspace(labels=("spleen", "liver")).labels] == ["liver", "kidney", "spleen"]
    with pytest.raises(UsageError, match="'a/b' cannot be used"):
        open_workspace(labels=("a/b",))
    (tmp_path / "out" / "labels.json").write_text("?")
    with pytest.raises(InputError, match=r"labels\.json"):
        open_workspace()
    (tmp_path / "out" / "labels.json").unlink()
    open_workspace()  # the lock was let go of


def test_a_problem_does_not_stop_the_others(open_workspace: Open, folder: Path) -> None:
    (folder / "bad.nii.gz").write_bytes((folder / "ct.nii.gz").read_bytes()[:-40])
    workspace = open_workspace()
    bad, good = workspace.summaries()
    assert bad.problem is None  # its first bytes are good
    with pytest.raises(InputError):
        workspace.document(bad.case)
    assert "truncated" in (workspace.summary(bad.case).problem or "")
    assert workspace.summary(good.case).problem is None
    draw(page_of(workspace, "ct"))


def test_a_bad_head_is_told_before_a_case_is_opened_and_until_another_file_lies_there(
    open_workspace: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watch, "LOOK_EVERY", 0.0)
    (folder / "bad.nii.gz").write_bytes(b"\x1f\x8bno")
    workspace = open_workspace()
    bad, good = workspace.summaries()
    assert (bad.problem or "").startswith("bad.nii.gz ")  # and not where on this machine it lies
    assert good.problem is None
    with pytest.raises(InputError, match=r"bad\.nii\.gz"):
        workspace.document(bad.case)
    (folder / "bad.nii.gz").write_bytes((folder / "ct.nii.gz").read_bytes())
    page = page_of(workspace, "bad")
    draw(page)
    page.document.rest()
    draw(page_of(workspace, "bad"))
    assert workspace.summary(bad.case).problem is None


def test_masks_are_saved_by_label_and_by_object(open_workspace: Open, folder: Path, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 9), np.uint8)).save(folder / "p.png")
    workspace = open_workspace()
    page = page_of(workspace, "p")
    draw(page, "spleen")
    workspace.save()
    assert io.read_labels(tmp_path / "out" / "masks" / "p.png").labels() == [2]
    assert not (tmp_path / "out" / "objects").exists()
    second = draw(page, "spleen", (4, 4, 0))
    assert second == 2
    workspace.save()
    mask = io.read_labels(tmp_path / "out" / "masks" / "p.png").data[..., 0]
    assert np.argwhere(mask).tolist() == [
        [4, 3],
        [7, 5],
    ]  # what the page calls right and up runs against columns and rows
    assert io.read_labels(tmp_path / "out" / "objects" / "p.png").labels() == [1, 2]
    page.do(Mark(kind="mark", note="x"))
    for _ in range(2):
        from samaritan.annotate.messages import Undo

        page.do(Undo(kind="undo"))
    workspace.save()
    assert not (tmp_path / "out" / "objects" / "p.png").exists()


def test_open_cases_rest_when_there_are_many(
    open_workspace: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_OPEN", 2)
    for name in "abc":
        save_volume(folder / f"{name}.nii.gz", grey())
    workspace = open_workspace()
    pages = [page_of(workspace, name) for name in "ab"]
    draw(pages[0])
    draw(pages[1])
    labels = pages[0].labels()
    page_of(workspace, "c")
    weights = [page.document.weight for page in pages]
    assert weights == [0, 720]
    assert (folder.parent / "out" / "masks" / "a.nii.gz").exists()
    assert np.array_equal(pages[0].labels(), labels)  # the same document wakes up again
    draw(pages[0], "spleen", (3, 3, 3))
    assert workspace.document(pages[0].document.found.case) is pages[0].document
    monkeypatch.setattr(module, "_MOST_BYTES", 1)
    page_of(workspace, "c")
    assert [page.document.weight for page in pages] == [0, 0]


def test_a_full_disk_while_a_case_is_left_keeps_it_open(
    open_workspace: Open, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_MOST_OPEN", 1)
    save_volume(folder / "b.nii.gz", grey())
    workspace = open_workspace()
    page = page_of(workspace, "ct")
    draw(page)
    with monkeypatch.context() as patch:
        patch.setattr(io, "write_labels", _full)
        page_of(workspace, "b")
    assert "ct stays open" in caplog.text
    assert page.document.weight == 720
    workspace.save()
    assert io.read_labels(folder.parent / "out" / "masks" / "ct.nii.gz").data.sum() == 1


def _full(*_: Any, **__: Any) -> None:
    raise ResourceError("Could not write: No space left on device; nothing was changed.")


def test_what_cannot_be_saved_at_the_end_is_in_the_journal(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = open_workspace()
    page = page_of(workspace, "ct")
    draw(page)
    labels = page.labels()
    with monkeypatch.context() as patch:
        patch.setattr(io, "write_labels", _full)
        workspace.close()
    assert "No space left" in caplog.text
    assert np.array_equal(page_of(open_workspace(), "ct").labels(), labels)


def test_a_full_disk_refuses_the_edit_and_changes_nothing(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(open_workspace(), "ct")
    draw(page)
    before, revision = page.labels(), page.document.revision

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(ResourceError, match=r"could not be written to .* so it was not done; free some space"):
            draw(page, at=(5, 5, 5))
    assert np.array_equal(page.labels(), before)
    assert page.document.revision == revision
    draw(page, at=(5, 5, 5))
    assert page.labels().sum() == 3  # of object 1 one voxel, of object 2 one


def test_masks_that_a_crash_left_behind_are_written_at_the_next_start(open_workspace: Open, tmp_path: Path) -> None:
    workspace = open_workspace()
    draw(page_of(workspace, "ct"))
    crash(workspace)
    mask = tmp_path / "out" / "masks" / "ct.nii.gz"
    assert not mask.exists()
    open_workspace().save()
    assert io.read_labels(mask).data.sum() == 1


def test_an_edit_while_the_mask_is_written_is_not_forgotten(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file is younger than the journal then, and shows less."""
    workspace = open_workspace()
    page = page_of(workspace, "ct")
    draw(page)
    real = io.write_labels

    def write_labels(*arguments: Any, **options: Any) -> None:
        draw(page, at=(5, 5, 5))
        real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(io, "write_labels", write_labels)
        page.document.save()
    crash(workspace)
    mask = tmp_path / "out" / "masks" / "ct.nii.gz"
    assert (io.read_labels(mask).data > 0).sum() == 1
    open_workspace().save()
    assert (io.read_labels(mask).data > 0).sum() == 2


def test_a_mask_that_somebody_changed_stays_until_the_next_edit(open_workspace: Open, tmp_path: Path) -> None:
    page = page_of(open_workspace(), "ct")
    draw(page)
    open_workspace().close()
    mask = tmp_path / "out" / "masks" / "ct.nii.gz"
    mask.write_bytes(b"mine")
    page = page_of(open_workspace(), "ct")
    open_workspace().save()
    assert mask.read_bytes() == b"mine"
    draw(page_of(open_workspace(), "ct"))
    open_workspace().save()
    assert (io.read_labels(mask).data > 0).sum() == 1


def test_what_a_killed_process_left_for_the_viewer_is_removed(open_workspace: Open, tmp_path: Path) -> None:
    workspace = open_workspace()
    page_of(workspace, "ct")
    shown = tmp_path / "out" / ".samaritan" / "shown"
    assert len(list(shown.iterdir())) == 1
    crash(workspace)
    open_workspace()
    assert not shown.exists()


def test_the_order_that_learning_wishes(open_workspace: Open) -> None:
    workspace = open_workspace()
    case = workspace.summaries()[0].case
    assert workspace.summary(case).uncertainty is None
    workspace.set_uncertainty(case, 0.75)
    assert workspace.summary(case).uncertainty == 0.75
    assert open_workspace().summary(case).uncertainty == 0.75


def test_the_images_are_no_place_to_write_to(folder: Path) -> None:
    with pytest.raises(UsageError, match="holds the images; choose another folder"):
        Workspace(folder, folder)


@pytest.mark.parametrize("inside", ["dataset", "dataset/images", "masks", "exports", "journal"])
def test_images_in_what_is_written_over_are_refused(tmp_path: Path, inside: str) -> None:
    image = save_volume(tmp_path / "out" / inside / "ct.nii.gz", grey())
    content = image.read_bytes()
    with pytest.raises(UsageError, match=f"lies in .*{Path(inside).parts[0]}, which is written over"):
        Workspace(image.parent, tmp_path / "out")
    assert image.read_bytes() == content
    assert not (tmp_path / "out" / ".samaritan").exists()


def test_journals_of_images_that_were_renamed_are_named(
    open_workspace: Open, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draw(page_of(open_workspace(), "ct"))
    open_workspace().close()
    (folder / "ct.nii.gz").rename(folder / "other.nii.gz")
    open_workspace()
    assert "1 journals belong to images that are not there any more, and are kept: ct." in caplog.text
    assert len(list((tmp_path / "out" / "journal").iterdir())) == 1


def test_accepted_cases(open_workspace: Open, folder: Path) -> None:
    save_volume(folder / "b.nii.gz", grey())
    workspace = open_workspace()
    assert workspace.accepted() == []
    page = page_of(workspace, "ct")
    page.do(Mark(kind="mark", status="accepted"))
    assert workspace.accepted() == open_workspace().accepted() == [page.document.found.case]


def test_the_list_of_cases_reads_a_journal_once(open_workspace: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page_of(open_workspace(), "ct").do(Mark(kind="mark", status="accepted"))
    workspace = open_workspace()
    assert workspace.accepted()
    with monkeypatch.context() as patch:
        patch.setattr("samaritan.annotate.workspace._describe.of_journal", _full)
        assert workspace.accepted()
    page_of(workspace, "ct").do(Mark(kind="mark", status="work"))
    assert workspace.accepted() == []
    workspace.document(workspace.summaries()[0].case).rest()
    assert workspace.accepted() == []


def test_nothing_in_the_folder_is_changed(open_workspace: Open, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    workspace = open_workspace()
    page = page_of(workspace, "ct")
    draw(page)
    page.do(Mark(kind="mark", status="accepted"))
    workspace.export_dataset()
    workspace.close()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_after_closing_nothing_is_written(open_workspace: Open) -> None:
    workspace = open_workspace()
    page = page_of(workspace, "ct")
    workspace.close()
    with pytest.raises(ResourceError, match="closed"):
        draw(page)
    workspace.close()


def test_a_renamed_label_is_renamed_in_every_case_and_file(
    open_workspace: Callable[..., Workspace], folder: Path, tmp_path: Path
) -> None:
    save_volume(folder / "other.nii.gz", grey(seed=3))
    workspace = open_workspace()
    first, second = (one.case for one in workspace.summaries())
    for case in (first, second):
        page = Page(workspace.document(case))
        page.do(AddObject(kind="add-object", label="liver"))
        page.do(Paint(kind="paint", object=1, plane="axial", path=(page.mm(3, 4, 5),), radius=2.0))
        page.do(Mark(kind="mark", status="accepted"))
    workspace.document(second).rest()
    workspace.rename_label("liver", "hepar")
    assert [one.status for one in workspace.summaries()] == ["accepted", "accepted"]
    for case in (first, second):
        assert [one.label for one in workspace.document(case).detail().objects] == ["hepar"]
    workspace.export_dataset()
    told = (tmp_path / "out" / "dataset" / "dataset.yaml").read_text()
    assert "hepar" in told
    assert "liver" not in told
    with pytest.raises(InputError, match="'liver' was the name of 'hepar' before"):
        workspace.add_label(NewLabel(name="liver"))
    page = Page(workspace.document(first))
    while page.document.detail().undo:
        page.do(Undo(kind="undo"))
    assert page.do(Redo(kind="redo")).objects[0].label == "hepar"
    again = open_workspace()  # which asks for the labels liver and spleen, as the first one did
    assert [label.name for label in again.labels] == ["hepar", "spleen"]
    assert [one.label for one in again.document(second).detail().objects] == ["hepar"]

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samaritan import io
from samaritan.annotate.messages import AddObject, Mark, NewLabel, Paint, Undo
from samaritan.annotate.workspace import Workspace
from samaritan.annotate.workspace import _opening as opening
from samaritan.annotate.workspace._journal import Journal
from samaritan.core import Geometry, GeometryError, InputError, LabelMap, ResourceError

from .conftest import PSL, SHAPE, Page, grey, save_volume

Open = Callable[..., Workspace]


def paint(page: Page, *ijk: int, number: int = 1) -> None:
    page.do(Paint(kind="paint", object=number, plane="axial", path=(page.mm(*ijk),), radius=0.1))


def start(open_workspace: Open, folder: Path | None = None) -> Page:
    workspace = open_workspace(source=folder) if folder else open_workspace()
    return Page(workspace.document(workspace.summaries()[0].case))


def drawn(open_workspace: Open, count: int = 3) -> Page:
    page = start(open_workspace)
    page.do(AddObject(kind="add-object", label="liver"))
    for number in range(count):
        paint(page, 1, number, 2)
    return page


def journal_of(page: Page, folder: Path) -> Path:
    return folder.parent / "out" / "journal" / f"{page.document.found.case}.jsonl"


def test_a_journal_that_was_damaged_keeps_what_came_before(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace)
    open_workspace().close()
    (snapshot,) = (folder.parent / "out" / ".samaritan" / "snapshots").rglob("*.safetensors")
    journal, mask = journal_of(page, folder), folder.parent / "out" / "masks" / "ct.nii.gz"
    content, saved = journal.read_bytes(), mask.read_bytes()
    lines = content.splitlines(keepends=True)
    lines[3] = lines[3].replace(b"paint", b"print", 1)  # the second stroke
    journal.write_bytes(b"".join(lines))
    snapshot.unlink()
    page = start(open_workspace)
    assert page.labels().sum() == 1
    (warning,) = page.document.detail().warnings
    assert warning.startswith(
        "The journal of this case is damaged after edit 2 (the checksum is wrong); what came before is"
    )
    assert f"kept in journal/{journal.stem}.damaged.jsonl" in warning
    assert warning.endswith("and the mask as it was last saved in masks/ct-kept.nii.gz.")
    assert journal.with_suffix(".damaged.jsonl").read_bytes() == b"".join(lines)
    paint(page, 4, 4, 4)
    open_workspace().close()
    assert (mask.parent / "ct-kept.nii.gz").read_bytes() == saved
    assert start(open_workspace).labels().sum() == 2


def test_a_journal_whose_first_line_is_damaged_starts_from_the_saved_mask(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace)
    open_workspace().close()
    journal = journal_of(page, folder)
    journal.write_bytes(b"?" + journal.read_bytes()[1:])
    page = start(open_workspace)
    assert page.labels().sum() == 3
    assert [one.label for one in page.document.detail().objects] == ["liver"]
    assert "damaged after edit 0" in page.document.detail().warnings[0]


def test_a_journal_that_is_gone_starts_from_the_saved_mask(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace)
    labels = page.labels()
    open_workspace().close()
    journal_of(page, folder).unlink()
    page = start(open_workspace)
    assert np.array_equal(page.labels(), labels)
    assert page.document.revision == 0
    paint(page, 5, 5, 5)
    open_workspace().close()
    assert start(open_workspace).labels().sum() == 4  # the start is in the journal now


def test_a_mask_of_another_program_is_kept(open_workspace: Open, folder: Path) -> None:
    data = np.zeros(SHAPE, np.uint8)
    data[1, 2, 3] = 7
    mask = save_volume(folder.parent / "out" / "masks" / "ct.nii.gz", data)
    content = mask.read_bytes()
    for _ in range(2):
        page = start(open_workspace)
        assert page.labels().sum() == 1
        (warning,) = page.document.detail().warnings
        assert warning.endswith("which is kept in masks/ct-kept.nii.gz.")
        open_workspace().close()
    page = start(open_workspace)
    paint(page, 5, 5, 5)
    open_workspace().close()
    assert mask.read_bytes() != content
    assert {path.name: path.read_bytes() == content for path in mask.parent.iterdir()} == {
        "ct.nii.gz": False, "ct-kept.nii.gz": True,
    }  # fmt: skip


def test_objects_of_one_label_come_back_without_the_journal(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace, 1)
    for number, label in ((2, "liver"), (3, "spleen")):
        page.do(AddObject(kind="add-object", label=label))
        paint(page, 4, number, 4, number=number)
    labels = page.labels()
    open_workspace().close()
    journal_of(page, folder).unlink()
    page = start(open_workspace)
    assert np.array_equal(page.labels(), labels)
    assert [(one.object, one.label) for one in page.document.detail().objects] == [
        (1, "liver"), (2, "liver"), (3, "spleen"),
    ]  # fmt: skip
    open_workspace().close()
    mask = folder.parent / "out" / "masks" / "ct.nii.gz"
    other = io.read_labels(mask)
    other.data[0, 0, 0] = 1  # by somebody else, so that both files differ
    io.write_labels(other, mask, overwrite=True)
    assert [(one.object, one.voxels) for one in start(open_workspace).document.detail().objects] == [(1, 3), (2, 1)]


def test_a_file_with_several_volumes(open_workspace: Open, folder: Path) -> None:
    save_volume(folder / "ct.nii.gz", np.zeros((*SHAPE, 3), np.int16))
    workspace = open_workspace()
    (summary,) = workspace.summaries()
    assert summary.problem == (
        "ct.nii.gz holds 3 volumes, and a case is one; save those that are wanted as files of their own "
        "(samaritan.io.read_volume(..., volume=0) to volume=2 reads them)."
    )
    with pytest.raises(InputError, match=r"ct.nii.gz holds 3 volumes"):
        workspace.document(summary.case)


def test_a_file_with_several_pictures(open_workspace: Open, folder: Path) -> None:
    (folder / "ct.nii.gz").unlink()
    pages = [Image.fromarray(np.full((4, 5), value, np.uint8)) for value in (1, 2)]
    colours = [page.convert("RGB") for page in pages]
    colours[0].save(folder / "stack.tif", save_all=True, append_images=colours[1:])
    workspace = open_workspace()
    (summary,) = workspace.summaries()
    with pytest.raises(GeometryError, match=r"stack.tif holds 2 .*, and a case is one; save those that are wanted as"):
        workspace.document(summary.case)
    assert "and a case is one" in str(workspace.summary(summary.case).problem)


def test_a_line_that_does_not_follow_is_damage(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace)
    open_workspace().close()
    journal = journal_of(page, folder)
    lines = journal.read_bytes().splitlines(keepends=True)
    for snapshot in (folder.parent / "out" / ".samaritan" / "snapshots").rglob("*.safetensors"):
        snapshot.unlink()
    journal.write_bytes(b"".join([*lines[:3], *lines[4:]]))  # one is missing
    page = start(open_workspace)
    assert page.labels().sum() == 1
    assert "it does not follow the line before it" in page.document.detail().warnings[0]


def test_another_grid_is_refused_and_nothing_is_lost(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace)
    open_workspace().close()
    before = journal_of(page, folder).read_bytes()
    save_volume(folder / "ct.nii.gz", grey((12, 10, 7)))
    workspace = open_workspace()
    with pytest.raises(GeometryError, match=r"The image of ct has another grid.*put the earlier image back"):
        workspace.document(page.document.found.case)
    assert "another grid" in (workspace.summary(page.document.found.case).problem or "")
    assert journal_of(page, folder).read_bytes() == before
    save_volume(folder / "ct.nii.gz", grey())
    page = start(open_workspace)
    assert page.labels().sum() == 3
    assert page.document.detail().warnings == ()


def test_other_grey_values_are_said(open_workspace: Open, folder: Path) -> None:
    drawn(open_workspace)
    open_workspace().close()
    save_volume(folder / "ct.nii.gz", grey(seed=1))
    page = start(open_workspace)
    assert page.labels().sum() == 3
    assert page.document.detail().warnings[0].startswith("The image has other grey values than when it was annotated")


def test_an_image_that_goes_away_after_opening(open_workspace: Open, folder: Path) -> None:
    page = drawn(open_workspace)
    (folder / "ct.nii.gz").unlink()
    paint(page, 4, 4, 4)
    page.document.save()
    page.document.export("nifti")
    assert io.read_labels(folder.parent / "out" / "masks" / "ct.nii.gz").data.sum() == 4
    page.document.rest()
    with pytest.raises(InputError, match="does not exist"):
        page.document.open()
    assert "does not exist" in (page.document.summary().problem or "")
    assert page.document.summary().revision == 5


def test_a_long_journal_opens_from_its_snapshot(
    open_workspace: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = drawn(open_workspace, 5)
    page.do(Undo(kind="undo"))
    labels = page.labels()
    detail = page.document.detail()
    open_workspace().close()
    read: list[int] = []
    real = Journal.replay

    def replay(self: Journal, start: int = 0) -> object:
        read.append(start)
        return real(self, start)

    monkeypatch.setattr(Journal, "replay", replay)
    page = start(open_workspace)
    assert read == [journal_of(page, folder).stat().st_size]
    assert np.array_equal(page.labels(), labels)
    assert page.document.detail() == detail
    paint(page, 4, 4, 4)
    for _ in range(6):
        page.do(Undo(kind="undo"))
    assert page.document.detail().objects == ()


@pytest.mark.parametrize("how", ["older", "foreign", "damaged"])
def test_a_snapshot_that_does_not_belong_is_ignored(
    how: str, open_workspace: Open, folder: Path, tmp_path: Path
) -> None:
    page = drawn(open_workspace)
    open_workspace().close()
    (snapshot,) = (folder.parent / "out" / ".samaritan" / "snapshots").rglob("*.safetensors")
    journal = journal_of(page, folder)
    if how == "older":
        page = start(open_workspace)
        paint(page, 5, 5, 5)
        kept = snapshot.read_bytes()
        open_workspace().close()
        snapshot.write_bytes(kept)
    elif how == "foreign":  # the journal was put back from a backup
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:4]))
    else:
        snapshot.write_bytes(snapshot.read_bytes()[:-1] + b"?")
    assert start(open_workspace).labels().sum() == {"older": 4, "foreign": 2, "damaged": 3}[how]


def dataset(folder: Path, values: dict[int, str], data: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Path:
    save_volume(folder / "images" / "a.nii.gz", grey())
    save_volume(folder / "images" / "b.nii.gz", grey(seed=1))
    (folder / "masks").mkdir()
    io.write_labels(LabelMap(data, Geometry(SHAPE, PSL)), folder / "masks" / "a.nii.gz")
    text = "labels:\n" + "".join(f"  {value}: {name}\n" for value, name in values.items())
    (folder / "dataset.yaml").write_text(f"modality: CT\n{text}")
    return folder


def test_a_multi_label_volume_opens_with_its_objects(open_workspace: Open, tmp_path: Path) -> None:
    data = np.zeros(SHAPE, np.uint8)
    data[2:4, 2:4, 2:4], data[6:8, 2:4, 2:4] = 4, 200
    source = dataset(tmp_path / "set", {4: "kidney", 200: "liver"}, data)
    workspace = open_workspace(source=source, labels=("tumour",))
    assert [(one.name, one.objects) for one in workspace.summaries()] == [("a", 0), ("b", 0)]
    page = Page(workspace.document(workspace.summaries()[0].case))
    assert [(one.object, one.label, one.voxels) for one in page.document.detail().objects] == [
        (1, "kidney", 8), (2, "liver", 8),
    ]  # fmt: skip
    assert page.document.detail().modality == "CT"
    assert page.document.image_ref.modality == "CT"
    assert page.document.detail().undo is None
    assert not (tmp_path / "out" / "journal").exists()  # who only looks leaves no trace
    page.do(Mark(kind="mark", status="accepted"))
    workspace.close()
    saved = io.read_labels(tmp_path / "out" / "masks" / "a.nii.gz")
    assert np.array_equal(saved.data, data)  # the values are those of the data set
    (source / "masks" / "a.nii.gz").unlink()
    page = start(open_workspace, source)
    assert [one.voxels for one in page.document.detail().objects] == [8, 8]


def test_a_data_set_keeps_its_values_whatever_labels_are_asked_for(open_workspace: Open, tmp_path: Path) -> None:
    data = np.zeros(SHAPE, np.uint8)
    data[2:4, 2:4, 2:4], data[6:8, 2:4, 2:4] = 1, 2
    source = dataset(tmp_path / "set", {1: "kidney", 2: "liver"}, data)
    workspace = open_workspace(source=source, labels=("tumour", "liver"))
    assert workspace.label_values == {"kidney": 1, "liver": 2, "tumour": 3}
    assert not workspace.document(workspace.summaries()[0].case).detail().warnings


def test_values_without_a_name_and_values_that_are_taken(open_workspace: Open, tmp_path: Path) -> None:
    data = np.zeros(SHAPE, np.uint8)
    data[2:4, 2:4, 2:4], data[6:8, 2:4, 2:4] = 1, 2
    save_volume(tmp_path / "set" / "images" / "a.nii.gz", grey())
    (tmp_path / "set" / "masks").mkdir()
    io.write_labels(LabelMap(data, Geometry(SHAPE, PSL)), tmp_path / "set" / "masks" / "a.nii.gz")
    page = start(open_workspace, tmp_path / "set")  # liver and spleen have the values 1 and 2
    assert [one.label for one in page.document.detail().objects] == ["label_1", "label_2"]
    (said,) = page.document.detail().warnings
    assert "1 becomes 3 (label_1), 2 becomes 4 (label_2); labels.json" in said
    page.do(Mark(kind="mark", note="x"))
    open_workspace(source=tmp_path / "set").close()
    assert set(np.unique(io.read_labels(tmp_path / "out" / "masks" / "a.nii.gz").data)) == {0, 3, 4}


def test_instances_are_objects_of_one_label(open_workspace: Open, tmp_path: Path) -> None:
    data = np.zeros(SHAPE, np.uint8)
    data[2, 2, 2], data[6, 2, 2], data[8, 2, 2] = 1, 2, 9
    source = dataset(tmp_path / "set", {1: "nucleus"}, data)
    (source / "dataset.yaml").write_text("labels: {1: nucleus}\ninstances: true\n")
    page = start(open_workspace, source)
    assert [(one.object, one.label, one.voxels) for one in page.document.detail().objects] == [
        (1, "nucleus", 1), (2, "nucleus", 1), (3, "nucleus", 1),
    ]  # fmt: skip


def test_many_values_without_names_are_asked_about(open_workspace: Open, tmp_path: Path) -> None:
    data = (np.arange(720).reshape(SHAPE) % 40).astype(np.uint8)
    source = dataset(tmp_path / "set", {}, data)
    (source / "dataset.yaml").unlink()
    page = start(open_workspace, source)
    assert len(page.document.detail().objects) == 39
    assert "holds 39 values without names" in page.document.detail().warnings[0]


def test_a_mask_that_cannot_be_used_is_said(open_workspace: Open, tmp_path: Path) -> None:
    data = np.arange(720).reshape(SHAPE) % 300
    source = dataset(tmp_path / "set", {}, np.zeros(SHAPE, np.uint8))
    (source / "dataset.yaml").unlink()
    io.write_labels(
        LabelMap(data.astype(np.uint16), Geometry(SHAPE, PSL)), source / "masks" / "a.nii.gz", overwrite=True
    )
    page = start(open_workspace, source)
    assert page.document.detail().objects == ()
    assert "holds 299 values, and a case at most 255 objects" in page.document.detail().warnings[0]


def test_a_saved_mask_that_cannot_be_used_is_kept(open_workspace: Open, folder: Path) -> None:
    save_volume(folder.parent / "out" / "masks" / "ct.nii.gz", np.ones((3, 3, 3), np.uint8))
    mine = (folder.parent / "out" / "masks" / "ct.nii.gz").read_bytes()
    page = drawn(open_workspace)
    warning = page.document.detail().warnings[0]
    assert warning.startswith(
        "The mask of this image cannot be used, so the case starts empty; it is kept in masks/ct-kept"
    )
    open_workspace().close()
    assert (folder.parent / "out" / "masks" / "ct-kept.nii.gz").read_bytes() == mine
    assert io.read_labels(folder.parent / "out" / "masks" / "ct.nii.gz").data.sum() == 3


def test_labels_that_were_removed_come_back(open_workspace: Open, folder: Path) -> None:
    drawn(open_workspace)
    open_workspace().close()
    (folder.parent / "out" / "labels.json").unlink()
    workspace = open_workspace(labels=("spleen",))
    page = Page(workspace.document(workspace.summaries()[0].case))
    assert page.document.detail().objects[0].label == "liver"
    assert [one.name for one in workspace.labels] == ["spleen", "liver"]
    assert workspace.add_label(NewLabel(name="liver", colour="#010203")).colour == "#010203"
    assert page.document.detail().objects[0].colour == "#010203"


def test_an_output_folder_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="choose another folder"):
        Workspace(folder, tmp_path / "file" / "out")


def test_time_is_utc() -> None:
    assert opening.timestamp().endswith("+00:00")

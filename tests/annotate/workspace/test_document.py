from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import ChainEnd, VolumeAnswer
from samaritan.annotate.messages import (
    AddObject,
    Ask,
    Clear,
    Mark,
    Paint,
    Point,
    PreviewRequest,
    Prompts,
    Propagate,
    Propose,
    Redo,
    Relabel,
    RemoveObject,
    Scribble,
    Undo,
)
from samaritan.annotate.workspace import StaleRevisionError, Workspace
from samaritan.core import InputError, PromptError, UsageError

from .conftest import Page, slice_answer
from .test_shown import unpacked

ADD = AddObject(kind="add-object", label="liver")
UNDO, REDO = Undo(kind="undo"), Redo(kind="redo")


def ask(page: Page, *ijk: float, number: int = 1, **more: Any) -> Ask:
    prompts = Prompts(points=(Point(at=page.mm(*ijk)),))
    return Ask(kind="ask", object=number, plane="axial", prompts=prompts, **more)


def square(low: tuple[int, int], high: tuple[int, int], shape: tuple[int, int] = (6, 12)) -> NDArray[np.bool_]:
    """(x, y) mask of an axial picture that covers the shown voxels from ``low`` to before ``high``."""
    mask = np.zeros(shape, bool)
    mask[low[0] : high[0], low[1] : high[1]] = True
    return mask[::-1, ::-1]


def applied(page: Page, labels: NDArray[np.uint8], edited: Any) -> NDArray[np.uint8]:
    """The label array of a page after it took the patches of an edit."""
    after = labels.copy()
    for patch in edited.patches:
        after[tuple(slice(a, a + n) for a, n in zip(patch.low, patch.shape, strict=True))] = unpacked(patch)
    return after


def test_a_first_object(page: Page) -> None:
    edited = page.do(ADD)
    assert (edited.revision, edited.undo, edited.redo, edited.status) == (1, "add liver", None, "work")
    assert [(one.object, one.label, one.voxels, one.extent) for one in edited.objects] == [(1, "liver", 0, None)]
    assert [one.object for one in page.do(ADD).objects] == [1, 2]
    with pytest.raises(InputError, match="no label 'lung'; the labels are liver, spleen"):
        page.do(AddObject(kind="add-object", label="lung"))
    with pytest.raises(InputError, match="Object 2 is there already"):
        page.do(AddObject(kind="add-object", label="liver", object=2))
    assert page.document.revision == 2


def test_the_detail_says_where_things_are(page: Page) -> None:
    detail = page.document.detail()
    assert (detail.shape, detail.orientation, detail.unit) == ((6, 12, 10), "PSL", "mm")
    assert detail.spacing == pytest.approx((2.0, 1.0, 1.5))
    assert detail.formats == ("nifti", "png")
    assert detail.plane == "axial"
    assert page.document.image_file().stat().st_size == 352 + 2 * 720


def test_an_ask_replaces_the_mask_of_its_slice(page: Page) -> None:
    page.do(ADD)
    edited = page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    assert np.argwhere(page.labels()).tolist() == [[i, j, 5] for i in (2, 3, 4) for j in (3, 4, 5)]
    (state,) = edited.objects
    assert state.voxels == 9
    assert state.volume_ml == pytest.approx(9 * 3 / 1000)
    assert state.extent == pytest.approx((6.0, 3.0, 1.5))
    assert state.slices == {"sagittal": (2, 4), "coronal": (3, 5), "axial": (5, 5)}
    assert edited.answer is not None
    assert (edited.answer.index, edited.answer.candidate, edited.answer.qualities) == (5, 0, (0.9,))
    assert [(one.plane, one.index) for one in edited.asked] == [("axial", 5)]
    before = page.labels()
    edited = page.do(ask(page, 3, 4, 5, candidate=1), slice_answer(square((0, 0), (1, 1)), square((2, 2), (3, 3))))
    assert np.argwhere(page.labels()).tolist() == [[2, 2, 5]]
    assert np.array_equal(applied(page, before, edited), page.labels())
    with pytest.raises(PromptError, match="gave 1 candidates; number 1"):
        page.do(ask(page, 3, 4, 5, candidate=1), slice_answer(square((0, 0), (1, 1))))
    with pytest.raises(UsageError, match="needs the model's answer"):
        page.do(ask(page, 3, 4, 5))
    edited = page.do(ask(page, 3, 4, 5), slice_answer(np.zeros((6, 12), bool)))
    assert edited.warnings == ("The model found nothing there; add a point or a box.",)


@pytest.mark.parametrize("over", ["empty", "all"])
def test_other_objects_are_left_alone_or_taken_from(over: Any, page: Page) -> None:
    page.do(ADD)
    page.do(ADD)
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    edited = page.do(ask(page, 3, 4, 5, number=2, over=over), slice_answer(square((4, 3), (6, 6))))
    assert [one.voxels for one in edited.objects] == ([9, 3] if over == "empty" else [6, 6])


def test_a_brush_and_an_eraser(page: Page) -> None:
    page.do(ADD)
    path = (page.mm(3, 4, 5), page.mm(3, 4, 8))
    edited = page.do(Paint(kind="paint", object=1, plane="sagittal", path=path, radius=1.0))
    assert sorted(map(tuple, np.argwhere(page.labels()))) == [(3, j, k) for j in (3, 4, 5) for k in (5, 6, 7, 8)]
    assert edited.asked == ()
    edited = page.do(Paint(kind="paint", object=1, plane="sagittal", path=path[:1], radius=1.0, erase=True))
    assert edited.undo == "erase liver"
    assert edited.objects[0].voxels == 9
    again = page.do(Paint(kind="paint", object=1, plane="sagittal", path=path[:1], radius=1.0, erase=True))
    assert (again.revision, again.patches) == (4, ())
    assert page.do(UNDO).objects[0].voxels == 12  # a stroke that changed nothing is nothing to take back
    with pytest.raises(PromptError, match="The stroke lies outside"):
        page.do(Paint(kind="paint", object=1, plane="sagittal", path=(page.mm(3, 40, 8),), radius=1.0))
    with pytest.raises(InputError, match="no object 7 in this case; its objects are 1"):
        page.do(Paint(kind="paint", object=7, plane="sagittal", path=path, radius=1.0))


def test_undo_to_empty_and_redo(page: Page) -> None:
    page.do(ADD)
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    page.do(Relabel(kind="relabel", object=1, label="spleen"))
    full = page.labels()
    names = [page.do(UNDO).redo for _ in range(3)]
    assert names == ["liver becomes spleen", "segment liver", "add liver"]
    assert not page.labels().any()
    assert page.document.detail().objects == ()
    with pytest.raises(InputError, match="nothing to undo"):
        page.do(UNDO)
    edited = [page.do(REDO) for _ in range(3)][-1]
    assert (edited.redo, edited.objects[0].label, len(edited.asked)) == (None, "spleen", 1)
    assert np.array_equal(page.labels(), full)
    page.do(UNDO)
    assert page.do(ADD).redo is None
    with pytest.raises(InputError, match="nothing to redo"):
        page.do(REDO)


def test_clear_and_remove(page: Page) -> None:
    page.do(ADD)
    for k in (4, 5):
        page.do(ask(page, 3, 4, k), slice_answer(square((2, 3), (5, 6))))
    edited = page.do(Clear(kind="clear", object=1, plane="axial", at=page.mm(0, 0, 5)))
    assert (edited.objects[0].voxels, [one.index for one in edited.asked]) == (9, [4])
    edited = page.do(Clear(kind="clear", object=1))
    assert (edited.objects[0].voxels, edited.asked) == (0, ())
    assert page.do(UNDO).objects[0].voxels == 9
    edited = page.do(RemoveObject(kind="remove-object", object=1))
    assert (edited.objects, edited.asked) == ((), ())
    assert not page.labels().any()
    assert len(page.do(UNDO).asked) == 1


def test_marks_are_kept_and_not_undone(page: Page) -> None:
    page.do(ADD)
    edited = page.do(Mark(kind="mark", status="accepted", note="fine"))
    assert (edited.status, edited.note, edited.undo) == ("accepted", "fine", "add liver")
    assert page.do(Mark(kind="mark", status="skipped")).note == "fine"
    edited = page.do(UNDO)
    assert (edited.status, edited.note) == ("work", "fine")  # what was changed after it was accepted is not accepted


def test_a_stale_edit_is_refused_and_kept(page: Page, tmp_path: Path) -> None:
    page.do(ADD)
    late = page.request(ADD, revision=0)
    with pytest.raises(StaleRevisionError, match="at revision 1") as caught:
        page.document.commit(late)
    assert caught.value.revision == 1
    assert caught.value.kept is not None
    assert late.request in (tmp_path / "out" / caught.value.kept).read_text()
    assert page.document.revision == 1


def test_a_repeated_request_is_not_done_twice(page: Page, open_workspace: Callable[..., Workspace]) -> None:
    page.do(ADD)
    request = page.request(ask(page, 3, 4, 5))
    first = page.document.commit(request, slice_answer(square((2, 3), (5, 6))))
    assert page.document.commit(request) == first
    undo = page.request(UNDO)
    undone = page.document.commit(undo)
    assert page.document.commit(undo) == undone
    assert undone.objects[0].voxels == 0
    with pytest.raises(InputError, match="for another edit"):
        page.document.commit(page.request(ADD, name=request.request))
    again = Page(open_workspace().document(page.document.found.case))
    assert again.document.commit(undo) == undone
    assert again.document.commit(request).answer == first.answer


def test_a_question_about_a_slice(page: Page) -> None:
    page.do(ADD)
    question: Any = page.document.question(ask(page, 3, 4, 5))
    assert (question.plane, question.index, question.several) == ("axial", 5, True)
    assert question.current is None
    assert question.prompts.points.ijk.tolist() == [[2, 7, 0]]
    assert question.prompts.text == "liver"
    assert question.image.path.name == "ct.nii.gz"
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    question = page.document.question(ask(page, 3, 4, 5))
    assert np.array_equal(question.current, square((2, 3), (5, 6)))
    assert page.document.question(ask(page, 3, 4, 5)).lane == f"{page.document.found.case}/1"


def test_a_preview_is_not_kept(page: Page) -> None:
    page.do(ADD)
    preview = PreviewRequest(object=1, plane="axial", prompts=ask(page, 3, 4, 5).prompts)
    question = page.document.preview_question(preview)
    assert (question.lane, question.several) == ("preview", False)
    patch = page.document.previewed(question, slice_answer(square((2, 3), (5, 6))))
    assert (patch.low, patch.shape) == ((0, 0, 5), (6, 12, 1))
    assert np.argwhere(unpacked(patch)[..., 0]).tolist() == [[i, j] for i in (2, 3, 4) for j in (3, 4, 5)]
    assert page.document.revision == 1


def test_an_answer_about_another_grid_changes_nothing(page: Page) -> None:
    """The model process read the image again after somebody had replaced it."""
    page.do(ADD)
    whole, revision = "has shape .*put the earlier one back", page.document.revision
    preview = PreviewRequest(object=1, plane="axial", prompts=ask(page, 3, 4, 5).prompts)
    question = page.document.preview_question(preview)
    with pytest.raises(InputError, match=whole):
        page.document.previewed(question, slice_answer(np.ones((40, 40), bool)))
    with pytest.raises(InputError, match=whole):
        page.do(ask(page, 3, 4, 5), slice_answer(np.ones((40, 40), bool)))
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    edit = Propagate(kind="propagate", object=1, plane="axial")
    with pytest.raises(InputError, match=whole):
        page.do(edit, VolumeAnswer({k: np.ones((3, 3), bool) for k in range(10)}, {}, (), 0.5))
    assert page.document.revision == revision + 1


def stroke(page: Page, *ijk: float, plane: Any = "axial") -> Paint:
    return Paint(kind="paint", object=1, plane=plane, path=(page.mm(*ijk),), radius=0.1)


def test_what_a_propagation_is_asked_and_may_change(page: Page) -> None:
    page.do(ADD)
    with pytest.raises(PromptError, match="Nothing is drawn for this object on axial slices"):
        page.document.question(Propagate(kind="propagate", object=1, plane="axial"))
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    page.do(stroke(page, 1, 1, 7))
    page.do(stroke(page, 0, 0, 3, plane="sagittal"))
    edit = Propagate(kind="propagate", object=1, plane="axial")
    question: Any = page.document.question(edit)
    # asked: its prompts; painted: a hint and the box around it; both are answered as they are
    assert sorted(question.prompts) == sorted(question.fixed) == [5, 7]
    assert question.prompts[5].points is not None
    assert (question.prompts[7].mask.logits > 0).sum() == 1
    assert question.prompts[7].box.lo.tolist() == [4, 10, 0]
    assert np.array_equal(question.fixed[5], square((2, 3), (5, 6)))
    assert question.bounds is None
    whole = {k: square((0, 0), (3, 3)) for k in range(10)}
    edited = page.do(edit, VolumeAnswer(whole, {}, (ChainEnd(5, 1, 8, "empty", expected=False),), 0.5))
    labels = page.labels()
    assert np.argwhere(labels[:, :, 5]).tolist() == [[i, j] for i in (2, 3, 4) for j in (3, 4, 5)]
    assert np.argwhere(labels[:, :, 7]).tolist() == [[1, 1]]
    assert np.argwhere(labels[:, :, 4]).tolist() == [[i, j] for i in (1, 2) for j in (0, 1, 2)]
    assert np.argwhere(labels[0]).tolist() == [[0, 3]]  # drawn on a sagittal slice, so it stays as it is there
    assert edited.warnings == ("Carried from axial slice 6 to 9, not to 10 (empty).",)
    assert edited.undo == "liver through the volume"
    page.do(UNDO)
    assert page.labels().sum() == 11


def test_a_propagation_says_where_the_object_was_lost_on_slices_as_the_page_counts_them(page: Page) -> None:
    page.do(ADD)
    page.do(stroke(page, 1, 3, 7, plane="coronal"))
    lost = ChainEnd(
        8, -1, 6, "empty: the model found nothing", expected=False
    )  # coronal slices are stored from front to back
    whole = ChainEnd(8, 1, 11, "reached the end of the volume", expected=True)
    edited = page.do(Propagate(kind="propagate", object=1, plane="coronal"), VolumeAnswer({}, {}, (lost, whole), 0.5))
    assert edited.warnings == ("Carried from coronal slice 4 to 6, not to 7 (empty: the model found nothing).",)


def test_a_propagation_within_bounds_leaves_the_rest(page: Page) -> None:
    page.do(ADD)
    for k in (2, 5):
        page.do(ask(page, 3, 4, k), slice_answer(square((2, 3), (5, 6))))
    page.do(stroke(page, 1, 1, 9, plane="coronal"))
    edit = Propagate(kind="propagate", object=1, plane="axial", bounds=(page.mm(0, 0, 7), page.mm(0, 0, 4)))
    question: Any = page.document.question(edit)
    assert question.bounds == (4, 7)
    assert list(question.prompts) == [5]
    page.do(edit, VolumeAnswer({k: square((2, 3), (5, 6)) for k in range(10)}, {}, (), 0.5))
    assert [int(page.labels()[:, :, k].sum()) for k in range(10)] == [0, 0, 9, 0, 9, 9, 9, 9, 0, 1]
    far = Propagate(kind="propagate", object=1, plane="axial", bounds=(page.mm(0, 0, 7), page.mm(0, 0, 40)))
    with pytest.raises(PromptError, match="outside the image"):
        page.document.question(far)


def test_erased_to_nothing_is_said_and_found_nothing_is_not(page: Page) -> None:
    page.do(ADD)
    for k in (2, 4, 5):
        found = np.zeros((6, 12), bool) if k == 4 else square((2, 3), (5, 6))
        page.do(ask(page, 3, 4, k), slice_answer(found))
    everywhere = Paint(kind="paint", object=1, plane="axial", path=(page.mm(3, 4, 2),), radius=50, erase=True)
    page.do(everywhere)
    edit = Propagate(kind="propagate", object=1, plane="axial")
    question: Any = page.document.question(edit)
    assert (list(question.prompts), list(question.fixed)) == ([5], [2, 5])
    assert not question.fixed[2].any()
    page.do(edit, VolumeAnswer({k: square((2, 3), (5, 6)) for k in range(10)}, {}, (), 0.5))
    assert [k for k in range(10) if not page.labels()[:, :, k].any()] == [2]


def test_slices_without_an_answer_are_emptied(page: Page) -> None:
    page.do(ADD)
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    edit = Propagate(kind="propagate", object=1, plane="axial")
    page.do(edit, VolumeAnswer({k: square((2, 3), (5, 6)) for k in range(10)}, {}, (), 0.5))
    page.do(edit, VolumeAnswer({k: square((2, 3), (5, 6)) for k in (4, 5)}, {}, (), 0.5))
    assert [int(page.labels()[:, :, k].any()) for k in range(10)] == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    with pytest.raises(UsageError, match="needs the model's answer about the volume"):
        page.do(edit)


def test_a_proposal_fills_what_nobody_drew(page: Page, open_workspace: Callable[..., Workspace]) -> None:
    workspace = open_workspace()
    page = Page(workspace.document(page.document.found.case))
    case = page.document.found.case
    page.do(ADD)
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    everything = np.ones((12, 10, 6), bool)
    workspace.set_proposal(case, {"liver": everything, "spleen": everything})
    assert workspace.summary(case).proposal
    assert page.document.detail().proposal
    edited = page.do(Propose(kind="propose"))
    assert [(one.label, one.voxels) for one in edited.objects] == [("liver", 9), ("spleen", 720 - 9)]
    assert edited.warnings == ("liver has a mask already, which was kept.",)
    assert not workspace.summary(case).proposal
    assert [one.voxels for one in page.do(UNDO).objects] == [9]
    with pytest.raises(InputError, match="Nothing is proposed"):
        page.do(Propose(kind="propose"))
    workspace.set_proposal(case, {"spleen": np.ones((3, 3, 3), bool)})  # of an image that was replaced
    with pytest.raises(InputError, match="Nothing is proposed"):
        page.do(Propose(kind="propose"))
    workspace.drop_proposals()
    assert not workspace.summary(case).proposal


def test_masks_from_elsewhere_take_the_place_of_all_in_one_step(
    page: Page, open_workspace: Callable[..., Workspace]
) -> None:
    workspace = open_workspace()
    page = Page(workspace.document(page.document.found.case))
    case = page.document.found.case
    page.do(ADD)
    page.do(ask(page, 3, 4, 5), slice_answer(square((2, 3), (5, 6))))
    before = page.labels()
    corner = np.zeros((12, 10, 6), bool)
    corner[:2, :2, :2] = True
    workspace.set_proposal(case, {"liver": corner, "spleen": ~corner})
    edited = page.do(Propose(kind="propose", replace=True))
    assert [(one.label, one.voxels) for one in edited.objects] == [("liver", 8), ("spleen", 720 - 8)]
    assert (edited.undo, edited.asked, edited.warnings) == ("replace all masks", (), ())
    undone = page.do(UNDO)
    assert [(one.label, one.voxels) for one in undone.objects] == [("liver", 9)]
    assert len(undone.asked) == 1
    assert np.array_equal(page.labels(), before)
    assert (
        page.do(Propose(kind="propose", replace=True)).objects[0].voxels == 0
    )  # nothing is proposed: all becomes empty


def test_the_summary_of_a_case_that_is_not_open(open_workspace: Callable[..., Workspace]) -> None:
    workspace = open_workspace()
    (summary,) = workspace.summaries()
    assert (summary.name, summary.status, summary.volume, summary.revision) == ("ct", "open", True, 0)
    page = Page(workspace.document(summary.case))
    page.do(Mark(kind="mark", note="look again", status="accepted"))
    last = open_workspace().summary(summary.case)
    assert (last.note, last.status, last.revision, last.objects) == ("look again", "accepted", 1, 0)
    page = Page(open_workspace().document(summary.case))
    page.do(ADD)
    page.do(AddObject(kind="add-object", label="spleen"))
    page.do(UNDO)
    last = open_workspace().summary(summary.case)
    assert (last.note, last.status, last.revision, last.objects) == ("look again", "work", 4, 1)


def test_a_summary_does_not_wait_for_a_case_that_is_opened(page: Page) -> None:
    page.do(Mark(kind="mark", status="accepted"))
    busy, done = threading.Event(), threading.Event()

    def hold() -> None:
        with page.document._lock:
            busy.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    busy.wait(10)
    try:
        assert page.document.summary().status == "accepted"
    finally:
        done.set()
        thread.join()


def test_many_threads_and_one_order(page: Page) -> None:
    """Edits of one revision: one is done, the others are refused, and nothing is torn."""
    page.do(ADD)
    stale = []

    def draw(number: int) -> None:
        for turn in range(5):
            request = page.request(stroke(page, number % 6, turn, number), name=f"thread-{number}-{turn}")
            try:
                page.document.commit(request)
            except StaleRevisionError:
                stale.append(request)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert page.document.revision == 1 + 40 - len(stale)
    assert page.labels().sum() == 40 - len(stale)


def test_a_scribble_reaches_the_model_as_points(page: Page) -> None:
    page.do(ADD)
    scribble = Scribble(path=(page.mm(3, 0, 5), page.mm(3, 11, 5)))
    edit = Ask(kind="ask", object=1, plane="axial", prompts=Prompts(scribbles=(scribble,)))
    question: Any = page.document.question(edit)
    assert question.prompts.points.labels.tolist() == [1, 1]

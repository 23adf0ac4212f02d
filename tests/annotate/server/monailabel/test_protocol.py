"""Each route as the clients use it: voxels of the file that they were given in, masks on that file's grid out."""

from __future__ import annotations

import io
import json
import re
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK
from httpx2 import Response
from numpy.typing import NDArray
from starlette.testclient import TestClient

from samaritan.annotate.messages import EditRequest, LearnState, Undo

from .conftest import AFFINE, SHAPE, Stand

sitk: Any = SimpleITK
Form = dict[str, Any]


def ask(client: TestClient, stand: Stand, model: str = "litemedsam-2d", *, output: str = "", **params: Any) -> Response:
    query = f"?image={stand.case}" + (f"&output={output}" if output else "")
    form = {"params": (None, json.dumps(params))}
    return client.post(f"/infer/{model}{query}", files=form)


def parts(answer: Response) -> tuple[dict[str, Any], str, bytes]:
    """Parameters, file name and file of a multipart answer, as another parser than ours reads it."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message: Any = BytesParser().parsebytes(head + answer.content)
    told, mask = message.get_payload()
    assert (told.get_content_type(), mask.get_content_type()) == ("application/json", "application/octet-stream")
    return json.loads(told.get_payload()), mask.get_filename(), mask.get_payload(decode=True)


def nifti(content: bytes) -> tuple[NDArray[Any], NDArray[np.float64]]:
    import gzip

    image: Any = nibabel.Nifti1Image.from_bytes(gzip.decompress(content))
    return np.asarray(image.dataobj), image.affine


def marked(mask: NDArray[Any]) -> list[list[int]]:
    places: list[list[int]] = np.argwhere(mask).tolist()
    return places


# --- what is there


def test_info_says_what_clients_look_for(client: TestClient, stand: Stand) -> None:
    told = client.get("/info/").json()
    assert told["labels"] == ["liver"]
    assert {name: (one["type"], one["dimension"], one["labels"]) for name, one in told["models"].items()} == {
        "litemedsam-2d": ("deepgrow", 2, []),
        "litemedsam-3d": ("deepgrow", 3, []),
    }
    assert all(isinstance(one["description"], str) for one in told["models"].values())
    assert list(told["strategies"]) == ["uncertainty", "first", "random"]
    assert list(told["trainers"]) == ["litemedsam"]
    assert told["datastore"] == {"total": 2, "completed": 0, "label_tags": {}}
    stand.engine.adapter = "mine"
    assert client.get("/info/").json()["models"]["litemedsam-auto"]["labels"] == ["liver"]


def test_images_come_as_the_files_that_they_are(client: TestClient, stand: Stand) -> None:
    answer = client.get(f"/datastore/image?image={stand.case}")
    assert answer.content == stand.image.read_bytes()
    assert 'filename="ct_1.nii.gz"' in answer.headers["content-disposition"]
    assert client.head("/datastore/image?image=ct_1").status_code == 200, "QuPath knows images by their stem"
    assert client.head("/datastore/image?image=ct_9").status_code == 404


def test_the_data_store_lists_cases_and_their_masks(client: TestClient, stand: Stand) -> None:
    objects = client.get("/datastore/?output=all").json()["objects"]
    assert objects[stand.case]["image"]["info"]["name"] == "ct_1"
    assert objects[stand.case]["labels"] == {}
    assert client.get("/datastore/").json()["total"] == 2
    assert client.get("/datastore/?output=train").json() == []


def test_images_are_not_taken(client: TestClient) -> None:
    answer = client.put("/datastore/?image=new", files={"file": ("new.nii.gz", b"1")})
    assert answer.status_code == 501
    assert answer.json()["sentence"] == "Images are taken from the folder 'images': put it there and start again."


# --- masks from prompts


def test_a_click_is_a_voxel_of_the_file(client: TestClient, stand: Stand) -> None:
    answer = ask(client, stand, foreground=[[3, 5, 2], [9, 1, 4]], background=[[3, 6, 4]], label="liver")
    told, name, content = parts(answer)
    mask, affine = nifti(content)
    assert marked(mask == 1) == [[9, 1, 4]], "the last click says which slice; what was said elsewhere is not asked"
    np.testing.assert_allclose(affine, AFFINE, atol=1e-5)
    assert (told["label_names"], told["slice"], name.endswith(".nii.gz")) == ({"liver": 1}, 4, True)
    asked = stand.engine.asked[0]
    assert asked.plane == "axial"


def test_the_slice_may_be_named_and_a_box_lie_on_it(client: TestClient, stand: Stand) -> None:
    answer = ask(client, stand, roi=[4, 6, 2, 3, 0, 5], slice=3)
    mask, _ = nifti(parts(answer)[2])
    assert marked(mask) == [[i, j, 3] for i in (4, 5, 6) for j in (2, 3)]


def test_a_volume_is_asked_from_clicks_on_several_slices_and_then_corrected(client: TestClient, stand: Stand) -> None:
    clicks: Form = {"foreground": [[3, 5, 2]], "background": [[3, 5, 4]]}
    mask, _ = nifti(parts(ask(client, stand, "litemedsam-3d", **clicks))[2])
    assert marked(mask) == [[3, 5, k] for k in (0, 1, 2, 3, 5)], "slice 4 was cleared by the negative click"
    first, correction, second = stand.engine.asked
    assert (list(first.prompts), correction.index, list(second.fixed)) == ([2], 4, [4])
    assert correction.current is not None


def test_a_box_bounds_the_volume(client: TestClient, stand: Stand) -> None:
    mask, _ = nifti(parts(ask(client, stand, "litemedsam-3d", roi=[4, 5, 2, 2, 4, 1]))[2])
    assert sorted({place[2] for place in marked(mask)}) == [1, 2, 3, 4]
    assert stand.engine.asked[0].bounds == (1, 4)


def test_slicer_and_ohif_get_nrrd(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    answer = ask(client, stand, output="image", foreground=[[3, 5, 2]], result_extension=".nrrd", result_dtype="uint8")
    (tmp_path / "mask.nrrd").write_bytes(answer.content)
    data, _ = nrrd.read(str(tmp_path / "mask.nrrd"))
    assert data.dtype == np.uint8
    assert marked(data) == [[3, 5, 2]]
    image, reference = sitk.ReadImage(str(tmp_path / "mask.nrrd")), sitk.ReadImage(str(stand.image))
    np.testing.assert_allclose(image.GetDirection(), reference.GetDirection(), atol=1e-5)
    np.testing.assert_allclose(image.GetOrigin(), reference.GetOrigin(), atol=1e-4)


def test_only_the_words_where_only_they_are_wished(client: TestClient, stand: Stand) -> None:
    told = ask(client, stand, output="json", foreground=[[3, 5, 2]]).json()
    assert told["label_names"] == {"object": 1}
    assert told["quality"] == [0.9]


def test_an_adapted_model_answers_without_a_prompt(client: TestClient, stand: Stand) -> None:
    assert ask(client, stand, "litemedsam-auto").status_code == 404
    stand.engine.adapter = "mine"
    told, _, content = parts(ask(client, stand, "litemedsam-auto"))
    assert told["label_names"] == {"liver": 1}
    assert marked(nifti(content)[0]) == [[3, 4, 5]]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "Nothing was said about the object; give a point inside it, or a box (roi)."),
        ({"foreground": "here"}, "foreground must be a list of voxel indices [i, j, k]."),
        ({"foreground": [[1, 2, float("inf")]]}, "foreground must be a list of voxel indices [i, j, k]."),
        ({"roi": [1, 2]}, "roi must hold six voxel indices: [i0, i1, j0, j1, k0, k1]."),
        ({"foreground": [[0, 0, 0]] * 201}, "201 points were given; at most 200 are taken."),
        ({"foreground": [[0, 0, 0]], "slice": "1"}, "slice must be the number of a slice; received '1'."),
        ({"foreground": [[0, 0, 0]], "result_extension": ".exe"}, "The mask can be answered as .nii.gz, .nii or .nrrd"),
        ({"foreground": [[99, 0, 0]]}, "outside"),
        ({"foreground": [[0, 0, 99]]}, "outside"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    client: TestClient, stand: Stand, params: dict[str, Any], sentence: str
) -> None:
    for model in ("litemedsam-2d", "litemedsam-3d"):
        answer = ask(client, stand, model, **params)
        assert (answer.status_code, answer.json()["error"]) in [(422, "usage"), (422, "input")]
        assert sentence in answer.json()["sentence"]


def test_a_model_that_was_taught_boxes_refuses_clicks_alone(client: TestClient, stand: Stand) -> None:
    stand.engine.prompts = ("box",)
    assert client.get("/info/").json()["models"]["litemedsam-2d"]["description"] == "One slice, from a box (roi)"
    answer = ask(client, stand, foreground=[[3, 5, 2]])
    assert (answer.status_code, answer.json()["error"]) == (422, "usage")
    assert answer.json()["sentence"].startswith("litemedsam was taught with box, not with points: add a box (roi)")
    assert ask(client, stand, foreground=[[3, 5, 2]], roi=[2, 5, 4, 6, 2, 2]).status_code == 200


def test_unknown_things_are_not_found(client: TestClient, stand: Stand) -> None:
    assert ask(client, stand, "deepedit").status_code == 404
    assert client.post("/infer/litemedsam-2d?image=nobody").status_code == 404
    assert client.post("/infer/litemedsam-2d").status_code == 422
    assert client.post("/infer/litemedsam-2d?session_id=gone").status_code == 404
    assert client.get("/model/litemedsam").status_code == 404


# --- images of clients


def test_mitk_sends_the_image_with_every_click(client: TestClient, stand: Stand) -> None:
    for click in ([3, 5, 2], [3, 6, 2]):
        files: Form = {
            "params": (None, json.dumps({"foreground": [click], "background": [], "reset_state": True})),
            "file": ("post_from_mitk.nii.gz", stand.image.read_bytes(), "application/octet-stream"),
        }
        mask, affine = nifti(parts(client.post("/infer/litemedsam-2d", files=files))[2])
        assert marked(mask) == [click]
        np.testing.assert_allclose(affine, AFFINE, atol=1e-5)
    first, second = (asked.image for asked in stand.engine.asked)
    assert first.key == second.key, "the same content is encoded once"


def test_a_session_is_an_image_until_it_is_removed(client: TestClient, stand: Stand) -> None:
    made = client.put("/session/", files={"files": ("scan of somebody.nii.gz", stand.image.read_bytes())}).json()
    name = made["session_id"]
    assert "somebody" not in json.dumps(made)
    assert client.get(f"/session/{name}").status_code == 200
    answer = client.post(
        f"/infer/litemedsam-2d?image=&session_id={name}", files={"params": (None, '{"foreground": [[1, 2, 3]]}')}
    )
    assert marked(nifti(parts(answer)[2])[0]) == [[1, 2, 3]]
    path = stand.engine.asked[0].image.path
    assert path.exists()
    assert client.delete(f"/session/{name}").status_code == 200
    assert not path.exists()
    assert client.get(f"/session/{name}").status_code == 404


def test_what_is_no_image_leaves_nothing_behind(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    answer = client.put("/session/", files={"files": ("bad.nii.gz", b"\x1f\x8bnothing")})
    assert answer.status_code == 422
    assert "damaged" in answer.json()["sentence"]
    assert "/" not in answer.json()["sentence"]
    answer = client.put("/session/", files={"files": ("../../x.exe", b"MZ")})
    assert "cannot be used; send one of .seg.nrrd, .nii.gz" in answer.json()["sentence"]
    assert list((tmp_path / "out" / ".samaritan" / "sessions").iterdir()) == []


def test_a_point_beyond_the_box_is_one_sentence(client: TestClient, stand: Stand) -> None:
    answer = ask(client, stand, "litemedsam-3d", roi=[1, 8, 1, 8, 2, 3], foreground=[[4, 4, 5]])
    assert (answer.status_code, answer.json()["sentence"]) == (
        422,
        "The box (roi) ends the object at slices 2 and 3, and a point lies on slice 5; make the box larger, or leave the "
        "point out.",
    )


def test_forms_that_cannot_be_read_are_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    many: Any = [("params", (None, "{}")) for _ in range(30)]
    answer = client.post("/infer/litemedsam-2d", files=many)
    assert (answer.status_code, answer.json()["sentence"][:26]) == (400, "The form cannot be read: T")
    monkeypatch.setattr("samaritan.annotate.server.monailabel.forms.MOST_FILES", 3)
    files: Any = [("files", (f"{k}.dcm", b"1")) for k in range(4)]
    assert client.put("/session/", files=files).status_code == 400
    answer = client.post("/infer/litemedsam-2d", content=b"--x", headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code == 400
    for content in (b"[1]", b"{", b"\xff"):
        assert client.post("/infer/litemedsam-2d", content=content).status_code == 422


# --- masks of clients


def label_file(tmp_path: Path, stand: Stand, values: NDArray[np.unsignedinteger]) -> Path:
    """Written as 3D Slicer does, by ITK."""
    image = sitk.GetImageFromArray(values.transpose(2, 1, 0))
    image.CopyInformation(sitk.ReadImage(str(stand.image)))
    sitk.WriteImage(image, str(tmp_path / "label.nii.gz"))
    return tmp_path / "label.nii.gz"


def put(client: TestClient, stand: Stand, path: Path, tag: str = "", **params: Any) -> Response:
    form: Form = {"params": (None, json.dumps(params)), "label": (path.name, path.read_bytes())}
    query = f"?image={stand.case}" + (f"&tag={tag}" if tag else "")
    return client.put(f"/datastore/label{query}", files=form)


def test_a_mask_takes_the_place_of_the_case_s_masks_and_is_accepted(
    client: TestClient, stand: Stand, tmp_path: Path
) -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[1, 2, 3], values[4:6, 5, 0] = 1, 2
    info = [{"name": "liver", "idx": 1}, {"name": "cyst", "idx": 2}]
    answer = put(client, stand, label_file(tmp_path, stand, values), label_info=info)
    assert (answer.json()["image"], answer.json()["label"], answer.json()["tag"]) == (stand.case, stand.case, "final")
    assert stand.workspace.accepted() == [stand.case]
    assert [label.name for label in stand.workspace.labels] == ["liver", "cyst"]

    listed = client.get("/datastore/?output=all").json()["objects"][stand.case]["labels"]
    assert listed["final"]["info"]["params"]["label_names"] == {"liver": 1, "cyst": 2}
    got, affine = nifti(client.get(f"/datastore/label?label={stand.case}&tag=final").content)
    assert (got == values).all()
    np.testing.assert_allclose(affine, AFFINE, atol=1e-5)
    assert client.get("/info/").json()["datastore"] == {"total": 2, "completed": 1, "label_tags": {"final": 1}}

    values[1, 2, 3], values[4:6, 5, 0] = 0, 1
    put(client, stand, label_file(tmp_path, stand, values), tag="original", label_names={"liver": 1})
    got, _ = nifti(client.get(f"/datastore/label?label={stand.case}&tag=original").content)
    assert (got == values).all(), "the cyst is gone, the liver moved"
    assert client.get(f"/datastore/label?label={stand.case}&tag=final").status_code == 404

    document = stand.workspace.document(stand.case)
    assert document.detail().undo == "replace all masks"
    edited = document.commit(EditRequest(revision=document.revision, request="one-step", edit=Undo(kind="undo")))
    assert {one.label: one.voxels for one in edited.objects} == {"liver": 1, "cyst": 2}, "one step brings all back"


def test_segments_of_one_name_are_all_kept(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[1, 2, 3], values[4:6, 5, 0] = 1, 2
    info = [{"name": "liver", "idx": 1}, {"name": "liver", "idx": 2}]
    assert put(client, stand, label_file(tmp_path, stand, values), label_info=info).status_code == 200
    got, _ = nifti(client.get(f"/datastore/label?label={stand.case}&tag=final").content)
    assert (got == (values > 0)).all()


def test_the_nth_name_has_the_value_n_as_3d_slicer_takes_it(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    stand.workspace._project.labels.take_over({7: "aorta", 300: "cyst"})
    values = np.zeros(SHAPE, np.uint8)
    values[1, 2, 3], values[4:6, 5, 0] = 1, 2
    put(client, stand, label_file(tmp_path, stand, values), label_names={"aorta": 1, "cyst": 2})
    assert stand.workspace.label_values == {"liver": 1, "aorta": 7, "cyst": 300}
    listed = client.get("/datastore/?output=all").json()["objects"][stand.case]["labels"]["final"]
    assert listed["info"]["params"]["label_names"] == {"liver": 1, "aorta": 2, "cyst": 3}
    got, affine = nifti(client.get(f"/datastore/label?label={stand.case}&tag=final").content)
    assert (got == np.where(values > 0, values + 1, 0)).all()
    np.testing.assert_allclose(affine, AFFINE, atol=1e-5)


def test_an_empty_mask_is_a_finished_one(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    put(client, stand, label_file(tmp_path, stand, np.zeros(SHAPE, np.uint8)))
    assert client.get("/datastore/").json() == {"total": 2, "completed": 1, "label_tags": {"final": 1}}
    got, _ = nifti(client.get(f"/datastore/label?label={stand.case}&tag=final").content)
    assert not got.any()


def test_any_other_tag_is_kept_as_original(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    path = label_file(tmp_path, stand, np.ones(SHAPE, np.uint8))
    assert put(client, stand, path, tag="draft", label_names={"liver": 1}).json()["tag"] == "original"
    assert client.get(f"/datastore/label?label={stand.case}&tag=original").status_code == 200
    answer = client.get(f"/datastore/label?label={stand.case}&tag=draft")
    assert (answer.status_code, answer.json()["sentence"]) == (
        404,
        "The case has no mask of that tag; it has original.",
    )


def test_what_is_asked_for_and_not_there_is_named(client: TestClient, stand: Stand) -> None:
    def sentence(answer: Response) -> str:
        assert answer.status_code == 404
        return str(answer.json()["sentence"])

    assert "no such model; there are litemedsam-2d" in sentence(ask(client, stand, "other"))
    assert "no such model to train; it is called litemedsam." in sentence(client.post("/train/other"))
    assert "no such strategy; there are uncertainty, " in sentence(client.post("/activelearning/other"))
    assert "no image of that name, id or series" in sentence(client.get("/datastore/image?image=1.2.3"))


def test_a_case_that_cannot_be_opened_counts_in_no_total(
    client: TestClient, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = stand.workspace.summaries()
    damaged = [first.model_copy(update={"problem": "It is damaged."}), *others]
    monkeypatch.setattr(stand.workspace, "summaries", lambda: damaged)
    assert client.get("/datastore/").json()["total"] == 1
    assert client.post("/activelearning/first").json()["id"] == others[0].case


def test_a_mask_that_does_not_fit_changes_nothing(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    values = np.ones(SHAPE, np.uint8)
    answer = put(client, stand, label_file(tmp_path, stand, values))
    assert (
        answer.json()["sentence"]
        == "The mask has the value 1, which has no name; give label_info with idx and name of each."
    )
    as_nifti: Any = nibabel.Nifti1Image
    nibabel.save(as_nifti(values[:5], AFFINE), tmp_path / "small.nii.gz")
    answer = put(client, stand, tmp_path / "small.nii.gz", label_names={"liver": 1})
    assert answer.status_code == 422
    assert "shape (5, 16, 6) against (20, 16, 6)" in answer.json()["sentence"]
    assert client.put(f"/datastore/label?image={stand.case}").status_code == 422
    assert stand.workspace.summary(stand.case).revision == 0


@pytest.mark.parametrize("name", ["a/b", "x" * 65, "", "line\nbreak"])
def test_a_name_that_no_label_can_have_is_refused(client: TestClient, stand: Stand, tmp_path: Path, name: str) -> None:
    values = np.ones(SHAPE, np.uint8)
    answer = put(client, stand, label_file(tmp_path, stand, values), label_info=[{"name": name, "idx": 1}])
    assert (answer.status_code, answer.json()["error"]) == (422, "usage")
    assert stand.workspace.summary(stand.case).revision == 0


def test_too_many_labels_leave_the_masks_that_are_there(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    values = np.zeros(SHAPE, np.uint16)
    values.flat[:300] = np.arange(1, 301)
    put(client, stand, label_file(tmp_path, stand, (values > 0).astype(np.uint8)), label_names={"liver": 1})
    revision = stand.workspace.summary(stand.case).revision
    answer = put(client, stand, label_file(tmp_path, stand, values), label_names={f"l{n}": n for n in range(1, 301)})
    assert answer.json()["sentence"] == "The mask holds 300 labels, and a case at most 255 objects."
    assert stand.workspace.summary(stand.case).revision == revision
    assert [label.name for label in stand.workspace.labels] == ["liver"]


# --- what to do next


def test_the_next_sample_is_the_one_about_which_the_model_is_least_sure(client: TestClient, stand: Stand) -> None:
    cases = {one.name: one.case for one in stand.workspace.summaries()}
    stand.workspace.set_uncertainty(cases["skin"], 0.9)
    stand.workspace.set_uncertainty(cases["ct_1"], 0.2)
    told = client.post("/activelearning/uncertainty", json={"client_id": "me"}).json()
    assert (told["id"], told["name"], told["path"]) == (cases["skin"], "skin.png", "skin.png")
    assert re.fullmatch(r"SHA256:[0-9a-f]{64}", told["checksum"])
    assert client.post("/activelearning/first").json()["id"] == cases["ct_1"]
    assert client.post("/activelearning/random").json()["id"] in cases.values()
    assert client.post("/activelearning/other").status_code == 404


def test_where_all_is_done_no_sample_is_left(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    from samaritan.annotate.messages import EditRequest, Mark

    for one in stand.workspace.summaries():
        mark = Mark(kind="mark", status="skipped")
        stand.workspace.document(one.case).commit(EditRequest(revision=0, request="skip-it-now", edit=mark))
    assert client.post("/activelearning/first").json() == {}


# --- training


def test_training_is_started_looked_at_and_stopped(client: TestClient, stand: Stand) -> None:
    assert client.get("/train/").status_code == 404
    told = client.post("/train/litemedsam", json={"method": "lora", "minutes": 5, "keep": "ask in the page"}).json()
    assert (told["status"], told["model"]) == ("RUNNING", "litemedsam")
    assert [(one.action, one.method, one.minutes) for one in stand.learner.acted] == [("start", "lora", 5.0)]
    assert client.get("/train/?check_if_running=true").status_code == 200
    assert client.get("/train/").json()["details"] == ["training, step 1 of 10."]
    assert client.get("/info/").json()["train_stats"]["litemedsam"]["total_epochs"] == 10
    told = client.delete("/train/").json()
    assert (told["status"], bool(told["end_ts"])) == ("STOPPED", True)
    assert client.delete("/train/").json() is None  # as MONAI Label where none runs
    assert stand.learner.acted[-1].action == "stop"
    assert client.get("/train/?check_if_running=true").status_code == 404


@pytest.mark.parametrize(("after", "action"), [(0.8, "keep"), (0.6, "discard")])
def test_a_model_that_got_better_is_kept(
    client: TestClient, stand: Stand, monkeypatch: pytest.MonkeyPatch, after: float, action: str
) -> None:
    monkeypatch.setattr("samaritan.annotate.server.monailabel.training._LOOK", 0.01)
    client.post("/train/")
    stand.learner.state = LearnState(state="ready", before=0.7, after=after, steps=10, step=10)
    for _ in range(500):
        if len(stand.learner.acted) > 1:
            break
        client.get("/train/")
    assert [one.action for one in stand.learner.acted] == ["start", action]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"method": "magic"}, "There is no method 'magic'; train with decoder or lora."),
        ({"minutes": 0}, "minutes must be a number above 0 and up to 240."),
        ({"minutes": "long"}, "minutes must be a number above 0 and up to 240."),
    ],
)
def test_training_that_makes_no_sense_is_refused(client: TestClient, params: dict[str, Any], sentence: str) -> None:
    answer = client.post("/train/litemedsam", json=params)
    assert (answer.status_code, answer.json()["sentence"]) == (422, sentence)


def test_the_log_is_given_without_names_of_images(client: TestClient, stand: Stand, tmp_path: Path) -> None:
    import logging
    from logging.handlers import RotatingFileHandler

    handler = RotatingFileHandler(tmp_path / "server.log")
    log = logging.getLogger("samaritan.annotate")
    log.addHandler(handler)
    try:
        log.warning("one\ntwo of %s\nGET /monai-label/info/", stand.image)
        assert client.get("/logs/?lines=2").text == "two of ...\nGET /monai-label/info/\n"
    finally:
        log.removeHandler(handler)
        handler.close()
    assert io.StringIO(client.get("/logs/").text).read() == ""

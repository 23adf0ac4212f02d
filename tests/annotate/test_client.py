"""The client for scripts, against a stand-in for the server that answers what it is told to."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.client import Case, Client, ConflictError, UnreachableError
from samaritan.core.errors import InputError, ModelError, ResourceError, SamaritanError, UsageError

SHAPE = (3, 4, 5)
AFFINE = [[2.0, 0.0, 0.0, -1.0], [0.0, 2.0, 0.0, 3.0], [0.0, 0.0, 5.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
SUMMARY = {"case": "c1", "name": "liver_01", "status": "open", "volume": True, "objects": 0, "revision": 7}
OBJECT = {"object": 1, "label": "liver", "colour": "#ffb000", "voxels": 0, "volume_ml": 0.0, "extent": None}
DETAIL = {
    "case": "c1", "name": "liver_01", "status": "open", "note": "", "revision": 7, "undo": None, "redo": None,
    "shape": SHAPE, "affine": AFFINE, "spacing": [2.0, 2.0, 5.0], "unit": "mm", "orientation": "RAS", "colour": False,
    "modality": None, "plane": "axial", "presets": [], "objects": [OBJECT], "asked": [], "proposal": False,
    "formats": ["nifti"], "warnings": [],
}  # fmt: skip


def edited(revision: int, patches: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    blank = {"undo": None, "redo": None, "status": "work", "note": "", "objects": [OBJECT], "asked": []}
    return {"revision": revision, "patches": patches or [], **blank, **more}


def patch_of(low: tuple[int, int, int], values: NDArray[np.uint8]) -> dict[str, Any]:
    data = base64.b64encode(zlib.compress(values.tobytes(order="F"))).decode()
    return {"low": low, "shape": values.shape, "data": data}


class StandIn:
    """Answers by path: a body, or (status, body, headers); a list is answered one after the other. Keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"/api/cases": [[SUMMARY]], "/api/cases/c1": DETAIL}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand_in._answer(self, None)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stand_in._answer(self, json.loads(body) if body else None)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _answer(self, handler: BaseHTTPRequestHandler, body: Any) -> None:
        self.asked.append((handler.command, handler.path, dict(handler.headers), body))
        answer = self.answers[handler.path]
        if isinstance(answer, list):
            answer = answer[0] if len(answer) == 1 else answer.pop(0)
        status, content, headers = answer if isinstance(answer, tuple) else (200, answer, {})
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())


def failure(error: str, sentence: str = "No.", **more: Any) -> dict[str, Any]:
    return {"error": error, "sentence": sentence, "request": "abc", **more}


@pytest.fixture
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    thread = threading.Thread(target=stand_in.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stand_in
    stand_in.server.shutdown()
    stand_in.server.server_close()
    thread.join()


@pytest.fixture
def client(server: StandIn) -> Client:
    return Client(server.url, "secret", patience=10)


@pytest.fixture
def case(client: Client) -> Case:
    return client.open("liver_01")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes only by waiting."""
    found: list[float] = []
    monkeypatch.setattr("samaritan.annotate._connection.time.sleep", found.append)
    monkeypatch.setattr("samaritan.annotate._connection.time.monotonic", lambda: sum(found))
    return found


def test_it_needs_neither_torch_nor_the_server_s_libraries() -> None:
    report = "sys.exit(bool({'torch', 'transformers', 'starlette', 'uvicorn', 'nibabel'} & set(sys.modules)))"
    code = f"import sys, samaritan.annotate.client; {report}"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_finds_the_annotator_by_its_output(tmp_path: Path, server: StandIn) -> None:
    (tmp_path / ".samaritan").mkdir()
    (tmp_path / ".samaritan" / "server.json").write_text(
        json.dumps({"url": f"{server.url}/", "token": "secret", "pid": 1})
    )
    assert [one.name for one in Client.of(tmp_path).cases()] == ["liver_01"]
    [(method, path, headers, _)] = server.asked
    assert (method, path, headers["Authorization"]) == ("GET", "/api/cases", "Bearer secret")


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No annotator writes to"), ("{}", "cannot be read"), ("?", "cannot be read")]
)
def test_without_one_it_says_what_to_start(tmp_path: Path, content: str | None, told: str) -> None:
    (tmp_path / ".samaritan").mkdir()
    if content is not None:
        (tmp_path / ".samaritan" / "server.json").write_text(content)
    with pytest.raises(InputError, match=f"{told}.*start `samaritan annotate"):
        Client.of(tmp_path)


def test_nobody_at_the_address_is_an_error_of_its_own() -> None:
    with pytest.raises(UnreachableError, match=r"No annotator answers at http://127\.0\.0\.1:9 "):
        Client("http://127.0.0.1:9", "secret").cases()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "127.0.0.1:80", "http://"])
def test_an_address_is_one_of_the_web(url: str) -> None:
    with pytest.raises(UsageError, match="is no address of an annotator"):
        Client(url, "secret")


def test_the_token_goes_nowhere_else(server: StandIn, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers["/api/session"] = (302, b"", {"Location": f"{server.url}/elsewhere"})
    with pytest.raises(SamaritanError):
        client.session()
    assert [path for _, path, _, _ in server.asked] == ["/api/session"]


def test_a_case_is_opened_by_id_or_by_a_name_that_one_case_has(server: StandIn, client: Client) -> None:
    assert (client.open("c1").case, client.open("liver_01").case) == ("c1", "c1")
    with pytest.raises(InputError, match=r"There is no case 'liver'; there are 1: 'liver_01'\."):
        client.open("liver")
    server.answers["/api/cases"] = [[SUMMARY, {**SUMMARY, "case": "c2"}]]
    with pytest.raises(InputError, match=r"2 cases are called 'liver_01'; open one by its id: c1, c2\."):
        client.open("liver_01")


def test_prompts_travel_as_messages_and_answers_change_what_the_case_knows(server: StandIn, case: Case) -> None:
    server.answers["/api/cases/c1/edits"] = edited(8)
    case.ask(
        "liver", [(1, 2, 3)], ((0, 0, 5), (4, 6, 5)), negative=[(9, 9, 9)], scribbles=[[(0, 0, 0)]], lasso=[(1, 1, 1)]
    )
    body = server.asked[-1][3]
    assert (body["revision"], case.revision) == (7, 8)
    assert {key: body["edit"][key] for key in ("kind", "object", "plane", "candidate", "over")} == {
        "kind": "ask", "object": 1, "plane": "axial", "candidate": None, "over": "empty"
    }  # fmt: skip
    assert body["edit"]["prompts"] == {
        "points": [{"at": [1, 2, 3], "positive": True}, {"at": [9, 9, 9], "positive": False}],
        "scribbles": [{"path": [[0, 0, 0]], "positive": True}],
        "box": {"a": [0, 0, 5], "b": [4, 6, 5]},
        "lasso": [[1, 1, 1]],
    }


@pytest.mark.parametrize(
    ("act", "edit"),
    [
        (
            lambda case: case.propagate(1, ((0, 0, 0), (0, 0, 9))),
            {"kind": "propagate", "bounds": [[0, 0, 0], [0, 0, 9]]},
        ),
        (lambda case: case.paint(1, [(1, 2, 3)], 4, erase=True), {"kind": "paint", "radius": 4, "erase": True}),
        (lambda case: case.undo(), {"kind": "undo"}),
        (lambda case: case.redo(), {"kind": "redo"}),
        (lambda case: case.accept(), {"kind": "mark", "status": "accepted", "note": None}),
    ],
)
def test_every_action_is_an_edit(
    server: StandIn, case: Case, act: Callable[[Case], object], edit: dict[str, object]
) -> None:
    server.answers["/api/cases/c1/edits"] = edited(8)
    act(case)
    sent = server.asked[-1][3]["edit"]
    assert {key: sent[key] for key in edit} == edit


def test_an_object_that_is_asked_for_by_a_new_label_is_added_first(server: StandIn, case: Case) -> None:
    spleen = {**OBJECT, "object": 2, "label": "spleen"}
    server.answers["/api/cases/c1/edits"] = edited(8, objects=[OBJECT, spleen])
    case.ask("spleen", [(1, 2, 3)])
    kinds = [
        (body["edit"]["kind"], body["edit"].get("object"))
        for _, path, _, body in server.asked
        if path.endswith("edits")
    ]
    assert kinds == [("add-object", None), ("ask", 2)]
    with pytest.raises(InputError, match="no object of the label 'kidney' yet"):
        case.propagate("kidney")


def test_masks_lie_on_the_shown_grid_and_follow_the_patches(server: StandIn, case: Case) -> None:
    labels = np.arange(60, dtype=np.uint8).reshape(SHAPE) % 3
    server.answers["/api/cases/c1/labels"] = labels.tobytes(order="F")
    assert (case.labels() == labels).all()
    assert (case.mask("liver") == (labels == 1)).all()
    assert case.geometry.to_world([[1, 1, 1]]).tolist() == [[1.0, 5.0, 5.0]]
    assert case.label_map().names == {1: "liver"}
    with pytest.raises(InputError, match=r"The case has no object 'spleen'; it has 1 \(liver\)\."):
        case.mask("spleen")

    block = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    server.answers["/api/cases/c1/edits"] = edited(8, [patch_of((1, 2, 3), block)])
    case.undo()
    labels[1:3, 2:4, 3:5] = block
    assert (case.labels() == labels).all()
    case.labels()[:] = 9
    assert (case.labels() == labels).all(), "what was given away is a copy"
    assert sum(path.endswith("/labels") for _, path, _, _ in server.asked) == 1


def test_labels_of_a_later_moment_bring_the_rest_of_the_case_with_them(server: StandIn, case: Case) -> None:
    labels = np.ones(60, np.uint8).tobytes()
    server.answers["/api/cases/c1/labels"] = (200, labels, {"X-Revision": "9"})
    server.answers["/api/cases/c1"] = {**DETAIL, "revision": 9}
    assert case.mask("liver").all()
    assert case.revision == 9


def test_a_preview_is_a_mask_that_is_not_kept(server: StandIn, case: Case) -> None:
    block = np.ones((1, 2, 1), np.uint8)
    server.answers["/api/cases/c1/preview"] = [
        {"patch": patch_of((2, 1, 4), block), "quality": 0.5}, {"patch": None}
    ]  # fmt: skip
    mask = case.preview("liver", [(1, 2, 3)])
    assert mask is not None
    assert np.argwhere(mask).tolist() == [[2, 1, 4], [2, 2, 4]]
    assert case.preview("liver", [(1, 2, 3)]) is None
    assert case.revision == 7


def test_a_busy_server_is_asked_again_as_it_wishes(server: StandIn, case: Case, pauses: list[float]) -> None:
    busy, gone = failure("busy"), failure("model-gone")
    server.answers["/api/cases/c1/edits"] = [
        (429, busy, {"Retry-After": "3"}),
        (503, gone, {"Retry-After": "2"}),
        edited(8),
    ]
    case.undo()
    assert pauses == [3.0, 2.0]
    names = {body["request"] for _, path, _, body in server.asked if path.endswith("edits")}
    assert len(names) == 1, "a repeated request is recognised by its name"


def test_patience_ends_with_the_server_s_sentence(server: StandIn, case: Case, pauses: list[float]) -> None:
    server.answers["/api/cases/c1/edits"] = (503, failure("model-gone", "The model stopped."), {"Retry-After": "4"})
    with pytest.raises(ModelError, match=r"^The model stopped\.$"):
        case.undo()
    assert pauses == [4.0, 4.0]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, "unauthorized", UsageError),
        (403, "origin", UsageError),
        (404, "not-found", InputError),
        (413, "too-large", InputError),
        (422, "input", InputError),
        (422, "usage", UsageError),
        (409, "superseded", ConflictError),
        (503, "model", ModelError),
        (503, "overload", ResourceError),
        (507, "resources", ResourceError),
        (500, "unexpected", ResourceError),
    ],
)
def test_refusals_are_errors_with_the_server_s_sentence(
    server: StandIn, case: Case, status: int, error: str, kind: type[SamaritanError]
) -> None:
    server.answers["/api/cases/c1/edits"] = (status, failure(error, "This is why."), {})
    with pytest.raises(kind, match=r"^This is why\.$"):
        case.undo()


def test_a_conflict_says_where_the_case_is(server: StandIn, case: Case) -> None:
    server.answers["/api/cases/c1/edits"] = (409, failure("stale", revision=9, kept="kept/1.json"), {})
    with pytest.raises(ConflictError) as refused:
        case.undo()
    assert (refused.value.revision, refused.value.kept) == (9, "kept/1.json")
    server.answers["/api/cases/c1"] = {**DETAIL, "revision": 9}
    assert case.refresh().revision == case.revision == 9


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"error": 1}'])
def test_an_answer_of_something_else_is_no_crash(server: StandIn, client: Client, content: bytes) -> None:
    server.answers["/api/session"] = (502, content, {})
    with pytest.raises(ResourceError, match="The server answered with status 502"):
        client.session()
    server.answers["/api/session"] = content
    with pytest.raises(InputError, match="use one version on both sides"):
        client.session()


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda case: case.ask(1, [(1, 2)]), r"three coordinates in mm \(right, front, up\); received \[1, 2\]"),
        (lambda case: case.ask(1, [(1, 2, float("nan"))]), "Point cannot be sent: at.2: .*finite"),
        (lambda case: case.paint(1, [(1, 2, 3)], -1), "Paint cannot be sent: radius: .*greater than 0"),
        (lambda case: case.export("mask.stl"), "cannot be exported as 'mask.stl'; end it in .nii.gz, .png, .dcm"),
    ],
)
def test_what_makes_no_message_is_not_sent(
    server: StandIn, case: Case, act: Callable[[Case], object], told: str
) -> None:
    before = len(server.asked)
    with pytest.raises(UsageError, match=told):
        act(case)
    assert len(server.asked) == before


def test_an_export_is_a_file_that_replaces_none(server: StandIn, case: Case, tmp_path: Path) -> None:
    server.answers["/api/cases/c1/export"] = b"mask"
    assert case.export(tmp_path / "mask.nii.gz").read_bytes() == b"mask"
    assert server.asked[-1][3] == {"format": "nifti"}
    with pytest.raises(ResourceError, match="exists already"):
        case.export(tmp_path / "mask.nii.gz")

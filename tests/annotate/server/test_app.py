"""Routes: what they hand to workspace, engine and learner, and what they answer."""

from __future__ import annotations

import gzip
import re
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from samaritan.annotate.engine.errors import ModelGoneError, QueueFullError, SupersededError
from samaritan.core.errors import FormatError, InputError, ModelError, ResourceError, UsageError

from .conftest import Stand
from .fakes import SHAPE, Document, Engine, Workspace

MARK = {"kind": "mark", "status": "accepted", "note": None}
ASK = {"kind": "ask", "object": 1, "plane": "axial", "prompts": {"points": [{"at": [1, 2, 3]}]}}
PREVIEW = {"object": 1, "plane": "axial", "prompts": {"box": {"a": [0, 0, 0], "b": [2, 2, 0]}}}


def edit(edit: dict[str, Any], revision: int = 0, request: str = "request-1") -> dict[str, Any]:
    return {"revision": revision, "request": request, "edit": edit}


def test_health_session_and_cases(client: TestClient) -> None:
    assert client.get("/api/health").json()["model"] == "ready"
    session = client.get("/api/session").json()
    assert session["folder"] == "images"
    assert session["labels"] == [{"name": "liver", "colour": "#aa3300"}]
    assert session["limits"]["queue"] == 32
    assert [row["case"] for row in client.get("/api/cases").json()] == ["c0ffee", "beef"]
    assert client.get("/api/cases/beef").json()["shape"] == list(SHAPE)


def test_the_engine_lives_as_long_as_the_application(stand: Stand) -> None:
    with TestClient(stand.app):
        pass
    assert stand.engine.life == "stopped"
    assert stand.workspace.closed


def test_every_page_is_told_that_a_case_cannot_be_opened(
    client: TestClient, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(stand.hub, "publish", lambda event: told.append(event.case))
    summary = stand.workspace.summary("beef")
    monkeypatch.setattr(stand.workspace, "summary", lambda _: summary)
    unknown = client.get("/api/cases/unknown")
    monkeypatch.setattr(stand.workspace, "document", _damaged)
    damaged = client.get("/api/cases/beef")
    assert (unknown.status_code, damaged.status_code) == (404, 422)
    assert told == ["beef"]


def _damaged(_: str) -> Any:
    raise FormatError("It is damaged.")


def test_an_edit_is_committed_without_the_model(client: TestClient, stand: Stand) -> None:
    answer = client.post("/api/cases/beef/edits", json=edit(MARK))
    assert answer.status_code == 200
    assert answer.json()["revision"] == 1
    assert stand.engine.asked == []
    assert stand.workspace.documents["beef"].status == "accepted"


@pytest.mark.parametrize("kind", ["ask", "propagate"])
def test_questions_go_to_the_model_and_their_answer_is_committed(client: TestClient, stand: Stand, kind: str) -> None:
    question = ASK if kind == "ask" else {"kind": "propagate", "object": 1, "plane": "axial"}
    assert client.post("/api/cases/beef/edits", json=edit(question)).json()["undo"] == kind
    assert [asked.lane for asked in stand.engine.asked] == ["beef/1"]
    assert stand.workspace.documents["beef"].answers[0] is not None


def test_a_stale_edit_costs_no_question_and_says_where_it_is_kept(client: TestClient, stand: Stand) -> None:
    client.post("/api/cases/beef/edits", json=edit(MARK))
    answer = client.post("/api/cases/beef/edits", json=edit(ASK, 0, "request-2"))
    assert answer.status_code == 409
    assert answer.json()["error"] == "stale"
    assert answer.json()["revision"] == 1
    assert answer.json()["kept"] == "journal/refused.json"
    assert stand.engine.asked == []


def test_a_repeated_request_is_answered_again_and_not_done_twice(client: TestClient, stand: Stand) -> None:
    first = client.post("/api/cases/beef/edits", json=edit(ASK))
    assert client.post("/api/cases/beef/edits", json=edit(ASK)).json() == first.json()
    assert stand.workspace.documents["beef"].revision == 1
    assert len(stand.engine.asked) == 1


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (SupersededError("A later question."), 409, "superseded"),
        (QueueFullError("32 questions wait.", 2.0), 429, "busy"),
        (ModelGoneError("The model process ended."), 503, "model-gone"),
        (ModelError("The weights are damaged."), 503, "model"),
        (ResourceError("The disk is full."), 507, "resources"),
        (InputError("The box lies outside the image."), 422, "input"),
        (UsageError("There is no such window."), 422, "usage"),
        (MemoryError(), 507, "resources"),
    ],
)
def test_what_the_model_refuses(client: TestClient, stand: Stand, error: Exception, status: int, name: str) -> None:
    stand.engine.raising = error
    answer = client.post("/api/cases/beef/edits", json=edit(ASK))
    assert (answer.status_code, answer.json()["error"]) == (status, name)
    assert answer.headers["x-request-id"] == answer.json()["request"]
    assert ("retry-after" in answer.headers) == (status in {429, 503})
    assert stand.workspace.documents["beef"].revision == 0


def test_a_preview_is_not_kept_and_gives_way_to_a_later_one(client: TestClient, stand: Stand) -> None:
    assert client.post("/api/cases/beef/preview", json=PREVIEW).json()["quality"] == 0.5
    stand.engine.raising = SupersededError("A later question.")
    assert client.post("/api/cases/beef/preview", json=PREVIEW).json() == {"patch": None, "quality": None}
    assert stand.workspace.documents["beef"].revision == 0


def test_focus_tells_the_engine_which_slice(client: TestClient, stand: Stand) -> None:
    assert client.post("/api/cases/beef/focus", json={"plane": "coronal", "at": [1, 2, 3]}).status_code == 204
    (attention,) = stand.engine.attended
    assert (attention.image.key, attention.plane, attention.index) == ("beef", "coronal", 2)


def test_labels_of_the_image_come_with_their_revision(client: TestClient) -> None:
    client.post("/api/cases/beef/edits", json=edit(MARK))
    answer = client.get("/api/cases/beef/labels", headers={"Accept-Encoding": "identity"})
    assert answer.headers["x-revision"] == "1"
    assert answer.content == b"\x01" * 60
    with client.stream("GET", "/api/cases/beef/labels", headers={"Accept-Encoding": "gzip"}) as zipped:
        assert zipped.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(zipped.iter_raw())) == answer.content


def test_the_image_is_a_file_without_a_name(client: TestClient) -> None:
    answer = client.get("/api/cases/beef/image")
    assert answer.content == bytes(range(256)) * 4
    assert "content-disposition" not in answer.headers
    assert "patient" not in str(answer.headers)
    again = client.get("/api/cases/beef/image", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_export_labels_dataset_and_learning(client: TestClient, stand: Stand) -> None:
    assert len(client.post("/api/cases/beef/export", json={"format": "nifti"}).content) == 1024
    assert client.post("/api/labels", json={"name": "spleen"}).json()[1]["name"] == "spleen"
    renamed = client.post("/api/labels/rename", json={"name": "spleen", "to": "lien"}).json()
    assert [one["name"] for one in renamed] == ["liver", "lien"]
    assert client.post("/api/labels/rename", json={"name": "spleen", "to": "a/b"}).status_code == 422
    assert client.post("/api/dataset", json={}).json()["cases"] == 2
    assert client.get("/api/learn").json()["state"] == "idle"
    assert client.post("/api/learn", json={"action": "start"}).json()["state"] == "training"
    assert [act.action for act in stand.learner.acts] == ["start"]


def test_other_cases_and_the_event_loop_do_not_wait_for_a_long_question(client: TestClient, stand: Stand) -> None:
    release = threading.Event()
    stand.engine.hold = lambda: release.wait(10)
    answers: list[int] = []
    waiting = threading.Thread(
        target=lambda: answers.append(client.post("/api/cases/beef/edits", json=edit(ASK)).status_code)
    )
    waiting.start()
    assert client.get("/api/health").status_code == 200
    assert client.post("/api/cases/c0ffee/edits", json=edit(MARK)).status_code == 200
    assert answers == []
    release.set()
    waiting.join(10)
    assert answers == [200]


def test_cases_are_never_asked_on_the_loop(client: TestClient, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case may be read, or written to disk, for seconds."""
    threads: dict[str, set[int]] = {"loop": set(), "cases": set()}

    def watched(name: str, where: str, owner: type, call: Any) -> Any:
        def method(*arguments: Any) -> Any:
            threads[where].add(threading.get_ident())
            return call(*arguments)

        return property(method) if isinstance(vars(owner)[name], property) else method

    for owner in (Workspace, Document):
        for name, call in list(vars(owner).items()):
            if not name.startswith("_"):
                inner = call.fget if isinstance(call, property) else call
                monkeypatch.setattr(owner, name, watched(name, "cases", owner, inner))
    monkeypatch.setattr(Engine, "attend", watched("attend", "loop", Engine, Engine.attend))
    for path in ("", "/image", "/labels"):
        client.get(f"/api/cases/beef{path}")
    client.get("/api/cases")
    client.get("/api/session")
    client.post("/api/labels", json={"name": "spleen"})
    client.post("/api/dataset", json={})
    client.post("/api/cases/beef/edits", json=edit(ASK))
    client.post("/api/cases/beef/preview", json=PREVIEW)
    client.post("/api/cases/beef/focus", json={"plane": "coronal", "at": [1, 2, 3]})
    client.post("/api/cases/beef/export", json={"format": "nifti"})
    assert len(threads["loop"]) == 1
    assert threads["cases"]
    assert not threads["cases"] & threads["loop"]


def test_an_answer_that_comes_too_late_is_refused(client: TestClient, stand: Stand) -> None:
    """While the model thinks, the case moves on: the mask belongs to a revision that is no more."""
    document = stand.workspace.documents["beef"]

    def meanwhile() -> None:
        document.revision += 1

    stand.engine.hold = meanwhile
    answer = client.post("/api/cases/beef/edits", json=edit(ASK))
    assert (answer.status_code, answer.json()["error"]) == (409, "stale")
    assert document.answers == []


def test_a_link_for_another_browser(client: TestClient, stand: Stand) -> None:
    url = client.post("/api/launch").json()["url"]
    assert re.fullmatch(r"http://127\.0\.0\.1:8321/\?token=[\w-]{43}", url)
    client.headers.pop("authorization")
    assert client.get(url).status_code == 303

"""What a client hears of what went wrong: row S23 of docs/reliability.md."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from samaritan.annotate.server.failures import answer_to, without_paths
from samaritan.core.errors import FormatError, InputError

from .conftest import Stand


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The box lies outside the image.", "The box lies outside the image."),
        ("/data/doe.nii: truncated; get the file again.", "the file: truncated; get the file again."),
        ("'/home/jane doe/scan.nii' is damaged.", "'the file' is damaged."),
        ("There is no folder /data/x for --markdown; make it.", "There is no folder the file for --markdown; make it."),
        ("C:\\Users\\jane\\scan.nii is damaged", "the file is damaged"),
        ("../../masks/doe.nii (3 labels)", "the file (3 labels)"),
        ("~/scan.nii", "the file"),
        ("Use one of 1.5, 2 or 3; received 4.", "Use one of 1.5, 2 or 3; received 4."),
    ],
)
def test_paths_are_taken_out(sentence: str, expected: str) -> None:
    assert without_paths(sentence, [Path("/data")]) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("{root}/scan of May, 2.nii.gz: truncated.", "the file: truncated."),
        ("Could not read {root}/scan of May, 2.nii.gz.", "Could not read the file."),
        ("{root} is not a folder, {root}/new.nii is", "the file is not a folder, the file is"),
        ("{root}-annotated/masks/x.nii (3)", "the file (3)"),
    ],
)
def test_paths_with_blanks_are_known_by_looking(tmp_path: Path, sentence: str, expected: str) -> None:
    root = tmp_path / "studies of Jane Doe"
    root.mkdir()
    (root / "scan of May, 2.nii.gz").touch()
    assert without_paths(sentence.format(root=root), [root]) == expected


@given(
    st.lists(st.text("abc .-_", min_size=1, max_size=12).map(str.strip).filter(bool), min_size=2, max_size=4),
    st.sampled_from(["{}: truncated; get it again.", "There is no {}.", "'{}' is damaged", "{}", "read {} ({} bytes)"]),
)
def test_no_separator_is_left(parts: list[str], frame: str) -> None:
    said = without_paths(frame.replace("{}", "/" + "/".join(parts)))
    assert "/" not in said


def test_a_sentence_of_the_workspace_has_no_path(client: TestClient, stand: Stand) -> None:
    document = stand.workspace.documents["beef"]
    document.raising = FormatError(f"{document.path}: the file ends in its header; get it again.")
    answer = client.get("/api/cases/beef")
    assert answer.status_code == 422
    assert answer.json()["sentence"] == "The file: the file ends in its header; get it again."


def test_what_nobody_expected_is_logged_and_not_told(
    client: TestClient, stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.workspace.documents["beef"].raising = ZeroDivisionError("secret of /data/doe.nii")
    with caplog.at_level(logging.INFO, "samaritan.annotate"):
        answer = client.get("/api/cases/beef")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    number = answer.json()["request"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert number in record.getMessage()
    assert record.exc_info is not None
    assert any(number in record.getMessage() and " 500 " in record.getMessage() for record in caplog.records)


def test_a_full_disk_and_other_errors_of_the_system() -> None:
    answer = answer_to(OSError(28, "No space left on device", "/data/doe.nii"), "1")
    assert (answer.status, answer.body.sentence) == (507, "No space left on device.")


def test_a_client_cannot_write_lines_into_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "samaritan.annotate"):
        client.get("/nothing%0aERROR%20forged")
    ours = [record.getMessage() for record in caplog.records if record.name == "samaritan.annotate"]
    assert ours
    assert not any("\n" in line for line in ours)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"name": "a/b"}', b'{"name": ""}', b'{"name": "x", "more": 1}',
        b'{"name": 5}', b'{"name": "x", "colour": "red"}', b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": "' + b"x" * 100_000 + b'"}', b'{"name": "\\u0000"}', b'{"name": "\\ud800"}',
    ],
)  # fmt: skip
def test_what_is_no_message_gets_one_sentence(client: TestClient, content: bytes) -> None:
    answer = client.post("/api/labels", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (422, "message")
    assert len(answer.json()["sentence"]) < 400
    assert "\n" not in answer.json()["sentence"]


def test_numbers_that_are_none_are_refused(client: TestClient) -> None:
    for number in ("NaN", "Infinity", "1e999", "1e7", '"1"', "true"):
        content = b'{"plane": "axial", "at": [0, 0, %s]}' % number.encode()
        answer = client.post("/api/cases/beef/focus", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, number


def test_what_was_sent_is_not_said_again(client: TestClient) -> None:
    answer = client.post("/api/learn", json={"action": "Jane Doe"})
    assert answer.status_code == 422
    assert "Jane" not in answer.text


def test_the_same_is_said_of_what_exists_and_what_does_not(client: TestClient) -> None:
    said = [client.get(path).json() for path in ("/api/cases/unknown", "/api/nothing", "/nothing", "/assets/none.js")]
    assert len({(one["error"], one["sentence"]) for one in said}) == 1


def test_an_input_error_keeps_its_sentence() -> None:
    assert answer_to(InputError("There is nothing to undo."), "1").body.sentence == "There is nothing to undo."

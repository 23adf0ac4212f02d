"""Who may speak the protocol: a key of its own, in the path or as a token, and pages of allowed origins."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from samaritan.annotate.server import create_app

from .conftest import HOST, Stand

OHIF = "http://localhost:3000"


def test_the_key_may_be_part_of_the_path(stranger: TestClient, stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    key = stand.settings.keys.protocol
    assert stranger.get(f"/monai-label/{key}/info/").status_code == 200
    assert stranger.get(f"/monai-label/{key}//info/").status_code == 200, "QuPath, where the address ends in a slash"
    assert stranger.get(f"/monai-label/{key}/auth/").json()["enabled"] is False
    assert stranger.get(f"/monai-label/{key}/datastore/image?image={stand.case}").content == stand.image.read_bytes()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("samaritan")]
    assert any("GET /monai-label/info/ 200" in line for line in lines)
    assert not any(key in line for line in lines)


def test_or_be_the_password_for_a_token(stranger: TestClient, stand: Stand) -> None:
    assert stranger.get("/monai-label/auth/").json()["enabled"] is True
    form = {"username": "anybody", "grant_type": "password"}
    assert stranger.post("/monai-label/auth/token", data={**form, "password": "wrong"}).status_code == 401
    token = stranger.post("/monai-label/auth/token", data={**form, "password": stand.settings.keys.protocol}).json()
    assert token["token_type"] == "bearer"
    headers = {"Authorization": f"bearer {token['access_token']}"}
    assert stranger.get("/monai-label/auth/token/valid", headers=headers).status_code == 200
    assert stranger.get("/monai-label/info/", headers=headers).status_code == 200


def test_little_is_taken_before_there_is_a_token_and_much_only_in_a_form(stranger: TestClient, stand: Stand) -> None:
    path = "/monai-label/auth/token"
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = stranger.post(path, content=b"p" * 5000, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error"]) == (413, "too-large")
        assert "4 KiB" in answer.json()["sentence"]
    pieces = iter([b"p" * 5000])
    assert stranger.post(path, content=pieces).status_code == 413
    large = b"{" + b" " * (9 << 20) + b"}"
    json = {**stand.key, "Content-Type": "application/json"}
    assert stranger.post("/monai-label/train/", content=large, headers=json).status_code == 413


@pytest.mark.parametrize(
    "path", ["/monai-label/info/", f"/monai-label/{'x' * 43}/info/", "/monai-label/auth/token/valid"]
)
def test_nobody_comes_in_without(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_the_key_opens_nothing_else(stranger: TestClient, stand: Stand) -> None:
    assert stranger.get("/api/session", headers=stand.key).status_code == 401
    assert stranger.get(f"/monai-label/{stand.settings.keys.protocol}/../api/session").status_code == 401
    script = {"Authorization": f"Bearer {stand.settings.keys.script}"}
    assert stranger.get("/monai-label/info/", headers=script).status_code == 200


def test_the_page_s_cookie_opens_nothing_of_it(stranger: TestClient, stand: Stand) -> None:
    stranger.get(f"/?token={stand.settings.keys.link()}")
    assert stranger.get("/api/session").status_code == 200
    assert stranger.get("/monai-label/info/").status_code == 401


def test_pages_of_allowed_origins_may_ask(stranger: TestClient, stand: Stand) -> None:
    url = f"/monai-label/{stand.settings.keys.protocol}/info/"
    headers = {"Origin": OHIF, "Sec-Fetch-Site": "cross-site"}
    answer = stranger.get(url, headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, OHIF)
    asking = {**headers, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    answer = stranger.options(url, headers=asking)
    assert answer.status_code == 204
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["http://localhost:3001", "http://evil.example", "null", "http://localhost:3000.evil.example"]
)
def test_other_pages_may_not(stranger: TestClient, stand: Stand, origin: str) -> None:
    url = f"/monai-label/{stand.settings.keys.protocol}/info/"
    answer = stranger.get(url, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert stranger.get(url, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_an_allowed_origin_opens_nothing_but_the_protocol(stranger: TestClient, stand: Stand) -> None:
    script = {"Authorization": f"Bearer {stand.settings.keys.script}", "Origin": OHIF}
    answer = stranger.get("/api/session", headers=script)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_hosts_and_sizes_are_checked_as_everywhere(stranger: TestClient, stand: Stand) -> None:
    url = f"/monai-label/{stand.settings.keys.protocol}/info/"
    assert stranger.get(url, headers={"Host": "evil.example"}).status_code == 421
    assert stranger.put(url, headers={"Content-Length": str(2 << 30)}, content=b"").status_code == 413


def test_it_is_off_unless_it_is_asked_for(stand: Stand) -> None:
    app = create_app(stand.workspace, stand.engine, stand.learner, replace(stand.settings, monailabel=False))
    script = {"Authorization": f"Bearer {stand.settings.keys.script}"}
    with TestClient(app, base_url=f"http://{HOST}", headers=script) as client:
        assert client.get("/monai-label/info/").status_code == 404
        assert client.get("/api/session").status_code == 200

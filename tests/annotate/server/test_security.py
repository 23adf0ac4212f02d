"""Who gets in: rows S01-S06, S08, S09, S12 of docs/reliability.md."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from samaritan.annotate.server import create_app
from samaritan.annotate.server.headers import HEADERS
from samaritan.annotate.server.hosts import Host, is_loopback, parse_host
from samaritan.annotate.server.page import Page
from samaritan.annotate.server.refusal import RefusedError

from .conftest import HOST, ORIGIN, Stand

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
FOREIGN_HOSTS = (
    "evil.example", "", " ", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.1:8321?x", "evil@127.0.0.1", "127.0.0.1:0",
    "127.0.0.1:99999", "127.0.0.1:8321:8321", "localhost..", "[::1", "[::1]x", "[127.0.0.1]", "127.0.0.1/", "0x7f000001",
    "127.1", "2130706433", "localhost\u2024", "evil.example,127.0.0.1", "0.0.0.0", "127.0.0.1 8321", "local\thost",
)  # fmt: skip


def socket_refused(client: TestClient, **headers: str | bytes) -> int:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(f"ws://{HOST}/api/events", headers=headers),
    ):
        pass
    return refused.value.status_code


@pytest.mark.parametrize("method", METHODS)
def test_another_host_is_refused_with_every_method(client: TestClient, method: str) -> None:
    for host in FOREIGN_HOSTS:
        for path in ("/", "/api/cases", "/nothing"):
            answer = client.request(method, path, headers={b"Host": host.encode()})
            assert answer.status_code == 421, host
            assert method == "HEAD" or answer.json()["error"] == "host"


def test_another_host_gets_no_socket(client: TestClient) -> None:
    for host in FOREIGN_HOSTS:
        assert socket_refused(client, Host=host.encode()) == 421, host


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8321", "127.0.0.1:8321", "[::1]:8321", "localhost.", "localhost.:9"]
)
def test_names_of_this_machine_are_allowed(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


def test_parts_of_a_host() -> None:
    assert parse_host("LocalHost.:80") == Host("localhost", 80)
    assert parse_host("[::1]") == Host("::1", 80)
    assert parse_host("evil") == Host("evil", 80)
    assert parse_host("[evil]") is None


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_addresses(host: str, own: bool) -> None:
    assert is_loopback(host) == own


@pytest.mark.parametrize(
    "path", ["/api/health", "/api/cases", "/api/cases/beef/image", "/assets/plain.css", "/nothing"]
)
def test_without_token_nothing_is_said(stranger: TestClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, {"Cookie": "samaritan-8321=x"}):
        answer = stranger.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"] == "unauthorized"


def test_without_token_no_socket(stranger: TestClient) -> None:
    assert socket_refused(stranger, Origin=ORIGIN) == 401


def test_the_launch_token_works_once_and_becomes_a_cookie(stranger: TestClient, stand: Stand) -> None:
    token = stand.settings.keys.link()
    assert stranger.get("/").status_code == 401
    assert stranger.get("/?token=wrong").status_code == 401
    assert stranger.head(f"/?token={token}").status_code == 401
    first = stranger.get(f"/?token={token}")
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"].lower()
    assert cookie.startswith("samaritan-8321=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert token not in str(first.headers)
    assert stranger.get("/").text.startswith("<!doctype html><title>")
    assert stranger.get("/api/health").status_code == 200
    with TestClient(stand.app, base_url=ORIGIN, follow_redirects=False) as other:
        assert other.get(f"/?token={token}").status_code == 401


@pytest.mark.parametrize("other", ['set={"a":1}', "two words", "=", "n=\xe9", "path=/", 'q="a|b"', "samaritan-1=x"])
def test_cookies_of_other_programs_on_this_machine_lock_nobody_out(
    stranger: TestClient, stand: Stand, other: str
) -> None:
    cookie = stranger.get(f"/?token={stand.settings.keys.link()}").headers["set-cookie"].split(";")[0]
    stranger.cookies.clear()
    for text in (f"{other}; {cookie}", f"{cookie};{other}"):
        assert stranger.get("/api/health", headers={b"Cookie": text.encode("latin-1")}).status_code == 200
    assert stranger.get("/api/health", headers={b"Cookie": f"{other}; {cookie}x".encode("latin-1")}).status_code == 401


def test_a_token_in_the_query_opens_nothing_but_the_page(stranger: TestClient, stand: Stand) -> None:
    assert stranger.get(f"/api/health?token={stand.settings.keys.link()}").status_code == 401
    assert stranger.get(f"/api/health?token={stand.settings.keys.script}").status_code == 401
    assert stranger.get(f"/?token={stand.settings.keys.script}").status_code == 401


def test_tokens_of_another_run_are_worthless(stranger: TestClient) -> None:
    from samaritan.annotate.server.tokens import Keys

    other = Keys()
    assert stranger.get(f"/?token={other.link()}").status_code == 401
    assert stranger.get("/api/health", headers={"Authorization": f"Bearer {other.script}"}).status_code == 401


def test_tokens_are_not_logged(stranger: TestClient, stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    token = stand.settings.keys.link()
    with caplog.at_level(logging.DEBUG):
        stranger.get(f"/?token={token}")
        stranger.get("/api/health", headers=stand.bearer)
    ours = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert "/api/health" in ours
    assert token not in ours
    assert stand.settings.keys.script not in ours


FOREIGN_ORIGINS = (
    "http://evil.example", "null", "http://localhost.evil:8321", "http://evillocalhost:8321", "http://127.0.0.1:8322",
    "https://127.0.0.1:8321", "http://127.0.0.1:8321.evil.example", "http://127.0.0.1:8321/", "http://127.0.0.1:8321@evil",
    "127.0.0.1:8321", "", "http://", "http://localhost:8321", "file://", "http://127.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_another_origin_is_refused(client: TestClient, origin: str) -> None:
    for method, path in (("POST", "/api/dataset"), ("GET", "/api/cases"), ("GET", "/"), ("DELETE", "/api/cases")):
        assert client.request(method, path, headers={"Origin": origin}).status_code == 403
    assert socket_refused(client, Origin=origin) == 403


@pytest.mark.parametrize("origin", [ORIGIN, ORIGIN.upper(), "http://127.0.0.1.:8321"])
def test_its_own_origin_is_allowed(client: TestClient, origin: str) -> None:
    assert client.post("/api/dataset", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_what_browsers_say_about_the_sender_counts(client: TestClient, site: str) -> None:
    assert client.get("/api/cases", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.post("/api/dataset", headers={"Sec-Fetch-Site": site}).status_code == 403
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/", headers=link | {"Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_a_cookie_alone_changes_nothing(stranger: TestClient, stand: Stand) -> None:
    stranger.get(f"/?token={stand.settings.keys.link()}")
    assert stranger.get("/api/cases").status_code == 200
    assert stranger.post("/api/dataset").status_code == 403
    assert stranger.post("/api/dataset", headers={"Sec-Fetch-Site": "none"}).status_code == 403
    assert stranger.post("/api/dataset", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert stranger.post("/api/dataset", headers={"Origin": ORIGIN}).status_code == 200


KINDS = (
    "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
    "text/plain; application/json", "application/json; charset=utf-16", "application/json, text/plain", "json",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_only_json_is_taken(client: TestClient, kind: str) -> None:
    answer = client.post("/api/labels", content=b'{"name": "x"}', headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON;charset=UTF-8"])
def test_json_is_taken(client: TestClient, kind: str) -> None:
    assert client.post("/api/labels", content=b'{"name": "x"}', headers={"Content-Type": kind}).status_code == 200


LEADING_OUT = (
    "/assets/%2e%2e/index.html", "/assets/%252e%252e/index.html", "/..%5cindex.html",
    "/assets/..%5c..%5csecret.txt", "//etc/passwd", "/%2fetc/passwd", "/assets/plain.css%00", "/assets/PLAIN.CSS",
    "/assets/plain.css/", "/assets/link.css", "/assets/", "/assets", "/index.html/", "/static2/secret.txt",
    "/assets/%2e%2e/%2e%2e/static2/secret.txt", "/file:///etc/passwd", "/api/cases/..%2f..%2fetc", "/api/cases/beef%00",
    "/api/cases/BEEF", "/api/cases/patient of beef.nii", "/api/cases/unknown", "/api/cases/unknown/image", "/api/",
)  # fmt: skip


@pytest.mark.parametrize("path", LEADING_OUT)
def test_only_listed_files_and_known_ids_are_there(stand: Stand, page: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "static2").mkdir()
    (tmp_path / "static2" / "secret.txt").write_text("secret")
    (page / "assets" / "link.css").symlink_to(tmp_path / "static2" / "secret.txt")
    app = create_app(stand.workspace, stand.engine, stand.learner, stand.settings)
    with TestClient(app, headers=stand.bearer, base_url=ORIGIN, follow_redirects=False) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text
    body = answer.json()
    assert {key: body[key] for key in ("error", "sentence")} == {
        "error": "not-found",
        "sentence": "There is nothing at this address.",
    }


def test_ids_are_the_only_way_to_a_file(client: TestClient, stand: Stand) -> None:
    """No message has a field for a path, and no address takes one."""
    document = client.get("/api/openapi.json").json()
    names = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})}
    assert not names & {"file", "filename", "directory"}
    assert not any("path:" in path for path in document["paths"])


def test_every_answer_has_the_headers(client: TestClient, stranger: TestClient) -> None:
    for answer in (
        client.get("/"),
        client.get("/assets/plain.css"),
        client.get("/api/cases"),
        client.get("/nothing"),
        stranger.get("/api/cases"),
        client.get("/", headers={"Host": "evil.example"}),
        client.request("OPTIONS", "/api/cases"),
    ):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


def test_the_policy_allows_no_inline_script_and_no_other_site() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any(word in HEADERS["Content-Security-Policy"] for word in ("unsafe", "data:", "blob:", "http", "*"))


def test_files_of_the_page_are_kept_by_their_hash(client: TestClient) -> None:
    assert "immutable" in client.get("/assets/main-AbCd1234.js").headers["cache-control"]
    assert client.get("/assets/plain.css").headers["cache-control"] == "no-cache"
    assert client.get("/api/cases").headers["cache-control"] == "no-store"
    assert client.get("/assets/main-AbCd1234.js").headers["content-type"].startswith("text/javascript")


def test_a_checkout_without_the_page_says_how_to_get_it(stand: Stand, tmp_path: Path) -> None:
    page = Page(tmp_path / "absent")
    assert page.files == {}
    with pytest.raises(RefusedError):
        page.file("index.html")


def test_a_server_for_other_machines_asks_for_the_token_all_the_same(stand: Stand) -> None:
    """It may be asked for under its own address and name, and under no other."""
    settings = replace(stand.settings, host="0.0.0.0", remote=True, names=("Workstation",))
    app = create_app(stand.workspace, stand.engine, stand.learner, settings)
    with TestClient(app, base_url="http://192.0.2.7:8321", follow_redirects=False) as client:
        assert client.get("/api/health").status_code == 401
        token = client.get(f"/?token={settings.keys.link()}")
        assert (token.status_code, token.headers["location"]) == (303, "/")
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/health", headers={"Host": "workstation:8321"} | stand.bearer).status_code == 200
        for host in ("192.0.2.8:8321", "evil.example", "workstation.evil.example"):
            assert client.get("/api/health", headers={"Host": host} | stand.bearer).status_code == 421


def test_text_that_looks_like_markup_is_answered_as_text(client: TestClient) -> None:
    name = "<img src=x onerror=alert(1)>"
    answer = client.post("/api/labels", json={"name": name})
    assert answer.json()[-1]["name"] == name
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    script = client.get("/%3Cscript%3Ealert(1)%3C/script%3E")
    assert (script.status_code, script.headers["content-type"]) == (404, "application/json")
    assert "script" not in script.text


def test_the_page_makes_no_markup_of_text() -> None:
    source = Path(__file__).parents[3] / "web" / "src"
    files = [*source.rglob("*.ts"), *source.rglob("*.tsx")]
    assert len(files) > 20
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\(|new Function"
    )
    assert [file.name for file in files if forbidden.search(file.read_text(encoding="utf-8"))] == []

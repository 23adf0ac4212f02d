"""Names that are code stay names; the page asks nobody but its server, and cannot be framed or opened twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, expect

from benchmarks.annotate.server import Server
from tests.annotate.browser.images import make_obliques, make_series
from tests.annotate.browser.screen import Screen

pytestmark = pytest.mark.browser

CODE = "<img src=x onerror=alert(1)>"


def test_code_in_names_of_files_labels_and_tags_is_shown_as_text(
    tmp_path: Path, serve: Callable[..., Server], visit: Callable[..., Screen]
) -> None:
    folder = tmp_path / "images"
    make_obliques(folder, 1)
    (folder / "oblique_0.nii.gz").rename(folder / f"{CODE}.nii.gz")
    make_series(folder)
    server = serve(folder, model="tiny-litemedsam", labels=(f"{CODE} organ",))
    dialogs: list[str] = []
    screen = visit(server)

    def shown(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    screen.page.on("dialog", shown)
    screen.await_case(CODE)
    screen.press("d", "Enter", "Enter")
    screen.page.get_by_role("textbox", name="Note").fill(f"{CODE} note")
    screen.press("Tab")
    screen.await_saved()
    screen.choose("New label")
    screen.page.get_by_label("Name of the new label").fill("<svg onload=alert(2)>")
    screen.press("Enter")
    expect(screen.page.get_by_role("button", name="<svg onload=alert(2)>").first).to_be_visible()
    screen.open("series")
    screen.page.reload()
    screen.await_case("series")
    assert dialogs == []
    assert screen.page.locator("img[src=x], svg[onload]").count() == 0


def test_headers_forbid_what_the_page_does_not_need(
    tmp_path: Path, serve: Callable[..., Server], visit: Callable[..., Screen]
) -> None:
    make_obliques(tmp_path / "images", 1)
    server = serve(tmp_path / "images", model="tiny-litemedsam")
    screen = visit(server, refusals=(401,))
    answer = screen.page.reload()
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[-1].split(";")[0]
    assert "unsafe-eval" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "token" not in screen.page.url
    link = server.link()
    assert screen.page.request.get(link, max_redirects=0).status == 303
    cookies = screen.page.context.cookies()
    assert cookies
    assert all(cookie.get("httpOnly") and cookie.get("sameSite") == "Strict" for cookie in cookies)
    screen.page.context.clear_cookies()
    assert screen.page.request.get(link, max_redirects=0).status == 401, "a link opens the page once"

"""The page: its built files, and how a browser gets in."""

from __future__ import annotations

import html
import mimetypes
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from samaritan.annotate.server.refusal import nothing_here
from samaritan.annotate.server.tokens import Keys, cookie_name

_NO_PAGE = (
    "The page is not built: run <code>make page</code> in a checkout (it needs Node), or install the wheel, which carries it. "
    "The API works."
)
_NO_KEY = (
    "This link was used before or is of another run. Run <code>samaritan annotate</code> again on the same folder: "
    "it opens a new link to the running server."
)

#: Vite puts a hash of the content into these names.
_HASHED = re.compile(r"assets/.*-[A-Za-z0-9_-]{8}\.\w+")


class Page:
    """Files of the built page, listed once: nothing else is ever opened, whatever the address.

    Args:
        folder: of the built page; it may be absent.
    """

    def __init__(self, folder: Path) -> None:
        root = folder.resolve()
        found = sorted(root.rglob("*")) if root.is_dir() else []
        self.files = {file.relative_to(root).as_posix(): file for file in found if _is_own(file, root)}

    def index(self, request: Request, keys: Keys) -> Response:
        """``/``: swaps a launch token for the cookie, answers the page to who has it, and says what to do otherwise."""
        token = request.query_params.get("token")
        if token is not None and request.method == "GET":  # what only looks does not use it up
            return self._swap(request, keys, token)
        if not keys.admits(request.scope):
            return _sentence(_NO_KEY, 401)
        if "index.html" not in self.files:
            return _sentence(_NO_PAGE, 404)
        return self.file("index.html")

    def file(self, name: str) -> Response:
        """One of the page's files.

        Raises:
            RefusedError: 404.
        """
        path = self.files.get(name)
        if path is None:
            raise nothing_here()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        kept = "private, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "no-cache"
        return FileResponse(path, media_type=kind, headers={"Cache-Control": kept})

    @staticmethod
    def _swap(request: Request, keys: Keys, token: str) -> Response:
        cookie = keys.swap(token)
        if cookie is None and not keys.admits(request.scope):
            return _sentence(_NO_KEY, 401)
        response = RedirectResponse("/", 303)
        if cookie is not None:
            name = cookie_name(request.scope)
            response.set_cookie(name, cookie, path="/", httponly=True, samesite="strict")
        return response


def _is_own(file: Path, root: Path) -> bool:
    return file.is_file() and not file.is_symlink() and file.resolve().is_relative_to(root)


def _sentence(text: str, status: int) -> Response:
    title = html.escape("samaritan")
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><p>{text}</p></html>', status
    )

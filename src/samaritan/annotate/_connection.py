"""Requests of a script to the annotator's server: token, repeated tries, and its refusals as errors of samaritan."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError

from samaritan.core.errors import InputError, ModelError, ResourceError, SamaritanError, UsageError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

#: Longest pause between two tries, in seconds, whatever the server asks for.
_LONGEST_PAUSE = 5.0


class ConflictError(InputError):
    """The case was changed by somebody else meanwhile (409), or a later request took this one's place.

    Attributes:
        revision: at which the case is now; None where a later request took this one's place.
        kept: the file under the annotator's output that keeps the refused edit.
    """

    def __init__(self, sentence: str, revision: int | None = None, kept: str | None = None) -> None:
        super().__init__(sentence)
        self.revision = revision
        self.kept = kept


class UnreachableError(ResourceError):
    """No annotator answers at the address, or it went away while it was asked."""


class Connection:
    """The server at one address.

    Args:
        url: as ``samaritan annotate`` prints it, without a path.
        token: the one for scripts.
        patience: seconds for which a busy server, or one whose model is starting again, is asked again.
        timeout: seconds without a byte of the answer.

    Raises:
        UsageError: the address is none of http or https.
    """

    def __init__(self, url: str, token: str, *, patience: float = 60.0, timeout: float = 600.0) -> None:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise UsageError(f"{url!r} is no address of an annotator; give one like http://127.0.0.1:8765.")
        self.url = url.rstrip("/")
        self.token = token
        self.patience = patience
        self.timeout = timeout
        # the environment's proxies are for the web, and a redirection would take the token elsewhere
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirection)

    def get(self, path: str) -> bytes:
        """The body of the answer; raises as :meth:`post`."""
        return self._ask(path, None)[1]

    def get_revision(self, path: str) -> tuple[int | None, bytes]:
        """The revision that an answer is of, where it says so, and its body; raises as :meth:`post`."""
        headers, content = self._ask(path, None)
        revision = headers.get("x-revision", "")
        return int(revision) if revision.isdigit() else None, content

    def post(self, path: str, message: BaseModel | None = None) -> bytes:
        """Send a message and return the body of the answer.

        A request may be sent several times, which the server recognises where it matters.

        Raises:
            InputError: the server refused what it was sent, or has nothing at this address.
            ConflictError: the case is at another revision.
            ModelError: there is no model to answer, or it did not come back in time.
            ResourceError: the server is too busy, or has no room; UnreachableError: nobody answers.
            UsageError: the token is not this server's, or what was asked for makes no sense.
        """
        return self._ask(path, b"" if message is None else message.model_dump_json().encode())[1]

    def _ask(self, path: str, body: bytes | None) -> tuple[Mapping[str, str], bytes]:
        end = time.monotonic() + self.patience
        while True:
            status, headers, content = self._once(path, body)
            if status < 300:
                return headers, content
            pause = min(_number(headers.get("retry-after")), _LONGEST_PAUSE)
            if status not in {429, 503} or not pause or time.monotonic() + pause > end:
                raise _error(status, content)
            time.sleep(pause)

    def _once(self, path: str, body: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{self.url}{path}", data=body, headers=headers)  # noqa: S310 - checked above
        try:
            try:
                with self._opener.open(request, timeout=self.timeout) as answer:
                    return answer.status, _lower(answer.headers), answer.read()
            except urllib.error.HTTPError as refusal:
                with refusal:
                    return refusal.code, _lower(refusal.headers), refusal.read()
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise UnreachableError(
                f"No annotator answers at {self.url} ({reason}); start `samaritan annotate FOLDER`."
            ) from error


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def compose(kind: type[M], /, **fields: Any) -> M:
    """A message of ``kind``.

    Raises:
        UsageError: a field is not what the message allows; the sentence names it.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{kind.__name__} cannot be sent: {place}: {first['msg']}.") from error


def understand(kind: type[T], content: bytes) -> T:
    """The answer as ``kind``.

    Raises:
        InputError: it is something else.
    """
    try:
        return TypeAdapter(kind).validate_json(content)
    except ValidationError as error:
        raise InputError(
            "The server answered what this version of samaritan does not know; use one version on both sides."
        ) from error


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _number(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0


def _error(status: int, content: bytes) -> SamaritanError:
    """What the server says in :class:`~samaritan.annotate.messages.Failure`, as an error."""
    try:
        told = json.loads(content)
        kind, sentence = str(told["error"]), str(told["sentence"])
    except (ValueError, KeyError, TypeError):
        told, kind, sentence = {}, "", f"The server answered with status {status} and said nothing about it."
    if status == 409:
        return ConflictError(sentence, told.get("revision"), told.get("kept"))
    if kind in {"model", "model-gone"}:
        return ModelError(sentence)
    if status in {401, 403, 421} or kind == "usage":
        return UsageError(sentence)
    if status in {429, 503, 507} or status >= 500:
        return ResourceError(sentence)
    return InputError(sentence)

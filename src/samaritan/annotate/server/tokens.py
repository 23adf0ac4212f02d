"""Who may ask: a launch token that works once, the cookie it is swapped for, and a token for scripts."""

from __future__ import annotations

import hmac
import secrets

from starlette.types import Scope

from samaritan.annotate.server.hosts import host_of
from samaritan.annotate.server.refusal import RefusedError

#: Launch links that may wait to be opened; making one more makes the oldest useless.
_MOST_LINKS = 8

_COOKIE = "samaritan-"

#: Where the MONAI Label protocol lies, and what of it a client asks before it has a token.
PROTOCOL = "/monai-label"
_UNASKED = frozenset({f"{PROTOCOL}/auth/", f"{PROTOCOL}/auth/token"})


class Keys:
    """Secrets of one run of the server: all random, none of them survives it.

    Attributes:
        script: the token for ``Authorization: Bearer``, which stands in ``server.json``.
        protocol: the token of programs that speak the MONAI Label protocol; it opens nothing else.
    """

    def __init__(self) -> None:
        self.script = secrets.token_urlsafe(32)
        self.protocol = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)
        self._links: list[str] = []

    def link(self) -> str:
        """A new launch token, which opens the page once."""
        self._links = [*self._links, secrets.token_urlsafe(32)][-_MOST_LINKS:]
        return self._links[-1]

    def swap(self, token: str) -> str | None:
        """The cookie's value for a launch token that was not used before; None for anything else."""
        found = [link for link in self._links if _equal(link, token)]
        self._links = [link for link in self._links if link not in found]
        return self._cookie if found else None

    def admits(self, scope: Scope) -> bool:
        """Whether a request or socket carries the cookie or the token for scripts."""
        return self.by_script(scope) or self.by_cookie(scope)

    def by_cookie(self, scope: Scope) -> bool:
        """Whether it carries the cookie, and no token; never within the protocol, where foreign pages may send forms."""
        right = [_equal(self._cookie, cookie) for cookie in _cookies(scope)]
        return any(right) and not in_protocol(scope) and not self.by_script(scope)

    def by_script(self, scope: Scope) -> bool:
        """Whether it carries the token for scripts, or within the protocol the protocol's."""
        bearer = _bearer(scope)
        by_protocol = in_protocol(scope) and self.is_protocol(bearer)
        return _equal(self.script, bearer) or by_protocol

    def is_protocol(self, token: str) -> bool:
        """Whether this is the token of the protocol."""
        return _equal(self.protocol, token)


def check_token(scope: Scope, keys: Keys) -> None:
    """Refuse everybody who has neither cookie nor token; the address that takes launch tokens is left to its route.

    Raises:
        RefusedError: 401.
    """
    if scope["type"] == "http" and (scope["path"] == "/" or is_unasked(scope)):
        return
    if not keys.admits(scope):
        raise RefusedError(
            401,
            "unauthorized",
            "Open the link that samaritan annotate printed, or send its token.",
            {"WWW-Authenticate": "Bearer"},
        )


def in_protocol(scope: Scope) -> bool:
    """Whether an address is one of the MONAI Label protocol."""
    return scope["type"] == "http" and bool(scope["path"].startswith(f"{PROTOCOL}/"))


def is_unasked(scope: Scope) -> bool:
    """Whether an address of the protocol is open to everybody, since that is where clients bring their token."""
    return scope["path"] in _UNASKED


def cookie_name(scope: Scope) -> str:
    """Browsers keep one set of cookies for all ports of a machine, so that the port is part of the name."""
    return f"{_COOKIE}{host_of(scope).port}"


def _bearer(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = values[0].decode("latin-1").partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def _cookies(scope: Scope) -> list[str]:
    """Values of the annotators' cookies; other ports' are among them, also of this one behind a tunnel or proxy.

    Other programs of this machine set cookies too, of any form; ``http.cookies`` would drop all where it does not like one.
    """
    texts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    pairs = [pair.partition("=") for text in texts for pair in text.split(";")]
    return [value.strip() for key, _, value in pairs if key.strip().startswith(_COOKIE)]


def _equal(ours: str, theirs: str) -> bool:
    """Takes as long for a wrong guess as for a nearly right one."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))

"""From which pages requests may come: the server's own one, and none at all for scripts."""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import Scope

from samaritan.annotate.server.hosts import host_of, parse_host
from samaritan.annotate.server.refusal import RefusedError
from samaritan.annotate.server.tokens import Keys, in_protocol

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_origin(scope: Scope, keys: Keys, allowed: Collection[str] = ()) -> None:
    """Refuse what a page of another origin sends, by what browsers say about it and pages cannot change.

    ``Origin`` is compared in parts with ``Host``; ``Sec-Fetch-Site`` must be same-origin, or none where a person typed the
    address. Following a link to ``/`` is allowed, since it is how the page is opened. Who changes something with a cookie
    must say at least one of the two, which every browser does. Pages of ``allowed`` origins may speak the MONAI Label protocol.

    Raises:
        RefusedError: 403.
    """
    origin, site = _one(scope, b"origin"), _one(scope, b"sec-fetch-site")
    if in_protocol(scope) and origin in allowed:
        return
    if origin is not None and not _is_own(scope, origin):
        raise _refusal()
    if site not in {None, "same-origin", "none"} and not _follows_link(scope):
        raise _refusal()
    changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
    if changes and origin is None and site != "same-origin" and keys.by_cookie(scope):
        raise _refusal()


def _is_own(scope: Scope, origin: str) -> bool:
    scheme, separator, rest = origin.partition("://")
    return scheme.lower() == "http" and bool(separator) and parse_host(rest) == host_of(scope)


def _follows_link(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in {"GET", "HEAD"}
        and scope["path"] == "/"
        and _one(scope, b"sec-fetch-mode") == "navigate"
        and _one(scope, b"sec-fetch-dest") == "document"
    )


def _one(scope: Scope, name: bytes) -> str | None:
    """The header's value; two of them count as a foreign one."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return None if not values else values[0] if len(values) == 1 else "double"


def _refusal() -> RefusedError:
    return RefusedError(403, "origin", "Only the annotator's own page may ask for this.")

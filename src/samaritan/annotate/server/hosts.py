"""Under which names the server may be asked for: another name means that a page elsewhere reaches in (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from starlette.types import Scope

from samaritan.annotate.server.refusal import RefusedError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# [v6] or a name or v4 with one dot at its end at most, and a port; nothing before, between or after
_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)\.?)(?::([0-9]{1,5}))?")


class Host(NamedTuple):
    """A name or address in lower case without brackets, and a port (80 where none was written)."""

    name: str
    port: int


def parse_host(text: str) -> Host | None:
    """The parts of ``name[:port]``; None for anything that is not exactly that."""
    found = _AUTHORITY.fullmatch(text.lower())
    if found is None:
        return None
    port = int(found[3]) if found[3] else 80
    name = found[1] or found[2]
    if not 0 < port < 65536 or ".." in name or (found[1] and not isinstance(_address(name), ipaddress.IPv6Address)):
        return None
    return Host(name, port)


def host_of(scope: Scope) -> Host:
    """What the one Host header of a request or socket says.

    Raises:
        RefusedError: 421; it is missing, double or no host.
    """
    values = [value for name, value in scope["headers"] if name == b"host"]
    host = parse_host(values[0].decode("latin-1")) if len(values) == 1 else None
    if host is None:
        raise _refusal()
    return host


def check_host(scope: Scope, names: frozenset[str], remote: bool) -> None:
    """Refuse requests and sockets for another host than this one.

    Args:
        scope: of ASGI; its headers count, never an address that was put together from them.
        names: allowed besides the loopback names.
        remote: whether the address at which the connection arrived is allowed too; a page elsewhere cannot claim that one.

    Raises:
        RefusedError: 421.
    """
    name = host_of(scope).name
    own = scope.get("server")
    if name in LOOPBACK or name in names or (remote and own is not None and name == str(own[0]).lower()):
        return
    raise _refusal()


def is_loopback(host: str) -> bool:
    """Whether a server bound to ``host`` is reached from this machine alone."""
    address = _address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _refusal() -> RefusedError:
    return RefusedError(421, "host", "This server is asked for as localhost or 127.0.0.1.")

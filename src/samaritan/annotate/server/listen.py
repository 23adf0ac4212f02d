"""A port of this machine to listen on."""

from __future__ import annotations

import errno
import socket

from samaritan.core.errors import ResourceError, UsageError

#: Where the search for a free port begins, and how many are tried before the system chooses one.
FIRST, TRIES = 8321, 20


def listening_socket(host: str, port: int | None) -> socket.socket:
    """A socket bound to ``host``, on ``port`` or on the next free one from 8321 where none is wanted.

    Raises:
        UsageError: ``port`` is taken, or there is no such host.
        ResourceError: the system does not allow it.
    """
    ports = [port] if port is not None else [*range(FIRST, FIRST + TRIES), 0]
    for candidate in ports:
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            raise _refused(host, candidate, error) from error
    raise UsageError(f"No port of {host} is free.")


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _refused(host: str, port: int, error: OSError) -> UsageError | ResourceError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{host} is no address of this machine; --host takes one that is, such as 127.0.0.1.")
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"Port {port} is taken; choose another --port, or leave it out for the next free one.")
    return ResourceError(f"Port {port} of {host} cannot be used: {error.strerror}; choose another --port.")

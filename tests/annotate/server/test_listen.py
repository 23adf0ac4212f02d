"""Ports: part of row S24 of docs/reliability.md."""

from __future__ import annotations

import socket

import pytest

from samaritan.annotate.server import listen
from samaritan.annotate.server.listen import listening_socket
from samaritan.core.errors import ResourceError, UsageError


def test_the_next_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(listen, "FIRST", taken.getsockname()[1])
        with listening_socket("127.0.0.1", None) as found:
            assert found.getsockname()[1] != taken.getsockname()[1]


def test_a_wanted_port_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is taken; choose another --port"):
            listening_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["198.51.100.7", "no such host"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="is no address of this machine"):
        listening_socket(host, None)


def test_what_the_system_does_not_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(listen, "_bound", refuse)
    with pytest.raises(ResourceError, match=r"Port 80 of 127\.0\.0\.1 cannot be used: Permission denied"):
        listening_socket("127.0.0.1", 80)


def test_loopback_is_the_default() -> None:
    with listening_socket("127.0.0.1", None) as found:
        assert found.getsockname()[0] == "127.0.0.1"

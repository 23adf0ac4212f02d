"""torch.compile: needs a C++ compiler and about a minute at the first picture of every process; never chosen by auto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samaritan.predict.runtimes._base import RUNTIMES, Encoder, Runtime

if TYPE_CHECKING:
    from samaritan.models._sam_network import SamNetwork


def build(_network: SamNetwork, _plan: str) -> bytes:
    """Nothing has to be kept: inductor has a cache of its own."""
    return b""


def open_encoder(_payload: bytes, network: SamNetwork, _plan: str, _threads: int) -> Encoder:
    """Compiled at the first call."""
    import torch  # noqa: PLC0415  listing runtimes must not import torch

    compiled: Encoder = torch.compile(network.encode, dynamic=False)
    return compiled


RUNTIMES.add("compile", Runtime("compile", "torch.compile, for long runs", 8, None, build, open_encoder))

"""Eager PyTorch in fp32: the reference that every other runtime is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samaritan.predict.runtimes._base import RUNTIMES, Encoder, Runtime

if TYPE_CHECKING:
    from samaritan.models._sam_network import SamNetwork


def build(_network: SamNetwork, _plan: str) -> bytes:
    """Nothing has to be kept."""
    return b""


def open_encoder(_payload: bytes, network: SamNetwork, _plan: str, _threads: int) -> Encoder:
    """The network's own encoder; torch has its threads already."""
    return network.encode


RUNTIMES.add("torch", Runtime("torch", "eager PyTorch, the reference", 9, None, build, open_encoder))

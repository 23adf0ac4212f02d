"""The contract of a runtime: what a file of this room registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Protocol

from samaritan.core import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from samaritan.models._sam_network import SamNetwork


class Encoder(Protocol):
    """Pixels (1, 3, side, side) -> features (1, channels, cells, cells), both float32 on the processor."""

    def __call__(self, pixels: Tensor, /) -> Tensor:
        """Run once."""
        ...


@dataclass(frozen=True)
class Runtime:
    """A registered runtime.

    Attributes:
        name: in the registry.
        title: one line for a person.
        rank: auto takes the one with the smallest of those that are installed and prepared.
        package: distribution that it needs; None where torch is enough.
        build: ``build(network, plan) -> bytes``, what is kept on disk; slow.
        open: ``open(payload, network, plan, threads) -> Encoder``; quick.
        plans: ``plans(network)``, the precisions it offers to ``--fast``, the quickest first; None where it has but fp32.
    """

    name: str
    title: str
    rank: int
    package: str | None
    build: Callable[[SamNetwork, str], bytes]
    open: Callable[[bytes, SamNetwork, str, int], Encoder]
    plans: Callable[[SamNetwork], list[str]] | None = None

    @property
    def version(self) -> str | None:
        """Of its package; None where that is not installed."""
        try:
            return version(self.package or "torch")
        except PackageNotFoundError:
            return None


RUNTIMES: Registry[Runtime] = Registry("runtime", "samaritan.predict.runtimes")

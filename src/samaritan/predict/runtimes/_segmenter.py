"""A Segmenter whose encoder runs in a compiled graph."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from samaritan.models._sam import SamSegmenter
from samaritan.models._sam2 import Sam2Segmenter
from samaritan.predict.runtimes._base import Encoder
from samaritan.predict.runtimes._graph import stamp

_log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818  it is no error: torch goes on
    """A runtime does not open what it has prepared."""


class CompiledSegmenter(SamSegmenter):
    """As the eager model, whose network it shares; prompts are decoded by torch.

    A graph cannot see that somebody changes the network's encoder, attaches something to it or listens to it; from then on
    the network itself encodes.

    Args:
        eager: the model.
        encoder: runs one picture; where it raises :class:`Refused`, the next takes over for good, and torch after the last.
        runtime: what runs it, in plain values: name, version, plan, verdict of the gate.
        others: encoders that may take over, with what runs them, in order.
    """

    def __init__(
        self,
        eager: SamSegmenter,
        encoder: Encoder,
        runtime: dict[str, Any],
        others: Sequence[tuple[Encoder, dict[str, Any]]] = (),
    ) -> None:
        super().__init__(eager.name, eager.card, eager.network, eager.frame)
        self.runtime = runtime
        self._encoder: Encoder | None = encoder
        self._others = list(others)
        self._stamp = stamp(eager.network)
        self._told = False

    def encoder_fingerprint(self) -> str | None:
        """That of the eager model, and what runs it."""
        found = super().encoder_fingerprint()
        elsewhere = self._encoder is not None and stamp(self.network) == self._stamp
        return f"{found} {json.dumps(self.runtime, sort_keys=True)}" if found and elsewhere else found

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """(picture, 3, side, side) -> (picture, hidden, cells, cells)."""
        if self._encoder is not None and stamp(self.network) != self._stamp:
            if not self._told:
                _log.warning("The encoder of %s is not what was compiled any more; torch runs it.", self.name)
            self._told = True
            return super().encode_pixels(pixels)
        while self._encoder is not None:
            try:
                return torch.cat([self._encoder(picture[None]) for picture in pixels])
            except Refused as error:
                self._encoder, self.runtime = self._others.pop(0) if self._others else (None, {})
                _log.warning("%s; %s runs it.", error, self.runtime.get("name", "torch"))
        return super().encode_pixels(pixels)


class CompiledTracker(CompiledSegmenter, Sam2Segmenter):
    """A model with a memory whose encoder runs in a compiled graph."""


def compiled(
    eager: SamSegmenter,
    encoder: Encoder,
    runtime: dict[str, Any],
    others: Sequence[tuple[Encoder, dict[str, Any]]] = (),
) -> CompiledSegmenter:
    """The model with its encoder elsewhere, able to do what it can; arguments as of :class:`CompiledSegmenter`."""
    kind = CompiledTracker if isinstance(eager, Sam2Segmenter) else CompiledSegmenter
    return kind(eager, encoder, runtime, others)

"""What the tests of this room share: a runtime that takes no time, so that choosing can be tested without exporting."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork
from samaritan.predict.runtimes import RUNTIMES, Runtime, _choose
from samaritan.predict.runtimes._base import Encoder


class Pretender:
    """A runtime that runs torch and adds an error to the embedding.

    Attributes:
        errors: plan -> size of the error over the features' largest value.
        built: plans that were built, in order.
        opened: how many payloads it has opened.
        refusals: so many of the next payloads it does not open.
    """

    def __init__(self) -> None:
        self.errors = {"f32": 0.0, "half": 0.5, "part": 0.0}
        self.built: list[str] = []
        self.refusals = self.opened = 0

    @classmethod
    def alone(cls, patch: pytest.MonkeyPatch) -> Pretender:
        """The only runtime beside torch, behind a gate of few pictures."""
        made = cls()
        patch.setattr(_choose, "ASKED", {"exact": (3, 0), "fast": (3, 2)})
        RUNTIMES.names()
        patch.setattr(RUNTIMES, "_entries", {"torch": RUNTIMES.get("torch"), "pretender": made.entry()})
        return made

    def build(self, _network: SamNetwork, plan: str) -> bytes:
        self.built.append(plan)
        return plan.encode()

    def open(self, payload: bytes, network: SamNetwork, plan: str, _threads: int) -> Encoder:
        assert payload == plan.encode()
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("made by another version\nand more")

        self.opened += 1

        def encode(pixels: Tensor) -> Tensor:
            features = network.encode(pixels)
            noise = torch.randn(features.shape, generator=torch.Generator().manual_seed(0))
            return features + self.errors[plan] * features.abs().max() * noise

        return encode

    def entry(self, name: str = "pretender", rank: int = 0) -> Runtime:
        return Runtime(name, "for tests", rank, "numpy", self.build, self.open, lambda _network: ["half", "part"])


@pytest.fixture
def pretender(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pretender:
    """The only runtime beside torch, with an empty cache and few pictures."""
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path / "cache"))
    return Pretender.alone(monkeypatch)


@pytest.fixture
def tiny() -> SamSegmenter:
    """LiteMedSAM in miniature."""
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    return segmenter

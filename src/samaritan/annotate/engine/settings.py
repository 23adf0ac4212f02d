"""Which model the engine runs, and how much it may take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Questions that may wait or run at once, over all lanes.
CAPACITY = 32


@dataclass(frozen=True)
class EngineSettings:
    """What the model process is started with; ``use`` changes the adapter later.

    Attributes:
        model: its name; None takes litemedsam, or the adapter's base.
        adapter: what ``samaritan adapt`` wrote.
        weights: a file of weights to take instead of the model's own.
        allow_unverified: take ``weights`` though they are not the published file.
        device: of torch.
        threads: of numerical libraries; None lets them choose.
        runtime: of the encoder, see :func:`samaritan.predict.runtimes.with_runtime`.
        fast: allow reduced precision, as there.
        framing: which part of a slice the model looks at, see :mod:`samaritan.predict.framing`; in place of ``square`` models
            that relate slices to each other get ``whole``, and pixels that are less than three times as long as wide.
        cache: keep embeddings on disk, where the other verbs look for them, too.
        half: keep them in half precision.
        volumes_gb: voxels that the model process holds at most; the volume that is looked at is held whatever its size.
    """

    model: str | None = None
    adapter: Path | None = None
    weights: Path | None = None
    allow_unverified: bool = False
    device: str = "cpu"
    threads: int | None = None
    runtime: str = "auto"
    fast: bool = False
    framing: str = "square"
    cache: bool = True
    half: bool = False
    volumes_gb: float = 2.0

    @property
    def title(self) -> str:
        """What a person calls the model before it is loaded."""
        return self.model or (self.adapter.stem if self.adapter else "litemedsam")

"""A new model that waits for a person's decision, on disk: a restart must not throw minutes of training away."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from samaritan.annotate.messages import LearnState
from samaritan.core import write_text

_FILE, _ADAPTER = "ready.json", Path("run") / "adapter.safetensors"


def remember(place: Path, state: LearnState) -> None:
    """Write down beside the adapter in ``place`` what is known of it; raises ResourceError where that fails."""
    write_text(place / _FILE, state.model_dump_json())


def recall(place: Path) -> LearnState | None:
    """What an earlier process left to be decided in ``place``; None where that is nothing, or is damaged."""
    try:
        state = LearnState.model_validate_json((place / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    return state if state.state == "ready" and (place / _ADAPTER).is_file() else None

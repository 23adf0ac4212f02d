"""Measure, adapt and use the Segment Anything family on medical images.

The public names, imported when they are first used, so that ``import samaritan`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samaritan.benchmark import RunConfig, compare_runs, run_benchmark
    from samaritan.core import Box, Geometry, LabelMap, MaskHint, Points, PromptSet, SamaritanError, Volume
    from samaritan.datasets import open_datasets
    from samaritan.evaluate import evaluate as score
    from samaritan.io import read_labels, read_volume, write_labels
    from samaritan.models import load_model
    from samaritan.notebook import view
    from samaritan.predict import predict as segment
    from samaritan.prompts import make_prompt

__version__ = "0.1.0"

__all__ = [
    "Box", "Geometry", "LabelMap", "MaskHint", "Points", "PromptSet", "RunConfig", "SamaritanError", "Volume",
    "compare_runs", "load_model", "make_prompt", "open_datasets", "read_labels", "read_volume", "run_benchmark",
    "score", "segment", "view", "write_labels",
]  # fmt: skip

_ROOMS = {
    "benchmark": ("RunConfig", "compare_runs", "run_benchmark"),
    "core": ("Box", "Geometry", "LabelMap", "MaskHint", "Points", "PromptSet", "SamaritanError", "Volume"),
    "datasets": ("open_datasets",),
    "evaluate": ("score",),
    "io": ("read_labels", "read_volume", "write_labels"),
    "models": ("load_model",),
    "notebook": ("view",),
    "predict": ("segment",),
    "prompts": ("make_prompt",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

#: Public names of functions that are called like their room, which as an attribute of the package is the module.
_NAME_IN_ROOM = {"score": "evaluate", "segment": "predict"}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'samaritan' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"samaritan.{_ROOM_OF[name]}"), _NAME_IN_ROOM.get(name, name))
    globals()[name] = value
    return value

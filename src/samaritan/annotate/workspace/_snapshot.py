"""A case's state beside its journal, so that a long journal opens quickly. Only a cache: the journal is the truth."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from samaritan.annotate.workspace._records import Note, Record
from samaritan.annotate.workspace._state import Place, State
from samaritan.core.store import ArrayStore

_NOTES: TypeAdapter[list[tuple[Place, Note]]] = TypeAdapter(list[tuple[Place, Note]])
_COUNTERS = ("revision", "status", "note", "noted", "requests")
_STACKS = ("undo", "redo")


class Snapshots:
    """Snapshots of all cases of a project.

    Args:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._store = ArrayStore(folder, what="snapshots of cases")

    def write(self, case: str, state: State, size: int, last: Record) -> None:
        """Keep ``state``, to which the first ``size`` bytes of the journal lead; ``last`` is their last record."""
        about = {
            "size": size,
            "last": last.to_line().decode(),
            "objects": sorted(state.objects.items()),
            "notes": [[place, note.model_dump(mode="json")] for place, note in state.notes.items()],
            **{name: getattr(state, name) for name in (*_COUNTERS, *_STACKS)},
        }
        spans = _spans(state.labels)
        packed = zlib.compress(state.labels[_box(spans)].tobytes(order="F"), 1)
        self._store.write(case, {
            "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
            "spans": np.array(spans, np.int64),
            "labels": np.frombuffer(packed, np.uint8),
        })  # fmt: skip

    def read(self, case: str, shape: tuple[int, int, int]) -> tuple[State, int, str] | None:
        """(state, bytes of the journal that it stands for, last line of these), or None where there is none of that shape."""
        arrays = self._store.read(case)
        if arrays is None:
            return None
        try:
            about = json.loads(arrays["about"].tobytes())
            state = State.empty(shape)
            _fill(state, arrays["spans"].tolist(), zlib.decompress(arrays["labels"].tobytes()))
            state.objects = {int(number): str(label) for number, label in about["objects"]}
            state.notes = dict(_NOTES.validate_python(about["notes"]))
            for name in _COUNTERS:
                setattr(state, name, about[name])
            for name in _STACKS:
                setattr(state, name, [(int(place), str(text)) for place, text in about[name]])
            return state, int(about["size"]), str(about["last"])
        except (KeyError, ValueError, TypeError, IndexError, zlib.error, ValidationError):  # of another version
            return None


def _spans(labels: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """The box of everything that is not 0."""
    spans = []
    for axis in range(3):
        hits = np.flatnonzero(labels.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append((int(hits[0]), int(hits[-1]) + 1) if hits.size else (0, 0))
    return spans


def _box(spans: list[Any]) -> tuple[slice, ...]:
    return tuple(slice(start, stop) for start, stop in spans)


def _fill(state: State, spans: list[Any], content: bytes) -> None:
    here = state.labels[_box(spans)]
    here[...] = np.frombuffer(content, np.uint8).reshape(here.shape, order="F")
    state.tally.add(here, tuple(start for start, _ in spans))

"""Which model a checkpoint belongs to, judged by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from samaritan.core import ModelError
from samaritan.models._base import MODELS, ModelEntry
from samaritan.models._checkpoint import read_checkpoint
from samaritan.models._verify import is_published
from samaritan.models._weights import in_words, misfits

#: A file that shares at least this part of its names with a model is taken for a damaged or changed file of it.
_NEAR = 0.5


def recognise(path: Path, state: Mapping[str, Tensor]) -> ModelEntry:
    """The model whose published tensors have exactly the names and shapes of ``state``.

    Where several models have the same tensors (MedSAM has those of SAM ViT-B), the published checksums decide.

    Args:
        path: the file, for its checksum and for messages.
        state: its tensors.

    Raises:
        ModelError: no model, or several, or one that the file fits only in part; tensors are named.
    """
    entries = [entry for name in MODELS.names() if (entry := MODELS.get(name)).may_hold(state)]
    faults = {entry.card.name: _faults(entry, state) for entry in entries}
    fitting = [name for name, found in faults.items() if not found]
    if len(fitting) > 1:
        fitting = [name for name in fitting if _is_its_file(name, path)] or fitting
    if len(fitting) > 1:
        raise ModelError(f"{path} fits {' and '.join(fitting)}, which have the same tensors; say which it is with -m.")
    if fitting:
        return MODELS.get(fitting[0])
    near = min(faults, key=lambda name: len(faults[name]), default=None)
    if near is not None and len(faults[near]) < (1 - _NEAR) * len(state):
        raise ModelError(
            f"{path} looks like {near}, but {in_words(faults[near])}; get the file again or train its model."
        )
    raise ModelError(
        f"{path} fits no model here: it holds {len(state)} tensors, such as {', '.join(list(state)[:3])}; known are "
        f"{', '.join(faults)}."
    )


def check_layout(entry: ModelEntry, path: Path, state: Mapping[str, Tensor] | None = None) -> None:
    """Compare a file's tensors with those of a model.

    Args:
        entry: the model.
        path: the file.
        state: its tensors, where they were read already.

    Raises:
        ModelError: the file cannot be read, or tensors are missing, unknown or of another shape.
    """
    if entry.layout is None:
        raise ModelError(
            f"Nobody knows which tensors a file of {entry.card.name} has, so that {path} cannot be compared."
        )
    faults = _faults(entry, read_checkpoint(path) if state is None else state)
    if faults:
        raise ModelError(
            f"{path} does not hold {entry.card.name}, {in_words(faults)}; choose the model that it belongs to."
        )


def _faults(entry: ModelEntry, state: Mapping[str, Tensor]) -> list[str]:
    """What keeps the tensors from being those of the model, its unused ones aside."""
    layout = entry.layout() if entry.layout else {}
    given = {name: str(tuple(tensor.shape)) for name, tensor in state.items() if not name.startswith(entry.unused)}
    return misfits({name: str(shape) for name, shape in layout.items()}, given)


def _is_its_file(name: str, path: Path) -> bool:
    source = MODELS.get(name).source
    return source is not None and source.sha256 is not None and is_published(source, path)

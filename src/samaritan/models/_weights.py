"""From a file to a filled network: find, verify, read, convert once, load strictly.

Nothing here imports the package that ships a file, runs code from a checkpoint, or opens a connection.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from samaritan.core import ModelError, ResourceError, atomic_path, write_text
from samaritan.models._checkpoint import read_checkpoint
from samaritan.models._source import WeightSource, converted_path, find_published, record_path, recorded_in
from samaritan.models._verify import file_sha256, say_unverified, verify_file

_log = logging.getLogger(__name__)

#: So many names are printed when tensors do not fit.
_SHOWN = 5


def read_weights(source: WeightSource, path: Path | None, *, allow_unverified: bool = False) -> dict[str, Tensor]:
    """The tensors of ``source`` under their published names.

    Args:
        source: what the file must be.
        path: a file to take; None looks in the cache and in installed packages, and leaves a converted copy in the cache.
        allow_unverified: also take a ``path`` that is not the published file.

    Raises:
        ModelError: not found, damaged, or not the published file.
    """
    if path is not None:
        return _read_given(source, path, allow_unverified)
    converted = _read_converted(source)
    if converted is not None:
        return converted
    published = find_published(source)
    if published is None:
        raise ModelError(
            f"The weights of {source.name} are not on this machine; run `samaritan models pull {source.name}`, "
            f"or get {source.file} from {source.url} and pass it with --weights."
        )
    verify_file(source, published)
    state = read_checkpoint(published)
    _convert(source, state, published)
    return state


def tensors_sha256(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values, the same whatever file the tensors are kept in."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_strictly(network: nn.Module, state: Mapping[str, Tensor], names: Mapping[str, str], origin: str) -> int:
    """Fill ``network``: every tensor of ``state`` is used, every tensor of the network filled.

    Args:
        network: to fill, in place.
        state: tensors under their published names.
        names: name in the network -> published name, one to one.
        origin: names the weights in messages.

    Returns:
        Number of tensors.

    Raises:
        ModelError: a tensor is missing, unknown or of another shape; up to five are named.
    """
    needed = {names[ours]: kind_of(tensor) for ours, tensor in network.state_dict().items()}
    faults = misfits(needed, {name: kind_of(tensor) for name, tensor in state.items()})
    if faults:
        raise ModelError(
            f"{origin} holds weights of another model, {in_words(faults)}; choose the model that they belong to."
        )
    network.load_state_dict({ours: state[theirs] for ours, theirs in names.items()}, strict=True)
    _log.info("%s: all %d tensors loaded", origin, len(needed))
    return len(needed)


def misfits(needed: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    """What keeps tensors from fitting, each in words: those that are missing, unknown, or of another shape.

    Args:
        needed: published name -> shape in words.
        given: likewise, of a file.
    """
    faults = [f"missing {name}" for name in needed if name not in given]
    faults += [f"unknown {name}" for name in given if name not in needed]
    return faults + [
        f"{name} has {given[name]}, needed is {kind}"
        for name, kind in needed.items()
        if name in given and given[name] != kind
    ]


def in_words(faults: Sequence[str]) -> str:
    """How many tensors do not fit, and the first few of them."""
    more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    count = "1 tensor does" if len(faults) == 1 else f"{len(faults)} tensors do"
    return f"{count} not fit: {'; '.join(faults[:_SHOWN])}{more}"


def published_layout(
    build: Callable[[], nn.Module], names: Callable[[Iterable[str]], Mapping[str, str]]
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors in a model's published file; nothing is allocated.

    Args:
        build: makes the network.
        names: names in the network -> name in the network: published name.
    """
    with torch.device("meta"):
        state = build().state_dict()
    published = names(state)
    return {published[ours]: tuple(tensor.shape) for ours, tensor in state.items()}


def kind_of(tensor: Tensor) -> str:
    """Shape and sort of number; half precision may fill single precision, whole numbers may not."""
    return f"{tuple(tensor.shape)} {'float' if tensor.is_floating_point() else 'integer'}"


def _read_given(source: WeightSource, path: Path, allow_unverified: bool) -> dict[str, Tensor]:
    if allow_unverified:
        return read_checkpoint(path)
    if path.suffix == ".safetensors":
        state = read_checkpoint(path)
        if tensors_sha256(state) == (source.tensors_sha256 or _noted(source, converted_path(source))):
            say_unverified(source, path)
            return state
    else:
        read_checkpoint(path, only_look=True)
    verify_file(source, path)
    return read_checkpoint(path)


def _read_converted(source: WeightSource) -> dict[str, Tensor] | None:
    """The converted copy in the cache, when it is there and holds exactly the published tensors."""
    path = converted_path(source)
    proof = source.tensors_sha256 or _noted(source, path)
    try:
        if path.is_file() and proof:
            state = read_checkpoint(path)
            if tensors_sha256(state) == proof:
                say_unverified(source, path)
                return state
            _log.warning("%s does not hold the published tensors and is made anew", path)
    except (ModelError, OSError) as error:
        _log.warning("%s cannot be used and is made anew: %s", path, error)
    return None


def _noted(source: WeightSource, path: Path) -> str | None:
    """What :func:`_convert` wrote down of the tensors, where it is of the file that counts now."""
    published = find_published(source)
    now = source.sha256 or (recorded_in(published).get("sha256") if published else None)
    note = recorded_in(path)
    return note.get("tensors_sha256") if now in (None, note.get("origin")) else None


def _convert(source: WeightSource, state: dict[str, Tensor], published: Path) -> None:
    """Keep the tensors as safetensors; a cache that cannot be written only costs time."""
    path = converted_path(source)
    try:
        write_tensors(path, state)
        note_tensors(source, state, published)
    except ResourceError as error:
        _log.info("the converted weights are not kept: %s", error)


def write_tensors(path: Path, state: Mapping[str, Tensor], about: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file, whole or not at all.

    Args:
        path: the file.
        state: name -> tensor.
        about: its metadata.

    Raises:
        ResourceError: it cannot be written.
    """
    from safetensors.torch import save_file  # noqa: PLC0415  only needed once per machine

    with atomic_path(path) as temporary:
        mode = temporary.stat().st_mode
        save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, temporary, dict(about or {}))
        temporary.chmod(mode)  # the library puts a file of its own there, which nobody else may read


def note_tensors(source: WeightSource, state: Mapping[str, Tensor], published: Path) -> None:
    """Remember which tensors the verified file ``published`` holds, where the source itself does not say it.

    Raises:
        ResourceError: the cache cannot be written.
    """
    if source.tensors_sha256 is None:
        note = {"origin": source.sha256 or file_sha256(published), "tensors_sha256": tensors_sha256(state)}
        write_text(record_path(converted_path(source)), json.dumps(note, indent=1) + "\n")

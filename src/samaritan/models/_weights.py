"""From a file to a filled network: find, verify, read, convert once, load strictly.

Nothing here imports the package that ships a file, runs code from a checkpoint, or opens a connection.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from samaritan.core import ModelError, ResourceError, write_bytes
from samaritan.models._checkpoint import read_checkpoint
from samaritan.models._source import WeightSource, converted_path, find_published, recorded

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
    _convert(source, state)
    return state


def is_published(source: WeightSource, path: Path) -> bool:
    """Whether size and SHA-256 of the file are those published; where none are, those recorded when it was fetched."""
    proof = (source.sha256, source.size) if source.sha256 else recorded(path)
    return proof is not None and proof[1] in (None, path.stat().st_size) and file_sha256(path) == proof[0]


def verify_file(source: WeightSource, path: Path) -> None:
    """Compare a published file with its checksum, or with what was recorded when it was fetched.

    Raises:
        ModelError: size or SHA-256 differ, or there is nothing to compare with.
    """
    if is_published(source, path):
        if source.sha256 is None:
            _log.warning(
                "%s is unverified: nobody published a checksum of %s. It is the file that was fetched at first.",
                path, source.file,
            )  # fmt: skip
        return
    if source.sha256 is None and recorded(path) is None:
        raise ModelError(
            f"{path} cannot be compared with anything: no checksum of {source.file} of {source.name} is published; pass "
            "--allow-unverified if you know where it comes from."
        )
    size = source.size if source.sha256 else (recorded(path) or (None, None))[1]
    raise ModelError(
        f"{path} is not the published {source.file} of {source.name}: its SHA-256 or size ({path.stat().st_size} "
        f"bytes, published {size or 'unknown'}) differs; run `samaritan models pull {source.name}`, get it from "
        f"{source.url}, or pass --allow-unverified if you know where it comes from."
    )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
        if tensors_sha256(state) == source.tensors_sha256:
            return state
    else:
        read_checkpoint(path, only_look=True)
    verify_file(source, path)
    return read_checkpoint(path)


def _read_converted(source: WeightSource) -> dict[str, Tensor] | None:
    """The converted copy in the cache, when it is there and holds exactly the published tensors."""
    path = converted_path(source)
    try:
        if path.is_file():
            state = read_checkpoint(path)
            if tensors_sha256(state) == source.tensors_sha256:
                return state
            _log.warning("%s does not hold the published tensors and is made anew", path)
    except (ModelError, OSError) as error:
        _log.warning("%s cannot be used and is made anew: %s", path, error)
    return None


def _convert(source: WeightSource, state: dict[str, Tensor]) -> None:
    """Keep the tensors as safetensors; a cache that cannot be written only costs time."""
    from safetensors.torch import save  # noqa: PLC0415  only needed once per machine

    try:
        write_bytes(converted_path(source), save({name: tensor.contiguous() for name, tensor in state.items()}))
    except ResourceError as error:
        _log.info("the converted weights are not kept: %s", error)

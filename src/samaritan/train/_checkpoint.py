"""Where a training run goes on after it was stopped: one safetensors file for each kept moment, no pickle.

A file appears whole or not at all and holds a hash over its content, so that a damaged one is found out; the one before it is
removed only when a newer one is there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from samaritan.core import FormatError, write_bytes
from samaritan.models._weights import tensors_sha256

log = logging.getLogger(__name__)

#: Keys of the metadata: the record as JSON, and the hash over record and tensors.
RECORD, DIGEST = "samaritan_checkpoint", "sha256"

_NAME = re.compile(r"checkpoint-(\d+)\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on.

    Attributes:
        step: number of optimiser steps that were done.
        tensors: parameters, state of the optimiser and of random generators, by name.
        record: everything else, as JSON holds it.
    """

    step: int
    tensors: dict[str, Tensor] = field(repr=False)
    record: dict[str, Any] = field(repr=False)


class Checkpoints:
    """The checkpoints of one run; the run's lock must be held while they are written.

    Args:
        folder: where they are, for nothing else.
        keep: how many are kept.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self._folder = folder
        self._keep = keep

    def write(self, step: int, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> None:
        """Write the checkpoint after ``step`` steps, then remove those that are superseded.

        Files of later steps are left from before a damaged one was skipped; they go too.

        Raises:
            ResourceError: it cannot be written; the others are as they were.
        """
        # `save` wants separate contiguous blocks; a second name for the same block would be refused
        content = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
        text = json.dumps({"step": step, "record": dict(record)}, sort_keys=True)
        payload = save(content, metadata={RECORD: text, DIGEST: _digest(text, content)})
        self._remove_leftovers()
        write_bytes(self._folder / f"checkpoint-{step}.safetensors", payload)
        found = self._files()
        kept = sorted((number for number in found if number <= step), reverse=True)[: self._keep]
        for number, path in found.items():
            if number not in kept:
                path.unlink(missing_ok=True)

    def latest(self) -> Checkpoint | None:
        """The newest whole checkpoint; damaged ones are told and skipped. None where there is none."""
        for _, path in sorted(self._files().items(), reverse=True):
            try:
                return read_checkpoint(path)
            except FormatError as error:
                log.warning("%s The checkpoint before it is taken.", error)
        return None

    def _files(self) -> dict[int, Path]:
        if not self._folder.is_dir():
            return {}
        matches = {path: _NAME.fullmatch(path.name) for path in self._folder.iterdir()}
        return {int(match[1]): path for path, match in matches.items() if match}

    def _remove_leftovers(self) -> None:
        for path in self._folder.glob(".tmp-*"):  # of a process that was killed while it wrote
            path.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint; nothing in it is run.

    Raises:
        FormatError: it is damaged or something else.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(f"The checkpoint {path} is damaged: {error}.") from error
    text = metadata.get(RECORD, "")
    if metadata.get(DIGEST) != _digest(text, tensors):
        raise FormatError(f"The checkpoint {path} is damaged: its content does not have the hash that it names.")
    content = json.loads(text)
    return Checkpoint(content["step"], tensors, content["record"])


def optimiser_tensors(optimiser: torch.optim.Optimizer, names: Sequence[str]) -> dict[str, Tensor]:
    """State of an optimiser as tensors that :func:`restore_optimiser` takes back exactly.

    Args:
        optimiser: one whose state is tensors only, such as AdamW (``step``, ``exp_avg``, ``exp_avg_sq``).
        names: of its parameters, in their order.
    """
    return {
        f"{key}.{name}": value
        for name, parameter in _named(optimiser, names).items()
        for key, value in optimiser.state.get(parameter, {}).items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, names: Sequence[str], tensors: Mapping[str, Tensor]) -> None:
    """Fill in what :func:`optimiser_tensors` gave.

    Raises:
        FormatError: there is state of a parameter that the optimiser does not have.
    """
    parameters = _named(optimiser, names)
    optimiser.state.clear()
    for place, value in tensors.items():
        key, _, name = place.partition(".")
        if name not in parameters:
            raise FormatError(f"The checkpoint has {key} of {name!r}, which does not train in this run.")
        # AdamW counts its steps on the processor, wherever the parameters are
        device = value.device if key == "step" else parameters[name].device
        optimiser.state[parameters[name]][key] = value.to(device, copy=True)


def _named(optimiser: torch.optim.Optimizer, names: Sequence[str]) -> dict[str, nn.Parameter]:
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    return dict(zip(names, parameters, strict=True))


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    return hashlib.sha256(f"{text}\n{tensors_sha256(tensors)}".encode()).hexdigest()

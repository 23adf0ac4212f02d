"""The adapter file: safetensors with a JSON header, a few hundred kilobytes, no pickle.

The header says what the adapter is of: method and settings, the base's name and the hash of its weights, names of the targets,
how images were prepared, what it was trained on and how well it did.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from samaritan.adapt._adaptation import Adaptation, attach, check_plain
from samaritan.core import Config, FormatError, InputError, ModelError, write_bytes
from samaritan.models._anatomy import EncoderPlan
from samaritan.models._sam import SamSegmenter
from samaritan.models._weights import tensors_sha256

#: Key of the header in the file's metadata, and the version that this package writes.
KEY, VERSION = "samaritan_adapter", 1

#: Digits of an image's hash that the file keeps, so that a benchmark knows what the adapter has seen.
IMAGE_DIGITS = 16


class AdapterHeader(Config):
    """What an adapter file says about itself.

    Attributes:
        version: of the file's layout.
        method: name in METHODS.
        settings: of the method, resolved.
        base: name of the model.
        base_sha256: over names, types, shapes and values of the base's tensors.
        labels: names of the targets, in the order that the method knows.
        prompts: prompts it was trained with.
        preparation: how images were prepared (intensity policy, plane, input size), as far as it must be the same at inference.
        data: names and fingerprints of what it was trained on; "train" and "val" list the first :data:`IMAGE_DIGITS` digits of
            the hash of each image of these parts, "sources" the public data sets that they come from.
        training: steps, seed, minutes, scores on the validation part.
        licence: of the adapter's weights.
        trained: number of parameters.
        created: date.
    """

    version: int = Field(default=VERSION, ge=1, le=VERSION)
    method: str
    settings: dict[str, Any] = Field(default_factory=dict)
    base: str
    base_sha256: str
    labels: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    preparation: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    licence: str = ""
    trained: int = 0
    created: str = ""


@dataclass(frozen=True)
class AdapterFile:
    """An adapter as read: its header and its tensors."""

    header: AdapterHeader
    state: dict[str, Tensor] = field(repr=False)


def base_sha256(segmenter: SamSegmenter) -> str:
    """Hash of a model's weights as they are; ask before anything is attached."""
    return tensors_sha256(segmenter.network.state_dict())


def adapter_bytes(header: AdapterHeader, state: dict[str, Tensor]) -> bytes:
    """The content of an adapter file."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(state.items())}
    return save(tensors, metadata={KEY: json.dumps(header.model_dump(mode="json"), sort_keys=True)})


def save_adapter(path: Path | str, header: AdapterHeader, state: dict[str, Tensor], *, overwrite: bool = False) -> None:
    """Write an adapter file, whole or not at all.

    Raises:
        ResourceError: it cannot be written, or is there already.
    """
    write_bytes(path, adapter_bytes(header, state), overwrite=overwrite)


def read_adapter(path: Path | str) -> AdapterFile:
    """Read an adapter file; nothing in it is run.

    Raises:
        InputError: there is no such file, or its header lacks something.
        FormatError: it is damaged, holds values that are not finite, or is not an adapter that this version knows.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no adapter {path}; give the file that `samaritan adapt -o` wrote.")
    try:
        with safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get(KEY)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(
            f"{path} is damaged or not a safetensors file; train the adapter again, or copy it anew."
        ) from error
    if text is None:
        raise FormatError(f"{path} is not an adapter: its header has no {KEY!r}.")
    header = _header(text, path)
    broken = sorted(name for name, tensor in state.items() if not bool(torch.isfinite(tensor.float()).all()))
    if broken:
        raise FormatError(
            f"{path} holds values that are not finite, in {', '.join(broken[:3])}; train the adapter again."
        )
    return AdapterFile(header, state)


def _header(text: str, path: Path) -> AdapterHeader:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} has a header that is not JSON.") from error
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise FormatError(
            f"{path} has layout {version}, and this version of samaritan knows those up to {VERSION}; install a newer one."
        )
    return AdapterHeader.parse(content, str(path))


def load_adapter(path: Path | str, segmenter: SamSegmenter, *, plan: EncoderPlan | None = None) -> Adaptation:
    """Attach a stored adapter to the model it was made for.

    Args:
        path: of the file.
        segmenter: the model; its network is changed.
        plan: description of an encoder that the package does not know, the one that was trained with.

    Raises:
        InputError: there is no such file.
        FormatError: it is damaged.
        ModelError: it belongs to another model or other weights, or its tensors do not fit.
        UsageError: the model is adapted already.
    """
    file = read_adapter(path)
    header = file.header
    if header.base != segmenter.name:
        raise ModelError(f"{path} adapts {header.base}, not {segmenter.name}; pass -m {header.base}.")
    check_plain(segmenter.network)
    if (found := base_sha256(segmenter)) != header.base_sha256:
        raise ModelError(
            f"{path} was trained on other weights of {header.base} (hash {header.base_sha256[:12]}, these have {found[:12]}); "
            "take the weights it was trained on."
        )
    adapted = attach(segmenter, header.method, header.settings, labels=header.labels, plan=plan, stored=True)
    try:
        adapted.load_state(file.state, training=False)
    except ModelError:
        adapted.detach()
        raise
    adapted.train(False)
    return adapted

"""From a path to an adapted model: for everything that takes ``-a ADAPTER``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from samaritan.adapt._adaptation import Adaptation
from samaritan.adapt._file import AdapterHeader, load_adapter, read_adapter
from samaritan.core import FormatError, InputError, ModelError, Plane, UsageError
from samaritan.core.intensity import parse as parse_intensity
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter

#: What a training run calls the adapter in its folder.
FILE_NAME = "adapter.safetensors"

#: Fields of the header that tell a reader of a mask what the adapter is; the others are for readers of a run.
_TOLD = ("method", "base", "labels", "prompts", "preparation", "licence")


@dataclass(frozen=True)
class AdapterCard:
    """What is known about a stored adapter before it is attached.

    Attributes:
        name: of its folder where it is called adapter.safetensors, else of the file without ending.
        path: of the file.
        sha256: of the file.
        size: in bytes.
        header: of the file.
    """

    name: str
    path: Path
    sha256: str
    size: int
    header: AdapterHeader

    @classmethod
    def read(cls, path: Path | str) -> AdapterCard:
        """Read an adapter file, or the one in a folder that ``samaritan adapt`` wrote.

        Raises:
            InputError: there is none.
            FormatError: it is damaged, not an adapter, or asks for a preparation of images that does not exist.
        """
        file = adapter_file(path)
        header = read_adapter(file).header
        content = file.read_bytes()
        place = file.resolve()
        name = place.parent.name if file.name == FILE_NAME else place.stem
        card = cls(name, file, hashlib.sha256(content).hexdigest(), len(content), header)
        card._check_preparation()
        return card

    @property
    def plane(self) -> Plane:
        """The plane in which it saw volumes; "auto" where it has no own."""
        return cast(Plane, self.header.preparation.get("plane") or "auto")

    @property
    def intensity(self) -> str | None:
        """The intensity policy it was trained with; None where that was the data's own."""
        policy = self.header.preparation.get("intensity")
        return None if policy is None else str(policy)

    def summary(self) -> dict[str, Any]:
        """What a record of results says about it, in plain values; no path."""
        header = self.header.model_dump(mode="json")
        return {"name": self.name, "sha256": self.sha256, **{name: header[name] for name in _TOLD if header[name]}}

    def provenance(self) -> dict[str, Any]:
        """All that is known about it, in plain values; no path."""
        return {"sha256": self.sha256, "size": self.size, **self.header.model_dump(mode="json", exclude={"version"})}

    def _check_preparation(self) -> None:
        if self.plane not in get_args(Plane):
            raise FormatError(
                f"{self.path} was made for the plane {self.plane!r}; allowed are {', '.join(get_args(Plane))}."
            )
        try:
            if self.intensity is not None:
                parse_intensity(self.intensity)
        except UsageError as error:
            raise FormatError(f"{self.path} was made with an intensity policy of no known form: {error}") from error


def adapter_file(path: Path | str) -> Path:
    """The adapter file that a path names: itself, or the one in a folder.

    Raises:
        InputError: there is none.
    """
    path = Path(path)
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        what = f"{path} holds no {FILE_NAME}" if path.is_dir() else f"There is no adapter {path}"
        raise InputError(f"{what}; give the file or the folder that `samaritan adapt -o` wrote.")
    return file


def load_adapted(
    model: str | None,
    adapter: Path | str,
    *,
    weights: Path | str | None = None,
    device: str = "cpu",
    allow_unverified: bool = False,
) -> tuple[SamSegmenter, Adaptation]:
    """A model of its own with an adapter attached, ready to encode and decode; folded, where the method can be.

    Args:
        model: name of the base; None takes the one that the adapter was made for.
        adapter: a file, or a folder that ``samaritan adapt`` wrote.
        weights: of the base, as in :func:`samaritan.models.load_model`.
        device: as there.
        allow_unverified: as there.

    Raises:
        InputError: there is no such adapter.
        FormatError: it is damaged.
        UnknownNameError: its method or its base does not exist here.
        ModelError: it belongs to another model or to other weights, or the base cannot be had.
    """
    file = adapter_file(adapter)
    base = read_adapter(file).header.base
    if model not in (None, base):
        raise ModelError(f"{adapter} adapts {base}, not {model}; pass -m {base}.")
    segmenter = load_model(base, weights=weights, device=device, allow_unverified=allow_unverified)
    if not isinstance(segmenter, SamSegmenter):
        raise ModelError(f"{base} is not a model that adapters can be attached to.")
    adapted = load_adapter(file, segmenter)
    if adapted.method.card.folds:
        adapted.merge()
    return segmenter, adapted

"""An authors' checkpoint as a safetensors file: quick to open, unable to run code, and saying what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from samaritan.core import ResourceError, UsageError
from samaritan.models._base import MODELS
from samaritan.models._checkpoint import read_checkpoint
from samaritan.models._recognise import check_layout, recognise
from samaritan.models._strict import published_tensors
from samaritan.models._verify import file_sha256, is_published
from samaritan.models._weights import note_tensors, tensors_sha256, write_tensors


@dataclass(frozen=True)
class Converted:
    """What :func:`convert_weights` made.

    Attributes:
        path: the safetensors file.
        model: name of the model that it belongs to.
        tensors: number of tensors.
        source_sha256: of the file that it was made from.
        tensors_sha256: of the tensors, whatever file they are in.
        published: whether that file is the published one, so that the result loads without --allow-unverified.
    """

    path: Path
    model: str
    tensors: int
    source_sha256: str
    tensors_sha256: str
    published: bool


def convert_weights(file: Path, out: Path, *, model: str | None = None, overwrite: bool = False) -> Converted:
    """Write the tensors of a checkpoint, under their published names, as safetensors.

    Args:
        file: PyTorch checkpoint (zip) or safetensors; nothing of it is run.
        out: a .safetensors file.
        model: name of the model; None finds it by names and shapes of the tensors.
        overwrite: replace ``out``.

    Raises:
        UsageError: ``out`` does not end in .safetensors, or is ``file``.
        ResourceError: ``out`` exists or cannot be written.
        ModelError: the file cannot be read, or its tensors are not exactly those of the model.
        UnknownNameError: there is no such model.
    """
    _check_out(file, out, overwrite)
    entry = None if model is None else MODELS.get(model)
    state = published_tensors(read_checkpoint(file), str(file))
    if entry is None:
        entry = recognise(file, state)
    else:
        check_layout(entry, file, state)
    source = entry.source
    published = source is not None and is_published(source, file)
    digest = file_sha256(file)
    about = {
        "format": "pt",
        "model": entry.card.name,
        "licence": entry.card.licence,
        "source": file.name,
        "source_sha256": digest,
        "published": "yes" if published else "no",
    }
    write_tensors(out, state, about)
    if source is not None and published:
        note_tensors(source, state, file)
    return Converted(out, entry.card.name, len(state), digest, tensors_sha256(state), published)


def _check_out(file: Path, out: Path, overwrite: bool) -> None:
    if out.suffix != ".safetensors":
        raise UsageError(f"{out} does not end in .safetensors, which is what is written; choose such a name.")
    if out.exists() and file.exists() and out.samefile(file):
        raise UsageError(f"{out} is the file that is read; choose another name.")
    if out.exists() and not overwrite:
        raise ResourceError(f"{out} exists already; choose another name or pass --overwrite.")

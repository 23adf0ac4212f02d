"""dataset.json, the table of contents that nnU-Net and the Medical Segmentation Decathlon put beside the images."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samaritan.core import FormatError, InputError, read_text
from samaritan.core.intensity import canonical_modality

FILE_NAME = "dataset.json"

#: Names of MR sequences, which channels are usually called by.
_MR_SEQUENCE = re.compile(r"^(t1|t2|flair|adc|dwi|pd\b|mri?\b)", re.IGNORECASE)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The content of dataset.json.

    Raises:
        InputError: the file cannot be read.
        FormatError: it is not a JSON object, or larger than a table of contents can be.
    """
    path = folder / FILE_NAME
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is not valid JSON ({error}); write it anew.") from error
    if not isinstance(content, dict):
        raise FormatError(f"{path} must hold a JSON object with names; received a {type(content).__name__}.")
    return content


def keys(folder: Path) -> set[str]:
    """The names in dataset.json; none where there is no such file or it cannot be read."""
    try:
        return set(read_manifest(folder)) if (folder / FILE_NAME).is_file() else set()
    except InputError:
        return set()


def entry(manifest: Mapping[str, Any], name: str, kind: type, folder: Path) -> Any:
    """The entry ``name``, which must be a ``kind``; an empty one where it is absent.

    Raises:
        FormatError: it is of another kind.
    """
    value = manifest.get(name, kind())
    if not isinstance(value, kind):
        raise FormatError(f"{name!r} in {folder / FILE_NAME} must be a {kind.__name__}; received {value!r:.60}.")
    return value


def channels(manifest: Mapping[str, Any], folder: Path) -> dict[int, str]:
    """Channel number -> name, from "channel_names" (nnU-Net v2) or "modality" (Decathlon).

    Raises:
        FormatError: the keys are no numbers.
    """
    table = entry(manifest, "channel_names" if "channel_names" in manifest else "modality", dict, folder)
    try:
        return {int(number): str(name) for number, name in table.items()}
    except ValueError as error:
        raise FormatError(f"The channels in {folder / FILE_NAME} must be numbered; received {list(table)}.") from error


def choose_channel(wanted: int | str | None, known: Mapping[int, str], folder: Path) -> int | None:
    """The number of the channel that ``channel:`` in the settings asks for; None when there is nothing to choose.

    Raises:
        InputError: several channels and no choice, or no such channel.
    """
    names = {name.lower(): number for number, name in known.items()}
    listed = ", ".join(f"{number} {name}" for number, name in sorted(known.items()))
    if wanted is None:
        if len(known) > 1:
            raise InputError(
                f"{folder} has several channels ({listed}); choose one with 'channel:' in dataset.yaml or --meta."
            )
        return None
    number = names.get(wanted.lower()) if isinstance(wanted, str) else wanted
    if number not in known:
        raise InputError(f"{folder} has no channel {wanted!r}; it has {listed}.")
    return number


def modality_of(channel: str | None) -> str | None:
    """The modality that a channel's name stands for, or None where it says nothing ("noNorm", "R")."""
    if channel is None:
        return None
    if _MR_SEQUENCE.match(channel):
        return "MR"
    found = canonical_modality(channel)
    return None if found == "other" else found

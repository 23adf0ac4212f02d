"""nnU-Net v2 raw data: imagesTr/<case>_0000.<ending>, labelsTr/<case>.<ending> and dataset.json.

Source: nnU-Net, documentation/dataset_format.md (github.com/MIC-DKFZ/nnUNet).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samaritan.core import FormatError
from samaritan.datasets import _manifest
from samaritan.datasets._base import LAYOUTS, REFERENCE, Dataset, Layout
from samaritan.datasets._case import Parts, make_dataset
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._listing import list_cases, some

NAME = "nnunet"

#: The name of this label marks voxels that nobody annotated.
IGNORE = "ignore"

_CHANNEL = re.compile(r"(.+)_(\d{4})")


def claims(folder: Path) -> bool:
    """True for imagesTr/ beside a dataset.json with the keys that only nnU-Net v2 writes."""
    return (folder / "imagesTr").is_dir() and bool({"channel_names", "file_ending"} & _manifest.keys(folder))


def read(folder: Path, info: DatasetInfo) -> Dataset:
    """The training cases, with the one channel that there is or that ``info.channel`` chooses.

    Raises:
        InputError: several channels and no choice, or no case with image and labels.
        FormatError: dataset.json cannot be used.
    """
    manifest = _manifest.read_manifest(folder)
    stored = _stored_channels(folder)
    names = _manifest.channels(manifest, folder)
    numbers = sorted({number for files in stored.values() for number in files})
    known = {number: names.get(number, f"channel {number}") for number in numbers}
    # An RGB picture is three channels in one file, which carries the number 0000 only.
    channel = _manifest.choose_channel(info.channel, known, folder)
    channel = channel if channel is not None else next(iter(numbers), 0)
    modality = _manifest.modality_of(names.get(channel))
    masks = list_cases(folder / "labelsTr").files
    parts = [
        Parts(case, files[channel], {REFERENCE: masks[case]}, modality)
        for case, files in stored.items()
        if case in masks and channel in files
    ]
    settings, notes = _settings(manifest, info, folder)
    if bare := sorted(set(stored) - {part.case_id for part in parts}):
        notes.append(f"{len(bare)} images have no labels or not this channel and are left out: {some(bare)}.")
    if orphans := sorted(set(masks) - set(stored)):
        notes.append(f"{len(orphans)} label maps have no image: {some(orphans)}.")
    return make_dataset(folder, NAME, parts, settings, notes)


def _stored_channels(folder: Path) -> dict[str, dict[int, Path]]:
    """Case -> channel number -> file."""
    found: dict[str, dict[int, Path]] = {}
    for name, path in list_cases(folder / "imagesTr").files.items():
        if match := _CHANNEL.fullmatch(name):
            found.setdefault(match[1], {})[int(match[2])] = path
    return found


def _settings(manifest: Mapping[str, Any], info: DatasetInfo, folder: Path) -> tuple[DatasetInfo, list[str]]:
    """``info`` completed by what dataset.json says, and what could not be taken over."""
    values, regions, ignore = _labels(_manifest.entry(manifest, "labels", dict, folder), folder)
    said: dict[str, Any] = {"description": str(manifest.get("description", ""))}
    if values:
        said["labels"] = values
    if ignore is not None:
        said["ignore"] = (ignore,)
    if licence := manifest.get("licence", manifest.get("license")):
        said["licence"] = str(licence)
    notes = [f"Regions of several values are not scored as one target: {some(regions)}."] if regions else []
    return DatasetInfo.parse(said, str(folder / _manifest.FILE_NAME)).updated(info), notes


def _labels(table: Mapping[str, Any], folder: Path) -> tuple[dict[int, str], list[str], int | None]:
    """(value -> name, names of regions of several values, value of the ignore label)."""
    values: dict[int, str] = {}
    regions = []
    for name, value in table.items():
        members = value if isinstance(value, list) else [value]
        if not all(type(member) is int for member in members) or not members:
            raise FormatError(f"Label {name!r} in {folder / _manifest.FILE_NAME} must be a number or a list of them.")
        if len(members) == 1:
            values[members[0]] = str(name)
        else:
            regions.append(str(name))
    for value in (member for many in table.values() if isinstance(many, list) for member in many):
        values.setdefault(value, f"label_{value}")
    ignore = next((value for value, name in values.items() if name == IGNORE), None)
    return {value: name for value, name in values.items() if value != ignore}, regions, ignore


LAYOUTS.add(NAME, Layout("imagesTr/, labelsTr/ and the dataset.json of nnU-Net v2", claims, read))

"""Medical Segmentation Decathlon: dataset.json lists every training image and its labels.

Source: Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 13 (2022); medicaldecathlon.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import samaritan.io as files
from samaritan.core import FormatError, InputError, Volume
from samaritan.datasets import _manifest
from samaritan.datasets._base import LAYOUTS, REFERENCE, Dataset, Layout
from samaritan.datasets._case import Parts, make_dataset
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._listing import case_name, some

NAME = "msd"


def claims(folder: Path) -> bool:
    """True for a dataset.json with a list "training", unless it is nnU-Net's."""
    found = _manifest.keys(folder)
    return "training" in found and not {"channel_names", "file_ending"} & found


def read(folder: Path, info: DatasetInfo) -> Dataset:
    """The training cases; of an image with several channels (4D) the one that ``info.channel`` chooses.

    Raises:
        InputError: several channels and no choice, or no case whose files are there.
        FormatError: dataset.json cannot be used, or names a file outside the folder.
    """
    manifest = _manifest.read_manifest(folder)
    names = _manifest.channels(manifest, folder)
    channel = _manifest.choose_channel(info.channel, names, folder) if names else None
    chosen = names.get(channel if channel is not None else 0)
    read_image = partial(_read_channel, channel if len(names) > 1 else None)
    pairs = [_pair(item, folder) for item in _manifest.entry(manifest, "training", list, folder)]
    present = [(image, mask) for image, mask in pairs if image.is_file() and mask.is_file()]
    parts = [
        Parts(_case_id(image), image, {REFERENCE: mask}, _manifest.modality_of(chosen), read_image)
        for image, mask in present
    ]
    absent = [image.name for image, mask in pairs if (image, mask) not in present]
    notes = [f"{len(absent)} listed cases are left out since a file is missing: {some(absent)}."] if absent else []
    return make_dataset(folder, NAME, parts, _settings(manifest, info, folder), notes)


def _read_channel(channel: int | None, path: Path) -> Volume:
    return files.read_volume(path, volume=channel)


def _pair(item: object, folder: Path) -> tuple[Path, Path]:
    """The files of one entry {"image": ..., "label": ...}."""
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("image", "label")):
        raise FormatError(
            f"An entry of 'training' in {folder / _manifest.FILE_NAME} needs 'image' and 'label'; found {item!r:.80}."
        )
    image, label = (_inside(folder, item[key]) for key in ("image", "label"))
    return image, label


def _inside(folder: Path, name: str) -> Path:
    """The path ``name`` below the folder; one that leads out of it is refused before anything is opened."""
    if "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise FormatError(f"{folder / _manifest.FILE_NAME} names {name!r}, which is not inside the folder; correct it.")
    return folder / name


def _case_id(image: Path) -> str:
    name = case_name(image)
    if name is None:
        raise InputError(f"{image} is listed as an image but has no ending of one; rename it.")
    return name


def _settings(manifest: Mapping[str, Any], info: DatasetInfo, folder: Path) -> DatasetInfo:
    """``info`` completed by what dataset.json says; there labels are written value -> name."""
    labels = _manifest.entry(manifest, "labels", dict, folder)
    said: dict[str, Any] = {"labels": labels, "description": str(manifest.get("description", ""))}
    if licence := manifest.get("licence", manifest.get("license")):
        said["licence"] = str(licence)
    return DatasetInfo.parse(said, str(folder / _manifest.FILE_NAME)).updated(info)


LAYOUTS.add(NAME, Layout("the dataset.json of the Decathlon and the files that it lists", claims, read))

"""Where the files of a segmentation go, and what must not be overwritten."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from samaritan.core import ResourceError, UsageError
from samaritan.io import FORMATS, default_output_suffix, holds_overlaps

#: Bytes of a source's name, and of a target's, that go into the names made from them.
_MOST_STEM, _MOST_SLUG = 160, 60


@dataclass(frozen=True)
class Outputs:
    """The files of one segmentation.

    Attributes:
        masks: target -> file; one file under the name "" that holds all targets, unless they are kept separate and its
            format has room for one target in each voxel only.
        preview: overlay PNG, or None.
        record: JSON.
    """

    masks: dict[str, Path]
    preview: Path | None
    record: Path

    def all(self) -> list[Path]:
        """Every file."""
        return [*self.masks.values(), *([self.preview] if self.preview else []), self.record]

    def check(self, sources: Iterable[Path], *, overwrite: bool) -> None:
        """Refuse, before any work, what could not be written in the end.

        Raises:
            UsageError: an output is one of ``sources``, or lies in a folder of images that is the source.
            ResourceError: an output exists and ``overwrite`` is False, or its folder cannot be written.
        """
        known = list(sources)
        for path in self.all():
            for source in known:
                if path.resolve() == source.resolve() or (path.exists() and source.exists() and path.samefile(source)):
                    raise UsageError(f"{path} is an input itself; choose another name with --output.")
                if source.is_dir() and path.resolve().is_relative_to(source.resolve()):
                    raise UsageError(f"{path} lies among the images of {source}; choose another folder with --output.")
            if path.exists() and not overwrite:
                raise ResourceError(f"{path} exists already; choose another name or pass --overwrite.")
            _check_folder(path)


def plan_outputs(image: Path, output: Path | None, separate: Sequence[str] | None, *, preview: bool) -> Outputs:
    """Names of all files: ``scan_mask.nii.gz``, ``scan_mask_preview.png`` and ``scan_mask.json`` beside ``scan.nii.gz``.

    Args:
        image: the source.
        output: name of the mask; made from ``image``, in its format, where None.
        separate: targets that may overlap; they get a file each (``scan_mask_liver.nii.gz``), or one that holds overlaps.
        preview: whether there is one.

    Raises:
        InputError: the image does not exist or is of no known format.
        UsageError: no format is written under that name, or two targets would share a file.
    """
    suffix = default_output_suffix(image)
    if output is None:
        output = image.resolve().parent / f"{_short(_stem(image, _read_suffixes()), _MOST_STEM)}_mask{suffix}"
    if not output.name or output.is_dir():
        raise UsageError(f"{output} is a folder; give the name of the mask to write.")
    endings = tuple(s for name in FORMATS.names() for s in FORMATS.get(name).write_suffixes)
    if not output.name.lower().endswith(endings):
        raise UsageError(f"A mask cannot be written as {output.name!r}; end the name in one of {', '.join(endings)}.")
    stem = _stem(output, endings)
    ending = output.name[len(stem) :]
    masks = {"": output}
    if separate is not None and not holds_overlaps(output):
        masks = {name: output.with_name(f"{stem}_{_slug(name)}{ending}") for name in separate}
    if len({str(path).casefold() for path in masks.values()}) < len(masks):
        raise UsageError(
            f"Targets {', '.join(masks)} would share a file; give them names that differ in letters or digits."
        )
    return Outputs(
        masks, output.with_name(f"{stem}_preview.png") if preview else None, output.with_name(f"{stem}.json")
    )


def _read_suffixes() -> tuple[str, ...]:
    return tuple(s for name in FORMATS.names() for s in FORMATS.get(name).suffixes)


def _stem(path: Path, endings: tuple[str, ...]) -> str:
    """The file name without its (longest) known ending."""
    name = path.name if path.name else path.resolve().name
    found = max((e for e in endings if e and name.lower().endswith(e)), key=len, default="")
    return name[: len(name) - len(found)] or name


def _short(text: str, most: int) -> str:
    """At most so many bytes, since a file name may have 255 with all that is appended."""
    while len(os.fsencode(text)) > most:
        text = text[:-1]
    return text


def _slug(name: str) -> str:
    return _short(re.sub(r"[^\w-]+", "-", name).strip("-"), _MOST_SLUG) or "target"


def _check_folder(path: Path) -> None:
    folder = path.absolute().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ResourceError(f"{path} cannot be written: {folder} is not a folder that you may write to.")

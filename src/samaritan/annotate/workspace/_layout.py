"""Where the files of a project lie under its output folder, and names that every file system takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

#: Names of files may have 255 bytes; endings and temporary names need some of them.
_LONGEST = 180


@dataclass(frozen=True)
class Layout:
    """Attributes: ``output``, the folder that everything is written under."""

    output: Path

    @property
    def labels(self) -> Path:
        """The table of labels."""
        return self.output / "labels.json"

    @property
    def hidden(self) -> Path:
        """What only the program needs."""
        return self.output / ".samaritan"

    @property
    def dataset(self) -> Path:
        """The export of accepted cases."""
        return self.output / "dataset"

    @property
    def masks(self) -> Path:
        """Masks by label."""
        return self.output / "masks"

    @property
    def objects(self) -> Path:
        """Masks by object, where a label has several."""
        return self.output / "objects"

    @property
    def exports(self) -> Path:
        """What was asked for case by case."""
        return self.output / "exports"

    @property
    def uncertainty(self) -> Path:
        """How much which case should be looked at."""
        return self.hidden / "uncertainty.json"

    def journal(self, case: str) -> Path:
        """The journal of a case."""
        return self.output / "journal" / f"{case}.jsonl"

    def refused(self, case: str) -> Path:
        """Edits that came too late."""
        return self.output / "journal" / f"{case}.refused.jsonl"

    def saved(self, case: str) -> Path:
        """Which revision of a case its mask file shows."""
        return self.hidden / "saved" / case

    def shown(self, case: str) -> Path:
        """The copy of an image on the shown grid."""
        return self.hidden / "shown" / f"{case}.nii"

    def written_around(self, folder: Path) -> Path | None:
        """Which of the folders above, that are written or replaced as a whole, ``folder`` is or lies in; None for most."""
        written = (self.masks, self.objects, self.exports, self.dataset, self.hidden, self.journal("").parent)
        place = folder.resolve()
        return next((one for one in written if place.is_relative_to(one.resolve())), None)

    def relative(self, path: Path) -> str:
        """A path for people, which tells nothing about the machine."""
        return path.relative_to(self.output).as_posix()


def file_name(name: str) -> str:
    """A case's name as a relative path: no part is too long, hidden, or leads out of the folder."""
    return "/".join(_part(part) for part in name.split("/"))


def flat_name(name: str) -> str:
    """A case's name as the name of one file."""
    return _part(name.replace("/", "_"))


def _part(part: str) -> str:
    part = f"_{part}" if part.startswith(".") or not part else part
    content = part.encode("utf-8", "surrogateescape")
    if len(content) <= _LONGEST:
        return part
    short = content[: _LONGEST - 9].decode("utf-8", "ignore")
    return f"{short}-{hashlib.sha256(content).hexdigest()[:8]}"

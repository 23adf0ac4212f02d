"""The part of a download that came so far, and the note beside it that says of what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from samaritan.core import write_text


@dataclass(frozen=True)
class Note:
    """What is known of the file that a part belongs to: its address, what proves that it is the same, its size in bytes."""

    url: str
    validator: str | None
    total: int | None


def note_path(part: Path) -> Path:
    """The note beside a part."""
    return part.with_name(f"{part.name}.json")


def discard(part: Path) -> None:
    """Remove a part and its note."""
    part.unlink(missing_ok=True)
    note_path(part).unlink(missing_ok=True)


def write_note(part: Path, note: Note) -> None:
    """Say what the part is of, before its first byte."""
    write_text(note_path(part), json.dumps(asdict(note)) + "\n")


def read_note(part: Path, url: str, size: int | None) -> Note | None:
    """The note beside the part, where it is of this address and this size."""
    try:
        note = Note(**json.loads(note_path(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    fits = note.url == url and (size is None or note.total in (None, size))
    return note if fits and length(part) <= (note.total or length(part)) else None


def length(path: Path) -> int:
    """Size in bytes, 0 where there is no file."""
    return path.stat().st_size if path.is_file() else 0

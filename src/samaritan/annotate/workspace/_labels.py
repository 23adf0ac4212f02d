"""labels.json: the kinds of objects of a project, with the value that each has in every mask file, and its colour."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from samaritan.annotate.messages import Colour, Label, Name, NewLabel
from samaritan.core import Config, InputError, UsageError, write_text
from samaritan.core.colour import colour_of

FILE_NAME = "labels.json"

#: Mask files of pictures hold no larger values.
_MOST = 65535


class Entry(Config):
    """Attributes: ``name``, ``value`` in mask files (never given to another label), and ``colour``."""

    name: Name
    value: Annotated[int, Field(ge=1, le=_MOST)]
    colour: Colour


class Table(Config):
    """The file."""

    labels: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _differ(self) -> Table:
        for kind in ("name", "value"):
            found = [getattr(entry, kind) for entry in self.labels]
            if len(set(found)) < len(found):
                raise ValueError(f"two labels have the same {kind}")
        return self


class Labels:
    """The labels of a project; every change is on disk before it returns.

    Args:
        path: of the file; need not exist.

    Raises:
        InputError: the file is no table of labels.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        if path.is_file():
            self._entries = {entry.name: entry for entry in Table.read(path).labels}

    @property
    def all(self) -> tuple[Label, ...]:
        """In the order in which they were added."""
        return tuple(Label(name=entry.name, colour=entry.colour) for entry in list(self._entries.values()))

    @property
    def values(self) -> dict[str, int]:
        """Name -> value in mask files."""
        return {entry.name: entry.value for entry in list(self._entries.values())}

    def colour(self, name: str) -> str:
        """Of a label, as #rrggbb."""
        return self._entries[name].colour

    def check(self, name: str) -> None:
        """Refuse what is no label.

        Raises:
            InputError: with the labels that there are.
        """
        if name not in self._entries:
            known = ", ".join(self._entries) or "none yet"
            raise InputError(f"There is no label {name!r}; the labels are {known}. Add it first.")

    def add(self, new: NewLabel, value: int | None = None) -> Label:
        """Add a label, or give one that is there another colour.

        Args:
            new: name, and the colour where one is wished.
            value: in mask files, where it is free; the smallest free one otherwise.

        Raises:
            ResourceError: the file cannot be written; nothing was changed.
        """
        (entry,) = self._add([(new, value)])
        return Label(name=entry.name, colour=entry.colour)

    def take_over(self, names: Mapping[int, str]) -> dict[int, str]:
        """Value in somebody's mask -> name of the label here, which is added where it is new.

        Raises:
            ResourceError: as :meth:`add`.
        """
        entries = self._add([(NewLabel(name=plain(name)), value) for value, name in names.items()])
        return {value: entry.name for value, entry in zip(names, entries, strict=True)}

    def restore(self, names: Iterable[str]) -> None:
        """Add those of ``names`` that are not there, because the file was changed meanwhile; raises as :meth:`add`."""
        self._add([(NewLabel(name=name), None) for name in dict.fromkeys(names) if name not in self._entries])

    def _add(self, wanted: Sequence[tuple[NewLabel, int | None]]) -> list[Entry]:
        """The entries of all these, written at once where one is new."""
        with self._lock:
            entries = dict(self._entries)
            for new, value in wanted:
                known = entries.get(new.name)
                colour = new.colour or (known.colour if known else _hex(len(entries)))
                number = known.value if known else _free(entries.values(), value)
                entries[new.name] = Entry(name=new.name, value=number, colour=colour)
            if entries != self._entries:
                write_text(self._path, Table(labels=tuple(entries.values())).model_dump_json(indent=1))
                self._entries = entries
            return [entries[new.name] for new, _ in wanted]


def _free(entries: Iterable[Entry], wanted: int | None) -> int:
    """A value that no label has: the wanted one, else the smallest."""
    used = {entry.value for entry in entries}
    if wanted is not None and 1 <= wanted <= _MOST and wanted not in used:
        return wanted
    free = next((value for value in range(1, _MOST + 1) if value not in used), None)
    if free is None:
        raise InputError(f"There are {_MOST} labels, which is the most that a mask file can hold.")
    return free


def check_names(names: Sequence[str]) -> None:
    """Refuse names that cannot be labels.

    Raises:
        UsageError: a name is empty, too long, or holds a slash or control character.
    """
    for name in names:
        if plain(name) != name or not name.strip():
            raise UsageError(
                f"The label {name!r} cannot be used; a name has 1 to {_LONGEST} characters without slashes or line breaks."
            )


_LONGEST = 64


def plain(name: str) -> str:
    """A name of somebody's data set as a label can have it."""
    return re.sub(r"[\x00-\x1f\x7f/\\]", "_", name)[:_LONGEST] or "_"


def _hex(index: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour_of(index))

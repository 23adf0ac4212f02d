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
from samaritan.core.colour import PALETTE, colour_of

FILE_NAME = "labels.json"

#: Mask files of pictures hold no larger values.
_MOST = 65535


class Entry(Config):
    """One label.

    Attributes:
        name: of now.
        value: in mask files; never given to another label.
        colour: as #rrggbb.
        earlier: names that it had before; journals still call it so.
    """

    name: Name
    value: Annotated[int, Field(ge=1, le=_MOST)]
    colour: Colour
    earlier: tuple[Name, ...] = ()


class Table(Config):
    """The file."""

    labels: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _differ(self) -> Table:
        for kind in ("name", "value"):
            found = [getattr(entry, kind) for entry in self.labels]
            if len(set(found)) < len(found):
                raise ValueError(f"two labels have the same {kind}")
        names = [name for entry in self.labels for name in (entry.name, *entry.earlier)]
        if len(set(names)) < len(names):
            raise ValueError("a label has the earlier name of another one")
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
        return self._entries[self.current(name)].colour

    def current(self, name: str) -> str:
        """The name that a label has now; the same where it was never renamed, or is none."""
        if name in self._entries:
            return name
        return next((entry.name for entry in list(self._entries.values()) if name in entry.earlier), name)

    def named(self, objects: Mapping[int, str]) -> dict[int, str]:
        """Number of an object -> label as journaled, with the names that the labels have now."""
        return {number: self.current(name) for number, name in objects.items()}

    def check(self, name: str) -> None:
        """Refuse what is no label.

        Raises:
            InputError: with the labels that there are.
        """
        if self.current(name) not in self._entries:
            known = ", ".join(self._entries) or "none yet"
            raise InputError(f"There is no label {name!r}; the labels are {known}. Add it first.")

    def add(self, new: NewLabel, value: int | None = None) -> Label:
        """Add a label, or give one that is there another colour; an earlier name means the label that had it.

        Args:
            new: name, and the colour where one is wished.
            value: in mask files, where it is free; the smallest free one otherwise.

        Raises:
            ResourceError: the file cannot be written; nothing was changed.
        """
        (entry,) = self._add([(new, value)])
        return Label(name=entry.name, colour=entry.colour)

    def rename(self, name: str, to: str) -> None:
        """Give a label another name; value and colour stay, and its earlier names still mean it.

        Raises:
            InputError: there is no such label, or another one has or had the name.
            UsageError: the name cannot be used.
            ResourceError: the file cannot be written; nothing was changed.
        """
        with self._lock:
            self.check(name)
            check_names([to])
            name = self.current(name)
            owner = self.current(to)
            if owner in self._entries and owner != name:
                was = f"was the name of {owner!r} before" if owner != to else "is the name of another label"
                raise InputError(f"{to!r} {was}; choose another name for {name!r}.")
            earlier = tuple(one for one in (*self._entries[name].earlier, name) if one != to)
            renamed = self._entries[name].model_copy(update={"name": to, "earlier": earlier})
            self._write({one.name: one for one in (renamed if e.name == name else e for e in self._entries.values())})

    def take_over(self, names: Mapping[int, str]) -> dict[int, str]:
        """Value in somebody's mask -> name of the label here, which is added where it is new.

        Raises:
            ResourceError: as :meth:`add`.
        """
        entries = self._add([(NewLabel(name=plain(name)), value) for value, name in names.items()])
        return {value: entry.name for value, entry in zip(names, entries, strict=True)}

    def restore(self, names: Iterable[str]) -> None:
        """Add those of ``names`` that are not there, because the file was changed meanwhile; raises as :meth:`add`."""
        self._add([(NewLabel(name=name), None) for name in dict.fromkeys(names)])

    def _add(self, wanted: Sequence[tuple[NewLabel, int | None]]) -> list[Entry]:
        """The entries of all these, written at once where one is new."""
        with self._lock:
            entries, names = dict(self._entries), [self.current(new.name) for new, _ in wanted]
            for name, (new, value) in zip(names, wanted, strict=True):
                known = entries.get(name)
                if known is None:
                    known = Entry(name=name, value=_free(entries.values(), value), colour=_hex(len(entries)))
                entries[name] = known.model_copy(update={"colour": new.colour or known.colour})
            self._write(entries)
            return [entries[name] for name in names]

    def _write(self, entries: dict[str, Entry]) -> None:
        if entries != self._entries:
            write_text(self._path, Table(labels=tuple(entries.values())).model_dump_json(indent=1))
            self._entries = entries


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
    """A colour of the palette; each time round darker, since neighbours of the same colour could not be told apart."""
    shade = _SHADES[index // len(PALETTE) % len(_SHADES)]
    return "#{:02x}{:02x}{:02x}".format(*(round(shade * part) for part in colour_of(index)))


_SHADES = (1.0, 0.65, 0.42)

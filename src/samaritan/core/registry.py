"""Names to things: a file in a room registers what it defines, and nothing else lists it."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from typing import Generic, TypeVar

from samaritan.core.errors import UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """The named entries of one room.

    The first lookup imports every file of the room that has no leading underscore, in name order; so adding an entry is
    adding a file. A name that is taken is refused; an unknown name is answered with the nearest ones.

    Args:
        kind: what an entry is, for messages ("model", "prompt", "metric").
        package: the room to discover, such as ``samaritan.models``.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._entries: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: enter the class or function below under ``name``."""

        def enter(entry: T) -> T:
            self.add(name, entry)
            return entry

        return enter

    def add(self, name: str, entry: T) -> None:
        """Enter ``entry`` under ``name``.

        Raises:
            ValueError: the name is taken (an error of the programmer, not of the user).
        """
        if name in self._entries:
            raise ValueError(f"The {self.kind} name {name!r} is taken.")
        self._entries[name] = entry

    def get(self, name: str) -> T:
        """The entry of that name.

        Raises:
            UnknownNameError: with the nearest names.
        """
        self._discover()
        if name in self._entries:
            return self._entries[name]
        near = difflib.get_close_matches(name, self._entries, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are: {', '.join(self.names())}."
        raise UnknownNameError(f"There is no {self.kind} named {name!r}; {hint}")

    def names(self) -> list[str]:
        """All names, sorted."""
        self._discover()
        return sorted(self._entries)

    def __contains__(self, name: str) -> bool:
        self._discover()
        return name in self._entries

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True  # set first: a file of the room may look up while it is being imported
        try:
            package = importlib.import_module(self._package)
            for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
                if not module.startswith("_"):
                    importlib.import_module(f"{self._package}.{module}")
        except BaseException:
            self._discovered = False  # half a room must not pass for the whole one
            raise

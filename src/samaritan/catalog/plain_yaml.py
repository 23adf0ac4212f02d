"""YAML that people and strangers write: words stay words, and nothing in it can take the program down or be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from samaritan.core.errors import FormatError

#: Lists and records in each other. The library builds deeper ones by calling itself, which ends in a crash of the process.
DEPTH = 50


def parse(text: str, origin: str) -> Any:
    """The content of a YAML or JSON text; numbers and dates are text: 2304.12620 would lose its last digit.

    Raises:
        FormatError: it is neither, is nested deeper than :data:`DEPTH`, or says a key twice, of which one would be lost.
    """
    try:
        _refuse_traps(text, origin)
        loader = _Words(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"{origin} is not valid YAML: {' '.join(str(error).split())}.") from error


class _Words(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain YAML in which only words are words."""


_Words.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("bool", "null", "merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass
class _Level:
    """An open list or record: the keys of a record, and whether a key comes next."""

    record: bool
    keys: set[str] = field(default_factory=set)
    key_next: bool = True


def _refuse_traps(text: str, origin: str) -> None:
    levels: list[_Level] = []
    for event in yaml.parse(text, Loader=_Words):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
        elif isinstance(event, yaml.NodeEvent):
            if levels and levels[-1].record:
                _refuse_second(levels[-1], event, f"Line {line} of {origin}")
            if isinstance(event, yaml.CollectionStartEvent):
                levels.append(_Level(isinstance(event, yaml.MappingStartEvent)))
        if len(levels) > DEPTH:
            raise FormatError(f"{origin} is nested deeper than {DEPTH} levels in line {line}; give a list of records.")


def _refuse_second(level: _Level, event: yaml.NodeEvent, place: str) -> None:
    if level.key_next and isinstance(event, yaml.ScalarEvent):
        if event.value in level.keys:
            raise FormatError(f"{place} says {event.value!r} a second time in one record; remove one of them.")
        level.keys.add(event.value)
    level.key_next = not level.key_next

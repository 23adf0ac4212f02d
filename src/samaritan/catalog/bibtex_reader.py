"""Reading BibTeX that people copy from publishers, search engines and each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from samaritan.core.errors import FormatError

#: Strings that every style defines.
_STRINGS = {name: name for name in ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]}

_NAME = re.compile(r"[^\s{}(),=#\"'%@]+")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class BibEntry:
    """One entry.

    Attributes:
        kind: ``article``, in small letters.
        key: as written.
        fields: name in small letters -> value as written, without the outer braces or quotes.
    """

    kind: str
    key: str
    fields: dict[str, str]


def read_bibtex(text: str, origin: str = "The BibTeX") -> list[BibEntry]:
    """The entries of a BibTeX text; what stands between entries is comment, as in BibTeX itself.

    Args:
        text: with or without ``@string`` definitions.
        origin: names the text in messages.

    Raises:
        FormatError: an entry cannot be read; the message has its line.
    """
    return list(_Reader(text, origin).entries())


class _Reader:
    def __init__(self, text: str, origin: str) -> None:
        self.text, self.origin = text, origin
        self.place = 0
        self.strings = dict(_STRINGS)

    def entries(self) -> Iterator[BibEntry]:
        while (at := self.text.find("@", self.place)) >= 0:
            self.place = at + 1
            kind = self._name().lower()
            if not kind or self._peek() not in "{(":
                continue  # an @ in a comment, such as an address
            close = "}" if self._peek() == "{" else ")"
            self.place += 1
            if kind == "comment":
                self.place -= 1
                self._group()
            elif kind in ("string", "preamble"):
                self._definition(kind, close)
            else:
                yield self._entry(kind, close)

    def _definition(self, kind: str, close: str) -> None:
        if kind == "preamble":
            self._value()
        else:
            name = self._expected_name("a name")
            self._expect("=")
            self.strings[name.lower()] = self._value()
        self._expect(close)

    def _entry(self, kind: str, close: str) -> BibEntry:
        self._skip()
        end = re.compile(r"[,\s" + re.escape(close) + "]").search(self.text, self.place)
        if end is None:
            raise self._fault("its key has no end")
        key, self.place = self.text[self.place : end.start()], end.start()
        fields: dict[str, str] = {}
        while self._peek() == ",":
            self.place += 1
            if self._peek() == close:
                break
            name = self._expected_name("the name of a field")
            self._expect("=")
            fields.setdefault(name.lower(), self._value())
        self._expect(close)
        return BibEntry(kind, key, fields)

    def _value(self) -> str:
        parts = [self._part()]
        while self._peek() == "#":
            self.place += 1
            parts.append(self._part())
        return "".join(parts)

    def _part(self) -> str:
        first = self._peek()
        if first == "{":
            return self._group()
        if first == '"':
            return self._quoted()
        word = self._expected_name("a value in braces or quotes")
        if word.isdigit():
            return word
        if word.lower() not in self.strings:
            raise self._fault(f"the string {word} is not defined; write it in braces")
        return self.strings[word.lower()]

    def _group(self) -> str:
        """What stands between a brace and its partner."""
        start, depth = self.place, 0
        for place in range(start, len(self.text)):
            depth += {"{": 1, "}": -1}.get(self.text[place], 0)
            if depth == 0:
                self.place = place + 1
                return self.text[start + 1 : place]
        raise self._fault("a brace is not closed")

    def _quoted(self) -> str:
        start, depth = self.place + 1, 0
        for place in range(start, len(self.text)):
            character = self.text[place]
            depth += {"{": 1, "}": -1}.get(character, 0)
            if character == '"' and depth == 0:
                self.place = place + 1
                return self.text[start:place]
        raise self._fault("a quote is not closed")

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.place)
        self.place = found.end() if found else self.place

    def _peek(self) -> str:
        self._skip()
        return self.text[self.place : self.place + 1] or "\0"

    def _name(self) -> str:
        self._skip()
        found = _NAME.match(self.text, self.place)
        if found is None:
            return ""
        self.place = found.end()
        return found[0]

    def _expected_name(self, what: str) -> str:
        name = self._name()
        if not name:
            raise self._fault(f"{what} is missing")
        return name

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise self._fault(f"{mark!r} is missing")
        self.place += 1

    def _fault(self, what: str) -> FormatError:
        line = self.text.count("\n", 0, self.place) + 1
        return FormatError(f"{self.origin} is damaged in line {line}: {what}.")

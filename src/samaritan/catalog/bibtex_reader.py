"""Reading BibTeX that people copy from publishers, search engines and each other: pybtex reads, messages are ours."""

from __future__ import annotations

from dataclasses import dataclass

from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro, month_names
from pybtex.scanner import PrematureEOF, PybtexSyntaxError

from samaritan.core.errors import FormatError

#: So many letters of @string definitions may a text use: strings of strings grow tenfold with each line.
_MOST = 1 << 22


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
    # a month is what its name says, so that it can be read again; the parser adds @string definitions to the dictionary
    parser = LowLevelParser(text, macros=_Strings({name: name for name in month_names}))

    def tell(error: PybtexSyntaxError) -> None:
        begun = text[parser.command_start : parser.pos]
        if "{" in begun or "(" in begun:  # else an @ in a comment, such as an address
            raise FormatError(f"{origin} is damaged in line {error.lineno}: {_told(error)}.")

    parser.handle_error = tell
    try:
        return [_entry(kind, *body) for kind, body in parser if kind.lower() not in ("string", "preamble")]
    except MemoryError as error:
        raise FormatError(f"{origin} is damaged: its @string definitions grow without end.") from error


class _Strings(dict[str, str]):
    """Definitions of @string, which cannot fill the memory."""

    used = 0

    def __getitem__(self, name: str) -> str:
        value = super().__getitem__(name)
        self.used += len(value)
        if self.used > _MOST:
            raise MemoryError(name)
        return value


def _told(error: PybtexSyntaxError) -> str:
    what = str(error.args[0])
    if isinstance(error, UndefinedMacro):
        return f"the string {what} is not defined; write it in braces"
    return f"{what}, a brace or a quote is not closed" if isinstance(error, PrematureEOF) else what


def _entry(kind: str, key: str, fields: list[tuple[str, list[str]]]) -> BibEntry:
    values: dict[str, str] = {}
    for name, parts in fields:
        values.setdefault(name.lower(), "".join(parts))
    return BibEntry(kind.lower(), key, values)

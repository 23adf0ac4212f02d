"""Text as LaTeX writes it, and back: what stands in a field of BibTeX."""

from __future__ import annotations

import re
import unicodedata

#: Characters that mean something to TeX. No replacement has a single brace, which BibTeX would count.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
}  # fmt: skip

#: Letters and marks that are no base with an accent.
_LETTERS = {
    "ß": r"{\ss}", "ø": r"{\o}", "Ø": r"{\O}", "ł": r"{\l}", "Ł": r"{\L}", "æ": r"{\ae}", "Æ": r"{\AE}", "œ": r"{\oe}",
    "Œ": r"{\OE}", "\u0131": r"{\i}", "“": "``", "”": "''", "\u2013": "--", "\u2014": "---",
}  # fmt: skip

#: Combining accents and the commands that set them.
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "=", "\u0307": ".",
    "\u0306": "u", "\u030c": "v", "\u030b": "H", "\u030a": "r", "\u0327": "c", "\u0328": "k",
}  # fmt: skip

_BY_COMMAND = {command: accent for accent, command in _ACCENTS.items()}
_BY_NAME = {
    **{text.strip("{}\\"): mark for mark, text in {**_SPECIAL, **_LETTERS}.items() if "\\" in text},
    "aa": "å", "AA": "Å", "textendash": "\u2013", "textemdash": "\u2014", "textquoteright": "\u2019", "textquoteleft": "\u2018",
}  # fmt: skip
_LIGATURES = {"``": "“", "''": "”", "--": "\u2013", "---": "\u2014"}

#: Commands that only set their argument in another type.
_TYPE = frozenset(
    ["emph", "textit", "textbf", "textsc", "textrm", "texttt", "textsf", "mathrm", "mathit", "mathbf", "url"]
)

_TOKEN = re.compile(
    r"""\\(?P<accent>[`'^~"=.]|[uvHrck](?![A-Za-z]))\s*(?:\{\\?(?P<braced>[A-Za-z])\}|\\?(?P<bare>[A-Za-z]))"""
    r"""|\\(?P<name>[A-Za-z]+)(?:\{\}|[ ]*)"""
    r"""|\\(?P<mark>.)"""
    r"""|(?P<ligature>---?|``|'')"""
    r"""|(?P<space>~)|[{}$]"""
)


def to_latex(text: str) -> str:
    """``text`` with everything that TeX would read as a command written out; runs of white space become one space.

    Letters with the common accents become commands, which every BibTeX sorts and prints; other scripts stay as they are.
    """
    made = ""
    for character in unicodedata.normalize("NFC", " ".join(text.split())):
        piece = _character(character)
        if made and made[-1] == piece[0] and piece[0] in "-`'":  # two marks are not the one that TeX makes of them
            made += "{}"
        made += piece
    return made


def from_latex(text: str) -> str:
    """The text of a field: accents and marks as characters, without braces, dollars and commands of type.

    Commands that are not known stay as they are written.
    """
    return unicodedata.normalize("NFC", " ".join(_TOKEN.sub(_read, text).split()))


def _character(character: str) -> str:
    if character.isascii():
        return _SPECIAL.get(character, character)
    if character in _LETTERS:
        return _LETTERS[character]
    apart = unicodedata.normalize("NFD", character)
    base, accent = apart[0], apart[1:]
    if accent in _ACCENTS and base.isascii() and base.isalpha():
        return f"{{\\{_ACCENTS[accent]}{{{base}}}}}"
    return character


def _read(found: re.Match[str]) -> str:
    if found["accent"]:
        return unicodedata.normalize("NFC", (found["braced"] or found["bare"]) + _BY_COMMAND[found["accent"]])
    if found["name"]:
        return "" if found["name"] in _TYPE else _BY_NAME.get(found["name"], found[0])
    if found["mark"]:
        return found["mark"]
    if found["ligature"]:
        return _LIGATURES[found["ligature"]]
    return " " if found["space"] else ""

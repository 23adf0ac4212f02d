"""Pieces of Markdown, and docstrings in Google's style as Markdown."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

#: What a docstring calls its lists, and what the page does.
SECTIONS = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Returns": "Returns",
    "Yields": "Yields",
    "Raises": "Raises",
}

HEADER = "<!-- Made by python -m scripts.reference; do not edit. -->\n"


#: The number of a paper in running text, no part of a link or an address.
ARXIV = re.compile(r"(?<![\[/])\barXiv (\d{4}\.\d{4,5})\b(?!\])")


def page(title: str, *parts: str, wide: bool = False) -> str:
    """A whole page; a wide one has the room of the table of contents for its tables."""
    head = "---\nhide: [toc]\n---\n\n" if wide else ""
    return head + "\n\n".join([f"# {title}", HEADER.rstrip(), *(part.strip() for part in parts if part.strip())]) + "\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; `|` and line ends within cells are taken care of."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(map(cell, line)) + " |\n" for line in lines)


def cell(content: object) -> str:
    """One cell of a table; papers of arXiv become links."""
    text = " ".join(str(content).split()).replace("|", "\\|")
    return ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", text)


def code(text: object) -> str:
    """Within a sentence; nothing where there is nothing."""
    return f"`{text}`" if str(text) else ""


def plain(text: str) -> str:
    """Without the roles and double backticks of docstrings."""
    text = re.sub(r":\w+:`~?(?:samaritan\.)?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


def summary(thing: object) -> str:
    """The first sentence of a docstring."""
    text = plain(inspect.getdoc(thing) or "").partition("\n\n")[0]
    return " ".join(text.split())


def prose(text: str) -> str:
    """A docstring as Markdown: its paragraphs, then its lists by name."""
    before, sections = parts(text)
    found = [_paragraphs(plain(before))]
    for title, items in sections:
        lines = [f"* `{name}`: {words}" if name else f"* {words}" for name, words in items]
        found.append("\n".join([f"**{title}**", "", *lines]))
    return "\n\n".join(part for part in found if part)


def attributes(text: str) -> dict[str, str]:
    """Attribute -> what a docstring says of it."""
    _, sections = parts(text)
    return {name: words for title, items in sections if title in ("Attributes", "Arguments") for name, words in items}


def parts(text: str) -> tuple[str, list[tuple[str, list[tuple[str, str]]]]]:
    """What stands before the first list of a docstring, and (title, [(name, words)]) of each list."""
    pattern = rf"^({'|'.join(SECTIONS)}):\n((?: {{4}}.*\n?|\n)+)"
    before = re.split(pattern, text, maxsplit=1, flags=re.MULTILINE)[0]
    return before, [(SECTIONS[name], [*_items(name, body)]) for name, body in re.findall(pattern, text, re.MULTILINE)]


def _items(section: str, body: str) -> Iterator[tuple[str, str]]:
    body = textwrap.dedent(body).strip()
    if section in ("Returns", "Yields"):
        yield "", " ".join(plain(body).split())
        return
    for entry in re.split(r"\n(?=[\w*, ./]+:(?:\s|$))", body):
        name, _, words = entry.partition(":")
        yield name.strip(), " ".join(plain(words).split())


def _paragraphs(text: str) -> str:
    """Indented lines of a docstring are lists or shown code; the former begin with a number or a star."""
    kept = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        head = [line for line in lines if not line.startswith("    ")]
        inner = [line for line in lines if line.startswith("    ")]
        kept.append(re.sub(r"::$", ":", " ".join(" ".join(head).split())))
        if inner:
            shown = inspect.cleandoc("\n".join(inner))
            numbered = re.match(r"(\d+\.|\*) ", shown)
            kept.append(re.sub(r"\n(?!\d+\.|\*)\s*", " ", shown) if numbered else f"```text\n{shown}\n```")
    return "\n\n".join(part for part in kept if part)

"""The code blocks of a page, in order, as its reader meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

#: Every page whose blocks are checked and run.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

#: Languages of blocks; `bash` and `python` run, `json`, `yaml` and `toml` are parsed, the others are shown.
LANGUAGES = ("bash", "python", "json", "yaml", "toml", "text", "bibtex", "csv", "markdown", "typescript")

MARKDOWN = MarkdownIt("commonmark").enable("table")
HIDDEN = re.compile(r"<!--\s*run:\s*(?:(bash|python)\s*\n)?(.*?)-->", re.DOTALL)
EXCUSE = re.compile(r"<!--\s*not run:\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced or hidden block of code.

    Attributes:
        page: the file it stands in.
        line: the line of its first line of code, from 1.
        language: what stands behind the fence; "" for indented blocks, which have none.
        code: what is between the fences.
        excuse: why it is not run, from the comment on the line before; "" where it is.
        fenced: false for blocks that are only indented.
    """

    page: Path
    line: int
    language: str
    code: str
    excuse: str = ""
    fenced: bool = True

    @property
    def place(self) -> str:
        """Page and line, as an editor takes them."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All blocks of a page; hidden ones (`<!-- run: ... -->`) are blocks like the others."""
    return [*_blocks(page, MARKDOWN.parse(page.read_text(encoding="utf-8")))]


def words(page: Path) -> list[str]:
    """Code within the text of a page, between single backticks."""
    tokens = MARKDOWN.parse(page.read_text(encoding="utf-8"))
    return [child.content for token in tokens for child in token.children or () if child.type == "code_inline"]


def _blocks(page: Path, tokens: list[Token]) -> Iterator[Block]:
    excuse, ends = "", -1
    for token in tokens:
        first = token.map[0] if token.map else 0
        if token.type == "html_block":
            said = EXCUSE.match(token.content.strip())
            excuse, ends = (said.group(1), first + token.content.rstrip().count("\n") + 1) if said else ("", -1)
            for hidden in HIDDEN.finditer(token.content):
                line = first + token.content[: hidden.start(2)].count("\n") + 1
                yield Block(page, line, hidden.group(1) or "bash", hidden.group(2))
        elif token.type == "fence":
            yield Block(page, first + 2, token.info.strip(), token.content, excuse if first == ends else "")
        elif token.type == "code_block":
            yield Block(page, first + 1, "", token.content, fenced=False)

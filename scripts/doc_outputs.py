"""Runs the python blocks of pages and writes what they print into the text block that follows each of them.

Usage: python scripts/doc_outputs.py docs/concepts/*.md

Blocks of a page share one namespace and one temporary folder, in order. A python block without a text block right behind it
may print nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.S)


def main(pages: list[str]) -> None:
    """Write each page anew."""
    for name in pages:
        path = Path(name)
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")


def filled(text: str) -> str:
    """A page with the outputs that its blocks give now.

    Raises:
        ValueError: a block prints something, and no text block follows it.
    """
    printed = iter(outputs(text))

    def block(found: re.Match[str]) -> str:
        said = next(printed)
        if found[2] is None and said:
            raise ValueError(f"A block prints {said[:60]!r}, and no text block follows it.")
        return f"```python\n{found[1]}```\n" + ("" if found[2] is None else f"\n```text\n{said}```\n")

    return BLOCK.sub(block, text)


def outputs(text: str) -> list[str]:
    """What each python block of a page prints."""
    printed = []
    namespace: dict[str, object] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for found in BLOCK.finditer(text):
            caught = io.StringIO()
            with contextlib.redirect_stdout(caught):
                exec(compile(found[1], "<block>", "exec"), namespace)  # noqa: S102 - our own pages
            printed.append(caught.getvalue())
    return printed


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main(sys.argv[1:])

"""The generated part of the reference: pages that say what the code says.

Run it after a name, a signature, a docstring or an option has changed: python -m scripts.reference
"""

from __future__ import annotations

from pathlib import Path

from scripts.reference.api import api
from scripts.reference.cli import cli
from scripts.reference.entries import entries
from scripts.reference.errors import errors
from scripts.reference.runs import runs

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def pages() -> dict[Path, str]:
    """Path -> content of every page."""
    found = {"cli.md": cli(), "errors.md": errors(), "runs.md": runs(), **entries()}
    return {FOLDER / name: text for name, text in found.items()} | {FOLDER / "api" / n: t for n, t in api().items()}


def write() -> None:
    """Write all pages, and remove those of what is gone."""
    made = pages()
    for path, content in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for path in set(FOLDER.rglob("*.md")) - set(made):
        path.unlink()

"""Runs the blocks of docs/catalogue/README.md, writes what they print into the text block behind each, and draws its picture.

Usage: python scripts/catalogue/answers.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from samaritan.catalog import load_catalog
from samaritan.catalog.plot import draw_counts

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "catalogue" / "README.md"

#: A block and, right behind it, what it prints.
_BLOCK = re.compile(r"```(bash|python)\n((?:(?!```).)*)```\n\n```text\n(?:(?!```).)*```\n", re.DOTALL)


def main() -> None:
    """Write the page and its picture anew."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    draw_counts([paper for paper in load_catalog().papers if not paper.seminal], PAGE.with_name("stats.svg"))


def filled(text: str) -> str:
    """A page with what its blocks print now, without a person's own papers."""
    with tempfile.TemporaryDirectory() as folder:
        return _BLOCK.sub(lambda found: _answered(found[1], found[2], Path(folder)), text)


def _answered(language: str, code: str, folder: Path) -> str:
    settings = {**os.environ, "SAMARITAN_CATALOGUE": str(folder / "own.yaml"), "PYTHONPATH": str(ROOT / "src")}
    program = f'samaritan() {{ "{sys.executable}" -m samaritan "$@"; }}\n'
    command = ["bash", "-c", program + code] if language == "bash" else [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=settings, timeout=60)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    said = "\n".join(line for line in lines if line)
    return f"```{language}\n{code}```\n\n```text\n{said}\n```\n"


if __name__ == "__main__":
    main()

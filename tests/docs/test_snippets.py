"""Every block of bash and Python in the documents runs, page by page, in the order in which it is read.

Each page has a folder of its own, in which `samaritan` and `python` are those of this checkout. A block with
`<!-- not run: REASON -->` on the line before is left out. `make snippets` runs them all.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs._blocks import PAGES, ROOT, Block, blocks

pytestmark = pytest.mark.snippets

RUNNING = {
    page.relative_to(ROOT).as_posix(): steps
    for page in PAGES
    if (steps := [block for block in blocks(page) if block.language in ("bash", "python") and not block.excuse])
}

#: Seconds that one block may take.
LIMIT = 300


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs that pages call."""
    folder = tmp_path_factory.mktemp("bin")
    for name, call in (("samaritan", "-m samaritan"), ("python", "")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {call} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return folder


@pytest.fixture
def place(tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with settings as a person has them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{ROOT}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("SAMARITAN_EMBEDDINGS_GB")
    return tmp_path


@pytest.mark.parametrize("steps", RUNNING.values(), ids=RUNNING.keys())
def test_the_page_runs(steps: list[Block], place: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for step in steps:
        if step.language == "bash":
            shell(step, place)
        else:
            exec(compile("\n" * (step.line - 1) + step.code, step.page, "exec"), names)


def shell(step: Block, place: Path) -> None:
    """Run a block of bash; the first command that fails ends it."""
    call = ["bash", "-euo", "pipefail", "-c", step.code]
    done = subprocess.run(call, cwd=place, capture_output=True, text=True, check=False, timeout=LIMIT)
    if done.returncode:
        pytest.fail(
            f"{step.place} ended with {done.returncode}:\n{step.code}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )

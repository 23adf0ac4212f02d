"""The generated reference is current, and names everything that can be named."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from samaritan.adapt import METHODS
from samaritan.core import Registry
from samaritan.core.errors import SamaritanError
from samaritan.datasets import LAYOUTS
from samaritan.datasets.samples._base import SAMPLES
from samaritan.evaluate import METRICS
from samaritan.io import FORMATS
from samaritan.models import MODELS
from samaritan.predict.framing._base import FRAMINGS
from samaritan.predict.propagate import STRATEGIES
from samaritan.predict.runtimes._base import RUNTIMES
from samaritan.prompts import PROMPTS
from scripts.reference import FOLDER, pages
from scripts.reference._text import cell, parts, prose
from scripts.reference.api import ROOMS, public, signature
from scripts.reference.entries import STANDARDS
from scripts.reference.errors import known

PAGES = pages()

#: Where the names of each registry are.
PLACES: list[tuple[Registry[Any], str]] = [
    (MODELS, "models"), (METHODS, "methods"), (METRICS, "metrics"), (PROMPTS, "prompts"), (FORMATS, "formats"),
    (LAYOUTS, "layouts"), (SAMPLES, "layouts"), (FRAMINGS, "prediction"), (STRATEGIES, "prediction"), (RUNTIMES, "prediction"),
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_the_page_is_the_one_that_is_made(path: Path) -> None:
    assert path.is_file(), "run python -m scripts.reference"
    assert path.read_text(encoding="utf-8") == PAGES[path], "run python -m scripts.reference"


def test_no_page_is_left_of_what_is_gone() -> None:
    assert set(FOLDER.rglob("*.md")) == set(PAGES)


@pytest.mark.parametrize(("registry", "page"), PLACES, ids=lambda one: getattr(one, "kind", one))
def test_every_registered_name_is_there(registry: Registry[Any], page: str) -> None:
    text = PAGES[FOLDER / f"{page}.md"]
    missing = [
        name for name in registry.names() if not re.search(rf"(`(samples/)?|^## ){re.escape(name)}(`|$)", text, re.M)
    ]
    assert missing == []


def test_no_registry_is_forgotten() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (FOLDER.parents[1] / "src").rglob("*.py"))
    made = re.findall(r"^\w+(?:: Registry\[.*\])? = \w*Registry\(", sources, re.MULTILINE)
    assert len(made) == len(PLACES)


def test_every_public_name_has_a_heading() -> None:
    for room in ROOMS:
        text = PAGES[FOLDER / "api" / f"{room}.md"]
        assert [name for name in public(room) if f"\n## {name}\n" not in text] == [], room


def test_every_error_has_its_exit_code() -> None:
    text = PAGES[FOLDER / "errors.md"]
    assert len(known()) > 10
    kinds: list[type[SamaritanError]] = [SamaritanError, *known()]
    for kind in kinds:
        assert re.search(rf"`{kind.__name__}` \| {kind.exit_code} \|", text), kind


def test_nothing_of_this_machine_stands_in_a_page() -> None:
    for path, text in PAGES.items():
        assert not re.search(r"0x[0-9a-f]{6,}", text), path
        for place in (Path.home(), Path(sys.prefix), Path(__file__).parents[2]):
            assert f"{place}/" not in text, path


def test_every_format_has_its_standard_and_the_licence_of_its_library() -> None:
    assert set(STANDARDS) == set(FORMATS.names())


def test_a_paper_becomes_a_link_once() -> None:
    assert cell("A, arXiv 2304.12306, B") == "A, [arXiv 2304.12306](https://arxiv.org/abs/2304.12306), B"
    assert cell(cell("arXiv 2304.12306")) == "[arXiv 2304.12306](https://arxiv.org/abs/2304.12306)"


def test_a_docstring_becomes_lists() -> None:
    text = """First, see :func:`samaritan.io.read_volume`.

Longer ``words``.

Args:
    one: of these,
        on two lines.
    two: a | b: c.

Raises:
    InputError: never.
"""
    before, sections = parts(text)
    assert before.startswith("First")
    assert sections == [
        ("Arguments", [("one", "of these, on two lines."), ("two", "a | b: c.")]),
        ("Raises", [("InputError", "never.")]),
    ]
    assert prose(text).startswith(
        "First, see `io.read_volume`.\n\nLonger `words`.\n\n**Arguments**\n\n* `one`: of these,"
    )


def test_a_signature_is_python() -> None:
    def asked(self: object, a: int, /, b: str = "x", *, c: Path | None = None, **more: float) -> list[Path]:
        return [c or Path(b)]

    shown = signature("asked", asked, own=True)
    assert 'def asked(a: int, /, b: str = "x", *, c: Path | None = None, **more: float) -> list[Path]: ...' in shown

"""The words of the catalogue as a picture: families with what is implemented here, then the words of all other facets."""

from __future__ import annotations

import textwrap
from collections import Counter
from itertools import takewhile

from samaritan.catalog import Paper, vocabulary
from scripts.catalogue._svg import BAR, line, picture, rect, text

WIDTH, ROW, STEP = 940, 40, 17

#: Columns of facets below the families.
COLUMNS: tuple[tuple[str, ...], ...] = (
    ("target",),
    ("modality", "dimension"),
    ("base_model",),
    ("prompt", "supervision"),
)

#: Said of papers whose title names no family.
UNSAID = "(none said)"


def taxonomy(papers: tuple[Paper, ...]) -> str:
    """SVG."""
    parts, y = _families(papers)
    bottom = y
    for number, facets in enumerate(COLUMNS):
        place = y + 34
        for facet in facets:
            drawn, place = _facet(papers, facet, 20 + 230 * number, place)
            parts += drawn
        bottom = max(bottom, place)
    title = f"The words of {len(papers)} papers: families and what is implemented here, and all other facets"
    return picture(WIDTH, bottom, title, parts)


def _families(papers: tuple[Paper, ...]) -> tuple[list[str], float]:
    counts = Counter(family for paper in papers for family in paper.tags.family or (UNSAID,))
    most = max(counts.values())
    parts = [
        text(20, 30, "family", "t"),
        text(330, 30, "papers", "s"),
        text(560, 30, "implemented here", "m"),
        line(20, 40, 920, 40),
    ]
    y = 58.0
    for family in (*vocabulary()["family"], UNSAID):
        here = textwrap.wrap(", ".join(_here(papers, family)), 56)
        meaning = textwrap.wrap(vocabulary()["family"].get(family, "the title names no family"), 48)
        parts += [text(20, y, family, "b")]
        parts += [text(20, y + 14 + 13 * n, one, "s") for n, one in enumerate(meaning)]
        parts += [rect(330, y - 11, 180 * counts[family] / most, 14, BAR, corner=2)]
        parts += [text(336 + 180 * counts[family] / most, y, str(counts[family]))]
        parts += [text(560, y + 15 * n, one, "m") for n, one in enumerate(here)]
        y += max(ROW, 26 + 13 * len(meaning), 12 + 15 * len(here))
    return parts, y - 10


def _here(papers: tuple[Paper, ...], family: str) -> list[str]:
    """What is implemented of a family; several sizes of one model as one."""
    found: dict[str, None] = {}
    for paper in papers:
        if family not in (paper.tags.family or (UNSAID,)):
            continue
        by_room: dict[str, list[str]] = {}
        for one in paper.implemented:
            if (one.room == "prompts") != (family == "zero-shot"):
                continue  # protocols assess a model as it is, whatever else their paper did; all else does not
            by_room.setdefault(one.room, []).append(one.name)
        for names in by_room.values():
            found |= dict.fromkeys(names if len(names) < 3 else [_shared(names)])
    return sorted(found)


def _shared(names: list[str]) -> str:
    """``sam2*`` for names that begin so."""
    return "".join(letters[0] for letters in takewhile(lambda one: len(set(one)) == 1, zip(*names, strict=False))) + "*"


def _facet(papers: tuple[Paper, ...], facet: str, x: float, y: float) -> tuple[list[str], float]:
    counts = Counter(word for paper in papers for word in getattr(paper.tags, facet))
    most = max(counts.values())
    parts = [text(x, y, facet.replace("_", " "), "t"), line(x, y + 7, x + 200, y + 7)]
    for word in sorted(vocabulary()[facet], key=lambda word: (-counts[word], word)):
        y += STEP + 4 if len(parts) == 2 else STEP
        parts += [
            text(x, y + 4, word),
            rect(x + 92, y - 6, 80 * counts[word] / most, 11, BAR, corner=2),
            text(x + 98 + 80 * counts[word] / most, y + 4, str(counts[word]), "s"),
        ]
    return parts, y + 40

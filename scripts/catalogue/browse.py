"""What docs/catalogue/browse.md shows: the papers as data, the families and the time line as pictures.

python -m scripts.catalogue.browse
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samaritan.catalog import Paper, Tags, load_catalog, vocabulary
from samaritan.catalog.bibtex import bibtex
from samaritan.core.atomic import write_text
from scripts.catalogue import _pictures

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "catalogue"


def files(papers: Sequence[Paper]) -> dict[str, str]:
    """File name -> content."""
    return {
        "browse-data.js": data(papers),
        "taxonomy.svg": _pictures.taxonomy(papers, vocabulary()["family"]),
        "timeline.svg": _pictures.timeline(papers, vocabulary()["family"]),
    }


def data(papers: Iterable[Paper]) -> str:
    """A script that says the papers, one on a line; it is loaded, not fetched, so that the page also opens from the disk."""
    facets = {facet: facet.replace("_", " ") for facet in Tags.model_fields}
    lines = ",\n".join(_json(_told(paper)) for paper in sorted(papers, key=lambda p: (p.month, p.key), reverse=True))
    return f"globalThis.SAMARITAN_CATALOGUE = {{facets: {_json(facets)}, papers: [\n{lines}\n]}};\n"


def main() -> int:
    for name, content in files(load_catalog().papers).items():
        write_text(FOLDER / name, content)
        print(f"{name}: {len(content) / 1000:.0f} kB")
    return 0


def _told(paper: Paper) -> dict[str, Any]:
    return {
        "key": paper.key,
        "title": paper.title,
        "authors": ", ".join(paper.authors) + (" et al." if paper.others else ""),
        "month": paper.month,
        "venue": paper.venue or "",
        "url": str(paper.url or ""),
        "code": str(paper.code or ""),
        "tags": {facet: words for facet, words in paper.tags.model_dump().items() if words},
        "implemented": sorted({f"{link.room} {link.name}" for link in paper.implemented}),
        "bibtex": bibtex([paper]).strip(),
    }


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False).replace("</", "<\\/")  # a title cannot end the script


if __name__ == "__main__":
    sys.exit(main())

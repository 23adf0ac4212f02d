"""Writes what docs/catalogue/browse.md shows: the data of its search, and two pictures.

Run it after the catalogue has changed: python -m scripts.catalogue.browse
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samaritan.catalog import Implementation, Paper, index, load_catalog, vocabulary, words
from samaritan.catalog.bibtex import bibtex
from samaritan.core.atomic import write_text
from scripts.catalogue._taxonomy_picture import taxonomy
from scripts.catalogue._timeline import timeline

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "catalogue"

HEAD = "// Made by python -m scripts.catalogue.browse; do not edit. The papers, and the words that a search compares.\n"

#: Room -> the page of the site that names what it holds.
PLACES = {
    "models": "../reference/models.html",
    "prompts": "../reference/prompts.html",
    "evaluate": "../reference/metrics.html",
}


def main() -> None:
    """Write everything anew."""
    for path, content in files().items():
        write_text(path, content)


def files() -> dict[Path, str]:
    """Path -> content of all that this script writes."""
    papers = load_catalog().papers
    return {
        FOLDER / "browse-data.js": data(papers),
        FOLDER / "taxonomy.svg": taxonomy(papers),
        FOLDER / "timeline.svg": timeline(papers),
    }


def data(papers: tuple[Paper, ...]) -> str:
    """JavaScript that sets one variable, so that the page works from the disk too; one line for each paper."""
    lines = ",\n".join(map(_dumped, map(record, papers)))
    start = f'"vocabulary":{_dumped(vocabulary())},\n"rules":{_dumped(rules())},\n"papers":[\n{lines}\n]'
    return f"{HEAD}globalThis.SAMARITAN_CATALOGUE = {{\n{start}}};\n"


def record(paper: Paper) -> dict[str, Any]:
    """What the page shows of a paper."""
    shown = {"key", "title", "earlier", "authors", "others", "month", "venue", "arxiv"}
    kept = paper.model_dump(mode="json", include=shown)
    tags = {facet: found for facet, found in paper.tags.model_dump(mode="json").items() if found}
    return kept | {
        "url": _address(paper),
        "code": str(paper.code) if paper.code else None,
        "licence": paper.code_licence,
        "tags": tags,
        "implemented": [{"room": one.room, "name": one.name, "page": page_of(one)} for one in paper.implemented],
        "bibtex": bibtex([paper]),
    }


def rules() -> dict[str, Any]:
    """The lists and weights of the package's search, for the page's, which follows the same rules."""
    return {
        "same": words.SAME,
        "narrower": words.NARROWER,
        "stop": sorted(words.STOP),
        "letters": {chr(letter): plain for letter, plain in words.PLAIN.items()},
        "singular": words.SINGULAR,
        "columns": index.COLUMNS,
        "prefix": index.PREFIX,
        "glued": index.GLUED,
    }


def page_of(entry: Implementation) -> str:
    """The page of the site that tells of an entry."""
    return f"../methods/{entry.name}.html" if entry.room == "adapt" else PLACES[entry.room]


def _address(paper: Paper) -> str | None:
    if paper.url:
        return str(paper.url)
    return f"https://doi.org/{paper.doi}" if paper.doi else None


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()

"""Papers as tables for other programs and pages: CSV, Markdown, plain data."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from samaritan.catalog.filters import FACETS
from samaritan.catalog.record import Paper

#: Columns of the CSV, in order; the facets of tags follow.
COLUMNS = (
    "key",
    "month",
    "title",
    "authors",
    "venue",
    "arxiv",
    "doi",
    "url",
    "code",
    "also",
    "code_licence",
    "implemented",
)

#: A cell that begins like this is a formula to spreadsheets (OWASP, "CSV Injection").
_FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def to_csv(papers: Iterable[Paper]) -> str:
    """One row for each paper, with a line of names; several values in one cell have "; " between them.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *FACETS])
    for paper in papers:
        record = to_data(paper)
        cells = [*(record[name] for name in COLUMNS), *(record["tags"][facet] for facet in FACETS)]
        writer.writerow([harmless(" ".join(_cell(cell).split())) for cell in cells])
    return out.getvalue()


def to_markdown(papers: Iterable[Paper]) -> str:
    """A table in the form of the survey's list, which ``samaritan papers import`` reads."""
    lines = ["|Date|Authors|Title|Code|", "|---|---|---|---|"]
    for paper in papers:
        authors = f"{_listed(paper.authors)}{' et al.' if paper.others else ''}"
        link = f" [(paper)]({_address(paper.url)})" if paper.url else ""
        code = f"[Code]({_address(paper.code)})" if paper.code else "None"
        lines.append(f"|{paper.month.replace('-', '')}|{_escaped(authors)}|{_escaped(paper.title)}{link}|{code}|")
    return "\n".join(lines) + "\n"


def to_data(paper: Paper) -> dict[str, Any]:
    """A record as plain data, with everything that it does not say as null or empty."""
    return paper.model_dump(mode="json")


def harmless(text: str) -> str:
    """``text`` as a cell that no spreadsheet runs."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(item["name"] if isinstance(item, dict) else str(item) for item in value)
    return "" if value is None else str(value)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _escaped(text: str) -> str:
    """Text as a cell of Markdown: no mark of it ends the cell or becomes a link or a tag."""
    return re.sub(r"([\\|\[\]<>`*_])", r"\\\1", " ".join(text.split()))


def _address(address: object) -> str:
    return str(address).replace("(", "%28").replace(")", "%29").replace("|", "%7C").replace(" ", "%20")

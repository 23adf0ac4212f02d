"""References: what a result rests on, ready to be printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

from samaritan.catalog.bibtex import entry, fields_of
from samaritan.catalog.bibtex_reader import BibEntry, read_bibtex
from samaritan.catalog.latex import from_latex
from samaritan.catalog.record import Paper

#: The package itself; CITATION.cff says the same.
ITSELF = BibEntry(
    "software",
    "samaritan",
    {
        "title": "samaritan: measure, adapt and use the Segment Anything family on medical images",
        "author": "{the samaritan authors}", "version": version("samaritan"), "year": "2026", "license": "Apache-2.0",
    },
)  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """One entry, and what it is cited for.

    Attributes:
        entry: with fields in LaTeX.
        reasons: what rests on it: ``model litemedsam``, ``metric nsd``.
    """

    entry: BibEntry
    reasons: tuple[str, ...] = ()

    @classmethod
    def of_paper(cls, paper: Paper, *reasons: str) -> Reference:
        """The reference to a paper of the catalogue."""
        kind, fields = fields_of(paper)
        return cls(BibEntry(kind, paper.key, {name: value for name, value in fields.items() if value}), reasons)

    def bibtex(self) -> str:
        """The entry, after a comment that says what it is for (BibTeX reads no ``@`` there as text)."""
        reasons = ", ".join(self.reasons).replace("@", " at ")
        return f"% {reasons}\n{entry(self.entry.kind, self.entry.key, self.entry.fields)}".removeprefix("% \n")

    def text(self) -> str:
        """The entry as one line of a list of references."""
        said = {name: from_latex(value) for name, value in self.entry.fields.items()}
        names = [from_latex(name) for name in re.split(r"\s+and\s+", self.entry.fields.get("author", "")) if name]
        authors = ", ".join(_first_last(name) for name in names if name != "others")
        authors += " et al. " if names and names[-1] == "others" else ". " if names else ""
        place = said.get("journal") or said.get("booktitle") or said.get("publisher") or said.get("howpublished")
        release = f"version {said['version']}" if "version" in said else None
        number = f"arXiv {said['eprint']}" if "eprint" in said else None
        where = ", ".join(part for part in (place, release, number, said.get("year")) if part)
        return f"{authors}{said['title']}{'' if said['title'][-1] in '?!' else '.'} {where}.{_end(self.address)}"

    def markdown(self) -> str:
        """The entry as an item of a Markdown list."""
        line = self.text().removesuffix(_end(self.address))
        escaped = re.sub(r"([\\\[\]<>`*_|])", r"\\\1", line)
        link = f" [link]({self.address})" if self.address else ""
        return f"- {escaped}{link}" + (f" For {', '.join(self.reasons)}." if self.reasons else "")

    def data(self) -> dict[str, Any]:
        """The entry as plain data: text, not LaTeX."""
        fields = {name: from_latex(value) for name, value in self.entry.fields.items()}
        return {
            "key": self.entry.key,
            "type": self.entry.kind,
            "for": list(self.reasons),
            "url": self.address,
            **fields,
        }

    @property
    def address(self) -> str | None:
        """Where it can be read: by its DOI, else on arXiv, else as its record says."""
        fields = self.entry.fields
        if fields.get("doi"):
            return f"https://doi.org/{fields['doi']}"
        return f"https://arxiv.org/abs/{fields['eprint']}" if fields.get("eprint") else fields.get("url")


@cache
def sources() -> dict[str, BibEntry]:
    """Entries of statistics, metrics and data sets, by name."""
    text = resources.files("samaritan.catalog").joinpath("data/sources.bib").read_text(encoding="utf-8")
    return {one.key: one for one in read_bibtex(text, "sources.bib")}


def merged(references: Iterable[Reference]) -> list[Reference]:
    """Each entry once, with all its reasons; in the order of their first reason."""
    found: dict[str, Reference] = {}
    for one in references:
        there = found.setdefault(one.entry.key, replace(one, reasons=()))
        found[one.entry.key] = replace(there, reasons=tuple(dict.fromkeys((*there.reasons, *one.reasons))))
    return list(found.values())


def printed(references: Sequence[Reference], form: str) -> str:
    """All of them as ``bibtex``, ``markdown`` or ``text``."""
    if form == "bibtex":
        return "\n\n".join(one.bibtex() for one in references)
    return "\n".join(one.markdown() if form == "markdown" else one.text() for one in references)


def _first_last(name: str) -> str:
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last}" if comma else name


def _end(address: str | None) -> str:
    return f" {address}" if address else ""

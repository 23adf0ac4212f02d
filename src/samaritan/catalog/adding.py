"""New papers: from a record file, BibTeX, or arXiv, into a catalogue file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from samaritan.catalog.arxiv import Preprint, ask_arxiv, number_in
from samaritan.catalog.bibtex_reader import BibEntry, read_bibtex
from samaritan.catalog.latex import from_latex
from samaritan.catalog.own import append_papers, read_papers, validated
from samaritan.catalog.record import KEY, Paper
from samaritan.catalog.survey_table import arxiv_in
from samaritan.catalog.titles import key_for, twin_of
from samaritan.core.errors import InputError, UsageError
from samaritan.core.text import read_text

#: So many papers are added at a time: each one is compared with all others.
MOST = 1000

#: So many papers that are there already are named in a message.
_TOLD = 10

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def papers_from(
    source: str, taken: Iterable[str], *, month: str | None = None, ask: Callable[[str], Preprint] = ask_arxiv
) -> list[Paper]:
    """The papers that ``source`` describes.

    Args:
        source: a file of records (YAML, JSON) or of BibTeX, a BibTeX text, or an arXiv number or address.
        taken: keys that new ones must differ from.
        month: of the first public version, where BibTeX has none.
        ask: asks arXiv.

    Raises:
        UsageError: it is none of these.
        InputError: it cannot be read, or a record does not fit.
        ResourceError: arXiv does not answer.
    """
    keys = set(taken)
    number = number_in(source)
    if number is not None:
        return [_from_arxiv(ask(number), keys)]
    if re.match(r"\s*@\s*\w+\s*[{(]", source):
        return _from_bibtex(source, "The BibTeX", keys, month)
    path = Path(source)
    if not path.is_file():
        raise UsageError(
            f"{source!r} is no file, no BibTeX entry and no arXiv number; give paper.yaml, paper.bib, '@article{{...}}' or "
            "2304.12620."
        )
    text = read_text(path)
    if path.suffix.lower() == ".bib" or text.lstrip().startswith("@"):
        return _from_bibtex(text, str(path), keys, month)
    return read_papers(path)


def numbered(source: str, known: Iterable[Paper]) -> list[Paper]:
    """The papers that are known already, where ``source`` is their arXiv number or address; arXiv need not be asked."""
    number = number_in(source)
    return [paper for paper in known if number is not None and paper.arxiv == number]


def refuse_known(papers: Sequence[Paper], known: Sequence[Paper]) -> None:
    """Refuse papers that are there already, by title, number or key.

    Raises:
        InputError: with the keys of those that are there.
    """
    found = known_among(papers, known)
    if found:
        told = [f"{paper.title!r} is there as {other.key} ({other.title!r})" for paper, other in found]
        more = f"; and {len(told) - _TOLD} more (--skip-known leaves them out)" if len(told) > _TOLD else ""
        raise InputError(f"Nothing was added: {'; '.join(told[:_TOLD])}{more}.")


def known_among(papers: Sequence[Paper], known: Sequence[Paper]) -> list[tuple[Paper, Paper]]:
    """Papers that are known already or stand twice in ``papers``, each with the one that is there.

    Raises:
        InputError: they are more than :data:`MOST`.
    """
    if len(papers) > MOST:
        raise InputError(f"These are {len(papers)} papers; at most {MOST} are added at a time, so split the file.")
    there = list(known)
    found = []
    for paper in papers:
        same_key = next((other for other in there if paper.key in other.keys), None)
        other = twin_of(paper.title, there, arxiv=paper.arxiv, doi=paper.doi) or same_key
        if other is None:
            there.append(paper)
        else:
            found.append((paper, other))
    return found


def add(papers: Sequence[Paper], known: Sequence[Paper], path: Path) -> None:
    """Add papers to a catalogue file.

    Args:
        papers: new ones.
        known: of every catalogue that is read, the file's own among them.
        path: of the file.

    Raises:
        InputError: one is there already, or the file cannot be read.
        ResourceError: it cannot be written.
    """
    refuse_known(papers, known)
    append_papers(path, papers)


def _from_arxiv(preprint: Preprint, taken: set[str]) -> Paper:
    authors = preprint.authors
    return validated(
        {
            "key": key_for(preprint.title, authors[0] if authors else "", preprint.month[:4], taken),
            "title": preprint.title, "authors": authors, "month": preprint.month, "venue": preprint.journal or "arXiv",
            "arxiv": preprint.number, "doi": preprint.doi, "url": f"https://arxiv.org/abs/{preprint.number}",
        },
        f"What arXiv says about {preprint.number}",
    )  # fmt: skip


def _from_bibtex(text: str, origin: str, taken: set[str], month: str | None) -> list[Paper]:
    papers: list[Paper] = []
    entries = read_bibtex(text, origin)
    if len(entries) > MOST:
        raise InputError(f"{origin} has {len(entries)} entries; at most {MOST} are added at a time, so split it.")
    for entry in entries:
        paper = _from_entry(entry, taken, month)
        taken.add(paper.key)
        papers.append(paper)
    if not papers:
        raise InputError(f"{origin} has no entry; an entry begins like @article{{key, title = ...")
    return papers


def _from_entry(entry: BibEntry, taken: set[str], month: str | None) -> Paper:
    said = {name: from_latex(value) for name, value in entry.fields.items() if name not in ("author", "url", "doi")}
    raw = {name: entry.fields.get(name, "").strip().strip("{}") or None for name in ("url", "doi")}
    names = [name for name in " ".join(entry.fields.get("author", "").split()).split(" and ") if name]
    authors = [_plain_name(from_latex(name)) for name in names if name.lower() != "others"]
    number = (
        number_in(said.get("eprint", ""))
        or arxiv_in(raw["url"])
        or number_in((said.get("journal") or "").removeprefix("arXiv preprint "))
    )
    when = month or _month_of(said) or (number and f"20{number[:2]}-{number[2:4]}")
    if when is None:
        raise InputError(
            f"The entry {entry.key[:100]!r} does not say in which month the paper came out; add month = jun, or pass --month "
            "2024-06."
        )
    key = entry.key if re.fullmatch(KEY, entry.key) and entry.key not in taken else None
    record: dict[str, Any] = {
        "key": key or key_for(said.get("title", ""), authors[0] if authors else "", when[:4], taken),
        "title": said.get("title", ""), "authors": authors, "others": len(authors) < len(names), "month": when,
        "venue": said.get("journal") or said.get("booktitle") or ("arXiv" if number else None), "arxiv": number,
        "doi": raw["doi"] and re.sub(r"^https?://(?:dx\.)?doi\.org/", "", raw["doi"]),
        "url": raw["url"] or (number and f"https://arxiv.org/abs/{number}"),
    }  # fmt: skip
    missing = [name for name in ("title", "authors") if not record[name]]
    if missing:
        raise InputError(f"The entry {entry.key[:100]!r} has no {' and no '.join(missing)}.")
    return validated(record, f"The entry {entry.key[:100]!r}")


def _plain_name(name: str) -> str:
    """``Wu, Junde`` as people say it."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma else name


def _month_of(said: dict[str, str]) -> str | None:
    """Year and month of an entry, from biblatex's ``date`` too."""
    date = re.match(r"(\d{4})-(0[1-9]|1[0-2])", said.get("date", ""))
    if date:
        return date[0]
    year = re.match(r"\d{4}", said.get("year", ""))
    month = said.get("month", "").strip().lower()
    if month[:3] in _MONTHS:
        number = _MONTHS.index(month[:3]) + 1
    elif month.isdigit() and 1 <= int(month) <= 12:
        number = int(month)
    else:
        return None
    return f"{year[0]}-{number:02d}" if year else None

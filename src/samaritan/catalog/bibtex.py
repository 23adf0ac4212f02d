"""Papers as BibTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from samaritan.catalog.latex import to_latex
from samaritan.catalog.record import Paper

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

#: A word in its punctuation.
_WORD = re.compile(r"(?P<before>\W*)(?P<name>.*?)(?P<after>\W*)", re.DOTALL)

#: Words in the name of a venue whose papers are of proceedings; all others are articles of journals.
_PROCEEDINGS = ("conference", "proceedings", "workshop", "symposium", "advances in", "lecture notes")
_CONFERENCES = (
    "3dv aaai accv bibm bmvc cvpr cvprw eccv embc emnlp iccv icassp iclr icml icip icpr ijcai isbi miccai midl neurips nips "
    "wacv"
)

#: Names that say who published a paper, but not in what: its record knows no more.
_PUBLISHERS = frozenset(
    [
        "aapm", "acm", "bmc", "elsevier", "frontiers", "hindawi", "ieee", "iop", "j-stage", "mary ann liebert", "mdpi",
        "nature portfolio", "oxford university press", "plos", "rsna", "sage", "spie", "springer", "taylor & francis", "wiley",
    ]
)  # fmt: skip

#: Venues that are no place of publication.
_ARCHIVES = frozenset(
    ["arxiv", "biorxiv", "medrxiv", "preprints.org", "preprint", "techrxiv", "research square", "ssrn"]
)


def bibtex(papers: Iterable[Paper]) -> str:
    """One entry for each paper, with an empty line between them."""
    return "\n\n".join(map(entry_of, papers))


def entry_of(paper: Paper) -> str:
    """The BibTeX entry of a paper."""
    kind, fields = fields_of(paper)
    return entry(kind, paper.key, fields)


def fields_of(paper: Paper) -> tuple[str, dict[str, str | None]]:
    """Kind and fields of a paper's entry.

    An article, a paper in proceedings, or misc for what is only in an archive or of which only the publisher is known.
    """
    kind, place, venue = _kind(paper.venue)
    year, month = (paper.published or paper.month).split("-")
    return kind, {
        "title": protected(paper.title),
        "author": " and ".join([*map(_author, paper.authors), *(["others"] if paper.others else [])]),
        "year": year,
        "month": _MONTHS[int(month) - 1],
        place: venue and to_latex(venue),
        "eprint": paper.arxiv,
        "archiveprefix": "arXiv" if paper.arxiv else None,
        "doi": paper.doi and link(paper.doi),
        "url": link(str(paper.url)) if paper.url else None,
    }


def entry(kind: str, key: str, fields: Mapping[str, str | None]) -> str:
    """An entry of fields that are LaTeX already; those without a value are left out.

    A month is written without braces, since it is the name of a string that every style defines.
    """
    lines = [
        f"  {name:<13} = {value if name == 'month' else f'{{{value}}}'}," for name, value in fields.items() if value
    ]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def protected(title: str) -> str:
    """A title whose names keep their capitals under styles that make them small: ``{SAM}``, ``{U-Net}``, ``{3D}``."""
    return " ".join(map(_protected, unicodedata.normalize("NFC", title).split()))


def link(address: str) -> str:
    """An address or DOI as a field holds it: as it is, without what would end the field."""
    escapes = {"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20", "\n": "", "\r": ""}
    return "".join(escapes.get(character, character) for character in address)


def _protected(word: str) -> str:
    found = _WORD.fullmatch(word)
    if found is None or not any(map(str.isupper, found["name"][1:])):
        return to_latex(word)
    return f"{to_latex(found['before'])}{{{to_latex(found['name'])}}}{to_latex(found['after'])}"


def _author(name: str) -> str:
    """A name as BibTeX reads it; one with the word "and" or a comma in it is a group's."""
    written = to_latex(name)
    words = written.lower().split()
    return f"{{{written}}}" if "and" in words or "," in written else written


def _kind(venue: str | None) -> tuple[str, str, str | None]:
    """Kind of entry, the field for the venue, and what stands in it."""
    low = (venue or "arXiv").lower()
    if low in _ARCHIVES:
        return "misc", "howpublished", None if low == "arxiv" else venue
    if low in _PUBLISHERS:
        return "misc", "publisher", venue
    if any(word in low for word in _PROCEEDINGS) or set(_CONFERENCES.split()).intersection(
        low.replace("'", " ").split()
    ):
        return "inproceedings", "booktitle", venue
    return "article", "journal", venue

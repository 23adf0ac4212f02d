"""Lists of papers in the form of the survey's repository: Markdown tables with the columns Date, Authors, Title, Code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import HttpUrl, TypeAdapter, ValidationError

from samaritan.catalog.record import Paper, one_line
from samaritan.catalog.titles import ALIKE, key_for, similarity, twin_of
from samaritan.core.errors import InputError

COLUMNS = ("date", "authors", "title", "code")

#: What else a column is called: tables of data sets link these in place of code.
_COLUMN = {"dataset": "code"}

#: No row of a list is longer; reading one takes time that grows with the square.
_LONGEST = 10_000

#: So many rows are compared at a time: each one is compared with all others.
MOST = 2000

_CELL = re.compile(r"(?:[^|\\]|\\.|\\$)*")
_ESCAPED = re.compile(r"\\([\\|\[\]<>`*_])")
_LINK = re.compile(r"(?<!\\)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?(\S+?)>?\s*\)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_DATE = re.compile(r"(\d{4})[-./]?(0[1-9]|1[0-2])(?:[-./]?\d\d)?")
_RULE = re.compile(r":?-+:?")
_OTHERS = re.compile(r",?\s*(?:\bet\.?\s*al\b\.?|\band others\b)\s*$", re.IGNORECASE)
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})", re.IGNORECASE)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s?#]+[^\s?#./])")

_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        line: its number in the text, from 1.
        month: ``2023-04``.
        authors: as written, without "et al.", which is ``others``.
        others: more authors follow.
        title: without its link.
        url: of the paper.
        code: of its code.
    """

    line: int
    month: str
    authors: tuple[str, ...]
    others: bool
    title: str
    url: str | None
    code: str | None

    @property
    def arxiv(self) -> str | None:
        """The number on arXiv, where the link goes there."""
        return arxiv_in(self.url)


@dataclass(frozen=True)
class Change:
    """A row that says something else than the catalogue: field -> (what the catalogue has, what the row has)."""

    paper: Paper
    row: Row
    fields: dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True)
class Differences:
    """What a list has, compared with the catalogue.

    Attributes:
        new: rows of papers that the catalogue does not have; a paper that stands twice is one.
        changed: papers of which the list says something else.
        gone: papers of the catalogue that the list does not have.
        same: how many rows say what the catalogue says.
    """

    new: tuple[Row, ...] = ()
    changed: tuple[Change, ...] = ()
    gone: tuple[Paper, ...] = ()
    same: int = 0


@dataclass
class Table:
    """What was read: rows, and one sentence for each row that cannot be read."""

    rows: list[Row] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_table(text: str) -> Table:
    """Every row of every table of ``text`` that has the four columns, in any order; other tables are left alone."""
    table = Table()
    places: dict[str, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST and line.lstrip().startswith("|"):
            table.faults.append(f"Line {number} has {len(line)} letters; no row is longer than {_LONGEST}.")
            continue
        cells = _cells(line)
        if cells is None:
            places = None
        elif set(COLUMNS) <= set(names := [_COLUMN.get(cell.lower(), cell.lower()) for cell in cells]):
            places = {name: names.index(name) for name in COLUMNS}
        elif places is not None and not all(_RULE.fullmatch(cell) for cell in cells):
            _read_row(table, number, cells, places)
    return table


def compare(rows: Sequence[Row], papers: Sequence[Paper]) -> Differences:
    """What is new, changed and gone in ``rows`` against ``papers``; works that the field only stands on are never gone.

    Raises:
        InputError: there are more than :data:`MOST` rows.
    """
    if len(rows) > MOST:
        raise InputError(f"The list has {len(rows)} rows; at most {MOST} are compared at a time, so split it.")
    by_arxiv = {paper.arxiv: paper for paper in papers if paper.arxiv}
    by_title = {title: paper for paper in papers for title in paper.titles}
    found: dict[str, list[Row]] = {}
    new: list[Row] = []
    for row in rows:
        paper = by_arxiv.get(row.arxiv) if row.arxiv else None
        paper = paper or by_title.get(row.title) or twin_of(row.title, papers)
        if paper is not None:
            found.setdefault(paper.key, []).append(row)
        elif not any(similarity(row.title, other.title) >= ALIKE for other in new):
            new.append(row)
    known = {paper.key: paper for paper in papers}
    changed = [change for key, its in found.items() if (change := _change(known[key], its)) is not None]
    gone = [paper for paper in papers if paper.key not in found and not paper.seminal]
    same = sum(map(len, found.values())) - len(changed)
    return Differences(tuple(new), tuple(changed), tuple(gone), same)


def to_papers(rows: Iterable[Row], taken: Iterable[str]) -> list[Paper]:
    """Rows as records, with new keys."""
    keys = set(taken)
    papers = []
    for row in rows:
        key = key_for(row.title, row.authors[0], row.month[:4], keys)
        keys.add(key)
        papers.append(_paper(row, key))
    return papers


def _paper(row: Row, key: str) -> Paper:
    return Paper(
        key=key,
        title=row.title,
        authors=row.authors,
        others=row.others,
        month=row.month,
        arxiv=row.arxiv,
        venue="arXiv" if row.arxiv else None,
        doi=doi_in(row.url),
        url=_url(row.url),
        code=_url(row.code),
    )


def split_authors(text: str) -> tuple[tuple[str, ...], bool]:
    """Names in a cell such as ``A. Lee and B. Wu`` or ``A. Lee et al.``, and whether more follow."""
    named, others = _OTHERS.subn("", text.strip())
    names = [name.strip() for name in re.split(r",|;|&|\band\b", named)]
    return tuple(name for name in names if name), bool(others)


def arxiv_in(address: str | None) -> str | None:
    """The arXiv number in an address."""
    found = _ARXIV.search(address or "")
    return found[1] if found else None


def doi_in(address: str | None) -> str | None:
    """The DOI in an address, where it shows one."""
    found = _DOI.search(address or "")
    return re.sub(r"\.(?:short|full|pdf)$|v\d+(?:\.full.*)?$", "", found[1]) if found else None


def _cells(line: str) -> list[str] | None:
    """The cells of a line of a table; None for any other line."""
    stripped = line.strip()
    if not stripped.startswith("|"):
        return None
    cells, place = [], 1
    while place < len(stripped):
        cell = _CELL.match(stripped, place)
        assert cell is not None  # noqa: S101 - it fits the empty text
        cells.append(cell[0].strip())
        place = cell.end() + 1
    return cells


def _read_row(table: Table, number: int, cells: Sequence[str], places: dict[str, int]) -> None:
    if len(cells) <= max(places.values()):
        table.faults.append(f"Line {number} has {len(cells)} cells; it needs {len(COLUMNS)}.")
        return
    cell = {name: cells[place] for name, place in places.items()}
    date = _DATE.fullmatch(cell["date"])
    title, url = _titled(cell["title"])
    authors, others = split_authors(_plain(cell["authors"]))
    if date is None:
        table.faults.append(
            f"Line {number} has the date {cell['date']!r}; a month is written 202304, 2023-04 or 2023.04."
        )
    elif not title or not authors:
        table.faults.append(f"Line {number} has no {'title' if authors else 'authors'}.")
    else:
        found = _LINK.search(cell["code"])
        code = found[2] if found else cell["code"] if _ADDRESS.fullmatch(cell["code"]) else None
        _keep(table, Row(number, f"{date[1]}-{date[2]}", authors, others, title, url, code))


def _keep(table: Table, row: Row) -> None:
    """Keep a row that makes a record, and whose addresses can be printed; told at once, not when some are added already."""
    try:
        _paper(row, "a2000a")
        one_line(f"{row.url} {row.code}")
    except ValueError as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        table.faults.append(f"Line {row.line} does not fit: {why}.")
    else:
        table.rows.append(row)


def _titled(cell: str) -> tuple[str, str | None]:
    """Title and link of a cell: the link is the title, or stands behind it as ``[(paper)](address)``."""
    links = list(_LINK.finditer(cell))
    rest = _LINK.sub("", cell).strip()
    return _plain(rest or (links[0][1] if links else "")), links[0][2] if links else None


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", " ".join(text.split()))


def _change(paper: Paper, rows: Sequence[Row]) -> Change | None:
    """What all rows of a paper say differently; a paper that stands twice is unchanged where one row agrees."""
    told = [_fields(paper, row) for row in rows]
    for fields, row in zip(told, rows, strict=True):
        kept = {name: pair for name, pair in fields.items() if all(name in other for other in told)}
        if kept:
            return Change(paper, row, kept)
    return None


def _fields(paper: Paper, row: Row) -> dict[str, tuple[str | None, str | None]]:
    pairs: Iterator[tuple[str, str | None, str | None, bool]] = iter(
        (
            ("month", paper.month, row.month, row.month in (paper.month, paper.published)),
            ("title", paper.title, row.title, _letters(row.title) in map(_letters, paper.titles)),
            ("url", _text(paper.url), row.url, row.url is None or _same_paper(paper, row)),
            ("code", _text(paper.code), row.code, row.code is None or _leads_to(row.code, paper.code, *paper.also)),
        )
    )
    return {name: (mine, theirs) for name, mine, theirs, equal in pairs if not equal}


def _same_paper(paper: Paper, row: Row) -> bool:
    return (paper.arxiv is not None and paper.arxiv == row.arxiv) or _leads_to(row.url, paper.url, *paper.also)


def _leads_to(address: str | None, *known: HttpUrl | None) -> bool:
    """Whether an address is one of those that are known."""
    return _bare(address) in (_bare(_text(one)) for one in known)


def _bare(address: str | None) -> str:
    """An address without what changes nothing of where it goes."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", (address or "").lower()).partition("#")[0]
    return re.sub(r"(?:/|\.git|\.pdf)+$", "", text)


def _letters(title: str) -> str:
    return re.sub(r"\W+", "", title.casefold())


def _text(address: HttpUrl | None) -> str | None:
    return None if address is None else str(address)


def _url(address: str | None) -> HttpUrl | None:
    """An address, where it is one of the web; "github.com/..." is written without its beginning in lists of people."""
    if address is None:
        return None
    try:
        return _URL.validate_python(address if "://" in address else f"https://{address}")
    except ValidationError:
        return None

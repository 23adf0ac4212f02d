"""What arXiv says about one of its papers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from samaritan.catalog.network import Client
from samaritan.core.errors import InputError, ResourceError

#: The interface for programs; arXiv asks for three seconds between two questions.
ADDRESS = "https://export.arxiv.org/api/query"
PAUSE = 3.0

_MOST = 1 << 20
#: An arXiv number in any form; its first group is the number alone.
NUMBER = re.compile(
    r"(?:arxiv:\s*|https?://(?:www\.)?arxiv\.org/(?:abs|pdf|html)/)?([0-9]{4}\.[0-9]{4,5})(?:v[0-9]+)?(?:\.pdf)?",
    re.IGNORECASE,
)
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"


@dataclass(frozen=True)
class Preprint:
    """What arXiv has of a paper; ``month`` is that of its first version."""

    number: str
    title: str
    authors: tuple[str, ...]
    month: str
    doi: str | None
    journal: str | None


def number_in(text: str) -> str | None:
    """The arXiv number that ``text`` is (2304.12620, arXiv:2304.12620v3, an address); None for anything else."""
    found = NUMBER.fullmatch(text.strip())
    return found[1] if found else None


def ask_arxiv(number: str, client: Client | None = None) -> Preprint:
    """Ask arXiv for title, authors and month of a paper.

    Args:
        number: such as ``2304.12620``.
        client: keeps the pace between several questions.

    Raises:
        InputError: arXiv has no such paper, or its answer cannot be read.
        ResourceError: no answer came.
    """
    client = client or Client(pause=PAUSE)
    answer = client.ask(f"{ADDRESS}?id_list={number}&max_results=1", most=_MOST)
    if answer.status != 200:
        why = answer.why or f"it answers {answer.status}"
        raise ResourceError(f"arXiv could not be asked about {number} ({why}); try again later, or add a BibTeX entry.")
    entry = _entry_in(answer.body, number)
    if entry is None or number not in _text(entry, f"{_ATOM}id"):
        raise InputError(f"arXiv has no paper {number}; compare the number with its page.")
    return Preprint(
        number,
        _text(entry, f"{_ATOM}title"),
        tuple(_text(author, f"{_ATOM}name") for author in entry.findall(f"{_ATOM}author")),
        _text(entry, f"{_ATOM}published")[:7],
        _text(entry, f"{_ARXIV}doi") or None,
        _text(entry, f"{_ARXIV}journal_ref") or None,
    )


def _entry_in(body: bytes, number: str) -> ElementTree.Element | None:
    try:
        text = body.decode("utf-8")  # in another encoding an entity could hide
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise InputError(f"The answer about {number} is not one of arXiv's interface; check what stands between.")
        return ElementTree.fromstring(text).find(f"{_ATOM}entry")  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"The answer about {number} cannot be read ({error}); try again later.") from error


def _text(element: ElementTree.Element, name: str) -> str:
    return " ".join((element.findtext(name) or "").split())

"""All papers that this machine knows: those of the package and a person's own."""

from __future__ import annotations

from pathlib import Path

from samaritan.catalog.arxiv import number_in
from samaritan.catalog.catalogue import load_catalog, unknown_paper
from samaritan.catalog.own import own_papers, read_papers
from samaritan.catalog.record import Paper, Tags
from samaritan.catalog.rules import derived


def all_papers() -> list[Paper]:
    """The package's papers, then the person's own.

    Raises:
        InputError: the person's file cannot be read.
    """
    carried = load_catalog()
    return [*carried.papers, *(_tagged(paper) for paper in own_papers() if paper.key not in carried)]


def _tagged(paper: Paper) -> Paper:
    """A person's paper with the tags that the rules give its title, unless the person has given some."""
    return paper if paper.tags != Tags() else paper.model_copy(update={"tags": derived(paper.title)})


def with_file(papers: list[Paper], path: Path) -> list[Paper]:
    """``papers`` and those of another catalogue file, where it is there and they are not among them.

    Raises:
        InputError: the file cannot be read.
    """
    there = {key for paper in papers for key in paper.keys}
    return [*papers, *(paper for paper in (read_papers(path) if path.exists() else []) if paper.key not in there)]


def find_paper(name: str) -> Paper:
    """The paper with this key, arXiv number or title, also those of an earlier version.

    Raises:
        UnknownPaperError: there is none; the message has the nearest keys.
    """
    papers = all_papers()
    number = number_in(name)
    for paper in papers:
        told = {title.casefold() for title in paper.titles}
        if name in paper.keys or (number and number == paper.arxiv) or name.casefold() in told:
            return paper
    raise unknown_paper(name, (key for paper in papers for key in paper.keys))

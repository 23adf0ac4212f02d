"""Whether records agree with each other and with the vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from samaritan.catalog.filters import FACETS
from samaritan.catalog.record import Paper
from samaritan.catalog.titles import twins


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: of which paper, of what kind (``key``, ``twin``, ``number``, ``tag``), in a sentence."""

    key: str
    kind: str
    sentence: str


def check_papers(papers: Sequence[Paper], vocabulary: Mapping[str, Collection[str]]) -> list[Fault]:
    """Keys, papers and numbers that stand twice, and tags that the vocabulary does not have.

    Args:
        papers: of all catalogues that are read together.
        vocabulary: facet -> words.
    """
    counted = Counter(key for paper in papers for key in paper.keys)
    faults = [Fault(key, "key", f"The key {key} stands {times} times.") for key, times in counted.items() if times > 1]
    pairs = [(earlier, later) for earlier, later in twins(papers) if earlier.key != later.key]
    faults += [
        Fault(later.key, "twin", f"{later.key} is the same paper as {earlier.key}: {earlier.title!r}.")
        for earlier, later in pairs
    ]
    faults += _shared_numbers(papers, {(earlier.key, later.key) for earlier, later in pairs})
    for paper in papers:
        for facet in FACETS:
            for word in getattr(paper.tags, facet):
                if word not in vocabulary.get(facet, ()):
                    name = facet.replace("_", "-")
                    faults.append(
                        Fault(paper.key, "tag", f"{paper.key} has the {name} {word!r}, which is not in the vocabulary.")
                    )
    return faults


def _shared_numbers(papers: Sequence[Paper], told: Collection[tuple[str, str]]) -> Iterator[Fault]:
    """Papers whose titles differ and whose arXiv number or DOI is one: renamed since, or a wrong link."""
    by_number: dict[str, list[Paper]] = {}
    for paper in papers:
        for number in (paper.arxiv and f"arXiv number {paper.arxiv}", paper.doi and f"DOI {paper.doi.lower()}"):
            if number:
                by_number.setdefault(number, []).append(paper)
    for number, sharing in by_number.items():
        for earlier, later in combinations(sharing, 2):
            if earlier.key != later.key and (earlier.key, later.key) not in told:
                sentence = (
                    f"{later.key} and {earlier.key} have the same {number}; they are one paper, or a link is wrong."
                )
                yield Fault(later.key, "number", sentence)

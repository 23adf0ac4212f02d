"""Whether records agree with each other and with the vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from samaritan.catalog.filters import FACETS
from samaritan.catalog.record import Paper
from samaritan.catalog.titles import twins


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: of which paper, of what kind (``key``, ``twin``, ``tag``), in a sentence."""

    key: str
    kind: str
    sentence: str


def check_papers(papers: Sequence[Paper], vocabulary: Mapping[str, Collection[str]]) -> list[Fault]:
    """Keys and papers that stand twice, and tags that the vocabulary does not have.

    Args:
        papers: of all catalogues that are read together.
        vocabulary: facet -> words.
    """
    counted = Counter(paper.key for paper in papers)
    faults = [Fault(key, "key", f"The key {key} stands {times} times.") for key, times in counted.items() if times > 1]
    faults += [
        Fault(later.key, "twin", f"{later.key} is the same paper as {earlier.key}: {earlier.title!r}.")
        for earlier, later in twins(papers)
        if earlier.key != later.key
    ]
    for paper in papers:
        for facet in FACETS:
            for word in getattr(paper.tags, facet):
                if word not in vocabulary.get(facet, ()):
                    name = facet.replace("_", "-")
                    faults.append(
                        Fault(paper.key, "tag", f"{paper.key} has the {name} {word!r}, which is not in the vocabulary.")
                    )
    return faults

"""The literature of Segment Anything on medical images: papers, their tags, search, citations. No torch, no network."""

from samaritan.catalog.catalogue import Catalog, UnknownPaperError, load_catalog
from samaritan.catalog.filters import Filters
from samaritan.catalog.index import Index, search
from samaritan.catalog.record import Earlier, Implementation, Paper, Tags
from samaritan.catalog.vocabulary import vocabulary

__all__ = [
    "Catalog", "Earlier", "Filters", "Implementation", "Index", "Paper", "Tags", "UnknownPaperError", "load_catalog", "search",
    "vocabulary",
]  # fmt: skip

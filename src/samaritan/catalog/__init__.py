"""The literature of Segment Anything on medical images: papers, their tags, search, citations. No torch, no network."""

from samaritan.catalog.catalogue import Catalog, UnknownPaperError, load_catalog
from samaritan.catalog.record import Implementation, Paper, Tags
from samaritan.catalog.vocabulary import vocabulary

__all__ = ["Catalog", "Implementation", "Paper", "Tags", "UnknownPaperError", "load_catalog", "vocabulary"]

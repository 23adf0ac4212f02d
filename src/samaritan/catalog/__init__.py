"""The literature of Segment Anything on medical images: papers, their tags, search, citations. No torch, no network."""

from samaritan.catalog.record import Implementation, Paper, Tags

__all__ = ["Implementation", "Paper", "Tags"]

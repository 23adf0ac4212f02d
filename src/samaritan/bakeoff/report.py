"""The report of a bake-off."""

from __future__ import annotations

from samaritan.bakeoff.collect import Bakeoff


def write_report(bakeoff: Bakeoff) -> None:
    """Write it."""

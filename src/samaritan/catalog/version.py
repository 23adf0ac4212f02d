"""Which version of the package this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """As installed; ``0`` where it runs without being installed."""
    try:
        return version("samaritan")
    except PackageNotFoundError:
        return "0"

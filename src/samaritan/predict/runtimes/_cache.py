"""Prepared encoders on disk: one file each, a line of JSON and a payload, written whole or not at all.

Two processes may prepare the same one: each writes a complete file, and the last one stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samaritan.core import ResourceError, write_bytes
from samaritan.models._source import cache_folder
from samaritan.predict.runtimes._base import Runtime

_log = logging.getLogger(__name__)

#: Version of the file's layout and of the gate's questions, by kind; older files are not looked at.
VERSIONS = {"exact": 1, "fast": 2}

#: Seconds after which a file that is still under its temporary name was left by a writer that was killed.
_ABANDONED = 3600


@dataclass(frozen=True)
class Entry:
    """A prepared encoder.

    Attributes:
        header: plan, verdict of the gate, and what it was made for.
        payload: of the runtime.
    """

    header: dict[str, Any]
    payload: bytes


def entry_path(runtime: Runtime, fingerprint: str, kind: str) -> Path:
    """Where the encoder of that fingerprint lies, for this version of the runtime and this processor.

    Args:
        runtime: that runs it.
        fingerprint: of the encoder.
        kind: "exact" or "fast".
    """
    said = [VERSIONS[kind], fingerprint, runtime.name, runtime.version, kind, processor()]
    key = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
    return cache_folder() / "runtimes" / f"{runtime.name}-{kind}-{key}.bin"


def processor() -> str:
    """Name and abilities of the processor; compiled code of one does not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    wanted = {
        line.partition(":")[0].strip(): line for line in lines if line.startswith(("model name", "flags", "Features"))
    }
    return f"{platform.machine()} {hashlib.sha256(repr(sorted(wanted.items())).encode()).hexdigest()[:16]}"


def read_header(path: Path) -> dict[str, Any] | None:
    """What the first line of a file says; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            header: dict[str, Any] = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    return header if isinstance(header, dict) and "verdict" in header else None


def read_entry(path: Path, then: str = "it is made again") -> Entry | None:
    """What lies there; None where nothing does, or something damaged, of which a person is told, and what happens ``then``."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("%s cannot be read (%s); %s.", path, error.strerror, then)
        return None
    line, _, payload = content.partition(b"\n")
    try:
        header = json.loads(line)
        whole = header["sha256"] == hashlib.sha256(payload).hexdigest()
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        _log.warning("The prepared encoder %s is damaged; %s.", path.name, then)
        return None
    return Entry(header, payload)


def write_entry(path: Path, header: dict[str, Any], payload: bytes) -> None:
    """Keep a prepared encoder; where the disk does not take it, a person is told and the work goes on."""
    said = {**header, "sha256": hashlib.sha256(payload).hexdigest()}
    _clear_abandoned(path.parent)
    try:
        write_bytes(path, json.dumps(said).encode() + b"\n" + payload)
    except ResourceError as error:
        _log.warning("The prepared encoder is not kept: %s", error)


def _clear_abandoned(folder: Path) -> None:
    """Remove what killed writers left; a prepared encoder takes tens of megabytes."""
    for path in folder.glob(".tmp-*.bin"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink(missing_ok=True)

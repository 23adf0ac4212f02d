from __future__ import annotations

import os
from pathlib import Path

import pytest

from samaritan.core import FormatError, InputError, read_text
from samaritan.core import text as module


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{} \xc3\xbc")
    assert read_text(tmp_path / "a.json") == "{} ü"


def test_missing_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.yaml: No such file"):
        read_text(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_bytes(b"abc\xff")
    with pytest.raises(FormatError, match=r"b\.yaml is not text in UTF-8 .* byte 3"):
        read_text(tmp_path / "b.yaml")


def test_what_would_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InputError, match="a folder, a pipe or a device"):
            read_text(path)


def test_large_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2**20)
    (tmp_path / "a.json").write_bytes(bytes(2**20 + 1))
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_text(tmp_path / "a.json")

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from samaritan.core import ResourceError, atomic_folder, atomic_path, write_bytes, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_arrive(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "folder" / "ä.txt", "größe")
    write_bytes(tmp_path / "b.bin", b"\x00\xff")
    assert (tmp_path / "new" / "folder" / "ä.txt").read_text(encoding="utf-8") == "größe"
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == ["b.bin", "new"]


def test_failure_inside_keeps_the_old_content_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_text("old")

    def write_half() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["mask.nii.gz"]


def test_disk_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"

    def fill() -> None:
        with atomic_path(path):
            raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match=r"a\.txt: No space left on device; nothing was changed"):
        fill()
    assert names(tmp_path) == []


def test_rename_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ResourceError, match="Input/output error"):
        write_text(tmp_path / "a.txt", "new")
    assert names(tmp_path) == []


def test_existing_file_is_replaced_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ResourceError, match="--overwrite"):
        write_text(path, "new", overwrite=False)
    assert path.read_text() == "old"
    write_text(path, "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(ResourceError, match="not a regular file"):
        write_text(path, "new")
    assert path.is_dir() if kind == "folder" else path.is_fifo()


def test_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="Could not write"):
        write_text(tmp_path / "file" / "a.txt", "new")


def test_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="too long"):
        write_text(tmp_path / ("a" * 300), "new")


def test_temporary_name_has_the_ending_and_the_result_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with atomic_path(tmp_path / "case.1.nii.gz") as temporary:
            assert temporary.name.endswith(".nii.gz")
            assert temporary.parent == tmp_path
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "case.1.nii.gz").stat().st_mode) == 0o644


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "new" / "out") as made:
        (made / "a.txt").write_text("a")
        assert names(tmp_path / "new") != ["out"]
    assert names(tmp_path / "new") == ["out"]
    assert names(tmp_path / "new" / "out") == ["a.txt"]


def _write(path: Path, text: str, *, overwrite: bool, fault: type[BaseException] | None = None) -> None:
    with atomic_folder(path, overwrite=overwrite) as made:
        (made / "a.txt").write_text(text)
        if fault is not None:
            raise fault


def test_a_folder_keeps_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    _write(path, "old", overwrite=False)
    with pytest.raises(ResourceError, match="exists already"):
        _write(path, "new", overwrite=False)
    with pytest.raises(KeyboardInterrupt):
        _write(path, "new", overwrite=True, fault=KeyboardInterrupt)
    rename = Path.replace

    def refuse_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse_new)
        with pytest.raises(ResourceError, match="Permission denied; nothing was changed"):
            _write(path, "new", overwrite=True)
    assert (path / "a.txt").read_text() == "old"
    _write(path, "new", overwrite=True)
    assert (path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("moved", [False, True])
def test_what_a_killed_process_left_goes_with_the_next(tmp_path: Path, moved: bool) -> None:
    _write(tmp_path / "out", "old", overwrite=False)
    program = """
import os, sys
from pathlib import Path
from samaritan.core import atomic_folder
with atomic_folder(sys.argv[1], overwrite=True) as made:
    (made / "a.txt").write_text("half")
    if sys.argv[2] == "True":
        Path(sys.argv[1]).replace(made.with_name("old"))
    os.kill(os.getpid(), 9)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "out"), str(moved)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 1 + (not moved)
    _write(tmp_path / "other", "new", overwrite=False)
    assert names(tmp_path) == ["other", "out"]
    assert (tmp_path / "out" / "a.txt").read_text() == "old"


def test_what_is_being_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".tmp-not-ours").mkdir()
    with atomic_folder(tmp_path / "slow") as made:
        (made / "a.txt").write_text("slow")
        _write(tmp_path / "quick", "quick", overwrite=False)
        assert names(made) == ["a.txt"]
    assert names(tmp_path) == [".tmp-not-ours", "quick", "slow"]

from __future__ import annotations

import errno
import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

from samaritan.annotate.messages import Mark
from samaritan.annotate.workspace._journal import Journal, free_name
from samaritan.annotate.workspace._records import DamagedLineError, Head, Now, Record
from samaritan.core import ResourceError

HEAD = Head(case="c", name="n", file="n.nii.gz", shape=(1, 1, 1), affine=((1.0,),), image=7)


def record(revision: int, note: str = "x") -> Record:
    edit = Mark(kind="mark", note=note)
    return Record(
        revision=revision, time="t", request=f"request-{revision}", edit=edit, now=Now(status="work", objects=0)
    )


def written(path: Path, count: int = 3) -> Journal:
    journal = Journal(path)
    journal.append(HEAD, record(1))
    for number in range(2, count + 1):
        journal.append(record(number))
    return journal


def test_what_is_appended_comes_back(tmp_path: Path) -> None:
    journal = written(tmp_path / "deep" / "c.jsonl")
    places = [place for place, _ in journal.replay()]
    assert journal.head() == HEAD
    again = Journal(journal.path)
    assert [one for _, one in again.replay()] == [record(1), record(2), record(3)]
    assert again.size == journal.size == journal.path.stat().st_size
    assert again.read(places[1]) == record(2)
    assert [one.revision for _, one in Journal(journal.path).replay(places[2])] == [3]
    assert again.last() == record(3)
    assert again.holds(record(3).to_line(), again.size)
    assert not again.holds(record(2).to_line(), again.size)


def test_nothing_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "c.jsonl")
    assert (journal.head(), journal.last(), list(journal.replay())) == (None, None, [])
    journal.path.write_bytes(HEAD.to_line())
    assert (journal.head(), journal.last(), list(journal.replay())) == (HEAD, None, [])


@pytest.mark.parametrize("size", [10, 2**15, 2**17, 2**20])
def test_the_last_line_is_found_from_the_end(size: int, tmp_path: Path) -> None:
    journal = written(tmp_path / "c.jsonl", 1)
    journal.append(record(2, "y" * 4000))
    big = Record(revision=3, time="t" * size, now=Now(status="work", objects=4))
    journal.append(big)
    assert Journal(journal.path).last() == big
    with journal.path.open("ab") as file:
        file.write(big.to_line()[:-1])
    assert Journal(journal.path).last() == big


def test_every_line_is_on_disk_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, int]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").resolve()
        synced.append((path.name, path.stat().st_size if path.is_file() else 0))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    journal = Journal(tmp_path / "journal" / "c.jsonl")
    journal.append(HEAD, record(1))
    assert synced == [("journal", 0), (tmp_path.name, 0), ("c.jsonl", journal.size)]
    journal.append(record(2))
    assert synced[3:] == [("c.jsonl", journal.size)]


def test_every_cut_drops_the_torn_line_and_nothing_else(tmp_path: Path) -> None:
    content = written(tmp_path / "c.jsonl").path.read_bytes()
    ends = [n + 1 for n, byte in enumerate(content) if byte == 10]
    for cut in sorted({*range(0, len(content), 17), *ends, *(end - 1 for end in ends)} - {len(content)}):
        path = tmp_path / "cut.jsonl"
        path.write_bytes(content[:cut])
        journal = Journal(path)
        whole = [end for end in ends if end <= cut]
        assert [one.revision for _, one in journal.replay()] == list(range(1, len(whole)))
        assert journal.size == (whole[-1] if whole else 0)
        assert (journal.head() is None) == (not whole)
    journal.append(record(3, "again"))  # over what was torn
    assert [one.revision for _, one in Journal(path).replay()] == [1, 2, 3]


def test_any_other_damage_ends_the_journal_there(tmp_path: Path) -> None:
    journal = written(tmp_path / "c.jsonl")
    content = journal.path.read_bytes()
    second = content.index(b"\n") + 1
    for place in range(0, len(content) - 1, 7):
        journal.path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        damaged = Journal(journal.path)
        seen: list[Record] = []
        with pytest.raises(DamagedLineError):
            seen.extend(one for _, one in damaged.replay())
        whole = max(content[:place].count(b"\n") - 1, 0)
        assert seen == [record(1), record(2), record(3)][:whole]
        if place > second:
            with pytest.raises(ResourceError, match="changed by another program"):
                damaged.read(content.rindex(b"\n", 0, place) + 1)


def test_nothing_is_written_behind_a_hole(tmp_path: Path) -> None:
    journal = written(tmp_path / "c.jsonl")
    size = journal.path.stat().st_size
    os.truncate(journal.path, size - 20)
    with pytest.raises(ResourceError, match="was cut short by another program"):
        journal.append(record(4))
    assert journal.path.stat().st_size == size - 20
    assert [one.revision for _, one in Journal(journal.path).replay()] == [1, 2]


def _no_links(*_: Any, **__: Any) -> None:
    raise OSError(1, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False])
def test_a_damaged_file_is_set_aside_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr("os.link", _no_links)
    journal = written(tmp_path / "c.jsonl")
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:-20] + b"?" + content[-19:])
    journal = Journal(journal.path)
    with pytest.raises(DamagedLineError):
        list(journal.replay())
    assert journal.set_aside().name == "c.damaged.jsonl"
    assert (tmp_path / "c.damaged.jsonl").read_bytes() == content[:-20] + b"?" + content[-19:]
    assert [one.revision for _, one in Journal(journal.path).replay()] == [1, 2]
    assert free_name(tmp_path / "c.damaged.jsonl").name == "c-2.damaged.jsonl"


@pytest.mark.parametrize("call", ["pwrite", "fsync", "ftruncate"])
def test_a_failure_adds_nothing(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = written(tmp_path / "c.jsonl")
    content = journal.path.read_bytes()
    real = getattr(os, call)

    def fails(handle: int, *arguments: Any) -> None:
        if call == "pwrite":
            real(handle, bytes(arguments[0])[:11], arguments[1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fails)
        with pytest.raises(ResourceError, match=r"No space left on device.*was not done; free some space"):
            journal.append(record(4))
    assert [one.revision for _, one in Journal(journal.path).replay()] == [1, 2, 3]
    journal.append(record(4))
    assert journal.path.read_bytes() == content + record(4).to_line()


def test_a_file_size_limit_is_a_sentence(tmp_path: Path) -> None:
    """Here the kernel itself refuses in the middle of a line."""
    journal = written(tmp_path / "c.jsonl")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size + 10, limits[1]))
    try:
        with pytest.raises(ResourceError, match=r"could not be written to c.jsonl \(File too large\)"):
            journal.append(record(4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [one.revision for _, one in Journal(journal.path).replay()] == [1, 2, 3]
    assert journal.path.stat().st_size == journal.size


def test_a_head_does_not_lead_out() -> None:
    for file in ("../x.nii.gz", "/x.nii.gz"):
        line = HEAD.model_copy(update={"file": file}).to_line()
        with pytest.raises(DamagedLineError, match="outside of the folder"):
            Head.of_line(line)


def test_a_file_that_somebody_removed_is_put_back(tmp_path: Path) -> None:
    journal = written(tmp_path / "c.jsonl")
    journal.path.unlink()
    with pytest.raises(ResourceError, match="was removed"):
        journal.read(10)
    journal.append(record(4))
    assert [one.revision for _, one in Journal(journal.path).replay()] == [1, 2, 3, 4]

"""Arrays on disk: never wrong, whatever happens to the files."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from samaritan.core import atomic
from samaritan.core.store import ArrayStore

KEY, OTHER = "ab" + "0" * 62, "cd" + "1" * 62


def arrays(seed: int = 0, size: int = 1000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"image": rng.random((2, size // 2)).astype(np.float32), "half": rng.random(5).astype(np.float16)}


def same(one: dict[str, np.ndarray] | None, other: dict[str, np.ndarray]) -> bool:
    return (
        one is not None
        and one.keys() == other.keys()
        and all(one[n].dtype == other[n].dtype and np.array_equal(one[n], other[n]) for n in other)
    )


def entry(folder: Path) -> Path:
    (path,) = folder.rglob("*.safetensors")
    return path


def test_gives_back_what_was_written(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path / "new" / "folder")
    assert store.read(KEY) is None
    store.write(KEY, arrays())
    assert same(store.read(KEY), arrays())
    assert store.read(OTHER) is None
    assert (store.size().entries, store.size().bytes) == (1, entry(tmp_path).stat().st_size)


def test_memory_order_does_not_matter(tmp_path: Path) -> None:
    array = np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)
    store = ArrayStore(tmp_path)
    store.write(KEY, {"x": array, "scalar": np.array(3)})
    assert same(store.read(KEY), {"x": array, "scalar": np.array(3)})


def test_nothing_done_to_an_answer_reaches_the_file(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    store.write(KEY, arrays())
    found = store.read(KEY)
    assert found is not None
    found["image"][:] = -1
    assert same(store.read(KEY), arrays())


def _truncate(content: bytes) -> bytes:
    return content[:-7]


def _flip(content: bytes) -> bytes:
    return content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        _truncate,
        _flip,
        lambda _: b"no array at all",
        lambda content: content[:40],
        lambda content: content + b"more",
        lambda _: b"\xff" * 64,
    ],
    ids=["empty", "truncated", "one bit", "garbage", "half a header", "longer", "huge header"],
)
def test_a_damaged_entry_is_none_with_a_warning_and_can_be_written_anew(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    store = ArrayStore(tmp_path, what="embeddings")
    store.write(KEY, arrays())
    path = entry(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert store.read(KEY) is None
    assert "embeddings" in caplog.text
    assert "damaged" in caplog.text
    store.write(KEY, arrays())
    assert path.read_bytes() == whole


def test_an_entry_of_another_shape_or_another_key_is_not_taken(tmp_path: Path) -> None:
    """A well-formed file under the right name, but not what was stored there."""
    store = ArrayStore(tmp_path)
    store.write(KEY, arrays())
    path = entry(tmp_path)
    whole = path.read_bytes()
    content = load_file(path)
    save_file(content | {"image": content["image"].T.copy()}, path)
    assert store.read(KEY) is None
    strange = tmp_path / OTHER[:2] / f"{OTHER}.safetensors"
    strange.parent.mkdir()
    strange.write_bytes(whole)
    assert store.read(OTHER) is None


def test_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path, limit=50_000)
    keys = [f"{n:02d}" + "0" * 62 for n in range(12)]
    for key in keys[:10]:
        store.write(key, arrays())
        time.sleep(0.002)
    assert store.size().entries == 10
    assert store.read(keys[0]) is not None  # used again, so that it is not the oldest any more
    for key in keys[10:]:
        time.sleep(0.002)
        store.write(key, arrays())
    size = store.size()
    assert size.bytes <= 50_000
    assert store.read(keys[0]) is not None
    assert store.read(keys[1]) is None
    assert store.read(keys[11]) is not None


def test_the_limit_holds_for_two_writers_and_for_what_was_there(tmp_path: Path) -> None:
    stores = [ArrayStore(tmp_path, limit=40_000) for _ in range(2)]
    for n in range(60):
        stores[n % 2].write(f"{n:02d}" + "0" * 62, arrays(n))
        assert stores[0].size().bytes <= 40_000 * 1.2
    ArrayStore(tmp_path, limit=10_000).write(KEY, arrays())
    assert stores[0].size().bytes <= 10_000


def test_an_entry_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path, limit=1000)
    store.write(KEY, arrays())
    assert store.size().entries == 0


def test_what_another_process_removed_is_not_there(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path, limit=10**6)
    store.write(KEY, arrays())
    entry(tmp_path).unlink()
    assert store.read(KEY) is None
    store.write(KEY, arrays())
    assert same(store.read(KEY), arrays())


def test_clear_removes_entries_and_tells_how_much(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    store.write(KEY, arrays())
    store.write(OTHER, arrays())
    (tmp_path / "note.txt").write_text("mine")
    assert store.clear().entries == 2
    assert (store.size().entries, (tmp_path / "note.txt").read_text()) == (0, "mine")


def test_a_full_disk_is_told_once_and_stops_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = ArrayStore(tmp_path, what="embeddings")
    store.write(KEY, arrays())
    monkeypatch.setattr(atomic, "_sync", full)
    for n in range(3):
        store.write(OTHER[:-1] + str(n), arrays())
    assert caplog.text.count("Nothing is added to the embeddings any more") == 1
    assert "No space left" in caplog.text
    assert [path.name for path in tmp_path.rglob("*.safetensors")] == [f"{KEY}.safetensors"]
    assert same(store.read(KEY), arrays())


def test_a_folder_that_cannot_be_made_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    store = ArrayStore(tmp_path / "file" / "store", limit=10**6)
    with caplog.at_level(logging.WARNING):
        store.write(KEY, arrays())
        store.write(OTHER, arrays())
    assert caplog.text.count("Nothing is added") == 1
    assert store.read(KEY) is None


def test_what_a_killed_writer_left_goes_after_a_while(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    store.write(KEY, arrays())
    old, new = (entry(tmp_path).with_name(f".tmp-{name}.safetensors") for name in ("old", "new"))
    for torn in (old, new):
        torn.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.size().entries == 1
    assert (old.exists(), new.exists()) == (False, True)


WRITER = """
import sys, numpy as np
from pathlib import Path
from samaritan.core.store import ArrayStore
store = ArrayStore(Path(sys.argv[1]), limit=int(sys.argv[2]))
print("ready", flush=True)
for round in range(int(sys.argv[3])):
    for n in range(8):
        store.write(f"{n:02d}" + "0" * 62, {"x": np.full(20_000, n, np.float32)})
"""


def _start(folder: Path, limit: int, rounds: int) -> Any:
    command = [sys.executable, "-c", WRITER, str(folder), str(limit), str(rounds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_writers_that_remove_and_a_reader_never_give_a_wrong_array(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writers = [_start(tmp_path, limit, 12) for limit in (400_000, 500_000)]
    reader, hits = ArrayStore(tmp_path), 0
    while any(writer.poll() is None for writer in writers):
        for n in range(8):
            found = reader.read(f"{n:02d}" + "0" * 62)
            if found is not None:
                hits += 1
                assert (found["x"] == n).all()
                assert found["x"].size == 20_000
    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    assert hits > 0
    assert "damaged" not in caplog.text


def test_a_killed_writer_leaves_whole_entries_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for wait in (0.0, 0.01, 0.03):
        writer = _start(tmp_path, 10**7, 10**6)
        time.sleep(wait)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        store = ArrayStore(tmp_path)
        for n in range(8):
            found = store.read(f"{n:02d}" + "0" * 62)
            assert found is None or (found["x"] == n).all()
    assert "damaged" not in caplog.text

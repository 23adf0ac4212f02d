"""Which runtime is taken, what is kept, and what a person is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from samaritan.adapt import attach
from samaritan.core import UnknownNameError, UsageError
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes import RUNTIMES, Runtime, check_runtime, prepare, runtime_of, with_runtime
from samaritan.predict.runtimes._segmenter import CompiledSegmenter
from tests.predict.runtimes.conftest import Pretender

PICTURE = np.random.default_rng(0).uniform(0, 255, (40, 30, 3)).astype(np.float32)


def _files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "runtimes").glob("*"))


def test_auto_takes_only_what_is_prepared(pretender: Pretender, tiny: SamSegmenter) -> None:
    assert with_runtime(tiny) is tiny
    assert pretender.built == []

    told = prepare(tiny)
    assert told["pretender"] == runtime_of(with_runtime(tiny))
    assert runtime_of(with_runtime(tiny))["gate"] == {"mean": 1.0, "worst": 1.0, "masks": 18}
    assert pretender.built == ["f32"]
    assert torch.equal(with_runtime(tiny).encode(PICTURE).features["image"], tiny.encode(PICTURE).features["image"])


def test_masks_that_differ_are_refused_and_that_is_remembered(
    pretender: Pretender, tiny: SamSegmenter, caplog: pytest.LogCaptureFixture
) -> None:
    pretender.errors["f32"] = 0.3
    for _ in range(2):
        assert with_runtime(tiny, "pretender") is tiny
    assert pretender.built == ["f32"]
    assert "On pretender the masks of tiny-litemedsam are not those of torch" in caplog.messages[0]
    assert with_runtime(tiny) is tiny
    assert prepare(tiny) == {"pretender": "its masks are not those of torch"}


def test_fast_takes_the_first_plan_that_passes(pretender: Pretender, tiny: SamSegmenter) -> None:
    assert runtime_of(with_runtime(tiny, fast=True))["plan"] == "part"
    assert runtime_of(with_runtime(tiny, fast=True))["plan"] == "part"
    assert pretender.built == ["half", "part"]


def test_fast_says_so_and_falls_back(
    pretender: Pretender, tiny: SamSegmenter, caplog: pytest.LogCaptureFixture
) -> None:
    pretender.errors["part"] = 0.4
    assert with_runtime(tiny, fast=True) is tiny
    assert "No reduced precision of pretender holds the masks of tiny-litemedsam" in caplog.messages[0]
    assert runtime_of(with_runtime(tiny, "pretender", fast=True))["plan"] == "f32"
    assert pretender.built == ["half", "part", "f32"]


def test_a_damaged_entry_is_made_again(
    pretender: Pretender, tiny: SamSegmenter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_runtime(tiny, "pretender")
    (file,) = _files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with_runtime(tiny, "pretender")
    assert pretender.built == ["f32", "f32"]
    assert "is damaged; it is made again" in caplog.text
    assert file.read_bytes() == whole


@pytest.mark.parametrize("fast", [False, True])
def test_a_whole_entry_that_the_runtime_refuses_is_made_again(
    pretender: Pretender, tiny: SamSegmenter, caplog: pytest.LogCaptureFixture, fast: bool
) -> None:
    first = runtime_of(with_runtime(tiny, "pretender", fast=fast))
    built = list(pretender.built)
    pretender.refusals = 1
    assert runtime_of(with_runtime(tiny, "pretender", fast=fast)) == first
    assert pretender.built == built * 2
    assert caplog.messages == ["pretender refuses the prepared encoder of tiny-litemedsam (made by another version)."]
    assert runtime_of(with_runtime(tiny, "pretender", fast=fast)) == first
    assert pretender.built == built * 2


def test_auto_waits_for_nothing_that_the_runtime_refuses(
    pretender: Pretender, tiny: SamSegmenter, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(tiny)
    pretender.refusals = 1
    assert with_runtime(tiny) is tiny
    assert "refuses the prepared encoder" in caplog.text
    assert pretender.built == ["f32"]


def test_later_nothing_is_opened_before_a_picture_comes(pretender: Pretender, tiny: SamSegmenter) -> None:
    prepare(tiny)
    opened = pretender.opened
    found = with_runtime(tiny, later=True)
    assert (runtime_of(found)["name"], pretender.opened) == ("pretender", opened)
    for _ in range(2):
        assert torch.equal(found.encode(PICTURE).features["image"], tiny.encode(PICTURE).features["image"])
    assert pretender.opened == opened + 1


@pytest.mark.parametrize("damaged", [False, True])
def test_what_is_refused_later_is_left_to_torch(
    pretender: Pretender, tiny: SamSegmenter, tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: bool
) -> None:
    prepare(tiny)
    if damaged:
        (file,) = _files(tmp_path)
        file.write_bytes(file.read_bytes()[:-1])
    else:
        pretender.refusals = 1
    found = with_runtime(tiny, later=True)
    assert isinstance(found, CompiledSegmenter)
    before = found.encoder_fingerprint()
    for _ in range(2):
        assert torch.equal(found.encode(PICTURE).features["image"], tiny.encode(PICTURE).features["image"])
    assert caplog.messages[-1].endswith("; torch runs it.")
    assert runtime_of(found)["name"] == "torch"
    assert found.encoder_fingerprint() == tiny.encoder_fingerprint() != before


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("later", [False, True])
def test_the_next_exact_one_takes_over(
    pretender: Pretender,
    tiny: SamSegmenter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    damaged: bool,
    later: bool,
) -> None:
    monkeypatch.setitem(RUNTIMES._entries, "second", pretender.entry("second", 1))
    prepare(tiny)
    if damaged:
        (file,) = (file for file in _files(tmp_path) if file.name.startswith("pretender"))
        file.write_bytes(file.read_bytes()[:-1])
    else:
        pretender.refusals = 1
    found = with_runtime(tiny, later=later)
    before = found.encoder_fingerprint()  # type: ignore[attr-defined]
    for _ in range(2):
        assert torch.equal(found.encode(PICTURE).features["image"], tiny.encode(PICTURE).features["image"])
    assert runtime_of(found)["name"] == "second"
    assert (found.encoder_fingerprint() != before) is later  # type: ignore[attr-defined]
    told = "run samaritan models prepare tiny-litemedsam to make it again" if damaged else "made by another version"
    assert told in caplog.messages[0]
    assert not later or caplog.messages[-1].endswith("; second runs it.")
    assert pretender.built == ["f32", "f32"]


def test_other_weights_and_settings_are_other_entries(pretender: Pretender, tiny: SamSegmenter, tmp_path: Path) -> None:
    with_runtime(tiny, "pretender")
    adapted = attach(tiny, "lora", {"rank": 2})
    with_runtime(tiny, "pretender")
    adapted.detach()
    attach(tiny, "lora", {"rank": 2, "alpha": 7}).merge()  # starts at zero: folded it is the base
    with_runtime(tiny, "pretender")
    assert len(_files(tmp_path)) == 2
    with torch.no_grad():
        next(tiny.network.image_encoder.parameters()).add_(0.1)
    with_runtime(tiny, "pretender")
    assert len(_files(tmp_path)) == 3


def test_an_adapted_decoder_shares_the_encoder(pretender: Pretender, tiny: SamSegmenter) -> None:
    prepare(tiny)
    attach(tiny, "decoder")
    assert runtime_of(with_runtime(tiny))["name"] == "pretender"
    assert pretender.built == ["f32"]


@pytest.mark.parametrize(
    ("method", "settings", "reason"),
    [("med-sa", {"depth": 3}, "looks at 3 slices together"), ("ua-sam", {}, "listens to the encoder while it runs")],
)
def test_what_no_graph_can_hold_runs_on_torch(
    pretender: Pretender,
    tiny: SamSegmenter,
    caplog: pytest.LogCaptureFixture,
    method: str,
    settings: dict[str, int],
    reason: str,
) -> None:
    attach(tiny, method, settings)
    assert with_runtime(tiny, "pretender") is tiny
    assert reason in caplog.text
    assert reason in str(prepare(tiny)["pretender"])


def test_a_changed_encoder_leaves_its_graph(
    pretender: Pretender, tiny: SamSegmenter, caplog: pytest.LogCaptureFixture
) -> None:
    compiled = with_runtime(tiny, "pretender")
    pretender.errors["f32"] = 0.5  # so that the graph can be told from the network
    assert not torch.equal(compiled.encode(PICTURE).features["image"], tiny.encode(PICTURE).features["image"])
    attach(tiny, "lora")
    assert torch.equal(compiled.encode(PICTURE).features["image"], tiny.encode(PICTURE).features["image"])
    assert caplog.text.count("not what was compiled any more") == 1


def test_names_that_cannot_be_had(pretender: Pretender, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="did you mean pretender"):
        check_runtime("pretend")
    nothing = Runtime("absent", "", 1, "no-such-package", pretender.build, pretender.open)
    monkeypatch.setitem(RUNTIMES._entries, "absent", nothing)
    with pytest.raises(UsageError, match="The runtime absent needs no-such-package"):
        check_runtime("absent")


def test_embeddings_of_a_runtime_are_not_those_of_another(pretender: Pretender, tiny: SamSegmenter) -> None:
    compiled = with_runtime(tiny, "pretender")
    assert pretender.built == ["f32"]
    assert isinstance(compiled, CompiledSegmenter)
    own, eager = compiled.encoder_fingerprint(), tiny.encoder_fingerprint()
    assert own is not None
    assert eager is not None
    assert own.startswith(eager)
    assert own != eager
    attach(tiny, "lora")
    assert compiled.encoder_fingerprint() == tiny.encoder_fingerprint()  # the network encodes from now on

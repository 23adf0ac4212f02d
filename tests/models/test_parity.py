"""The SAM family against its authors' own code; scripts/parity/segment_anything.sh makes the reference.

Networks of a few thousand parameters with values that follow from the names of their tensors; of the published sizes
docs/parity.md tells.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

REFERENCE = Path(__file__).parent / "data" / "segment_anything_parity.npz"
SCRIPTS = Path(__file__).parents[2] / "scripts" / "parity"
CASES = ("sam, small", "sam-hq, small", "sam-med2d, small", "mobilesam, small", "sam-hq-tiny, small")


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("sam_family_ours")


@pytest.mark.parametrize("name", CASES)
def test_answers_are_the_authors(name: str, ours: ModuleType) -> None:
    case = next(case for case in ours.SMALL if case.name == name)
    found = ours.compare(case, ours.read(REFERENCE, case))
    assert max(found.embedding, found.logits, found.quality) <= ours.LIMIT
    assert found.spread > 0.2  # there is something to compare


def test_every_small_network_is_compared(ours: ModuleType) -> None:
    assert tuple(case.name for case in ours.SMALL) == CASES
    assert REFERENCE.stat().st_size < 200_000


def test_a_wrong_eps_would_be_seen(ours: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap of transformers' default in the two-way transformer is larger than the limit."""
    case = ours.SMALL[0]
    build: Callable[..., object] = ours.build

    def wrong(case: object) -> object:
        network = build(case)
        for block in network.mask_decoder.transformer.layers:  # type: ignore[attr-defined]
            block.layer_norm4.eps = 1e-3
        return network

    monkeypatch.setattr(ours, "build", wrong)
    assert ours.compare(case, ours.read(REFERENCE, case)).logits > ours.LIMIT

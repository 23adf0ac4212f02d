from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._provenance import Failure, Provenance, find_failures
from samaritan.benchmark.report._run import Run


def test_cards_settings_and_hashes_are_told(make_run: Callable[..., Path]) -> None:
    found = Provenance.of(Run.read(make_run(pictures=False)))
    titles = dict(found.facts)

    assert found.day == "2026-01-05"
    assert ("parameters", "9\N{NARROW NO-BREAK SPACE}791\N{NARROW NO-BREAK SPACE}300") in found.cards[0].facts
    assert ("organs", "window 40/400") in titles["Grey values"]
    assert ("torch", "2.13.0") in titles["Versions"]
    assert "samaritan benchmark data" in titles["Sessions"][0][1]
    assert found.fingerprints[0] == ("polyps/case_000", "ab12" * 8)
    assert found.nsd_tolerance == "2"


def test_absent_files_leave_empty_places(make_run: Callable[..., Path]) -> None:
    folder = make_run(data=())
    (folder / "provenance.json").unlink()
    found = Provenance.of(Run.read(folder))

    assert (found.day, found.machine, found.cards, found.fingerprints) == ("", "", [], [])


def test_failures_are_grouped_by_case_and_message(fake_rows: list[Row]) -> None:
    assert find_failures(fake_rows) == [Failure("polyps", "case_900", "The image <b>case_900</b> is damaged.", 8)]

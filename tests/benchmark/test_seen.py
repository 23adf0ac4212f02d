"""Rows are marked whose images the weights were, or may have been, trained on."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from samaritan.adapt import AdapterHeader
from samaritan.adapt._load import AdapterCard
from samaritan.benchmark import run as run_module
from samaritan.benchmark._arm import Arm
from samaritan.benchmark._markdown import write_markdown_table
from samaritan.benchmark._seen import Exposure, footnotes, mark, worst
from samaritan.benchmark.report import render
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.statistics import read_rows
from samaritan.benchmark.table import print_table
from samaritan.core import FormatError
from samaritan.core.public_data import Seen
from samaritan.datasets import Case, Dataset, image_fingerprint


@dataclass
class Trained:
    """A model of which only the card counts."""

    card: Any


@pytest.fixture
def arm(threshold: Any) -> Any:
    """``arm(training_data=..., adapter={...})`` -> an arm with such a card and such a header."""

    def make(adapter: dict[str, Any] | None = None, **card: Any) -> Arm:
        header = AdapterHeader(method="lora", base="threshold", base_sha256="", data=adapter or {})
        adapted = None if adapter is None else AdapterCard("one", Path("one"), "", 0, header)
        segmenter: Any = Trained(replace(threshold.card, **card))
        return Arm("threshold", segmenter, adapted)

    return make


@pytest.fixture
def case(make_case: Any, picture: Any) -> Case:
    made: Case = make_case("a", picture)
    return made


def _of(case: Case, arm: Arm, *sources: str) -> Seen:
    return Exposure([Dataset("phantoms", (case,), "folders", sources=sources)]).of(arm, case)


def test_a_model_as_it_is(arm: Any, case: Case) -> None:
    assert _of(case, arm(training_data=("drive", "some more"))) == "unknown"
    assert _of(case, arm(training_data=("drive", "some more")), "drive") == "yes"
    assert _of(case, arm(training_data=("sa-1b",), inherited_data=("drive",)), "drive") == "possibly"
    assert _of(case, arm(training_data=("sa-1b",)), "drive") == "unknown"
    assert _of(case, arm(training_data=("sa-1b",), training_data_complete=True), "drive") == "no"


def test_an_adapter_saw_its_training_part_and_perhaps_its_validation_part(arm: Any, case: Case) -> None:
    image = image_fingerprint(case)[:16]
    clean = {"training_data": ("sa-1b",), "training_data_complete": True}

    def saw(*sources: str, **data: Any) -> Seen:
        return _of(case, arm(adapter=data, **clean), *(sources or ("drive",)))

    own = {"datasets": ["phantoms"], "sources": ["drive"]}
    assert saw(**own, train=[image], val=[]) == "yes"
    assert saw(**own, train=["0" * 16], val=[image]) == "possibly"
    assert saw(**own, train=["0" * 16], val=["1" * 16]) == "no"  # its own held-out part
    assert saw(datasets=["renamed"], sources=[], train=[image], val=[]) == "yes"
    assert saw(**own) == "possibly"  # a file of before, which lists no images
    assert saw(datasets=["other"], sources=["drive"], train=[], val=[]) == "possibly"
    assert saw("private", datasets=["other"], sources=["private"], train=[], val=[]) == "no"
    assert saw(datasets=["other"], sources=["hc18"], train=[], val=[]) == "no"
    assert saw("lits", datasets=["other"], sources=["abdomenct-1k"], train=[], val=[]) == "possibly"  # which holds it
    assert saw("lits", datasets=["other"], sources=["msd"], train=[], val=[]) == "possibly"
    assert saw("lits", datasets=["other"], sources=[], train=[], val=[]) == "unknown"


def test_what_the_base_has_seen_its_adapters_have_seen(arm: Any, case: Case) -> None:
    adapter = {"datasets": ["other"], "train": [], "val": []}
    assert _of(case, arm(adapter=adapter, training_data=("drive",)), "drive") == "yes"


def test_an_image_that_cannot_be_read_counts_by_the_name_of_its_data(arm: Any, case: Case) -> None:
    case.sources[0].unlink()
    own = {"datasets": ["phantoms"], "train": [], "val": []}
    assert _of(case, arm(adapter=own, training_data=("sa-1b",), training_data_complete=True), "drive") == "possibly"


def test_the_same_image_has_the_same_hash_whatever_is_drawn_on_it(make_case: Any, picture: Any, plate: Any) -> None:
    one, other = make_case("a", picture), make_case("b", picture, image=picture)
    again = replace(one, case_id="z", read_references={}, sources=(*one.sources, *other.sources))
    assert image_fingerprint(one) == image_fingerprint(again) != image_fingerprint(other)


@pytest.fixture
def measured(bench: Any, make_case: Any, picture: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``measured("drive", training_data=...)`` -> the run folder of a model with that card on two data sets."""

    def run(source: str, **card: Any) -> Path:
        bench.model.card = replace(bench.model.card, **card)
        cases = [make_case(name, picture) for name in "abc"]

        def broken() -> Any:
            raise FormatError("cut off")

        cases.append(replace(make_case("d", picture), read_image=broken))
        others = tuple(replace(one, dataset="others") for one in cases[:3])
        data = [
            Dataset("phantoms", tuple(cases), "folders", "MR", sources=(source,)),
            Dataset("others", others, "folders", "MR", sources=("hc18",)),
        ]
        monkeypatch.setattr(run_module, "open_datasets", lambda args, meta: data)
        bench.run("box")
        return bench.out  # type: ignore[no-any-return]

    return run


def test_every_row_says_it_failed_ones_too(measured: Any) -> None:
    run = measured("drive", training_data=("drive",), training_data_complete=True)
    rows = read_rows(run)
    assert {(row["dataset"], row.get("seen")) for row in rows} == {("phantoms", "yes"), ("others", "no")}
    assert [row.get("seen") for row in rows if row["status"] == "failed"] == ["yes"]
    assert {row["seen"] for row in csv.DictReader(io.StringIO((run / "results.csv").read_text()))} == {"yes", "no"}
    told = json.loads((run / "provenance.json").read_text())
    assert [one["sources"] for one in told["datasets"]] == [["drive"], ["hc18"]]


@pytest.mark.parametrize(("listed", "sign"), [("training_data", "†"), ("inherited_data", "‡")])
def test_tables_mark_the_data_set_and_explain_the_mark(measured: Any, tmp_path: Path, listed: str, sign: str) -> None:
    run = measured("drive", training_data_complete=True, **{listed: ("drive",)})
    stream = io.StringIO()
    print_table(run, Console(file=stream, width=160))
    lines = stream.getvalue().splitlines()
    assert [sign in line for line in lines if "phantoms" in line or "others" in line] == [True, False]
    assert any(
        line.startswith(f"{sign} the weights") and "does not say how a model does on new" in line for line in lines
    )

    page = write_markdown_table(run, tmp_path / "page.md").read_text()
    assert f"| phantoms {sign} |" in page
    assert "| others |" in page
    assert f"{sign} the weights" in page

    report = render(Run.read(run))
    assert report.count('<abbr class="seen" title="the weights') >= 2  # the overview, and the data set's own table
    assert f">{sign}</abbr>" in report
    assert "<b>Seen in training?</b>" in report
    assert "zero-shot" not in (report + page + stream.getvalue()).lower()


def test_nothing_is_marked_where_nothing_was_seen(measured: Any) -> None:
    run = measured("jsrt", training_data=("sa-1b",), training_data_complete=True)
    rows = read_rows(run)
    assert (worst(rows), mark(rows), footnotes(rows)) == ("no", "", [])
    assert "Seen in training?" not in render(Run.read(run))


def test_rows_of_runs_that_did_not_ask_are_left_in_peace(measured: Any) -> None:
    rows: list[Any] = [{k: v for k, v in row.items() if k != "seen"} for row in read_rows(measured("jsrt"))]
    assert (worst(rows), mark(rows), footnotes(rows)) == ("unknown", "", [])


def test_what_nobody_knows_is_counted(measured: Any) -> None:
    rows = read_rows(measured("jsrt", training_data=("sa-1b",)))
    assert footnotes(rows) == [
        "Whether the weights have seen the images is unknown for 7 of 7 measurements (sources in dataset.yaml tells where "
        "images come from)."
    ]


def test_one_mark_never_stands_for_several_data_sets(measured: Any) -> None:
    rows = read_rows(measured("drive", training_data=("drive",), training_data_complete=True))
    assert mark(rows) == ""
    assert mark([row for row in rows if row["dataset"] == "phantoms"]) == "†"

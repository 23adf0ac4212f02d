from __future__ import annotations

import csv
import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import samaritan.benchmark._session as session_module
from samaritan.benchmark._row import VOLATILE, key
from samaritan.benchmark.run import run_benchmark
from samaritan.core import (
    FormatError,
    InputError,
    ResourceError,
    UnknownNameError,
    UsageError,
    Volume,
    exclusive,
)  # fmt: skip


def rows_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]


def content_of(run: Path) -> list[Any]:
    """All that a run must end with, however often it was interrupted."""
    rows = [{k: v for k, v in row.items() if k not in VOLATILE} for row in rows_of(run)]
    pictures = sorted((path.name, path.read_bytes()) for path in (run / "gallery").glob("*.png"))
    return [rows, (run / "previews.jsonl").read_text(), (run / "cases.jsonl").read_text(), pictures]


def test_scores_are_those_of_the_drawn_answer(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets, spacing=(1, 1, 3), names={1: "left", 3: "right"})]
    result = bench.run("box")
    assert (result.n_ok, result.n_failed, result.exit_code) == (1, 0, 0)
    rows = rows_of(bench.out)
    assert [(row["target"], row["label"], row["slices"], row["voxels"]) for row in rows] == [
        ("left", 1, 3, 6 * 6 * 3), ("right", 3, 3, 5 * 8 * 3),
    ]  # fmt: skip
    for row in rows:
        assert (row["dice"], row["iou"], row["nsd"], row["hd95_mm"]) == (1.0, 1.0, 1.0, 0.0)
        assert (row["interactions"], row["unit"], row["spacing"], row["plane"]) == (3, "mm", [1.0, 1.0, 3.0], "axial")
        assert row["quality"] == pytest.approx(0.8)
        assert row["status"] == "ok"
        assert row["sampled"] is False


def test_encoder_runs_once_per_needed_slice(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets), make_case("b", two_targets)]
    result = bench.run("box", "box:margin=0.1", "points:2", "clicks:3", "everything:4", "point:oracle", repeats=2)
    assert result.encode_calls == bench.model.encoded == 2 * 5  # slices 1..5, twice
    rows = rows_of(bench.out)
    assert len(rows) == 2 * 2 * 6 * 2
    assert len({key(row) for row in rows}) == len(rows)


def test_one_round_of_all_targets_and_prompts_is_one_decoder_call(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets[:, :, 3:4])]  # both targets on one slice
    bench.run("box", "box:margin=0.1", "points:2")
    assert bench.model.batches == [2 * 3]


def test_everything_is_decoded_once_for_all_targets(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets[:, :, 3:4])]
    bench.run("everything:5")
    assert sum(bench.model.batches) == 25


def test_candidates(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    bench.run("box", "box:first", "box:quality", "box:oracle")
    rows = {row["candidates"]: row for row in rows_of(bench.out)}
    assert {name: row["dice"] for name, row in rows.items()} == {
        "single": 1.0,
        "first": 0.0,
        "quality": 0.0,
        "oracle": 1.0,
    }
    assert rows["quality"]["quality"] == pytest.approx(0.9)
    assert rows["oracle"]["quality"] == pytest.approx(0.5)
    assert rows["first"]["hd95_mm"] == pytest.approx(np.hypot(20, 16))  # a missed target costs the image's diagonal


def test_corrective_clicks_report_dice_after_each_round(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    bench.run("clicks:4")
    (row,) = rows_of(bench.out)
    by_round = row["dice_by_round"]
    assert len(by_round) == 4
    assert by_round[0] < by_round[1]
    assert by_round[-1] == pytest.approx(row["dice"])
    assert 1 <= row["interactions"] <= 4  # logits that are fed back are no act of a person


def test_unprompted_slices_count_in_the_reference(bench: Any, make_case: Any, two_targets: Any) -> None:
    labels = two_targets.copy()
    labels[2, 3, 5] = 1  # one lonely pixel
    bench.cases = [make_case("a", labels, spacing=(1, 1, 3))]
    bench.run("box", min_pixels=2)
    row = rows_of(bench.out)[0]
    assert (row["slices"], row["voxels"]) == (3, 109)
    assert row["dice"] == pytest.approx(2 * 108 / (108 + 109))


def test_sampled_slices_are_said_and_scored_alone(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets, spacing=(1, 1, 3))]
    bench.run("box", max_slices=1)
    row = rows_of(bench.out)[0]
    assert (row["sampled"], row["slices"], row["voxels"]) == (True, 1, 36)
    assert (row["dice"], row["nsd"], row["hd95_mm"]) == (1.0, 1.0, 0.0)


def test_objects_are_prompted_one_by_one_and_united(bench: Any, make_case: Any, plate: Any) -> None:
    bench.cases = [make_case("a", plate, instances=True, names={1: "nucleus"})]
    bench.run("box", "clicks:2")
    rows = [row for row in rows_of(bench.out) if row["prompt"] == "box"]
    assert [(row["level"], row["instance"]) for row in rows] == [
        ("target", None),
        *(("instance", n) for n in range(1, 7)),
    ]
    assert {row["target"] for row in rows} == {"nucleus"}
    assert [row["dice"] for row in rows] == [1.0] * 7
    assert (rows[0]["interactions"], rows[0]["voxels"]) == (6, 6 * 16)
    union = next(row for row in rows_of(bench.out) if row["prompt"] == "clicks:2" and row["level"] == "target")
    assert union["dice_by_round"][-1] == pytest.approx(union["dice"])


def test_a_sample_of_objects_is_seeded_and_said(bench: Any, make_case: Any, plate: Any) -> None:
    bench.cases = [make_case("a", plate, instances=True)]
    bench.run("box", max_instances=3, seed=4)
    rows = rows_of(bench.out)
    chosen = [row["instance"] for row in rows if row["level"] == "instance"]
    assert len(chosen) == 3
    assert chosen == sorted(chosen)
    assert (rows[0]["sampled"], rows[1]["sampled"], rows[0]["voxels"]) == (True, False, 48)
    bench.run("box", max_instances=3, seed=4, overwrite=True)
    assert [row["instance"] for row in rows_of(bench.out) if row["level"] == "instance"] == chosen


def test_raters(bench: Any, make_case: Any, picture: Any) -> None:
    smaller = picture.copy()
    smaller[4:8] = 0
    bench.cases = [make_case("a", {"reference": picture, "anna": smaller, "bert": np.zeros_like(picture)})]
    bench.run("box")
    assert [row["rater"] for row in rows_of(bench.out)] == ["reference"]
    bench.run("box", raters="all", overwrite=True)
    rows = rows_of(bench.out)
    assert [(row["rater"], row["voxels"]) for row in rows] == [("reference", 40), ("anna", 20)]  # bert drew nothing
    assert bench.model.encoded == 2


def test_repeats_draw_anew_and_seeds_decide(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets)]
    bench.run("points:3", repeats=3)
    first = content_of(bench.out)
    assert len({row["dice"] for row in first[0] if row["label"] == 1}) > 1
    bench.run("points:3", repeats=3, overwrite=True)
    assert content_of(bench.out) == first
    bench.run("points:3", repeats=3, seed=1, overwrite=True)
    assert content_of(bench.out)[0] != first[0]


def test_results_do_not_depend_on_what_else_is_measured(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets), make_case("b", two_targets)]
    bench.run("box", "points:3")
    both = [row for row in content_of(bench.out)[0] if row["case_id"] == "b" and row["prompt"] == "points:3"]
    bench.cases = bench.cases[1:]
    bench.run("points:3", overwrite=True)
    assert content_of(bench.out)[0] == both


def test_limit_takes_the_first_cases(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case(name, picture) for name in "abc"]
    bench.run("box", limit=2)
    assert [row["case_id"] for row in rows_of(bench.out)] == ["a", "b"]


def test_finished_cases_are_not_measured_again(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case(name, picture) for name in "ab"]
    bench.run("box")
    before = (bench.out / "results.jsonl").read_bytes()
    result = bench.run("box")
    assert (result.n_ok, result.encode_calls, bench.model.encoded) == (2, 0, 2)
    assert (bench.out / "results.jsonl").read_bytes() == before


def test_a_changed_file_is_measured_again(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case(name, picture) for name in "ab"]
    bench.run("box")
    bench.cases[0].sources[0].write_bytes(b"other")
    assert bench.run("box").encode_calls == 1
    assert [row["case_id"] for row in rows_of(bench.out)] == ["a", "b"]


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_torn_line_is_cut_off_and_its_case_measured_again(
    bench: Any, make_case: Any, two_targets: Any, cut: Any
) -> None:
    bench.cases = [make_case(name, two_targets) for name in "ab"]
    bench.run("box", "points:2")
    whole = content_of(bench.out)
    for name in ("results.jsonl", "cases.jsonl"):
        file = bench.out / name
        file.write_bytes(file.read_bytes()[:-cut])
    assert bench.run("box", "points:2").n_ok == 2
    assert content_of(bench.out) == whole


def test_other_settings_are_refused_by_name(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    bench.run("box")
    before = (bench.out / "results.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"other settings \(prompts, seed\)") as caught:
        bench.run("box", "point", seed=7)
    assert caught.value.exit_code == 3
    assert (bench.out / "results.jsonl").read_bytes() == before
    bench.run("point", seed=7, overwrite=True)
    assert [row["prompt"] for row in rows_of(bench.out)] == ["point"]


def test_a_folder_of_other_files_is_left_alone(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    bench.out.mkdir()
    (bench.out / "thesis.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"thesis\.txt"):
            bench.run("box", overwrite=overwrite)
    assert [path.name for path in bench.out.iterdir()] == ["thesis.txt"]


def test_a_run_folder_inside_the_data_is_refused(tmp_path: Path, bench: Any) -> None:
    config = bench.config("box").model_copy(update={"data": (str(tmp_path),)})
    with pytest.raises(InputError, match="inside the data"):
        run_benchmark(config, tmp_path / "runs" / "one")


def test_unknown_prompt_is_refused_before_anything_is_written(bench: Any) -> None:
    with pytest.raises(UnknownNameError):
        bench.run("boks")
    assert not bench.out.exists()


@pytest.mark.parametrize("name", ["results.jsonl", "cases.jsonl", "previews.jsonl", "provenance.json"])
@pytest.mark.parametrize("content", ["[1, 2]\n", '{"a": 1}\n', "\0\n", '{"cut'])
def test_what_no_run_wrote_is_left_out(bench: Any, make_case: Any, picture: Any, name: str, content: str) -> None:
    bench.cases = [make_case("a", picture)]
    bench.run("box")
    rows = content_of(bench.out)[0]
    (bench.out / name).write_text(content)
    assert bench.run("box").exit_code == 0
    assert content_of(bench.out)[0] == rows


def break_reading(error: Exception) -> Any:
    def read() -> Volume:
        raise error

    return read


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FormatError("scan.nii is cut off."), "scan.nii is cut off."),
        (ValueError("odd"), "Unexpected ValueError: odd"),
    ],
)
def test_a_bad_case_is_reported_and_the_rest_goes_on(
    bench: Any, make_case: Any, picture: Any, error: Any, sentence: Any
) -> None:
    good, bad = make_case("good", picture), make_case("bad", picture)
    bench.cases = [replace(bad, read_image=break_reading(error)), good]
    result = bench.run("box", "point")
    assert (result.n_ok, result.n_failed, result.exit_code) == (1, 1, 1)
    failed = [row for row in rows_of(bench.out) if row["status"] == "failed"]
    assert [(row["case_id"], row["target"], row["prompt"], row["error"], row["dice"]) for row in failed] == [
        ("bad", "*", "box", sentence, None), ("bad", "*", "point", sentence, None),
    ]  # fmt: skip
    bench.cases[0] = bad  # mended: the rerun tries it again, and the order is that of the plan
    assert bench.run("box", "point").exit_code == 0
    assert [row["case_id"] for row in rows_of(bench.out)] == ["bad", "bad", "good", "good"]
    assert all(row["status"] == "ok" for row in rows_of(bench.out))


def test_empty_and_misplaced_references_are_named(bench: Any, make_case: Any, picture: Any) -> None:
    empty = make_case("empty", np.zeros_like(picture), image=np.full(picture.shape, 9, np.uint8))
    turned = make_case("turned", picture)
    other = make_case("other", picture.transpose(1, 0, 2).copy())
    bench.cases = [empty, replace(turned, read_references=other.read_references)]
    bench.run("box")
    first, second = rows_of(bench.out)
    assert "holds no labels" in first["error"]
    assert "shape (16, 20, 1) against (20, 16, 1)" in second["error"]


def test_debug_lets_unexpected_errors_through(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [replace(make_case("a", picture), read_image=break_reading(ValueError("odd")))]
    with pytest.raises(ValueError, match="odd"):
        run_benchmark(bench.config("box"), bench.out, debug=True)


def test_interrupt_keeps_what_is_finished(
    bench: Any, make_case: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.cases = [make_case(name, picture) for name in "abc"]
    answer = vars(session_module)["answer"]

    def stop_at_b(work: Any, *args: Any) -> Any:
        if work.case.case_id == "b":
            raise KeyboardInterrupt
        return answer(work, *args)

    monkeypatch.setattr(session_module, "answer", stop_at_b)
    result = bench.run("box")
    assert (result.exit_code, result.n_ok) == (130, 1)
    assert not (bench.out / ".lock").exists()


def test_a_full_disk_ends_the_run_and_keeps_the_file_whole(
    bench: Any, make_case: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.cases = [make_case(name, picture) for name in "abc"]
    real_write, full = os.write, False

    def write(handle: int, content: Any) -> int:
        if full and len(content) > 100:
            real_write(handle, bytes(content)[:50])  # some of it still fits
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(handle, content)

    class Full:
        def plan(self, units: int) -> None: ...
        def begin(self, title: str, slices: int) -> None:
            nonlocal full
            full = title.endswith("c")  # a is stored; b may be, beside this

        def step(self) -> None: ...
        def end(self) -> None: ...
        def fail(self, title: str, error: str) -> None: ...

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(ResourceError, match="No space left") as caught:
        run_benchmark(bench.config("box"), bench.out, progress=Full())
    assert caught.value.exit_code == 5
    assert [row["case_id"] for row in rows_of(bench.out)] in (["a"], ["a", "b"])
    full = False
    assert bench.run("box").n_ok == 3
    assert [row["case_id"] for row in rows_of(bench.out)] == ["a", "b", "c"]


def test_previews_show_the_largest_slice_of_every_target_row(bench: Any, make_case: Any, two_targets: Any) -> None:
    labels = two_targets.copy()
    labels[3:7, 4:8, 1] = 0  # slice 1 of label 1 is smaller
    bench.cases = [make_case("a", labels, spacing=(1, 1, 3))]
    bench.run("box", repeats=2)
    rows, lines = rows_of(bench.out), (bench.out / "previews.jsonl").read_text().splitlines()
    previews = [json.loads(line) for line in lines]
    assert [tuple(p["key"]) for p in previews] == [key(row) for row in rows if row["repeat"] == 0]
    first = previews[0]
    assert (first["slice"], first["shape"]) == (2, [20, 16])
    assert sum(first["ref"]) == 20 * 16
    assert sum(first["ref"][1::2]) == sum(first["pred"][1::2]) == 36
    assert (bench.out / first["picture"]).read_bytes()[:4] == b"\x89PNG"
    (prompt,) = first["prompts"]
    assert (
        prompt == {"points": [], "box": [12.0, 7.0, 17.0, 12.0], "mask": False} or prompt["box"][0] < prompt["box"][2]
    )


def test_tables_and_provenance(
    bench: Any, make_case: Any, picture: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.argv", ["/usr/bin/samaritan", "benchmark", str(tmp_path / "home" / "scans")])
    bench.cases = [make_case("=cmd()", picture, names={1: "@target"})]
    bench.run("clicks:2")
    with (bench.out / "results.csv").open(newline="") as stream:
        (line,) = csv.DictReader(stream)
    assert (line["case_id"], line["target"]) == ("'=cmd()", "'@target")
    assert len(line["dice_by_round"].split()) == 2
    frame = pl.read_parquet(bench.out / "results.parquet")
    assert frame["case_id"].to_list() == ["=cmd()"]
    assert frame["dice_by_round"].dtype == pl.List(pl.Float64)
    provenance = json.loads((bench.out / "provenance.json").read_text())
    assert provenance["sessions"][0]["command"] == "samaritan benchmark ~/scans"
    assert len(provenance["cases"]["phantoms/=cmd()"]) == 64
    assert provenance["models"]["threshold"]["licence"] == "Apache-2.0"
    assert provenance["sessions"][0]["end"] is not None
    summary = json.loads((bench.out / "summary.json").read_text())
    dice = next(e for e in summary if e["metric"] == "dice" and e["level"] == "target")
    assert dice["groups"][0]["mean"] == pytest.approx(rows_of(bench.out)[0]["dice"])


def test_a_report_that_fails_costs_no_results(
    bench: Any, make_case: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: Path) -> Path:
        raise RuntimeError("no ink")

    monkeypatch.setattr("samaritan.benchmark.report.write_report", fail)
    bench.cases = [make_case("a", picture)]
    result = bench.run("box")
    assert (result.report, result.exit_code, len(rows_of(bench.out))) == (None, 0, 1)


def test_the_same_settings_may_come_from_the_written_file(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    config = bench.config("box", max_slices=3)
    run_benchmark(config, bench.out)
    assert type(config).read(bench.out / "config.yaml") == config


def test_a_second_run_in_the_same_folder_is_refused(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    bench.out.mkdir()
    with exclusive(bench.out / ".lock"), pytest.raises(ResourceError, match="in use by another run"):
        bench.run("box")
    assert bench.run("box").n_ok == 1


def test_a_framing_is_a_setting_and_its_encodings_are_counted(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets[:, :, 3:4])]  # both targets on one slice
    bench.run("box", "clicks:2", framing="zoom:1.2", overwrite=True)
    boxes = [row for row in rows_of(bench.out) if row["prompt"] == "box"]
    assert [(row["framing"], row["dice"]) for row in boxes] == [("zoom:1.2", 1.0)] * 2
    # a square for each box, and the whole picture for the clicks
    assert {row["encode_calls"] for row in rows_of(bench.out)} == {3} == {bench.model.encoded}
    with pytest.raises(InputError, match="other settings \\(framing\\)"):
        bench.run("box", "clicks:2")


def test_an_unknown_framing_is_refused_before_anything_is_measured(bench: Any, make_case: Any, picture: Any) -> None:
    bench.cases = [make_case("a", picture)]
    with pytest.raises(UsageError, match=r"zoom:1\.5"):
        bench.run("box", framing="zoom:0")
    assert not bench.out.exists()

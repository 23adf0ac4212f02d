import json
import math
import time
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from samaritan.benchmark._row import Row
from samaritan.benchmark.statistics import looseness, read_rows, summarise
from samaritan.core import FormatError, InputError, UnknownNameError, UsageError


def row(patient: str = "p1", dice: float | None = 0.5, **fields: Any) -> Row:
    base: dict[str, Any] = {
        "dataset": "polyps", "case_id": patient, "patient_id": patient, "target": "polyp", "level": "target",
        "instance": None, "rater": "reference", "model": "m", "adaptation": "none", "prompt": "box", "repeat": 0,
        "candidates": "single", "dice": dice, "dice_by_round": None, "status": "ok", "seconds": 0.5, "quality": 0.9,
    }  # fmt: skip
    return cast(Row, base | fields)


class TestSummarise:
    def test_by_hand(self) -> None:
        rows = [
            row("p1", 0.2, case_id="c1", target="a"),
            row("p1", 0.4, case_id="c1", target="a", repeat=1),
            row("p1", 0.9, case_id="c1", target="b"),
            row("p1", 0.0, case_id="c2", target="a"),
            row("p2", 0.8, case_id="c3", target="a"),
            row("p3", 0.1, case_id="c4", target="a"),
        ]
        (found,) = summarise(rows, ["dataset"], "dice")
        assert found.group == {"dataset": "polyps"}
        assert (found.n_rows, found.n_patients, found.n_undefined, found.n_failed) == (6, 3, 0, 0)
        assert found.mean == pytest.approx((0.3 + 0.8 + 0.1) / 3)
        assert found.median == pytest.approx(0.3)
        assert (found.low, found.high) == pytest.approx((0.1, 0.8))  # 1 of 27 resamples each
        assert found.best_is_high
        assert found.note == "interval of 3 patients only, too narrow"
        assert summarise([row(f"p{n}", n / 10) for n in range(6)], (), "dice")[0].note == ""

    def test_what_has_no_value_is_counted(self) -> None:
        rows = [
            row("p1", 0.4),
            row("p2", 0.6),
            row("p3", None),
            row("p4", math.nan),
            row("p5", None, status="failed"),
            row("p6", 0.9, status="failed"),
        ]
        (found,) = summarise(rows, (), "dice")
        assert (found.n_rows, found.n_patients, found.n_undefined, found.n_failed) == (6, 2, 2, 2)
        assert found.mean == pytest.approx(0.5)
        assert found.note.endswith("only, too narrow, 2 undefined, 2 failed")

    def test_a_single_patient_has_no_interval_and_it_is_said(self) -> None:
        (found,) = summarise([row(case_id="a"), row(case_id="b", dice=0.7)], (), "dice")
        assert (found.mean, found.median) == pytest.approx((0.6, 0.6))
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert "too few patients" in found.note

    def test_nothing_measured(self) -> None:
        (found,) = summarise([row(dice=None, status="failed")], (), "dice")
        assert (found.n_patients, found.n_failed, found.note) == (0, 1, "no value")
        assert math.isnan(found.mean)
        assert math.isnan(found.median)
        assert summarise([], ("prompt",), "dice") == []

    def test_objects_and_their_image_are_kept_apart(self) -> None:
        rows = [
            row("p1", 0.1),
            row("p1", 1.0, level="instance", instance=1),
            row("p1", 0.5, level="instance", instance=2),
            row("p2", 0.0, level="instance", instance=1),
        ]
        assert summarise(rows, (), "dice")[0].mean == pytest.approx(0.1)
        (found,) = summarise(rows, (), "dice", level="instance")
        assert found.mean == pytest.approx((0.75 + 0) / 2)
        assert found.n_rows == 3

    def test_the_same_patient_id_in_two_data_sets_is_two_people(self) -> None:
        (found,) = summarise([row("1", 0.2), row("1", 0.4, dataset="liver")], (), "dice")
        assert found.n_patients == 2

    def test_groups_come_in_order_of_appearance(self) -> None:
        rows = [row(prompt="point"), row(prompt="box"), row(prompt="point", dice=0.7), row(prompt="box", model="n")]
        groups = [s.group for s in summarise(rows, ("prompt", "model"), "dice")]
        assert groups == [
            {"prompt": "point", "model": "m"},
            {"prompt": "box", "model": "m"},
            {"prompt": "box", "model": "n"},
        ]

    def test_an_interval_does_not_depend_on_other_groups_or_the_order_of_rows(self) -> None:
        rng = np.random.default_rng(0)
        rows = [row(f"p{n}", float(rng.random()), prompt=prompt) for prompt in ("box", "point") for n in range(9)]
        together = summarise(rows, ("prompt",), "dice")
        alone = summarise(rows[9:], ("prompt",), "dice")
        assert together[1] == alone[0]
        assert together[1] == summarise(rows, ("prompt",), "dice", seed=0)[1]
        assert together[1] != summarise(rows, ("prompt",), "dice", seed=1)[1]

    def test_macro_means_count_data_sets_equally(self) -> None:
        rows = [row(f"p{n}", 0.9) for n in range(8)] + [row(f"p{n}", 0.1, dataset="vessels") for n in range(2)]
        (pooled,), (macro,) = summarise(rows, (), "dice"), summarise(rows, (), "dice", macro=("dataset",))
        assert pooled.mean == pytest.approx((8 * 0.9 + 2 * 0.1) / 10)
        assert macro.mean == pytest.approx(0.5)
        assert (macro.low, macro.high) == pytest.approx((0.5, 0.5))
        assert macro.n_patients == 10

    def test_macro_means_over_targets_draw_a_patient_with_all_targets(self) -> None:
        """a and b of a patient add up to 1, so the mean over both is sure only when they are drawn together."""
        rows = [row(f"p{n}", n / 10, target="a") for n in range(9)]
        rows += [row(f"p{n}", 1 - n / 10, target="b") for n in range(9)]
        (found,) = summarise(rows, (), "dice", macro=("target",))
        assert (found.low, found.mean, found.high) == pytest.approx((0.5, 0.5, 0.5))

    def test_other_numbers_and_directions(self) -> None:
        (seconds,) = summarise([row(seconds=1.0), row("p2", seconds=3.0)], (), "seconds")
        assert (seconds.mean, seconds.best_is_high) == (2.0, False)
        assert not summarise([row(hd95_mm=3.0)], (), "hd95_mm")[0].best_is_high

    def test_unknown_names(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean dice"):
            summarise([row()], (), "dise")
        with pytest.raises(UsageError, match="no field 'modalty'"):
            summarise([row()], ("modalty",), "dice")

    def test_rows_are_not_changed(self) -> None:
        rows = [row(), row("p2", None)]
        before = deepcopy(rows)
        summarise(rows, ("dataset",), "dice")
        assert rows == before

    def test_hundreds_of_groups_are_quick(self) -> None:
        rng = np.random.default_rng(0)
        rows = [row(f"p{n}", float(rng.random()), target=f"t{t}") for t in range(300) for n in range(30)]
        start = time.perf_counter()
        assert len(summarise(rows, ("target",), "dice")) == 300
        assert time.perf_counter() - start < 5  # about 0.4 s on a quiet machine


class TestLooseness:
    def test_by_hand(self) -> None:
        rows = [
            row(dice=0.5, prompt="box:margin=0.2"),
            row(dice=0.9),
            row(dice=0.7, prompt="box:margin=0.1"),
            row(dice=0.6, prompt="box:jitter=10-20px"),
            row(dice=0.3, prompt="box:shift=.5"),
            row(dice=0.1, prompt="point"),
            row(dice=0.1, prompt="boxes:margin=0.1"),
            row(dice=0.1, prompt="box:margin=0.1,jitter=5px"),
        ]
        found = {(s.group["option"], s.group["unit"], s.group["amount"]): s.mean for s in looseness(rows, ("model",))}
        assert found == pytest.approx(
            {
                ("margin", "side", 0.0): 0.9,
                ("margin", "side", 0.1): 0.7,
                ("margin", "side", 0.2): 0.5,
                ("jitter", "px", 0.0): 0.9,
                ("jitter", "px", 20.0): 0.6,
                ("shift", "side", 0.0): 0.9,
                ("shift", "side", 0.5): 0.3,
            }
        )
        assert looseness(rows, ("model",))[0].group["model"] == "m"

    def test_a_tight_box_alone_is_no_curve(self) -> None:
        assert looseness([row()], ()) == []


class TestReadRows:
    def write(self, folder: Path, content: str | bytes) -> Path:
        (folder / "results.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    def lines(self, *rows: Row) -> str:
        return "".join(json.dumps(one) + "\n" for one in rows)

    def test_round_trip(self, tmp_path: Path) -> None:
        rows = [row(), row("pä", None, level="instance", instance=3)]
        assert read_rows(self.write(tmp_path, self.lines(*rows))) == rows
        assert read_rows(str(tmp_path)) == rows

    def test_an_empty_file_has_no_rows(self, tmp_path: Path) -> None:
        assert read_rows(self.write(tmp_path, "")) == []

    @pytest.mark.parametrize("cut", [1, 7, 60, -3])
    def test_a_torn_last_line_is_left_out(self, tmp_path: Path, cut: int) -> None:
        torn = self.lines(row("p2")).rstrip("\n").encode()[:cut]
        assert read_rows(self.write(tmp_path, self.lines(row()).encode() + torn)) == [row()]

    def test_a_letter_torn_in_two_is_no_reason_to_stop(self, tmp_path: Path) -> None:
        torn = '{"dataset": "ä'.encode()[:-1]
        assert read_rows(self.write(tmp_path, self.lines(row()).encode() + torn)) == [row()]

    def test_a_whole_last_line_without_its_newline_counts(self, tmp_path: Path) -> None:
        assert len(read_rows(self.write(tmp_path, self.lines(row(), row("p2")).rstrip("\n")))) == 2

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("{torn", "line 2 is not JSON"),
            ("[" * 100_000, "line 2 is not JSON"),
            ("[1, 2]", "line 2 is not a row"),
            ("7", "line 2 is not a row"),
            (json.dumps({"dataset": "polyps"}), "line 2 is not a row of results: it lacks case_id"),
            (json.dumps(row(target=["liver"])), "line 2 is not a row of results: it lacks target"),
            (json.dumps(row(dice="high")), "line 2 has something else than a number as dice"),  # type: ignore[arg-type]
        ],
        ids=["torn", "deep", "list", "number", "fields", "type", "text"],
    )
    def test_garbage_elsewhere_is_refused_with_its_line(self, tmp_path: Path, line: str, message: str) -> None:
        with pytest.raises(FormatError, match=message):
            read_rows(self.write(tmp_path, self.lines(row()) + line + "\n" + self.lines(row("p2"))))

    def test_no_results(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"holds no results\.jsonl"):
            read_rows(tmp_path)
        with pytest.raises(InputError, match=r"holds no results\.jsonl"):
            read_rows(tmp_path / "absent")

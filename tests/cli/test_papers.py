"""The verb papers over made-up records, so that answers do not depend on what the catalogue holds today."""

from __future__ import annotations

import csv
import functools
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from samaritan.catalog import Paper, everything, links, network
from samaritan.catalog.bibtex_reader import read_bibtex
from samaritan.catalog.own import own_papers, write_papers
from samaritan.catalog.survey_table import read_table
from tests.catalog.conftest import made_up
from tests.catalog.server import reply, serving
from tests.cli.conftest import Run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A person's own file, the only catalogue there is."""
    path = tmp_path / "own" / "papers.yaml"
    write_papers(path, made_up())
    monkeypatch.setenv("SAMARITAN_CATALOGUE", str(path))
    monkeypatch.setattr(everything, "all_papers", own_papers)
    return path


def answer(run: Run, capsys: Capture, *arguments: object) -> list[str]:
    """Keys in the answer."""
    assert run("papers", *arguments, "--json") == 0
    return [record["key"] for record in json.loads(capsys.readouterr().out)]


def test_words_are_a_query_and_commands_are_commands(run: Run, capsys: Capture) -> None:
    assert answer(run, capsys, "ultrasound lora", "--since", "2024-06", "--with-code", "--family", "peft") == [
        "wu2024ultrasound"
    ]
    assert answer(run, capsys, "knee", "mri") == ["kim2023mri"]
    assert answer(run, capsys, "--with-code", "polyp") == []
    assert answer(run, capsys, "--without-code", "polyp") == ["ono2024sam"]
    assert answer(run, capsys, "--query", "show") == []
    assert answer(run, capsys, "search", "show") == []
    assert run("papers", "show", "kim2023mri") == 0
    assert "Prompting SAM on Knee MRI" in capsys.readouterr().out


def test_a_table_says_how_many_there_are(run: Run, capsys: Capture) -> None:
    assert run("papers", "--limit", "2") == 0
    out = capsys.readouterr().out
    assert "ma2025medsam2" in out
    assert "2 of 8 papers; --limit 0 shows all" in out
    assert run("papers", "polyps") == 0
    assert "1 paper. samaritan papers show KEY" in capsys.readouterr().out


def test_papers_come_in_the_order_that_is_asked_for(run: Run, capsys: Capture) -> None:
    assert answer(run, capsys, "ultrasound", "--sort", "oldest") == ["li2024echo", "wu2024ultrasound"]
    assert answer(run, capsys, "ultrasound", "--sort", "newest") == ["wu2024ultrasound", "li2024echo"]


def test_every_form_is_what_it_says(run: Run, capsys: Capture) -> None:
    def out(form: str) -> str:
        assert run("papers", "ultrasound", "--format", form) == 0
        return capsys.readouterr().out

    keys = [record["key"] for record in json.loads(out("json"))]
    assert [row["key"] for row in csv.DictReader(io.StringIO(out("csv")))] == keys
    assert [entry.key for entry in read_bibtex(out("bibtex"))] == keys
    assert len(read_table(out("markdown")).rows) == len(keys) == 2


def test_no_answer_says_which_word_is_to_blame_and_what_comes_near(run: Run, capsys: Capture) -> None:
    told = "No paper has all these words; papers with each: ultrasound 2, telescope 0. "
    assert run("papers", "ultrasound", "telescope") == 0
    out, err = capsys.readouterr()
    assert "wu2024ultrasound" in out  # a person sees what comes near
    assert err == told + "These have some of them:\n"
    assert run("papers", "ultrasound", "telescope", "--json") == 0
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ([], told + "--any takes papers with any.\n")  # a program does not
    assert answer(run, capsys, "ultrasound", "telescope", "breast", "--any") == ["wu2024ultrasound", "li2024echo"]
    assert run("papers", "--until", "2020") == 0
    assert capsys.readouterr() == ("", "No paper passes these filters.\n")


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (
            ["--family", "pfet"],
            2,
            "There is no family 'pfet'; did you mean peft? allowed are annotation-efficient, architecture,",
        ),
        (["--since", "soon"], 2, "since is a month such as 2024-06"),
        (["!"], 2, "has no letter and no digit"),
        (["--with-code", "--without-code"], 2, "No paper is both with code and without"),
        (["--format", "xml"], 2, "allowed are table, json, csv, bibtex, markdown"),
        (["show", "kim2023mr"], 2, "There is no paper 'kim2023mr'; did you mean kim2023mri"),
        (["import", "nothing.md"], 3, "Could not read nothing.md"),
        (["add", "@article{x, title={T}"], 3, "is damaged in line 1"),
        (["stats", "--plot", "a.gif"], 2, "A plot is written as .png, .svg, .pdf"),
    ],
)
def test_mistakes_are_one_sentence(run: Run, capsys: Capture, arguments: list[str], code: int, what: str) -> None:
    assert run("papers", *arguments) == code
    out, err = capsys.readouterr()
    assert what in err
    assert (out, err.count("\n")) == ("", 1)


def test_show_takes_a_key_a_number_and_a_title(run: Run, capsys: Capture) -> None:
    for name in ("zhang2023customized", "arXiv:2304.13785v2", "customized segment anything model"):
        assert run("papers", "show", name, "--json") == 0
        assert json.loads(capsys.readouterr().out)["implemented"][0]["name"] == "lora"


def test_stats_count_and_draw(run: Run, capsys: Capture, tmp_path: Path) -> None:
    assert run("papers", "stats", "--since", "2024", "--plot", tmp_path / "a.png") == 0
    out = capsys.readouterr().out
    assert "4 papers, 2 with code" in out
    assert (tmp_path / "a.png").stat().st_size > 10_000
    assert run("papers", "stats", "--json") == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["papers"], counts["counts"][0]["rows"]["peft"]) == (8, [1, 2, 0])


def test_what_is_added_is_found_and_not_added_twice(run: Run, capsys: Capture, own: Path) -> None:
    entry = "@article{x, title={SAM for Telescopes}, author={Lee, A.}, year=2025, month=may}"
    assert run("papers", "add", entry) == 0
    assert capsys.readouterr().out == f"lee2025sam: SAM for Telescopes\n1 added to {own}\n"
    assert answer(run, capsys, "telescope") == ["lee2025sam"]
    assert run("papers", "add", entry.replace("Telescopes", "telescope")) == 3
    assert "is there as lee2025sam" in capsys.readouterr().err
    assert run("papers", "add", entry, "--skip-known") == 0
    assert "0 added" in capsys.readouterr().out
    assert run("papers", "add", "arXiv:2304.13785v2") == 3  # without asking arXiv
    assert "'Customized Segment Anything Model' is there as zhang2023customized" in capsys.readouterr().err


def test_another_file_gets_them_where_it_is_named(run: Run, capsys: Capture, own: Path, tmp_path: Path) -> None:
    before, other = own.read_bytes(), tmp_path / "other.yaml"
    entry = "@article{x, title={SAM for Telescopes}, author={Lee, A.}, year=2025, month=may}"
    assert run("papers", "add", entry, "--into", other) == 0
    assert own.read_bytes() == before
    assert run("papers", "add", entry, "--into", other) == 3  # it is not asked, but it is looked at
    capsys.readouterr()


def test_a_list_is_compared_and_added(run: Run, capsys: Capture, tmp_path: Path) -> None:
    table = tmp_path / "README.md"
    table.write_text(
        "|Date|Authors|Title|Code|\n|---|---|---|---|\n|202305|A. Lee|Prompting SAM on Knee MRI|[Code](https://x.org/y)|\n"
        "|202505|A. Lee|SAM for Telescopes|None|\n|2025|A. Lee|No month|None|\n",
        encoding="utf-8",
    )
    assert run("papers", "import", table) == 0
    out, err = capsys.readouterr()
    assert "new 2025-05 SAM for Telescopes (line 4)" in out
    assert "changed kim2023mri code none -> https://x.org/y" in out
    assert "1 new, 1 changed, 7 gone, 0 rows as they are here." in out
    assert "not read Line 5 has the date '2025'" in err
    assert answer(run, capsys, "telescope") == []
    assert run("papers", "import", table, "--apply") == 0
    capsys.readouterr()
    assert answer(run, capsys, "telescope") == ["lee2025sam"]


def test_check_finds_what_is_wrong(run: Run, capsys: Capture, own: Path) -> None:
    assert run("papers", "check") == 0
    assert capsys.readouterr().out == "8 papers, no faults.\n"
    write_papers(own, [*made_up(), made_up()[0].model_copy(update={"key": "x2024y"})])
    assert run("papers", "check") == 1
    assert "twin x2024y is the same paper as wu2024ultrasound" in capsys.readouterr().out


def test_links_are_asked_over_the_network(
    run: Run, capsys: Capture, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "Client", functools.partial(network.Client, pause=0))
    with serving(lambda _method, path, _before: reply(404 if path == "/gone" else 200)) as server:
        addresses = {"url": f"{server.address}/gone", "code": f"{server.address}/fine"}
        write_papers(own, [Paper.model_validate({**made_up()[4].model_dump(), **addresses})])
        assert run("papers", "check", "--network") == 1
    out = capsys.readouterr().out
    assert f"dead 404 {server.address}/gone, ray2023few" in out
    assert "2 links: 1 dead, 1 ok." in out
    assert len(own.with_name("links.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_a_question_imports_neither_torch_nor_numbers_nor_drawing() -> None:
    report = "import atexit, sys; atexit.register(lambda: print({'torch', 'matplotlib', 'scipy', 'polars'} & set(sys.modules)))"
    code = f"{report}; from samaritan.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "papers", "ultrasound"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith("set()")


def test_ctrl_c_keeps_what_was_answered_and_says_how_to_go_on(
    run: Run, capsys: Capture, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(links, "check_links", stopped)
    assert run("papers", "check", "--network", "--quiet") == 130
    assert capsys.readouterr().err == "Interrupted; the same command goes on from here.\n"


def test_a_list_without_a_row_that_can_be_read_says_why(run: Run, capsys: Capture, tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    table.write_text("|Date|Authors|Title|Code|\n|202413|A|T|None|\n|202401||T|None|\n", encoding="utf-8")
    assert run("papers", "import", str(table)) == 3
    assert "has no row that can be read (of 2). Line 2 has the date '202413'" in capsys.readouterr().err


def test_a_slip_of_the_keys_is_answered_with_the_word_that_was_meant(run: Run, capsys: Capture) -> None:
    assert run("papers", "ultrasond") == 0
    assert capsys.readouterr().err == "No paper: ultrasond 0. Did you mean ultrasound?\n"

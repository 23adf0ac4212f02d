from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from samaritan.catalog.own import append_papers, own_file, own_papers, read_papers
from samaritan.catalog.record import Paper
from samaritan.core.errors import FormatError, InputError, ResourceError

RECORD = """# mine
- key: lee2024sam
  title: "SAM: a study"
  authors: [A. Lee]
  month: 2024-05
  arxiv: 2405.12620
"""


def test_a_number_keeps_its_last_digit_and_a_month_is_no_date(tmp_path: Path) -> None:
    file = tmp_path / "papers.yaml"
    file.write_text(RECORD, encoding="utf-8")
    (paper,) = read_papers(file)
    assert (paper.arxiv, paper.month) == ("2405.12620", "2024-05")


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMARITAN_CATALOGUE", str(tmp_path / "mine.yaml"))
    assert own_file() == tmp_path / "mine.yaml"
    assert own_papers() == []
    monkeypatch.delenv("SAMARITAN_CATALOGUE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert own_file() == tmp_path / "samaritan" / "papers.yaml"


def test_what_a_person_wrote_stays_as_it_is(tmp_path: Path, papers: list[Paper]) -> None:
    file = tmp_path / "papers.yaml"
    file.write_text(RECORD, encoding="utf-8")
    append_papers(file, papers[:2])
    assert file.read_text(encoding="utf-8").startswith(RECORD)
    assert read_papers(file)[1:] == papers[:2]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["new.yaml", "new.json"])
def test_a_new_file_and_one_in_another_style(tmp_path: Path, papers: list[Paper], name: str) -> None:
    file = tmp_path / "deep" / name
    append_papers(file, papers[:1])
    append_papers(file, papers[1:])
    assert read_papers(file) == papers
    file.write_text("[{key: lee2024sam, title: T, authors: [A], month: 2024-05}]", encoding="utf-8")
    append_papers(file, papers[:1])
    assert [paper.key for paper in read_papers(file)] == ["lee2024sam", papers[0].key]


@pytest.mark.parametrize(
    ("text", "error", "what"),
    [
        ("- key: Wrong Key\n  title: T", InputError, r"Record 1 of .* does not fit: key: .*; authors: .*; month: "),
        ("- {key: a2024b, title: T, authors: [A], month: 2024-13}", InputError, "month: String should match"),
        ("- {key: a2024b, titel: T}", InputError, "titel: Extra inputs are not permitted"),
        ("a: [", FormatError, "is not valid YAML"),
        ("- !!python/object:os.system {}", FormatError, "is not valid YAML"),
        ("- just words", InputError, "Record 1 of .* is 'just words', no record of a paper; give at least key, title,"),
    ],
)
def test_a_file_that_is_no_catalogue_is_told(tmp_path: Path, text: str, error: type[Exception], what: str) -> None:
    file = tmp_path / "papers.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=what):
        read_papers(file)
    before = file.read_bytes()
    with pytest.raises(error):
        append_papers(file, [])
    assert file.read_bytes() == before


def test_an_empty_file_has_no_papers(tmp_path: Path) -> None:
    (tmp_path / "papers.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert read_papers(tmp_path / "papers.yaml") == []


def test_a_link_stays_one_and_the_file_that_it_leads_to_grows(tmp_path: Path, papers: list[Paper]) -> None:
    link, real = tmp_path / "papers.yaml", tmp_path / "elsewhere" / "real.yaml"
    link.symlink_to(real)
    for one in papers[:2]:  # the first makes the file
        append_papers(link, [one])
    assert link.is_symlink()
    assert read_papers(real) == papers[:2]


def test_what_another_process_has_added_by_now_is_not_added_again(tmp_path: Path, papers: list[Paper]) -> None:
    file = tmp_path / "papers.yaml"
    append_papers(file, papers[:2])
    before = file.read_bytes()
    with pytest.raises(InputError, match=f"Nothing was added: .* has {papers[1].key} by now"):
        append_papers(file, papers[1:])
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, papers: list[Paper]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResourceError, match="Could not make the folder of"):
        append_papers(tmp_path / "file" / "papers.yaml", papers)


def test_records_that_grow_in_each_other_are_told_in_a_line(tmp_path: Path) -> None:
    grown = "- [&a [x, x, x, x, x, x, x, x, x]" + "".join(
        f", &{after} [{', '.join([f'*{before}'] * 9)}]" for before, after in itertools.pairwise("abcdefghij")
    )
    (tmp_path / "laughs.yaml").write_text(f"{grown}]", encoding="utf-8")
    with pytest.raises(InputError, match="no record of a paper") as told:
        read_papers(tmp_path / "laughs.yaml")
    assert len(str(told.value)) < 500

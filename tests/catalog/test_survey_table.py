from __future__ import annotations

import pytest
from hypothesis import given
from pydantic import HttpUrl

from samaritan.catalog.record import Earlier, Paper
from samaritan.catalog.survey_table import MOST, compare, doi_in, read_table, split_authors, to_papers
from samaritan.catalog.tables import to_markdown
from samaritan.core.errors import InputError
from tests.catalog.conftest import said

LIST = """# A list
| Name | Other table |
|---|---|
| x | y |

|Date|Authors|Title|Code|
|---|---|---|---|
|202304|K. Zhang and D. Liu|Customized Segment Anything Model [(paper)](https://arxiv.org/pdf/2304.13785.pdf)|[Code](https://github.com/hitachinsk/SAMed)|
|2024.07|B. Wu et al.|[Low-Rank SAM for Breast Ultrasound](https://x.org/a?b=1)|None|
|2026-02-01|R. Zhai|A \\| B|www.github.com/x/y|
|yesterday|A. Lee|No month|None|
|202401||No authors|None|
|202401|A. Lee|
"""


def test_rows_of_the_four_columns_are_read_and_the_others_named() -> None:
    table = read_table(LIST)
    assert [(row.line, row.month, row.authors, row.others, row.title) for row in table.rows] == [
        (8, "2023-04", ("K. Zhang", "D. Liu"), False, "Customized Segment Anything Model"),
        (9, "2024-07", ("B. Wu",), True, "Low-Rank SAM for Breast Ultrasound"),
        (10, "2026-02", ("R. Zhai",), False, "A | B"),
    ]
    assert [row.url for row in table.rows] == ["https://arxiv.org/pdf/2304.13785.pdf", "https://x.org/a?b=1", None]
    assert table.rows[0].code == "https://github.com/hitachinsk/SAMed"
    assert table.rows[0].arxiv == "2304.13785"
    assert [fault.split(" has ")[0] for fault in table.faults] == ["Line 11", "Line 12", "Line 13"]
    assert "'yesterday'; a month is written 202304, 2023-04 or 2023.04" in table.faults[0]


def test_columns_may_stand_in_another_order() -> None:
    (row,) = read_table("|Title|Code|Date|Authors|\n|:--|--|--|--|\n|T|None|202401|A. Lee|").rows
    assert (row.title, row.month, row.authors) == ("T", "2024-01", ("A. Lee",))


def test_what_is_new_changed_and_gone(papers: list[Paper]) -> None:
    found = compare(read_table(LIST).rows, papers)
    assert [row.title for row in found.new] == ["A | B"]
    assert {change.paper.key: change.fields for change in found.changed} == {
        "zhang2023customized": {"code": (None, "https://github.com/hitachinsk/SAMed")},
        "wu2024ultrasound": {
            "url": (None, "https://x.org/a?b=1"),
        },
    }  # fmt: skip
    assert {paper.key for paper in found.gone} == {paper.key for paper in papers} - {
        "zhang2023customized", "wu2024ultrasound",
    }  # fmt: skip


def test_what_the_field_stands_on_is_never_gone(papers: list[Paper]) -> None:
    assert compare([], [papers[0].model_copy(update={"seminal": True})]).gone == ()


def test_a_paper_that_stands_twice_is_one(papers: list[Paper]) -> None:
    twice = "|Date|Authors|Title|Code|\n|-|-|-|-|\n|202301|A. B|A New One|None|\n|202302|A. B|A new one.|None|"
    assert len(compare(read_table(twice).rows, papers).new) == 1
    known = to_papers(read_table(twice).rows[:1], ())
    assert compare(read_table(twice).rows, known).changed == ()  # one of both rows says what is known


def test_another_address_that_is_known_is_no_change() -> None:
    work = Paper(
        key="b2023sam", title="SAM", authors=("A. B",), month="2023-01", url=HttpUrl("https://x.org/new"),
        code=HttpUrl("https://github.com/a/b"), also=(HttpUrl("https://x.org/old"), HttpUrl("https://b.github.io/sam/")),
    )  # fmt: skip
    row = "|Date|Authors|Title|Code|\n|-|-|-|-|\n|202301|A. B|SAM [(paper)](https://x.org/{})|[Code](https://{})|"
    assert compare(read_table(row.format("old", "b.github.io/sam")).rows, [work]).changed == ()
    (change,) = compare(read_table(row.format("else", "b.github.io/other")).rows, [work]).changed
    assert set(change.fields) == {"url", "code"}


def test_a_work_that_was_renamed_is_neither_new_nor_changed_under_any_of_its_titles() -> None:
    work = Paper(
        key="b2025new", title="A New Name Altogether", authors=("A. B",), month="2023-01", published="2025-02",
        earlier=(Earlier(key="b2023old", title="What It Was Called"),), url=HttpUrl("https://x.org/new"), arxiv="2301.00001",
    )  # fmt: skip
    head = "|Date|Authors|Title|Code|\n|-|-|-|-|\n"
    old = "|202301|A. B|What It Was Called [(paper)](https://arxiv.org/pdf/2301.00001)|None|\n"
    new = "|202502|A. B|A New Name Altogether [(paper)](https://x.org/new)|None|\n"
    for listed, same in ((old, 1), (new, 1), (old + new, 2)):
        found = compare(read_table(head + listed).rows, [work])
        assert (found.new, found.changed, found.gone, found.same) == ((), (), (), same)


def test_rows_become_records_with_keys_of_their_own() -> None:
    rows = read_table(LIST).rows
    made = to_papers(rows, {"zhang2023customized"})
    assert [paper.key for paper in made] == ["zhang2023customizedb", "wu2024low", "zhai2026b"]
    assert (made[0].arxiv, made[0].venue, str(made[2].code)) == ("2304.13785", "arXiv", "https://www.github.com/x/y")


@pytest.mark.parametrize(
    ("text", "names", "others"),
    [
        ("A. Lee et al.", ("A. Lee",), True),
        ("A. Lee, B. Wu, and C. Kim", ("A. Lee", "B. Wu", "C. Kim"), False),
        ("A. Lee & B. Wu et.al", ("A. Lee", "B. Wu"), True),
        ("G. Anderson", ("G. Anderson",), False),
    ],
)
def test_authors(text: str, names: tuple[str, ...], others: bool) -> None:
    assert split_authors(text) == (names, others)


@pytest.mark.parametrize(
    ("address", "doi"),
    [
        ("https://link.springer.com/chapter/10.1007/978-3-032-04937-7_19", "10.1007/978-3-032-04937-7_19"),
        ("https://link.springer.com/content/pdf/10.1007/s11517-026-03522-2.pdf", "10.1007/s11517-026-03522-2"),
        ("https://www.biorxiv.org/content/10.1101/2023.08.21.554208v1.full", "10.1101/2023.08.21.554208"),
        ("https://arxiv.org/abs/2304.13785", None),
    ],
)
def test_dois_in_addresses(address: str, doi: str | None) -> None:
    assert doi_in(address) == doi


CELL = said()


@given(title=CELL)
def test_what_is_written_as_markdown_is_read_again(title: str) -> None:
    written = Paper.model_validate(
        {
            "key": "lee2024sam",
            "title": title,
            "authors": ("A. Lee",),
            "month": "2024-05",
            "url": "https://x.org/a",
            "code": "https://y.org/b(c)|d",
        }
    )
    table = read_table(to_markdown([written]))
    assert table.faults == []
    (row,) = table.rows
    assert (row.title, row.url) == (" ".join(title.split()), "https://x.org/a")
    assert (row.month, row.authors, row.others) == ("2024-05", ("A. Lee",), False)
    assert row.code == "https://y.org/b%28c%29%7Cd"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("|202401|A. Lee|" + "[" * 200_000 + "|None|", "Line 3 has 200021 letters; no row is longer than"),
        ("|202401|A. Lee|Red \x1b[31m|None|", "Line 3 does not fit: Text should have no control character"),
        (
            "|202401|A. Lee|Red|[code](https://x.org/\x1b]0;a)|",
            "Line 3 does not fit: Text should have no control character",
        ),
        ("|202401|A. Lee|" + "word " * 500 + "|None|", "Line 3 does not fit: String should have at most 2000"),
        ("|000001|A. Lee|Old|None|", "Line 3 does not fit: String should match"),
    ],
)
def test_a_row_that_makes_no_record_is_told_with_its_line(row: str, why: str) -> None:
    table = read_table(f"|Date|Authors|Title|Code|\n|---|---|---|---|\n{row}\n|202402|A. Lee|Fine|None|")
    assert [fault.startswith(why) for fault in table.faults] == [True]
    assert [found.title for found in table.rows] == ["Fine"]


def test_more_rows_than_can_be_compared_are_told() -> None:
    (row,) = read_table("|Date|Authors|Title|Code|\n|202401|A. Lee|Title|None|").rows
    with pytest.raises(InputError, match=f"has {MOST + 1} rows; at most {MOST} are compared at a time"):
        compare([row] * (MOST + 1), [])

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.catalog.bibtex_reader import BibEntry, read_bibtex
from samaritan.core.errors import FormatError


def test_what_publishers_write_is_read() -> None:
    text = """
    Exported by someone@example.org
    @comment{ignored {entirely}}
    @preamble{"\\newcommand{\\x}{y}"}
    @string{media = "Medical Image Analysis"}
    @Article{Wu_2025,
      Title = {Medical {SAM} Adapter}, AUTHOR = "Wu, Junde and {The Group}",
      journal = media # { B}, month = apr, year = 2025
    }
    @inproceedings(key2, title={x}, pages = {1--2},)
    """
    assert read_bibtex(text) == [
        BibEntry(
            "article",
            "Wu_2025",
            {
                "title": "Medical {SAM} Adapter", "author": "Wu, Junde and {The Group}",
                "journal": "Medical Image Analysis B", "month": "apr", "year": "2025",
            },
        ),
        BibEntry("inproceedings", "key2", {"title": "x", "pages": "1--2"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("@article{a,\n title = {x", "line 2: premature end of file, a brace or a quote is not closed"),
        ('@article{a,\n title = "x', "line 2: premature end of file, a brace or a quote is not closed"),
        ("@article{a, title {x}}", "line 1: '=' expected"),
        ("@article{a, title = x}", "line 1: the string x is not defined; write it in braces"),
        ("@article{a, title = {x} year = 2020}", "line 1: '}' expected"),
        ("@article{a", "line 1: premature end of file"),
        ("@article{a, title = }", "line 1: field value expected"),
    ],
)
def test_damage_is_told_with_its_line(text: str, what: str) -> None:
    with pytest.raises(FormatError) as error:
        read_bibtex(text, "refs.bib")
    assert str(error.value).startswith("refs.bib is damaged in line")
    assert what in str(error.value)


@given(st.text(st.sampled_from('@{}(),="#% \nabc1')))
def test_nothing_but_a_damaged_file_is_raised(text: str) -> None:
    try:
        entries = read_bibtex(text)
    except FormatError as error:
        assert "is damaged in line" in str(error)  # noqa: PT017 - any other error fails
    else:
        assert len(entries) <= text.count("@")


def test_strings_of_strings_do_not_fill_the_memory() -> None:
    lines = [f"@string{{s{n + 1} = {' # '.join([f's{n}'] * 10)}}}" for n in range(12)]
    grown = "\n".join(['@string{s0 = "xxxxxxxxxx"}', *lines, "@article{a, title = s12}"])
    with pytest.raises(FormatError, match="The BibTeX is damaged: its @string definitions grow without end"):
        read_bibtex(grown)

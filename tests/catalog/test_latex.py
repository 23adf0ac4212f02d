from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samaritan.catalog.latex import from_latex, to_latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("A & B_50% #1 $", r"A \& B\_50\% \#1 \$"),
        ("{x} \\ ~ ^", r"\textbraceleft{}x\textbraceright{} \textbackslash{} \textasciitilde{} \textasciicircum{}"),
        ("Hörst Çelik Łukasz Šmíd Strauß", r"H{\"{o}}rst {\c{C}}elik {\L}ukasz {\v{S}}m{\'{i}}d Strau{\ss}"),
        ("a\u2013b \u2014 \u201cx\u201d", "a--b --- ``x''"),
        ("a -- b", "a -{}- b"),
        ("  two\n lines ", "two lines"),
        ("医学", "医学"),
    ],
)
def test_known_texts(text: str, latex: str) -> None:
    assert to_latex(text) == latex


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"H{\"o}rst and M\"{u}ller and {\'\i} \o", "Hörst and Müller and í ø"),
        (r"{SAM}-Med{2D}: \emph{Segment} {A}nything", "SAM-Med2D: Segment Anything"),
        (r"$k$-means~x \unknown{y}", "k-means x \\unknowny"),
        (r"\v{c}\c c \aa{} Erd\H{o}s", "čç å Erdős"),
    ],
)
def test_what_people_write_is_read(latex: str, text: str) -> None:
    assert from_latex(latex) == text


@given(st.text())
@example("`\u201c'\u201d-\u2013\u2014--")
@example('\\textbackslash{} \\& {\\"o}')
def test_text_survives(text: str) -> None:
    assert from_latex(to_latex(text)) == unicodedata.normalize("NFC", " ".join(text.split()))


@given(st.text())
def test_braces_are_balanced_at_every_place(text: str) -> None:
    depth = 0
    for character in to_latex(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0

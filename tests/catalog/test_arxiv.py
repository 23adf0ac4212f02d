from __future__ import annotations

import pytest

from samaritan.catalog import arxiv
from samaritan.catalog.arxiv import Preprint, ask_arxiv, number_in
from samaritan.catalog.network import Client
from samaritan.core.errors import InputError, ResourceError
from tests.catalog.server import reply, serving

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">{entry}</feed>"""
ENTRY = """<entry><id>http://arxiv.org/abs/2304.12620v7</id><published>2023-04-25T07:34:22Z</published>
<title>Medical SAM Adapter: Adapting
  Segment Anything Model</title><author><name>Junde Wu</name></author><author><name>F. Hörst</name></author>
<arxiv:doi>10.1016/j.media.2025.1</arxiv:doi><arxiv:journal_ref>Medical Image Analysis 102</arxiv:journal_ref></entry>"""


#: Entities of entities, which fill the memory of who writes them out.
GROWING = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2304.12620", "2304.12620"),
        (" arXiv:2304.12620v3 ", "2304.12620"),
        ("https://arxiv.org/pdf/2304.12620.pdf", "2304.12620"),
        ("https://www.arxiv.org/abs/2304.12620", "2304.12620"),
        ("hep-th/9901001", None),
        ("paper-2304.12620.yaml", None),
    ],
)
def test_numbers_in_every_form(text: str, number: str | None) -> None:
    assert number_in(text) == number


def ask(monkeypatch: pytest.MonkeyPatch, body: str | bytes, status: int = 200) -> tuple[Preprint, list[str]]:
    sent = body.encode() if isinstance(body, str) else body
    with serving(lambda *_: reply(status, sent)) as server:
        monkeypatch.setattr(arxiv, "ADDRESS", f"{server.address}/api/query")
        return ask_arxiv("2304.12620", Client(pause=0)), server.paths("GET")


def test_the_first_version_s_month_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = ask(monkeypatch, FEED.format(entry=ENTRY))
    assert asked == ["/api/query?id_list=2304.12620&max_results=1"]
    assert found == Preprint(
        "2304.12620", "Medical SAM Adapter: Adapting Segment Anything Model", ("Junde Wu", "F. Hörst"), "2023-04",
        "10.1016/j.media.2025.1", "Medical Image Analysis 102",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (FEED.format(entry=""), "arXiv has no paper 2304.12620"),
        (FEED.format(entry="<entry><id>http://arxiv.org/api/errors#x</id></entry>"), "arXiv has no paper 2304.12620"),
        ("<html>", "cannot be read"),
        ("<!DOCTYPE html><html/>", "is not one of arXiv's interface"),
        (f"{GROWING}{FEED.format(entry=ENTRY).replace('Medical', '&b;')}", "is not one of arXiv's interface"),
        (f"{GROWING}<feed>&b;</feed>".encode("utf-16"), "cannot be read"),
        (b"<feed>\xfc</feed>", "cannot be read"),
    ],
)
def test_an_answer_without_the_paper_is_told(monkeypatch: pytest.MonkeyPatch, body: str | bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        ask(monkeypatch, body)


def test_no_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResourceError, match=r"could not be asked about 2304.12620 \(it answers 503\)"):
        ask(monkeypatch, "", 503)

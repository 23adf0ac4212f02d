from __future__ import annotations

import pytest

from samaritan.catalog.plain_yaml import DEPTH, parse
from samaritan.core.errors import FormatError


def test_only_words_are_words() -> None:
    assert parse("{arxiv: 2405.12620, month: 2024-05, others: true, doi: null}", "x") == {
        "arxiv": "2405.12620", "month": "2024-05", "others": True, "doi": None,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000, "[" * 100_000 + "]" * 100_000])
def test_what_is_nested_without_end_is_told_and_does_not_crash_the_process(text: str) -> None:
    with pytest.raises(FormatError, match=f"papers.yaml is nested deeper than {DEPTH} levels in line 1"):
        parse(text, "papers.yaml")
    assert parse("[" * DEPTH + "]" * DEPTH, "x")


@pytest.mark.parametrize("text", ["- {key: a, key: b}", "- key: a\n  title: T\n  key: b", '{"key": 1, "key": 1}'])
def test_a_key_that_stands_twice_is_told_since_one_would_be_lost(text: str) -> None:
    with pytest.raises(FormatError, match=r"Line \d of x says 'key' a second time in one record"):
        parse(text, "x")


def test_the_same_key_in_several_records_and_in_values_is_none_twice() -> None:
    assert parse("- {key: key, a: [key, key], b: {key: x}}\n- {key: key}", "x") == [
        {"key": "key", "a": ["key", "key"], "b": {"key": "x"}}, {"key": "key"},
    ]  # fmt: skip
    merged = "- &one {key: a, title: T}\n- {<<: *one, key: b}"
    assert parse(merged, "x") == [{"key": "a", "title": "T"}, {"key": "b", "title": "T"}]

"""Command lines are found where a shell finds them, and judged as the command line judges them."""

from __future__ import annotations

import pytest

from tests.docs._commands import command_lines, refusal, unknown_options


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("samaritan models", [["models"]]),
        ("A=1 B=2 samaritan models   # all samaritan models", [["models"]]),
        ("cd there && samaritan doctor --json > out.json", [["doctor", "--json"]]),
        ("samaritan papers 2>/dev/null | head -3", [["papers"]]),
        ("samaritan compare a \\\n    b", [["compare", "a", "b"]]),
        ("for m in a b; do samaritan models show $m; done", [["models", "show", "$m"]]),
        ("python -m samaritan doctor", [["doctor"]]),
        (
            "samaritan segment 'a b.png' --box '1,2,3,4=left lung'",
            [["segment", "a b.png", "--box", "1,2,3,4=left lung"]],
        ),
        ("cat > run.sh <<'EOF'\nsamaritan it's nothing\nEOF\nsamaritan doctor", [["doctor"]]),
        ("pip install samaritan", []),
        ("ls samaritan", []),
    ],
)
def test_lines_are_found(code: str, found: list[list[str]]) -> None:
    assert [*command_lines(code)] == found


@pytest.mark.parametrize(
    "line",
    [
        "models pull litemedsam --from file.pth",
        "models",
        "--help",
        "segment a.png --box 1,2,3,4 -o b.png --overwrite",
        "adapt DATA --method lora --minutes 10 -o OUT",
    ],
)
def test_a_right_line_is_taken(line: str) -> None:
    assert refusal(line.split()) == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("segmnt a.png", "segmnt"),
        ("segment a.png --bx 1,2,3,4", "--bx"),
        ("segment", "IMAGE"),
        ("models pull", "NAME"),
        ("models fetch litemedsam", "fetch"),
        ("adapt DATA --method lora --minutes soon -o OUT", "number"),
    ],
)
def test_a_wrong_line_is_refused(line: str, said: str) -> None:
    assert said.lower() in refusal(line.split()).lower()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("samaritan models pull --from FILE", []),
        ("samaritan adapt DATA --method NAME -o OUT", []),
        ("samaritan annotate --simulate DATA --sideways", ["--sideways"]),
        ("samaritan segmnt IMAGE", ["segmnt"]),
        ("samaritan benchmark --no-base", []),
        ("samaritan COMMAND", []),
        ("samaritan methods NAME", []),
    ],
)
def test_options_named_in_prose(text: str, unknown: list[str]) -> None:
    assert unknown_options(text) == unknown

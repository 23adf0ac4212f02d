"""Write docs/parity.md from the results in docs/parity/*.json.

    python scripts/parity/page.py

A result is an object with "title", "command", "limit" (no difference may be larger), "torch" and "rows". A row has "network",
"parameters", "against" (package and version of the authors) and largest absolute differences under any names; "spread" is the
standard deviation of the authors' logits. Or it is a list of rows, each with "model", "config", "what", "max_abs_difference",
"tolerance", "reference" and "command".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
RESULTS, PAGE = DOCS / "parity", DOCS / "parity.md"

HEAD = """# Parity with the authors' code

Networks are filled with random weights of identical values, published tensor by published tensor, on both sides, and asked the
same: a box, a point, points and a box, nothing, a mask, each with the single answer and the three candidates. Numbers are the
largest absolute differences over everything that came out; `spread` is the standard deviation of the authors' logits, so that
a difference can be judged. Real weights take the same path: a file is loaded whole or refused.

Small networks are compared again in every run of the tests (`tests/models/test_parity.py`), published sizes by the commands
below. This page is written by `python scripts/parity/page.py`.
"""

#: Columns that are no differences.
WORDS = ("network", "parameters", "against")


def page() -> str:
    """The whole page."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    return HEAD + "".join(_listed(result) if isinstance(result, list) else _section(result) for result in results)


def _listed(rows: list[dict[str, Any]]) -> str:
    """A table of one difference a row."""
    models = ", ".join(dict.fromkeys(row["model"] for row in rows))
    commands = ", ".join(dict.fromkeys(f"`{row['command']}`" for row in rows))
    against = ", ".join(dict.fromkeys(row["reference"] for row in rows))
    broken = [row for row in rows if row["max_abs_difference"] > row["tolerance"]]
    verdict = (
        f"**{len(broken)} of {len(rows)} are beyond what is allowed**" if broken else "All are within what is allowed"
    )
    lines = [
        "",
        f"## {models}",
        "",
        f"Command: {commands}; against {against}. {verdict}.",
        "",
        "| model | network | what | largest difference | allowed |",
        "|---|---|---|---:|---:|",
    ]
    for row in rows:
        numbers = f"{row['max_abs_difference']:.1e} | {row['tolerance']:.0e}"
        lines.append(f"| {row['model']} | {row['config']} | {row['what']} | {numbers} |")
    return "\n".join(lines) + "\n"


def _section(result: dict[str, Any]) -> str:
    """A table of one network a row."""
    rows, limit = result["rows"], result["limit"]
    numbers = list(dict.fromkeys(key for row in rows for key in row if key not in WORDS))
    worst = max(row[key] for row in rows for key in numbers if key != "spread" and key in row)
    verdict = f"All are within {limit:.0e}" if worst <= limit else f"**The limit of {limit:.0e} does not hold**"
    lines = [
        "",
        f"## {result['title']}",
        "",
        f"Command: `{result['command']}`; torch {result['torch']}. {verdict}; the largest is {worst:.1e}.",
        "",
        f"| network | parameters | against | {' | '.join(numbers)} |",
        f"|---|---:|---|{'---:|' * len(numbers)}",
    ]
    for row in rows:
        cells = [_number(key, row[key]) if key in row else "" for key in numbers]
        lines.append(f"| {row['network']} | {row['parameters']:,} | {row['against']} | {' | '.join(cells)} |")
    lines += [f"\n{note}" for note in result.get("notes", [])]
    return "\n".join(lines) + "\n"


def _number(key: str, value: float) -> str:
    return f"{value:.2f}" if key == "spread" else f"{value:.1e}"


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()

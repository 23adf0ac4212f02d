"""Writes the tables of docs/framing.md from what benchmarks/framing/rules.py found.

Usage: python benchmarks/framing/page.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS, PAGE = HERE / "results.json", HERE.parents[1] / "docs" / "framing.md"

#: A table stands between these lines.
BEGIN, END = "<!-- {} by benchmarks/framing/page.py -->", "<!-- end -->"

#: Columns of the table set by set: rule -> head.
SHOWN = {
    "whole": "whole", "zoom:1.3": "zoom:1.3", "zoom:2": "zoom:2", "zoom:3": "zoom:3", "tiles:2": "tiles:2",
    "best estimate of whole, zoom:2": "better of whole, zoom:2", "auto": "**auto**", "oracle": "oracle",
}  # fmt: skip


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page with the tables of the results."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("rules", rules(found)), ("sets", sets(found))):
        before, begin, rest = text.partition(BEGIN.format(name))
        text = f"{before}{begin}\n{table}{END}{rest.partition(END)[2]}"
    return text


def rules(found: dict[str, Any]) -> str:
    """One line per rule."""
    whole = found["rules"][0]
    lines = [
        "| rule | setting | encodings | Dice | against whole | choose | report |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for rule in found["rules"]:
        gains = [f"{rule[key] - whole[key]:+.3f}" for key in ("mean", "choose", "report")]
        name = f"**{rule['rule']}**" if rule["rule"] == "auto" else rule["rule"]
        lines.append(
            f"| {name} | {rule['setting']} | {rule['encodings']:.1f} | {rule['mean']:.3f} | {' | '.join(gains)} |"
        )
    return "\n".join(lines) + "\n"


def sets(found: dict[str, Any]) -> str:
    """One line per data set."""
    scores = {rule["rule"]: rule["sets"] for rule in found["rules"]}
    lines = [
        f"| data set | questions | box: px (share) | {' | '.join(SHOWN.values())} |",
        f"|---|---:|---:|{'---:|' * len(SHOWN)}",
    ]
    for name, about in found["sets"].items():
        size = f"{about['side']} ({about['share']:.2f})"
        dice = " | ".join(f"{scores[rule][name]:.3f}" for rule in SHOWN)
        lines.append(f"| {name} | {about['questions']} | {size} | {dice} |")
    means = {rule["rule"]: rule["mean"] for rule in found["rules"]}
    lines.append(f"| **mean** | | | {' | '.join(f'{means[rule]:.3f}' for rule in SHOWN)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

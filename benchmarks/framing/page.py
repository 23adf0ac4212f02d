"""Writes the tables of docs/framing.md from what benchmarks/framing/rules.py and benchmarks/framing/square.py found.

Usage: python benchmarks/framing/page.py
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
RESULTS, LOOSE, SQUARE = HERE / "results.json", HERE / "loose.json", HERE / "square.json"
PAGE = HERE.parents[1] / "docs" / "framing.md"

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
    loose = json.loads(LOOSE.read_text(encoding="utf-8"))
    tables = {
        "rules": rules(found),
        "sets": sets(found),
        "sizes": sizes(found),
        "loose": gains(loose),
        "pixel": pixel(found),
        "square": square(json.loads(SQUARE.read_text(encoding="utf-8"))),
    }
    for name, table in tables.items():
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


def sizes(found: dict[str, Any]) -> str:
    """One line per size of the box."""
    heads = [name for name in found["sizes"][0] if name not in ("above", "to")]
    lines = [f"| longer side of the box | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for one in found["sizes"]:
        cells = [f"{one[name]:.3f}" if name != "questions" else str(one[name]) for name in heads]
        lines.append(f"| {one['above']:g} to {one['to']:g} of the picture | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def pixel(found: dict[str, Any]) -> str:
    """What a paste that is off by one pixel would cost, on sets of small targets."""
    scores = {rule["rule"]: rule["sets"] for rule in found["rules"]}
    lines = ["| data set | box, px | whole | zoom:1.3 | zoom:1.3, one pixel off |", "|---|---:|---:|---:|---:|"]
    for name in ("dsb2018_fluorescence", "dsb2018_stained", "monuseg", "wholebody_ct_pseudo"):
        about, dice = found["sets"][name], [scores[rule][name] for rule in ("whole", "zoom:1.3")]
        cells = [str(about["side"]), *(f"{value:.3f}" for value in (*dice, about["one pixel off"]))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def gains(found: dict[str, Any]) -> str:
    """One line per rule that matters, means only."""
    wanted = (
        "whole", "zoom:1.3", "zoom:2", "zoom:3", "best estimate", "mean of all", "auto with sharpness 4",
        "auto with sharpness 16", "auto:2", "auto", "oracle",
    )  # fmt: skip
    means = {rule["rule"]: rule["mean"] for rule in found["rules"]}
    sets, questions = len(found["sets"]), sum(about["questions"] for about in found["sets"].values())
    lines = [f"| rule ({sets} sets, {questions} questions) | Dice | against whole |", "|---|---:|---:|"]
    lines += [f"| {name} | {means[name]:.3f} | {means[name] - means['whole']:+.3f} |" for name in wanted]
    return "\n".join(lines) + "\n"


def square(rows: Sequence[dict[str, Any]]) -> str:
    """One line per length of pixels and data set, both planes together; of averaged volumes also one for all sets."""
    groups: dict[tuple[str, float, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["how"], row["ratio"], row["dataset"]].append(row)
        if row["how"] == "averaged":
            groups[row["how"], row["ratio"], "**all**"].append(row)
    lines = [
        "| pixels | data set | cases | better | whole | square | gain | gain, loose box |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (how, ratio, name), members in sorted(groups.items()):
        tight, loose = ([row for row in members if row["prompt"] == prompt] for prompt in ("box", "box:margin=0.1"))
        cases = len({(row["dataset"], row["case"]) for row in members})
        better = sum(row["square"] > row["whole"] for row in tight)
        (whole, squared, gain), (*_, wide) = paired(tight), paired(loose)
        lines.append(
            f"| {ratio:.1f}, {how} | {name} | {cases} | {better} of {len(tight)} | {whole} | {squared} | {gain} | {wide} |"
        )
    return "\n".join(lines) + "\n"


def paired(rows: Sequence[dict[str, Any]]) -> tuple[str, str, str]:
    """Means over cases of means over questions, and their difference, from five cases on with a 95 % bootstrap interval."""
    cases: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        cases[row["dataset"], row["case"]].append((row["whole"], row["square"]))
    scores = np.array([np.mean(values, axis=0) for values in cases.values()])
    gains = scores[:, 1] - scores[:, 0]
    whole, squared = (f"{score:.3f}" for score in scores.mean(axis=0))
    if len(gains) < 5:
        return whole, squared, f"{gains.mean():+.3f}"
    drawn = np.random.default_rng(0).choice(gains, (10_000, len(gains))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return whole, squared, f"{gains.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


if __name__ == "__main__":
    main()

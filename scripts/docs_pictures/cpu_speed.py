"""Draw docs/how-to/cpu-speed.svg: the ratios of docs/performance.md that its page quotes, as bars.

Usage: python scripts/docs_pictures/cpu_speed.py
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from samaritan.core import write_text

ROOT = Path(__file__).resolve().parents[2]
PAGE, OUT = ROOT / "docs" / "performance.md", ROOT / "docs" / "how-to" / "cpu-speed.svg"

WIDTH, ROW, LEFT, RIGHT = 760, 54, 16, 90

_STYLE = (
    "<style>text{font:14px system-ui,sans-serif;fill:#1c2733}.s{font-size:12px;fill:#5b6672}.n{font-weight:700}</style>"
)


def figures(page: str) -> dict[str, Any]:
    """Name -> figures of one script, as the performance page holds them."""
    return {
        name: json.loads(text)
        for name, text in re.findall(r"^`(\w+)`\n\n```json\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    }


def bars(found: dict[str, Any]) -> list[tuple[str, str, float]]:
    """(what, against what, how many times as quick), largest first."""
    per_prompt = found["decoder"]["milliseconds_per_prompt"]
    encode = 1000 * found["families"]["seconds"]["samaritan"]
    rows = [
        ("One more prompt on a slice that is encoded", "against encoding the slice again",
         (encode + per_prompt["samaritan 1"]) / per_prompt["samaritan 16"]),
        ("A volume of 130 slices, 1,191 boxes", "against the authors' package as installed",
         found["volume"]["ratio"]["as installed"]),
        ("The same", "against it with the same memory allocator", found["volume"]["ratio"]["with its allocator set"]),
        ("A training step on stored embeddings", "against a step that encodes", found["stored"]["decoder"]["ratio"]),
        ("A cold start of `segment` on a picture", "against a script around the authors' package", found["cold"]["ratio"]),
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -row[2])


def draw(rows: list[tuple[str, str, float]]) -> str:
    """SVG with one bar for each row."""
    longest, room = max(row[2] for row in rows), WIDTH - LEFT - RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(rows) + 16}" role="img">',
        "<title>How many times as quick</title>",
        _STYLE,
        f'<rect width="{WIDTH}" height="{ROW * len(rows) + 16}" fill="#fff"/>',
    ]
    for number, (what, against, ratio) in enumerate(rows):
        top, wide = 12 + ROW * number, room * ratio / longest
        parts += [
            f'<text x="{LEFT}" y="{top + 12}">{escape(what)} <tspan class="s">{escape(against)}</tspan></text>',
            f'<rect x="{LEFT}" y="{top + 20}" width="{wide:.1f}" height="18" rx="3" fill="#0f766e"/>',
            f'<text x="{LEFT + wide + 8:.1f}" y="{top + 34}" class="n">{ratio:.1f} x</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    write_text(OUT, draw(bars(figures(PAGE.read_text(encoding="utf-8")))))

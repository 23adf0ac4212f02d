"""docs/which-model.svg: a heat map of data sets against prompts, framings and adaptation, drawn without any library."""

from __future__ import annotations

from html import escape
from itertools import pairwise

from _which_sources import framings, pages, trials, zero_shot
from _which_start import SHAPES

#: Group of columns -> its columns.
COLUMNS = {
    "as it comes": ("box", "looser box", "click"),
    "one case": ("whole", "auto"),
    "adapted": ("before", "decoder", "best"),
}
LEFT, TOP, CELL, HIGH, GAP, WIDE = 306, 74, 62, 21, 10, 838

#: From bad to good: light to dark, readable without colour.
RAMP = (
    (0.0, (253, 240, 219)),
    (0.35, (246, 190, 130)),
    (0.65, (86, 160, 168)),
    (0.85, (25, 105, 130)),
    (1.0, (10, 52, 84)),
)

STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1c2733}.s{font-size:11px;fill:#5b6672}.h{font-weight:600}.n{text-anchor:middle}"
    ".e{text-anchor:end}"
)


def chart() -> str:
    """The picture."""
    body, y = _heads(), TOP
    for shape in SHAPES:
        body.append(f'<text class="h" x="16" y="{y + 15}">{escape(shape.words)}</text>')
        y += HIGH
        for name in sorted(shape.sets, key=lambda name: -float(zero_shot()[name].dice)):
            body += _row(name, y)
            y += HIGH
        y += GAP
    high = y + 22
    note = "* fewer than 6 patients; best: of the methods tried on that data set. "
    note += "Figures: docs/results.md, docs/framing.md, docs/bakeoff."
    body.append(f'<text class="s" x="16" y="{high - 10}">{note}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}" role="img" '
        f'aria-label="Dice of LiteMedSAM by data set"><style>{STYLE}</style>'
        f'<rect width="{WIDE}" height="{high}" rx="8" fill="#ffffff"/>{"".join(body)}</svg>\n'
    )


def values(name: str) -> dict[str, float]:
    """Column -> Dice, for what was measured on a data set."""
    one = zero_shot()[name]
    found = {
        key: float(text.split()[0]) for key, text in (("box", one.box), ("looser box", one.loose), ("click", one.point))
    }
    scores = {rule["rule"]: rule["sets"] for rule in framings()["rules"]}
    found |= {key: scores[key][name] for key in ("whole", "auto") if name in scores[key]}
    if name in pages():
        before, *rows = [row for row in trials(name) if row.prompt == "box" and row.training == "all"]
        found["before"] = before.dice
        found["best"] = max(row.dice for row in rows)
        found |= {row.method: row.dice for row in rows if row.method == "decoder"}
    return found


def _heads() -> list[str]:
    parts = [
        '<text class="h" x="16" y="30">Dice of LiteMedSAM</text>',
        f'<text class="s e" x="{LEFT - 12}" y="{TOP - 8}">patients</text>',
    ]
    for group, names in COLUMNS.items():
        first, last = _x(names[0]), _x(names[-1]) + CELL
        parts.append(f'<text class="n h" x="{(first + last) / 2:g}" y="30">{group}</text>')
        parts.append(f'<line x1="{first + 3}" x2="{last - 3}" y1="37" y2="37" stroke="#9aa4ae"/>')
        parts += [f'<text class="n s" x="{_x(name) + CELL / 2:g}" y="{TOP - 8}">{name}</text>' for name in names]
    return parts


def _row(name: str, y: int) -> list[str]:
    one, found = zero_shot()[name], values(name)
    parts = [
        f'<text x="28" y="{y + 15}">{escape(name)} <tspan class="s">{escape(one.modality)}</tspan></text>',
        f'<text class="s e" x="{LEFT - 12}" y="{y + 15}">{one.patients}{"*" if one.few else ""}</text>',
    ]
    for names in COLUMNS.values():
        for column in names:
            x, value = _x(column), found.get(column)
            if value is None:
                parts.append(
                    f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{HIGH - 2}" fill="none" stroke="#e3e7eb"/>'
                )
                continue
            red, green, blue = colour(value)
            ink = "#ffffff" if 0.3 * red + 0.59 * green + 0.11 * blue < 135 else "#1c2733"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{HIGH - 2}" fill="rgb({red},{green},{blue})"/>'
            )
            parts.append(f'<text class="n" x="{x + CELL / 2 - 1:g}" y="{y + 15}" style="fill:{ink}">{value:.2f}</text>')
    return parts


def _x(column: str) -> int:
    place = LEFT
    for names in COLUMNS.values():
        if column in names:
            return place + CELL * names.index(column)
        place += CELL * len(names) + GAP
    raise KeyError(column)


def colour(value: float) -> tuple[int, int, int]:
    """Of a Dice from 0 to 1."""
    for (low, before), (high, after) in pairwise(RAMP):
        if value <= high:
            share = (value - low) / (high - low)
            red, green, blue = (round(a + share * (b - a)) for a, b in zip(before, after, strict=True))
            return red, green, blue
    return RAMP[-1][1]

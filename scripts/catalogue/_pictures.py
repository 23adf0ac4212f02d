"""Pictures of the catalogue, as SVG on a white card, so that they can be read on a dark page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from samaritan.catalog import Paper
from samaritan.catalog.counts import quarter_of

#: Model -> quarter of its first version; what the lines of the time line say.
LANDMARKS = {"SAM": "2023 Q2", "SAM 2": "2024 Q3", "SAM 3": "2025 Q4"}

STYLE = (
    "<style>text{font:13px system-ui,sans-serif;fill:#1c2733}.s{font-size:11px;fill:#5b6672}"
    ".h{font-weight:600}.e{text-anchor:end}.n{text-anchor:middle}</style>"
)

#: Most letters of a line of text in the pictures.
_WIDE = 74


def taxonomy(papers: Sequence[Paper], families: Mapping[str, str]) -> str:
    """Each family with its papers as a bar, what it means, and what of it is implemented here."""
    counts = Counter(word for paper in papers for word in paper.tags.family)
    rows, y = [], 50
    for family, meaning in families.items():
        here = sorted({link.name for paper in papers if family in paper.tags.family for link in paper.implemented})
        lines = _folded(["here:", *here], " ") if here else []
        rows.append((family, _short(meaning), lines, y))
        y += 32 + 13 * max(len(lines), 1)
    middle = (50 + y) / 2
    parts = [
        f'<text class="h" x="16" y="28">{len(papers)} papers by family; a paper may have several, or none</text>',
        f'<text class="h e" x="90" y="{middle - 4:.0f}">Segment</text>',
        f'<text class="h e" x="90" y="{middle + 12:.0f}">Anything</text>',
    ]
    for family, meaning, lines, top in rows:
        end = 304 + counts[family] * 1.6
        parts += [
            f'<path d="M96 {middle:.0f} C 124 {middle:.0f}, 112 {top + 13}, 140 {top + 13}" fill="none" stroke="#9aa4ae"/>',
            f'<text class="h" x="146" y="{top + 17}">{family}</text>',
            f'<rect x="298" y="{top + 4}" width="{end - 304:.0f}" height="18" rx="2" fill="#0072b2"/>',
            f'<text class="s" x="{end:.0f}" y="{top + 17}">{counts[family]}</text>',
            f'<text class="s" x="470" y="{top + 12}">{escape(meaning)}</text>',
            *(f'<text class="s" x="470" y="{top + 27 + 13 * n}">{escape(line)}</text>' for n, line in enumerate(lines)),
        ]
    return _card(930, y + 8, "Papers of each family", parts)


def timeline(papers: Sequence[Paper], families: Mapping[str, str]) -> str:
    """Papers of each family in each quarter since the first model, as a table of shades."""
    since = [paper for paper in papers if quarter_of(paper.month) >= LANDMARKS["SAM"]]
    quarters = sorted({quarter_of(paper.month) for paper in since})
    counts = Counter((word, quarter_of(paper.month)) for paper in since for word in paper.tags.family)
    most, wide = max(counts.values()), 54
    parts = [f'<text class="h" x="16" y="28">{len(since)} papers since the second quarter of 2023</text>']
    for column, quarter in enumerate(quarters):
        x = 170 + wide * column
        parts.append(f'<text class="s n" x="{x + wide / 2}" y="84">{quarter[2:]}</text>')
        told = [name for name, when in LANDMARKS.items() if when == quarter]
        if told:
            parts.append(f'<path d="M{x} 46V{96 + 26 * len(families)}" stroke="#d55e00" stroke-width="1.5"/>')
            parts.append(f'<text x="{x + 4}" y="60" style="fill:#a34700">{told[0]}</text>')
        for row, family in enumerate(families):
            number = counts[family, quarter]
            shade = number / most
            colour = f"rgb({round(235 - 220 * shade)},{round(242 - 172 * shade)},{round(247 - 148 * shade)})"
            y = 94 + 26 * row
            parts.append(f'<rect x="{x + 1}" y="{y}" width="{wide - 2}" height="24" fill="{colour}"/>')
            if number:
                ink = "#ffffff" if shade > 0.45 else "#1c2733"
                parts.append(f'<text class="n" x="{x + wide / 2}" y="{y + 17}" style="fill:{ink}">{number}</text>')
    parts += [f'<text class="e" x="160" y="{111 + 26 * row}">{family}</text>' for row, family in enumerate(families)]
    return _card(186 + wide * len(quarters), 112 + 26 * len(families), "Papers per quarter by family", parts)


def _card(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">{STYLE}'
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _folded(words: Sequence[str], between: str) -> list[str]:
    """The words in lines."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + len(between) <= _WIDE:
            lines[-1] += between + word
        else:
            lines.append(word)
    return lines


def _short(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1].rsplit(' ', maxsplit=1)[0].rstrip(',;')} ..."

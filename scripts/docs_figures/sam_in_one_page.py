"""Draws docs/concepts/sam-data-flow.svg: what flows through SAM, with the shapes of two members of the family.

Usage: python scripts/docs_figures/sam_in_one_page.py
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from samaritan.models import MODELS
from samaritan.models._mask_decoder import MASK_TOKENS
from samaritan.models.litemedsam import CELLS, SIDE

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "concepts" / "sam-data-flow.svg"
WIDE, HIGH = 970, 438
BLUE, ORANGE, INK, FAINT = "#0072b2", "#d55e00", "#1c2733", "#5b6672"

LOOKS = ("2 two-way blocks:", "tokens look at the picture,", "the picture at tokens;", "tens of milliseconds")

STYLE = (
    f"text{{font:13px system-ui,sans-serif;fill:{INK};text-anchor:middle}}.t{{font-weight:600}}.l{{text-anchor:start}}"
    f".s{{font-size:11.5px;fill:{FAINT}}}.b{{font-size:11.5px;fill:{BLUE}}}.o{{font-size:11.5px;fill:{ORANGE}}}"
)


@dataclass(frozen=True)
class Stage:
    """A box of the drawing: where, its title, and lines of words below it."""

    x: int
    y: int
    wide: int
    high: int
    title: str
    lines: tuple[str, ...]
    colour: str = FAINT


def main() -> None:
    """Write it."""
    PICTURE.write_text(drawing(), encoding="utf-8")


def drawing() -> str:
    """The SVG."""
    sam = MODELS.get("sam-vit-b").card.input_size
    stages = [
        Stage(20, 66, 120, 74, "picture", ("x, y, 3", "grey values 0..255")),
        Stage(180, 66, 130, 74, "square", ("longest side resized,", "padded or stretched")),
        Stage(350, 66, 160, 74, "image encoder", ("ViT-B, L, H; TinyViT", "runs once for a picture"), BLUE),
        Stage(570, 66, 140, 74, "embedding", ("kept, in memory", "and on disk")),
        Stage(350, 280, 160, 74, "prompt encoder", ("places as waves", "+ what they mean"), ORANGE),
        Stage(760, 150, 190, 118, "mask decoder", LOOKS, ORANGE),
        Stage(760, 304, 190, 74, "answers", ("logits: > 0 is the mask", "and an estimated IoU each")),
    ]  # fmt: skip
    prompts = (
        (298, "click: 1 token + 1 to fill up"),
        (320, "box: 2 tokens, its corners"),
        (342, "rough mask: a picture that is added"),
    )
    parts = [_stage(stage) for stage in stages]
    parts += [
        _arrow((140, 103), (180, 103)),
        _arrow((310, 103), (350, 103), BLUE),
        _arrow((510, 103), (570, 103), BLUE),
    ]
    parts += [_arrow((710, 103), (855, 150), ORANGE, "H855"), _arrow((510, 317), (760, 220), ORANGE, "H640V220")]
    parts += [_arrow((855, 268), (855, 304), ORANGE), _arrow((320, 317), (350, 317), ORANGE)]
    parts += [f'<text class="l" x="70" y="{y}">{words}</text>' for y, words in prompts]
    parts += _shapes(sam)
    parts.append(
        '<text x="574" y="292" class="s">tokens, 256 each,</text>'
        f'<text x="574" y="308" class="s">+ 1 IoU, {MASK_TOKENS} masks</text>'
    )
    parts.append('<text class="t" x="430" y="52" style="fill:#0072b2">encode once</text>')
    parts.append('<text class="t" x="430" y="268" style="fill:#d55e00">prompt many</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}" role="img" '
        f'aria-label="Data flow of SAM with shapes"><style>{STYLE}</style>'
        f"<defs>{_head(FAINT)}{_head(BLUE)}{_head(ORANGE)}</defs>"
        f'<rect width="{WIDE}" height="{HIGH}" rx="8" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _shapes(sam: int) -> list[str]:
    """Two lines of shapes: SAM's and LiteMedSAM's."""
    rows = (
        ("SAM", 166, f"3, {sam}, {sam}", f"256, {sam // 16}, {sam // 16}", f"1 or 3, {sam // 4}, {sam // 4}"),
        ("LiteMedSAM", 184, f"3, {SIDE}, {SIDE}", f"256, {CELLS}, {CELLS}", f"1 or 3, {4 * CELLS}, {4 * CELLS}"),
    )
    parts = []
    for name, y, square, embedding, logits in rows:
        parts.append(f'<text class="s l" x="70" y="{y}">{name}</text>')
        parts.append(
            f'<text class="b" x="245" y="{y}">{square}</text><text class="b" x="640" y="{y}">{embedding}</text>'
        )
        parts.append(f'<text class="o" x="855" y="{y + 236}">{name}: {logits}</text>')
    return parts


def _stage(stage: Stage) -> str:
    middle = stage.x + stage.wide / 2
    parts = [
        f'<rect x="{stage.x}" y="{stage.y}" width="{stage.wide}" height="{stage.high}" rx="6" fill="#f6f8fa" '
        f'stroke="{stage.colour}" stroke-width="{1 if stage.colour == FAINT else 2}"/>',
        f'<text class="t" x="{middle:g}" y="{stage.y + 23}">{escape(stage.title)}</text>',
    ]
    parts += [
        f'<text class="s" x="{middle:g}" y="{stage.y + 42 + 17 * n}">{escape(line)}</text>'
        for n, line in enumerate(stage.lines)
    ]
    return "".join(parts)


def _arrow(start: tuple[int, int], end: tuple[int, int], colour: str = FAINT, by: str = "") -> str:
    path = f"M{start[0]} {start[1]}{by}L{end[0]} {end[1]}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8" marker-end="url(#h{colour[1:]})"/>'


def _head(colour: str) -> str:
    return (
        f'<marker id="h{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
    )


if __name__ == "__main__":
    main()

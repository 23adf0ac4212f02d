"""Draws where a method attaches to SAM and what it trains, as an SVG without any library."""

from __future__ import annotations

import re
import textwrap
from html import escape

#: What is drawn: name -> (x, y, width, height, lines of text).
BOXES: dict[str, tuple[int, int, int, int, tuple[str, ...]]] = {
    "patch": (12, 92, 84, 46, ("patch", "embedding")),
    "norm1": (122, 92, 46, 46, ("norm",)),
    "attention": (188, 76, 122, 78, ("attention", "qkv · proj")),
    "norm2": (366, 92, 46, 46, ("norm",)),
    "mlp": (432, 76, 104, 78, ("MLP", "lin1 · lin2")),
    "neck": (622, 92, 62, 46, ("neck",)),
    "prompt": (20, 292, 92, 56, ("prompt", "encoder")),
    "self": (188, 292, 84, 56, ("tokens to", "tokens")),
    "t2i": (292, 292, 84, 56, ("tokens to", "image")),
    "tmlp": (396, 292, 70, 56, ("token", "MLP")),
    "i2t": (486, 292, 84, 56, ("image to", "tokens")),
    "up": (622, 292, 84, 56, ("upscaling,", "masks")),
}

#: Hook point -> (x, y) of its marks.
MARKS: dict[str, tuple[tuple[int, int], ...]] = {
    "E0": ((108, 115),),
    "E1": ((114, 168),),
    "E2": ((216, 66),),
    "E3": ((330, 115),),
    "E4": ((484, 186),),
    "E5": ((590, 115),),
    "E6": ((264, 66), (484, 66)),
    "E7": ((145, 82), (389, 82)),
    "P1": ((150, 306),),
    "P2": ((150, 336),),
    "D1": ((384, 282),),
    "D2": ((431, 362),),
    "D3": ((596, 320),),
    "D4": ((334, 362),),
    "D5": ((664, 282),),
}

#: Part of the base -> boxes that show it.
PARTS: dict[str, tuple[str, ...]] = {
    "decoder": ("self", "t2i", "tmlp", "i2t", "up"),
    "prompts": ("prompt",),
    "encoder": ("patch", "norm1", "attention", "norm2", "mlp", "neck"),
    "neck": ("neck",),
    "norms": ("norm1", "norm2"),
    "decoder-norms": (),
    "biases": (),
    "position": (),
}

OWN, TRAINED, FROZEN = "#d55e00", "#0072b2", "#8a8f98"

_STYLE = (
    "<style>text{font:13px system-ui,sans-serif;fill:#1c2733}.s{font-size:11px;fill:#5b6672}.m{font-weight:700;fill:#fff;"
    "font-size:11px}</style>"
)


def draw(attaches: str, trained: tuple[str, ...], title: str) -> str:
    """SVG of SAM with the hook points that ``attaches`` names, and the base's parts that train.

    Args:
        attaches: words with hook points in them (E3, D1, ...).
        trained: parts of the base that train by default.
        title: for readers that cannot see.
    """
    hooks = hooks_in(attaches)
    blue = {box for part in trained for box in PARTS[part]}
    parts = [
        *_ground(430, title, blue),
        *(_mark(hook, place) for hook in hooks for place in MARKS[hook]),
        *_legend(bool(hooks), bool(blue)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def draw_all(methods: dict[str, str], others: dict[str, str], title: str) -> str:
    """SVG of SAM with all hook points that are used, and below it the methods at each.

    Args:
        methods: name -> words with hook points in them.
        others: of methods that attach at no hook point, name -> what they train or stand for.
        title: for readers that cannot see.
    """
    at = {hook: [name for name, words in methods.items() if hook in hooks_in(words)] for hook in MARKS}
    used = {hook: names for hook, names in at.items() if names}
    rows = -(-len(used) // 2)
    parts = [*_ground(410 + 30 * rows + 22 * len(others), title, set())]
    parts += [_mark(hook, place) for hook in used for place in MARKS[hook]]
    for number, (hook, names) in enumerate(used.items()):
        column, row = divmod(number, rows)
        x, y = 34 + 350 * column, 406 + 30 * row
        lines = textwrap.wrap(", ".join(names), 46)
        parts += [_mark(hook, (x, y))]
        parts += [_text(x + 22, y + 4 + 14 * n - 7 * (len(lines) - 1), words) for n, words in enumerate(lines)]
    for number, (name, words) in enumerate(others.items()):
        y = 406 + 30 * rows + 22 * number
        parts += [f'<circle cx="34" cy="{y}" r="6" fill="{TRAINED}"/>', _text(56, y + 4, f"{name}: {words}")]
    return "\n".join([*parts, "</svg>"]) + "\n"


def hooks_in(attaches: str) -> list[str]:
    """The hook points that words name."""
    return [hook for hook in MARKS if re.search(rf"\b{hook}\b", attaches)]


def _ground(height: int, title: str, blue: set[str]) -> list[str]:
    """SAM without any mark."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 {height}" role="img">',
        f"<title>{escape(title)}</title>",
        _STYLE,
        f'<rect width="740" height="{height}" fill="#fff"/>',
        _text(122, 40, "image encoder: each block", "s"),
        _text(188, 262, "mask decoder: each two-way block", "s"),
        '<rect x="104" y="50" width="500" height="150" rx="8" fill="none" stroke="#cfd6dd" stroke-dasharray="5 4"/>',
        '<rect x="172" y="270" width="440" height="104" rx="8" fill="none" stroke="#cfd6dd" stroke-dasharray="5 4"/>',
        _line(94, 115, 622, 115), _line(684, 115, 720, 115), _line(112, 320, 622, 320),
        '<path d="M720 115 V236 H160 V300" fill="none" stroke="#8a8f98"/>',
        _text(560, 230, "image embedding", "s"),
        *(_box(name, blue) for name in BOXES),
    ]  # fmt: skip


def _box(name: str, blue: set[str]) -> str:
    x, y, width, height, lines = BOXES[name]
    trained = name in blue
    stroke, fill = (TRAINED, "#e3f0f8") if trained else (FROZEN, "#f3f5f7")
    first = y + height / 2 + 5 - 8 * (len(lines) - 1)
    words = "".join(
        f'<text x="{x + width / 2}" y="{first + 16 * n}" text-anchor="middle">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    return f'<rect {place} rx="6" fill="{fill}" stroke="{stroke}" stroke-width="1.6"/>' + words


def _mark(hook: str, place: tuple[int, int]) -> str:
    x, y = place
    return (
        f'<circle cx="{x}" cy="{y}" r="13" fill="{OWN}"/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" class="m">{hook}</text>'
    )


def _line(x0: int, y0: int, x1: int, y1: int) -> str:
    return f'<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" stroke="{FROZEN}"/>'


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}</text>'


def _legend(own: bool, trained: bool) -> list[str]:
    entries = [(OWN, "added and trained")] if own else []
    entries += [(TRAINED, "of the base, trained by default")] if trained else []
    entries += [(FROZEN, "frozen")]
    found, x = [], 20
    for colour, words in entries:
        found.append(f'<circle cx="{x + 6}" cy="406" r="6" fill="{colour}"/>' + _text(x + 18, 410, words, "s"))
        x += 40 + 7 * len(words)
    return found

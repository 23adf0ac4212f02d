"""Pieces of pictures as SVG, without any library. Pictures have a white ground, which light and dark pages both carry."""

from __future__ import annotations

from html import escape

INK, QUIET, LINE, BAR, MARK = "#1c2733", "#5b6672", "#d5dbe1", "#00796b", "#b04a00"

_STYLE = (
    f"<style>text{{font:13px system-ui,sans-serif;fill:{INK}}}.s{{font-size:11px;fill:{QUIET}}}.b{{font-weight:700}}"
    f".m{{font-size:12px;fill:{MARK}}}.t{{font-size:15px;font-weight:700}}</style>"
)


def picture(width: float, height: float, title: str, parts: list[str]) -> str:
    """A picture of ``width`` x ``height`` px with a title for readers that cannot see."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        f"<title>{escape(title)}</title>",
        _STYLE,
        rect(0, 0, width, height, "#fff", corner=6),
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Words whose base line is at ``y``."""
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return (
        f'<text x="{x:g}" y="{y:g}"{place}{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{escape(words)}</text>'
    )


def rect(x: float, y: float, width: float, height: float, fill: str, *, corner: float = 0, opacity: float = 1) -> str:
    """A filled rectangle."""
    more = (f' rx="{corner:g}"' if corner else "") + (f' fill-opacity="{opacity:.2f}"' if opacity < 1 else "")
    return f'<rect x="{x:.5g}" y="{y:.5g}" width="{width:.4g}" height="{height:.4g}" fill="{fill}"{more}/>'


def line(x0: float, y0: float, x1: float, y1: float, colour: str = LINE) -> str:
    """A thin line."""
    return f'<line x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}" stroke="{colour}"/>'

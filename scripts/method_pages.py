"""Writes docs/methods/: a page and a figure for each adaptation method, from its card, its settings and measured rows.

Run it after a card, a setting or a table in docs/bakeoff/ has changed: python scripts/method_pages.py
"""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _attachment_figure import draw

from samaritan.adapt import METHODS, Method
from samaritan.adapt._base import MethodConfig

DOCS = Path(__file__).resolve().parent.parent / "docs"
FOLDER, TABLES = DOCS / "methods", DOCS / "bakeoff"

INTRODUCTION = """# Adaptation methods

Every method attaches to any model of the registry by `samaritan adapt DATA --method NAME -o OUT`, is trained by the same loop,
and leaves one safetensors file. `samaritan methods` prints this list, `samaritan methods NAME` a card. A method is one file in
`src/samaritan/adapt/`, written from the paper; where paper and release differ, or this package leaves both, the page says so.

| method | what it is | paper | trains | prompts at inference | folds into the base |
| --- | --- | --- | --- | --- | --- |
"""

BLOCKS = "`all`, `none`, `global`, `first:N`, `last:N`, or numbers as in `0,1,-1`"

HOOKS = """
Hook points: E0 after the patch embedding, E1 a block's input, E2 rows of its fused projection, E3 after attention, E4 beside
the MLP, E5 a block's output, E6 weights of its layers and of the neck, E7 norms, biases, positions; P1 tokens of prompts,
P2 the dense prompt; D1 after the attention of tokens on the image, D2 beside the token MLP, D3 after the attention of the image
on tokens, D4 projections of the decoder's attentions, D5 upscaling and masks.

How far each method lifts unseen patients: [the bake-off](../bakeoff/README.md).
"""


def main() -> None:
    """Write all pages and figures."""
    FOLDER.mkdir(exist_ok=True)
    for path, content in pages().items():
        path.write_text(content, encoding="utf-8")


def pages() -> dict[Path, str]:
    """Path -> content of everything that this script writes."""
    found = {FOLDER / "README.md": _index()}
    measured = _measured()
    for name in METHODS.names():
        method = METHODS.get(name)
        figure = f"{name}.svg"
        found[FOLDER / figure] = draw(method.card.attaches, _trained(method), f"Where {name} attaches to SAM")
        found[FOLDER / f"{name}.md"] = "\n".join(_page(method, figure, measured.get(name, []))) + "\n"
    return found


def _index() -> str:
    rows = []
    for card in (METHODS.get(name).card for name in METHODS.names()):
        cells = [
            f"[`{card.name}`]({card.name}.md)",
            card.title,
            card.paper,
            card.trains,
            card.prompts,
            _yes(card.folds),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return INTRODUCTION + "\n".join(rows) + "\n" + HOOKS


def _page(method: Method, figure: str, measured: list[dict[str, str]]) -> Iterator[str]:
    card = method.card
    yield from [f"# `{card.name}`: {card.title[0].lower()}{card.title[1:]}", ""]
    yield from [f"![Where {card.name} attaches to SAM]({figure})", ""]
    yield from [f"* Paper: {card.paper}.", f"* Attaches: {card.attaches}.", f"* Trains: {card.trains}."]
    yield f"* Prompts at inference: {card.prompts}."
    yield f"* Folds into the base's weights, at no cost left: {_yes(card.folds)}."
    yield f"* Answers are the base's until something has been trained: {_yes(card.identity)}."
    yield f"* Draws several answers to one question: {_yes(card.stochastic)}."
    yield from ["", "## Deviations from paper and release", ""]
    yield from ([f"* {sentence}" for sentence in card.deviations] or ["None known."])
    yield from ["", "## Settings", "", f"As in `--set key=value`, or `--method {card.name}:key=value`.", ""]
    yield from ["| setting | default | meaning |", "| --- | --- | --- |"]
    meanings = _meanings(method.config)
    for name, value in method.config().model_dump(mode="json").items():
        yield f"| `{name}` | {_shown(value)} | {meanings.get(name, '')} |"
    yield from ["", "## Measured", ""]
    yield from _rows(measured) if measured else ["Not in the published bake-off."]


def _rows(measured: list[dict[str, str]]) -> Iterator[str]:
    yield "Dice on patients that training never saw, before and after, from the [bake-off](../bakeoff/README.md)."
    yield from ["", "| data | settings | prompt | before | after | gain (95 % interval) | parameters | minutes |"]
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for row in measured:
        after, difference = float(row["dice"]), row["difference_to_base"]
        before = f"{after - float(difference):.3f}" if difference else ""
        interval = (
            f" ({float(row['low_to_base']):+.3f} to {float(row['high_to_base']):+.3f})" if row["low_to_base"] else ""
        )
        gain = f"{float(difference):+.3f}{interval}" if difference else ""
        settings = row["method"].partition(":")[2].replace(",", ",<wbr>") or "defaults"  # so that the column is narrow
        yield (
            f"| {row['data']} | {settings} | `{row['prompt']}` | {before} | {after:.3f} | {gain} | "
            f"{float(row['trained']):,.0f} | {float(row['minutes']):.1f} |"
        )


def _measured() -> dict[str, list[dict[str, str]]]:
    """Method -> its rows in the committed tables, with the data set's name."""
    found: dict[str, list[dict[str, str]]] = {}
    for table in sorted(TABLES.glob("*.csv")):
        for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
            if row["training_patients"] == "all" and row["method"] != "base":
                found.setdefault(row["method"].partition(":")[0], []).append(row | {"data": table.stem})
    return found


def _trained(method: Method) -> tuple[str, ...]:
    """Parts of the base that train by default."""
    own = {"full": ("encoder", "decoder"), "late-layers": ("neck", "decoder"), "prompt-free": ("decoder",)}
    parts: Any = getattr(method.config(), "train", ())
    return tuple(dict.fromkeys([*own.get(method.card.name, ()), *parts]))


def _meanings(config: type[MethodConfig]) -> dict[str, str]:
    """Setting -> what the docstrings of its class and its bases say."""
    found: dict[str, str] = {}
    for kind in reversed(config.__mro__):
        text = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
        section = text.partition("Attributes:\n")[2]
        for name, words in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE):
            plain = re.sub(r":\w+:`~?[\w.]*?(\w+)`", r"`\1`", " ".join(words.split())).replace("``", "`")
            found[name] = plain.replace("|", "\\|").replace(", see `blocks`", f": {BLOCKS}")
    return found


def _shown(value: object) -> str:
    """A value as code; nothing is a dash, as `samaritan methods show` prints it."""
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text}`" if text else "-"


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


if __name__ == "__main__":
    main()

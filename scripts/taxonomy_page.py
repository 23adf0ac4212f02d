"""Writes docs/concepts/taxonomy.md and its figure: the ways to adapt SAM, and where each method of the package attaches.

Run it after a method, a card or the catalogue has changed: python scripts/taxonomy_page.py
"""

from __future__ import annotations

import re
from pathlib import Path

from _attachment_figure import draw_all, hooks_in

from samaritan.adapt import METHODS, attach
from samaritan.catalog import load_catalog
from samaritan.core.atomic import write_text
from samaritan.models import sam_vit_b
from samaritan.models._sam import SamSegmenter

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "concepts"

#: Kind of adaptation -> what it does, and its methods.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "whole parts": ("Parts of the model go on training as they are.", ("full", "decoder", "late-layers")),
    "chosen weights": ("Only weights of one kind train, wherever they are.", ("biases", "norms")),
    "changed weights": (
        "A weight is computed from the frozen one and a few numbers; afterwards it is a plain weight again.",
        ("lora", "dora", "vera", "oft", "ia3", "s-sam"),
    ),
    "adapters": ("Small networks stand behind or beside frozen layers.", ("med-sa", "sam-med2d", "ua-sam")),
    "prompts and heads": (
        "What the decoder is asked, or how it answers, is learned.", ("class-prompt", "prompt-free"),
    ),
    "latent codes": (
        "A code that is drawn anew gives several answers to one question.", ("probabilistic-sam", "ua-sam"),
    ),
}  # fmt: skip

TEXT = """# The taxonomy of adaptation

<!-- Made by python scripts/taxonomy_page.py; do not edit. -->

SAM was trained on photographs. Adapting it means to train some of its weights, or new ones beside them, on medical images.
Methods differ in **what** trains, **where** it attaches, and **whether it folds** into the base's weights afterwards, so that
nothing is left to compute.

{kinds}

A method may be of two kinds: `ua-sam` has adapters that a latent code modulates.

## Where each method attaches

![SAM's encoder and decoder with hook points E2 to E7, P1 and D1 to D3, and the methods at each](taxonomy.svg)

`E`: image encoder. `P`: prompts. `D`: mask decoder. What stands at each point: [the methods](../methods/README.md). `E6` and
`E7` are weights of layers and not places between them. The methods of the last lines
attach at no point: they train what the base has, or stand in its place.

## How much trains

Counted on SAM ViT-B ({base} parameters) with each method's defaults and one target. *Added* is the part of
them that the base does not have. Most methods train the mask decoder besides, which has 4,058,340; the settings `train` and
`blocks` change that. Families are those that [the catalogue](../catalogue/tags.md) gives to the method's paper by
its title; a method can be used for other ends than its paper.

| method | kind | attaches | parameters that train | added | what they are | folds | family of its paper |
| --- | --- | --- | ---: | ---: | --- | --- | --- |
{rows}

Fewer parameters make a smaller file, not a better or a faster training: which method lifts which data is measured in
[the bake-off](../bakeoff/README.md), and [which model](../which-model.md) says what follows. How to train one:
[adapting a model](../adapt.md). Papers by family: [browse the catalogue](../catalogue/browse.md).
"""


def main() -> None:
    """Write page and figure."""
    for path, content in files().items():
        write_text(path, content)


def files() -> dict[Path, str]:
    """Path -> content of what this script writes."""
    counted = {name: counts(name) for name in METHODS.names()}
    kinds = "\n".join(
        f"* **{kind[0].upper()}{kind[1:]}** ({', '.join(f'`{name}`' for name in names)}). {words}"
        for kind, (words, names) in KINDS.items()
    )
    rows = "\n".join(_row(name, *counted[name][:2]) for name in METHODS.names())
    text = TEXT.format(kinds=kinds, rows=rows, base=f"{counted['decoder'][2]:,}")
    return {
        FOLDER / "taxonomy.md": text,
        FOLDER / "taxonomy.svg": _figure(),
    }


def _figure() -> str:
    cards = [METHODS.get(name).card for name in METHODS.names()]
    attaches = {card.name: card.attaches for card in cards if hooks_in(card.attaches)}
    others = {
        card.name: re.split(", all of|, behind", card.trains if card.attaches == "nothing is added" else card.attaches)[
            0
        ]
        for card in cards
        if card.name not in attaches
    }
    return draw_all(attaches, others, "Where each method attaches to SAM")


def counts(name: str) -> tuple[int, int, int]:
    """Parameters that train, those of them that are added, and those of the base, on SAM ViT-B without values."""
    recipe = sam_vit_b.RECIPE
    base = SamSegmenter(recipe.card.name, recipe.card, recipe.outline(), recipe.frame(1024))
    found = attach(base, name, labels=("target",), stored=True).counts()
    return found.trained, found.own, found.base


def _row(name: str, trains: int, own: int) -> str:
    card = METHODS.get(name).card
    cells = [
        f"[`{name}`](../methods/{name}.md)",
        ", ".join(kind for kind, (_, names) in KINDS.items() if name in names),
        ", ".join(hooks_in(card.attaches)) or card.attaches.partition(",")[0],
        f"{trains:,}",
        f"{own:,}",
        card.trains,
        "yes" if card.folds else "no",
        _families(name),
    ]
    return f"| {' | '.join(cells)} |"


def _families(name: str) -> str:
    """What the catalogue says of the papers that a method rests on."""
    papers = [
        paper
        for paper in load_catalog().papers
        if any((one.room, one.name) == ("adapt", name) for one in paper.implemented)
    ]
    return ", ".join(sorted({family for paper in papers for family in paper.tags.family})) or "none said"


if __name__ == "__main__":
    main()

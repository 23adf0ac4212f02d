"""The figure of docs/concepts/zero-shot.md: which model may have seen which of the 27 public data sets, from cards and sources.

Usage: python scripts/docs_figures/zero_shot.py
"""

from __future__ import annotations

from pathlib import Path

import yaml
from _style import FOLDER, GREY, INK, panels, save
from matplotlib.patches import Rectangle

from samaritan.core.public_data import Seen, seen
from samaritan.models import MODELS

DATA = FOLDER.parents[1] / "benchmarks" / "public27.yaml"
COLOURS: dict[Seen, str] = {"yes": "#d55e00", "possibly": "#e69f00", "unknown": "#e3e7eb", "no": "#009e73"}
WORDS: dict[Seen, str] = {
    "yes": "trained on it (†)", "possibly": "may have been (‡)", "unknown": "nobody can tell", "no": "not trained on it",
}  # fmt: skip

#: One name for models whose cards say the same.
SHOWN = {
    "litemedsam": "LiteMedSAM", "medsam": "MedSAM", "medsam2": "MedSAM2", "sam-med2d": "SAM-Med2D", "sam-vit-b": "SAM (all)",
    "mobilesam": "MobileSAM", "sam-hq-vit-b": "SAM-HQ (all)", "sam2.1-small": "SAM 2, 2.1 (all)", "sam3": "SAM 3",
}  # fmt: skip


def main(path: Path = DATA) -> None:
    """Draw it."""
    sources = {
        name: about.get("sources", ()) for name, about in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    }
    figure, (axes,) = panels(1, 9.2, 4.2)
    for row, (model, title) in enumerate(SHOWN.items()):
        card = MODELS.get(model).card
        for column, of in enumerate(sources.values()):
            found = seen(of, card.training_data, card.inherited_data, complete=card.training_data_complete)
            axes.add_patch(Rectangle((column, row), 0.92, 0.88, facecolor=COLOURS[found]))
        axes.text(-0.3, row + 0.5, title, ha="right", va="center", color=INK)
    for column, name in enumerate(sources):
        axes.text(column + 0.5, -0.2, name, rotation=60, ha="left", va="bottom", color=GREY, fontsize=7.5)
    for place, (kind, words) in enumerate(WORDS.items()):
        axes.add_patch(Rectangle((place * 7, len(SHOWN) + 0.5), 0.9, 0.7, facecolor=COLOURS[kind]))
        axes.text(place * 7 + 1.2, len(SHOWN) + 0.85, words, va="center", color=INK)
    axes.set(xlim=(-6, len(sources) + 2.5), ylim=(len(SHOWN) + 1.4, -4.6))
    axes.axis("off")
    save(figure, "zero-shot-seen.png")


if __name__ == "__main__":
    main()

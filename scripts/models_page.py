"""Writes the table of docs/models.md from the weight cards.

Run it after a card has changed: python scripts/models_page.py
"""

from __future__ import annotations

from pathlib import Path

from samaritan.core.public_data import titles
from samaritan.models import MODELS, ModelEntry

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"

#: The table stands between these lines.
BEGIN, END = "<!-- made by scripts/models_page.py -->", "<!-- end -->"

TITLES = ("model", "what it is", "parameters", "side", "prompts", "trained on", "licence", "file", "how to get it")


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page with the table of now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}{END}{rest.partition(END)[2]}"


def table() -> str:
    """One line per model."""
    entries = [entry for name in MODELS.names() if "tiny" not in (entry := MODELS.get(name)).tags]
    lines = [TITLES, ("---", "---", "---:", "---:", *["---"] * 5), *map(_cells, entries)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(entry: ModelEntry) -> tuple[str, ...]:
    card, source = entry.card, entry.source
    data = "; ".join(titles(card.training_data)) or "not known"
    if card.inherited_data:
        data += f". Before that: {'; '.join(titles(card.inherited_data))}"
    file = "" if source is None else f"`{source.file}`" + (f", {source.size / 1e6:,.0f} MB" if source.size else "")
    proof = "" if source is None or source.sha256 else "; no checksum is published"
    return (
        f"`{card.name}`", f"{card.title} ({card.paper})", f"{card.parameters / 1e6:.1f} M", str(card.input_size),
        ", ".join(card.prompts), data, card.licence, file + proof, _get(entry),
    )  # fmt: skip


def _get(entry: ModelEntry) -> str:
    source = entry.source
    if source is None:
        return "made by code"
    if source.hub is not None and source.hub.gated:
        return f"ask at [{source.hub.repo}]({source.hub.page}), then `pull`"
    return "`pull`" if source.fetchable else f"[by hand]({source.url}), then `pull --from FILE`"


if __name__ == "__main__":
    main()

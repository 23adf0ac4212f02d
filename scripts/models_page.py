"""Writes the tables of docs/models.md from the weight cards, and from what benchmarks/public27.yaml says of data sets.

Run it after a card has changed: python scripts/models_page.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samaritan.core.public_data import seen, titles
from samaritan.datasets._info import Meta
from samaritan.models import MODELS, ModelEntry

ROOT = Path(__file__).resolve().parent.parent
PAGE, DATA = ROOT / "docs" / "models.md", ROOT / "benchmarks" / "public27.yaml"

#: A table stands between these lines.
BEGIN, END = "<!-- {} made by scripts/models_page.py -->", "<!-- end of {} -->"

TITLES = ("model", "what it is", "parameters", "side", "prompts", "trained on", "licence", "file", "how to get it")


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page with the tables of now."""
    text = PAGE.read_text(encoding="utf-8")
    for name, content in (("models", table()), ("seen data", seen_table())):
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{content}{end}{rest.partition(end)[2]}"
    return text


def table() -> str:
    """One line per model."""
    return _table([TITLES, ("---", "---", "---:", "---:", *["---"] * 5), *map(_cells, _entries())])


def seen_table() -> str:
    """For each model the data sets of the public collection that it has, or may have, seen, and how many are unknown."""
    lines = [("model", "seen (†)", "possibly seen (‡)", "unknown", "not seen"), ("---", "---", "---", "---:", "---:")]
    sources = {name: info.canonical_sources for name, info in Meta.read(DATA).datasets.items()}
    for card in (entry.card for entry in _entries()):
        found = {
            name: seen(of, card.training_data, card.inherited_data, complete=card.training_data_complete)
            for name, of in sources.items()
        }
        yes, possibly, unknown, no = (
            [name for name, kind in found.items() if kind == wanted] for wanted in ("yes", "possibly", "unknown", "no")
        )
        lines.append(
            (f"`{card.name}`", ", ".join(yes) or "none", ", ".join(possibly) or "none", str(len(unknown)), str(len(no)))
        )
    return _table(lines)


def _entries() -> list[ModelEntry]:
    return [entry for name in MODELS.names() if "tiny" not in (entry := MODELS.get(name)).tags]


def _table(lines: Sequence[Sequence[str]]) -> str:
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

"""How often tags are right: rules against sixty papers that were tagged by hand, and the page docs/catalogue/tags.md.

``checked.yaml`` is the sample that the rules are measured on; with ``checked_first.yaml`` and ``checked_second.yaml`` they were
mended. ``rules_first.yaml`` and ``rules_second.yaml`` are the rules that these two were measured with.

python -m scripts.catalogue.precision [--write]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import yaml
from scipy.stats import binomtest

from samaritan.catalog import Paper, Tags, load_catalog, vocabulary
from samaritan.catalog.rules import Rules, compiled, derived, overrides
from samaritan.core.atomic import write_text

ROOT = Path(__file__).resolve().parents[2]
CHECKED = Path(__file__).with_name("checked.yaml")
FIRST = Path(__file__).with_name("checked_first.yaml")
SECOND = Path(__file__).with_name("checked_second.yaml")

#: What the rules were called -> their file; None are today's.
GENERATIONS = {
    "first": Path(__file__).with_name("rules_first.yaml"),
    "mended with the first sample": Path(__file__).with_name("rules_second.yaml"),
    "mended with the second, too": None,
}
#: Samples in the order in which they were drawn; the rules of each generation had seen those before its own.
SAMPLES = {"first": FIRST, "second": SECOND, "third": CHECKED}

PAGE = ROOT / "docs" / "catalogue" / "tags.md"


class Row(NamedTuple):
    """Words of a facet: right, said though wrong, and not said though right."""

    facet: str
    right: int
    wrong: int
    missed: int


def measure(sample: Path = CHECKED, rules: Rules | None = None) -> list[Row]:
    """What the rules alone say of the papers tagged by hand; today's where none are given."""
    counts: Counter[tuple[str, str]] = Counter()
    for key, by_hand in yaml.safe_load(sample.read_text(encoding="utf-8")).items():
        paper = load_catalog().get(key)
        titles = {paper.key: paper.title} | {one.key: one.title for one in paper.earlier}
        told = derived(titles[key], rules)
        for facet in Tags.model_fields:
            said, true = set(getattr(told, facet)), set(by_hand.get(facet, ()))
            counts[facet, "right"] += len(said & true)
            counts[facet, "wrong"] += len(said - true)
            counts[facet, "missed"] += len(true - said)
    rows = [Row(facet, *(counts[facet, kind] for kind in ("right", "wrong", "missed"))) for facet in Tags.model_fields]
    right, wrong, missed = (
        sum(counts[facet, kind] for facet in Tags.model_fields) for kind in ("right", "wrong", "missed")
    )
    return [*rows, Row("all", right, wrong, missed)]


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| facet | words right | wrong | missed | precision | recall |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.facet} | {row.right} | {row.wrong} | {row.missed} | {' | '.join(_shares(row))} |")
    return "\n".join(lines)


def history() -> str:
    """Every generation of rules on every sample, as Markdown; italics where the rules were mended with the sample."""
    lines = [
        "| rules | sample | family: precision | family: recall | all: precision | all: recall |",
        "|---|---|---|---|---|---|",
    ]
    for age, (generation, path) in enumerate(GENERATIONS.items()):
        rules = None if path is None else compiled(yaml.safe_load(path.read_text(encoding="utf-8")))
        for number, (sample, checked) in enumerate(SAMPLES.items()):
            rows = measure(checked, rules)
            shares = [share for row in (rows[0], rows[-1]) for share in _shares(row)]
            cells = [f"*{share}*" if number < age else share for share in shares]
            lines.append(f"| {generation} | {sample} | {' | '.join(cells)} |")
    return "\n".join(lines)


def page() -> str:
    """docs/catalogue/tags.md."""
    papers = load_catalog().papers
    return TEXT.format(
        table=table(measure()),
        history=history(),
        papers=len(papers),
        decided=len(overrides()),
        words="\n".join(_words(papers)),
    )


def main(write: bool) -> int:
    print(table(measure()), history(), sep="\n\n")
    if write:
        write_text(PAGE, page())
    return 0


def _share(part: int, whole: int) -> str:
    low, high = binomtest(part, whole).proportion_ci(method="wilson")
    return f"{part / whole:.2f} ({low:.2f} to {high:.2f})"


def _shares(row: Row) -> tuple[str, str]:
    """Precision and recall."""
    return _share(row.right, row.right + row.wrong), _share(row.right, row.right + row.missed)


def _words(papers: tuple[Paper, ...]) -> list[str]:
    lines = []
    for facet, words in vocabulary().items():
        counts = Counter(word for paper in papers for word in getattr(paper.tags, facet))
        lines += [f"### {facet.replace('_', ' ')}", "", "| word | papers | what it means |", "|---|---|---|"]
        lines += [f"| `{word}` | {counts[word]} | {meaning} |" for word, meaning in words.items()]
        lines.append("")
    return lines


TEXT = """# Tags

A tag is a word of a vocabulary, in one of seven facets. Rules derive them from titles
(`src/samaritan/catalog/data/rules.yaml`); where a title misleads, a person has decided
(`overrides.yaml` beside it, {decided} papers). A paper without a word in a facet is one whose title does not say.
The families are those of the survey's taxonomy: assessment of a model as it is, and twelve ways to make it do more.

## How often they are right

Sixty of the papers on SAM in medicine were drawn at random (plainly, by a seed) and tagged by hand from what their titles say,
before anybody saw what the rules say of them. Nothing was changed for them afterwards: the rules alone, without any decision of
a person (95 % intervals, Wilson, which take words for independent):

{table}

```bash
python -m scripts.catalogue.precision
```

Two samples of sixty were drawn and tagged before, and the rules were mended with what they got wrong there. A figure in
italics is of a sample that the rules were mended with: it says nothing about other papers and is not one to cite.

{history}

The last mending has not shown on the third sample: intervals before and after lie over each other. Samples and rules are files
beside the command, in `scripts/catalogue/`.

What this does not measure: whether a title tells what the paper is about; most papers are tagged with less than they contain.
Nobody tagged a sample twice, and who tagged the second and the third knew the rules. What the rules get wrong in the samples is
put right in `overrides.yaml`, so that the tags that are carried are better than these figures for those papers only.

## The words

Counts are of the {papers} papers that the catalogue holds.

{words}"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="the page, too")
    sys.exit(main(parser.parse_args().write))

"""Writes docs/bakeoff/README.md: what the published bake-offs say, one line for each data set and prompt.

Run it after a table in docs/bakeoff/ has changed: python scripts/bakeoff_index.py
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "bakeoff"
PAGE = FOLDER / "README.md"

#: Page -> data, and what is hard about them.
PAGES = {
    "drive_vessels": ("fundus vessels (DRIVE)", "thin branches, one box around the whole tree"),
    "isbi2012_em": (
        "membranes (ISBI 2012)",
        "a net of thin walls that fills the picture; slices of one stack stand for patients",
    ),
    "nr206_oct": ("retinal layers (NR206)", "eight thin layers whose boxes hold each other; three patients in all"),
    "axon_sem": (
        "axons and myelin (SEM)",
        "one box around either, so that it cannot say which is meant; five patients in all",
    ),
    "axon_sem_names": ("axons and myelin, by name", "the same, asked by box and name"),
    "msd_hippocampus": ("hippocampus (Decathlon)", "small crops of low contrast, two parts that touch"),
    "subcortical_mr": ("subcortical nuclei", "no visible border in places; four patients in all"),
    "wbc_smear1": ("white blood cells", "a nucleus inside its cytoplasm; here with every method"),
    "wbc_smear1_names": ("white blood cells, by name", "points, and no prompt but the target's name"),
    "wbc_smear1_few": ("white blood cells, few cases", "1, 2, 5, 10 and 20 training patients, 60 steps each"),
    "isic2017_dermoscopy": ("skin lesions (ISIC 2017)", "the base is good already"),
    "bubil_phase_contrast": ("cells, ten annotations each (BU-BIL)", "raters differ; several answers to one question"),
}

HEAD = """# The bake-off

How far does each [adaptation method](../methods/README.md) lift LiteMedSAM on cases that training never
saw? Every method gets the same split, the same prompts, the same budget (minutes or steps) and the same schedule;
the base is scored on the same cases. Each page below is written by the one command in its head; tables as CSV lie beside them,
the pages of the methods quote them, and `python scripts/bakeoff_index.py` makes this table from them.

"""

TAIL = """
**Bold** gains are shown: p < 0.05 after Holm's correction over the methods of the page. With five test patients or fewer
no test can show anything, whatever the gain.

Read with care:

* Budgets are minutes on one or two processor cores, or steps, as each page says. In the same minutes a method that trains
  through the encoder does several times fewer steps than decoder-only training on stored embeddings; where decoder-only wins a
  page of minutes, that is why. With the same steps (membranes, few cases), or with two cores for themselves (vessels), the
  encoder methods win: on the membranes and the blood cells that is shown.
* `blocks=last:2` adapts the two blocks of TinyViT's last stage; everything below is stored. On a GPU adapt all blocks.
* Minutes are of a machine that did other work beside. Rows of one page had the same conditions; do not compare pages.
* One seed and one validation patient make single points of a few-shot curve jump: decoder-only training is worse with five
  patients than with two. Read its trend, or run more seeds (`--seeds 0,1,2`).
* Test parts are small. A page says when they are too small to show anything; an interval over five patients is too narrow.
* Several raters: answers drawn with `ua-sam` lie nearer to the ten annotations (GED) than the one answer of adapters without a
  code (`med-sa`), with the same Dice. The weight of the KL term was 0.001, which on the scale of a mean loss is about what the
  literature's 10 is for a loss that is summed over the pixels of a picture.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The content of the page."""
    heads = [
        "data",
        "what is hard about it",
        "prompt",
        "patients tested",
        "base",
        "decoder",
        "best method",
        "Dice",
        "gain",
    ]
    rows = [
        f"| {' | '.join(heads)} |",
        f"| {' | '.join(['---', '---', '---', *['---:'] * 3, '---', '---:', '---:'])} |",
    ]
    return HEAD + "\n".join([*rows, *_rows()]) + "\n" + TAIL


def _rows() -> Iterator[str]:
    for name, (title, hard) in PAGES.items():
        path = FOLDER / f"{name}.csv"
        if not path.is_file():
            continue
        lines = [row for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()) if _whole(row)]
        for prompt in dict.fromkeys(row["prompt"] for row in lines):
            asked = {row["method"]: row for row in lines if row["prompt"] == prompt}
            base, methods = asked.pop("base"), list(asked.values())
            best = max(methods, key=lambda row: float(row["dice"]))
            decoder = _number(asked["decoder"]["dice"]) if "decoder" in asked else ""
            cells = [
                f"[{title}]({name}.md)", hard, f"`{prompt}`", base["test_patients"], _number(base["dice"]), decoder,
                f"`{best['method']}`", _number(best["dice"]), _gain(best),
            ]  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def _whole(row: dict[str, str]) -> bool:
    return row["training_patients"] == "all"


def _number(text: str) -> str:
    return f"{float(text):.3f}" if text else ""


def _gain(row: dict[str, str]) -> str:
    if not row["difference_to_base"]:
        return ""
    said = f"{float(row['difference_to_base']):+.3f}"
    return f"**{said}**" if float(row["p_holm_to_base"] or 1) < 0.05 and float(row["difference_to_base"]) > 0 else said


if __name__ == "__main__":
    main()

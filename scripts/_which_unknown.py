"""What docs/which-model.md says of what nobody knows."""

from __future__ import annotations

from _which_sections import mark, plain
from _which_sources import FEW, described, zero_shot

from samaritan.models import MODELS

#: Sign -> what it means.
SIGNS = {
    "†": "The weights were trained on this data set, so that its score is no forecast",
    "‡": "They may have been (a data set that shares images, or a model that they come from)",
}


def unknown() -> str:
    """The list."""
    return "\n".join(f"* {line}" for line in [*_models(), *_patients(), *_seen(), *_questions()]) + "\n"


def _models() -> list[str]:
    others = [name for name in MODELS.names() if not name.startswith("tiny") and name != "litemedsam"]
    return [
        "**Other models.** Every figure here is LiteMedSAM's. Not measured on these data, because their weights do not come "
        f"with the package: {_list(others)}. `samaritan benchmark DATA -m litemedsam -m sam-vit-b -p box -o RUN` measures "
        "them on yours.",
        "**One seed, one split.** Every bake-off was trained once. Which of two methods is better may change with the seed.",
        "**Budgets of minutes.** Nothing was trained for hours or on a GPU; a method that is slow here may win there.",
    ]


def _patients() -> list[str]:
    sets, about = zero_shot(), described()
    lonely = [name for name, one in sets.items() if one.few]
    nameless = [name for name, one in sets.items() if "patients" not in about[name] and not one.few]
    kinds: dict[str, list[str]] = {}
    for name, one in sets.items():
        kinds.setdefault(one.modality, []).append(name)
    single = [f"{kind} ({names[0]})" for kind, names in kinds.items() if len(names) == 1]
    return [
        f"**Few patients.** {len(lonely)} of {len(sets)} data sets have fewer than {FEW} ({_list(lonely)}): their rows are "
        "examples, not estimates.",
        "**Cases for patients.** Where `benchmarks/public27.yaml` does not say whose a case is, every case counts as a "
        f"patient: {_list(nameless)}. If several are of one person, the intervals are too narrow. In the bake-off on "
        "membranes the slices of one stack count as patients: its gain is one on other slices of the same tissue.",
        f"**One data set for a modality.** {_list(single)}.",
    ]


def _seen() -> list[str]:
    marked = {sign: [name for name in zero_shot() if mark(name) == f" {sign}"] for sign in SIGNS}
    return [
        *(f"**{sign}** {words}: {_list(marked[sign])}." for sign, words in SIGNS.items()),
        "**No mark** means that nobody knows: the list of what LiteMedSAM was trained on is not complete.",
    ]


def _questions() -> list[str]:
    return [
        "**Other prompts.** Several clicks at once, rough masks, `everything` and the protocols of Mazurowski and Huang were "
        "not measured on these data.",
        "**Names.** No model was asked by name without training; the weights of SAM 3 were never run here.",
        "**A person's boxes.** A tight box comes from the reference. `box:margin=0.1` is one of the ways in which a person's "
        "is not tight.",
    ]


def _list(names: list[str]) -> str:
    return ", ".join(plain(name) for name in names)

"""The sections of docs/which-model.md behind the first table."""

from __future__ import annotations

from _which_sources import Trial, described, framings, pages, performance, split, table, trials, zero_shot
from _which_start import MINUS, SHAPES, interval, trial, units

from samaritan.core.public_data import seen
from samaritan.models import MODELS

#: How tables mark data that the weights may have been trained on, as the benchmark does.
MARKS = {"yes": " †", "possibly": " ‡"}

#: In a cell of which nobody knows anything.
NOTHING = "\u2013"


def plain(name: str) -> str:
    """A name with underscores that Markdown leaves alone."""
    return name.replace("_", r"\_")


def mark(name: str, model: str = "litemedsam") -> str:
    """The sign behind a data set's name."""
    card = MODELS.get(model).card
    sources = described()[name].get("sources", ())
    return MARKS.get(seen(sources, card.training_data, card.inherited_data, complete=card.training_data_complete), "")


def by_target() -> str:
    """Zero-shot scores, by what targets look like."""
    parts = []
    for shape in SHAPES:
        parts.append(f"**{shape.words}**\n\n| data set | modality | patients | `box` | `box:margin=0.1` | `point` |")
        parts.append("| --- | --- | ---: | ---: | ---: | ---: |")
        for name in sorted(shape.sets, key=lambda name: -float(zero_shot()[name].dice)):
            one = zero_shot()[name]
            star = r" \*" if one.few else ""
            title = plain(name) + mark(name)
            parts.append(
                f"| {title} | {one.modality} | {one.patients} | {one.box}{star} | {one.loose}{star} | {one.point}{star} |"
            )
        parts.append("")
    return "\n".join(parts)


def by_size() -> str:
    """Framing by the size of the box."""
    rows = table("framing.md", "Where it helps, and where it does not").rows[:5]
    lines = [
        "| longer side of the box | questions | whole picture | `zoom:2` | `auto` |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        lines.append(
            f"| {row['longer side of the box']} | {row['questions']} | {row['whole']} | {row['zoom:2']} | {row['auto']} |"
        )
    return "\n".join(lines) + "\n"


def losers() -> str:
    """Data sets that lose by framing, from the worst."""
    scores = {rule["rule"]: rule["sets"] for rule in framings()["rules"]}
    whole, auto = scores["whole"], scores["auto"]
    lost = sorted(
        (name for name in whole if auto[name] < whole[name] - 0.005), key=lambda name: auto[name] - whole[name]
    )
    return ", ".join(f"{plain(name)} {whole[name]:.3f} → {auto[name]:.3f}" for name in lost)


def adaptation() -> str:
    """One line for each bake-off and prompt: what the decoder and the best method brought."""
    heads = "| data, prompt | trained and tested on | before | `decoder` | best method | gain |\n"
    lines = [heads + "| --- | --- | ---: | ---: | --- | --- |"]
    for page in pages():
        whole = [one for one in trials(page) if one.training == "all"]
        for prompt in dict.fromkeys(one.prompt for one in whole):
            lines.append(_adapted(page, [one for one in whole if one.prompt == prompt]))
    return "\n".join(lines) + "\n"


def _adapted(page: str, rows: list[Trial]) -> str:
    base, *methods = rows
    best = max(methods, key=lambda one: one.dice)
    decoder = next((f"{one.dice:.3f}" for one in methods if one.method == "decoder"), NOTHING)
    patients, budget = split(page)
    gain = f"{best.gain:+.3f}".replace("-", MINUS) + f" {interval(best.gain_low, best.gain_high, signed=True)}"
    cells = [
        f"[{plain(page)}](bakeoff/{page}.md), `{base.prompt}`", f"{patients} and {best.patients} {units(page)}, {budget}",
        f"{base.dice:.3f} {interval(base.low, base.high)}", decoder,
        f"{best.dice:.3f} {interval(best.low, best.high)} `{best.method}`", f"{gain}: {best.words}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def few() -> str:
    """The curve over numbers of training images."""
    page = "wbc_smear1_few"
    amounts = ["1", "2", "5", "10", "all"]
    heads = [amount if amount != "all" else f"{split(page)[0]}" for amount in amounts]
    base = trial(page, "base")
    lines = [f"| method | before | {' | '.join(heads)} |", f"| --- |{' ---: |' * (1 + len(heads))}"]
    for method in ("decoder", "late-layers:blocks=last:2"):
        found = [trial(page, method, training=amount) for amount in amounts]
        cells = " | ".join(f"{one.dice:.3f} {interval(one.low, one.high)}" for one in [base, *found])
        lines.append(f"| `{method}` | {cells} |")
    return "\n".join(lines) + "\n"


def volumes() -> str:
    """Dice and acts of a person by strategy."""
    dice, cost = table("volumes-results.md", "Dice by strategy").rows, table("volumes-results.md", "What it costs").rows
    lines = [
        "| data set | cases, targets | one box | on every fifth slice | on every slice | acts of a person for a target |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    acts = {row["data set"]: row for row in cost}
    for row in dice[:-1]:
        name, paid = row["data set"], acts[row["data set"]]
        three = " / ".join(paid[f"{key}: acts"] for key in ("one box", "every fifth", "every slice"))
        scores = " | ".join(row[key] for key in dice[0] if "box" in key)
        lines.append(f"| {plain(name)}{mark(name)} | {row['cases']}, {row['targets']} | {scores} | {three} |")
    return "\n".join(lines) + "\n"


def clicks() -> str:
    """What corrective clicks bring, by who answers them."""
    lines = [
        "| first act | who answers the clicks | first answer | after 1 | after 2 | after 3 |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in table("annotate-corrections.md", "Corrective clicks, and a model of boxes").rows:
        scores = " | ".join(row[key] for key in ("first answer", "click 1", "click 2", "click 3"))
        lines.append(f"| {row['first act']} | {row['then']} | {scores} |")
    return "\n".join(lines) + "\n"


def learning() -> str:
    """What learning while labelling saves."""
    lines = [
        "| data | without learning | with, by uncertainty | interactions saved for a case | shown? |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    asked = {(row["data"], row["condition"]): row for row in table("annotate-learning.md", "What it saves").rows}
    for row in table("annotate-learning.md", "What it saves", 1).rows:
        if row["compared"] == "learning, by uncertainty, instead of no learning":
            conditions = ("no learning", "learning, by uncertainty")
            asked_of = [asked[row["data"], key]["interactions for a case"] for key in conditions]
            saved, words = row["interactions saved for a case"], row["in words"]
            lines.append(f"| {plain(row['data'])} | {asked_of[0]} | {asked_of[1]} | {saved} | {words} |")
    return "\n".join(lines) + "\n"


def cost() -> str:
    """Seconds and memory on two cores."""
    found = performance()
    milliseconds, volume = found["decoder"]["milliseconds_per_prompt"], found["volume"]
    memory, training = found["memory"], found["training_memory"]
    lines = [
        ("encode a picture with LiteMedSAM (OpenVINO)", f"{found['families']['seconds']['samaritan']} s"),
        (
            "encode a picture with SAM ViT-B at 1024 pixels (the library's SamModel)",
            f"{found['families']['seconds']['SamModel']} s",
        ),
        (
            "one more prompt on an encoded picture",
            f"{milliseconds['samaritan 16']} to {milliseconds['samaritan 1']} ms",
        ),
        (f"a volume of {volume['slices']} slices with {volume['boxes']} boxes", f"{volume['seconds']['samaritan']} s"),
        ("memory: one picture, 64 boxes", f"{memory['one_slice_mb']} MB"),
        ("memory: 500 slices", f"{memory['many_slices_mb']} MB"),
        (
            "train the decoder on stored embeddings, a step of batch 4",
            f"{found['stored']['decoder']['stored_seconds']} s",
        ),
        ("the same for the last two encoder blocks", f"{found['stored']['late-layers']['stored_seconds']} s"),
        ("memory: train the decoder, batch 4", f"{training['decoder']} GB"),
        ("memory: train the last two encoder blocks", f"{training['late-layers']} GB"),
        ("memory: train LoRA in all encoder blocks", f"{training['lora']} GB"),
    ]
    return "| on two processor cores, no GPU | |\n| --- | ---: |\n" + "".join(
        f"| {what} | {value} |\n" for what, value in lines
    )

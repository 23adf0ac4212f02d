"""The first table of docs/which-model.md: what data look like, and the command to start with."""

from __future__ import annotations

from dataclasses import dataclass

from _which_sources import FEW, Trial, ZeroShot, described, framings, table, trials, zero_shot


@dataclass(frozen=True)
class Shape:
    """A way in which targets lie in a picture.

    Attributes:
        key: short name.
        words: what a person sees.
        sets: data sets of docs/results.md whose targets are like that.
    """

    key: str
    words: str
    sets: tuple[str, ...]


#: As the pages of the bake-off print it.
MINUS = "\u2212"

#: What the targets of the 27 data sets look like; the only judgement of this page that a person made.
SHAPES = (
    Shape(
        "compact",
        "One compact object, or two or three, each with a border",
        (
            "cvc_clinicdb", "busi_breast_us", "hc18_fetal_head_us", "isic2017_dermoscopy", "foot_ulcer", "jsrt_cxr",
            "fundus_disc_hemorrhage", "bubil_phase_contrast", "prostate_mr_2d", "brain_tumour_mr", "lung_tumour_ct",
            "spinal_cord_mr",
        ),
    ),
    Shape(
        "organs",
        "Several organs or parts of one, a box for each",
        (
            "msd_hippocampus", "subcortical_mr", "sammed2d_demo", "ct_dicom_3slice", "wholebody_ct_pseudo",
            "wholebody_mr_pseudo", "colin27_aal",
        ),
    ),
    Shape("many", "Many small objects of one kind", ("dsb2018_fluorescence", "dsb2018_stained", "monuseg")),
    Shape("nested", "One object inside another", ("wbc_smear1",)),
    Shape("nets", "Nets, sheets and layers", ("drive_vessels", "isbi2012_em", "axon_sem", "nr206_oct")),
)  # fmt: skip

#: Data set -> shape.
SHAPE_OF = {name: shape for shape in SHAPES for name in shape.sets}


def start() -> str:
    """The table."""
    heads = "| your data | start with | what that gave here |\n| --- | --- | --- |\n"
    return heads + "".join(f"| {data} | {command} | {found} |\n" for data, command, found in _rows())


def _rows() -> list[tuple[str, str, str]]:
    return [
        (
            "You do not know yet, and have some reference masks",
            "`samaritan benchmark DATA -p box -p box:margin=0.1 -p point -o RUN`",
            "The table of [results](results.md), for your data.",
        ),
        (
            "One compact object with a border: polyp, lesion, organ in a picture",
            "`samaritan segment IMAGE --box 120,80,260,210`",
            f"Dice with a tight box from {_range('compact')} ([results](results.md)).",
        ),
        (
            "The same, small: its box is shorter than two fifths of the picture",
            "`samaritan segment IMAGE --box 120,80,150,104 --framing auto`",
            _small(),
        ),
        (
            "Many small objects of one kind",
            "`samaritan segment IMAGE --prompts boxes.json`",
            f"Object by object, Dice from {_span(list(zero_shot('litemedsam, object by object').values()))} "
            "([results](results.md)). Where they are few, `--framing auto` too.",
        ),
        (
            "Nets and sheets: vessels, membranes, layers",
            "`samaritan adapt DATA --method late-layers:blocks=last:2 --minutes 10 -o OUT`",
            f"Do not prompt what is not adapted: {_before_after('drive_vessels', 'late-layers:blocks=last:2')}; "
            f"{_before_after('isbi2012_em', 'late-layers:blocks=last:2')}.",
        ),
        (
            "One object inside another (a nucleus in its cell)",
            "`samaritan adapt DATA --method decoder --minutes 10 -o OUT`",
            f"{_before_after('wbc_smear1', 'decoder')}.",
        ),
        (
            "You can only click, once or twice for each object",
            "`samaritan annotate FOLDER --labels liver`",
            _clicks(),
        ),
        (
            "Nobody will prompt",
            "`samaritan adapt DATA --method prompt-free -p none --minutes 10 -o OUT`, then "
            "`samaritan segment IMAGE -a OUT --everywhere`",
            f"{_before_after('wbc_smear1_names', 'prompt-free', 'none')}, asked with nothing; measured on one data set.",
        ),
        (
            "A volume, and time for one box",
            "`samaritan segment SCAN --box 70,90,130,140@48=organ`",
            _volumes("one box, largest slice"),
        ),
        (
            "A volume, and time for a box on every fifth slice",
            "`samaritan segment SCAN --box 70,90,130,140@45=organ --box 72,90,133,141@50=organ`",
            _volumes("box on every fifth slice"),
        ),
        (
            "Several raters who differ",
            "`samaritan adapt DATA --method ua-sam:blocks=last:2,train=decoder --raters random --minutes 10 -o OUT`",
            _raters(),
        ),
        (
            "A box is good already (a Dice above 0.9)",
            "no adaptation",
            f"{_before_after('isic2017_dermoscopy', 'decoder')}.",
        ),
    ]


def _range(shape: str) -> str:
    chosen = [one for name, one in zero_shot().items() if SHAPE_OF[name].key == shape and one.patients >= FEW]
    return _span(chosen)


def _span(chosen: list[ZeroShot]) -> str:
    """The worst and the best of several data sets, with their intervals."""
    low, high = (pick(chosen, key=lambda one: float(one.dice)) for pick in (min, max))
    return f"{low.box} ({low.name}, {low.patients} patients) to {high.box} ({high.name}, {high.patients} patients)"


def _small() -> str:
    rows = table("framing.md", "Where it helps, and where it does not").rows[:2]
    said = [f"{row['whole']} → {row['auto']} ({row['longer side of the box']})" for row in rows]
    one = len({about["cases"] for about in framings()["sets"].values()}) == 1
    return f"Dice {'; '.join(said)}; {'one case' if one else 'few cases'} of each data set ([framing](framing.md))."


def trial(page: str, method: str, prompt: str = "box", training: str = "all") -> Trial:
    """One row of a bake-off; KeyError without it."""
    for one in trials(page):
        if (one.method, one.prompt, one.training) == (method, prompt, training):
            return one
    raise KeyError(f"docs/bakeoff/{page}.csv has no {method} asked with {prompt}")


def _before_after(page: str, method: str, prompt: str = "box") -> str:
    base, after = trial(page, "base", prompt), trial(page, method, prompt)
    words = (
        after.words.removeprefix("does not help (").removesuffix(")") if "no difference" in after.words else after.words
    )
    return (
        f"Dice {base.dice:.3f} → {after.dice:.3f} {interval(after.low, after.high)} on {after.patients} test "
        f"{units(page)} ({words}; [{page}](bakeoff/{page}.md))"
    )


def units(page: str) -> str:
    """What counts as a patient in a bake-off."""
    name = page.removesuffix("_names").removesuffix("_few")
    if name == "isbi2012_em":  # benchmarks/bakeoff.yaml says why
        return "slices of one stack"
    return "patients" if "patients" in described()[name] else "cases"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Both ends in brackets; nothing where there is no interval."""
    if low is None or high is None:
        return ""
    return f"[{low:+.3f}, {high:+.3f}]".replace("-", MINUS) if signed else f"[{low:.3f}, {high:.3f}]"


def _clicks() -> str:
    rows = table("annotate-corrections.md", "Corrective clicks, and a model of boxes").rows
    model, annotator = rows[3], rows[5]
    return (
        f"The annotator turns a click into boxes: Dice {annotator['first answer']} after one click and "
        f"{annotator['click 3']} after three corrections ([clicks](annotate-corrections.md)). The bare model answers clicks "
        f"with nothing ([results](results.md)); corrective clicks make it worse, {model['first answer']} → {model['click 3']}."
    )


def _raters() -> str:
    rows = table("bakeoff/bubil_phase_contrast.md", "Against several raters", 1).rows
    asked = next(row for row in rows if row["method"].startswith("ua-sam") and row["minus"].startswith("med-sa"))
    base = trial("bubil_phase_contrast", "base")
    return (
        f"Answers lie nearer to ten annotations (GED) than the one answer of the same adapter without a code: "
        f"{asked['difference of GED']}, p = {asked['p (Holm)']}, {base.patients} test {units('bubil_phase_contrast')}; no "
        "better Dice ([cells](bakeoff/bubil_phase_contrast.md))."
    )


def _volumes(column: str) -> str:
    rows = table("volumes-results.md", "Dice by strategy").rows
    *sets, mean = rows
    low, high = (pick(sets, key=lambda row: float(row[column])) for pick in (min, max))
    return (
        f"Dice of the whole volume {mean[column]} in the mean of {len(sets)} data sets, {low[column]} ({low['data set']}) to "
        f"{high[column]} ({high['data set']}); one or two cases of each ([volumes](volumes-results.md))."
    )
